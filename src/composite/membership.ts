import type { Call, PolicyUnit, PolicyUnitList, PolicyUnitType, UnitProblem } from '../domain/contract.js';
import { SchedulingError } from '../domain/errors.js';
import { runWithin } from '../lib/deadline.js';
import { createEndpoint, endOf, type Endpoint, type EndpointOptions } from './endpoint.js';
import { createHealthChecker, type HealthChecker } from './health-checker.js';
import type { Member } from './member.js';
import {
  problemOf,
  recordListing,
  routeUnits,
  unitIdentity,
  type Conflict,
  type RoutingTable,
} from './registry.js';
import type { ListedNow, Registry } from './registry-file.js';
import type { BreakerState } from '../process/metrics.js';

/** A listing of all units that could wait less than this, and less than the whole budget, doesn't log what it misses: milliseconds. */
const PATIENT_LISTING_MS = 1000;

/** What remembers the units of members that may be down at the next start. */
export interface RegistryStore {
  /** What it remembered at the start. */
  readonly remembered: Registry;
  /** Called with all there is to remember, whenever that changed. Must not throw. */
  readonly save: (registry: Registry) => void;
  /** Returns why nothing is remembered, for whoever can mend it. */
  readonly problems: () => readonly UnitProblem[];
}

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

/** What a membership is made of. */
export interface MembershipOptions extends EndpointOptions {
  readonly members: readonly Member[];
  readonly settings: EndpointOptions['settings'] & {
    readonly relistInterval: number;
    readonly discoverBudget: number;
  };
  readonly store: RegistryStore | undefined;
  /** Called with which unit is whose: at once, and whenever that may have changed. */
  readonly onTable: (table: RoutingTable) => void;
}

/** The members of a composite and what is known of their units, kept up to date. */
export interface Membership {
  readonly endpoints: readonly Endpoint[];
  readonly start: () => void;
  /** Fulfilled when each member was listed or failed once. */
  readonly firstListing: Promise<void>;
  /** Whether the units of this process are known. */
  readonly isLocalListed: () => boolean;
  /** Waits until the units of this process are known, which they are at once. */
  readonly local: (call: Call, until: number) => Promise<void>;
  /**
   * Waits until the units of every member are known, unless another composite asks: it asks again soon, and two that wait
   * for each other would not answer in time. Logs an error that names the members of which nothing is known by then, once
   * as long as they are the same, if there was time to wait for them.
   */
  readonly complete: (call: Call, until: number) => Promise<void>;
  /** Returns what would be units and are none: of the members, by their conflicts, and for want of a listing. */
  readonly problems: () => readonly UnitProblem[];
  /** Returns the members, in their order, that say that they have an inventory. */
  readonly withInventory: () => readonly Endpoint[];
  /** Returns the names of members that were not listed since the start. */
  readonly unlisted: () => readonly string[];
  /** Returns the error for a unit that no member has. */
  readonly missingUnit: (type: PolicyUnitType, name: string) => SchedulingError;
  readonly state: () => readonly MemberState[];
  /** Reports whether any remote member can be asked. */
  readonly available: () => boolean;
  /** Has a listener called each time `available` changes. Returns how to stop listening. */
  readonly onAvailability: (listener: (available: boolean) => void) => () => void;
  /** Changes what is known, as someone who forgets a unit wants it. */
  readonly edit: (change: (registry: Registry, listedNow: ListedNow) => Registry) => void;
  readonly close: () => void;
}

