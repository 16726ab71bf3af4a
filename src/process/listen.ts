import type { Server } from 'node:net';
import { SchedulingError } from '../domain/errors.js';
import { formatAddress, type Address } from '../lib/address.js';

/** Address that a server is bound to. */
export interface Listening {
  /** `host:port`, an IPv6 host in brackets. */
  readonly address: string;
  readonly port: number;
}

/** Binds a TCP or HTTP server. Rejects with UNAVAILABLE, naming the remedy, if the address can't be bound. */
export function listenOn(
  server: Server,
  address: Address & { readonly backlog?: number },
): Promise<Listening> {
  return new Promise((resolve, reject) => {
    const onFailure = (error: NodeJS.ErrnoException) => reject(bindError(address, error));
    server.once('error', onFailure);
    server.listen({ ...address }, () => {
      server.off('error', onFailure);
      const bound = server.address();
      if (bound === null || typeof bound === 'string')
        throw new TypeError('a TCP server has an address and a port');
      resolve({ address: formatAddress({ host: bound.address, port: bound.port }), port: bound.port });
    });
  });
}

const REMEDIES: Readonly<Record<string, string>> = {
  EADDRINUSE: 'the port is in use; stop what listens there, or choose another port',
  EADDRNOTAVAIL: 'this machine has no such address; choose one that it has',
  EACCES: 'this port needs a privilege; choose one above 1023',
  ENOTFOUND: 'the name is unknown; choose another one, or an address',
};

function bindError(address: Address, error: NodeJS.ErrnoException): SchedulingError {
  const code = error.code ?? error.name;
  return new SchedulingError(
    'UNAVAILABLE',
    `cannot listen on ${formatAddress(address)}: ${REMEDIES[code] ?? error.message} (${code})`,
    { cause: error },
  );
}
