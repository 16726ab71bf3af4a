import { setImmediate } from 'node:timers/promises';
import { createSecureContext } from 'node:tls';
import { X509Certificate } from 'node:crypto';
import pRetry from 'p-retry';
import { SchedulingError } from '../domain/errors.js';
import type { Log } from '../process/log.js';
import type { HostRecord } from '../domain/snapshot.js';
import { COLLECTION_LIMITS, createCollectionSplitter, type CollectionLimits } from './collection-stream.js';
import { EngineFailure } from './engine-failure.js';
import { createHostStatistics, STATISTICS_PAUSE } from './host-statistics.js';
import { createEngineHttp, ENGINE_TIMEOUTS, type EngineAnswer, type EngineTimeouts } from './engine-http.js';
import { parseHost, parseVm, type Parsed } from './engine-json.js';
import type { EngineVm } from './engine-vm.js';
import { createRefusalReader, isJson } from './engine-refusal.js';
import {
  createEngineSession,
  LOGIN_PAUSE,
  type EngineCredentials,
  type LoginPause,
} from './engine-session.js';
import { engineUrls } from './engine-url.js';
import { createRedaction } from './redaction.js';
import type { Clock } from '../lib/timers.js';

/** How GETs that failed in passing are sent again, with a pause that doubles from `firstPause` to `longestPause` ms. */
export interface EngineRetry {
  /** How often again; 0 for never. */
  readonly limit: number;
  readonly firstPause: number;
  readonly longestPause: number;
}

/** Few retries: a refresh that failed is tried again soon anyway. */
export const ENGINE_RETRY: EngineRetry = { limit: 2, firstPause: 250, longestPause: 5_000 };

/** How long close() waits for the engine to revoke the token, in ms. */
export const REVOKE_TIMEOUT = 2_000;

/** Which engine, as whom, and how patiently. What is left out has the default of the constants above. */
export interface EngineClientOptions {
  /** `https://HOST/ovirt-engine`, with or without `/api`. */
  readonly url: string;
  readonly credentials: EngineCredentials;
  /** PEM of the authorities to trust, instead of those that Node knows. */
  readonly ca?: string | undefined;
  /** Lets the password go over plain http to another machine. */
  readonly allowPlainHttp?: boolean;
  readonly timeouts?: Partial<EngineTimeouts>;
  readonly retry?: Partial<EngineRetry>;
  readonly limits?: Partial<CollectionLimits>;
  readonly loginPause?: Partial<LoginPause>;
  readonly revokeTimeout?: number;
  /** Whether hosts are listed with their statistics, which tell their free memory; true by default. */
  readonly hostStatistics?: boolean;
  /** How long they are listed without after the engine refused, in ms. */
  readonly statisticsPause?: number;
  readonly clock?: Clock;
  readonly log: Log;
}

/** Takes a listing, object by object. */
export interface ListingVisitor<Record> {
  /** Told the bytes of each object first; true when it knows what stands in them, and neither of the others is called. */
  readonly seen?: (bytes: Buffer) => boolean;
  readonly record: (record: Record) => void;
  /** An object that can't be used, and why, naming it and its field. */
  readonly odd: (reason: string) => void;
}

/** Begins a listing; called again, for a new visitor, when the listing is read again from its start. */
export type BeginListing<Record> = () => ListingVisitor<Record>;

/**
 * Reads an oVirt engine. Methods reject with UNAVAILABLE and words that say what to do, or with CANCELLED or
 * DEADLINE_EXCEEDED when the signal aborted; no error holds a secret.
 */
