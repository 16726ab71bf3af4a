import { availableParallelism } from 'node:os';
import { resolve } from 'node:path';
import type { PluginSettings } from '../config/sections.js';
import type { PolicyUnitService } from '../domain/contract.js';
import { SchedulingError } from '../domain/errors.js';
import { runWithin } from '../lib/deadline.js';
import { reasonOf } from '../lib/text.js';
import { nodeAfter, type After, type Clock } from '../lib/timers.js';
import type { Log } from '../process/log.js';
import { buildCatalogue, movedUnits, type Catalogue, type PluginProblem } from './catalogue.js';
import { findPython } from './find-python.js';
import { createPluginSet } from './plugin-set.js';
import { createRunQueue } from './run-queue.js';
import { createPluginService } from './service.js';

/** Longest wait for imports at start, in milliseconds. Most take less than a tenth; a slow plugin must not delay the start. */
export const IMPORT_WAIT_MS = 2000;

/** Options of a plugin host. */
export interface PluginHostOptions {
  /** Folder whose `*.py` files are imported. */
  readonly dir: string;
  readonly settings: Omit<PluginSettings, 'dir'>;
  readonly log: Log;
  /** Environment of the plugins, except HOSTSCORE_*, which may hold secrets. */
  readonly variables: NodeJS.ProcessEnv;
  /** Closes the host when it aborts, even during the start. */
  readonly signal: AbortSignal;
  /** True when an engine asks through a bridge of this process, and so gets places of its own. False by default. */
  readonly hasEngine?: boolean | undefined;
  readonly clock?: Clock;
  readonly after?: After;
}

/** A PolicyUnitService of old Python plugins. */
export interface PluginHost extends PolicyUnitService {
  /** Reports whether there is a unit of that name, of any type. */
  readonly hasUnit: (name: string) => boolean;
  /** Returns the problems, by file: plugins that failed to import or are still importing, and units left out. */
  readonly problems: () => readonly PluginProblem[];
  /** Reports whether first imports are running, so that units may be missing. */
  readonly isImporting: () => boolean;
  /** Calls `listener` on every change of units or problems. Returns an unsubscribe function. */
  readonly onUnitsChanged: (listener: () => void) => () => void;
  /** Kills all plugins and their child processes. Calls in flight fail with UNAVAILABLE. */
  readonly close: () => Promise<void>;
}

/**
 * Starts a host that imports the plugins of a folder, each in its own process. Resolves when all imports have ended, and
 * after {@link IMPORT_WAIT_MS} at the latest; later ones add their units as they end. A failed import affects its plugin
 * only. Rejects with UNAVAILABLE without a suitable Python, and with INVALID_ARGUMENT when the folder can't be read.
 */
export async function startPluginHost(options: PluginHostOptions): Promise<PluginHost> {
  const { settings, log, signal, clock = Date, after = nodeAfter } = options;
  const dir = resolve(options.dir);
  const variables = withoutSecrets(options.variables);
  const python = await findPython(settings.python, variables);
  log.info('python found', { path: python.path, version: python.version });

  const listeners = new Set<() => void>();
  let catalogue = buildCatalogue([], [], settings);
  /** True once the files of the start were tried, which may be in any order. */
  let isSettled = false;
  let cancelRescan: () => void = () => undefined;
  let isUnreadable = false;
  let closing: Promise<void> | undefined;
  const set = createPluginSet({
    ...{ dir, python: python.path, variables, settings, log, clock, after },
    onChange() {
      const before = catalogue;
      catalogue = buildCatalogue(set.plugins(), set.leftOut(), settings);
      if (isSettled)
        for (const moved of movedUnits(before, catalogue)) log.error('unit changed its plugin', moved);
      if (isSameListing(before, catalogue)) return;
      for (const listener of listeners) listener();
    },
  });

  async function waitForImports(done: Promise<unknown>): Promise<void> {
    const late = new Error('some imports take long');
    try {
      await runWithin(() => done, { signal, ms: IMPORT_WAIT_MS, after, late: () => late });
    } catch (error) {
      if (error !== late) throw error;
      const files = set.plugins().flatMap(({ file, isTried }) => (isTried() ? [] : [file]));
      log.warn('plugin imports slow', { files: files.join(' '), waitedMs: IMPORT_WAIT_MS });
    }
  }

  async function rescan(): Promise<void> {
    try {
      await set.rescan();
      if (isUnreadable) log.info('plugin folder readable again', { dir }, '');
      isUnreadable = false;
    } catch (error) {
      // A folder that is temporarily missing, as on a share, must not remove the units.
      log.warn('plugin folder unreadable', { dir, reason: reasonOf(error) }, '');
      isUnreadable = true;
    }
  }

  function scheduleRescan(): void {
    if (closing !== undefined) return;
    cancelRescan = after(settings.pollInterval, () => {
      void rescan().finally(scheduleRescan);
    });
  }

  function close(): Promise<void> {
    signal.removeEventListener('abort', onAbort);
    cancelRescan();
    return (closing ??= set.close());
  }
  const onAbort = (): void => void close();
  signal.addEventListener('abort', onAbort, { once: true });

  try {
    signal.throwIfAborted();
    const { done } = await set.rescan();
    void done.then(() => (isSettled = true));
    await waitForImports(done);
  } catch (error) {
    await close();
    if (signal.aborted) throw SchedulingError.from(signal.reason);
    throw new SchedulingError(
      'INVALID_ARGUMENT',
      `plugins: the folder ${dir} can't be read: ${reasonOf(error)}`,
    );
  }
  scheduleRescan();

  const queue = createRunQueue({
    maxRunning:
      settings.maxConcurrentRuns === 0 ? Math.max(8, 2 * availableParallelism()) : settings.maxConcurrentRuns,
    isShared: () => set.plugins().filter((plugin) => plugin.units().length > 0).length > 1,
    hasEngine: options.hasEngine,
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
