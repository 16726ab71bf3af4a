import type { BigIntStats } from 'node:fs';
import { lstat, rename, rm } from 'node:fs/promises';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { join } from 'node:path';
import { SchedulingError } from '../domain/errors.js';
import { MAX_SOCKET_PATH_BYTES } from '../lib/address.js';
import { runWithin } from '../lib/deadline.js';
import { reasonOf } from '../lib/text.js';
import { nodeAfter, type After } from '../lib/timers.js';

/** Name of the socket in a folder on which its owner listens. */
export const OWNER_SOCKET = 'owner.sock';

/** Longest command or answer, in characters, its end included: of the longest names of 1,000 units it takes an eighth. */
const MAX_LINE_LENGTH = 1024 * 1024;

/** Time limit of a command, in ms: a person waits for the answer. */
export const COMMAND_TIMEOUT_MS = 10_000;

/** Ownership of a folder, held by listening on the socket in it. It ends with the process, however that ends. */
export interface Ownership {
  /** Reports whether it still holds: of two processes that find a stale socket at once, the later one gets it. */
  readonly holds: () => Promise<boolean>;
  /** Gives the ownership up. */
  readonly release: () => Promise<void>;
}

/** Options of a claim. */
export interface ClaimOptions {
  readonly dir: string;
  /** Path of a new file in the folder. */
  readonly beside: string;
  /** Called with the line of another process. Resolves to the line of the answer. */
  readonly answer: (line: string) => Promise<string>;
  readonly after: After;
}

/**
 * Claims the ownership of a folder. Resolves to undefined if another process has it. Replaces a socket that refuses
 * connections, which a killed process left behind. Rejects with errors of the file system.
 */
export async function claimFolder(options: ClaimOptions): Promise<Ownership | undefined> {
  const { dir, beside } = options;
  const path = join(dir, OWNER_SOCKET);
  if (await isListenedOn(path)) return undefined;
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
    void answerSocket(socket, options);
  });
  try {
    // Bound beside and renamed, since closing a server removes the path it was bound to, whoever owns that now.
    await listenOnPath(server, beside);
    const own = identityOf(await lstat(beside, { bigint: true }));
    await rename(beside, path);
    const ownership = {
      holds: async () => (await currentIdentity(path)) === own,
      async release() {
        const close = closeServer(server);
        for (const socket of sockets) socket.destroy();
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

/** Limits of a command. */
export interface AskOptions {
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
}

/**
 * Sends a line to the owner of a folder. Resolves to the line of its answer, or to undefined if no process owns the folder.
 * Rejects with DEADLINE_EXCEEDED or UNAVAILABLE if the owner doesn't answer.
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

/** Reports whether a process listens on a socket of the file system. Rejects with errors of the file system. */
export async function isListenedOn(path: string): Promise<boolean> {
  // Stat first, in a thread of its own: connecting blocks the process while a disk hangs.
  if ((await currentIdentity(path)) === undefined) return false;
  const socket = await connectTo(path);
  socket?.destroy();
  return socket !== undefined;
}

/** Connects to a socket. Resolves to undefined if nothing listens there. */
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

async function answerSocket(socket: Socket, { answer, after }: ClaimOptions): Promise<void> {
  const cancel = after(COMMAND_TIMEOUT_MS, () => socket.destroy());
  socket.once('close', cancel);
  try {
    socket.end(`${await answer(await readLine(socket))}\n`);
  } catch {
    socket.destroy();
  }
}

/** Reads the first line. Rejects if the connection ends before, or the line is too long. */
function readLine(socket: Socket): Promise<string> {
  return new Promise((resolve, reject) => {
    let text = '';
    socket.setEncoding('utf8');
    socket.on('data', (chunk: string) => {
      text += chunk;
      const end = text.indexOf('\n');
      if (text.length > MAX_LINE_LENGTH) socket.destroy();
      else if (end >= 0) resolve(text.slice(0, end));
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

function identityOf({ dev, ino }: BigIntStats): string {
  return `${dev} ${ino}`;
}

async function currentIdentity(path: string): Promise<string | undefined> {
  const stats = await lstat(path, { bigint: true }).catch(absent);
  return stats && identityOf(stats);
}

/** Returns undefined for the error of a file that is not there. Throws any other error. */
export function absent(error: unknown): undefined {
  if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
  throw error;
}
