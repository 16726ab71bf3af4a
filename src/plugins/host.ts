import { availableParallelism } from 'node:os';
import { resolve } from 'node:path';
import type { PluginSettings } from '../config/sections.js';
import type { PolicyUnitService } from '../domain/contract.js';
import { SchedulingError } from '../domain/errors.js';
import { runWithin } from '../lib/deadline.js';
import { reasonOf } from '../lib/text.js';
import { nodeAfter, type After, type Clock } from '../lib/timers.js';
import type { Log } from '../process/log.js';
import { buildCatalogue, type Catalogue, type PluginProblem } from './catalogue.js';
import { findPython } from './find-python.js';
import { createPluginSet } from './plugin-set.js';
import { createRunQueue } from './run-queue.js';
import { createPluginService } from './service.js';

/**
 * How long the host waits for its first imports before it serves what is there: milliseconds. Most files take less than a
 * tenth of it; a start must not take as long as the slowest plugin.
 */
export const IMPORT_WAIT_MS = 2000;

/** What a plugin host works with. */
export interface PluginHostOptions {
  /** Folder of the plugins: every `*.py` of it is imported. */
  readonly dir: string;
  readonly settings: Omit<PluginSettings, 'dir'>;
  readonly log: Log;
  /** Environment of the plugins, but for HOSTSCORE_*, which may hold secrets. */
  readonly variables: NodeJS.ProcessEnv;
  /** Closes the host when it aborts, also while it starts. */
  readonly signal: AbortSignal;
  readonly clock?: Clock;
  readonly after?: After;
}

/** Old Python plugins as a PolicyUnitService. */
export interface PluginHost extends PolicyUnitService {
  /** Returns whether some plugin is a unit of that name, of whatever type. */
  readonly hasUnit: (name: string) => boolean;
  /**
   * Returns what is wrong with plugins, in the order of their files: those that could not be imported or still are, and
   * units that had to be left out.
   */
  readonly problems: () => readonly PluginProblem[];
  /** Reports whether plugins are being imported for the first time, so that units may be missing. */
  readonly isImporting: () => boolean;
  /** Calls a listener whenever the units or the problems have changed, until the returned function is called. */
  readonly onUnitsChanged: (listener: () => void) => () => void;
  /** Ends all plugins, their calls, and what they had started. Calls in flight fail with UNAVAILABLE. */
  readonly close: () => Promise<void>;
}

/**
 * Imports the plugins of a folder, each in a process of its own, and serves their units; fulfilled when each import has
 * succeeded or failed, after {@link IMPORT_WAIT_MS} at the latest: the units of the others join as they are imported. A
 * plugin that does not import costs itself only. Rejects with UNAVAILABLE when there is no Python that can run them, and
 * with INVALID_ARGUMENT when the folder can't be read.
 */
export async function startPluginHost(options: PluginHostOptions): Promise<PluginHost> {
  const { settings, log, signal, clock = Date, after = nodeAfter } = options;
  const dir = resolve(options.dir);
  const variables = withoutSecrets(options.variables);
  const python = await findPython(settings.python, variables);
  log.info('python found', { path: python.path, version: python.version });

  const listeners = new Set<() => void>();
  let catalogue = buildCatalogue([], [], settings);
  let nextLook: () => void = () => undefined;
  let closing: Promise<void> | undefined;
  const set = createPluginSet({
    ...{ dir, python: python.path, variables, settings, log, clock, after },
    onChange() {
      const before = catalogue;
      catalogue = buildCatalogue(set.plugins(), set.leftOut(), settings);
      if (isSameListing(before, catalogue)) return;
      for (const listener of listeners) listener();
    },
  });

  /** Waits for the imports, but not for one that takes long: it joins when it has ended. */
  async function waitForImports(done: Promise<unknown>): Promise<void> {
    const late = new Error('some imports take long');
    try {
      await runWithin(() => done, { signal, ms: IMPORT_WAIT_MS, after, late: () => late });
    } catch (error) {
      if (error !== late) throw error;
      const files = set.plugins().flatMap(({ file, isTried }) => (isTried() ? [] : [file]));
      log.warn('plugins late', { files: files.join(' '), waitedMs: IMPORT_WAIT_MS });
    }
  }

  function lookLater(): void {
    if (closing !== undefined) return;
    nextLook = after(settings.pollInterval, () => {
      set
        .look()
        // A folder that is away for a while, as on a share, must not take the units away.
        .catch((error: unknown) => log.warn('plugin folder unreadable', { dir, reason: reasonOf(error) }))
        .finally(lookLater);
    });
  }

  function close(): Promise<void> {
    signal.removeEventListener('abort', onAbort);
    nextLook();
    return (closing ??= set.close());
  }
  const onAbort = (): void => void close();
  signal.addEventListener('abort', onAbort, { once: true });

  try {
    signal.throwIfAborted();
    const { done } = await set.look();
    await waitForImports(done);
  } catch (error) {
    await close();
    if (signal.aborted) throw SchedulingError.from(signal.reason);
    throw new SchedulingError(
      'INVALID_ARGUMENT',
      `plugins: the folder ${dir} can't be read: ${reasonOf(error)}`,
    );
  }
  lookLater();

  const queue = createRunQueue({
    maxRunning:
      settings.maxConcurrentRuns === 0 ? Math.max(8, 2 * availableParallelism()) : settings.maxConcurrentRuns,
    isShared: () => set.plugins().filter((plugin) => plugin.units().length > 0).length > 1,
  });
  return {
    ...createPluginService({ catalogue: () => catalogue, queue, settings, log, clock, after }),
    hasUnit: (wanted) => catalogue.units.some(({ name }) => name === wanted),
    problems: () => catalogue.problems,
    isImporting: () => set.plugins().some((plugin) => !plugin.isTried()),
    onUnitsChanged(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    close,
  };
}

function isSameListing(left: Catalogue, right: Catalogue): boolean {
  const listingOf = ({ units, problems }: Catalogue): string => JSON.stringify([units, problems]);
  return listingOf(left) === listingOf(right);
}

function withoutSecrets(variables: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(variables).filter(([name]) => !name.startsWith('HOSTSCORE_')));
}
