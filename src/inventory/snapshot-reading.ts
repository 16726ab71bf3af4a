import {
  createSnapshotBuilder,
  type HostRecord,
  type Snapshot,
  type SnapshotBuilder,
  type Vm,
} from '../domain/snapshot.js';
import type { EngineClient } from './engine-client.js';
import { EngineFailure } from './engine-failure.js';
import type { EngineVm } from './engine-vm.js';
import { ROLE_REMEDY } from './engine-refusal.js';
import type { GuestReports } from './guest-reports.js';
import { linkAbort } from '../lib/deadline.js';
import { createOddTally, type OddObjects, type OddTally } from './odd-objects.js';
import type { Clock } from '../lib/timers.js';
import { digestOf, type UnchangedVms } from './unchanged-vms.js';
import type { VmPool } from './vm-pool.js';

/** A snapshot, and what went into it. */
export interface Reading {
  readonly snapshot: Snapshot;
  /** When its reading began, by the steady clock: ms. */
  readonly began: number;
  /** Hosts of the snapshot. */
  readonly hosts: number;
  /** VMs of the snapshot. */
  readonly vms: number;
  /** Hosts and VMs that were left out since they could not be understood. */
  readonly skipped: number;
}

/** What a reading is made with. */
export interface SnapshotReadingOptions {
  readonly client: Pick<EngineClient, 'listHosts' | 'listRunningVms'>;
  readonly pool: VmPool;
  readonly unchangedVms: UnchangedVms;
  readonly guestReports: GuestReports;
  readonly oddObjects: OddObjects;
  readonly clock: Clock;
  readonly steady: Clock;
}

/**
 * Reads hosts and running VMs, in two requests side by side. `before` lends the new snapshot what did not change. When
 * one request fails the other one is ended too, and the reading rejects with the first failure.
 */
export async function readSnapshot(
  { client, pool, unchangedVms, guestReports, oddObjects, clock, steady }: SnapshotReadingOptions,
  before: Snapshot | undefined,
  signal: AbortSignal,
): Promise<Reading> {
  const time = clock.now();
  const began = steady.now();
  let hosts = createHostListing();
  let vms = createVmListing();
  let listed = unchangedVms.begin();
  const beginHosts = () => {
    hosts = createHostListing();
    return { record: hosts.add, odd: hosts.odd.add };
  };
  const beginVms = () => {
    vms = createVmListing();
    listed = unchangedVms.begin();
    let digest = '';
    const seen = (bytes: Buffer) => {
      digest = digestOf(bytes);
      const vm = listed.find(digest);
      if (vm === undefined) return false;
      listed.remember(digest, vm);
      vms.addRunning(vm);
      return true;
    };
    const record = (record: EngineVm) => {
      vms.add(record, () => {
        if (record.guest !== undefined) guestReports.remember(record.id, record.guest);
        const vm = pool.vm(record, record.guest, before?.vm(record.id));
        listed.remember(digest, vm);
        return vm;
      });
    };
    return { seen, record, odd: vms.odd.add };
  };

  await together(signal, [
    (both) => client.listHosts(beginHosts, both),
    (both) => client.listRunningVms(beginVms, both),
  ]);
  checkHosts(hosts);
  checkVms(vms);
  oddObjects.report('host', hosts.odd);
  oddObjects.report('vm', vms.odd);
  listed.commit();
  for (const record of hosts.records) vms.builder.addHost(record);
  const snapshot = vms.builder.build(time);
  return {
    snapshot,
    began,
    hosts: hosts.records.length,
    vms: snapshot.vmCounts.reduce((sum, count) => sum + count, 0),
    skipped: hosts.odd.count() + vms.odd.count(),
  };
}

interface HostListing {
  readonly records: readonly HostRecord[];
  readonly add: (record: HostRecord) => void;
  readonly odd: OddTally;
}

function createHostListing(): HostListing {
  const records: HostRecord[] = [];
  return { records, add: (record) => void records.push(record), odd: createOddTally() };
}

interface VmListing {
  readonly builder: SnapshotBuilder;
  readonly add: (record: EngineVm, make: () => Vm) => void;
  readonly addRunning: (vm: Vm) => void;
  readonly odd: OddTally;
  /** VMs that run on a host. */
  readonly running: () => number;
  /** VMs that have to be running somewhere, yet without a word on which host. */
  readonly hidden: () => number;
}

/** Statuses in which the engine names no host even to an administrator (VMStatus.isNotRunning, VmMapper). */
const STOPPED = new Set<string | undefined>(['down', 'suspended', 'image_locked', undefined]);

function createVmListing(): VmListing {
  const builder = createSnapshotBuilder();
  let running = 0;
  let hidden = 0;
  const addRunning = (vm: Vm) => {
    running += 1;
    builder.addVm(vm);
  };
  return {
    builder,
    addRunning,
    add(record, make) {
      if (record.hostId !== undefined) {
        addRunning(make());
      } else if (!STOPPED.has(record.status)) {
        hidden += 1;
      }
    },
    odd: createOddTally(),
    running: () => running,
    hidden: () => hidden,
  };
}

/** Runs both; when one fails, ends the other, waits for its end, and rejects with what failed first. */
async function together(
  signal: AbortSignal,
  tasks: readonly ((signal: AbortSignal) => Promise<void>)[],
): Promise<void> {
  const both = linkAbort(signal);
  const failures: unknown[] = [];
  await Promise.all(
    tasks.map((task) =>
      task(both.signal).catch((thrown: unknown) => {
        failures.push(thrown);
        both.abort();
      }),
    ),
  );
  both.unlink();
  if (failures.length > 0) throw failures[0];
}

function checkHosts({ records, odd }: HostListing): void {
  if (records.length > 0) return;
  const [reason] = odd.first();
  if (reason !== undefined) {
    throw new EngineFailure(
      `none of the ${odd.count()} hosts that the engine lists can be understood: ${reason}`,
      {
        transient: false,
      },
    );
  }
  throw new EngineFailure(`the engine lists no hosts: either it has none yet, or ${ROLE_REMEDY}`, {
    transient: false,
  });
}

function checkVms({ odd, running, hidden }: VmListing): void {
  const [reason] = odd.first();
  if (reason !== undefined && running() + hidden() === 0) {
    throw new EngineFailure(
      `none of the ${odd.count()} VMs that the engine lists can be understood: ${reason}`,
      {
        transient: false,
      },
    );
  }
  // A filtered listing drops the host of each VM (BackendVmsResource.removeRestrictedInfo).
  if (running() === 0 && hidden() > 0) {
    throw new EngineFailure(`the engine lists ${hidden()} running VMs without their hosts: ${ROLE_REMEDY}`, {
      transient: false,
    });
  }
}
