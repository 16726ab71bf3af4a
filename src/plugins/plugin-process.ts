import { spawn, type ChildProcess } from 'node:child_process';
import { Duplex, Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { SchedulingError } from '../domain/errors.js';
import type { AskedHosts } from './asked-hosts.js';
import { failureText } from './failure-text.js';
import { createFrameReader, encodeFrame, type Frame } from './frames.js';
import { killSession } from './kill-session.js';
import type { PluginLimits } from './limits.js';
import { createSentHosts } from './sent-hosts.js';
import type { After } from '../lib/timers.js';
import { readWorkerMessage, type FoundUnit, type PluginMethod } from './worker-message.js';

/** How a plugin's process is started. */
export interface PluginProcessOptions {
  /** The plugin's file, absolute. */
  readonly path: string;
  readonly python: string;
  /** Its environment. */
  readonly variables: NodeJS.ProcessEnv;
  readonly limits: PluginLimits;
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
   * Runs a call. When the signal aborts, the call's whole group is killed, and it ends then, `killGraceMs` later at most. Rejects with UNAVAILABLE when
   * this process ends in the middle of it.
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

/** What a header may take up in a frame; the doc strings of 1,000 units stay far below. */
const MAX_HEADER_BYTES = 4 * 1024 * 1024;

/** Characters kept of what the process itself writes to stderr. */
const KEPT_STDERR = 2000;

/** Beside the compiled file and beside its source. */
const WORKER = fileURLToPath(new URL('./python/worker.py', import.meta.url));

interface Running {
  readonly resolve: (outcome: RunOutcome) => void;
  readonly reject: (error: SchedulingError) => void;
}

/** Starts a process for one plugin, and waits until it has imported it. Never rejects. */
export function startPluginProcess(options: PluginProcessOptions): Promise<PluginStart> {
  const { path, python, variables, limits, after } = options;
  const child = spawn(python, ['-B', WORKER], {
    env: variables,
    // Leads a session, by which everything that it leaves behind is found.
    detached: true,
    stdio: ['ignore', 'ignore', 'pipe', 'pipe'],
  });
  const { channel, stderr } = pipesOf(child);
  const words = keepLast(stderr, KEPT_STDERR);
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
      const callOff = after(limits.killGraceMs, () => channel.destroy());
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
      giveUp = after(limits.killGraceMs, () =>
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
    const late = after(limits.maxImportMs, () =>
      killNow(`was importing for ${limits.maxImportMs} ms (limits.maxImportMs), and was killed`),
    );
    void ended.then((how) => {
      late();
      resolve({ failure: how });
    });

    function take({ header, body }: Frame): void {
      const message = readWorkerMessage(header);
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
        resolve({ failure: failureText(message.failed, limits.maxFailureLength) });
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

    const read = createFrameReader(limits.maxOutputBytes + limits.maxErrorBytes + MAX_HEADER_BYTES);
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
        memory_bytes: limits.maxMemoryBytes,
        import_seconds: Math.ceil(limits.maxImportMs / 1000) + 1,
        output_bytes: limits.maxOutputBytes,
        error_bytes: limits.maxErrorBytes,
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

/** The last words of a stream, on one line. */
function keepLast(stream: Readable, length: number): () => string {
  let kept = '';
  stream.setEncoding('utf8').on('data', (chunk: string) => {
    kept = (kept + chunk).slice(-length);
  });
  return () => kept.replace(/\s+/g, ' ').trim();
}
