import { closeSync, openSync, readSync } from 'node:fs';
import { reasonOf } from '../lib/text.js';
import type { Clock } from '../lib/timers.js';
import type { Log } from './log.js';

/** Largest file that is read for a configuration, in bytes: all authorities that an operating system trusts take a quarter. */
export const MAX_FILE_BYTES = 1024 ** 2;

/** Size of a step in which it is read: most files take one. */
const STEP_BYTES = 64 * 1024;

/** Reads a file step by step: the size of a device or a pipe is known at its end only. Throws for one that is too long. */
export function readBounded(file: string): Buffer {
  const opened = openSync(file, 'r');
  try {
    const steps: Buffer[] = [];
    for (let size = 0; size <= MAX_FILE_BYTES;) {
      const step = Buffer.allocUnsafe(STEP_BYTES);
      const read = readSync(opened, step);
      if (read === 0) return Buffer.concat(steps);
      steps.push(step.subarray(0, read));
      size += read;
    }
    throw new Error(`it is larger than ${MAX_FILE_BYTES / 1024 ** 2} MiB; name another file`);
  } finally {
    closeSync(opened);
  }
}

/** Files that are followed. */
export interface FollowedFiles {
  /** Paths of the files, for the log. */
  readonly files: readonly (string | undefined)[];
  readonly log: Pick<Log, 'info' | 'warn'>;
  /** Shortest time between two readings, in milliseconds; none by default. */
  readonly restMs?: number;
  /** Monotonic clock for that; `performance` by default. */
  readonly steady?: Clock | undefined;
}

/**
 * Returns a function that reads files anew and returns what is made of them, the same while they are the same. When they can't
 * be read or used, such as a certificate whose key is not written yet, the last good one stays, and the log says why. The first
 * reading is at once: it throws.
 */
export function followFiles<Content, Made>(
  read: () => Content,
  make: (content: Content) => Made,
  { files, log, restMs = 0, steady = performance }: FollowedFiles,
): () => Made {
  const facts = { files: files.filter((file) => file !== undefined).join(', ') };
  const first = read();
  let made = make(first);
  let taken: string | undefined = JSON.stringify(first);
  let readAt = steady.now();

  return () => {
    const now = steady.now();
    if (now - readAt < restMs) return made;
    readAt = now;
    try {
      const content = read();
      const text = JSON.stringify(content);
      if (text === taken) return made;
      made = make(content);
      taken = text;
      log.info('changed files taken', facts, facts.files);
    } catch (error) {
      const reason = reasonOf(error);
      log.warn('changed files not taken', { ...facts, reason }, `${facts.files}: ${reason}`);
      taken = undefined;
    }
    return made;
  };
}
