import { randomBytes } from 'node:crypto';
import { constants } from 'node:fs';
import { lstat, mkdir, open, readdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { text as readText } from 'node:stream/consumers';
import type { UnitProblem } from '../domain/contract.js';
import { runWithin } from '../lib/deadline.js';
import { createLimiter } from '../lib/limiter.js';
import { reasonOf } from '../lib/text.js';
import { nodeAfter, type After, type Clock } from '../lib/timers.js';
import type { Log } from './log.js';
import { claimFolder, type Ownership } from './owner-socket.js';

/** Which folder, and what to know of it. */
export interface StateDirOptions {
  readonly dir: string;
  readonly log: Log;
  /** Dates a file that is set aside, and tells how old one is that a killed process left behind. */
  readonly clock?: Clock;
  readonly after?: After;
}

/**
 * The folder of what hostscore remembers over a restart. One process owns it and writes; any other one reads, and takes it
 * over when the owner is gone.
 */
export interface StateDir {
  /** Reports whether this process owns the folder. */
  readonly owns: () => boolean;
  /** Returns why nothing is remembered; empty when all is well. */
  readonly problems: () => readonly UnitProblem[];
  /** Has a listener called each time this process becomes the owner after the folder was opened. */
  readonly onOwned: (listener: () => void) => void;
  /** Returns the path of a file in the folder. */
  readonly path: (name: string) => string;
  /**
   * Reads a file, at most `maxBytes` of it; undefined when there is none. Never rejects: one that can't be read is warned
   * of, and set aside before this process writes another.
   */
  readonly read: (name: string, maxBytes: number) => Promise<string | undefined>;
  /**
   * Replaces a file at once and for good: a reader, and whoever comes after a crash, finds the old text or the new one. One
   * at a time; of several texts that wait the newest is written. Returns whether it was written: only the owner writes, and
   * a text that the disk doesn't take is tried again until it does. Never rejects: the first failure is logged, and its end.
   */
  readonly write: (name: string, text: string, maxBytes?: number) => Promise<boolean>;
  /** Renames a file that holds nothing of use to `NAME.corrupt-TIME`, with a warning. Only the owner renames. */
  readonly setAside: (name: string, reason: string) => Promise<void>;
  /** Has lines that other processes ask the owner answered with a line. */
  readonly onCommand: (handler: (line: string) => Promise<string>) => void;
  /** Writes what waits, and gives the folder up. */
  readonly close: () => Promise<void>;
}

/** Time between two looks at who owns the folder, in ms: what a new container waits for the old one's end at most. */
export const OWNERSHIP_INTERVAL_MS = 3000;

/** Longest that anyone waits for the disk, in ms: one of a network may hang for ever. */
export const DISK_TIMEOUT_MS = 5000;

/** Age from which a file beside another is one that a killed process left, in ms; a write takes a fraction of it. */
export const LEFTOVER_AGE_MS = 60_000;

/** The names of files that are being written. Strict, since they are removed in a folder that may hold other things. */
const LEFTOVER = /^[0-9a-f]{8}\.state\.tmp$/;

/** Opens the folder, and owns it unless another process does. Never rejects: without a disk nothing is remembered. */
export async function openStateDir(options: StateDirOptions): Promise<StateDir> {
  const { dir, log, clock = Date, after = nodeAfter } = options;
  const disk = createLimiter({ maxRunning: 1, maxWaiting: Infinity, full: (size) => new Error(`${size}`) });
  const { signal } = new AbortController();
  const listeners = new Set<() => void>();
  /** Texts that are not on the disk yet, by name. */
  const waiting = new Map<string, { readonly text: string; readonly maxBytes: number }>();
  /** Files that are there and could not be read. */
  const unread = new Set<string>();
  let answer: (line: string) => Promise<string> = () => Promise.reject(new Error('not ready'));
  let ownership: Ownership | undefined;
  let isForeign = false;
  let failure: string | undefined;
  let hanging = false;
  let closed = false;
  let cancelLook: () => void = () => undefined;

  const pathOf = (name: string) => join(dir, name);
  const pathBeside = () => pathOf(`${randomBytes(4).toString('hex')}.state.tmp`);

  /** Runs one piece of work at a time. As long as one hangs no other begins: Node has few threads for files. */
  async function onDisk<Value>(work: () => Promise<Value>): Promise<Value> {
    const late = () => new Error(`the disk did not answer within ${DISK_TIMEOUT_MS} ms`);
    if (hanging) throw late();
    const turn = () => work().finally(() => (hanging = false));
    return runWithin((ended) => disk.run(turn, ended), {
      signal,
      ms: DISK_TIMEOUT_MS,
      after,
      late() {
        hanging = true;
        return late();
      },
    });
  }

  /** Runs work on which depends whether anything is remembered, and tells when that changes. */
  async function keep(work: () => Promise<void>): Promise<boolean> {
    try {
      await onDisk(work);
      if (failure !== undefined) log.info('state kept again', { dir });
      failure = undefined;
      return true;
    } catch (error) {
      if (failure === undefined) log.warn('state not kept', { dir, reason: reasonOf(error) });
      failure = reasonOf(error);
      return false;
    }
  }

  async function look(): Promise<void> {
    if (ownership !== undefined && !(await ownership.holds())) {
      const lost = ownership;
      ownership = undefined;
      await lost.release();
    }
    if (ownership === undefined && !closed) await claim();
    await writeWaiting();
  }

  async function claim(): Promise<void> {
    await mkdir(dir, { recursive: true, mode: 0o700 });
    const claimed = await claimFolder({
      dir,
      beside: pathBeside(),
      answer: (line) => answer(line),
      after,
    });
    if (claimed === undefined) {
      if (!isForeign) log.warn('state owned by another process', { dir });
      isForeign = true;
      waiting.clear();
      return;
    }
    await removeLeftovers().catch(() => undefined);
    if (closed) return claimed.release();
    if (isForeign) log.info('state taken over', { dir });
    isForeign = false;
    ownership = claimed;
    for (const listener of listeners) listener();
  }

  async function removeLeftovers(): Promise<void> {
    for (const name of await readdir(dir)) {
      if (!LEFTOVER.test(name)) continue;
      const { mtimeMs } = await lstat(pathOf(name));
      if (clock.now() - mtimeMs > LEFTOVER_AGE_MS) await rm(pathOf(name), { force: true });
    }
  }

  async function writeWaiting(): Promise<void> {
    for (const [name, entry] of waiting) {
      if (ownership === undefined) return;
      const { text, maxBytes } = entry;
      if (Buffer.byteLength(text) > maxBytes)
        throw new Error(`${name} would have more than ${maxBytes} bytes`);
      if (unread.has(name)) await moveAside(name, 'could not be read');
      await writeAtomically(name, text);
      if (waiting.get(name) === entry) waiting.delete(name);
    }
  }

  async function writeAtomically(name: string, text: string): Promise<void> {
    const beside = pathBeside();
    try {
      const file = await open(beside, 'wx', 0o600);
      try {
        await file.writeFile(text);
        await file.sync();
      } finally {
        await file.close();
      }
      await checkOwnership();
      await rename(beside, pathOf(name));
    } catch (error) {
      await rm(beside, { force: true }).catch(() => undefined);
      throw error;
    }
    await syncFolder(dir);
  }

  async function moveAside(name: string, reason: string): Promise<void> {
    const aside = `${pathOf(name)}.corrupt-${new Date(clock.now()).toISOString().replace(/[:.]/g, '-')}`;
    await checkOwnership();
    if ((await lstat(pathOf(name)).catch(absent)) !== undefined) {
      await rename(pathOf(name), aside);
      log.warn('state file set aside', { path: pathOf(name), aside, reason });
    }
    unread.delete(name);
  }

  async function checkOwnership(): Promise<void> {
    if ((await ownership?.holds()) !== true) throw new Error('another process owns it now');
  }

  function unreadable(name: string, reason: string): void {
    unread.add(name);
    log.warn('state file unreadable', { path: pathOf(name), reason });
  }

  function lookLater(): void {
    if (closed) return;
    cancelLook = after(OWNERSHIP_INTERVAL_MS, () => void keep(look).then(lookLater));
  }

  await keep(look);
  lookLater();

  return {
    owns: () => ownership !== undefined,
    problems() {
      if (failure !== undefined) return [problem(`${dir}: ${failure}; ${NOT_REMEMBERED}`)];
      return ownership === undefined ? [problem(`${dir} belongs to another process; ${SECOND}`)] : [];
    },
    onOwned: (listener) => void listeners.add(listener),
    path: pathOf,
    async read(name, maxBytes) {
      try {
        return await onDisk(() => readAtMost(pathOf(name), maxBytes));
      } catch (error) {
        unreadable(name, reasonOf(error));
        return undefined;
      }
    },
    async write(name, text, maxBytes = Infinity) {
      if (ownership === undefined) return false;
      waiting.set(name, { text, maxBytes });
      return keep(writeWaiting);
    },
    async setAside(name, reason) {
      try {
        await onDisk(() => moveAside(name, reason));
      } catch {
        unreadable(name, reason);
      }
    },
    onCommand: (handler) => void (answer = handler),
    async close() {
      closed = true;
      cancelLook();
      await keep(() =>
        writeWaiting().finally(async () => {
          await ownership?.release();
          ownership = undefined;
        }),
      );
    },
  };
}

const NOT_REMEMBERED =
  'what is learned now is lost when the process ends; make the folder writable, or set state.dir to one that is';
const SECOND =
  'this one writes nothing there until that one ends; set state.dir to a folder of its own if both are to stay';

function problem(reason: string): UnitProblem {
  return { source: 'state.dir', reason };
}

/**
 * Reads a file as text; undefined when there is none. Rejects for one that has more than `maxBytes`, of which no more are
 * ever read, for what is no regular file, such as a device, and with the error of the file system.
 */
export async function readAtMost(path: string, maxBytes: number): Promise<string | undefined> {
  // Without waiting: opening a named pipe would last until somebody writes into it.
  const file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK).catch(absent);
  if (file === undefined) return undefined;
  try {
    const facts = await file.stat();
    if (!facts.isFile()) throw new Error('it is no regular file');
    if (facts.size > maxBytes) throw new Error(`it has ${facts.size} bytes, at most ${maxBytes} are read`);
    return await readText(file.createReadStream({ start: 0, end: maxBytes - 1, autoClose: false }));
  } finally {
    await file.close();
  }
}

function absent(error: unknown): undefined {
  if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
  throw error;
}

/** Makes a rename last through a crash. Some file systems can't; the file is whole all the same. */
async function syncFolder(path: string): Promise<void> {
  try {
    const folder = await open(path, 'r');
    await folder.sync().finally(() => folder.close());
  } catch {
    return;
  }
}
