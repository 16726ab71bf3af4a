import type { BalanceRequest, BalanceUnit, MoveUnderWay, Proposal } from '../../../src/scoring/unit.js';
import type { HostMemory, Snapshot, Vm } from '../../../src/domain/snapshot.js';
import { host, hostId, snapshotOf, vm, vmId } from '../../support/world.js';

/** A VM of a test: its memory in MiB, and what is unusual about it. */
export type TestVm =
  number | ({ readonly mib: number | undefined } & Partial<Pick<Vm, 'status' | 'migratable'>>);

/** A host of a test: its VMs, and what is unusual about it. */
export interface TestHost extends Partial<HostMemory> {
  readonly vms: readonly TestVm[];
  readonly status?: string;
}

/** A snapshot of these hosts, numbered from 1; their VMs are numbered from 1 on through all of them. */
export function cluster(hosts: readonly TestHost[]): Snapshot {
  let n = 0;
  const vms = hosts.flatMap(({ vms }, index) =>
    vms.map((one) => {
      const { mib, ...rest } = typeof one === 'number' ? { mib: one } : one;
      n += 1;
      return vm(n, 'other', { on: index + 1, memoryMiB: mib, ...rest });
    }),
  );
  const records = hosts.map((one, index) => {
    const memory: Record<string, number | undefined> = {};
    for (const key of ['totalMiB', 'freeMiB', 'schedulableMiB'] as const) {
      if (key in one) memory[key] = one[key];
    }
    return host(index + 1, one.status, memory);
  });
  return snapshotOf(records, vms);
}

/** That many VMs of 1 GiB. */
export function many(count: number): readonly TestVm[] {
  return Array.from({ length: count }, () => 1024);
}

/** A move that was proposed: VM `n` from one host to one of others. */
export function move(
  snapshot: Snapshot,
  n: number,
  options: { readonly from: number; readonly to: readonly number[]; readonly arrived?: boolean },
): MoveUnderWay {
  const moved = snapshot.vm(vmId(n));
  if (moved === undefined) throw new Error(`this test has no VM ${n}`);
  return {
    vm: moved,
    sourceId: hostId(options.from),
    destinationIds: options.to.map(hostId),
    arrived: options.arrived ?? false,
  };
}

/** What is unusual about a request to balance a test's hosts. */
export interface BalanceOptions {
  readonly properties?: Readonly<Record<string, string>>;
  /** Numbers of the hosts asked for; all that there are by default. */
  readonly hosts?: readonly number[] | undefined;
  /** Numbers of the VMs that were proposed lately. */
  readonly cooling?: readonly number[];
  readonly underWay?: readonly MoveUnderWay[];
}

/** What a unit makes of a snapshot. */
export function proposalOf(unit: BalanceUnit, snapshot: Snapshot, options: BalanceOptions = {}): Proposal {
  const cooling = new Set(options.cooling?.map(vmId));
  const ids = options.hosts?.map(hostId);
  const request: BalanceRequest = {
    snapshot,
    hosts: ids === undefined ? snapshot.hosts : ids.flatMap((id) => snapshot.host(id) ?? []),
    properties: new Map(Object.entries(options.properties ?? {})),
    recent: { isCoolingDown: (id) => cooling.has(id), underWay: options.underWay ?? [] },
  };
  return unit.propose(request);
}

/** What a unit proposes, in numbers: `VM 3 -> 1, 2`, or `nothing`. */
export function proposed(unit: BalanceUnit, snapshot: Snapshot, options: BalanceOptions = {}): string {
  return migrationText(proposalOf(unit, snapshot, options).migration);
}

/** A migration in numbers. */
export function migrationText(
  migration: { readonly vmId: string; readonly candidateHostIds: readonly string[] } | undefined,
): string {
  if (migration === undefined) return 'nothing';
  return `VM ${numberOf(migration.vmId)} -> ${migration.candidateHostIds.map(numberOf).join(', ')}`;
}

/** The number in an id of a test. */
export function numberOf(id: string): number {
  return Number.parseInt(id.slice(-12), 16);
}
