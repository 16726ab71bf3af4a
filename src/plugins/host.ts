import { availableParallelism } from 'node:os';
import { resolve } from 'node:path';
import type { PluginSettings } from '../config/sections.js';
import type { Call, PolicyUnitService } from '../domain/contract.js';
import { SchedulingError } from '../domain/errors.js';
import { runWithin, waitFor } from '../lib/deadline.js';
import { reasonOf } from '../lib/text.js';
import { nodeAfter, type After, type Clock } from '../lib/timers.js';
import type { Log } from '../process/log.js';
import { buildCatalogue, movedUnits, type Catalogue, type PluginProblem } from './catalogue.js';
import { findPython } from './find-python.js';
import { createPluginSet, type PluginSet } from './plugin-set.js';
import { createRunQueue } from './run-queue.js';
import { createPluginService } from './service.js';

/** Longest wait for imports at start, in milliseconds. Most take less than a tenth; a slow plugin must not delay the start. */
export const IMPORT_WAIT_MS = 2000;

/** Longest wait of a listing for the imports of new files, in milliseconds: mostly one of them suffices then. */
const LISTING_WAIT_MS = 500;

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
  /** Called with the time that each run of a unit took, in milliseconds. Must not throw. */
  readonly onUnitRun?: ((unit: string, durationMs: number) => void) | undefined;
  readonly clock?: Clock;
  readonly after?: After;
}

/** A PolicyUnitService of old Python plugins. */
export interface PluginHost extends PolicyUnitService {
  /** Returns the names of the units, of any type. */
  readonly unitNames: () => readonly string[];
  /** Returns the problems, by file: plugins that failed to import or are still importing, and units left out. */
  readonly problems: () => readonly PluginProblem[];
  /** Returns the reason why no plugin can run: there is no suitable Python, or no folder. They are looked for again and again. */
  readonly failure: () => SchedulingError | undefined;
  /** Calls `listener` on every change of units or problems. Returns an unsubscribe function. */
  readonly onUnitsChanged: (listener: () => void) => () => void;
  /** Kills all plugins and their child processes. Calls in flight fail with UNAVAILABLE. */
  readonly close: () => Promise<void>;
}

/**
 * Starts a host that imports the plugins of a folder, each in its own process. Resolves when all imports have ended, and
 * after {@link IMPORT_WAIT_MS} at the latest; later ones add their units as they end. A failed import affects its plugin
 * only. Without a suitable Python or folder it has no units and a problem, until there is one. Rejects only when it is
 * closed meanwhile.
 */
