import { setImmediate } from 'node:timers/promises';
import type { EngineSettings } from '../config/sections.js';
import { SchedulingError } from '../domain/errors.js';
import { waitFor } from '../lib/deadline.js';
import { nodeAfter, type After, type Clock } from '../lib/timers.js';
import type { Log } from '../process/log.js';
import { createCollectionSplitter, MAX_OBJECT_BYTES } from './collection-stream.js';
import { EngineFailure, lasting, passing } from './engine-failure.js';
import { createEngineHttp, type EngineAnswer } from './engine-http.js';
import { EVENT_SEARCH, NEWEST_EVENTS, parseEvent, type EngineEvent } from './engine-events.js';
import { parseHost, parseVm, type EngineHost, type EngineVm, type Parsed } from './engine-json.js';
import { createRefusalReader, isJson } from './engine-refusal.js';
import {
  createEngineSession,
  type EngineAccount,
  type LoginPause,
  type LoginPauses,
} from './engine-session.js';
import { engineUrls } from './engine-url.js';

/** Pauses before the retries of a listing, in ms. Few, since the next reading comes soon anyway. */
export const LISTING_PAUSES: readonly number[] = [250, 500];

/** Pause before the retry of a single object or of events, in ms. Short, since the cause is mostly a dead kept-alive connection. */
export const LOOKUP_PAUSES: readonly number[] = [10];

/** Time for which hosts are listed without statistics after the engine refused them, in ms. */
export const STATISTICS_PAUSE = 600_000;

/** Settings that do not tell one engine, or account, from another. */
export type RequestSettings = Pick<
  EngineSettings,
  'connectTimeout' | 'responseTimeout' | 'requestTimeout' | 'hostStatistics'
>;

/** Options of an engine client. */
export interface EngineClientOptions {
  readonly settings: Omit<EngineSettings, 'password' | 'passwordFile' | 'caFile'> &
    EngineAccount & { readonly url: string };
  /**
   * Returns the trusted authorities in PEM form for a request, undefined for those of Node, which is the default. Must not
   * throw.
   */
  readonly ca?: (() => string | undefined) | undefined;
  /** Pauses after refused logins, to be shared with later clients; none by default. */
  readonly pauses?: LoginPauses | undefined;
  readonly clock?: Clock;
  readonly after?: After;
  readonly log: Log;
}

/** Visitor of a listing. */
export interface ListingVisitor<Record> {
  /** Called first, with the bytes of each object. Returns true for known bytes, for which nothing else is called. */
  readonly seen?: (bytes: Buffer) => boolean;
  /** Called with each object. */
  readonly record: (record: Record) => void;
  /** Called with the reason for an unusable object, which names it and its field. */
  readonly odd: (reason: string) => void;
}

/**
 * Events to list: all that change hosts or VMs with an id above `from`; the newest {@link NEWEST_EVENTS} of these; or the newest
 * one of any kind, or of a code. Never some of those above an id, since the engine would leave out the oldest.
 */
export type EventQuery =
  { readonly from: number } | { readonly code: number } | 'newest' | 'newest of any kind';

/** Creates the visitor of a listing, a new one for each retry. */
export type BeginListing<Record> = () => ListingVisitor<Record>;

/**
 * Client of an oVirt engine. Methods reject with UNAVAILABLE and the remedy, or with CANCELLED or DEADLINE_EXCEEDED if the
 * signal aborted. No error holds a secret.
 */
