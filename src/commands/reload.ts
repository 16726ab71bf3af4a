import { ConfigError } from '../config/load.js';
import { runWithin } from '../lib/deadline.js';
import { reasonOf, stackOf } from '../lib/text.js';
import { nodeAfter, type After } from '../lib/timers.js';
import type { Log, LogFields } from '../process/log.js';
import type { Backend, BackendReference } from './backend.js';

/**
 * Longest wait of a new configuration for the first answers of its parts, in ms: a reading of a large engine takes seconds,
 * imports of plugins up to ten. Until then the old parts answer, and longer only while they can and nothing of the new ones does.
 */
export const READY_WAIT_MS = 30_000;

/** Options of a reloader. */
export interface ReloaderOptions {
  /** Resolves when the service has started. Requests before wait for it. */
  readonly started: Promise<unknown>;
  readonly backends: BackendReference;
  /** Reads the configuration and opens what answers by it. `swapped` is called once that is in place. */
  readonly open: () => Promise<{ readonly backend: Backend; readonly swapped: () => void }>;
  /** Longest wait for the calls in flight of the old backend, in ms. */
  readonly graceMs: number;
  readonly log: Log;
  readonly after?: After;
}

/** Reloads the configuration, one reload at a time. */
export interface Reloader {
  /** Asks for a reload. During another one it ends that one's wait, and comes after it, once for all requests. */
  readonly request: () => void;
  /** Calls a reload off that is not in place yet, and waits for the end of one that is. */
  readonly stop: () => Promise<void>;
}

/** Creates a reloader. A configuration that can't be used leaves everything as it is, and the log says why. */
export function createReloader(options: ReloaderOptions): Reloader {
  const { backends, open, graceMs, log, after = nodeAfter } = options;
  const never = new AbortController().signal;
  let last: Promise<void> = options.started.then(
    () => undefined,
    () => undefined,
  );
  let isWaiting = false;
  let isStopped = false;
  let waiting = new AbortController();

  /** Waits for a promise. Resolves to false when `ms` have passed or the signal aborts. */
  function within(ms: number, signal: AbortSignal, promise: Promise<unknown>): Promise<boolean> {
    return runWithin(() => promise, { signal, ms, after, late: () => new Error('late') }).then(
      () => true,
      () => false,
    );
  }

  async function reload(): Promise<void> {
    isWaiting = false;
    if (isStopped) return;
    waiting = new AbortController();
    log.info('reloading');
    const { backend, swapped } = await open();
    backend.start();
    const hasAnswered = () => within(READY_WAIT_MS, waiting.signal, backend.firstAnswer);
    const before = backends.current();
    let isReady = await hasAnswered();
    // Such as after a user name with a wrong password: nobody should be refused who can be answered.
    while (
      !isReady &&
      !waiting.signal.aborted &&
      before?.readiness().ready === true &&
      !backend.readiness().ready
    ) {
      log.warn('reload waits', { waitedMs: READY_WAIT_MS, ...backend.readiness() }, '');
      isReady = await hasAnswered();
    }
    if (waiting.signal.aborted) {
      log.info('reload called off');
      return backend.close();
    }
    if (!isReady)
      log.warn('reloaded before all answers', { waitedMs: READY_WAIT_MS, ...backend.readiness() });
    const old = backends.swap(backend);
    try {
      swapped();
      backend.inPlace?.();
      log.info('reloaded', old && unitChanges(old.before.unitNames(), backend.unitNames()));
    } catch (error) {
      const consequence = 'the new configuration answers calls; restart to have all of it in place';
      log.error('reloaded in part', { reason: reasonOf(error), consequence, stack: stackOf(error) });
    }
    if (old === undefined) return;
    if (!(await within(graceMs, never, old.callsEnded))) log.warn('calls cut by reload', { graceMs });
    await old.before.close();
  }

  function logFailure(error: unknown): void {
    const consequence = 'the configuration before stays';
    if (error instanceof ConfigError) {
      for (const reason of error.message.split('\n')) log.error('not reloaded', { reason, consequence });
    } else log.error('not reloaded', { reason: reasonOf(error), consequence, stack: stackOf(error) });
  }

  return {
    request() {
      if (isWaiting || isStopped) return;
      isWaiting = true;
      waiting.abort();
      last = last.then(reload).catch(logFailure);
    },
    stop() {
      isStopped = true;
      waiting.abort();
      return last;
    },
  };
}

/** Returns the fields of the log that name units which came and went; none for neither. */
function unitChanges(before: readonly string[], after: readonly string[]): LogFields {
  const [added, removed] = [
    after.filter((name) => !before.includes(name)),
    before.filter((name) => !after.includes(name)),
  ];
  return {
    ...(added.length === 0 ? {} : { unitsAdded: added.join(' ') }),
    ...(removed.length === 0 ? {} : { unitsRemoved: removed.join(' ') }),
  };
}
