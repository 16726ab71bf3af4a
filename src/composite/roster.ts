import type { Call, PolicyUnit, PolicyUnitType } from '../domain/contract.js';
import { SchedulingError } from '../domain/errors.js';
import { createAttendant, type Attendant, type AttendantSurroundings } from './attendant.js';
import type { BreakerState } from './breaker.js';
import { createCatalogue, type Catalogue, type CatalogueNews } from './catalogue.js';
import { isForgotten, type CatalogueContent } from './catalogue-content.js';
import type { CatalogueStore } from './catalogue-file.js';
import { conflictError } from './conflict-error.js';
import { createGate } from './gate.js';
import type { Member } from './member.js';
import { unitIdentity } from './offered-units.js';

/** How a member is. */
export interface MemberState {
  readonly name: string;
  readonly breaker: BreakerState;
  /** Whether it was listed since the start. */
  readonly listed: boolean;
  /** How many units are its here. */
  readonly units: number;
  /** How many units are known of it that it has not listed since the start, or lists no longer. */
  readonly unitsRemembered: number;
}

/** The members of a composite and their units, kept up to date. */
export interface Roster {
  readonly members: readonly Attendant[];
  readonly catalogue: Pick<Catalogue, 'find' | 'routes'>;
  readonly start: () => void;
  /** Fulfilled when each member was listed or failed once. Rejects when two of them offer one unit. */
  readonly firstListing: Promise<void>;
  /** Waits until the units of this process are known, which they are at once. */
  readonly localUnits: (call: Call, until: number) => Promise<void>;
  /**
   * Waits until the units of every member are known, unless another composite asks: it asks again soon, and two that wait
   * for each other would not answer in time. Logs an error that names the members of which nothing is known by then, once
   * as long as they are the same, if there was time to wait for them.
   */
  readonly allUnits: (call: Call, until: number) => Promise<void>;
  /** The error for a unit that no member has. */
  readonly missingUnit: (type: PolicyUnitType, name: string) => SchedulingError;
  readonly state: () => readonly MemberState[];
  /** Whether any remote member can be asked. */
  readonly available: () => boolean;
  /** Has a listener told each time `available` changes. Returns how to stop listening. */
  readonly onAvailability: (listener: (available: boolean) => void) => () => void;
  readonly close: () => Promise<void>;
}

/**
 * Makes the roster of these members; their remembered units are there from the beginning. Throws INVALID_ARGUMENT when
 * two members are remembered to offer one unit.
 */
