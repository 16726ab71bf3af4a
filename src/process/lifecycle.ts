import { runWithin } from '../lib/deadline.js';
import { reasonOf } from '../lib/text.js';
import { nodeAfter } from '../lib/timers.js';
import type { Log } from './log.js';

/** Things that were started, to be stopped in reverse order. */
export interface Lifecycle {
  /** Registers how to stop something that has just started. */
  readonly onStop: (name: string, stop: () => Promise<void> | void) => void;
  /** Stops everything, last started first. A step that fails or takes too long is logged by its name and passed over. */
  readonly stop: () => Promise<void>;
}

/** Signal of a stop, which nothing calls off. */
const NEVER = new AbortController().signal;

/** Creates a lifecycle with nothing to stop. `stepTimeoutMs` bounds each step. */
export function createLifecycle(options: { readonly log: Log; readonly stepTimeoutMs: number }): Lifecycle {
  const { log, stepTimeoutMs } = options;
  const steps: { readonly name: string; readonly stop: () => Promise<void> | void }[] = [];
  let stopping: Promise<void> | undefined;

  async function stopAll(): Promise<void> {
    for (let step = steps.pop(); step !== undefined; step = steps.pop()) {
      const { name, stop } = step;
      const late = new Error(`${name} takes too long to stop`);
      const limit = { signal: NEVER, ms: stepTimeoutMs, after: nodeAfter, late: () => late };
      await runWithin(async () => stop(), limit).catch((error: unknown) => {
        if (error === late) log.warn('stop timed out', { part: name, afterMs: stepTimeoutMs });
        else log.error('stop failed', { part: name, reason: reasonOf(error) });
      });
    }
  }

  return {
    onStop: (name, stop) => void steps.push({ name, stop }),
    stop: () => (stopping ??= stopAll()),
  };
}
