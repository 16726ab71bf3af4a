import type { PolicyUnit } from '../domain/contract.js';
import type { SchedulingError } from '../domain/errors.js';
import type { Log } from '../process/log.js';
import { createMemberAsker, type MemberAsker, type MemberCall } from './ask-member.js';
import { createBreaker, NO_BREAKER, type Breaker, type BreakerState } from './breaker.js';
import type { CompositeLimits } from './limits.js';
import { createLister, type Lister } from './lister.js';
import type { Member } from './member.js';
import { allowList, unmatchedEntries } from './taken-units.js';
import type { Clock, Timers } from './timers.js';

/** A change of a member's breaker. */
export interface BreakerChange {
  readonly service: string;
  readonly state: BreakerState;
  /** Why the service is taken to be down; absent when it is back. */
  readonly reason?: string;
}

/** What all attendants of a composite have in common. */
export interface AttendantSurroundings {
  readonly limits: CompositeLimits;
  readonly log: Log;
  readonly clock: Clock;
  readonly steady: Clock;
  readonly timers: Timers;
  readonly onMemberCall: (call: MemberCall) => void;
  readonly onBreakerChange: (change: BreakerChange) => void;
}

/** What an attendant tells. */
export interface AttendantEvents {
  readonly onListed: (units: readonly PolicyUnit[]) => void;
  readonly onNotListed: () => void;
}

/** One member with what watches over it. */
export interface Attendant {
  readonly member: Member;
  readonly asker: MemberAsker;
  readonly lister: Lister;
  readonly breaker: Breaker;
  /** Begins to list it. Calling it again does nothing. */
  readonly start: () => void;
  readonly close: () => void;
}

/** Puts together what one member needs: a breaker, a lister, and the way to ask it. */
export function createAttendant(
  member: Member,
  surroundings: AttendantSurroundings,
  events: AttendantEvents,
): Attendant {
  const { limits, log, timers, onBreakerChange } = surroundings;
  const service = member.name;
  let stateBefore: BreakerState = 'closed';
  let lastListing: 'good' | 'bad' | undefined;
  let lastUnmatched: string | undefined;
  let stopListening: (() => void) | undefined;

  const breaker = member.remote
    ? createBreaker({ limits, timers, probe: () => lister.listNow(), onChange: onBreaker })
    : NO_BREAKER;
  const asker = createMemberAsker({ member, breaker, ...surroundings });
  const lister = createLister({ member, asker, ...surroundings, onListed, onNotListed });

  function onBreaker(state: BreakerState, reason?: string): void {
    if (state === 'closed') log.info('service back', { service });
    else if (state === 'half-open') log.debug('service on trial', { service, reason });
    else if (stateBefore === 'closed') log.warn('service down', { service, reason });
    else log.debug('service still down', { service, reason });
    stateBefore = state;
    onBreakerChange({ service, state, ...(reason === undefined ? {} : { reason }) });
  }

  function onListed(units: readonly PolicyUnit[]): void {
    if (lastListing !== 'good') {
      const isTaken = allowList(member);
      const used = units.filter(({ name }) => isTaken(name)).length;
      log.info('service listed', { service, offered: units.length, used });
    }
    lastListing = 'good';
    warnOfUnmatched(units);
    events.onListed(units);
    breaker.listed();
  }

  /** A misspelt entry is told once, not at each listing. */
  function warnOfUnmatched(offered: readonly PolicyUnit[]): void {
    const { units, rename } = unmatchedEntries(member, offered);
    const unmatched = JSON.stringify([units, rename]);
    if (unmatched !== lastUnmatched && units.length + rename.length > 0) {
      log.warn('configured units not offered', {
        service,
        ...(units.length > 0 ? { units } : {}),
        ...(rename.length > 0 ? { rename } : {}),
      });
    }
    lastUnmatched = unmatched;
  }

  function onNotListed({ code, message }: SchedulingError): void {
    const reason = `${code}: ${message}`;
    if (lastListing !== 'bad') log.warn('service not listed', { service, reason });
    lastListing = 'bad';
    events.onNotListed();
    breaker.notListed(reason, code === 'UNAVAILABLE' || code === 'DEADLINE_EXCEEDED');
  }

  return {
    member,
    asker,
    lister,
    breaker,
    start() {
      stopListening ??= member.onConnected?.(() => {
        lister.listAfresh();
        breaker.reconnected();
      });
      lister.start();
    },
    close() {
      stopListening?.();
      lister.close();
      breaker.close();
    },
  };
}
