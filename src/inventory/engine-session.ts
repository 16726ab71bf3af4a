import { z } from 'zod';
import type { EngineSettings } from '../config/sections.js';
import { SchedulingError } from '../domain/errors.js';
import { runWithin, waitFor } from '../lib/deadline.js';
import { reasonOf } from '../lib/text.js';
import type { After, Clock } from '../lib/timers.js';
import type { Log } from '../process/log.js';
import { EngineFailure, lasting, passing } from './engine-failure.js';
import type { EngineHttp } from './engine-http.js';
import { isJson, type RefusalReader } from './engine-refusal.js';
import type { EngineUrls } from './engine-url.js';

/** Pause after a refused login, in ms. It doubles from `first` to `longest`. */
export const LOGIN_PAUSE = {
  /** Long, since engines lock an account after a handful of refused logins. */
  first: 60_000,
  /** Short enough for a corrected password to work within the hour. */
  longest: 3_600_000,
};

/** Timeout of revoking the token at the end of the process, in ms; it expires by itself, too. */
export const REVOKE_TIMEOUT = 2_000;

/** Account that reads the engine: by a token (`oauth`, the rule), or with the password in each request (`basic`). */
export type EngineAccount = Pick<EngineSettings, 'auth'> & {
  /** Name and profile, such as `admin@internal`. */
  readonly username: string;
  /** Called before each login. What it throws says in its message why there is no password. */
  readonly password: () => string;
};

/** Session with an engine, whose requests share one login. */
export interface EngineSession {
  /** Returns the Authorization header, after a login if there is no token. Rejects with an EngineFailure. */
  readonly authorize: (signal: AbortSignal) => Promise<string>;
  /** Reports that the engine refused a header with 401. Returns the failure if it is final, undefined to try once more. */
  readonly refused: (authorization: string) => EngineFailure | undefined;
  /** Reports that the engine accepted a header. */
  readonly accepted: (authorization: string) => void;
  /**
   * Reports that a request failed, or was refused as malformed. A token that the engine never accepted may be the cause, such
   * as one that is too long for a proxy, and is dropped: the next request logs in.
   */
  readonly failed: (authorization: string) => void;
  /** Revokes the token, within {@link REVOKE_TIMEOUT}. Never rejects. */
  readonly close: () => Promise<void>;
}

/** Options of a session. */
export interface EngineSessionOptions {
  readonly account: EngineAccount;
  readonly urls: EngineUrls;
  readonly http: EngineHttp;
  readonly refusals: RefusalReader;
  readonly pauses: LoginPauses;
  readonly clock: Clock;
  readonly after: After;
  readonly log: Log;
}

/** Longest answer to a login, in bytes. */
const MAX_TOKEN_BYTES = 64 * 1024;

/** Longest token, in characters. The web server in front of an engine takes headers of 8,190 bytes. */
export const MAX_TOKEN_LENGTH = 8_000;

const TOKEN = z.object({ access_token: z.string().min(1) });

/** Most tokens hidden in the engine's words: more than are dropped while one answer is read. */
const MAX_HIDDEN_TOKENS = 8;

/** Characters of a token: what a header can hold, without spaces. */
const VISIBLE_ASCII = /^[\x21-\x7e]+$/;

/** Time in which a refused password is not tried again; another one is tried at once. */
export interface LoginPause {
  readonly failure: EngineFailure;
  readonly since: number;
  readonly length: number;
}

/** Pauses after refused logins, by engine, user and password. They outlast the sessions. */
export type LoginPauses = Map<string, LoginPause>;

