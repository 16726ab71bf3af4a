import { z } from 'zod';
import { SchedulingError } from '../domain/errors.js';
import type { Log } from '../process/log.js';
import { EngineFailure } from './engine-failure.js';
import type { EngineHttp } from './engine-http.js';
import { isJson, type RefusalReader } from './engine-refusal.js';
import type { EngineUrls } from './engine-url.js';
import type { Redaction } from './redaction.js';
import type { Clock } from '../lib/timers.js';
import { waitFor } from '../lib/deadline.js';

/** Who reads the engine: by a token got with the password, which is the rule, or with the password in each request. */
export interface EngineCredentials {
  readonly kind: 'oauth' | 'basic';
  /** With the profile behind the last `@`: `admin@internal`. */
  readonly username: string;
  readonly password: string;
}

/** How long no login is tried after the engine refused one: doubled from `first` to `longest`, in ms. */
export interface LoginPause {
  readonly first: number;
  readonly longest: number;
}

/** Engines lock an account after a handful of refused logins, so a wrong password must not be tried at every refresh. */
export const LOGIN_PAUSE: LoginPause = { first: 60_000, longest: 3_600_000 };

/** What a request carries to be let in. */
export interface Authorization {
  readonly header: string;
}

/** Logs in when needed, and lets every request share the one login. */
export interface EngineSession {
  /** Logs in first if need be; concurrent callers share one login. Rejects with an EngineFailure. */
  readonly authorize: (signal: AbortSignal) => Promise<Authorization>;
  /** Takes note that the engine refused it with 401. Answers with why that is final; undefined: try once more. */
  readonly refused: (authorization: Authorization) => EngineFailure | undefined;
  /** Takes note that the engine took it. */
  readonly accepted: () => void;
  /** Revokes the token, within the time of `revokeTimeout`; never rejects. */
  readonly close: () => Promise<void>;
}

/** What a session is made of. */
export interface EngineSessionOptions {
  readonly credentials: EngineCredentials;
  readonly urls: EngineUrls;
  readonly http: EngineHttp;
  readonly refusals: RefusalReader;
  readonly redaction: Redaction;
  readonly loginPause: LoginPause;
  /** How long close() waits for the engine to revoke the token, in ms. */
  readonly revokeTimeout: number;
  readonly clock: Clock;
  readonly log: Log;
}

/** Longest answer of the SSO that is read, in bytes. */
const MAX_TOKEN_BYTES = 64 * 1024;

const TOKEN = z.object({ access_token: z.string().min(1) });

/** Opens a session. Nothing is sent before the first request needs it; `exp` is ignored, since the engine ignores it. */
export function createEngineSession(options: EngineSessionOptions): EngineSession {
  const { credentials, urls, http, refusals, redaction, loginPause, revokeTimeout, clock, log } = options;
  const { username, password } = credentials;
  const closing = new AbortController();
  const basic: Authorization = {
    header: `Basic ${Buffer.from(`${username}:${password}`, 'utf8').toString('base64')}`,
  };
  let bearer: (Authorization & { readonly token: string }) | undefined;
  let flight: Promise<Authorization> | undefined;
  let pause: { readonly failure: EngineFailure; readonly since: number; readonly length: number } | undefined;
  redaction.hide(password);
  redaction.hide(`${username}:${password}`);

  async function logIn(): Promise<Authorization> {
    const form = { grant_type: 'password', scope: 'ovirt-app-api', username, password };
    try {
      const answer = await http.send({ method: 'POST', url: urls.token, form }, closing.signal);
      if (answer.status !== 200) {
        const { failure, login } = await refusals.ofSso(answer, username);
        if (login) startPause(failure);
        throw failure;
      }
      if (!isJson(answer)) throw refusals.ofContentType(answer, `login at ${urls.token}`);
      const token = tokenOf(await answer.text(MAX_TOKEN_BYTES));
      redaction.hide(token);
      pause = undefined;
      bearer = { header: `Bearer ${token}`, token };
      return bearer;
    } catch (thrown) {
      // A login is no idempotent request: it is sent again within one call only if the engine never saw it.
      if (thrown instanceof EngineFailure && thrown.transient && !thrown.unsent) {
        throw new EngineFailure(thrown.message, { transient: false });
      }
      throw thrown;
    }
  }

  function tokenOf(text: string): string {
    try {
      return TOKEN.parse(JSON.parse(text)).access_token;
    } catch {
      // The text is not quoted: it may hold the token.
      throw new EngineFailure(`login at ${urls.token}: the answer has no access_token`, { transient: false });
    }
  }

  function startPause(failure: EngineFailure): void {
    // Requests that were under way together are one refusal.
    if (pauseLeft() > 0) return;
    const length = Math.min(loginPause.longest, pause === undefined ? loginPause.first : pause.length * 2);
    pause = { failure, since: clock.now(), length };
    log.warn('engine login refused', { username, nextTryMs: length });
  }

  function pauseLeft(): number {
    if (pause === undefined) return 0;
    const passed = clock.now() - pause.since;
    // A clock that was set back must not prolong a pause.
    return passed < 0 ? 0 : Math.max(0, pause.length - passed);
  }

  function checkPause(): void {
    const left = pauseLeft();
    if (pause === undefined || left === 0) return;
    throw new EngineFailure(
      `${pause.failure.message} (not tried again for ${Math.ceil(left / 1000)} s, lest the engine locks the account)`,
      { transient: false },
    );
  }

  async function authorize(signal: AbortSignal): Promise<Authorization> {
    if (closing.signal.aborted) throw SchedulingError.from(closing.signal.reason);
    if (bearer !== undefined) return bearer;
    if (flight === undefined) {
      checkPause();
      if (credentials.kind === 'basic') return basic;
      flight = logIn().finally(() => {
        flight = undefined;
      });
    }
    return waitFor(flight, signal);
  }

  return {
    authorize,
    refused(authorization) {
      if (credentials.kind === 'basic') {
        const failure = new EngineFailure(
          `the engine at ${urls.root} refuses user ${JSON.stringify(username)} and its password (401); check the ` +
            `password, and the profile after the last @ of the user name; an engine with Keycloak takes oauth only`,
          { transient: false },
        );
        startPause(failure);
        return failure;
      }
      // Another request may have renewed it meanwhile.
      if (bearer === authorization) {
        redaction.forget(bearer.token);
        bearer = undefined;
      }
      return undefined;
    },
    accepted() {
      pause = undefined;
    },
    async close() {
      closing.abort(new SchedulingError('CANCELLED', 'the session with the engine is closed'));
      const token = bearer?.token;
      bearer = undefined;
      if (token === undefined) return;
      try {
        const form = { scope: 'ovirt-app-api', token };
        const signal = AbortSignal.timeout(revokeTimeout);
        const answer = await http.send({ method: 'POST', url: urls.logout, form }, signal);
        answer.discard();
        if (answer.status !== 200) log.warn('engine token not revoked', { status: answer.status });
      } catch (thrown) {
        log.warn('engine token not revoked', { reason: SchedulingError.from(thrown).message });
      }
    },
  };
}