export interface EngineClient {
  /** Lists all hosts in one request; in a second one without statistics, such as free memory, if the engine refuses them. */
  readonly listHosts: (begin: BeginListing<EngineHost>, signal: AbortSignal) => Promise<void>;
  /** Lists all VMs that are on a host, in one request. */
  readonly listRunningVms: (begin: BeginListing<EngineVm>, signal: AbortSignal) => Promise<void>;
  /**
   * Reads a VM, running or not. Resolves to undefined if the engine has none of that id. Retries once, almost at once, since
   * a scheduling call waits. `requestId` names that call in the log.
   */
  readonly getVm: (id: string, signal: AbortSignal, requestId?: string) => Promise<EngineVm | undefined>;
  /** Reads a VM that an event named. Resolves to undefined if it is gone, and to the reason if it is unusable. */
  readonly readVm: (id: string, signal: AbortSignal) => Promise<Parsed<EngineVm> | undefined>;
  /** Reads a host likewise, without its statistics, such as free memory. */
  readonly readHost: (id: string, signal: AbortSignal) => Promise<Parsed<EngineHost> | undefined>;
  /** Lists events. */
  readonly listEvents: (
    query: EventQuery,
    begin: BeginListing<EngineEvent>,
    signal: AbortSignal,
  ) => Promise<void>;
  /** Takes over other settings from the next request on. */
  readonly configure: (settings: RequestSettings) => void;
  /** Revokes the token within a time limit, and closes the connections. Never rejects. */
  readonly close: () => Promise<void>;
}

/**
 * Status codes of an engine that refuses statistics in its list of hosts: some engines of 4.2 answer 500 if a host has huge
 * pages (bug 1547050), and a proxy may not know the parameter.
 */
const STATISTICS_REFUSALS = new Set([400, 404, 500, 501]);

/** Status codes of a server that can't read a header, or finds it too long. */
const HEADER_REFUSALS = new Set([400, 413, 431]);

const HOSTS = '/hosts';
/** Includes the statistics in the answer, since asking for them would be one more request per host. */
const WITH_STATISTICS = '?follow=statistics';
/** Constant, since the engine caches each distinct query for ever (SearchQuery.queriesCache). */
const RUNNING_VMS = '/vms?search=on_host%3D*';
const EVENTS = `/events?search=${encodeURIComponent(EVENT_SEARCH)}`;

/** Longest work on a listing before the event loop gets its turn, in ms. */
const MAX_BLOCKING_TIME = 5;

