import type { Call, PolicyUnit, PolicyUnitType } from '../contract.js';
import { SchedulingError } from '../errors.js';
import { createAttendant, type Attendant, type AttendantSurroundings } from './attendant.js';
import { boundedCall } from './bounded-call.js';
import type { BreakerState } from './breaker.js';
import { createCatalogue, type Catalogue, type Conflict } from './catalogue.js';
import type { CatalogueContent } from './catalogue-content.js';
import type { CatalogueStore } from './catalogue-file.js';
import { endOf } from './call-time.js';
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
  /** Waits until something is known of every member; logs an error that names those of which nothing is at that time. */
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
      { onListed: (units) => learn(index, units), onNotListed: () => catalogue.lose(index) },
    ),
  );
  let availableBefore = available();
  const firstListing = Promise.race([
    Promise.all(attendants.map(({ lister }) => lister.firstEnd)).then(() => undefined),
    new Promise<void>((_, reject) => (failFirstListing = reject)),
  ]).finally(() => (firstRoundEnded = true));
  // Who does not wait for it is told by the log.
  firstListing.catch(() => undefined);

  const stray = [...(store?.loaded.keys() ?? [])].filter(
    (name) => !members.some((member) => member.remote && member.name === name),
  );
  if (stray.length > 0) log.info('services no longer configured', { services: stray, remembered: false });

  function learn(index: number, units: readonly PolicyUnit[]): void {
    const { changed, vanished, conflicts } = catalogue.learn(index, units, clock.now());
    const service = members[index]?.name;
    for (const unit of vanished) log.warn('unit no longer offered', { service, unit: unitIdentity(unit) });
    report(conflicts);
    if (changed && members[index]?.remote === true) void sync();
    tellAvailability();
  }

  function report(conflicts: readonly Conflict[]): void {
    for (const found of conflicts) {
      const { unit, owner, newcomer } = found;
      log.error('unit offered twice', { unit: unitIdentity(unit), kept: owner, ignored: newcomer });
      if (!firstRoundEnded) failFirstListing(conflictError(found));
    }
  }

  async function sync(): Promise<void> {
    await store?.sync((edited) => {
      if (edited !== undefined) adopt(edited);
      return catalogue.content();
    });
  }

  function adopt(edited: CatalogueContent): void {
    const { forgotten, conflicts } = catalogue.adopt(edited);
    for (const { service, unit } of forgotten) {
      log.info('unit forgotten', { service, unit: unitIdentity(unit) });
    }
    report(conflicts);
    tellAvailability();
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

  async function waitFor(awaited: readonly Promise<void>[], call: Call, until: number): Promise<void> {
    await boundedCall(() => Promise.all(awaited), call, until, { clock, timers }).catch(() => {
      if (call.signal.aborted) throw endOf(call);
    });
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
      await waitFor(
        unlisted.map(({ lister }) => lister.firstEnd),
        call,
        until,
      );
    },
    async allUnits(call, until) {
      const missing = unknown();
      if (missing.length === 0) return;
      await waitFor(
        missing.map(({ lister }) => lister.firstListing),
        call,
        Math.min(until, clock.now() + limits.discoverBudgetMs),
      );
      const services = unknown().map(({ member }) => member.name);
      if (services.length > 0) {
        log.error('units missing from a listing', {
          requestId: call.requestId,
          services,
          consequence: 'an engine keeps the units of these services disabled until its next restart',
        });
      }
    },
    missingUnit(type, name) {
      const services = unknown().map(({ member }) => member.name);
      const what = `no ${type.toLowerCase()} unit named ${JSON.stringify(name)}`;
      if (services.length > 0) {
        const text = `${what} is known, and these services were never listed so far: ${services.join(', ')}; try later`;
        return new SchedulingError('UNAVAILABLE', text);
      }
      const names = catalogue.routes().flatMap(({ unit }) => (unit.type === type ? [unit.name] : []));
      return new SchedulingError('NOT_FOUND', `${what}; this service has: ${names.join(', ') || 'none'}`);
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
      cancelTimer();
      for (const attendant of attendants) attendant.close();
      await sync();
    },
  };
}

function conflictError({ unit, owner, newcomer }: Conflict): SchedulingError {
  const what = `the ${unit.type.toLowerCase()} unit ${JSON.stringify(unit.name)}`;
  const who =
    owner === newcomer
      ? `service ${JSON.stringify(owner)} offers two units that are both here ${what}`
      : `services ${JSON.stringify(owner)} and ${JSON.stringify(newcomer)} both offer ${what}`;
  return new SchedulingError(
    'INVALID_ARGUMENT',
    `${who}; rename it for one of them (renames), leave it out (units), or, when its service has it no longer, forget it (hostscore catalogue forget)`,
  );
}
