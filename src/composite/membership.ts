import {
  idsOf,
  type Call,
  type PolicyUnit,
  type PolicyUnitList,
  type PolicyUnitType,
  type UnitProblem,
} from '../domain/contract.js';
import { endOfCall, SchedulingError } from '../domain/errors.js';
import { runWithin } from '../lib/deadline.js';
import { checkUnitList } from '../domain/check-answer.js';
import { createEndpoint, type Endpoint, type EndpointOptions } from './endpoint.js';
import { createHealthChecker, type HealthChecker } from './health-checker.js';
import type { Member } from './member.js';
import {
  MAX_PROBLEM_BYTES,
  MAX_DEPTH,
  problemOf,
  recordListing,
  routeUnits,
  shareOf,
  within,
  withinShare,
  type RoutingTable,
} from './registry.js';
import type { ListedNow, Registry } from './registry-file.js';
import { createUnitLog, LOOP_REASON } from './unit-log.js';
import type { BreakerState } from '../process/metrics.js';

/** Patience that a listing needs to log missing units, in ms, unless the whole budget is less. */
const PATIENT_LISTING_MS = 1000;

/** Longest wait for fresh listings of services that were listed before, in ms; a listing takes a few. */
const FRESH_LISTING_MS = 1000;

/** Memory of the units of members that may be down at the next start. */
export interface RegistryStore {
  /** Content at the start. */
  readonly remembered: Registry;
  /** Called with the whole registry when it changed. Must not throw. */
  readonly save: (registry: Registry) => void;
  /** Returns the reasons why nothing is remembered. */
  readonly problems: () => readonly UnitProblem[];
}

/** State of a member. */
export interface MemberState {
  readonly name: string;
  readonly breaker: BreakerState;
  /** True if it was listed since the start. */
  readonly listed: boolean;
  /** Number of units that it owns. */
  readonly units: number;
  /** Number of its known units that it has not listed since the start, or no longer lists. */
  readonly unitsRemembered: number;
}

/** Options of a membership. */
export interface MembershipOptions extends EndpointOptions {
  /** Id of this composite in the paths of the units that it lists. */
  readonly id: string;
  readonly members: readonly Member[];
  readonly settings: EndpointOptions['settings'] & {
    readonly relistInterval: number;
    readonly discoverBudget: number;
  };
  readonly store: RegistryStore | undefined;
  /** Called with the owners of all units: at once, and whenever they may have changed. */
  readonly onTable: (table: RoutingTable) => void;
  /** Called when `available` changed. Must not throw. */
  readonly onAvailability: (available: boolean) => void;
}

/** The members of a composite, with their units kept up to date. */
export interface Membership {
  readonly endpoints: readonly Endpoint[];
  readonly start: () => void;
  /** Resolves when each member was listed or failed once. */
  readonly firstListing: Promise<void>;
  /** Waits, within `until` (ms since the epoch), until each member of this process was listed or failed. */
  readonly local: (call: Call, until: number) => Promise<void>;
  /**
   * Lists the services that answer anew, and waits, within `until` and the budget, until every member was listed or failed;
   * when an engine starts, until the units of every member are known. Logs an error if some are missing then.
   * Returns at once to another composite, which asks again soon: two that waited for each other would both be late.
   */
  readonly complete: (call: Call, until: number) => Promise<void>;
  /**
   * Returns everything that keeps a unit from being used: conflicts, missing listings, the members' own problems. Another
   * composite is not told those of services, or they would multiply where composites form a loop.
   */
  readonly problems: (call: Pick<Call, 'depth'>) => readonly UnitProblem[];
  /** Returns the members that have an inventory, in their order. */
  readonly withInventory: () => readonly Endpoint[];
  /** Reports whether some members say that more units are on their way. */
  readonly isIncomplete: () => boolean;
  /** Returns the names of members that were never listed and are not remembered with units. */
  readonly unknown: () => readonly string[];
  /** Returns the names of members that were not listed since the start. */
  readonly unlisted: () => readonly string[];
  /** Returns the error for a unit that no member has. */
  readonly missingUnit: (type: PolicyUnitType, name: string) => SchedulingError;
  readonly state: () => readonly MemberState[];
  /** Reports whether any remote member can be called. */
  readonly available: () => boolean;
  /** Replaces the registry by the result of `change`, and saves it. */
  readonly edit: (change: (registry: Registry, listedNow: ListedNow) => Registry) => void;
  readonly close: () => void;
}

