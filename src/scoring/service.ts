import { balancingSection, type BalancingSettings } from '../config/sections.js';
import {
  idsOf,
  type AnswerContext,
  type BalanceHostsRequest,
  type BalanceHostsResponse,
  type Call,
  type FilterHostsRequest,
  type FilterHostsResponse,
  type FilterUnitResult,
  type PolicyUnit,
  type PolicyUnitService,
  type PolicyUnitType,
  type ScoreExplanation,
  type ScoreHostsRequest,
  type ScoreHostsResponse,
  type ScoreUnitResult,
  type UnitResult,
  type WeightedUnit,
} from '../domain/contract.js';
import { failureOf, SchedulingError } from '../domain/errors.js';
import { hostListOf } from '../domain/host-list.js';
import { sumScores } from '../domain/score-sums.js';
import type { Host, Inventory, Snapshot, Vm } from '../domain/snapshot.js';
import { stackOf } from '../lib/text.js';
import type { Clock } from '../lib/timers.js';
import type { Log } from '../process/log.js';
import { withPlacements } from './balancing.js';
import { createInventoryReader } from './inventory-reading.js';
import { createMigrationCooldown, type MigrationCooldown } from './migration-cooldown.js';
import {
  runBalanceUnit,
  runFilterUnit,
  runScoreUnit,
  wordsOf,
  type OnUnitBug,
  type RejectedHosts,
  type ScoredHosts,
} from './run-unit.js';
import type { BalanceUnit, FilterUnit, ScoreUnit, Unit } from './unit.js';

/** Options of the scoring engine. */
export interface ScoringServiceOptions {
  readonly units: readonly Unit[];
  readonly inventory: Inventory;
  readonly log: Log;
  readonly clock?: Clock;
  /** Called with the time that each run of a unit took, in milliseconds. Must not throw. */
  readonly onUnitRun?: (unit: string, durationMs: number) => void;
  /** Defaults of the configuration by default. */
  readonly balancing?: BalancingSettings;
  /** Cooldown to share with another engine; its own by default. */
  readonly migrations?: MigrationCooldown;
}

/**
 * Creates the scoring engine, which runs pure units over one snapshot of the inventory. A unit's failure is data and
 * affects that unit only. A request does no I/O unless it names a host or VM that the snapshot lacks. Throws when two
 * units share type and name.
 */
