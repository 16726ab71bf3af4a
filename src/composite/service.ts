import { checkAcceptedHosts, checkMigration, checkScores } from '../domain/check-answer.js';
import type {
  BalanceHostsRequest,
  BalanceHostsResponse,
  Call,
  FilterHostsRequest,
  FilterHostsResponse,
  HostSelection,
  PolicyUnitService,
  ScoreHostsRequest,
  ScoreHostsResponse,
} from '../domain/contract.js';
import { SchedulingError } from '../domain/errors.js';
import { hostListOf, type HostList } from '../domain/host-list.js';
import type { InventoryService } from '../domain/inventory.js';
import { nodeAfter, type After, type Clock } from '../lib/timers.js';
import type { CompositeSettings } from '../config/sections.js';
import type { Log } from '../process/log.js';
import { combineFilters } from './combine-filters.js';
import { combineScores } from './combine-scores.js';
import { endOf, type BreakerChange, type MemberCall } from './endpoint.js';
import { fanOut } from './fan-out.js';
import { createMembersInventory } from './inventory.js';
import { checkMembers, type Member } from './member.js';
import { createMembership, type Membership, type RegistryStore } from './membership.js';
import type { Route, RoutingTable } from './registry.js';

/** How long before the caller's deadline members are given up on: milliseconds. The answer without them is still in time. */
const ANSWER_MARGIN_MS = 25;

/** Through how many composites a call may have come. Nobody nests more; services that have each other do without end. */
const MAX_DEPTH = 4;

/** What a composite is made of. */
export interface CompositeOptions {
  /** In the order in which they come first: what two of them offer is the first one's. */
  readonly members: readonly Member[];
  readonly settings: CompositeSettings;
  /** What remembers the units of remote members; absent: nothing does. */
  readonly store?: RegistryStore;
  readonly log: Log;
  /** Tells the time, and measures calls; Date and `performance` by default. */
  readonly clock?: Clock;
  readonly after?: After;
  /** Called at the end of each call of a member, listings too. Must not throw. */
  readonly onMemberCall?: (call: MemberCall) => void;
  /** Called when a breaker opens, half-opens or closes. Must not throw. */
  readonly onBreakerChange?: (change: BreakerChange) => void;
}

/** Several services as one. */
export interface Composite
  extends
    PolicyUnitService,
    Pick<Membership, 'start' | 'firstListing' | 'state' | 'available' | 'onAvailability' | 'edit' | 'close'> {
  /** Passes on to the first member that has an inventory. */
  readonly inventory: InventoryService;
  /** Reports whether some member has a unit of that name, of whatever type. */
  readonly hasUnit: (name: string) => boolean;
}

/**
 * Makes one service of several. A call goes once to each member that has some of its units, to all at the same time, and
 * is answered when all have answered or their time is over: what a member fails to answer fails its own units only.
 * Throws INVALID_ARGUMENT for members that can't be.
 */
export function createComposite(options: CompositeOptions): Composite {
  const { members, settings, store, log, clock = Date, after = nodeAfter } = options;
  checkMembers(members);
  let table: RoutingTable;
  let isLocalListed = false;
  const membership = createMembership({
    ...{ members, settings, store, log, clock, after },
    steady: options.clock ?? performance,
    onMemberCall: options.onMemberCall ?? (() => undefined),
    onBreakerChange: options.onBreakerChange ?? (() => undefined),
    onTable: (next) => (table = next),
  });
  const { endpoints, missingUnit } = membership;
  const inventory = createMembersInventory(membership, begin);

  /** Returns the time until which members may answer, when the units of this process are known. */
  async function begin(call: Call): Promise<number> {
    const until = answerTime(call, clock);
    if (!isLocalListed) {
      await membership.local(call, until);
      isLocalListed = membership.isLocalListed();
    }
    return until;
  }

  async function hostsOf(hosts: HostSelection, vmId: string, call: Call, until: number): Promise<HostList> {
    return hostListOf(hosts === 'ALL_UP' ? await inventory.upHosts(vmId, call, until) : hosts);
  }

  async function scoreHosts(request: ScoreHostsRequest, call: Call): Promise<ScoreHostsResponse> {
    const until = await begin(call);
    const { vmId, properties, assumedPlacements } = request;
    const hosts = await hostsOf(request.hosts, vmId, call, until);
    const units = request.units.length > 0 ? request.units : [...table.routes.SCORE.keys()].map(withWeight1);
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
    const described = answers.map((answer) => ({ ...answer, directions: answer.routes.map(directionOf) }));
    return combineScores({ hosts, units, explain, answers: described, failures });
  }

  async function filterHosts(request: FilterHostsRequest, call: Call): Promise<FilterHostsResponse> {
    const until = await begin(call);
    const { vmId, properties, assumedPlacements = [], explain = false } = request;
    const hosts = await hostsOf(request.hosts, vmId, call, until);
    const units = request.units.length > 0 ? request.units : [...table.routes.FILTER.keys()];
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
          return member.service.balanceHosts({ ...request, unit }, bounded);
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
      await membership.complete(call, until);
      return {
        units: table.units,
        problems: membership.problems(),
        hasInventory: membership.withInventory().length > 0,
      };
    },
    scoreHosts,
    filterHosts,
    balanceHosts,
    inventory: inventory.service,
    hasUnit: (name) => Object.values(table.routes).some((routes) => routes.has(name)),
    start: membership.start,
    firstListing: membership.firstListing,
    state: membership.state,
    available: membership.available,
    onAvailability: membership.onAvailability,
    edit: membership.edit,
    close: membership.close,
  };
}

/**
 * Returns when the members of a composite have to have answered a call: milliseconds since the epoch. Throws
 * DEADLINE_EXCEEDED or CANCELLED when it is too late to begin, INVALID_ARGUMENT when the call has come through too many
 * composites.
 */
function answerTime(call: Call, clock: Clock): number {
  const { depth = 0 } = call;
  if (depth >= MAX_DEPTH) {
    throw new SchedulingError(
      'INVALID_ARGUMENT',
      `the call has come through ${depth} composites, which is too many: the services of their configurations probably form a loop`,
    );
  }
  if (call.signal.aborted) throw endOf(call);
  const time = call.deadline - ANSWER_MARGIN_MS;
  if (clock.now() >= time) throw new SchedulingError('DEADLINE_EXCEEDED', 'the deadline passed');
  return time;
}

// A member's sums are not used, so that no weight of the caller's matters to it.
const withWeight1 = (name: string) => ({ name, weight: 1 });

const directionOf = ({ unit }: Route) => unit.direction ?? 'HIGHER_IS_BETTER';

const scoreUnitOf = (route: Route) => ({ name: route.offeredName, direction: directionOf(route) });