export function createRoster(
  members: readonly Member[],
  store: CatalogueStore | undefined,
  surroundings: AttendantSurroundings,
): Roster {
  const { log, limits, clock, timers } = surroundings;
  const catalogue = createCatalogue(members, store?.loaded ?? new Map());
  const [conflict] = catalogue.conflicts;
  if (conflict !== undefined) throw conflictError(conflict);
  const listeners = new Set<(available: boolean) => void>();
  let cancelTimer: () => void = () => undefined;
  let firstRoundEnded = false;
  /** Nothing is written before services are known to go together: a refused start must not decide whose a unit is. */
  let keepsFile = false;
  let closed = false;
  let missingBefore = '';
  let failFirstListing: (error: SchedulingError) => void = () => undefined;

  const attendants = members.map((member, index) =>
    createAttendant(
      member,
      {
        ...surroundings,
        onBreakerChange(change) {
          surroundings.onBreakerChange(change);
          tellAvailability();
        },
      },
      {
        onListed: (units) => learn(index, units),
        onNotListed() {
          catalogue.lose(index);
          lookAtGates();
        },
      },
    ),
  );
  const localGate = createGate(
    () => closed || attendants.every(({ member, lister }) => member.remote || lister.tried()),
    surroundings,
  );
  const allGate = createGate(() => closed || unknown().length === 0, surroundings);
  let availableBefore = available();
  const firstListing = Promise.race([
    Promise.all(attendants.map(({ lister }) => lister.firstEnd)).then(() => undefined),
    new Promise<void>((_, reject) => (failFirstListing = reject)),
  ]).finally(() => (firstRoundEnded = true));
  firstListing.then(
    () => {
      keepsFile = true;
      void sync();
    },
    // Who does not wait for it is told by the log.
    () => undefined,
  );

  const strangers = [...(store?.loaded ?? [])].filter(
    ([name, service]) =>
      !isForgotten(service) && !members.some((member) => member.remote && member.name === name),
  );
  if (strangers.length > 0) {
    log.info('remembered services not configured', { services: strangers.map(([name]) => name) });
  }

  function learn(index: number, units: readonly PolicyUnit[]): void {
    const { changed, vanished, ...news } = catalogue.learn(index, units, clock.now());
    const service = members[index]?.name;
    for (const unit of vanished) log.warn('unit no longer offered', { service, unit: unitIdentity(unit) });
    report(news);
    if (changed && members[index]?.remote === true) void sync();
    tellAvailability();
    lookAtGates();
  }

  function report({ conflicts, moves }: CatalogueNews): void {
    for (const { unit, from, to } of moves) log.info('unit moved', { unit: unitIdentity(unit), from, to });
    for (const conflict of conflicts) {
      const { unit, owner, newcomer, isOld } = conflict;
      const error = conflictError(conflict);
      log.error('unit offered twice', {
        unit: unitIdentity(unit),
        kept: owner,
        ignored: newcomer,
        reason: error.message,
      });
      if (!firstRoundEnded && !isOld) failFirstListing(error);
    }
  }

  function lookAtGates(): void {
    localGate.look();
    allGate.look();
  }

  async function sync(): Promise<void> {
    if (!keepsFile) return;
    await store?.sync(({ before, edited }) => {
      if (edited !== undefined) adopt(before, edited);
      return catalogue.content(edited ?? before);
    });
  }

  function adopt(before: CatalogueContent, edited: CatalogueContent): void {
    const { forgotten, ...news } = catalogue.adopt(before, edited);
    for (const { service, unit } of forgotten) {
      log.info('unit forgotten', { service, unit: unitIdentity(unit) });
    }
    report(news);
    tellAvailability();
    lookAtGates();
  }

  function syncEverySoOften(): void {
    cancelTimer = timers.after(limits.relistIntervalMs, () => {
      void sync();
      syncEverySoOften();
    });
  }

  function available(): boolean {
    return catalogue
      .routes()
      .some(
        ({ member }) => members[member]?.remote === true && attendants[member]?.breaker.state() !== 'open',
      );
  }

  function tellAvailability(): void {
    const now = available();
    if (now === availableBefore) return;
    availableBefore = now;
    for (const listener of listeners) listener(now);
  }

  /** Members of which nothing is known: never listed, nothing remembered. */
  function unknown(): readonly Attendant[] {
    return attendants.filter(({ lister }, index) => !lister.listed() && !catalogue.isKnown(index));
  }

  function tellMissing({ requestId }: Call): void {
    const services = unknown().map(({ member }) => member.name);
    const missing = JSON.stringify(services);
    if (missing !== missingBefore && services.length > 0) {
      log.error('units missing from a listing', {
        requestId,
        services,
        consequence: 'an engine keeps the units of these services disabled until its next restart',
      });
    }
    missingBefore = missing;
  }

  return {
    members: attendants,
    catalogue,
    start() {
      for (const attendant of attendants) attendant.start();
      if (store !== undefined) syncEverySoOften();
    },
    firstListing,
    async localUnits(call, until) {
      const unlisted = attendants.filter(({ member, lister }) => !member.remote && !lister.listed());
      if (unlisted.length === 0) return;
      for (const attendant of unlisted) attendant.start();
      await localGate.pass(call, until);
    },
    async allUnits(call, until) {
      if ((call.depth ?? 0) > 0) return;
      const began = clock.now();
      const { discoverBudgetMs, patientListingMs } = limits;
      await allGate.pass(call, Math.min(until, began + discoverBudgetMs));
      const waited = call.deadline - began >= Math.min(discoverBudgetMs, patientListingMs);
      if (waited && !closed) tellMissing(call);
    },
    missingUnit(type, name) {
      const services = unknown().map(({ member }) => member.name);
      const what = `no ${type.toLowerCase()} unit named ${JSON.stringify(name)}`;
      if (services.length > 0) {
        const text = `${what} is known, and these services were never listed so far: ${services.join(', ')}; try later`;
        return new SchedulingError('UNAVAILABLE', text);
      }
      const names = catalogue.routes().flatMap(({ unit }) => (unit.type === type ? [unit.name] : []));
      return new SchedulingError('NOT_FOUND', `${what}; this service has: ${names.join(', ') || 'none'}`, {
        notFound: 'UNIT',
      });
    },
    state: () =>
      attendants.map(({ member, breaker, lister }, index) => {
        const { units, remembered } = catalogue.known(index);
        return {
          name: member.name,
          breaker: breaker.state(),
          listed: lister.listed(),
          units,
          unitsRemembered: remembered,
        };
      }),
    available,
    onAvailability(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    async close() {
      closed = true;
      cancelTimer();
      for (const attendant of attendants) attendant.close();
      lookAtGates();
      await sync();
    },
  };
}
