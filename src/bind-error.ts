import { formatAddress, type Address } from './config-values.js';
import { SchedulingError } from './errors.js';

const REMEDIES: Readonly<Record<string, string>> = {
  EADDRINUSE: 'the port is in use; stop what listens there, or choose another port',
  EADDRNOTAVAIL: 'this machine has no such address; choose one that it has',
  EACCES: 'this port needs a privilege; choose one above 1023',
  ENOTFOUND: 'the name is unknown; choose another one, or an address',
};

/** The error for an address that can't be bound: UNAVAILABLE, in one line that says what to do. */
export function bindError(address: Address, error: NodeJS.ErrnoException): SchedulingError {
  const code = error.code ?? error.name;
  return new SchedulingError(
    'UNAVAILABLE',
    `cannot listen on ${formatAddress(address)}: ${REMEDIES[code] ?? error.message} (${code})`,
    { cause: error },
  );
}