/** Creates a session that logs in for the first request. It ignores `exp` of a token, since the engine does. */
export function createEngineSession(options: EngineSessionOptions): EngineSession {
  const { urls, http, refusals, pauses, clock, after, log } = options;
  const { auth, username } = options.account;
  const closing = new AbortController();
  /** The password of the last login, and the header that it makes. */
  let last = { password: '', basic: '' };
  let token: string | undefined;
  let isTried = false;
  const hidden: string[] = [];
  let login: Promise<string> | undefined;
  const keyOf = (password: string) => JSON.stringify([urls.token, username, password]);

  /** Reads the password, which may have been changed. */
  function readPassword(): void {
    let password: string;
    try {
      password = options.account.password();
    } catch (error) {
      throw passing(reasonOf(error));
    }
    if (password === last.password) return;
    const pair = `${username}:${password}`;
    refusals.hide(password);
    refusals.hide(pair);
    last = { password, basic: `Basic ${Buffer.from(pair, 'utf8').toString('base64')}` };
  }

  async function logIn(password: string): Promise<string> {
    const form = { grant_type: 'password', scope: 'ovirt-app-api', username, password };
    try {
      const answer = await http.send({ method: 'POST', url: urls.token, form }, closing.signal);
      if (answer.status !== 200) {
        const { failure, isLogin } = await refusals.ofSso(answer, username);
        if (isLogin) startPause(failure, password);
        throw failure;
      }
      if (!isJson(answer)) throw refusals.ofContentType(answer, `login at ${urls.token}`);
      token = tokenOf(await answer.text(MAX_TOKEN_BYTES));
      isTried = false;
      hide(token);
      pauses.delete(keyOf(password));
      return bearer(token);
    } catch (thrown) {
      // A login is not idempotent: it is retried only if the engine never saw it.
      if (thrown instanceof EngineFailure && thrown.transient && !thrown.unsent) {
        throw lasting(thrown.message);
      }
      throw thrown;
    }
  }

  function tokenOf(text: string): string {
    // The text is not quoted: it may hold the token.
    const unusable = (problem: string) => lasting(`login at ${urls.token}: ${problem}`);
    let given: string;
    try {
      given = TOKEN.parse(JSON.parse(text)).access_token;
    } catch {
      throw unusable('the answer has no access_token');
    }
    if (given.length > MAX_TOKEN_LENGTH) {
      throw unusable(
        `the access_token has ${given.length} characters, and at most ${MAX_TOKEN_LENGTH} fit into a header; give the account fewer roles or groups`,
      );
    }
    if (!VISIBLE_ASCII.test(given)) {
      throw unusable('the access_token has characters that no header can hold; is a proxy in between?');
    }
    return given;
  }

  /** Drops the token of a header, unless another request has renewed it meanwhile. */
  function drop(authorization: string): void {
    if (token === undefined || bearer(token) !== authorization) return;
    token = undefined;
  }

  /** Hides a token in the engine's words, and a few before it, which answers under way may still echo. */
  function hide(secret: string): void {
    refusals.hide(secret);
    hidden.push(secret);
    const [oldest = ''] = hidden.splice(0, hidden.length - MAX_HIDDEN_TOKENS);
    if (!hidden.includes(oldest)) refusals.forget(oldest);
  }

  function startPause(failure: EngineFailure, password: string): void {
    // Requests in parallel are refused together, which counts once.
    if (pauseLeft(password) > 0) return;
    const before = pauses.get(keyOf(password));
    const length =
      before === undefined ? LOGIN_PAUSE.first : Math.min(LOGIN_PAUSE.longest, before.length * 2);
    pauses.set(keyOf(password), { failure, since: clock.now(), length });
    log.warn('engine login refused', { username, nextTryMs: length }, '');
  }

  function pauseLeft(password: string): number {
    const pause = pauses.get(keyOf(password));
    if (pause === undefined) return 0;
    const passed = clock.now() - pause.since;
    // A clock that was set back must not prolong a pause.
    return passed < 0 ? 0 : Math.max(0, pause.length - passed);
  }

  function checkPause(): void {
    const pause = pauses.get(keyOf(last.password));
    const left = pauseLeft(last.password);
    if (pause === undefined || left === 0) return;
    throw lasting(
      `${pause.failure.message} (not tried again for ${Math.ceil(left / 1000)} s, lest the engine locks the account)`,
    );
  }

  async function authorize(signal: AbortSignal): Promise<string> {
    if (closing.signal.aborted) throw SchedulingError.from(closing.signal.reason);
    if (token !== undefined) return bearer(token);
    if (login === undefined) {
      readPassword();
      checkPause();
      if (auth === 'basic') return last.basic;
      login = logIn(last.password).finally(() => {
        login = undefined;
      });
    }
    return waitFor(login, signal);
  }

  return {
    authorize,
    refused(authorization) {
      if (auth === 'basic') {
        // The password was changed meanwhile.
        if (authorization !== last.basic) return undefined;
        const failure = lasting(
          `the engine at ${urls.root} refuses user ${JSON.stringify(username)} and its password (401); check the ` +
            `password, and the profile after the last @ of the user name; an engine with Keycloak takes oauth only`,
        );
        startPause(failure, last.password);
        return failure;
      }
      drop(authorization);
      return undefined;
    },
    accepted(authorization) {
      pauses.delete(keyOf(last.password));
      if (token !== undefined && bearer(token) === authorization) isTried = true;
    },
    failed(authorization) {
      if (!isTried) drop(authorization);
    },
    async close() {
      closing.abort(new SchedulingError('CANCELLED', 'the session with the engine is closed'));
      if (token === undefined) return;
      const form = { scope: 'ovirt-app-api', token };
      token = undefined;
      try {
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

const bearer = (token: string) => `Bearer ${token}`;

function revokedTooLate(): SchedulingError {
  return new SchedulingError('DEADLINE_EXCEEDED', `the engine did not answer within ${REVOKE_TIMEOUT} ms`);
}
