import { runWithin } from '../lib/deadline.js';
import { createLimiter } from '../lib/limiter.js';
import type { After } from '../lib/timers.js';

/** Time limit of disk operations, in ms: a network file system may hang for ever. */
export const DISK_TIMEOUT_MS = 5000;

/** A disk that may hang. */
export interface Disk {
  /** Runs one operation at a time, in the order asked, and none while one hangs: Node has few threads for files. */
  readonly run: <Value>(work: () => Promise<Value>) => Promise<Value>;
}

/** Creates an idle disk, whose operations reject after {@link DISK_TIMEOUT_MS}. */
export function createDisk(after: After): Disk {
  const limiter = createLimiter({
    maxRunning: 1,
    maxWaiting: Infinity,
    full: (size) => new Error(`${size}`),
  });
  const { signal } = new AbortController();
  let hanging = false;
  const late = () => new Error(`the disk did not answer within ${DISK_TIMEOUT_MS} ms`);
  return {
    async run(work) {
      if (hanging) throw late();
      const turn = () => work().finally(() => (hanging = false));
      return runWithin((ended) => limiter.run(turn, ended), {
        signal,
        ms: DISK_TIMEOUT_MS,
        after,
        late() {
          hanging = true;
          return late();
        },
      });
    },
  };
}
