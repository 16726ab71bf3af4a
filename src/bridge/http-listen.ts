import type { Server } from 'node:http';
import { isIPv6, type AddressInfo } from 'node:net';
import { SchedulingError } from '../errors.js';

/** What a server listens on. */
export interface Listening {
  /** The address really bound, as `host:port`; an IPv6 host stands in brackets. */
  readonly address: string;
  readonly port: number;
}

/** Makes a server listen. Rejects with UNAVAILABLE, in one line, when the address can't be bound. */
export function listenOn(
  server: Server,
  { host, port, backlog }: { readonly host: string; readonly port: number; readonly backlog: number },
): Promise<Listening> {
  return new Promise((resolve, reject) => {
    const onFailure = (error: NodeJS.ErrnoException) => reject(cannotListen(host, port, error));
    server.once('error', onFailure);
    server.listen({ host, port, backlog }, () => {
      server.off('error', onFailure);
      const bound = server.address();
      if (bound === null || typeof bound === 'string')
        throw new TypeError('a TCP server has an address and a port');
      resolve({ address: hostAndPort(bound), port: bound.port });
    });
  });
}

function hostAndPort({ address, port }: Pick<AddressInfo, 'address' | 'port'>): string {
  return isIPv6(address) ? `[${address}]:${port}` : `${address}:${port}`;
}

const REMEDIES: Readonly<Record<string, string>> = {
  EADDRINUSE: 'the port is in use; stop what listens there, or choose another port',
  EADDRNOTAVAIL: 'this machine has no such address; choose one that it has',
  EACCES: 'this port needs a privilege; choose one above 1023',
  ENOTFOUND: 'the name is unknown; choose another one, or an address',
};

function cannotListen(host: string, port: number, error: NodeJS.ErrnoException): SchedulingError {
  const code = error.code ?? error.name;
  return new SchedulingError(
    'UNAVAILABLE',
    `cannot listen on ${hostAndPort({ address: host, port })}: ${REMEDIES[code] ?? error.message} (${code})`,
    { cause: error },
  );
}
