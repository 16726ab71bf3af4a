const LOOPBACK = /^(?:localhost|127(?:\.\d{1,3}){3}|::1|\[::1\])$/i;

/** Says whether a host, an IPv6 address with or without brackets, is one that nobody beyond this machine can reach. */
export function isLoopback(host: string): boolean {
  return LOOPBACK.test(host);
}
