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

/** Bytes that one call may print: 10,000 hosts with their scores take less than 1 MiB. */
export const MAX_OUTPUT_BYTES = 8 * 1024 * 1024;

/** Bytes that one call may write to stderr: a long traceback, with room for whatever a library warns of. */
export const MAX_ERROR_BYTES = 64 * 1024;

/** Characters of a plugin's own words that a message repeats: about a screen full, which the engine's log takes in one line. */
export const MAX_FAILURE_LENGTH = 2000;

/**
 * How long a plugin's process may take to kill a call that is over its time, before it is killed itself: milliseconds. It
 * takes a few, unless it is stopped or the machine is overloaded.
 */
export const KILL_GRACE_MS = 500;

/** What a header may take up in a frame; the doc strings of 1,000 units stay far below. */
const MAX_HEADER_BYTES = 4 * 1024 * 1024;

/** Beside the compiled file and beside its source. */
const WORKER = fileURLToPath(new URL('./python/worker.py', import.meta.url));

/** How a plugin's process is started. */
export interface PluginProcessOptions {
  /** The plugin's file, absolute. */
  readonly path: string;
  readonly python: string;
  /** Its environment. */
  readonly variables: NodeJS.ProcessEnv;
  readonly settings: Pick<PluginSettings, 'maxMemory' | 'maxImportTime'>;
  readonly after: After;
  /** Ends the process, and all calls with it, when it aborts. */
  readonly signal: AbortSignal;
}

/** One call of a plugin. */
export interface RunOrder {
  /** Name of the class. */
  readonly unit: string;
  readonly method: PluginMethod;
  /** Its first argument, sent once for the calls that share it. */
  readonly hosts: AskedHosts;
  /** The other arguments, as a JSON array. */
  readonly arguments: Buffer;
}

/** How a call of a plugin ended and what it wrote. */
export interface RunOutcome {
  /** Null when a signal ended it. */
  readonly code: number | null;
  readonly signal: number | null;
  /** The output that was over its limit, for which it was killed. */
  readonly overflow: 'stdout' | 'stderr' | null;
  readonly stdout: Buffer;
  readonly stderr: Buffer;
}

/** A process that has imported a plugin and forks a process for each call of it. */
export interface PluginProcess {
  readonly pid: number;
  readonly units: readonly FoundUnit[];
  /** The files of the plugin's folder that it loaded, absolute. */
  readonly files: readonly string[];
  /**
   * Runs a call. When the signal aborts, the call's whole group is killed, and it ends then, {@link KILL_GRACE_MS} later at
   * most. Rejects with UNAVAILABLE when this process ends in the middle of it.
   */
  readonly run: (order: RunOrder, signal: AbortSignal) => Promise<RunOutcome>;
  /** Why it ended, once it has, and all that it had started is killed. */
  readonly ended: Promise<string>;
  /** Lets the calls that run end, and ends. */
  readonly retire: () => void;
}

/** What came of starting a plugin's process: it has imported the plugin, or why it has not. */
export type PluginStart =
  | { readonly process: PluginProcess; readonly failure?: never }
  | { readonly failure: string; readonly process?: never };

interface Running {
  readonly resolve: (outcome: RunOutcome) => void;
  readonly reject: (error: SchedulingError) => void;
}

