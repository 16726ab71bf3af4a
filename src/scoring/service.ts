import type {
  BalanceHostsRequest,
  BalanceHostsResponse,
  Call,
  FilterHostsRequest,
  FilterHostsResponse,
  PolicyUnitService,
  ScoreHostsRequest,
  ScoreExplanation,
  ScoreHostsResponse,
  ScoreUnitResult,
  UnitResult,
  WeightedUnit,
} from '../domain/contract.js';
import { failureOf, INTERNAL_ERROR_TEXT, SchedulingError } from '../domain/errors.js';
import { hostListOf } from '../domain/host-list.js';
import { sumScores } from '../domain/score-sums.js';
import { stackOf } from '../lib/text.js';
import type { Log } from '../process/log.js';
import type { Host, Inventory } from '../domain/snapshot.js';
import { assumeAll, createHostResolver, resolveVm, wantedHosts } from './inventory-reading.js';
import {
  createMigrationCooldown,
  type MigrationCooldown,
  type MigrationCooldownLimits,
} from './migration-cooldown.js';
import { runBalanceUnit, runFilterUnit, runScoreUnit, type OnUnitBug, type ScoredHosts } from './run-unit.js';
import { createUnitRegistry, unitNotFound } from './unit-registry.js';
import type { Unit } from './unit.js';

/** What the policy engine works with. */
export interface PolicyServiceOptions {
  readonly units: readonly Unit[];
  readonly inventory: Inventory;
  readonly log: Log;
  readonly clock?: { readonly now: () => number };
  /** How migrations that were proposed are remembered; what is left out has its default. */
  readonly balancing?: Partial<MigrationCooldownLimits>;
  /** Age of a snapshot from which no migration is proposed any more: milliseconds. Absent: there is none. */
  readonly maxBalancingAge?: number;
  /** Remembers them in place of an own memory, made of `balancing`. */
  readonly migrations?: MigrationCooldown;
}

/**
 * The scoring engine: runs pure units over one snapshot of the inventory. A unit's failure is data and costs that unit
 * only; no request does I/O unless it names a host or a VM that the snapshot lacks.
 */