export function createScoringService(options: ScoringServiceOptions): PolicyUnitService {
  const { units, inventory, log, clock = Date, balancing = balancingSection.parse({}) } = options;
  const { migrations = createMigrationCooldown(balancing, clock) } = options;
  const { onUnitRun = () => undefined } = options;
  const { scores, filters, balances } = byName(units);
  const { findHosts, findVmAndHosts } = createInventoryReader(inventory);

  function timed<Result extends UnitResult<unknown>>(
    unit: string,
    { span }: Call,
    run: () => Result,
  ): Result {
    const own = span?.start('internal', `unit ${unit}`, { 'hostscore.unit': unit });
    const start = performance.now();
    const result = run();
    onUnitRun(unit, performance.now() - start);
    own?.end(result.failure?.code);
    return result;
  }

  const bugsOf =
    (call: Call): OnUnitBug =>
    (unit, cause) =>
      log.error('unit failed', { ...idsOf(call), unit, stack: stackOf(cause) }, unit);

  /** Warns of values that are outside the pattern of a unit which took them all the same. */
  function warnOfOldValues(
    { name: unit, properties }: Unit,
    given: ReadonlyMap<string, string>,
    call: Call,
  ): void {
    for (const { name, pattern } of properties) {
      const value = given.get(name);
      if (value === undefined || new RegExp(`^(?:${pattern})$`).test(value)) continue;
      const fields = { ...idsOf(call), unit, property: name, value, pattern };
      log.warn('property outside its pattern', fields, `${unit} ${name}`);
    }
  }

  function checkTime(call: Call): void {
    if (call.signal.aborted) throw SchedulingError.from(call.signal.reason);
    if (clock.now() >= call.deadline) throw new SchedulingError('DEADLINE_EXCEEDED', 'the deadline passed');
  }

  async function scoreHosts(request: ScoreHostsRequest, call: Call): Promise<ScoreHostsResponse> {
    const { snapshot, vm, hosts, hostIds, unknownHostIds, observed } = await findVmAndHosts(request, call);
    const { properties } = request;
    const wanted = request.units.length > 0 ? request.units : [...scores.keys()].map(withWeight1);

    const results = wanted.map(({ name }): UnitResult<ScoredHosts> => {
      checkTime(call);
      const unit = scores.get(name);
      if (unit === undefined)
        return { unit: name, failure: failureOf(unitNotFound('SCORE', name, scores.keys())) };
      const result = timed(name, call, () =>
        runScoreUnit(unit, { snapshot, vm, hosts, properties }, bugsOf(call)),
      );
      if (result.failure !== undefined) return result;
      warnOfOldValues(unit, properties, call);
      if (unit.readsGuestReports?.(properties) === true) inventory.use('guestReports');
      return result;
    });
    const unitResults = results.map((result): ScoreUnitResult =>
      result.value === undefined
        ? result
        : { unit: result.unit, value: result.value.values, direction: result.value.direction },
    );
    const sums = sumScores(unitResults, wanted, hosts.length);

    return {
      scores: hostIds.map((hostId, place) => ({ hostId, score: sums[place] ?? 0 })),
      unitResults,
      ...(request.explain ? { explanation: explainScores(hosts, results, bugsOf(call)) } : {}),
      unknownHostIds,
      snapshotTime: snapshot.time,
      context: contextOf(observed, vm, hosts, () => hostIds, results, bugsOf(call)),
    };
  }

  async function filterHosts(request: FilterHostsRequest, call: Call): Promise<FilterHostsResponse> {
    const { snapshot, vm, hosts, hostIds, observed } = await findVmAndHosts(request, call);
    const { properties, explain = false } = request;
    const wanted = request.units.length > 0 ? request.units : [...filters.keys()];
    const asked = request.hosts === 'ALL_UP' ? hostIds : hostListOf(request.hosts).ids;

    const results = wanted.map((name): UnitResult<RejectedHosts> => {
      checkTime(call);
      const unit = filters.get(name);
      if (unit === undefined)
        return { unit: name, failure: failureOf(unitNotFound('FILTER', name, filters.keys())) };
      const result = timed(name, call, () =>
        runFilterUnit(unit, { snapshot, vm, hosts, properties }, bugsOf(call)),
      );
      if (result.failure === undefined) warnOfOldValues(unit, properties, call);
      return result;
    });

    return {
      hostIds: asked.filter((id) => !results.some(({ value }) => value?.ids.has(id))),
      unitResults: results.map((result): FilterUnitResult => {
        if (result.value === undefined) return result;
        const { unit, value } = result;
        const accepted = asked.filter((id) => !value.ids.has(id));
        return explain
          ? { unit, value: accepted, rejections: rejectionsOf(hosts, result, bugsOf(call)) }
          : { unit, value: accepted };
      }),
      snapshotTime: snapshot.time,
      context: contextOf(observed, vm, hosts, () => asked, results, bugsOf(call)),
    };
  }

  async function balanceHosts(request: BalanceHostsRequest, call: Call): Promise<BalanceHostsResponse> {
    const { hostIds, properties, assumedPlacements, explain = false } = request;
    const unit = balances.get(request.unit);
    if (unit === undefined) throw unitNotFound('BALANCE', request.unit, balances.keys());
    const { snapshot, hosts, observed, placements } = await findHosts(hostIds, call, assumedPlacements);
    checkTime(call);
    inventory.use('hostMemory');
    checkAge('snapshot of the engine', observed.time);
    checkAge('memory of the hosts as the engine knows it', observed.memoryTime);
    const recent = withPlacements(migrations.beside(observed), observed, placements);
    const result = timed(unit.name, call, () =>
      runBalanceUnit(unit, { snapshot, hosts, properties, recent }, bugsOf(call)),
    );
    if (result.failure !== undefined) {
      throw new SchedulingError(result.failure.code, `unit ${unit.name}: ${result.failure.message}`);
    }
    warnOfOldValues(unit, properties, call);
    const { migration, explain: words } = result.value;
    if (migration !== undefined && call.dryRun !== true) migrations.remember(migration, observed);
    return {
      snapshotTime: snapshot.time,
      ...(migration === undefined ? {} : { migration }),
      ...(explain ? { explanation: wordsOf(unit.name, words, bugsOf(call)) } : {}),
      context: {
        ...contextOf(observed, migration && observed.vm(migration.vmId), [], () => hostIds, [], bugsOf(call)),
        words: () => wordsOf(unit.name, words, bugsOf(call)),
      },
    };
  }

  /** Throws UNAVAILABLE for what is old. A stale score is only worse; a stale migration may move the wrong VM. */
  function checkAge(what: string, time: number): void {
    const { maxSnapshotAge } = balancing;
    const age = clock.now() - time;
    if (age <= maxSnapshotAge) return;
    throw new SchedulingError(
      'UNAVAILABLE',
      `the ${what} is ${Math.round(age / 1000)} s old, and a migration needs one of at most ${Math.round(maxSnapshotAge / 1000)} s (balancing.maxSnapshotAge); try later`,
    );
  }

  const list = { units: units.map(describe), problems: [], hasInventory: true };
  return { listPolicyUnits: () => Promise.resolve(list), scoreHosts, filterHosts, balanceHosts };
}

