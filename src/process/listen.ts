import { lstat, rm } from 'node:fs/promises';
import type { Server } from 'node:net';
import { SchedulingError } from '../domain/errors.js';
import { formatAddress, type Address, type SocketPath } from '../lib/address.js';
import { absent, isListenedOn } from './owner-socket.js';

/** Address that a server is bound to. */
export interface Listening {
  /** `host:port`, an IPv6 host in brackets; or `unix:PATH`. */
  readonly address: string;
  /** 0 for a socket of the file system. */
  readonly port: number;
}

/** Bits that a socket of the file system is made without: its user and group may connect, nobody else. */
const SOCKET_UMASK = 0o117;

/**
 * Binds a server. A socket of the file system replaces one that a killed process left. Rejects with UNAVAILABLE, naming the
 * remedy, if the address can't be bound.
 */
export async function listenOn(
  server: Server,
  address: (Address & { readonly backlog?: number }) | SocketPath,
): Promise<Listening> {
  if ('path' in address) await removeStale(address);
  return new Promise((resolve, reject) => {
    const onFailure = (error: NodeJS.ErrnoException) => reject(bindError(address, error));
    server.once('error', onFailure);
    const onListening = () => {
      server.off('error', onFailure);
      const bound = server.address();
      if (bound === null || typeof bound === 'string') resolve({ address: formatAddress(address), port: 0 });
      else resolve({ address: formatAddress({ host: bound.address, port: bound.port }), port: bound.port });
    };
    // Binds at once, so that the socket never has another mode.
    const umask = 'path' in address ? process.umask(SOCKET_UMASK) : undefined;
    server.listen({ ...address }, onListening);
    if (umask !== undefined) process.umask(umask);
  });
}

/** Removes the socket of a process that is gone. */
async function removeStale(address: SocketPath): Promise<void> {
  const { path } = address;
  try {
    if ((await lstat(path).catch(absent))?.isSocket() !== true || (await isListenedOn(path))) return;
    await rm(path, { force: true });
  } catch (error) {
    throw error instanceof Error ? bindError(address, error) : error;
  }
}

const REMEDIES: Readonly<Record<string, string>> = {
  EADDRINUSE: 'the port is in use; stop what listens there, or choose another port',
  EADDRNOTAVAIL: 'this machine has no such address; choose one that it has',
  EACCES: 'this port needs a privilege; choose one above 1023',
  ENOTFOUND: 'the name is unknown; choose another one, or an address',
};

const PATH_REMEDIES: Readonly<Record<string, string>> = {
  EADDRINUSE: 'a process listens there, or it is no socket; stop that process, or choose another path',
  EACCES: 'the folder is missing, or this user may not write there; make it, or choose another one',
};

function bindError(address: Address | SocketPath, error: NodeJS.ErrnoException): SchedulingError {
  const code = error.code ?? error.name;
  const remedies = 'path' in address ? PATH_REMEDIES : REMEDIES;
  return new SchedulingError(
    'UNAVAILABLE',
    `cannot listen on ${formatAddress(address)}: ${remedies[code] ?? error.message} (${code})`,
    { cause: error },
  );
}