export function createPolicyService(options: PolicyServiceOptions): PolicyUnitService {
  const { inventory, log, clock = Date, maxBalancingAge = Infinity } = options;
  const { descriptions, scores, filters, balances } = createUnitRegistry(options.units);
  const resolveHosts = createHostResolver(inventory);
  const migrations = options.migrations ?? createMigrationCooldown({ ...options.balancing, clock });

  const bugsOf =
    (call: Call): OnUnitBug =>
    (unit, cause) =>
      log.error('unit failed', { requestId: call.requestId, unit, stack: stackOf(cause) });

  function checkTime(call: Call): void {
    if (call.signal.aborted) throw SchedulingError.from(call.signal.reason);
    if (clock.now() >= call.deadline) throw new SchedulingError('DEADLINE_EXCEEDED', 'the deadline passed');
  }

  async function scoreHosts(request: ScoreHostsRequest, call: Call): Promise<ScoreHostsResponse> {
    const chosen = await wantedHosts(inventory, request, call);
    const resolved = await resolveHosts(chosen, call, request.assumedPlacements);
    const stopped = await resolveVm(inventory, resolved.snapshot, request.vmId, call);
    const snapshot = await assumeAll(inventory, resolved.snapshot, request.assumedPlacements, call);
    const hosts =
      snapshot === resolved.snapshot
        ? resolved.hosts
        : resolved.hosts.map((host) => snapshot.host(host.id) ?? host);
    const vm = snapshot.vm(request.vmId) ?? stopped;
    const wanted = request.units.length > 0 ? request.units : [...scores.keys()].map(withWeight1);

    const results = wanted.map(({ name }): UnitResult<ScoredHosts> => {
      checkTime(call);
      const unit = scores.get(name);
      return unit === undefined
        ? { unit: name, failure: failureOf(unitNotFound('SCORE', name, scores.keys())) }
        : runScoreUnit(unit, { snapshot, vm, hosts, properties: request.properties }, bugsOf(call));
    });
    const unitResults = results.map((result): ScoreUnitResult =>
      result.value === undefined
        ? result
        : { unit: result.unit, value: result.value.values, direction: 'HIGHER_IS_BETTER' },
    );
    const sums = sumScores(unitResults, wanted, hosts.length);

    return {
      scores: hosts.map(({ id }, place) => ({ hostId: id, score: sums[place] ?? 0 })),
      unitResults,
      ...(request.explain ? { explanation: explainScores(hosts, results, bugsOf(call)) } : {}),
      unknownHostIds: resolved.unknownHostIds,
      snapshotTime: snapshot.time,
    };
  }

  async function filterHosts(request: FilterHostsRequest, call: Call): Promise<FilterHostsResponse> {
    const resolved = await resolveHosts(await wantedHosts(inventory, request, call), call);
    const { snapshot, hosts } = resolved;
    const vm = await resolveVm(inventory, snapshot, request.vmId, call);
    const wanted = request.units.length > 0 ? request.units : [...filters.keys()];
    const asked = request.hosts === 'ALL_UP' ? hosts.map(({ id }) => id) : hostListOf(request.hosts).ids;

    const rejections = wanted.map((name): UnitResult<ReadonlySet<string>> => {
      checkTime(call);
      const unit = filters.get(name);
      return unit === undefined
        ? { unit: name, failure: failureOf(unitNotFound('FILTER', name, filters.keys())) }
        : runFilterUnit(unit, { snapshot, vm, hosts, properties: request.properties }, bugsOf(call));
    });

    return {
      hostIds: asked.filter((id) => !rejections.some(({ value }) => value?.has(id))),
      unitResults: rejections.map((result) =>
        result.value === undefined
          ? result
          : { unit: result.unit, value: asked.filter((id) => !result.value.has(id)) },
      ),
      snapshotTime: snapshot.time,
    };
  }

  async function balanceHosts(request: BalanceHostsRequest, call: Call): Promise<BalanceHostsResponse> {
    const unit = balances.get(request.unit);
    if (unit === undefined) throw unitNotFound('BALANCE', request.unit, balances.keys());
    const { snapshot, hosts } = await resolveHosts(request.hostIds, call);
    checkTime(call);
    const age = clock.now() - snapshot.time;
    // A score from yesterday's world is a worse score; a migration in it may be of a VM that must not move today.
    if (age > maxBalancingAge) {
      throw new SchedulingError(
        'UNAVAILABLE',
        `the snapshot of the engine is ${Math.round(age / 1000)} s old, and migrations are proposed from one of at most ${Math.round(maxBalancingAge / 1000)} s; try later`,
      );
    }
    const { value, failure } = runBalanceUnit(
      unit,
      { snapshot, hosts, properties: request.properties, recent: migrations.beside(snapshot) },
      bugsOf(call),
    );
    if (failure !== undefined)
      throw new SchedulingError(failure.code, `unit ${unit.name}: ${failure.message}`);
    if (value !== undefined) migrations.remember(value, snapshot);
    return { snapshotTime: snapshot.time, ...(value === undefined ? {} : { migration: value }) };
  }

  const list = { units: descriptions, problems: [], hasInventory: true };
  return { listPolicyUnits: () => Promise.resolve(list), scoreHosts, filterHosts, balanceHosts };
}

/** Explains scores when somebody asks; a unit that can't say why costs its reason, not its score. */
function explainScores(
  hosts: readonly Host[],
  results: readonly UnitResult<ScoredHosts>[],
  onBug: OnUnitBug,
): ScoreExplanation {
  const reasonOf = (unit: string, explain: ScoredHosts['explain'], host: Host): string => {
    try {
      return explain(host);
    } catch (thrown) {
      onBug(unit, thrown);
      return INTERNAL_ERROR_TEXT;
    }
  };
  return {
    hostName: (place) => hosts[place]?.name,
    reasons(place) {
      const host = hosts[place];
      if (host === undefined) return [];
      return results.flatMap(({ unit, value }) =>
        value === undefined ? [] : [{ unit, text: reasonOf(unit, value.explain, host) }],
      );
    },
  };
}

const withWeight1 = (name: string): WeightedUnit => ({ name, weight: 1 });
