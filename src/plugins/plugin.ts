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

/** First delay before an ended process is restarted, in milliseconds; doubled each time. */
export const FIRST_RESTART_DELAY_MS = 1000;

/** Longest delay before a restart, in milliseconds. */
export const MAX_RESTART_DELAY_MS = 60_000;

/** Lifetime after which an ended process is restarted at once, in milliseconds. */
export const SETTLED_AFTER_MS = 60_000;

/** Options of a plugin. */
export interface PluginOptions extends PluginProcessOptions {
  /** File name, for the log. */
  readonly file: string;
  readonly log: Log;
  /** Limiter of concurrent imports. */
  readonly imports: Limiter;
  readonly clock: Clock;
  /** Called when the units, files or problem may have changed. */
  readonly onChange: () => void;
}

/** A plugin file, run by a process that is restarted when it ends. */
export interface Plugin {
  readonly file: string;
  /** Returns the units, also during a restart; none before the first successful import. */
  readonly units: () => readonly FoundUnit[];
  /** Returns the absolute paths of the files that it loaded, its own included: a change of any of them needs an import. */
  readonly files: () => readonly string[];
  /** Reports whether an import has succeeded or failed yet. */
  readonly isTried: () => boolean;
  /** Returns the reason why the last import failed or has not ended, else undefined. */
  readonly problem: () => string | undefined;
  /** Returns what the last import that succeeded changed, so that calls are slower; mostly empty. */
  readonly slower: () => string;
  /** Runs a call. Rejects with UNAVAILABLE when there is no process or it ends during the call. */
  readonly run: (order: RunOrder, signal: AbortSignal) => Promise<RunOutcome>;
  /**
   * Imports the file in a new process, which replaces the old one; that ends after its running calls. If the import fails
   * the old one stays, so that a typo removes no unit from the engine. Resolves when the import has succeeded or failed.
   */
  readonly load: () => Promise<void>;
  /** Ends the plugin after its running calls. Resolves when it has ended. */
  readonly retire: () => Promise<void>;
}

/** Creates a plugin, not imported yet. When the signal aborts, its processes are killed. */
export function createPlugin(options: PluginOptions): Plugin {
  const { file, log, imports, clock, after, signal, onChange } = options;
  const { maxImportTime } = options.settings;
  let current: PluginProcess | undefined;
  let units: readonly FoundUnit[] = [];
  let files: readonly string[] = [options.path];
  let slower = '';
  let isTried = false;
  let problem: string | undefined =
    `is still being imported, for ${maxImportTime} ms at most (plugins.maxImportTime)`;
  /** Starts since the last process that lived for {@link SETTLED_AFTER_MS}. */
  let attempts = 0;
  let cancelRestart: () => void = () => undefined;
  let retired = false;
  const alive = new Set<PluginProcess>();
  let starting: Promise<void> | undefined;
  let requests = 0;

  /** Starts a process. If one is already starting, starts another after it, since it may have read the old file. */
  function start(): Promise<void> {
    cancelRestart();
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
      const facts = { plugin: file, reason: failure, oldServes: current !== undefined };
      log.warn('plugin not imported', facts, file);
      problem = failure;
      startLater();
    } else {
      ({ units, files, slower } = started);
      problem = undefined;
      current?.retire();
      current = started;
      const facts = { plugin: file, units: units.map(({ name }) => name), pid: started.pid };
      log.info('plugin imported', facts, file);
      // A file that is only imported by others has no units.
      if (units.length === 0) started.retire();
    }
    onChange();
  }

  function onEnd(process: PluginProcess, how: string, startedAt: number): void {
    alive.delete(process);
    if (process !== current || retired) return;
    current = undefined;
    if (units.length === 0) return;
    if (clock.now() - startedAt >= SETTLED_AFTER_MS) attempts = 0;
    log.error('plugin process ended', { plugin: file, reason: how, pid: process.pid }, file);
    if (attempts === 0) {
      attempts = 1;
      void start();
    } else startLater();
  }

  function startLater(): void {
    const delay = Math.min(FIRST_RESTART_DELAY_MS * 2 ** Math.max(attempts - 1, 0), MAX_RESTART_DELAY_MS);
    attempts++;
    cancelRestart();
    cancelRestart = after(delay, () => void start());
  }

  const onAbort = (): void => void retire();
  signal.addEventListener('abort', onAbort, { once: true });
  return {
    file,
    units: () => units,
    files: () => files,
    isTried: () => isTried,
    problem: () => problem,
    slower: () => slower,
    async run(order, callSignal) {
      if (current === undefined && starting !== undefined) await waitFor(starting, callSignal);
      if (current === undefined) {
        const reason = problem ?? 'it ended before';
        throw new SchedulingError('UNAVAILABLE', `its process waits for its restart; ${reason}`);
      }
      return current.run(order, callSignal);
    },
    load() {
      attempts = 0;
      return start();
    },
    retire,
  };

  async function retire(): Promise<void> {
    retired = true;
    cancelRestart();
    current?.retire();
    await starting;
    await Promise.all([...alive].map(({ ended }) => ended));
    signal.removeEventListener('abort', onAbort);
  }
}