/** Starts a process for one plugin, and waits until it has imported it. Never rejects. */
export function startPluginProcess(options: PluginProcessOptions): Promise<PluginStart> {
  const { path, python, variables, settings, after } = options;
  const child = spawn(python, ['-B', WORKER], {
    env: variables,
    // Leads a session, by which everything that it leaves behind is found.
    detached: true,
    stdio: ['ignore', 'ignore', 'pipe', 'pipe'],
  });
  const { channel, stderr } = pipesOf(child);
  const words = keepLast(stderr, MAX_FAILURE_LENGTH);
  const running = new Map<number, Running>();
  const sentHosts = createSentHosts();
  let nextId = 0;
  let retired = false;
  /** Why it is being ended, when it is we who end it. */
  let verdict: string | undefined;

  const killNow = (why: string): void => {
    verdict ??= why;
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
  const onAbort = (): void => killNow('was ended');
  options.signal.addEventListener('abort', onAbort, { once: true });
  const closeWhenIdle = (): void => {
    if (!retired || running.size > 0) return;
    verdict ??= 'was retired';
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
      await killSession(child.pid);
      // What it sent is read to its end; something that left its session may keep the channel open for ever.
      const callOff = after(KILL_GRACE_MS, () => channel.destroy());
      await drained;
      callOff();
    }
    for (const { reject } of running.values()) {
      reject(new SchedulingError('UNAVAILABLE', `its process ${verdict ?? how} in the middle of the call`));
    }
    running.clear();
    channel.destroy();
    stderr.destroy();
    return [verdict ?? how, ...(words() === '' ? [] : [words()])].join(': ');
  });

  function run(order: RunOrder, signal: AbortSignal): Promise<RunOutcome> {
    if (signal.aborted) return Promise.reject(SchedulingError.from(signal.reason));
    if (over || retired) return Promise.reject(new SchedulingError('UNAVAILABLE', 'its process has ended'));
    const id = nextId++;
    let giveUp: (() => void) | undefined;
    const killIt = (): void => {
      send({ kill: id });
      giveUp = after(KILL_GRACE_MS, () =>
        killNow('did not end a call that was over its time, and was killed'),
      );
    };
    return new Promise<RunOutcome>((resolve, reject) => {
      running.set(id, { resolve, reject });
      sendRun(id, order);
      signal.addEventListener('abort', killIt, { once: true });
    }).finally(() => {
      signal.removeEventListener('abort', killIt);
      giveUp?.();
      running.delete(id);
      closeWhenIdle();
    });
  }

  return new Promise((resolve) => {
    const late = after(settings.maxImportTime, () =>
      killNow(`was importing for ${settings.maxImportTime} ms (plugins.maxImportTime), and was killed`),
    );
    void ended.then((how) => {
      late();
      resolve({ failure: how });
    });

    function take({ header, body }: Frame): void {
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
        late();
        resolve({ failure: failureText(message.failed) });
        killNow('could not import it');
      } else {
        late();
        const { units, files } = message.ready;
        const retire = () => {
          retired = true;
          closeWhenIdle();
        };
        const pid = child.pid ?? 0;
        resolve({ process: { pid, units, files, run, ended, retire } });
      }
    }

    const read = createFrameReader(MAX_OUTPUT_BYTES + MAX_ERROR_BYTES + MAX_HEADER_BYTES);
    channel.on('data', (chunk: Buffer) => {
      try {
        read(chunk).forEach(take);
      } catch {
        // A plugin that writes to descriptors which are not its own spoils its own process only.
        killNow('wrote something that is no message, and was killed');
      }
    });
    // What its end means is told by the process' end.
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
 * Returns a plugin's words on stderr for its caller: one line, the last part when they are long, without the frames of a
 * traceback, which are in the log.
 */
export function failureText(stderr: string): string {
  const text = stderr
    .split('\n')
    .filter((line) => !/^\s|^Traceback \(most recent call last\):/.test(line))
    .join(' ')
    // eslint-disable-next-line no-control-regex -- what a terminal would obey is no part of a message
    .replace(/[\s\x00-\x1f\x7f]+/g, ' ')
    .trim();
  return text.length > MAX_FAILURE_LENGTH ? `...${text.slice(-MAX_FAILURE_LENGTH)}` : text;
}

/** Returns the last words of a stream, on one line. */
function keepLast(stream: Readable, length: number): () => string {
  let kept = '';
  stream.setEncoding('utf8').on('data', (chunk: string) => {
    kept = (kept + chunk).slice(-length);
  });
  return () => kept.replace(/\s+/g, ' ').trim();
}

/** How often the processes are gone through: each time may find what was forked since the last one. */
const MAX_ROUNDS = 10;

/**
 * Kills what is left of a session: a plugin's process leads one, and the processes of its calls, each a group of its own,
 * belong to it, so that none of them outlives it. As long as any is there no other process can get the leader's id.
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
    // Gone already.
  }
}
