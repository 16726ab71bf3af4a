import { spawn, type ChildProcess } from 'node:child_process';
import { readdir, readFile } from 'node:fs/promises';
import { kill } from 'node:process';
import { Duplex, Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import type { PluginSettings } from '../config/sections.js';
import { SchedulingError } from '../domain/errors.js';
import type { After } from '../lib/timers.js';
import { createSentHosts, type AskedHosts } from './host-lists.js';
import {
  createFrameReader,
  encodeFrame,
  parseWorkerMessage,
  type FoundUnit,
  type Frame,
  type PluginMethod,
} from './worker-messages.js';

/** Most output of one call, in bytes: 10,000 hosts with their scores take less than 1 MiB. */
export const MAX_OUTPUT_BYTES = 8 * 1024 * 1024;

/** Most bytes that one call may write to stderr: a long traceback, with room for warnings of libraries. */
export const MAX_ERROR_BYTES = 64 * 1024;

/** The end of a message about an error that is typical of code for Python 2. */
export const PYTHON_2_HINT =
  '. Plugins run under Python 3: docs/migrating-from-ovirt-scheduler-proxy.md says how to convert one for Python 2.';

/** Errors that Python 3 finds in code for Python 2, by their type or by what they say. */
const TYPICAL_OF_PYTHON_2 = new RegExp(
  [
    String.raw`\b(?:SyntaxError|IndentationError|TabError|NameError|AttributeError)\b`,
    // print >> sys.stderr
    String.raw`unsupported operand type\(s\) for >>: 'builtin_function_or_method'`,
    // Modules that have another name now, and the engine's SDK 3, which has no successor of that name.
    String.raw`No module named '(?:urllib2|urlparse|httplib|ConfigParser|c?StringIO|cPickle|Queue|commands|xmlrpclib|HTMLParser|Cookie|cookielib|__builtin__|sets|md5|sha|thread|exceptions|ovirtsdk)'`,
  ].join('|'),
);

/** Longest part of a plugin's stderr in a message, in characters: about a screenful, which fits a line of the engine's log. */
export const MAX_FAILURE_LENGTH = 2000;

/** Time for a plugin's process to kill a late call before it is killed itself, in milliseconds. Usually it takes a few. */
export const KILL_GRACE_MS = 500;

/** Longest header of a frame, in bytes: more than the doc strings of 1,000 units. */
const MAX_HEADER_BYTES = 4 * 1024 * 1024;

/** The worker lies beside the compiled file and beside its source. */
const WORKER = fileURLToPath(new URL('./python/worker.py', import.meta.url));

/** Options of a plugin's process. */
export interface PluginProcessOptions {
  /** Absolute path of the plugin's file. */
  readonly path: string;
  readonly python: string;
  /** Environment. */
  readonly variables: NodeJS.ProcessEnv;
  readonly settings: Pick<PluginSettings, 'maxMemory' | 'maxImportTime'>;
  readonly after: After;
  /** Kills the process with all its calls when it aborts. */
  readonly signal: AbortSignal;
}

/** A call to a plugin. */
export interface RunOrder {
  /** Name of the class. */
  readonly unit: string;
  readonly method: PluginMethod;
  /** First argument, sent only once for calls that share it. */
  readonly hosts: AskedHosts;
  /** The other arguments, as a JSON array. */
  readonly arguments: Buffer;
}

/** The exit and output of a call to a plugin. */
export interface RunOutcome {
  /** Null when it was ended by a signal. */
  readonly code: number | null;
  readonly signal: number | null;
  /** The output that exceeded its limit, for which it was killed. */
  readonly overflow: 'stdout' | 'stderr' | null;
  readonly stdout: Buffer;
  readonly stderr: Buffer;
}

/** A process that has tried a plugin, has loaded what that imports from elsewhere, and forks for each call. */
export interface PluginProcess {
  readonly pid: number;
  readonly units: readonly FoundUnit[];
  /** Absolute paths of the files of the plugin's folder that it loaded. */
  readonly files: readonly string[];
  /** Changes that the import makes, so that each call imports anew all that the plugin imports; mostly empty. */
  readonly slower: string;
  /**
   * Runs a call. When the signal aborts, the call's process group is killed, within {@link KILL_GRACE_MS}. Rejects with
   * UNAVAILABLE when this process ends during the call.
   */
  readonly run: (order: RunOrder, signal: AbortSignal) => Promise<RunOutcome>;
  /** Resolves with the reason once the process has ended and its children are killed. */
  readonly ended: Promise<string>;
  /** Ends the process after its running calls. */
  readonly retire: () => void;
}

/** The outcome of starting a plugin's process: the process, or the reason why the import failed. */
export type PluginStart =
  | { readonly process: PluginProcess; readonly failure?: never }
  | { readonly failure: string; readonly process?: never };

/** The reason of a process that ends after its running calls, since another one has taken its place. */
const RETIRED = 'was retired';

interface Running {
  readonly resolve: (outcome: RunOutcome) => void;
  readonly reject: (error: SchedulingError) => void;
}

/** Starts a process for a plugin and waits for the import. Never rejects. */
export function startPluginProcess(options: PluginProcessOptions): Promise<PluginStart> {
  const { path, python, variables, settings, after } = options;
  const child = spawn(python, ['-B', WORKER], {
    env: variables,
    // Leads a session, by which its orphans are found.
    detached: true,
    stdio: ['ignore', 'ignore', 'pipe', 'pipe'],
  });
  const { channel, stderr } = pipesOf(child);
  const lastStderr = keepLast(stderr, MAX_FAILURE_LENGTH);
  const running = new Map<number, Running>();
  const sentHosts = createSentHosts();
  let nextId = 0;
  let retired = false;
  /** The reason when the host ends the process. */
  let endReason: string | undefined;

  const killNow = (reason: string): void => {
    endReason ??= reason;
    child.kill('SIGKILL');
  };
  const send = (header: Readonly<Record<string, unknown>>, body?: Buffer): void => {
    for (const bytes of encodeFrame(header, body)) channel.write(bytes);
  };
  const sendRun = (id: number, { unit, method, hosts, arguments: others }: RunOrder): void => {
    const list = sentHosts(hosts);
    channel.cork();
    if (list.isNew) send({ hosts: list.id }, hosts.json());
    if (list.forget !== undefined) send({ forget: list.forget });
    send({ run: id, unit, method, hosts: list.id }, others);
    channel.uncork();
  };
  const onAbort = (): void => {
    // Also one that was retired: nothing outlives the service.
    endReason = 'was ended';
    killNow(endReason);
  };
  options.signal.addEventListener('abort', onAbort, { once: true });
  const closeWhenIdle = (): void => {
    if (!retired || running.size > 0) return;
    endReason ??= RETIRED;
    channel.end();
  };

  const drained = new Promise<void>((resolve) => channel.once('end', resolve).once('close', resolve));
  let over = false;
  const ended = new Promise<string>((resolve) => {
    child.once('error', (error) => resolve(`Python can't be started: ${error.message}`));
    child.once('exit', (code, signal) => resolve(endWords(code, signal)));
  }).then(async (how) => {
    over = true;
    options.signal.removeEventListener('abort', onAbort);
    if (child.pid !== undefined) {
      // What calls left running outlives a process that is replaced.
      if (endReason !== RETIRED) await killSession(child.pid);
      // Reads the rest of its output. A child that left the session may keep the channel open forever.
      const cancelTimer = after(KILL_GRACE_MS, () => channel.destroy());
      await drained;
      cancelTimer();
    }
    for (const { reject } of running.values()) {
      reject(new SchedulingError('UNAVAILABLE', `its process ${endReason ?? how} in the middle of the call`));
    }
    running.clear();
    channel.destroy();
    stderr.destroy();
    return [endReason ?? how, ...(lastStderr() === '' ? [] : [lastStderr()])].join(': ');
  });

  function run(order: RunOrder, signal: AbortSignal): Promise<RunOutcome> {
    if (signal.aborted) return Promise.reject(SchedulingError.from(signal.reason));
    if (over || retired) return Promise.reject(new SchedulingError('UNAVAILABLE', 'its process has ended'));
    const id = nextId++;
    let cancelGrace: (() => void) | undefined;
    const killCall = (): void => {
      send({ kill: id });
      cancelGrace = after(KILL_GRACE_MS, () => killNow('did not end a late call, and was killed'));
    };
    return new Promise<RunOutcome>((resolve, reject) => {
      running.set(id, { resolve, reject });
      sendRun(id, order);
      signal.addEventListener('abort', killCall, { once: true });
    }).finally(() => {
      signal.removeEventListener('abort', killCall);
      cancelGrace?.();
      running.delete(id);
      closeWhenIdle();
    });
  }

  return new Promise((resolve) => {
    const startTimeout = () =>
      after(settings.maxImportTime, () =>
        killNow(`was importing for ${settings.maxImportTime} ms (plugins.maxImportTime), and was killed`),
      );
    let cancelTimeout = startTimeout();
    void ended.then((how) => {
      cancelTimeout();
      resolve({ failure: how });
    });

    function receive({ header, body }: Frame): void {
      const message = parseWorkerMessage(header);
      if ('ended' in message) {
        const { code, signal, overflow, stdout } = message;
        const outcome = {
          code,
          signal,
          overflow,
          stdout: body.subarray(0, stdout),
          stderr: body.subarray(stdout),
        };
        running.get(message.ended)?.resolve(outcome);
      } else if ('unstarted' in message) {
        running.get(message.unstarted)?.reject(new SchedulingError('RESOURCE_EXHAUSTED', message.reason));
      } else if ('failed' in message) {
        cancelTimeout();
        resolve({ failure: failureText(message.failed) });
        killNow('could not import it');
      } else if ('tried' in message) {
        cancelTimeout();
        cancelTimeout = startTimeout();
      } else {
        cancelTimeout();
        const { units, files, slower } = message.ready;
        const retire = () => {
          retired = true;
          closeWhenIdle();
        };
        const pid = child.pid ?? 0;
        resolve({ process: { pid, units, files, slower, run, ended, retire } });
      }
    }

    const read = createFrameReader(MAX_OUTPUT_BYTES + MAX_ERROR_BYTES + MAX_HEADER_BYTES);
    channel.on('data', (chunk: Buffer) => {
      try {
        read(chunk).forEach(receive);
      } catch {
        // A plugin that writes to a foreign descriptor breaks its own process only.
        killNow('wrote something that is no message, and was killed');
      }
    });
    // The end of the process reports it.
    channel.on('error', () => undefined);
    send({
      load: {
        path,
        memory_bytes: settings.maxMemory,
        import_seconds: Math.ceil(settings.maxImportTime / 1000) + 1,
        output_bytes: MAX_OUTPUT_BYTES,
        error_bytes: MAX_ERROR_BYTES,
      },
    });
  });
}

function pipesOf({ stdio }: ChildProcess): { readonly channel: Duplex; readonly stderr: Readable } {
  const [, , stderr, channel] = stdio;
  if (!(stderr instanceof Readable) || !(channel instanceof Duplex)) throw new Error('no pipes to Python');
  return { channel, stderr };
}

function endWords(code: number | null, signal: NodeJS.Signals | null): string {
  return signal === null ? `ended with exit code ${String(code)}` : `was ended by ${signal}`;
}

/**
 * Returns a plugin's stderr for its caller, as one line, its end if long, without the traceback, which is in the log. Of an
 * error that is typical of code for Python 2, it ends with {@link PYTHON_2_HINT}.
 */
export function failureText(stderr: string): string {
  const text = stderr
    .split('\n')
    .filter((line) => !/^\s|^Traceback \(most recent call last\):/.test(line))
    .join(' ')
    // eslint-disable-next-line no-control-regex -- terminal escapes don't belong into a message
    .replace(/[\s\x00-\x1f\x7f]+/g, ' ')
    .trim();
  const end = text.length > MAX_FAILURE_LENGTH ? `...${text.slice(-MAX_FAILURE_LENGTH)}` : text;
  return TYPICAL_OF_PYTHON_2.test(end) ? end + PYTHON_2_HINT : end;
}

/** Returns a function that gives the end of a stream's text, as one line. */
function keepLast(stream: Readable, length: number): () => string {
  let kept = '';
  stream.setEncoding('utf8').on('data', (chunk: string) => {
    kept = (kept + chunk).slice(-length);
  });
  return () => kept.replace(/\s+/g, ' ').trim();
}

/** Most rounds of killing: each may find processes forked since the last one. */
const MAX_ROUNDS = 10;

/**
 * Kills the rest of a session. A plugin's process leads one, to which the process groups of its calls belong, so that none
 * of them outlives it. While any member exists, the leader's id is not reused.
 */
async function killSession(leader: number): Promise<void> {
  killOne(-leader);
  for (let round = 0; round < MAX_ROUNDS; round++) {
    const members = await membersOf(leader);
    if (members.length === 0) return;
    for (const pid of members) killOne(pid);
  }
}

async function membersOf(session: number): Promise<number[]> {
  const entries = await readdir('/proc').catch(() => []);
  const pids = entries.filter((name) => /^\d+$/.test(name)).map(Number);
  const members = await Promise.all(pids.map(async (pid) => ((await isMember(pid, session)) ? [pid] : [])));
  return members.flat();
}

async function isMember(pid: number, session: number): Promise<boolean> {
  const text = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '');
  // proc(5): the name in parentheses may hold anything; after it come state, parent, group and session.
  const [state, , , of] = text.slice(text.lastIndexOf(')') + 2).split(' ');
  return Number(of) === session && state !== 'Z' && state !== 'X';
}

function killOne(target: number): void {
  try {
    kill(target, 'SIGKILL');
  } catch {
    // It has already ended.
  }
}
