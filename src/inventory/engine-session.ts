import { z } from 'zod';
import type { EngineSettings } from '../config/sections.js';
import { SchedulingError } from '../domain/errors.js';
import { runWithin, waitFor } from '../lib/deadline.js';
import type { After, Clock } from '../lib/timers.js';
import type { Log } from '../process/log.js';
import { EngineFailure, lasting } from './engine-failure.js';
import type { EngineHttp } from './engine-http.js';
import { isJson, type RefusalReader } from './engine-refusal.js';
import type { EngineUrls } from './engine-url.js';

/** How no login is tried after the engine refused one: a pause that doubles from `first` to `longest`, in milliseconds. */
export const LOGIN_PAUSE = {
  /** Engines lock an account after a handful of refused logins, so a wrong password must not be tried at every reading. */
  first: 60_000,
  /** So that a password that was mended in the engine works again within the hour. */
  longest: 3_600_000,
};

/** How long the engine may take to revoke the token at the end of the process: milliseconds. It expires by itself, too. */
export const REVOKE_TIMEOUT = 2_000;

/** Who reads the engine: by a token got with the password, which is the rule, or with the password in each request. */
export type EngineAccount = Pick<EngineSettings, 'auth'> & {
  /** With the profile behind the last `@`: `admin@internal`. */
  readonly username: string;
  readonly password: string;
};

/** The header with which a request is let in. */
export interface Authorization {
  readonly header: string;
}

/** Logs in when needed, and lets every request share the one login. */
export interface EngineSession {
  /** Logs in first if need be; concurrent callers share one login. Rejects with an EngineFailure. */
  readonly authorize: (signal: AbortSignal) => Promise<Authorization>;
  /** Takes note that the engine refused it with 401. Returns why that is final; undefined: try once more. */
  readonly refused: (authorization: Authorization) => EngineFailure | undefined;
  /** Takes note that the engine took it. */
  readonly accepted: () => void;
  /** Revokes the token, within {@link REVOKE_TIMEOUT}; never rejects. */
  readonly close: () => Promise<void>;
}

/** What a session is made of. */
export interface EngineSessionOptions {
  readonly account: EngineAccount;
  readonly urls: EngineUrls;
  readonly http: EngineHttp;
  readonly refusals: RefusalReader;
  readonly clock: Clock;
  readonly after: After;
  readonly log: Log;
}

/** Longest answer of the SSO that is read, in bytes. */
const MAX_TOKEN_BYTES = 64 * 1024;

const TOKEN = z.object({ access_token: z.string().min(1) });

/** Opens a session. Nothing is sent before the first request needs it; `exp` is ignored, since the engine ignores it. */
export function createEngineSession(options: EngineSessionOptions): EngineSession {
  const { urls, http, refusals, clock, after, log } = options;
  const { auth, username, password } = options.account;
  const closing = new AbortController();
  const basic: Authorization = {
    header: `Basic ${Buffer.from(`${username}:${password}`, 'utf8').toString('base64')}`,
  };
  let bearer: (Authorization & { readonly token: string }) | undefined;
  let flight: Promise<Authorization> | undefined;
  let pause: { readonly failure: EngineFailure; readonly since: number; readonly length: number } | undefined;
  refusals.hide(password);
  refusals.hide(`${username}:${password}`);

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
      refusals.hide(token);
      pause = undefined;
      bearer = { header: `Bearer ${token}`, token };
      return bearer;
    } catch (thrown) {
      // A login is no idempotent request: it is sent again within one call only if the engine never saw it.
      if (thrown instanceof EngineFailure && thrown.transient && !thrown.unsent) {
        throw lasting(thrown.message);
      }
      throw thrown;
    }
  }

  function tokenOf(text: string): string {
    try {
      return TOKEN.parse(JSON.parse(text)).access_token;
    } catch {
      // The text is not quoted: it may hold the token.
      throw lasting(`login at ${urls.token}: the answer has no access_token`);
    }
  }

  function startPause(failure: EngineFailure): void {
    // Requests that were under way together are one refusal.
    if (pauseLeft() > 0) return;
    const length = pause === undefined ? LOGIN_PAUSE.first : Math.min(LOGIN_PAUSE.longest, pause.length * 2);
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
    throw lasting(
      `${pause.failure.message} (not tried again for ${Math.ceil(left / 1000)} s, lest the engine locks the account)`,
    );
  }

  async function authorize(signal: AbortSignal): Promise<Authorization> {
    if (closing.signal.aborted) throw SchedulingError.from(closing.signal.reason);
    if (bearer !== undefined) return bearer;
    if (flight === undefined) {
      checkPause();
      if (auth === 'basic') return basic;
      flight = logIn().finally(() => {
        flight = undefined;
      });
    }
    return waitFor(flight, signal);
  }

  return {
    authorize,
    refused(authorization) {
      if (auth === 'basic') {
        const failure = lasting(
          `the engine at ${urls.root} refuses user ${JSON.stringify(username)} and its password (401); check the ` +
            `password, and the profile after the last @ of the user name; an engine with Keycloak takes oauth only`,
        );
        startPause(failure);
        return failure;
      }
      // Another request may have renewed it meanwhile.
      if (bearer === authorization) {
        refusals.forget(bearer.token);
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
        const answer = await runWithin(
          (signal) => http.send({ method: 'POST', url: urls.logout, form }, signal),
          { signal: new AbortController().signal, ms: REVOKE_TIMEOUT, after, late: revokedTooLate },
        );
        answer.discard();
        if (answer.status !== 200) log.warn('engine token not revoked', { status: answer.status });
      } catch (thrown) {
        log.warn('engine token not revoked', { reason: SchedulingError.from(thrown).message });
      }
    },
  };
}

function revokedTooLate(): SchedulingError {
  return new SchedulingError('DEADLINE_EXCEEDED', `the engine did not answer within ${REVOKE_TIMEOUT} ms`);
}
