import type {
  BalanceHostsRequest,
  BalanceHostsResponse,
  Call,
  FilterHostsRequest,
  FilterHostsResponse,
  PolicyUnitService,
  ScoreHostsRequest,
  ScoreHostsResponse,
  UnitProblem,
  WeightedUnit,
} from '../domain/contract.js';
import { SchedulingError } from '../domain/errors.js';
import type { Log } from '../process/log.js';
import type { MemberCall } from './ask-member.js';
import type { BreakerChange } from './attendant.js';
import type { CatalogueStore } from './catalogue-file.js';
import { answerTime } from './call-time.js';
import type { Route } from './arrange-units.js';
import { checkMembers } from './check-members.js';
import { askedHosts, type AskedHosts } from './combine/asked-hosts.js';
import { checkAcceptedHosts } from './combine/check-accepted-hosts.js';
import { checkMigration } from './combine/check-migration.js';
import { checkScores } from './combine/check-scores.js';
import { combineFilters } from './combine/filters.js';
import { combineScores } from './combine/scores.js';
import { fanOut } from './fan-out.js';
import { resolveCompositeLimits, type CompositeLimits } from './limits.js';
import type { Attendant } from './attendant.js';
import type { Member } from './member.js';
import { createRoster, type MemberState } from './roster.js';
import { routeUnits } from './route-units.js';
import { nodeTimers, type Clock, type Timers } from './timers.js';

/** What a composite is made of. */
export interface CompositeOptions {
  /** In the order in which their units are listed. */
  readonly members: readonly Member[];
  /** What remembers the units of remote members; absent: nothing does. */
  readonly catalogue?: CatalogueStore;
  readonly log: Log;
  /** Tells the time, and measures calls; Date and `performance` by default. */
  readonly clock?: Clock;
  readonly timers?: Timers;
  readonly limits?: Partial<CompositeLimits>;
  /** Called at the end of each call of a member, listings too. Must not throw. */
  readonly onMemberCall?: (call: MemberCall) => void;
  /** Called when a breaker opens, half-opens or closes. Must not throw. */
  readonly onBreakerChange?: (change: BreakerChange) => void;
}

/** Several services as one. */
export interface Composite extends PolicyUnitService {
  /** Begins to list the members. */
  readonly start: () => void;
  /**
   * Fulfilled when each member was listed or could not be, once. Rejects with INVALID_ARGUMENT, naming both services,
   * the unit and the remedy, when two of them offer one unit.
   */
  readonly firstListing: Promise<void>;
  readonly state: () => readonly MemberState[];
  /** Whether some member has a unit of that name, of whatever type. */
  readonly hasUnit: (name: string) => boolean;
  /** Whether any remote member can be asked: it has units here and is not taken to be down. */
  readonly available: () => boolean;
  /** Has a listener told each time `available` changes. Returns how to stop listening. */
  readonly onAvailability: (listener: (available: boolean) => void) => () => void;
  /** Stops listing, and writes what is to be remembered. Calls under way go on. */
  readonly close: () => Promise<void>;
}

/**
 * Makes one service of several. A call goes once to each member that has some of its units, to all at the same time, and
 * is answered when all have answered or their time is over: what a member fails to answer fails its own units only.
 * Throws INVALID_ARGUMENT for members or limits that can't be.
 */
