import type { Server } from 'node:http';
import { bindError } from '../bind-error.js';
import { formatAddress } from '../config-values.js';

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
    const onFailure = (error: NodeJS.ErrnoException) => reject(bindError({ host, port }, error));
    server.once('error', onFailure);
    server.listen({ host, port, backlog }, () => {
      server.off('error', onFailure);
      const bound = server.address();
      if (bound === null || typeof bound === 'string')
        throw new TypeError('a TCP server has an address and a port');
      resolve({ address: formatAddress({ host: bound.address, port: bound.port }), port: bound.port });
    });
  });
}