export interface EngineClient {
  /** Visits every host, in one request; in a second one, without their free memory, when the engine can't follow to it. */
  readonly listHosts: (begin: BeginListing<HostRecord>, signal: AbortSignal) => Promise<void>;
  /** Visits every VM that the engine has on a host, in one request. */
  readonly listRunningVms: (begin: BeginListing<EngineVm>, signal: AbortSignal) => Promise<void>;
  /**
   * Reads one VM, running or not; undefined when the engine has none of that id. A scheduling call waits for it, so it is
   * sent again once at most, and at once. `requestId` names that call in the log.
   */
  readonly getVm: (id: string, signal: AbortSignal, requestId?: string) => Promise<EngineVm | undefined>;
  /** Revokes the token, within a bounded time, and closes the connections. Never rejects. */
  readonly close: () => Promise<void>;
}

/** Pause before a lookup of one VM is sent again, in ms: what is wrong is mostly a kept connection that had died. */
const LOOKUP_PAUSE = 10;

const HOSTS = '/hosts';
/** The engine follows inside itself: one request, where asking each host for its statistics would be one a host. */
const HOSTS_WITH_STATISTICS = '/hosts?follow=statistics';
/** A constant text: the engine keeps every other one for ever (SearchQuery.queriesCache). */
const RUNNING_VMS = '/vms?search=on_host%3D*';

/** Longest stretch of work on a listing before other work gets its turn, in ms. */
const MAX_STRETCH = 5;

