import type { Call, Direction, PolicyUnit, PolicyUnitService, PolicyUnitType } from '../domain/contract.js';
import { SchedulingError } from '../domain/errors.js';
import type { BridgeLimits } from './bridge-limits.js';
import { createCallBudget, type After } from './call-budget.js';

/** What a directory works with. */
export interface UnitDirectoryOptions {
  readonly service: Pick<PolicyUnitService, 'listPolicyUnits'>;
  readonly limits: Pick<BridgeLimits, 'directionsTimeoutMs' | 'directionsMaxAgeMs' | 'directionsIntervalMs'>;
  readonly clock: { readonly now: () => number };
  readonly after: After;
}

/**
 * What units the service has, and how the values of score units are to be read: scores, or raw costs. Kept in memory, and
 * learned from lists of units: that of discover, one that is asked for when the bridge starts, those that are asked for
 * beside a call when the last list is old, or has not the unit, or values broke the unit's direction, and one at once when
 * a unit that no list had answers for the first time. There is one listing at a time. Only a call that got values of such a
 * unit waits for it, and not for long.
 */
export interface UnitDirectory {
  /** Takes a list of units in place of what was known. */
  readonly learn: (units: readonly PolicyUnit[]) => void;
  /** Asks for a list in the background. */
  readonly refresh: (requestId: string) => void;
  /** Says whether the last list had the unit. */
  readonly has: (type: PolicyUnitType, unit: string) => boolean;
  /** Takes it that the direction of a score unit may have changed, so that a call that names it asks for a list. */
  readonly doubt: (unit: string) => void;
  /** Starts whatever has to be asked for these score units, and returns what answers for them one by one. */
  readonly lookUp: (units: readonly string[], call: Call) => DirectionLookUp;
}

/** Answers for the score units of one call. */
export interface DirectionLookUp {
  /** Waits until these units are known, or the time for it is up. Returns undefined when there is nothing to wait for. */
  readonly known: (units: readonly string[]) => Promise<void> | undefined;
  /** The unit's direction. Throws a SchedulingError when no list has told. */
  readonly of: (unit: string) => Direction;
}

/**
 * How much longer than a call waits a listing may take in the end: each one that was late gives the next one twice the time,
 * so that a slow service is heard although no call waits for it.
 */
const MAX_PATIENCE = 64;

/** How many units are remembered that answered and are in no list. */
const MAX_MISSED = 1000;

const NEVER = new AbortController().signal;

/** Starts with nothing known. */
export function createUnitDirectory({ service, limits, clock, after }: UnitDirectoryOptions): UnitDirectory {
  const { directionsTimeoutMs, directionsMaxAgeMs, directionsIntervalMs } = limits;
  let units: ReadonlySet<string> = new Set();
  let directions: ReadonlyMap<string, Direction> = new Map();
  let doubted: ReadonlySet<string> = new Set();
  let failure: SchedulingError | undefined;
  let triedAt = Number.NEGATIVE_INFINITY;
  let patience = 1;
  let underWay: Promise<void> | undefined;

  /** Units that answered, and that the list which was then asked for did not tell of, or not in time. */
  const missed = new Set<string>();

  const isNew = (unit: string): boolean => !directions.has(unit) && !missed.has(unit);
  const isSure = (unit: string): boolean => directions.has(unit) && !doubted.has(unit);

  function learn(listed: readonly PolicyUnit[]): void {
    units = new Set(listed.map(({ type, name }) => keyOf(type, name)));
    directions = new Map(
      listed.flatMap(({ type, name, direction }) =>
        type === 'SCORE' && isDirection(direction) ? [[name, direction]] : [],
      ),
    );
    for (const unit of directions.keys()) missed.delete(unit);
    doubted = new Set();
    failure = undefined;
    triedAt = clock.now();
  }

  async function list(requestId: string): Promise<void> {
    const budgetMs = directionsTimeoutMs * patience;
    const within = createCallBudget({ budgetMs, marginMs: 0, clock, after });
    try {
      const { units: listed } = await within(
        { requestId, signal: NEVER, receivedAt: clock.now() },
        service.listPolicyUnits,
      );
      learn(listed);
      patience = 1;
    } catch (thrown) {
      failure = SchedulingError.from(thrown);
      if (failure.code === 'DEADLINE_EXCEEDED') patience = Math.min(2 * patience, MAX_PATIENCE);
    }
  }

  function refresh(requestId: string): Promise<void> {
    if (underWay !== undefined) return underWay;
    triedAt = clock.now();
    underWay = list(requestId).finally(() => (underWay = undefined));
    return underWay;
  }

  /** Waits for the call's own listing; or for the one under way, and, when that began too early, for another. */
  async function find(
    answered: readonly string[],
    own: Promise<void> | undefined,
    requestId: string,
    until: number,
  ): Promise<void> {
    const first = own ?? underWay;
    if (first !== undefined) await patiently(first, until);
    if (own === undefined && answered.some(isNew)) await patiently(refresh(requestId), until);
    if (missed.size > MAX_MISSED) missed.clear();
    for (const unit of answered) if (!directions.has(unit)) missed.add(unit);
  }

  /** Fulfilled with a listing, or when a call has no more time for it. */
  function patiently(listing: Promise<void>, until: number): Promise<void> | undefined {
    const left = until - clock.now();
    if (left <= 0) return undefined;
    return new Promise((resolve) => {
      const stop = after(left, resolve);
      void listing.finally(() => {
        stop();
        resolve();
      });
    });
  }

  function notKnown(): SchedulingError {
    const what = 'how to read its values is not known';
    if (underWay !== undefined || failure?.code === 'DEADLINE_EXCEEDED') {
      const why = `the service did not list its units within ${directionsTimeoutMs} ms`;
      return new SchedulingError('DEADLINE_EXCEEDED', `${what}: ${why}`);
    }
    if (failure !== undefined) return new SchedulingError(failure.code, `${what}: ${failure.message}`);
    return new SchedulingError('UNAVAILABLE', `${what}: the service does not list this unit`);
  }

  return {
    learn,
    refresh: (requestId) => void refresh(requestId),
    has: (type, unit) => units.has(keyOf(type, unit)),
    doubt: (unit) => void (doubted = new Set([...doubted, unit])),
    lookUp(asked, { requestId, deadline }) {
      const now = clock.now();
      // A clock that was set back must not keep a list from being asked for.
      const age = now < triedAt ? Number.POSITIVE_INFINITY : now - triedAt;
      const isDue = age >= directionsMaxAgeMs || (age >= directionsIntervalMs && !asked.every(isSure));
      const listing = isDue ? refresh(requestId) : undefined;
      return {
        known(answered) {
          if (answered.every(isSure) || (listing === undefined && !answered.some(isNew))) return undefined;
          return find(answered, listing, requestId, Math.min(clock.now() + directionsTimeoutMs, deadline));
        },
        of(unit) {
          const direction = directions.get(unit);
          if (direction !== undefined) return direction;
          throw notKnown();
        },
      };
    },
  };
}

function keyOf(type: PolicyUnitType, name: string): string {
  return `${type} ${name}`;
}

function isDirection(direction: string | undefined): direction is Direction {
  return direction === 'HIGHER_IS_BETTER' || direction === 'LOWER_IS_BETTER';
}
