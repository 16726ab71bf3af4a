import { randomUUID } from 'node:crypto';
import { checkAcceptedHosts, checkMigration, checkScores } from '../domain/check-answer.js';
import type {
  BalanceHostsRequest,
  BalanceHostsResponse,
  Call,
  FilterHostsRequest,
  FilterHostsResponse,
  HostSelection,
  PolicyUnit,
  PolicyUnitService,
  ScoreHostsRequest,
  ScoreHostsResponse,
} from '../domain/contract.js';
import { endOfCall, SchedulingError } from '../domain/errors.js';
import { hostListOf, type HostList } from '../domain/host-list.js';
import type { InventoryService } from '../domain/inventory.js';
import { nodeAfter, type After, type Clock } from '../lib/timers.js';
import type { CompositeSettings } from '../config/sections.js';
import type { Log } from '../process/log.js';
import { combineFilters, combineScores } from './combine.js';
import type { BreakerChange, MemberCall } from './endpoint.js';
import { fanOut } from './fan-out.js';
import { createMembersInventory } from './inventory.js';
import type { Member } from './member.js';
import { createMembership, type Membership, type RegistryStore } from './membership.js';
import { MAX_DEPTH, type Route, type RoutingTable } from './registry.js';

/** Time before the caller's deadline at which late members are given up, in ms, so that the answer is in time without them. */
const ANSWER_MARGIN_MS = 25;

/** Share of its caller's time that is left when a listing waits no longer: a distant caller has to get it in time, too. */
const LISTING_MARGIN = 0.1;

/** Longest such time, in ms: no way back is longer. */
const MAX_LISTING_MARGIN_MS = 1000;

/** Options of a composite. */
export interface CompositeOptions {
  /** By precedence: a unit that two members offer belongs to the first. */
  readonly members: readonly Member[];
  readonly settings: CompositeSettings;
  /** Id in the paths of units, to be kept by a process that makes one composite after another; random by default. */
  readonly id?: string;
  /** Memory of the units of remote members; absent for none. */
  readonly store?: RegistryStore;
  readonly log: Log;
  /** Dates listings and measures calls; `Date` and `performance` by default. */
  readonly clock?: Clock;
  readonly after?: After;
  /** Called when a call of a member ended, listings included. Must not throw. */
  readonly onMemberCall?: (call: MemberCall) => void;
  /** Called when a circuit opens, half-opens or closes. Must not throw. */
  readonly onBreakerChange?: (change: BreakerChange) => void;
  /** Called when `available` changed. Must not throw. */
  readonly onAvailability?: (available: boolean) => void;
}

/** Several services as one. */
export interface Composite
  extends
    PolicyUnitService,
    Pick<Membership, 'start' | 'firstListing' | 'state' | 'available' | 'edit' | 'close'> {
  /** Inventory of the first member that has one. */
  readonly inventory: InventoryService;
  /** Returns the names of the units of all members, of any type. */
  readonly unitNames: () => readonly string[];
}

/**
 * Creates one service of several. A call goes once to each member that owns some of its units, in parallel. A member that
 * fails, or is late, fails only its own units.
 */
