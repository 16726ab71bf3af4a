import {
  isScore,
  MAX_INT32,
  MAX_SCORE,
  MIN_SCORE,
  type Direction,
  type Migration,
  type UnitResult,
} from '../domain/contract.js';
import { failureOf, INTERNAL_ERROR_TEXT, SchedulingError } from '../domain/errors.js';
import type { Host, Vm } from '../domain/snapshot.js';
import { obstacleOf } from './balancing.js';
import type { BalanceRequest, BalanceUnit, FilterUnit, Proposal, ScoreUnit, UnitRequest } from './unit.js';

/** The values of a score unit, aligned with the request's hosts, and a reason for each host. */
export interface ScoredHosts {
  readonly values: readonly number[];
  readonly direction: Direction;
  readonly explain: (host: Host) => string;
}

/** The hosts that a filter rejects, and a reason for each. */
export interface RejectedHosts {
  readonly ids: ReadonlySet<string>;
  readonly explain: (host: Host) => string;
}

/** Called with what a unit threw; the caller gets a fixed text instead. */
export type OnUnitBug = (unit: string, cause: unknown) => void;

/** Runs a score unit over all hosts. The unit fails if it throws or gives a value out of range for its direction. */
export function runScoreUnit(
  unit: ScoreUnit,
  request: UnitRequest,
  onBug: OnUnitBug,
): UnitResult<ScoredHosts> {
  const { direction } = unit;
  return contain(unit.name, onBug, () => {
    const { score, explain } = unit.prepare(request);
    const range = RANGES[direction];
    const values = request.hosts.map((host) => {
      const value = score(host);
      if (!range.has(value)) {
        throw new Error(`host ${host.id}: expected an integer ${range.text}, got ${value}`);
      }
      return value;
    });
    return { values, direction, explain };
  });
}

/** Runs a filter unit over all hosts. The unit fails if it throws. */
export function runFilterUnit(
  unit: FilterUnit,
  request: UnitRequest,
  onBug: OnUnitBug,
): UnitResult<RejectedHosts> {
  return contain(unit.name, onBug, () => {
    const { accepts, explain } = unit.prepare(request);
    return { ids: new Set(request.hosts.filter((host) => !accepts(host)).map(({ id }) => id)), explain };
  });
}

/**
 * Runs a balance unit and checks that its proposal is feasible: a VM of these hosts that is up, may migrate and is not
 * cooling down, and other hosts of the request that are up and have room for it.
 */
export function runBalanceUnit(
  unit: BalanceUnit,
  request: BalanceRequest,
  onBug: OnUnitBug,
): UnitResult<Proposal> {
  return contain(unit.name, onBug, () => {
    const proposal = unit.propose(request);
    if (proposal.migration !== undefined) checkMigration(proposal.migration, request);
    return proposal;
  });
}

/** Returns a unit's explanation. If the unit throws, the failure's message stands in for it. */
export function wordsOf(unit: string, explain: () => string, onBug: OnUnitBug): string {
  const result = contain(unit, onBug, explain);
  return result.failure === undefined ? result.value : result.failure.message;
}

const RANGES: Readonly<
  Record<Direction, { readonly has: (value: number) => boolean; readonly text: string }>
> = {
  HIGHER_IS_BETTER: { has: isScore, text: `from ${MIN_SCORE} to ${MAX_SCORE}` },
  LOWER_IS_BETTER: {
    has: (value) => Number.isInteger(value) && value >= -MAX_INT32 - 1 && value <= MAX_INT32,
    text: 'of 32 bits',
  },
};

function checkMigration({ vmId, candidateHostIds }: Migration, request: BalanceRequest): void {
  const hosts = new Map(request.hosts.map((host) => [host.id, host]));
  const vm = request.snapshot.vm(vmId);
  if (vm?.hostId === undefined || !hosts.has(vm.hostId))
    throw new Error(`VM ${vmId} runs on no host asked for`);
  const obstacle = obstacleOf(vm, request.recent);
  if (obstacle !== undefined) throw new Error(`VM ${vmId} may not move: it is ${obstacle}`);
  if (candidateHostIds.length === 0) throw new Error(`VM ${vmId} has no host to go to`);
  for (const id of candidateHostIds) {
    const flaw = flawOfCandidate(hosts.get(id), vm);
    if (flaw !== undefined) throw new Error(`host ${id} is no candidate for VM ${vmId}: ${flaw}`);
  }
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
