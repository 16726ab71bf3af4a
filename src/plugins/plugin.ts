import { SchedulingError } from '../domain/errors.js';
import { waitFor } from '../lib/deadline.js';
import type { Limiter } from '../lib/limiter.js';
import { reasonOf } from '../lib/text.js';
import type { Clock } from '../lib/timers.js';
import type { Log } from '../process/log.js';
import {
  startPluginProcess,
  type PluginProcess,
  type PluginProcessOptions,
  type PluginStart,
  type RunOrder,
  type RunOutcome,
} from './plugin-process.js';
import type { FoundUnit } from './worker-messages.js';

/** How long a process that ended unasked is waited for before it is started again: milliseconds; doubled each time. */
export const FIRST_RESTART_DELAY_MS = 1000;

/** The longest that a process is waited for before it is started again: milliseconds. */
export const MAX_RESTART_DELAY_MS = 60_000;

/** A process that lived this long is started again at once: milliseconds. */
export const SETTLED_AFTER_MS = 60_000;

/** What a plugin is held with. */
export interface PluginOptions extends PluginProcessOptions {
  /** Its name in the log: its file without the folder. */
  readonly file: string;
  readonly log: Log;
  /** Bounds how many imports go on at one time. */
  readonly imports: Limiter;
  readonly clock: Clock;
  /** Called when units, files or the problem may have changed. */
  readonly onChange: () => void;
}

/** One plugin file, held by a process that is started again when it ends. */
export interface Plugin {
  readonly file: string;
  /** Returns its units, also while its process is started again; none before its first import succeeded. */
  readonly units: () => readonly FoundUnit[];
  /** Returns the files that it loaded, absolute, its own among them: a change of any of them changes the plugin. */
  readonly files: () => readonly string[];
  /** Returns whether an import has succeeded or failed yet. */
  readonly isTried: () => boolean;
  /** Returns why it was not imported the last time, or not yet; undefined when it was. */
  readonly problem: () => string | undefined;
  /** Runs a call; rejects with UNAVAILABLE when no process is there, or when it ends in the middle of the call. */
  readonly run: (order: RunOrder, signal: AbortSignal) => Promise<RunOutcome>;
  /**
   * Imports the file, in a process beside the old one, which then ends with the calls that it runs. When the import
   * fails the old one stays, so that a slip in an editor takes no unit away from the engine. Fulfilled when the import has
   * succeeded or failed.
   */
  readonly load: () => Promise<void>;
  /** Lets the calls that run end, and ends; fulfilled when it has. */
  readonly retire: () => Promise<void>;
}

/** Creates a plugin, not imported yet. When its signal aborts, its process and its calls end, and all that they had started. */
export function createPlugin(options: PluginOptions): Plugin {
  const { file, log, imports, clock, after, signal, onChange } = options;
  const { maxImportTime } = options.settings;
  let current: PluginProcess | undefined;
  let units: readonly FoundUnit[] = [];
  let files: readonly string[] = [options.path];
  let isTried = false;
  let problem: string | undefined =
    `is still being imported, for ${maxImportTime} ms at most (plugins.maxImportTime)`;
  /** Starts since the last process that settled. */
  let fruitless = 0;
  let callOff: () => void = () => undefined;
  let retired = false;
  const alive = new Set<PluginProcess>();
  let starting: Promise<void> | undefined;
  let requests = 0;

  /** Starts a process; while one is starting, once more after it, since it may have read the old file. */
  function start(): Promise<void> {
    callOff();
    requests++;
    starting ??= startAll().finally(() => {
      starting = undefined;
    });
    return starting;
  }

  async function startAll(): Promise<void> {
    let begun: number;
    do {
      begun = requests;
      await startOne();
    } while (begun !== requests && !retired);
  }

  async function startOne(): Promise<void> {
    const { process: started, failure } = await imports
      .run(() => startPluginProcess(options), signal)
      .catch((error: unknown): PluginStart => ({ failure: reasonOf(error) }));
    if (started !== undefined) {
      const startedAt = clock.now();
      alive.add(started);
      void started.ended.then((how) => onEnd(started, how, startedAt));
    }
    if (retired) return started?.retire();
    isTried = true;
    if (failure !== undefined) {
      // It is tried again and again; once is enough to be told of it.
      const level = failure === problem ? 'debug' : 'warn';
      log[level]('plugin not imported', { plugin: file, reason: failure, oldServes: current !== undefined });
      problem = failure;
      startLater();
    } else {
      ({ units, files } = started);
      problem = undefined;
      current?.retire();
      current = started;
      log.info('plugin imported', { plugin: file, units: units.map(({ name }) => name), pid: started.pid });
      // A file that others import has no units and nothing to do.
      if (units.length === 0) started.retire();
    }
    onChange();
  }

  function onEnd(process: PluginProcess, how: string, startedAt: number): void {
    alive.delete(process);
    if (process !== current || retired) return;
    current = undefined;
    if (units.length === 0) return;
    if (clock.now() - startedAt >= SETTLED_AFTER_MS) fruitless = 0;
    log.error('plugin process ended', { plugin: file, reason: how, pid: process.pid });
    if (fruitless === 0) {
      fruitless = 1;
      void start();
    } else startLater();
  }

  function startLater(): void {
    const delay = Math.min(FIRST_RESTART_DELAY_MS * 2 ** Math.max(fruitless - 1, 0), MAX_RESTART_DELAY_MS);
    fruitless++;
    callOff();
    callOff = after(delay, () => void start());
  }

  const onAbort = (): void => void retire();
  signal.addEventListener('abort', onAbort, { once: true });
  return {
    file,
    units: () => units,
    files: () => files,
    isTried: () => isTried,
    problem: () => problem,
    async run(order, callSignal) {
      if (current === undefined && starting !== undefined) await waitFor(starting, callSignal);
      if (current === undefined) {
        const reason = problem ?? 'it ended before';
        throw new SchedulingError('UNAVAILABLE', `its process is to be started again; ${reason}`);
      }
      return current.run(order, callSignal);
    },
    load() {
      fruitless = 0;
      return start();
    },
    retire,
  };

  async function retire(): Promise<void> {
    retired = true;
    callOff();
    current?.retire();
    await starting;
    await Promise.all([...alive].map(({ ended }) => ended));
    signal.removeEventListener('abort', onAbort);
  }
}