/** Creates a client without sending anything. Throws INVALID_ARGUMENT for an invalid URL. */
export function createEngineClient(options: EngineClientOptions): EngineClient {
  const { ca = () => undefined, clock = Date, after = nodeAfter, log } = options;
  const { pauses = new Map<string, LoginPause>() } = options;
  const settings = { ...options.settings };
  const urls = engineUrls(settings);
  const refusals = createRefusalReader(urls);
  const http = createEngineHttp({ urls, settings, ca, after });
  const session = createEngineSession({ account: settings, urls, http, refusals, pauses, clock, after, log });
  let statisticsRefusedAt: number | undefined;

  async function list<Record>(
    path: string,
    open: (signal: AbortSignal) => Promise<EngineAnswer>,
    key: string,
    parse: (object: unknown) => Parsed<Record>,
    begin: BeginListing<Record>,
    signal: AbortSignal,
    pauses = LISTING_PAUSES,
  ): Promise<void> {
    await retried({ path }, pauses, signal, async () => {
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
        if (performance.now() - worked < MAX_BLOCKING_TIME) continue;
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

  /** Requests hosts with statistics, or without them from an engine that refuses them. */
  async function openHosts(signal: AbortSignal): Promise<EngineAnswer> {
    if (!wantsStatistics()) return get(HOSTS, signal);
    const full = await get(`${HOSTS}${WITH_STATISTICS}`, signal);
    if (!STATISTICS_REFUSALS.has(full.status)) return full;
    full.discard();
    const plain = await get(HOSTS, signal);
    if (plain.status === 200) {
      statisticsRefusedAt = clock.now();
      log.warn('host statistics refused', { status: full.status, pauseMs: STATISTICS_PAUSE }, '');
    }
    return plain;
  }

  /** Sends a GET, and again with a new token if the engine refuses the old one. Never resolves to an answer 401. */
  async function get(path: string, signal: AbortSignal): Promise<EngineAnswer> {
    for (let renewed = false; ; renewed = true) {
      const authorization = await session.authorize(signal);
      const answer = await send(path, authorization, signal);
      if (answer.status !== 401) {
        if (HEADER_REFUSALS.has(answer.status)) session.failed(authorization);
        else session.accepted(authorization);
        if (answer.status === 200 && !isJson(answer))
          throw refusals.ofContentType(answer, `GET ${urls.api}${path}`);
        return answer;
      }
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

  async function send(path: string, authorization: string, signal: AbortSignal): Promise<EngineAnswer> {
    try {
      return await http.send({ method: 'GET', url: `${urls.api}${path}`, authorization }, signal);
    } catch (thrown) {
      if (thrown instanceof EngineFailure && !thrown.unsent) session.failed(authorization);
      throw thrown;
    }
  }

  async function readObject<Record extends { readonly id: string }>(
    [kind, id]: readonly ['vm' | 'host', string],
    parse: (object: unknown) => Parsed<Record>,
    signal: AbortSignal,
    requestId?: string,
  ): Promise<Parsed<Record> | undefined> {
    const path = `/${kind}s/${encodeURIComponent(id)}`;
    const what = `GET ${urls.api}${path}`;
    return retried({ path, requestId }, LOOKUP_PAUSES, signal, async () => {
      const answer = await get(path, signal);
      if (answer.status === 404) {
        // The engine answers an unknown id without a body; a page comes from a server whose engine is still starting.
        if (answer.contentType !== '' && !isJson(answer)) throw await refusals.ofApi(answer, what);
        answer.discard();
        return undefined;
      }
      if (answer.status !== 200) throw await refusals.ofApi(answer, what);
      const parsed = parse(parseJson(await answer.text(MAX_OBJECT_BYTES), what));
      if (parsed.odd === undefined && parsed.record.id !== id)
        throw lasting(`${what}: the engine answered with ${kind} ${parsed.record.id}`);
      return parsed;
    });
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
        log.debug('engine request failed', { ...what, attempt: tries, reason: thrown.message });
        await rest(pause, signal);
      }
    }
  }

  async function rest(ms: number, signal: AbortSignal): Promise<void> {
    let cancel: () => void = () => undefined;
    const over = new Promise<void>((resolve) => (cancel = after(ms, resolve)));
    try {
      await waitFor(over, signal);
    } catch (thrown) {
      throw SchedulingError.from(thrown);
    } finally {
      cancel();
    }
  }

  return {
    listHosts: (begin, signal) => list(HOSTS, openHosts, 'host', parseHost, begin, signal),
    listRunningVms: (begin, signal) =>
      list(RUNNING_VMS, (given) => get(RUNNING_VMS, given), 'vm', parseVm, begin, signal),
    async getVm(id, signal, requestId) {
      const vm = await readObject(['vm', id], parseVm, signal, requestId);
      if (vm?.odd !== undefined) throw lasting(`GET ${urls.api}/vms/${id}: ${vm.odd}`);
      return vm?.record;
    },
    readVm: (id, signal) => readObject(['vm', id], parseVm, signal),
    readHost: (id, signal) => readObject(['host', id], parseHost, signal),
    listEvents(query, begin, signal) {
      const path = eventsPath(query);
      return list(path, (given) => get(path, given), 'event', parseEvent, begin, signal, LOOKUP_PAUSES);
    },
    configure({ connectTimeout, responseTimeout, requestTimeout, hostStatistics }) {
      Object.assign(settings, { connectTimeout, responseTimeout, requestTimeout, hostStatistics });
    },
    async close() {
      await session.close();
      http.close();
    },
  };
}

function eventsPath(query: EventQuery): string {
  if (query === 'newest') return `${EVENTS}&max=${NEWEST_EVENTS}`;
  if (query === 'newest of any kind') return '/events?max=1';
  return 'from' in query ? `${EVENTS}&from=${query.from}` : `/events?search=type%3D${query.code}&max=1`;
}

function parseJson(text: string, what: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw passing(`${what}: the answer is no JSON, or was cut`);
  }
}