function explainScores(
  hosts: readonly Host[],
  results: readonly UnitResult<ScoredHosts>[],
  onBug: OnUnitBug,
): ScoreExplanation {
  return {
    hostName: (place) => hosts[place]?.name,
    reasons(place) {
      const host = hosts[place];
      if (host === undefined) return [];
      return results.flatMap(({ unit, value }) =>
        value === undefined ? [] : [{ unit, text: wordsOf(unit, () => value.explain(host), onBug) }],
      );
    },
  };
}

function contextOf(
  snapshot: Snapshot,
  vm: Vm | undefined,
  hosts: readonly Host[],
  hostIds: () => readonly string[],
  results: readonly UnitResult<{ readonly explain: (host: Host) => string }>[],
  onBug: OnUnitBug,
): AnswerContext {
  const { time, eventId } = snapshot;
  return {
    vm: () => vm && { name: vm.name, os: vm.os.configured.type, clusterId: vm.clusterId },
    hostName: (hostId) => snapshot.host(hostId)?.name,
    hostIds,
    snapshots: () => [{ time, eventId }],
    words(name, hostId) {
      const host = hosts.find(({ id }) => id === hostId);
      const explain = results.find(({ unit }) => unit === name)?.value?.explain;
      return host && explain && wordsOf(name, () => explain(host), onBug);
    },
  };
}

function rejectionsOf(
  hosts: readonly Host[],
  { unit, value }: { readonly unit: string; readonly value: RejectedHosts },
  onBug: OnUnitBug,
): NonNullable<FilterUnitResult['rejections']> {
  return hosts
    .filter(({ id }) => value.ids.has(id))
    .map((host) => ({
      hostId: host.id,
      hostName: host.name,
      reason: wordsOf(unit, () => value.explain(host), onBug),
    }));
}

const withWeight1 = (name: string): WeightedUnit => ({ name, weight: 1 });

/** Indexes units by type and name. Throws when two share both. */
function byName(units: readonly Unit[]) {
  const scores = new Map<string, ScoreUnit>();
  const filters = new Map<string, FilterUnit>();
  const balances = new Map<string, BalanceUnit>();
  for (const unit of units) {
    if (unit.type === 'SCORE') register(scores, unit);
    else if (unit.type === 'FILTER') register(filters, unit);
    else register(balances, unit);
  }
  return { scores, filters, balances };
}

function register<Registered extends Unit>(registered: Map<string, Registered>, unit: Registered): void {
  if (registered.has(unit.name)) {
    throw new Error(`two ${unit.type} units are named ${JSON.stringify(unit.name)}; rename one`);
  }
  registered.set(unit.name, unit);
}

function describe(unit: Unit): PolicyUnit {
  const { name, type, description } = unit;
  const properties = unit.properties.map(({ name, pattern, defaultValue, description }) => ({
    name,
    pattern,
    defaultValue,
    description,
  }));
  return {
    name,
    type,
    description,
    properties,
    ...(unit.type === 'SCORE' ? { direction: unit.direction } : {}),
  };
}

function unitNotFound(type: PolicyUnitType, name: string, known: Iterable<string>): SchedulingError {
  const names = [...known].join(', ') || 'none';
  return new SchedulingError(
    'NOT_FOUND',
    `no ${type.toLowerCase()} unit named ${JSON.stringify(name)}; this service has: ${names}`,
    { notFound: 'UNIT' },
  );
}
