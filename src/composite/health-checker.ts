import { randomUUID } from 'node:crypto';
import type { Call, PolicyUnitList } from '../domain/contract.js';
import { SchedulingError } from '../domain/errors.js';
import type { After, Clock } from '../lib/timers.js';
import type { Log } from '../process/log.js';
import type { Endpoint } from './endpoint.js';
import type { Member } from './member.js';

/** Longest time for a service to list its units, in ms; no service computes anything for it. */
export const LIST_TIMEOUT_MS = 5000;

/** Pause after the first failed listing of a service that was never listed, in ms. It doubles up to {@link MAX_RETRY_MS}. */
const FIRST_RETRY_MS = 200;

/** Longest such pause, in ms: a starting engine waits 30 s for these units at most. */
const MAX_RETRY_MS = 5000;

/** Pause after a listing that says that more units are on their way, in ms: few have to wait, for no longer than a plugin is imported. */
const INCOMPLETE_PAUSE_MS = 500;

/** Options of a health checker. */
export interface HealthCheckerOptions {
  /** Pause between two listings, in ms. */
  readonly relistInterval: number;
  readonly log: Log;
  readonly clock: Clock;
  readonly after: After;
  /** Returns what is taken of a listing. Throws a contract violation. */
  readonly read: (list: PolicyUnitList) => PolicyUnitList;
  /** Called with each successful listing. */
  readonly onListed: (list: PolicyUnitList, isFirst: boolean) => void;
  /** Called last at the end of each listing, successful or not. */
  readonly onEnd: () => void;
}

/** Lists the units of a member periodically, one listing at a time. */
export interface HealthChecker {
  readonly endpoint: Endpoint;
  /** Starts unless started. */
  readonly start: () => void;
  /** Lists now, or joins the listing under way. */
  readonly listNow: () => void;
  /** Reports whether a listing is under way. */
  readonly isListing: () => boolean;
  /** Returns the last successful listing since the start. */
  readonly listing: () => PolicyUnitList | undefined;
  /** Reports whether the member announced a change of its units since its last listing began. */
  readonly isStale: () => boolean;
  /** Returns the error of the last listing, or undefined if it succeeded or none has ended. */
  readonly failure: () => SchedulingError | undefined;
  /** Resolves at the end of the first listing, successful or not. */
  readonly firstEnd: Promise<void>;
  /** Stops, and cancels the listing under way. */
  readonly close: () => void;
}

/** Creates the health checker of a member. It reports listings to the member's circuit breaker. */
export function createHealthChecker(endpoint: Endpoint, options: HealthCheckerOptions): HealthChecker {
  const { relistInterval, log, clock, after, read, onListed, onEnd } = options;
  const { member, breaker } = endpoint;
  const service = member.name;
  const closing = new AbortController();
  let signalFirstEnd: () => void = () => undefined;
  const firstEnd = new Promise<void>((resolve) => (signalFirstEnd = resolve));
  const stops: (() => void)[] = [];
  let isStarted = false;
  let listing: PolicyUnitList | undefined;
  let isUnderWay = false;
  let isStale = false;
  /** Reason to list again at once: the listing under way may be older than the news. */
  let again: 'no' | 'if it fails' | 'yes' = 'no';
  let failure: SchedulingError | undefined;
  let lastUnmatched = '';
  let retryPause = FIRST_RETRY_MS;
  let cancelNext: () => void = () => undefined;

  async function list(): Promise<void> {
    const deadline = clock.now() + LIST_TIMEOUT_MS;
    const call: Call = { requestId: `listing-${randomUUID()}`, signal: closing.signal, deadline };
    try {
      const question = {
        method: 'listPolicyUnits',
        run: ({ service }: Member, bounded: Call) => service.listPolicyUnits(bounded),
        read,
      };
      const listed = await endpoint.askAnyway(question, call, deadline);
      if (!closing.signal.aborted) onGood(listed);
    } catch (thrown) {
      if (!closing.signal.aborted) onBad(SchedulingError.from(thrown));
    }
  }

  function onGood(list: PolicyUnitList): void {
    const taken = list.units.filter(({ name }) => member.units?.includes(name) !== false);
    const isFirst = listing === undefined;
    if (isFirst || failure !== undefined) {
      log.info('service listed', { service, offered: list.units.length, used: taken.length }, service);
    }
    failure = undefined;
    listing = list;
    warnOfUnmatched(list);
    onListed(list, isFirst);
    breaker?.listed();
  }

  function onBad(error: SchedulingError): void {
    const { code, message } = error;
    const reason = `${code}: ${message}`;
    if (failure === undefined) log.warn('service not listed', { service, reason }, service);
    failure = error;
    breaker?.notListed(reason, code === 'UNAVAILABLE' || code === 'DEADLINE_EXCEEDED');
  }

  /** Warns of configured names that the service does not offer, once until they change. */
  function warnOfUnmatched({ units: offered }: PolicyUnitList): void {
    const isOffered = (entry: string) => offered.some(({ name }) => name === entry);
    const units = member.units?.filter((entry) => !isOffered(entry)) ?? [];
    const rename = [...(member.renames?.keys() ?? [])].filter((entry) => !isOffered(entry));
    const unmatched = units.length + rename.length === 0 ? '' : JSON.stringify([units, rename]);
    if (unmatched !== lastUnmatched && unmatched !== '') {
      const facts = { ...(units.length > 0 ? { units } : {}), ...(rename.length > 0 ? { rename } : {}) };
      log.warn('configured units not offered', { service, ...facts }, service);
    }
    lastUnmatched = unmatched;
  }

  function listNow(): void {
    if (isUnderWay || closing.signal.aborted) return;
    isUnderWay = true;
    cancelNext();
    void list().then(() => {
      isUnderWay = false;
      if (closing.signal.aborted) return;
      const isRepeated = again === 'yes' || (again === 'if it fails' && failure !== undefined);
      again = 'no';
      if (isRepeated) listNow();
      else {
        isStale = false;
        planNext();
      }
      signalFirstEnd();
      onEnd();
    });
  }

  function planNext(): void {
    if (listing === undefined) {
      cancelNext = after(retryPause, listNow);
      retryPause = Math.min(2 * retryPause, MAX_RETRY_MS);
    } else if (listing.isIncomplete === true) cancelNext = after(INCOMPLETE_PAUSE_MS, listNow);
    else if (member.remote) cancelNext = after(relistInterval, listNow);
  }

  /** Lets the breaker, which may be older than this, try a service again that shows itself; that it was there is no news. */
  function revive(): void {
    if (isStarted) breaker?.revived();
  }

  function onConnected(): void {
    if (isUnderWay && again === 'no') again = 'if it fails';
    listNow();
    revive();
  }

  function onUnitsChanged(): void {
    isStale = true;
    if (isUnderWay) again = 'yes';
    listNow();
    revive();
  }

  return {
    endpoint,
    start() {
      if (isStarted) return;
      for (const stop of [member.onConnected?.(onConnected), member.onUnitsChanged?.(onUnitsChanged)]) {
        if (stop !== undefined) stops.push(stop);
      }
      isStarted = true;
      listNow();
    },
    listNow,
    isListing: () => isUnderWay,
    listing: () => listing,
    isStale: () => isStale,
    failure: () => failure,
    firstEnd,
    close() {
      cancelNext();
      for (const stop of stops.splice(0)) stop();
      closing.abort(new SchedulingError('CANCELLED', 'the composite is closed'));
    },
  };
}
