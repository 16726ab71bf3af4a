import { X509Certificate } from 'node:crypto';
import { setImmediate } from 'node:timers/promises';
import { createSecureContext } from 'node:tls';
import type { EngineSettings } from '../config/sections.js';
import { SchedulingError } from '../domain/errors.js';
import type { HostRecord } from '../domain/snapshot.js';
import { waitFor } from '../lib/deadline.js';
import { nodeAfter, type After, type Clock } from '../lib/timers.js';
import type { Log } from '../process/log.js';
import { createCollectionSplitter, MAX_OBJECT_BYTES } from './collection-stream.js';
import { EngineFailure, lasting, passing } from './engine-failure.js';
import { createEngineHttp, type EngineAnswer } from './engine-http.js';
import { parseHost, parseVm, type EngineVm, type Parsed } from './engine-json.js';
import { createRefusalReader, isJson } from './engine-refusal.js';
import { createEngineSession, type EngineAccount } from './engine-session.js';
import { engineUrls } from './engine-url.js';

/** Pauses before a listing that failed in passing is sent again: milliseconds. Few, since the next reading comes soon anyway. */
export const LISTING_PAUSES: readonly number[] = [250, 500];

/** The pause before a look-up of one VM is sent again: milliseconds. What is wrong is mostly a kept connection that had died. */
export const LOOKUP_PAUSES: readonly number[] = [10];

/** How long hosts are listed without statistics after the engine refused them: milliseconds. It may have been mended then. */
export const STATISTICS_PAUSE = 600_000;

/** Which engine, as whom, and how patiently. */
export interface EngineClientOptions {
  /** The settings of an engine that is there, the password read from its file. */
  readonly settings: Omit<EngineSettings, 'passwordFile' | 'caFile'> &
    EngineAccount & { readonly url: string };
  /** PEM of the authorities to trust, instead of those that Node knows. */
  readonly ca?: string | undefined;
  readonly clock?: Clock;
  readonly after?: After;
  readonly log: Log;
}

