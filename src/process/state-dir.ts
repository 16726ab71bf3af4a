import { randomBytes } from 'node:crypto';
import { constants } from 'node:fs';
import { lstat, mkdir, open, readdir, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { text as readText } from 'node:stream/consumers';
import type { UnitProblem } from '../domain/contract.js';
import { reasonOf } from '../lib/text.js';
import { nodeAfter, type After, type Clock } from '../lib/timers.js';
import { createDisk } from './disk.js';
import type { Log } from './log.js';
import { absent, claimFolder, type Ownership } from './owner-socket.js';

/** Options of a state folder. */
export interface StateDirOptions {
  readonly dir: string;
  readonly log: Log;
  /** Dates files that are set aside, and tells the age of leftovers. */
  readonly clock?: Clock;
  readonly after?: After;
}

/**
 * Folder of the state that outlives a restart. One process owns it and writes. Any other reads, and takes over when the owner
 * is gone.
 */
export interface StateDir {
  /** Reports whether this process owns the folder. */
  readonly owns: () => boolean;
  /** Returns the reasons why nothing is written; empty if all is well. */
  readonly problems: () => readonly UnitProblem[];
  /** Calls `listener` each time this process becomes the owner after opening. */
  readonly onOwned: (listener: () => void) => void;
  readonly path: (name: string) => string;
  /**
   * Reads a file of at most `maxBytes`. Resolves to undefined if there is none, or if it can't be read, with a warning; that
   * one is set aside. Never rejects.
   */
  readonly read: (name: string, maxBytes: number) => Promise<string | undefined>;
  /**
   * Replaces a file atomically and durably: after a crash it holds the old text or the new one. Of several waiting texts the
   * newest is written. Resolves to whether it was written: only the owner writes. Retries a failed write until it succeeds or
   * a newer text replaces it; logs the first failure and the recovery. Never rejects.
   */
  readonly write: (name: string, text: string, maxBytes?: number) => Promise<boolean>;
  /** Marks a file as corrupt: it is renamed to `NAME.corrupt-TIME` before the next write. */
  readonly setAside: (name: string, reason: string) => void;
  /** Sets the handler that answers the lines of other processes, each with a line. */
  readonly onCommand: (handler: (line: string) => Promise<string>) => void;
  /** Writes waiting texts, and gives up the ownership. */
  readonly close: () => Promise<void>;
}

/** Interval of ownership checks, in ms: a new container waits so long after the old one's end. */
export const OWNERSHIP_INTERVAL_MS = 3000;

/** Age at which a temporary file is taken for one of a killed process, in ms; a write takes a fraction of it. */
export const LEFTOVER_AGE_MS = 60_000;

/** Names of temporary files. Strict, since they are removed in a folder that may hold other files. */
const LEFTOVER = /^[0-9a-f]{8}\.state\.tmp$/;

/** Opens the folder, and owns it unless another process does. Never rejects: without a disk nothing is written. */
export async function openStateDir(options: StateDirOptions): Promise<StateDir> {
  const { dir, log, clock = Date, after = nodeAfter } = options;
  const disk = createDisk(after);
  const listeners = new Set<() => void>();
  /** Texts not written yet, by name. */
  const waiting = new Map<string, { readonly text: string; readonly maxBytes: number }>();
  /** Reasons to set files aside, by name. */
  const unusable = new Map<string, string>();
  let answer: (line: string) => Promise<string> = () => Promise.reject(new Error('not ready'));
  let ownership: Ownership | undefined;
  let isForeign = false;
  let failure: string | undefined;
  let closed = false;
  let cancelCheck: () => void = () => undefined;

  const pathOf = (name: string) => join(dir, name);
  const pathBeside = () => pathOf(`${randomBytes(4).toString('hex')}.state.tmp`);

  /** Runs an operation that writes depend on. Logs the first failure and the recovery. */
  async function keep(work: () => Promise<void>): Promise<boolean> {
    try {
      await disk.run(work);
      if (failure !== undefined) log.info('state kept again', { dir }, '');
      failure = undefined;
      return true;
    } catch (error) {
      if (failure === undefined) log.warn('state not kept', { dir, reason: reasonOf(error) }, '');
      failure = reasonOf(error);
      return false;
    }
  }

  async function check(): Promise<void> {
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
      if (!isForeign) log.warn('state owned by another process', { dir }, '');
      isForeign = true;
      waiting.clear();
      return;
    }
    await removeLeftovers().catch(() => undefined);
    if (closed) return claimed.release();
    if (isForeign) log.info('state taken over', { dir }, '');
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
      await moveAside(name);
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
        // Root, who forgets units of a service that does not run, leaves the file to its user.
        const { uid, gid } = await stat(dir);
        if (process.getuid?.() === 0) await file.chown(uid, gid).catch(() => undefined);
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

  async function moveAside(name: string): Promise<void> {
    const reason = unusable.get(name);
    if (reason === undefined) return;
    const aside = `${pathOf(name)}.corrupt-${new Date(clock.now()).toISOString().replace(/[:.]/g, '-')}`;
    await checkOwnership();
    if ((await lstat(pathOf(name)).catch(absent)) !== undefined) {
      await rename(pathOf(name), aside);
      log.warn('state file set aside', { path: pathOf(name), aside, reason }, name);
    }
    unusable.delete(name);
  }

  async function checkOwnership(): Promise<void> {
    if ((await ownership?.holds()) !== true) throw new Error('another process owns it now');
  }

  function setAside(name: string, reason: string): void {
    unusable.set(name, reason);
    log.warn('state file unusable', { path: pathOf(name), reason }, name);
  }

  function checkLater(): void {
    if (closed) return;
    cancelCheck = after(OWNERSHIP_INTERVAL_MS, () => void keep(check).then(checkLater));
  }

  await keep(check);
  checkLater();

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
        return await disk.run(() => readAtMost(pathOf(name), maxBytes));
      } catch (error) {
        setAside(name, reasonOf(error));
        return undefined;
      }
    },
    async write(name, text, maxBytes = Infinity) {
      if (ownership === undefined) return false;
      waiting.set(name, { text, maxBytes });
      return keep(writeWaiting);
    },
    setAside,
    onCommand: (handler) => void (answer = handler),
    async close() {
      closed = true;
      cancelCheck();
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
 * Reads a file as text. Resolves to undefined if there is none. Rejects for a file of more than `maxBytes`, for anything but a
 * regular file, such as a device, and with errors of the file system.
 */
export async function readAtMost(path: string, maxBytes: number): Promise<string | undefined> {
  // Non-blocking, since opening a named pipe waits for a writer.
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

/** Makes renames in a folder durable, where the file system can. */
export async function syncFolder(path: string): Promise<void> {
  try {
    const folder = await open(path, 'r');
    await folder.sync().finally(() => folder.close());
  } catch {
    return;
  }
}
