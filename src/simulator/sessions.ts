import { randomBytes } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';

/** Who may log in, and for how long a session lives. */
export interface SessionsOptions {
  /** With its profile, such as `admin@internal`. */
  readonly username: string;
  readonly password: string;
  /** Milliseconds without a request after which a session is gone: 30 minutes on an engine (UserSessionTimeOutInterval). */
  readonly idleTimeout: number;
  readonly clock: { now(): number };
  /** How many sessions are kept at once; the one unused the longest makes room. Default {@link MAX_SESSIONS}. */
  readonly maxSessions?: number;
}

/** Whether a request may pass, and the cookie that it gets if so. */
export type Verdict = { readonly allowed: false } | { readonly allowed: true; readonly setCookie?: string };

/** Logins of the pretend engine. */
export interface Sessions {
  readonly accepts: (username: string, password: string) => boolean;
  /** Opens a session; gives its token. */
  readonly open: () => string;
  readonly close: (token: string) => void;
  /** What happens when an engine restarts: every session is gone. */
  readonly dropAll: () => void;
  /** How many are open. */
  readonly size: () => number;
  /** Looks at Authorization, Cookie and Prefer as the engine's filters do. */
  readonly admit: (headers: IncomingHttpHeaders) => Verdict;
}

/** How many sessions are kept at once unless told otherwise. */
export const MAX_SESSIONS = 1_000;

const COOKIE = 'JSESSIONID';

/** Starts without sessions. */
export function createSessions({
  username,
  password,
  idleTimeout,
  clock,
  maxSessions = MAX_SESSIONS,
}: SessionsOptions): Sessions {
  /** When each was last used, by token, the one unused the longest first. */
  const lastUsed = new Map<string, number>();

  const accepts = (user: string, secret: string) => user === username && secret === password;

  function open(): string {
    const [oldest] = lastUsed.keys();
    if (lastUsed.size >= maxSessions && oldest !== undefined) lastUsed.delete(oldest);
    const token = randomBytes(32).toString('base64url');
    lastUsed.set(token, clock.now());
    return token;
  }

  function use(token: string | undefined): boolean {
    const time = token === undefined ? undefined : lastUsed.get(token);
    if (token === undefined || time === undefined) return false;
    lastUsed.delete(token);
    if (clock.now() - time >= idleTimeout) return false;
    lastUsed.set(token, clock.now());
    return true;
  }

  return {
    accepts,
    open,
    close: (token) => void lastUsed.delete(token),
    dropAll: () => lastUsed.clear(),
    size: () => lastUsed.size,
    admit(headers) {
      const prefer = String(headers['prefer'] ?? '').toLowerCase();
      const persistent = prefer.includes('persistent-auth');
      const cookie = new RegExp(`(?:^|;\\s*)${COOKIE}=([^;]+)`).exec(headers.cookie ?? '')?.[1];
      if (cookie !== undefined && !prefer.includes('new-auth')) {
        if (persistent && use(cookie)) return { allowed: true };
        // A request that doesn't ask for a lasting session ends the one that it carries.
        if (!persistent) lastUsed.delete(cookie);
      }
      const bearer = /^Bearer (\S+)$/i.exec(headers.authorization ?? '')?.[1];
      if (bearer !== undefined) return { allowed: use(bearer) };
      const credentials = basicCredentials(headers.authorization);
      if (credentials === undefined || !accepts(...credentials)) return { allowed: false };
      if (!persistent) return { allowed: true };
      return { allowed: true, setCookie: `${COOKIE}=${open()}; path=/ovirt-engine/api; HttpOnly` };
    },
  };
}

/** User name and password of a Basic Authorization header. */
export function basicCredentials(authorization: string | undefined): readonly [string, string] | undefined {
  const encoded = /^Basic (\S+)$/i.exec(authorization ?? '')?.[1];
  if (encoded === undefined) return undefined;
  const text = Buffer.from(encoded, 'base64').toString('utf8');
  const colon = text.indexOf(':');
  return colon < 0 ? undefined : [text.slice(0, colon), text.slice(colon + 1)];
}
