import {
  isScore,
  MAX_SCORE,
  MIN_SCORE,
  type Migration,
  type UnitFailure,
  type UnitResult,
} from '../contract.js';
import { INTERNAL_ERROR_TEXT, SchedulingError } from '../errors.js';
import type { BalanceUnit, FilterUnit, ScoreUnit, UnitRequest } from './unit.js';

/** A unit's score of every host asked, aligned with the request's hosts, and its reasons when they were asked for. */
export interface ScoredHosts {
  readonly values: readonly number[];
  readonly reasons: readonly string[] | undefined;
}

/** Told of what a unit threw, before its caller sees a fixed text. */
export type OnUnitBug = (unit: string, cause: unknown) => void;

/** Runs one score unit over all hosts. What it throws, scoring or explaining, or a score outside 0..100, is its failure. */
export function runScoreUnit(
  unit: ScoreUnit,
  request: UnitRequest,
  explain: boolean,
  onBug: OnUnitBug,
): UnitResult<ScoredHosts> {
  return contain(unit.name, onBug, () => {
    const scorer = unit.prepare(request);
    const values = request.hosts.map((host) => {
      const score = scorer.score(host);
      if (!isScore(score)) {
        throw new Error(
          `host ${host.id}: expected an integer from ${MIN_SCORE} to ${MAX_SCORE}, got ${score}`,
        );
      }
      return score;
    });
    return { values, reasons: explain ? request.hosts.map((host) => scorer.explain(host)) : undefined };
  });
}

/** Runs one filter unit over all hosts; the value is the hosts' ids that it rejects. */
export function runFilterUnit(
  unit: FilterUnit,
  request: UnitRequest,
  onBug: OnUnitBug,
): UnitResult<ReadonlySet<string>> {
  return contain(unit.name, onBug, () => {
    const accepts = unit.prepare(request);
    return new Set(request.hosts.filter((host) => !accepts(host)).map(({ id }) => id));
  });
}

/** Runs a balance unit and checks that its proposal is one: a VM of these hosts, and other ones of them to go to. */
export function runBalanceUnit(
  unit: BalanceUnit,
  request: Omit<UnitRequest, 'vm'>,
  onBug: OnUnitBug,
): UnitResult<Migration | undefined> {
  return contain(unit.name, onBug, () => {
    const migration = unit.propose(request);
    if (migration === undefined) return undefined;
    const asked = new Set(request.hosts.map(({ id }) => id));
    const source = request.snapshot.vm(migration.vmId)?.hostId;
    const candidates = migration.candidateHostIds;
    if (source === undefined || !asked.has(source))
      throw new Error(`VM ${migration.vmId} runs on no host asked for`);
    if (candidates.length === 0) throw new Error(`VM ${migration.vmId} has no host to go to`);
    const stray = candidates.find((id) => id === source || !asked.has(id));
    if (stray !== undefined) throw new Error(`host ${stray} is no candidate for VM ${migration.vmId}`);
    return migration;
  });
}

/** A unit's failure, as its caller is told of it. */
export function failureOf(error: SchedulingError): UnitFailure {
  return { code: error.code, message: error.message };
}

function contain<Value>(unit: string, onBug: OnUnitBug, run: () => Value): UnitResult<Value> {
  try {
    return { unit, value: run() };
  } catch (thrown) {
    if (thrown instanceof SchedulingError) return { unit, failure: failureOf(thrown) };
    onBug(unit, thrown);
    return { unit, failure: { code: 'INTERNAL', message: INTERNAL_ERROR_TEXT } };
  }
}