/** Creates the membership of these members; their remembered units are there from the beginning. */
export function createMembership(options: MembershipOptions): Membership {
  const { members, settings, store, log, clock, after, onTable } = options;
  /** What each member listed last; also what is remembered of services that are no members. */
  let registry: Registry = store?.remembered ?? new Map();
  let table = routeUnits(members, registry, clock.now());
  let toldConflicts: ReadonlySet<string> = new Set();
  let toldMissing = '';
  let isClosed = false;
  const lists = new Map<Member, PolicyUnitList>();
  const listeners = new Set<(available: boolean) => void>();
  const waiting = new Set<() => void>();

  const nodes = members.map((member): { readonly endpoint: Endpoint; readonly checker: HealthChecker } => {
    const endpoint = createEndpoint(
      member,
      {
        ...options,
        onBreakerChange(change) {
          options.onBreakerChange(change);
          tellAvailability();
        },
      },
      () => checker.listNow(),
    );
    const checker = createHealthChecker(endpoint, {
      ...{ log, clock, after },
      relistInterval: settings.relistInterval,
      onListed: (list) => learn(member, list),
      onEnd: release,
    });
    return { endpoint, checker };
  });
  const endpoints = nodes.map(({ endpoint }) => endpoint);
  let wasAvailable = available();
  onTable(table);

  function learn(member: Member, list: PolicyUnitList): void {
    const { name } = member;
    const isFirst = !lists.has(member);
    lists.set(member, list);
    const before = registry.get(name);
    const record = recordListing(before, list.units, clock.now());
    const wereGone = before?.gone ?? [];
    for (const one of record.gone) {
      if (!wereGone.includes(one))
        log.warn('unit no longer offered', { service: name, unit: unitIdentity(one.unit) });
    }
    if (record !== before) registry = new Map(registry).set(name, record);
    // What a service of this process takes over when it is listed for the first time was its own before the start.
    arrange(isFirst && !member.remote ? name : undefined);
    if (record !== before && member.remote) save();
    tellAvailability();
  }

  function arrange(newcomer?: string): void {
    const before = table;
    table = routeUnits(members, registry, clock.now());
    onTable(table);
    for (const unit of table.units) {
      const [from, to] = [before, table].map(({ routes }) => routes[unit.type].get(unit.name)?.member ?? -1);
      if (from === undefined || to === undefined || from < 0 || from === to || nameOf(to) === newcomer)
        continue;
      log.error('unit changed its service', { unit: unitIdentity(unit), from: nameOf(from), to: nameOf(to) });
    }
    tellConflicts();
  }

  function nameOf(member: number): string {
    return members[member]?.name ?? '';
  }

  /** A unit of a member that yields, and loses it to a service of this process, is not needed; all others are a problem. */
  function isWanted({ owner, loser }: Conflict): boolean {
    return members[loser.member]?.yields !== true || members[owner.member]?.remote !== false;
  }

  function tellConflicts(): void {
    const told = new Set<string>();
    for (const conflict of table.conflicts) {
      const { owner, loser } = conflict;
      const unit = unitIdentity(loser.unit);
      const key = `${unit} ${owner.member} ${owner.offeredName} ${loser.member} ${loser.offeredName}`;
      told.add(key);
      if (toldConflicts.has(key)) continue;
      const fields = { unit, kept: nameOf(owner.member), ignored: nameOf(loser.member) };
      if (isWanted(conflict))
        log.error('unit offered twice', { ...fields, reason: problemOf(conflict, members).reason });
      else log.info('unit not needed', fields);
    }
    toldConflicts = told;
  }

  function isListedNow(service: string, unit: PolicyUnit): boolean {
    const node = nodes.find(({ endpoint }) => endpoint.member.name === service);
    if (node === undefined || node.checker.failure() !== undefined) return false;
    const { units = [] } = lists.get(node.endpoint.member) ?? {};
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

  function tellAvailability(): void {
    const now = available();
    if (now === wasAvailable) return;
    wasAvailable = now;
    for (const listener of listeners) listener(now);
  }

  /** Members of which nothing is known: never listed, nothing remembered. */
  function unknown(): readonly { readonly endpoint: Endpoint; readonly checker: HealthChecker }[] {
    return nodes.filter(({ endpoint, checker }) => !checker.listed() && !registry.has(endpoint.member.name));
  }

  function isComplete(): boolean {
    return (
      unknown().length === 0 &&
      nodes.every(({ endpoint, checker }) => !checker.isStale() && endpoint.member.isIncomplete?.() !== true)
    );
  }

  function isLocalListed(): boolean {
    return nodes.every(({ endpoint, checker }) => endpoint.member.remote || checker.listed());
  }

  function isLocalTried(): boolean {
    return nodes.every(
      ({ endpoint, checker }) =>
        endpoint.member.remote || checker.listed() || checker.failure() !== undefined,
    );
  }

  function release(): void {
    for (const look of waiting) look();
  }

  /** Waits until something holds, at the latest until that time. Rejects only with why the caller's own call ended. */
  async function waitUntil(holds: () => boolean, call: Call, until: number): Promise<void> {
    if (isClosed || holds()) return;
    let look: () => void = () => undefined;
    const held = new Promise<void>((resolve) => {
      look = () => {
        if (isClosed || holds()) resolve();
      };
    });
    waiting.add(look);
    try {
      const ms = until - clock.now();
      await runWithin(() => held, { signal: call.signal, ms, after, late: () => new Error('late') });
    } catch {
      if (call.signal.aborted) throw endOf(call);
    } finally {
      waiting.delete(look);
    }
  }

  function tellMissing({ requestId }: Call): void {
    const services = unknown().map(({ endpoint }) => endpoint.member.name);
    const missing = JSON.stringify(services);
    if (missing !== toldMissing && services.length > 0) {
      log.error('units missing from a listing', {
        requestId,
        services,
        consequence: 'an engine keeps the units of these services disabled until its next restart',
      });
    }
    toldMissing = missing;
  }

  return {
    endpoints,
    start() {
      tellConflicts();
      for (const { checker } of nodes) checker.start();
    },
    firstListing: Promise.all(nodes.map(({ checker }) => checker.firstEnd)).then(() => undefined),
    isLocalListed,
    async local(call, until) {
      for (const { endpoint, checker } of nodes) if (!endpoint.member.remote) checker.start();
      await waitUntil(isLocalTried, call, until);
    },
    async complete(call, until) {
      if ((call.depth ?? 0) > 0) return;
      const began = clock.now();
      await waitUntil(isComplete, call, Math.min(until, began + settings.discoverBudget));
      const wasPatient = call.deadline - began >= Math.min(settings.discoverBudget, PATIENT_LISTING_MS);
      if (wasPatient && !isClosed) tellMissing(call);
    },
    problems: () => [
      ...(store?.problems() ?? []),
      ...unknown().map(({ endpoint, checker }) => {
        const failure = checker.failure();
        const why =
          failure === undefined ? 'it has not answered so far' : `${failure.code}: ${failure.message}`;
        return { source: endpoint.member.name, reason: `the service has not been listed yet: ${why}` };
      }),
      ...table.conflicts.filter(isWanted).map((conflict) => problemOf(conflict, members)),
      ...members.flatMap((member) =>
        (lists.get(member)?.problems ?? []).map(({ source, reason }) => ({
          source: `${member.name}: ${source}`,
          reason,
        })),
      ),
    ],
    withInventory: () => endpoints.filter(({ member }) => lists.get(member)?.hasInventory === true),
    unlisted: () =>
      nodes.filter(({ checker }) => !checker.listed()).map(({ endpoint }) => endpoint.member.name),
    missingUnit(type, name) {
      const services = unknown().map(({ endpoint }) => endpoint.member.name);
      const what = `no ${type.toLowerCase()} unit named ${JSON.stringify(name)}`;
      if (services.length > 0) {
        const text = `${what} is known, and these services were never listed so far: ${services.join(', ')}; try later`;
        return new SchedulingError('UNAVAILABLE', text);
      }
      const names = [...table.routes[type].keys()].join(', ') || 'none';
      return new SchedulingError('NOT_FOUND', `${what}; this service has: ${names}`, { notFound: 'UNIT' });
    },
    state: () =>
      nodes.map(({ endpoint: { member, breaker }, checker }, index) => {
        const record = registry.get(member.name);
        const notListed = checker.listed() ? 0 : (record?.units.length ?? 0);
        return {
          name: member.name,
          breaker: breaker?.state() ?? 'closed',
          listed: checker.listed(),
          units: unitsOf(index),
          unitsRemembered: notListed + (record?.gone.length ?? 0),
        };
      }),
    available,
    onAvailability(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    edit(change) {
      registry = change(registry, isListedNow);
      arrange();
      save();
      tellAvailability();
    },
    close() {
      isClosed = true;
      for (const { endpoint, checker } of nodes) {
        checker.close();
        endpoint.breaker?.close();
      }
      release();
    },
  };
}
