import { randomUUID } from 'node:crypto';
import { checkUnitList } from '../domain/check-answer.js';
import type { Call, PolicyUnitList } from '../domain/contract.js';
import { SchedulingError } from '../domain/errors.js';
import type { After, Clock } from '../lib/timers.js';
import type { Log } from '../process/log.js';
import type { Endpoint } from './endpoint.js';
import type { Member } from './member.js';

/** Longest that a service may take to list its units: milliseconds. No service computes anything for it. */
export const LIST_TIMEOUT_MS = 5000;

/** First pause after a failed listing of a service that was never listed: milliseconds. It doubles. */
const FIRST_RETRY_MS = 200;

/** Longest such pause: milliseconds. An engine that starts waits for these units, thirty seconds at most. */
const MAX_RETRY_MS = 5000;

/** What a health checker is made of. */
export interface HealthCheckerOptions {
  /** Pause from one listing to the next: milliseconds. */
  readonly relistInterval: number;
  readonly log: Log;
  readonly clock: Clock;
  readonly after: After;
  readonly onListed: (list: PolicyUnitList) => void;
  /** Called at the end of each listing, good or bad, last. */
  readonly onEnd: () => void;
}

/** Lists the units of one member again and again, one listing at a time. */
export interface HealthChecker {
  /** Begins. Calling it again does nothing. */
  readonly start: () => void;
  /** Lists now, or joins the listing under way. */
  readonly listNow: () => void;
  /** Whether the member was ever listed. */
  readonly listed: () => boolean;
  /** Whether the member said that its units changed, and was not listed since. */
  readonly isStale: () => boolean;
  /** Returns why the last listing failed; undefined when it didn't, or none has ended yet. */
  readonly failure: () => SchedulingError | undefined;
  /** Fulfilled when the member was listed or could not be, for the first time. */
  readonly firstEnd: Promise<void>;
  /** Stops, and gives up on the listing under way. */
  readonly close: () => void;
}

/** Creates the health checker of one member. Good and bad listings are told to its breaker. */
export function createHealthChecker(endpoint: Endpoint, options: HealthCheckerOptions): HealthChecker {
  const { relistInterval, log, clock, after, onListed, onEnd } = options;
  const { member, breaker } = endpoint;
  const service = member.name;
  const closing = new AbortController();
  let signalFirstEnd: () => void = () => undefined;
  const firstEnd = new Promise<void>((resolve) => (signalFirstEnd = resolve));
  const stops: (() => void)[] = [];
  let lastListing: 'none' | 'good' | 'bad' = 'none';
  let isStarted = false;
  let isListed = false;
  let isUnderWay = false;
  let isStale = false;
  /** Whether another listing follows at once on the one under way, which may be older than the news. */
  let again: 'no' | 'if it fails' | 'yes' = 'no';
  let failure: SchedulingError | undefined;
  let lastUnmatched = '';
  let retryPause = FIRST_RETRY_MS;
  let callOff: () => void = () => undefined;

  async function list(): Promise<void> {
    const deadline = clock.now() + LIST_TIMEOUT_MS;
    const call: Call = { requestId: `listing-${randomUUID()}`, signal: closing.signal, deadline };
    try {
      const question = {
        method: 'listPolicyUnits',
        run: ({ service }: Member, bounded: Call) => service.listPolicyUnits(bounded),
        read: checkUnitList,
      };
      const listed = await endpoint.askAnyway(question, call, deadline);
      if (!closing.signal.aborted) onGood(listed);
    } catch (thrown) {
      if (!closing.signal.aborted) onBad(SchedulingError.from(thrown));
    }
  }

  function onGood(list: PolicyUnitList): void {
    const taken = list.units.filter(({ name }) => member.units?.includes(name) !== false);
    if (lastListing !== 'good') {
      log.info('service listed', { service, offered: list.units.length, used: taken.length });
    }
    lastListing = 'good';
    failure = undefined;
    isListed = true;
    warnOfUnmatched(list);
    onListed(list);
    breaker?.listed();
  }

  function onBad(error: SchedulingError): void {
    const { code, message } = error;
    const reason = `${code}: ${message}`;
    if (lastListing !== 'bad') log.warn('service not listed', { service, reason });
    lastListing = 'bad';
    failure = error;
    breaker?.notListed(reason, code === 'UNAVAILABLE' || code === 'DEADLINE_EXCEEDED');
  }

  /** Tells of entries of the configuration that match nothing offered, once and not at each listing. */
  function warnOfUnmatched({ units: offered }: PolicyUnitList): void {
    const isOffered = (entry: string) => offered.some(({ name }) => name === entry);
    const units = member.units?.filter((entry) => !isOffered(entry)) ?? [];
    const rename = [...(member.renames?.keys() ?? [])].filter((entry) => !isOffered(entry));
    const unmatched = units.length + rename.length === 0 ? '' : JSON.stringify([units, rename]);
    if (unmatched !== lastUnmatched && unmatched !== '') {
      log.warn('configured units not offered', {
        service,
        ...(units.length > 0 ? { units } : {}),
        ...(rename.length > 0 ? { rename } : {}),
      });
    }
    lastUnmatched = unmatched;
  }

  function listNow(): void {
    if (isUnderWay || closing.signal.aborted) return;
    isUnderWay = true;
    callOff();
    void list().then(() => {
      isUnderWay = false;
      if (closing.signal.aborted) return;
      const isRepeated = again === 'yes' || (again === 'if it fails' && lastListing === 'bad');
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
    if (isListed && !member.remote) return;
    const pause = isListed ? relistInterval : retryPause;
    if (!isListed) retryPause = Math.min(2 * retryPause, MAX_RETRY_MS);
    callOff = after(pause, listNow);
  }

  /** What made a listing fail may be over. */
  function onConnected(): void {
    if (isUnderWay && again === 'no') again = 'if it fails';
    listNow();
    breaker?.revived();
  }

  function onUnitsChanged(): void {
    isStale = true;
    if (isUnderWay) again = 'yes';
    listNow();
    breaker?.revived();
  }

  return {
    start() {
      if (isStarted) return;
      isStarted = true;
      for (const stop of [member.onConnected?.(onConnected), member.onUnitsChanged?.(onUnitsChanged)]) {
        if (stop !== undefined) stops.push(stop);
      }
      listNow();
    },
    listNow,
    listed: () => isListed,
    isStale: () => isStale,
    failure: () => failure,
    firstEnd,
    close() {
      callOff();
      for (const stop of stops.splice(0)) stop();
      closing.abort(new SchedulingError('CANCELLED', 'the composite is closed'));
    },
  };
}
