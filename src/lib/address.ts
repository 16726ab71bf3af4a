import { isIP } from 'node:net';

/** An address to listen on, or to call. */
export interface Address {
  readonly host: string;
  readonly port: number;
}

/** Reads `host:port` or `[ipv6]:port`; undefined when the text is neither. */
export function parseAddress(value: string): Address | undefined {
  const groups = /^(?:\[(?<ipv6>[^\]]+)\]|(?<host>[^:[\]\s]+)):(?<port>\d{1,5})$/.exec(value)?.groups;
  const host = groups?.['ipv6'] ?? groups?.['host'];
  const port = Number(groups?.['port']);
  if (host === undefined || port > 65_535) return undefined;
  if (groups?.['ipv6'] !== undefined && isIP(host) !== 6) return undefined;
  return { host, port };
}

/** Writes an address the way {@link parseAddress} reads one. */
export function formatAddress({ host, port }: Address): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}

const LOOPBACK = /^(?:localhost|127(?:\.\d{1,3}){3}|::1|\[::1\])$/i;

/** Reports whether a host, an IPv6 address with or without brackets, is one that nobody beyond this machine can reach. */
export function isLoopback(host: string): boolean {
  return LOOPBACK.test(host);
}
