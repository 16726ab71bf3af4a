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

/** Path of a socket of the file system to listen on. */
export interface SocketPath {
  readonly path: string;
}

/** Longest path of a socket, in bytes. Linux takes 107 and macOS 103; Node before 22 silently truncates a longer one. */
export const MAX_SOCKET_PATH_BYTES = 103;

/** Parses what {@link parseAddress} parses, or `unix:PATH` as gRPC writes it. Returns undefined for any other text. */
export function parseListenAddress(value: string): Address | SocketPath | undefined {
  const path = /^unix:(?:\/\/(?=\/))?(.+)$/.exec(value)?.[1];
  if (path === undefined) return parseAddress(value);
  return Buffer.byteLength(path) > MAX_SOCKET_PATH_BYTES ? undefined : { path };
}

/** Formats an address the way {@link parseListenAddress} parses one. */
export function formatAddress(address: Address | SocketPath): string {
  if ('path' in address) return `unix:${address.path}`;
  const { host, port } = address;
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}

/** An IPv4 address may come as one of IPv6, as peers do where both families are listened to. */
const LOOPBACK = /^(?:localhost|(?:::ffff:)?127(?:\.\d{1,3}){3}|::1|\[::1\])$/i;

/** Reports whether only this machine can reach the host. An IPv6 address may have brackets. */
export function isLoopback(host: string): boolean {
  return LOOPBACK.test(host);
}