/** Takes a listing, object by object. */
export interface ListingVisitor<Record> {
  /** Called with the bytes of each object first; true when it knows what stands in them, and neither of the others is called. */
  readonly seen?: (bytes: Buffer) => boolean;
  /** Called with each object. */
  readonly record: (record: Record) => void;
  /** Called for an object that can't be used, and why, naming it and its field. */
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

/**
 * Answers with which an engine refuses to put statistics into its list of hosts: some of 4.2 fail with 500 when a host has
 * huge pages (bug 1547050), and a proxy may know no such parameter.
 */
const STATISTICS_REFUSALS = new Set([400, 404, 500, 501]);

const HOSTS = '/hosts';
/** The engine follows inside itself: one request, where asking each host for its statistics would be one a host. */
const HOSTS_WITH_STATISTICS = '/hosts?follow=statistics';
/** A constant text: the engine keeps every other one for ever (SearchQuery.queriesCache). */
const RUNNING_VMS = '/vms?search=on_host%3D*';

/** Longest stretch of work on a listing before other work gets its turn: milliseconds. */
const MAX_STRETCH = 5;

/** Creates a client; nothing is sent yet. Throws INVALID_ARGUMENT for a URL or certificate that can't be right. */
export function createEngineClient(options: EngineClientOptions): EngineClient {
  const { settings, ca, clock = Date, after = nodeAfter, log } = options;
  const urls = engineUrls(settings);
  if (ca !== undefined) checkAuthority(ca);
  const refusals = createRefusalReader(urls);
  const http = createEngineHttp({ urls, settings, ca, after });
  const session = createEngineSession({ account: settings, urls, http, refusals, clock, after, log });
  let statisticsRefusedAt: number | undefined;

  async function list<Record>(
    path: string,
    open: (signal: AbortSignal) => Promise<EngineAnswer>,
    key: string,
    parse: (object: unknown) => Parsed<Record>,
    begin: BeginListing<Record>,
    signal: AbortSignal,
  ): Promise<void> {
    await retried({ path }, LISTING_PAUSES, signal, async () => {
      const answer = await open(signal);
      if (answer.status !== 200) throw await refusals.ofApi(answer, `GET ${urls.api}${path}`);
      const visitor = begin();
      const splitter = createCollectionSplitter({
        key,
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

  function wantsStatistics(): boolean {
    if (statisticsRefusedAt === undefined) return settings.hostStatistics;
    const ago = clock.now() - statisticsRefusedAt;
    return settings.hostStatistics && (ago < 0 || ago >= STATISTICS_PAUSE);
  }

  /** Lists without statistics when the engine can't list with them: they cost nothing but themselves. */
  async function openHosts(signal: AbortSignal): Promise<EngineAnswer> {
    if (!wantsStatistics()) return get(HOSTS, signal);
    const full = await get(HOSTS_WITH_STATISTICS, signal);
    if (!STATISTICS_REFUSALS.has(full.status)) return full;
    full.discard();
    const plain = await get(HOSTS, signal);
    if (plain.status === 200) {
      statisticsRefusedAt = clock.now();
      log.warn('host statistics refused', { status: full.status, pauseMs: STATISTICS_PAUSE });
    }
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
        throw lasting(
          `GET ${urls.api}${path}: the engine refuses a token that it has just given (401); may ` +
            `${JSON.stringify(settings.username)} use the REST API, is a proxy in between?`,
        );
      }
    }
  }

  async function readVm(id: string, path: string, signal: AbortSignal): Promise<EngineVm | undefined> {
    const what = `GET ${urls.api}${path}`;
    const answer = await get(path, signal);
    if (answer.status === 404) {
      // An unknown id has an empty body; a page is that of a server without an engine in it, as while it starts.
      if (answer.contentType !== '' && !isJson(answer)) throw await refusals.ofApi(answer, what);
      answer.discard();
      return undefined;
    }
    if (answer.status !== 200) throw await refusals.ofApi(answer, what);
    const { record, odd } = parseVm(parseJson(await answer.text(MAX_OBJECT_BYTES), what));
    if (odd !== undefined) throw lasting(`${what}: ${odd}`);
    if (record.id !== id) throw lasting(`${what}: the engine answered with vm ${record.id}`);
    return record;
  }

  async function retried<Value>(
    what: { readonly path: string; readonly requestId?: string | undefined },
    pauses: readonly number[],
    signal: AbortSignal,
    attempt: () => Promise<Value>,
  ): Promise<Value> {
    for (let tries = 1; ; tries += 1) {
      try {
        return await attempt();
      } catch (thrown) {
        if (signal.aborted) throw SchedulingError.from(signal.reason);
        const pause = pauses[tries - 1];
        if (!(thrown instanceof EngineFailure) || !thrown.transient || pause === undefined) {
          throw SchedulingError.from(thrown);
        }
        log.info('engine request failed', { ...what, attempt: tries, reason: thrown.message });
        await rest(pause, signal);
      }
    }
  }

  async function rest(ms: number, signal: AbortSignal): Promise<void> {
    let callOff: () => void = () => undefined;
    const over = new Promise<void>((resolve) => (callOff = after(ms, resolve)));
    try {
      await waitFor(over, signal);
    } catch (thrown) {
      throw SchedulingError.from(thrown);
    } finally {
      callOff();
    }
  }

  return {
    listHosts: (begin, signal) => list(HOSTS, openHosts, 'host', parseHost, begin, signal),
    listRunningVms: (begin, signal) =>
      list(RUNNING_VMS, (given) => get(RUNNING_VMS, given), 'vm', parseVm, begin, signal),
    getVm(id, signal, requestId) {
      const path = `/vms/${encodeURIComponent(id)}`;
      return retried({ path, requestId }, LOOKUP_PAUSES, signal, () => readVm(id, path, signal));
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
    throw passing(`${what}: the answer is no JSON, or was cut`);
  }
}

function checkAuthority(ca: string): void {
  try {
    new X509Certificate(ca);
    createSecureContext({ ca });
  } catch {
    throw new SchedulingError(
      'INVALID_ARGUMENT',
      'engine.caFile: expected certificates in PEM form (BEGIN CERTIFICATE)',
    );
  }
}
