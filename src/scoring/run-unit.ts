import { isScore, MAX_SCORE, MIN_SCORE, type Migration, type UnitResult } from '../domain/contract.js';
import { failureOf, INTERNAL_ERROR_TEXT, SchedulingError } from '../domain/errors.js';
import type { Host, Vm } from '../domain/snapshot.js';
import type { BalanceRequest, BalanceUnit, FilterUnit, ScoreUnit, UnitRequest } from './unit.js';

/** A unit's score of every host asked, aligned with the request's hosts, and the function that explains it host by host. */
export interface ScoredHosts {
  readonly values: readonly number[];
  readonly explain: (host: Host) => string;
}

/** Told of what a unit threw, before its caller sees a fixed text. */
export type OnUnitBug = (unit: string, cause: unknown) => void;

/** Runs one score unit over all hosts. What it throws, or a score outside 0..100, is its failure. */
export function runScoreUnit(
  unit: ScoreUnit,
  request: UnitRequest,
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
    return { values, explain: scorer.explain };
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

/**
 * Runs a balance unit and checks that its proposal is one that may be carried out: a VM of these hosts that is up, may
 * migrate and was not proposed lately, and other ones of them to go to, up and with room for it.
 */
export function runBalanceUnit(
  unit: BalanceUnit,
  request: BalanceRequest,
  onBug: OnUnitBug,
): UnitResult<Migration | undefined> {
  return contain(unit.name, onBug, () => {
    const migration = unit.propose(request);
    if (migration !== undefined) checkMigration(migration, request);
    return migration;
  });
}

function checkMigration({ vmId, candidateHostIds }: Migration, request: BalanceRequest): void {
  const hosts = new Map(request.hosts.map((host) => [host.id, host]));
  const vm = request.snapshot.vm(vmId);
  if (vm?.hostId === undefined || !hosts.has(vm.hostId))
    throw new Error(`VM ${vmId} runs on no host asked for`);
  const flaw = flawOfVm(vm, request);
  if (flaw !== undefined) throw new Error(`VM ${vmId} ${flaw}`);
  if (candidateHostIds.length === 0) throw new Error(`VM ${vmId} has no host to go to`);
  for (const id of candidateHostIds) {
    const flaw = flawOfCandidate(hosts.get(id), vm);
    if (flaw !== undefined) throw new Error(`host ${id} is no candidate for VM ${vmId}: ${flaw}`);
  }
}

function flawOfVm(vm: Vm, { recent }: BalanceRequest): string | undefined {
  if (vm.status !== 'up') return `is ${vm.status ?? 'without a status'}, not up`;
  if (!vm.migratable) return 'may not be migrated';
  if (vm.memoryMiB === undefined) return 'has memory of unknown size';
  return recent.isCoolingDown(vm.id) ? 'was proposed a short time ago' : undefined;
}

function flawOfCandidate(host: Host | undefined, { hostId, memoryMiB = Infinity }: Vm): string | undefined {
  if (host === undefined) return 'it was not asked for';
  if (host.id === hostId) return 'the VM runs there';
  if (host.status !== 'up') return `it is ${host.status}`;
  const room = host.memory.schedulableMiB;
  if (room === undefined) return 'how much memory it has for VMs is unknown';
  return room < memoryMiB ? `it has ${room} MiB for VMs, and the VM needs ${memoryMiB} MiB` : undefined;
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
