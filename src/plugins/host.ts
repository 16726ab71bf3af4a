import { resolve } from 'node:path';
import type { PolicyUnitService } from '../domain/contract.js';
import { SchedulingError } from '../domain/errors.js';
import type { Log } from '../process/log.js';
import { buildCatalogue, type Directions, type PluginProblem } from './catalogue.js';
import { findPython } from './find-python.js';
import { resolvePluginLimits, type PluginLimits } from './limits.js';
import { createPluginSet } from './plugin-set.js';
import { createUnitRunner } from './run-unit.js';
import { createRunQueue } from './run-queue.js';
import { reasonOf } from '../lib/text.js';
import { createPluginService } from './service.js';
import { nodeAfter, type After, type Clock } from '../lib/timers.js';

/** How often the folder is looked at for changes: milliseconds. */
export const DEFAULT_POLL_INTERVAL_MS = 2000;

/** Which plugins to host, and how. */
export interface PluginHostOptions {
  /** Folder of the plugins: every `*.py` of it is imported. */
  readonly dir: string;
  /** Name or path of Python 3.9 or later; `python3` unless said otherwise. */
  readonly python?: string;
  readonly log: Log;
  readonly limits?: Partial<PluginLimits>;
  /** How the values of score units are read: LOWER_IS_BETTER, as the engine took them from the old proxy. */
  readonly direction?: Directions;
  /** How often the folder is looked at for changes: milliseconds. */
  readonly pollIntervalMs?: number;
  /** Environment of the plugins, without HOSTSCORE_*, which may hold secrets; that of this process unless said otherwise. */
  readonly variables?: NodeJS.ProcessEnv;
  readonly clock?: Clock;
  readonly after?: After;
  /** Closes the host when it aborts, also while it starts. */
  readonly signal?: AbortSignal;
}

/** Old Python plugins as a PolicyUnitService. */
export interface PluginHost extends PolicyUnitService {
  /** Whether some plugin is a unit of that name, of whatever type. */
  readonly hasUnit: (name: string) => boolean;
  /**
   * What is wrong with plugins, in the order of their files: those that could not be imported or still are, and units that
   * had to be left out.
   */
  readonly problems: () => readonly PluginProblem[];
  /** Ends all plugins, their calls, and what they had started. Calls in flight fail with UNAVAILABLE. */
  readonly close: () => Promise<void>;
}

/**
 * Imports the plugins of a folder, each in a process of its own, and serves their units; fulfilled when each import has
 * succeeded or failed, after `limits.maxImportWaitMs` at the latest: the units of the others join as they are imported. A
 * plugin that does not import costs itself only. Rejects with UNAVAILABLE when there is no Python
 * that can run them, and with INVALID_ARGUMENT when the folder can't be read.
 */
export async function startPluginHost(options: PluginHostOptions): Promise<PluginHost> {
  const { log, direction, clock = Date, after = nodeAfter, signal } = options;
  const { pollIntervalMs = DEFAULT_POLL_INTERVAL_MS } = options;
  const limits = resolvePluginLimits(options.limits);
  const dir = resolve(options.dir);
  const variables = withoutSecrets(options.variables ?? process.env);
  const python = await findPython(options.python ?? 'python3', variables);
  log.info('python found', { path: python.path, version: python.version });

  const catalogueOptions = { maxUnits: limits.maxUnits, ...(direction === undefined ? {} : { direction }) };
  let catalogue = buildCatalogue([], catalogueOptions);
  let nextLook: () => void = () => undefined;
  let closing: Promise<void> | undefined;
  const set = createPluginSet({
    ...{ dir, python: python.path, variables, limits, log, clock, after },
    onChange() {
      catalogue = buildCatalogue(set.plugins(), catalogueOptions);
    },
  });

  /** Waits for the imports, but not for one that takes long: it joins when it has ended. */
  function soon(done: Promise<unknown>): Promise<void> {
    return new Promise((resolve) => {
      const callOff = after(limits.maxImportWaitMs, () => {
        log.warn('plugins late', { files: set.late().join(' '), waitedMs: limits.maxImportWaitMs });
        resolve();
      });
      void done.then(() => {
        callOff();
        resolve();
      });
    });
  }

  function lookLater(): void {
    if (closing !== undefined) return;
    nextLook = after(pollIntervalMs, () => {
      set
        .look()
        // A folder that is away for a while, as on a share, must not take the units away.
        .catch((error: unknown) => log.warn('plugin folder unreadable', { dir, reason: reasonOf(error) }))
        .finally(lookLater);
    });
  }

  function close(): Promise<void> {
    signal?.removeEventListener('abort', onAbort);
    nextLook();
    return (closing ??= set.close());
  }
  const onAbort = (): void => void close();
  signal?.addEventListener('abort', onAbort, { once: true });

  try {
    signal?.throwIfAborted();
    const { done } = await set.look();
    await soon(done);
    signal?.throwIfAborted();
  } catch (error) {
    await close();
    if (signal?.aborted === true) throw SchedulingError.from(signal.reason);
    throw new SchedulingError(
      'INVALID_ARGUMENT',
      `plugins: the folder ${dir} can't be read: ${reasonOf(error)}`,
    );
  }
  lookLater();

  function problems(): PluginProblem[] {
    const late = `is still being imported, for ${limits.maxImportMs} ms at most (limits.maxImportMs)`;
    const leftOut = `left out: at most ${limits.maxPlugins} files are imported (limits.maxPlugins)`;
    return [
      ...catalogue.problems,
      ...set.late().map((file) => ({ file, reason: late })),
      ...set.leftOut().map((file) => ({ file, reason: leftOut })),
    ].sort((a, b) => (a.file < b.file ? -1 : a.file > b.file ? 1 : 0));
  }

  const isShared = (): boolean => set.plugins().filter((plugin) => plugin.units().length > 0).length > 1;
  const queue = createRunQueue({ limits, clock, isShared });
  const runner = createUnitRunner({ catalogue: () => catalogue, queue, limits, log });
  return {
    ...createPluginService({ catalogue: () => catalogue, problems, runner, limits, clock, after }),
    hasUnit: (wanted) => catalogue.units.some(({ name }) => name === wanted),
    problems,
    close,
  };
}

function withoutSecrets(variables: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(variables).filter(([name]) => !name.startsWith('HOSTSCORE_')));
}
