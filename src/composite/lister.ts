import { randomUUID } from 'node:crypto';
import type { Call, PolicyUnit, UnitProblem } from '../domain/contract.js';
import { SchedulingError } from '../domain/errors.js';
import type { MemberAsker } from './ask-member.js';
import type { CompositeLimits } from './limits.js';
import type { Member } from './member.js';
import { readOfferedUnits } from './offered-units.js';
import type { Clock, Timers } from './timers.js';

/** What a lister is made of. */
export interface ListerOptions {
  readonly member: Member;
  readonly asker: MemberAsker;
  readonly limits: CompositeLimits;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly onListed: (units: readonly PolicyUnit[]) => void;
  readonly onNotListed: (error: SchedulingError) => void;
}

/** Lists the units of one member again and again, one listing at a time. */
export interface Lister {
  /** Begins. Calling it again does nothing. */
  readonly start: () => void;
  /** Lists now, or joins the listing under way. */
  readonly listNow: () => void;
  /** Lists now; when a listing is under way and fails, once more. For when the reason of failing may be over. */
  readonly listAfresh: () => void;
  /** Whether it was ever listed. */
  readonly listed: () => boolean;
  /** Whether it was ever listed, or could not be. */
  readonly tried: () => boolean;
  /** What the last listing told of that is no unit; empty before the first one. */
  readonly problems: () => readonly UnitProblem[];
  /** Fulfilled when it was listed or could not be, for the first time. */
  readonly firstEnd: Promise<void>;
  /** Stops, and gives up on the listing under way. */
  readonly close: () => void;
}

/** Makes a lister. */
export function createLister(options: ListerOptions): Lister {
  const { member, asker, limits, clock, timers, onListed, onNotListed } = options;
  const closing = new AbortController();
  let ended: () => void = () => undefined;
  const firstEnd = new Promise<void>((resolve) => (ended = resolve));
  let listed = false;
  let lastProblems: readonly UnitProblem[] = [];
  let tried = false;
  let started = false;
  let underWay = false;
  let again = false;
  let retryPause = limits.listRetryMs;
  let cancelTimer: () => void = () => undefined;

  async function list(): Promise<void> {
    const deadline = clock.now() + limits.listTimeoutMs;
    const call: Call = { requestId: `listing-${randomUUID()}`, signal: closing.signal, deadline };
    try {
      const { units, problems } = await asker.askAnyway(
        {
          method: 'listPolicyUnits',
          run: (service, bounded) => service.listPolicyUnits(bounded),
          read: ({ units, problems }) => ({ units: readOfferedUnits(units, limits.maxUnits), problems }),
        },
        call,
        deadline,
      );
      if (closing.signal.aborted) return;
      tried = true;
      listed = true;
      again = false;
      lastProblems = problems;
      onListed(units);
    } catch (thrown) {
      if (closing.signal.aborted) return;
      tried = true;
      onNotListed(SchedulingError.from(thrown));
    }
    ended();
  }

  function listNow(): void {
    if (underWay || closing.signal.aborted) return;
    underWay = true;
    cancelTimer();
    void list().then(() => {
      underWay = false;
      if (closing.signal.aborted) return;
      if (again) {
        again = false;
        listNow();
      } else planNext();
    });
  }

  function planNext(): void {
    if (listed && !member.remote) return;
    const pause = listed ? limits.relistIntervalMs : retryPause;
    if (!listed) retryPause = Math.min(2 * retryPause, limits.maxListRetryMs);
    cancelTimer = timers.after(pause, listNow);
  }

  return {
    start() {
      if (!started) listNow();
      started = true;
    },
    listNow,
    listAfresh() {
      again = underWay;
      listNow();
    },
    listed: () => listed,
    tried: () => tried,
    problems: () => lastProblems,
    firstEnd,
    close() {
      cancelTimer();
      closing.abort(new SchedulingError('CANCELLED', 'the composite is closed'));
    },
  };
}