export function createComposite(options: CompositeOptions): Composite {
  const { members, log, clock = Date, timers = nodeTimers } = options;
  checkMembers(members);
  const limits = resolveCompositeLimits(options.limits);
  const roster = createRoster(members, options.catalogue, {
    limits,
    log,
    clock,
    steady: options.clock ?? performance,
    timers,
    onMemberCall: options.onMemberCall ?? (() => undefined),
    onBreakerChange: options.onBreakerChange ?? (() => undefined),
  });
  const { catalogue, missingUnit } = roster;
  // A scheduler asks for the same hosts again and again, and a list never changes.
  const askedBefore = new WeakMap<readonly string[], AskedHosts>();

  function asked(hostIds: readonly string[]): AskedHosts {
    const hosts = askedBefore.get(hostIds) ?? askedHosts(hostIds);
    askedBefore.set(hostIds, hosts);
    return hosts;
  }

  /** The names of all units of a type. */
  const allOf = (type: 'SCORE' | 'FILTER'): readonly string[] =>
    catalogue.routes().flatMap(({ unit }) => (unit.type === type ? [unit.name] : []));

  async function begin(call: Call): Promise<number> {
    const until = answerTime(call, limits, clock);
    await roster.localUnits(call, until);
    return until;
  }

  async function scoreHosts(request: ScoreHostsRequest, call: Call): Promise<ScoreHostsResponse> {
    const until = await begin(call);
    const units = request.units.length > 0 ? request.units : allOf('SCORE').map(withWeight1);
    const hosts = request.hosts === 'ALL_UP' ? 'ALL_UP' : asked(request.hosts);
    const names = units.map(({ name }) => name);
    const routed = routeUnits('SCORE', names, catalogue.find, missingUnit);
    const { answers, failures } = await fanOut(roster.members, routed, call, until, (service, routes) => {
      const offered = routes.map(({ offeredName }) => withWeight1(offeredName));
      return {
        method: 'scoreHosts',
        run: (member, bounded) => member.scoreHosts({ ...request, units: offered }, bounded),
        read: (response) => checkScores(response, hosts, routes.map(scoreUnitOf), service),
      };
    });
    return combineScores({
      asked: hosts,
      units,
      explain: request.explain,
      answers: answers.map(({ service, places, routes, value }) => ({
        service,
        units: routes.map((route, index) => ({ ...scoreUnitOf(route), place: places[index] ?? -1 })),
        response: value,
      })),
      failures,
    });
  }

  async function filterHosts(request: FilterHostsRequest, call: Call): Promise<FilterHostsResponse> {
    const until = await begin(call);
    const units = request.units.length > 0 ? request.units : allOf('FILTER');
    const hosts = asked(request.hosts === 'ALL_UP' ? [] : request.hosts);
    const routed = routeUnits('FILTER', units, catalogue.find, missingUnit);
    const { answers, failures } = await fanOut(roster.members, routed, call, until, (service, routes) => {
      const offered = routes.map(({ offeredName }) => offeredName);
      return {
        method: 'filterHosts',
        run: (member, bounded) => member.filterHosts({ ...request, units: offered }, bounded),
        read: (response) => checkAcceptedHosts(response, hosts, offered, service),
      };
    });
    return combineFilters({
      asked: hosts,
      units,
      answers: answers.map(({ places, value }) => ({ places, response: value })),
      failures,
    });
  }

  async function balanceHosts(request: BalanceHostsRequest, call: Call): Promise<BalanceHostsResponse> {
    const until = await begin(call);
    const hosts = asked(request.hostIds);
    const routed = routeUnits('BALANCE', [request.unit], catalogue.find, missingUnit);
    const { answers, failures } = await fanOut(roster.members, routed, call, until, (_, routes) => {
      const unit = routes[0]?.offeredName ?? request.unit;
      return {
        method: 'balanceHosts',
        run: (member, bounded) => member.balanceHosts({ ...request, unit }, bounded),
        read: (response) => checkMigration(response, hosts),
      };
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
      await roster.allUnits(call, until);
      return {
        units: catalogue.routes().map(({ unit }) => unit),
        problems: roster.members.flatMap(problemsOf),
        hasInventory: false,
      };
    },
    scoreHosts,
    filterHosts,
    balanceHosts,
    start: roster.start,
    firstListing: roster.firstListing,
    state: roster.state,
    hasUnit: (name) => catalogue.routes().some(({ unit }) => unit.name === name),
    available: roster.available,
    onAvailability: roster.onAvailability,
    close: roster.close,
  };
}

function problemsOf({ member, lister }: Attendant): readonly UnitProblem[] {
  return lister.problems().map(({ source, reason }) => ({ source: `${member.name}: ${source}`, reason }));
}

// A member's sums are not used, so that no weight of the caller's matters to it.
const withWeight1 = (name: string): WeightedUnit => ({ name, weight: 1 });

const scoreUnitOf = ({ unit, offeredName }: Route) => ({
  offeredName,
  direction: unit.direction ?? 'HIGHER_IS_BETTER',
});