/** Makes a client; nothing is sent yet. Throws INVALID_ARGUMENT for a URL or certificate that can't be right. */
export function createEngineClient(options: EngineClientOptions): EngineClient {
  const { credentials, ca, log, clock = Date } = options;
  const urls = engineUrls(options);
  if (ca !== undefined) checkAuthority(ca);
  const retry = { ...ENGINE_RETRY, ...options.retry };
  const lookupRetry = {
    limit: Math.min(retry.limit, 1),
    firstPause: LOOKUP_PAUSE,
    longestPause: LOOKUP_PAUSE,
  };
  const limits = { ...COLLECTION_LIMITS, ...options.limits };
  const redaction = createRedaction();
  const refusals = createRefusalReader(urls, redaction);
  const http = createEngineHttp({ urls, timeouts: { ...ENGINE_TIMEOUTS, ...options.timeouts }, ca });
  const session = createEngineSession({
    credentials,
    urls,
    http,
    refusals,
    redaction,
    loginPause: { ...LOGIN_PAUSE, ...options.loginPause },
    revokeTimeout: options.revokeTimeout ?? REVOKE_TIMEOUT,
    clock,
    log,
  });

  const statistics = createHostStatistics({
    enabled: options.hostStatistics ?? true,
    pause: options.statisticsPause ?? STATISTICS_PAUSE,
    clock,
    log,
  });

  async function list<Record>(
    path: string,
    open: (signal: AbortSignal) => Promise<EngineAnswer>,
    key: string,
    parse: (object: unknown) => Parsed<Record>,
    begin: BeginListing<Record>,
    signal: AbortSignal,
  ): Promise<void> {
    await retried({ path }, signal, async () => {
      const answer = await open(signal);
      if (answer.status !== 200) throw await refusals.ofApi(answer, `GET ${urls.api}${path}`);
      const visitor = begin();
      const splitter = createCollectionSplitter({
        key,
        limits,
        oversized: visitor.odd,
        seen: visitor.seen,
        visit(object) {
          const { record, odd } = parse(object);
          if (odd === undefined) visitor.record(record);
          else visitor.odd(odd);
        },
      });
      let worked = performance.now();
      for await (const chunk of answer.body) {
        splitter.write(chunk);
        if (performance.now() - worked < MAX_STRETCH) continue;
        await setImmediate();
        worked = performance.now();
      }
      const { others } = splitter.end();
      for (let index = 0; index < others; index += 1) visitor.odd(`${key} that is no object`);
    });
  }

  async function openHosts(signal: AbortSignal): Promise<EngineAnswer> {
    if (!statistics.wanted()) return get(HOSTS, signal);
    const full = await get(HOSTS_WITH_STATISTICS, signal);
    if (!statistics.mayRefuse(full.status)) return full;
    full.discard();
    const plain = await get(HOSTS, signal);
    if (plain.status === 200) statistics.refused(full.status);
    return plain;
  }

  /** Sends a GET, and once more with a new token when the engine refuses the one it had. Never answers with 401. */
  async function get(path: string, signal: AbortSignal): Promise<EngineAnswer> {
    for (let renewed = false; ; renewed = true) {
      const authorization = await session.authorize(signal);
      const answer = await http.send(
        { method: 'GET', url: `${urls.api}${path}`, authorization: authorization.header },
        signal,
      );
      if (answer.status !== 401) {
        session.accepted();
        if (answer.status === 200 && !isJson(answer))
          throw refusals.ofContentType(answer, `GET ${urls.api}${path}`);
        return answer;
      }
      // The body is the container's error page.
      answer.discard();
      const failure = session.refused(authorization);
      if (failure !== undefined) throw failure;
      if (renewed) {
        throw new EngineFailure(
          `GET ${urls.api}${path}: the engine refuses a token that it has just given (401); may ` +
            `${JSON.stringify(credentials.username)} use the REST API, is a proxy in between?`,
          { transient: false },
        );
      }
    }
  }

  async function retried<Value>(
    what: { readonly path: string; readonly requestId?: string | undefined },
    signal: AbortSignal,
    attempt: () => Promise<Value>,
    patience: EngineRetry = retry,
  ): Promise<Value> {
    try {
      return await pRetry(attempt, {
        retries: patience.limit,
        minTimeout: patience.firstPause,
        maxTimeout: patience.longestPause,
        randomize: true,
        signal,
        shouldRetry: ({ error }) => error instanceof EngineFailure && error.transient,
        onFailedAttempt({ error, attemptNumber, retriesLeft }) {
          if (!(error instanceof EngineFailure) || !error.transient || retriesLeft === 0) return;
          log.info('engine request failed', { ...what, attempt: attemptNumber, reason: error.message });
        },
      });
    } catch (thrown) {
      throw signal.aborted ? SchedulingError.from(signal.reason) : SchedulingError.from(thrown);
    }
  }

  return {
    listHosts: (begin, signal) => list(HOSTS, openHosts, 'host', parseHost, begin, signal),
    listRunningVms: (begin, signal) =>
      list(RUNNING_VMS, (given) => get(RUNNING_VMS, given), 'vm', parseVm, begin, signal),
    getVm: (id, signal, requestId) => {
      const path = `/vms/${encodeURIComponent(id)}`;
      const what = `GET ${urls.api}${path}`;
      const attempt = async () => {
        const answer = await get(path, signal);
        if (answer.status === 404) {
          // An unknown id has an empty body; a page is that of a server without an engine in it, as while it starts.
          const page = answer.contentType !== '' && !isJson(answer);
          if (page) throw await refusals.ofApi(answer, what);
          answer.discard();
          return undefined;
        }
        if (answer.status !== 200) throw await refusals.ofApi(answer, what);
        const { record, odd } = parseVm(parseJson(await answer.text(limits.maxObjectBytes), what));
        if (odd !== undefined) throw new EngineFailure(`${what}: ${odd}`, { transient: false });
        if (record.id !== id) {
          throw new EngineFailure(`${what}: the engine answered with vm ${record.id}`, { transient: false });
        }
        return record;
      };
      return retried({ path, requestId }, signal, attempt, lookupRetry);
    },
    async close() {
      await session.close();
      http.close();
    },
  };
}

function parseJson(text: string, what: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new EngineFailure(`${what}: the answer is no JSON, or was cut`, { transient: true });
  }
}

function checkAuthority(ca: string): void {
  try {
    new X509Certificate(ca);
    createSecureContext({ ca });
  } catch {
    throw new SchedulingError(
      'INVALID_ARGUMENT',
      'caFile: expected certificates in PEM form (BEGIN CERTIFICATE)',
    );
  }
}