export function createComposite(options: CompositeOptions): Composite {
  const { members, settings, store, log, clock = Date, after = nodeAfter } = options;
  /** Appended to the path of each unit that is listed, so that none is taken that comes back through a loop. */
  const { id = randomUUID() } = options;
  let table: RoutingTable;
  let names: readonly string[] = [];
  const membership = createMembership({
    ...{ members, settings, store, log, clock, after, id },
    steady: options.clock ?? performance,
    onMemberCall: options.onMemberCall ?? (() => undefined),
    onBreakerChange: options.onBreakerChange ?? (() => undefined),
    onAvailability: options.onAvailability ?? (() => undefined),
    onTable(next) {
      table = next;
      names = [...new Set(Object.values(next.routes).flatMap((routes) => [...routes.keys()]))];
    },
  });
  const { endpoints, missingUnit } = membership;
  const inventory = createMembersInventory(membership, begin);

  /** Waits until the units of this process are known. Returns the time by which members have to answer. */
  async function begin(call: Call): Promise<number> {
    const until = answerTime(call, clock);
    await membership.local(call, until);
    return until;
  }

  /** Returns the names of all units of a type. Throws UNAVAILABLE as long as there are none for want of a listing. */
  function allUnits(type: 'SCORE' | 'FILTER'): readonly string[] {
    const names = [...table.routes[type].keys()];
    const services = membership.unknown();
    if (names.length > 0 || services.length === 0) return names;
    const text = `no ${type.toLowerCase()} unit is known, and these services were never listed so far: ${services.join(', ')}; try later`;
    throw new SchedulingError('UNAVAILABLE', text);
  }

  function serviceOf({ type, name }: PolicyUnit): Pick<PolicyUnit, 'service'> {
    const owner = members[table.routes[type].get(name)?.member ?? -1];
    return owner === undefined ? {} : { service: owner.name };
  }

  async function hostsOf(hosts: HostSelection, vmId: string, call: Call, until: number): Promise<HostList> {
    return hostListOf(hosts === 'ALL_UP' ? await inventory.upHosts(vmId, call, until) : hosts);
  }

  async function scoreHosts(request: ScoreHostsRequest, call: Call): Promise<ScoreHostsResponse> {
    const until = await begin(call);
    const { vmId, properties, assumedPlacements } = request;
    const hosts = await hostsOf(request.hosts, vmId, call, until);
    const units = request.units.length > 0 ? request.units : allUnits('SCORE').map(withWeight1);
    const explain = request.explain || request.explainTop !== undefined;
    const { answers, failures } = await fanOut({
      ...{ endpoints, call, until },
      routes: table.routes.SCORE,
      units: units.map(({ name }) => name),
      missing: (unit) => missingUnit('SCORE', unit),
      question: ({ service, routes }) => ({
        method: 'scoreHosts',
        run: (member, bounded) => {
          const units = routes.map(({ offeredName }) => withWeight1(offeredName));
          const asked = { vmId, hosts: hosts.ids, units, properties, assumedPlacements, explain };
          return member.service.scoreHosts(asked, bounded);
        },
        read: (response: ScoreHostsResponse) =>
          checkScores(response, { hosts, units: routes.map(scoreUnitOf), service }),
      }),
    });
    return combineScores({ hosts, units, explain, answers, failures });
  }

  async function filterHosts(request: FilterHostsRequest, call: Call): Promise<FilterHostsResponse> {
    const until = await begin(call);
    const { vmId, properties, assumedPlacements = [], explain = false } = request;
    const hosts = await hostsOf(request.hosts, vmId, call, until);
    const units = request.units.length > 0 ? request.units : allUnits('FILTER');
    const { answers, failures } = await fanOut({
      ...{ endpoints, units, call, until },
      routes: table.routes.FILTER,
      missing: (unit) => missingUnit('FILTER', unit),
      question: ({ service, routes }) => {
        const offered = routes.map(({ offeredName }) => offeredName);
        return {
          method: 'filterHosts',
          run: (member, bounded) => {
            const asked = { vmId, hosts: hosts.ids, units: offered, properties, assumedPlacements, explain };
            return member.service.filterHosts(asked, bounded);
          },
          read: (response: FilterHostsResponse) =>
            checkAcceptedHosts(response, { hosts, units: offered, service }),
        };
      },
    });
    return combineFilters({ hosts, units, answers, failures });
  }

  async function balanceHosts(request: BalanceHostsRequest, call: Call): Promise<BalanceHostsResponse> {
    const until = await begin(call);
    const { properties, assumedPlacements = [], explain = false } = request;
    const hosts = hostListOf(request.hostIds);
    const { answers, failures } = await fanOut({
      ...{ endpoints, call, until },
      routes: table.routes.BALANCE,
      units: [request.unit],
      missing: (unit) => missingUnit('BALANCE', unit),
      question: ({ routes }) => ({
        method: 'balanceHosts',
        run: (member, bounded) => {
          const unit = routes[0]?.offeredName ?? request.unit;
          const asked = { unit, hostIds: request.hostIds, properties, assumedPlacements, explain };
          return member.service.balanceHosts(asked, bounded);
        },
        read: (response: BalanceHostsResponse) => checkMigration(response, hosts),
      }),
    });
    const [failure] = failures.values();
    if (failure !== undefined) throw new SchedulingError(failure.code, failure.message, failure);
    const [answer] = answers;
    if (answer === undefined) throw missingUnit('BALANCE', request.unit);
    return answer.value;
  }

  return {
    async listPolicyUnits(call) {
      const until = await begin(call);
      const margin = Math.min(LISTING_MARGIN * (call.deadline - clock.now()), MAX_LISTING_MARGIN_MS);
      await membership.complete(call, Math.min(until, call.deadline - margin));
      // A composite remembers by itself what is gone; to others it has to look like a unit.
      const units = (call.depth ?? 0) > 0 ? table.listed : table.units;
      return {
        units: units.map((unit) => ({ ...unit, ...serviceOf(unit), path: [...(unit.path ?? []), id] })),
        problems: membership.problems(call),
        hasInventory: membership.withInventory().length > 0,
        isIncomplete: membership.isIncomplete(),
      };
    },
    scoreHosts,
    filterHosts,
    balanceHosts,
    inventory: inventory.service,
    unitNames: () => names,
    start: membership.start,
    firstListing: membership.firstListing,
    state: membership.state,
    available: membership.available,
    edit: membership.edit,
    close: membership.close,
  };
}

/**
 * Returns the time by which members have to answer, in ms since the epoch. Throws DEADLINE_EXCEEDED or CANCELLED for a call
 * that is over, INVALID_ARGUMENT for one that has come through too many composites.
 */
function answerTime(call: Call, clock: Clock): number {
  const { depth = 0 } = call;
  if (depth >= MAX_DEPTH) {
    throw new SchedulingError(
      'INVALID_ARGUMENT',
      `the call has come through ${depth} composites, which is too many: the services of their configurations probably form a loop`,
    );
  }
  if (call.signal.aborted) throw endOfCall(call.signal);
  const time = call.deadline - ANSWER_MARGIN_MS;
  if (clock.now() >= time) throw new SchedulingError('DEADLINE_EXCEEDED', 'the deadline passed');
  return time;
}

// A member's sums are not used, so the caller's weights don't matter to it.
const withWeight1 = (name: string) => ({ name, weight: 1 });

const scoreUnitOf = ({ unit, offeredName }: Route) => ({ name: offeredName, direction: unit.direction });