export async function startPluginHost(options: PluginHostOptions): Promise<PluginHost> {
  const { settings, log, signal, clock = Date, after = nodeAfter } = options;
  const dir = resolve(options.dir);
  const variables = withoutSecrets(options.variables);

  const listeners = new Set<() => void>();
  let set: PluginSet | undefined;
  let failure: SchedulingError | undefined;
  let catalogue = buildCatalogue([], [], settings);
  /** True once the files of the start were tried, which may be in any order. */
  let isSettled = false;
  /** Scans whose imports are under way. */
  let importing = 0;
  let cancelRescan: () => void = () => undefined;
  let isUnreadable = false;
  let closing: Promise<void> | undefined;
  let scanning: Promise<unknown> = Promise.resolve();
  let nextScan: Promise<{ readonly done: Promise<unknown> }> | undefined;

  const plugins = () => set?.plugins() ?? [];

  function onChange(): void {
    const before = catalogue;
    catalogue = buildCatalogue(plugins(), set?.leftOut() ?? [], settings);
    if (failure !== undefined)
      catalogue = { ...catalogue, problems: [{ file: dir, reason: failure.message }, ...catalogue.problems] };
    if (isSettled)
      for (const moved of movedUnits(before, catalogue))
        log.error('unit changed its plugin', moved, moved.unit);
    if (isSameListing(before, catalogue)) return;
    for (const listener of listeners) listener();
  }

  async function openSet(): Promise<PluginSet> {
    const python = await findPython(settings.python, variables);
    log.info('python found', { path: python.path, version: python.version });
    return createPluginSet({
      ...{ dir, python: python.path, variables, settings, log, clock, after, onChange },
    });
  }

  /** Looks at the folder once the scan under way has ended, which may have missed what is new. */
  function scan(): Promise<{ readonly done: Promise<unknown> }> {
    nextScan ??= scanning.then(() => {
      const scanned = scanOnce();
      nextScan = undefined;
      scanning = scanned.catch(() => undefined);
      return scanned;
    });
    return nextScan;
  }

  async function scanOnce(): Promise<{ readonly done: Promise<unknown> }> {
    signal.throwIfAborted();
    if (closing !== undefined) throw new SchedulingError('UNAVAILABLE', 'the host of the plugins is closed');
    set ??= await openSet();
    const isFirst = plugins().length === 0;
    const found = await set.rescan().catch((error: unknown) => {
      throw new SchedulingError(
        'INVALID_ARGUMENT',
        `plugins: the folder ${dir} can't be read: ${reasonOf(error)}`,
      );
    });
    importing++;
    void found.done.then(() => {
      importing--;
      if (isFirst) isSettled = true;
    });
    if (isUnreadable) log.info('plugin folder readable again', { dir }, '');
    isUnreadable = false;
    if (failure !== undefined) {
      failure = undefined;
      onChange();
    }
    return found;
  }

  /** Looks at the folder, and takes a failure for the state of things, unless there are units that can go on. */
  async function tryScan(): Promise<{ readonly done: Promise<unknown> }> {
    try {
      return await scan();
    } catch (thrown) {
      const error = SchedulingError.from(thrown);
      // A folder that is temporarily missing, as on a share, must not remove the units.
      if (plugins().length > 0) {
        isUnreadable = true;
        log.warn('plugin folder unreadable', { dir, reason: error.message }, '');
      } else if (error.message !== failure?.message && !signal.aborted) {
        log.error('plugins unavailable', { dir, reason: error.message }, '');
        failure = error;
        onChange();
      }
      return { done: Promise.resolve() };
    }
  }

  /** Returns false when the imports took longer. */
  async function waitForImports(done: Promise<unknown>, ms: number, until: AbortSignal): Promise<boolean> {
    const late = new Error('some imports take long');
    try {
      await runWithin(() => done, { signal: until, ms, after, late: () => late });
      return true;
    } catch (error) {
      if (error !== late) throw error;
      return false;
    }
  }

  function scheduleRescan(): void {
    if (closing !== undefined) return;
    cancelRescan = after(settings.pollInterval, () => void tryScan().finally(scheduleRescan));
  }

  function close(): Promise<void> {
    signal.removeEventListener('abort', onAbort);
    cancelRescan();
    return (closing ??= scanning.then(() => set?.close()));
  }
  const onAbort = (): void => void close();
  signal.addEventListener('abort', onAbort, { once: true });

  try {
    const { done } = await tryScan();
    if (!(await waitForImports(done, IMPORT_WAIT_MS, signal))) {
      const files = plugins().flatMap(({ file, isTried }) => (isTried() ? [] : [file]));
      log.warn('plugin imports slow', { files: files.join(' '), waitedMs: IMPORT_WAIT_MS });
    }
  } catch (error) {
    await close();
    throw SchedulingError.from(signal.aborted ? signal.reason : error);
  }
  scheduleRescan();

  const queue = createRunQueue({
    maxRunning:
      settings.maxConcurrentRuns === 0 ? Math.max(8, 2 * availableParallelism()) : settings.maxConcurrentRuns,
    isShared: () => plugins().filter((plugin) => plugin.units().length > 0).length > 1,
    hasEngine: options.hasEngine,
  });
  const service = createPluginService({
    ...{ catalogue: () => catalogue, failure: () => failure, queue, settings, log, clock, after },
    onUnitRun: options.onUnitRun,
  });

  /** Lists what is there now, new files included, since an engine asks once. */
  async function listPolicyUnits(call: Call): ReturnType<PolicyUnitService['listPolicyUnits']> {
    const { done } = await waitFor(tryScan(), call.signal);
    const ms = Math.min(LISTING_WAIT_MS, (call.deadline - clock.now()) / 2);
    await waitForImports(done, ms, call.signal);
    return { ...(await service.listPolicyUnits(call)), isIncomplete: importing > 0 };
  }

  return {
    ...service,
    listPolicyUnits,
    unitNames: () => catalogue.units.map(({ name }) => name),
    problems: () => catalogue.problems,
    failure: () => failure,
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
