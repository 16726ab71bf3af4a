import { isIP } from 'node:net';

/** An address to listen on, or to call. */
export interface Address {
  readonly host: string;
  readonly port: number;
}

/** Parses `host:port` or `[ipv6]:port`. Returns undefined for any other text. */
export function parseAddress(value: string): Address | undefined {
  const groups = /^(?:\[(?<ipv6>[^\]]+)\]|(?<host>[^:[\]\s]+)):(?<port>\d{1,5})$/.exec(value)?.groups;
  const host = groups?.['ipv6'] ?? groups?.['host'];
  const port = Number(groups?.['port']);
  if (host === undefined || port > 65_535) return undefined;
  if (groups?.['ipv6'] !== undefined && isIP(host) !== 6) return undefined;
  return { host, port };
}

/** Formats an address the way {@link parseAddress} parses one. */
export function formatAddress({ host, port }: Address): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}

const LOOPBACK = /^(?:localhost|127(?:\.\d{1,3}){3}|::1|\[::1\])$/i;

/** Reports whether only this machine can reach the host. An IPv6 address may have brackets. */
export function isLoopback(host: string): boolean {
  return LOOPBACK.test(host);
}