/** Creates a membership that knows the remembered units from the beginning. */
export function createMembership(options: MembershipOptions): Membership {
  const { members, settings, store, log, clock, after, id, onTable, onAvailability } = options;
  /** Last listing of each member, and of remembered services that are no members. */
  let registry: Registry = store?.remembered ?? new Map();
  let table = routeUnits(members, registry, clock.now());
  let reportedMissing = '';
  let isClosed = false;
  const waiting = new Set<() => void>();
  const unitLog = createUnitLog(members, log);
  const share = shareOf(members.filter(({ remote }) => remote).length);

  const checkers = members.map((member): HealthChecker => {
    const onBreakerChange: EndpointOptions['onBreakerChange'] = (change) => {
      options.onBreakerChange(change);
      checkAvailability();
    };
    const endpoint = createEndpoint(member, { ...options, onBreakerChange }, () => checker.listNow());
    const checker = createHealthChecker(endpoint, {
      ...{ log, clock, after },
      relistInterval: settings.relistInterval,
      read: (list) => readListing(member, list),
      onListed: (list, isFirst) => learn(member, list, isFirst),
      onEnd: wake,
    });
    return checker;
  });
  const endpoints = checkers.map(({ endpoint }) => endpoint);
  let wasAvailable = available();
  onTable(table);

  function readListing({ name, remote }: Member, list: PolicyUnitList): PolicyUnitList {
    const checked = checkUnitList(list);
    const taken = remote ? withinShare(checked, share) : checked;
    unitLog.leftOut(name, taken.faults);
    return taken;
  }

  /** Tells whether a unit came from here, or through so many composites that its calls would be refused. */
  function isLooping({ path = [] }: PolicyUnit): boolean {
    return path.includes(id) || path.length >= MAX_DEPTH;
  }

  function learn({ name, remote }: Member, list: PolicyUnitList, isFirst: boolean): void {
    const units = list.units.filter((unit) => !isLooping(unit));
    unitLog.looping(name, units.length < list.units.length);
    const before = registry.get(name);
    const record = recordListing(before, units, clock.now(), remote ? share.units : Infinity);
    const wereGone = new Set(before?.gone);
    unitLog.gone(
      name,
      record.gone.flatMap((one) => (wereGone.has(one) ? [] : [one.unit])),
    );
    if (record !== before) registry = new Map(registry).set(name, record);
    // The units of a service of this process are not remembered: its first listing takes back what was its own.
    arrange(isFirst && !remote ? name : undefined);
    if (record !== before && remote) save();
    checkAvailability();
  }

  function arrange(newcomer?: string): void {
    const before = table;
    table = routeUnits(members, registry, clock.now());
    onTable(table);
    unitLog.routed(before, table, newcomer);
  }

  function isListedNow(service: string, unit: PolicyUnit): boolean {
    const checker = checkers.find(({ endpoint }) => endpoint.member.name === service);
    if (checker === undefined || checker.failure() !== undefined) return false;
    const { units = [] } = checker.listing() ?? {};
    return units.some(({ type, name }) => type === unit.type && name === unit.name);
  }

  function save(): void {
    const local = new Set(members.flatMap(({ name, remote }) => (remote ? [] : [name])));
    store?.save(new Map([...registry].filter(([name]) => !local.has(name))));
  }

  function available(): boolean {
    return endpoints.some(
      ({ member, breaker }, index) => member.remote && breaker?.state() !== 'open' && unitsOf(index) > 0,
    );
  }

  function unitsOf(index: number): number {
    return table.units.filter(({ type, name }) => table.routes[type].get(name)?.member === index).length;
  }

  function checkAvailability(): void {
    const now = available();
    if (now === wasAvailable) return;
    wasAvailable = now;
    onAvailability(now);
  }

  /** Tells whether a member is remembered with units; one that listed none may only have been starting then. */
  function isRemembered(service: string): boolean {
    const { units = [], gone = [] } = registry.get(service) ?? {};
    return units.length + gone.length > 0;
  }

  /** Returns the members never listed and not remembered. */
  function unknown(): readonly HealthChecker[] {
    return checkers.filter(
      ({ endpoint, listing }) => listing() === undefined && !isRemembered(endpoint.member.name),
    );
  }

  function unknownNames(): readonly string[] {
    return unknown().map(({ endpoint }) => endpoint.member.name);
  }

  function isComplete({ atEngineStart = false }: Call): boolean {
    const areKnown = atEngineStart ? unknown().length === 0 : isTried();
    return areKnown && checkers.every(({ isStale }) => !isStale()) && !isIncomplete();
  }

  /** Tells whether some members say that more units are on their way. */
  function isIncomplete(): boolean {
    return checkers.some(
      ({ endpoint, listing }) =>
        endpoint.member.isIncomplete?.() === true || listing()?.isIncomplete === true,
    );
  }

  function isTried(among: readonly HealthChecker[] = checkers): boolean {
    return among.every(({ listing, failure }) => listing() !== undefined || failure() !== undefined);
  }

  function isLocalTried(): boolean {
    return isTried(checkers.filter(({ endpoint }) => !endpoint.member.remote));
  }

  function wake(): void {
    for (const check of waiting) check();
  }

  /** Waits until a condition holds, within `until`. Rejects only if the caller's own call ended. */
  async function waitUntil(holds: () => boolean, call: Call, until: number): Promise<void> {
    if (isClosed || holds()) return;
    let check: () => void = () => undefined;
    const held = new Promise<void>((resolve) => {
      check = () => {
        if (isClosed || holds()) resolve();
      };
    });
    waiting.add(check);
    try {
      const ms = until - clock.now();
      await runWithin(() => held, { signal: call.signal, ms, after, late: () => new Error('late') });
    } catch {
      if (call.signal.aborted) throw endOfCall(call.signal);
    } finally {
      waiting.delete(check);
    }
  }

  function logMissing(call: Call): void {
    const services = unknownNames();
    const missing = JSON.stringify(services);
    if (missing !== reportedMissing && services.length > 0) {
      const consequence = 'an engine keeps the units of these services disabled until its next restart';
      log.error('units missing from a listing', { ...idsOf(call), services, consequence }, missing);
    }
    reportedMissing = missing;
  }

  function allProblems({ depth = 0 }: Pick<Call, 'depth'>): readonly UnitProblem[] {
    return [
      ...(store?.problems() ?? []),
      ...checkers.flatMap(({ endpoint, listing, failure }) => {
        const source = endpoint.member.name;
        const error = failure();
        const why = error === undefined ? 'it has not answered so far' : `${error.code}: ${error.message}`;
        if (listing() !== undefined) {
          return error === undefined ? [] : [{ source, reason: `its last listing failed: ${why}` }];
        }
        if (error === undefined && isRemembered(source)) return [];
        return [{ source, reason: `the service has not been listed yet: ${why}` }];
      }),
      ...[...unitLog.loops()].map((source) => ({ source, reason: LOOP_REASON })),
      ...table.conflicts.filter(unitLog.isProblem).map((conflict) => problemOf(conflict, members)),
      ...checkers.flatMap(({ endpoint: { member }, listing }) => {
        const isService = member.onConnected !== undefined;
        if (isService && depth > 0) return [];
        const problems = listing()?.problems ?? [];
        return problems.map(({ source, reason }) => ({ source: `${member.name}: ${source}`, reason }));
      }),
    ];
  }

  return {
    endpoints,
    start() {
      unitLog.routed(table, table);
      for (const { start } of checkers) start();
    },
    firstListing: Promise.all(checkers.map(({ firstEnd }) => firstEnd)).then(() => undefined),
    async local(call, until) {
      for (const { endpoint, start } of checkers) if (!endpoint.member.remote) start();
      await waitUntil(isLocalTried, call, until);
    },
    async complete(call, until) {
      if ((call.depth ?? 0) > 0) return;
      const began = clock.now();
      // An engine asks once. What has joined a service since it was listed has to be in the answer.
      const answering = checkers.filter(
        ({ endpoint, listing }) => listing() !== undefined && endpoint.breaker?.state() === 'closed',
      );
      for (const { listNow } of answering) listNow();
      const areListed = () => answering.every(({ isListing }) => !isListing());
      await waitUntil(areListed, call, Math.min(until, began + FRESH_LISTING_MS));
      await waitUntil(() => isComplete(call), call, Math.min(until, began + settings.discoverBudget));
      const wasPatient = call.deadline - began >= Math.min(settings.discoverBudget, PATIENT_LISTING_MS);
      if (call.atEngineStart === true && wasPatient && !isClosed) logMissing(call);
    },
    problems: (call) => boundedProblems(allProblems(call)),
    withInventory: () =>
      checkers.flatMap(({ endpoint, listing }) => (listing()?.hasInventory === true ? [endpoint] : [])),
    isIncomplete,
    unknown: unknownNames,
    unlisted: () =>
      checkers.flatMap(({ endpoint, listing }) => (listing() === undefined ? [endpoint.member.name] : [])),
    missingUnit(type, name) {
      const services = unknownNames();
      const what = `no ${type.toLowerCase()} unit named ${JSON.stringify(name)}`;
      if (services.length > 0) {
        const text = `${what} is known, and these services were never listed so far: ${services.join(', ')}; try later`;
        return new SchedulingError('UNAVAILABLE', text);
      }
      const names = [...table.routes[type].keys()].join(', ') || 'none';
      return new SchedulingError('NOT_FOUND', `${what}; this service has: ${names}`, { notFound: 'UNIT' });
    },
    state: () =>
      checkers.map(({ endpoint: { member, breaker }, listing }, index) => {
        const { units = [], gone = [] } = registry.get(member.name) ?? {};
        const listed = listing() !== undefined;
        return {
          name: member.name,
          breaker: breaker?.state() ?? 'closed',
          listed,
          units: unitsOf(index),
          unitsRemembered: gone.length + (listed ? 0 : units.length),
        };
      }),
    available,
    edit(change) {
      const changed = change(registry, isListedNow);
      if (changed === registry) return;
      registry = changed;
      arrange();
      save();
      checkAvailability();
    },
    close() {
      isClosed = true;
      for (const { endpoint, close } of checkers) {
        close();
        endpoint.close();
      }
      wake();
    },
  };
}

/** Returns the problems that take {@link MAX_PROBLEM_BYTES} at most, and how many more there are. */
function boundedProblems(problems: readonly UnitProblem[]): readonly UnitProblem[] {
  const shown = within(problems, MAX_PROBLEM_BYTES);
  const more = problems.length - shown.length;
  return more === 0 ? shown : [...shown, { source: 'problems', reason: `${more} more are not listed` }];
}
