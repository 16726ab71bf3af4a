import type { Log } from './log.js';

/** Things that were started, to be stopped in reverse order. */
export interface Lifecycle {
  /** Registers how to stop something that has just started. */
  readonly onStop: (name: string, stop: () => Promise<void> | void) => void;
  /** Stops everything, last started first. A step that fails or takes too long is logged by its name and passed over. */
  readonly stop: () => Promise<void>;
}

/** Starts with nothing to stop. `stepTimeoutMs` bounds each step. */
export function createLifecycle(options: { readonly log: Log; readonly stepTimeoutMs: number }): Lifecycle {
  const { log, stepTimeoutMs } = options;
  const steps: { readonly name: string; readonly stop: () => Promise<void> | void }[] = [];
  let stopping: Promise<void> | undefined;

  async function stopAll(): Promise<void> {
    for (let step = steps.pop(); step !== undefined; step = steps.pop()) {
      try {
        if (!(await endsWithin(stepTimeoutMs, step.stop))) {
          log.warn('stop timed out', { part: step.name, afterMs: stepTimeoutMs });
        }
      } catch (error) {
        log.error('stop failed', {
          part: step.name,
          reason: error instanceof Error ? error.message : String(error),
        });
      }
    }
  }

  return {
    onStop: (name, stop) => void steps.push({ name, stop }),
    stop: () => (stopping ??= stopAll()),
  };
}

async function endsWithin(ms: number, run: () => Promise<void> | void): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<false>((resolve) => {
    timer = setTimeout(() => resolve(false), ms);
  });
  try {
    return await Promise.race([Promise.resolve(run()).then(() => true as const), late]);
  } finally {
    clearTimeout(timer);
  }
}
