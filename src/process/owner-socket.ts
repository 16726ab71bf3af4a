import type { BigIntStats } from 'node:fs';
import { lstat, rename, rm } from 'node:fs/promises';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { join } from 'node:path';
import { SchedulingError } from '../domain/errors.js';
import { runWithin } from '../lib/deadline.js';
import { reasonOf } from '../lib/text.js';
import { nodeAfter, type After } from '../lib/timers.js';

/** Name of the socket in a folder on which the folder's owner listens. */
export const OWNER_SOCKET = 'owner.sock';

/** Longest path of a socket: bytes. Linux takes 107 and macOS 103; Node before 22 cuts a longer one off without a word. */
export const MAX_SOCKET_PATH_BYTES = 103;

/** Longest line that is asked or answered: characters. An answer may name every unit of a large installation. */
const MAX_LINE_LENGTH = 1024 * 1024;

/** Longest that one who asks is attended to, in ms: a person waits for the answer. */
export const COMMAND_TIMEOUT_MS = 10_000;

/** Most who ask at the same time; a command of a person is one, so that more is a mistake. */
const MAX_ASKING = 16;

/** The ownership of a folder: whoever listens on the socket in it has it. It ends with the process, however that ends. */
export interface Ownership {
  /** Reports whether it still holds: two that start at once can both find a stale socket, and the later one wins. */
  readonly holds: () => Promise<boolean>;
  /** Gives it up, so that another process may have it at once. */
  readonly release: () => Promise<void>;
}

/** The folder to own, and how its owner answers. */
export interface ClaimOptions {
  readonly dir: string;
  /** Path of a file in the folder that is not there yet. */
  readonly beside: string;
  /** Answers a line that another process asks with a line. */
  readonly answer: (line: string) => Promise<string>;
  readonly after: After;
}

/**
 * Takes the ownership of a folder; undefined when another process has it. A socket that refuses connections is what a
 * killed process left behind, and is replaced. Rejects with the error of the file system.
 */
export async function claimFolder(options: ClaimOptions): Promise<Ownership | undefined> {
  const { dir, beside } = options;
  const path = join(dir, OWNER_SOCKET);
  if (await isListenedOn(path)) return undefined;
  const asking = new Set<Socket>();
  const server = createServer((socket) => {
    asking.add(socket);
    socket.once('close', () => asking.delete(socket));
    void attend(socket, options);
  });
  server.maxConnections = MAX_ASKING;
  try {
    // Bound beside and renamed: closing a server removes the path it was bound to, which here must not be another's.
    await listenOnPath(server, beside);
    const own = identityOf(await lstat(beside, { bigint: true }));
    await rename(beside, path);
    const ownership = {
      holds: async () => (await currentIdentity(path)) === own,
      async release() {
        const close = closeServer(server);
        for (const socket of asking) socket.destroy();
        if (await ownership.holds()) await rm(path, { force: true });
        await close;
      },
    };
    if (await ownership.holds()) return ownership;
    await ownership.release();
    return undefined;
  } catch (error) {
    await closeServer(server);
    await rm(beside, { force: true });
    throw error;
  }
}

/** How long an owner is waited for, and by whom. */
export interface AskOptions {
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
}

/**
 * Asks the owner of a folder a line, and returns the line that it answers; undefined when nobody owns the folder. Rejects
 * with DEADLINE_EXCEEDED or UNAVAILABLE when the owner doesn't answer.
 */
export async function askOwner(
  dir: string,
  line: string,
  { timeoutMs, signal }: AskOptions,
): Promise<string | undefined> {
  let socket: Socket | undefined;
  try {
    const owner = await connectTo(join(dir, OWNER_SOCKET));
    if (owner === undefined) return undefined;
    socket = owner;
    owner.write(`${line}\n`);
    return await runWithin(() => readLine(owner), {
      signal,
      ms: timeoutMs,
      after: nodeAfter,
      late: () =>
        new SchedulingError(
          'DEADLINE_EXCEEDED',
          `the process that owns ${dir} did not answer within ${timeoutMs} ms`,
        ),
    });
  } catch (error) {
    if (error instanceof SchedulingError || signal.aborted) throw error;
    throw new SchedulingError(
      'UNAVAILABLE',
      `the process that owns ${dir} gave no answer: ${reasonOf(error)}`,
      {
        cause: error,
      },
    );
  } finally {
    socket?.destroy();
  }
}

async function isListenedOn(path: string): Promise<boolean> {
  // Looked at first, in a thread of its own: connecting holds up the whole process while a disk hangs.
  if ((await currentIdentity(path)) === undefined) return false;
  const socket = await connectTo(path);
  socket?.destroy();
  return socket !== undefined;
}

/** Connects to a socket; undefined when nobody listens there. */
function connectTo(path: string): Promise<Socket | undefined> {
  checkLength(path);
  return new Promise((resolve, reject) => {
    const socket = connect(path, () => resolve(socket));
    socket.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'ECONNREFUSED' || error.code === 'ENOENT') resolve(undefined);
      else reject(error);
    });
  });
}

async function attend(socket: Socket, { answer, after }: ClaimOptions): Promise<void> {
  const cancel = after(COMMAND_TIMEOUT_MS, () => socket.destroy());
  socket.once('close', cancel);
  try {
    socket.end(`${await answer(await readLine(socket))}\n`);
  } catch {
    socket.destroy();
  }
}

/** Reads the first line that comes. Rejects when the other side ends before, or goes on for too long. */
function readLine(socket: Socket): Promise<string> {
  return new Promise((resolve, reject) => {
    let text = '';
    socket.setEncoding('utf8');
    socket.on('data', (chunk: string) => {
      text += chunk;
      const end = text.indexOf('\n');
      if (end >= 0) resolve(text.slice(0, end));
      else if (text.length > MAX_LINE_LENGTH) socket.destroy();
    });
    socket.on('error', reject);
    socket.once('close', () => reject(new Error('the other side ended without a line')));
  });
}

function listenOnPath(server: Server, path: string): Promise<void> {
  checkLength(path);
  return new Promise((resolve, reject) => {
    server.on('error', reject);
    server.listen(path, resolve);
  });
}

function closeServer(server: Server): Promise<void> {
  return new Promise((resolve) => server.close(() => resolve()));
}

function checkLength(path: string): void {
  const length = Buffer.byteLength(path);
  if (length <= MAX_SOCKET_PATH_BYTES) return;
  throw new SchedulingError(
    'INVALID_ARGUMENT',
    `state.dir: the path of the socket in it has ${length} bytes, at most ${MAX_SOCKET_PATH_BYTES} are possible; choose a shorter path, or one relative to the working directory`,
  );
}

/** Returns what tells one file from another, under whatever name. */
function identityOf({ dev, ino }: BigIntStats): string {
  return `${dev} ${ino}`;
}

async function currentIdentity(path: string): Promise<string | undefined> {
  try {
    return identityOf(await lstat(path, { bigint: true }));
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw error;
  }
}
