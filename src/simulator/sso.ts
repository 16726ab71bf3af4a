import { randomBytes } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import { createLru } from '../lib/lru.js';
import type { Clock } from '../lib/timers.js';
import { jsonTextAnswer, mediaTypeOf, type Answer, type Ask } from './answer.js';

/** Account that may log in, and the lifetime of a session. */
export interface SessionsOptions {
  /** With its profile, such as `admin@internal`. */
  readonly username: string;
  readonly password: string;
  /** Milliseconds without a request after which a session is gone; default 30 minutes, as on an engine. */
  readonly sessionIdleTimeout?: number;
  readonly clock: Clock;
}

/** Verdict on a request, and the cookie that it gets if it may pass. */
export type Verdict = { readonly allowed: false } | { readonly allowed: true; readonly setCookie?: string };

/** Logins of the pretend engine. */
export interface Sessions {
  readonly accepts: (username: string, password: string) => boolean;
  /** Changes the password of the account. Sessions that are open go on. */
  readonly changePassword: (password: string) => void;
  /** Opens a session and returns its token. */
  readonly open: () => string;
  readonly close: (token: string) => void;
  /** Ends every session, as the restart of an engine does. */
  readonly dropAll: () => void;
  /** Returns how many are open. */
  readonly size: () => number;
  /** Looks at Authorization, Cookie and Prefer as the engine's filters do. */
  readonly admit: (headers: IncomingHttpHeaders) => Verdict;
}

/** Number of sessions kept at once, the one unused the longest making room: more than any test opens. */
export const MAX_SESSIONS = 1_000;

/** UserSessionTimeOutInterval of an engine: milliseconds. */
const SESSION_IDLE_TIMEOUT = 30 * 60_000;
const COOKIE = 'JSESSIONID';

/** Starts without sessions. */
export function createSessions(options: SessionsOptions): Sessions {
  const { username, sessionIdleTimeout = SESSION_IDLE_TIMEOUT, clock } = options;
  let { password } = options;
  let lastUsed = createLru<string, number>(MAX_SESSIONS);

  const accepts = (user: string, secret: string) => user === username && secret === password;

  function open(): string {
    const token = randomBytes(32).toString('base64url');
    lastUsed.set(token, clock.now());
    return token;
  }

  function use(token: string): boolean {
    const time = lastUsed.get(token);
    if (time === undefined) return false;
    const alive = clock.now() - time < sessionIdleTimeout;
    if (alive) lastUsed.set(token, clock.now());
    else lastUsed.delete(token);
    return alive;
  }

  return {
    accepts,
    changePassword: (next) => void (password = next),
    open,
    close: (token) => void lastUsed.delete(token),
    dropAll: () => void (lastUsed = createLru(MAX_SESSIONS)),
    size: () => lastUsed.size(),
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

/** Reads the user name and the password of a Basic Authorization header. */
function basicCredentials(authorization: string | undefined): readonly [string, string] | undefined {
  const encoded = /^Basic (\S+)$/i.exec(authorization ?? '')?.[1];
  if (encoded === undefined) return undefined;
  const text = Buffer.from(encoded, 'base64').toString('utf8');
  const colon = text.indexOf(':');
  return colon < 0 ? undefined : [text.slice(0, colon), text.slice(colon + 1)];
}

const API_SCOPE = 'ovirt-app-api';
const PASSWORD_GRANT = 'password';
const HTTP_GRANT = 'urn:ovirt:params:oauth:grant-type:http';
/** MAX_LOGIN_MINUTES of the stock profile: 7 days, in milliseconds. */
const LOGIN_LIMIT = 7 * 24 * 3_600_000;

/** Creates the engine's single sign-on: it gives tokens and takes them back. A failure is a 400, whatever failed. */
export function createSso(sessions: Sessions, clock: Clock) {
  return {
    /** POST /sso/oauth/token */
    token(ask: Ask): Answer {
      const refusal = formRefusal(ask);
      if (refusal !== undefined) return refusal;
      const form = new URLSearchParams(ask.body);
      const scope = form.get('scope')?.split(' ') ?? [];
      if (!scope.includes(API_SCOPE)) return failure('invalid_scope', `Missing scope ${API_SCOPE}`);
      const grant = form.get('grant_type');
      if (grant === null) return failure('invalid_request', "Missing parameter: 'grant_type'");
      if (grant !== PASSWORD_GRANT && grant !== HTTP_GRANT) {
        return failure('unsupported_grant_type', `Unsupported grant type ${grant}`);
      }
      const [username, password] =
        grant === HTTP_GRANT
          ? (basicCredentials(ask.headers.authorization) ?? ['', ''])
          : [form.get('username') ?? '', form.get('password') ?? ''];
      if (!username.includes('@')) {
        return failure('access_denied', 'Cannot authenticate user: No valid profile found in credentials.');
      }
      if (!sessions.accepts(username, password)) {
        const reason = 'Unable to log in. Verify your login information or contact the system administrator.';
        return failure('access_denied', `Cannot authenticate user '${username}': ${reason}`);
      }
      return ssoJson({
        access_token: sessions.open(),
        scope: `${API_SCOPE} ovirt-ext=token-info:authz-search`,
        exp: String(clock.now() + LOGIN_LIMIT),
        token_type: 'bearer',
      });
    },
    /** POST /services/sso-logout */
    logout(ask: Ask): Answer {
      const refusal = formRefusal(ask);
      if (refusal !== undefined) return refusal;
      const token = new URLSearchParams(ask.body).get('token');
      if (token === null) return failure('invalid_request', "Missing parameter: 'token'");
      sessions.close(token);
      return ssoJson({});
    },
  };
}

function formRefusal(ask: Ask): Answer | undefined {
  if (ask.method !== 'POST') return { status: 405, headers: { allow: 'POST' } };
  if (ask.headers.accept !== 'application/json') {
    return failure('invalid_request', "Missing parameter: 'Accept Header'");
  }
  if (mediaTypeOf(ask) === 'application/x-www-form-urlencoded') return undefined;
  return failure('invalid_request', "Missing parameter: 'grant_type'");
}

function failure(code: string, message: string): Answer {
  return ssoJson({ error_code: code, error: message }, 400);
}

/** The single sign-on writes its JSON in one line, unlike the REST API. */
function ssoJson(value: Readonly<Record<string, string>>, status = 200): Answer {
  return jsonTextAnswer(JSON.stringify(value), status);
}
