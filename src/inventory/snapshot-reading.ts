import { createSnapshotBuilder, type HostRecord, type Snapshot } from '../domain/snapshot.js';
import { linkAbort } from '../lib/deadline.js';
import type { Clock } from '../lib/timers.js';
import type { Log } from '../process/log.js';
import type { EngineClient } from './engine-client.js';
import { lasting } from './engine-failure.js';
import type { EngineHost, EngineVm } from './engine-json.js';
import { ROLE_REMEDY } from './engine-refusal.js';
import type { VmPool } from './vm-pool.js';

/** A snapshot that was read in full. */
export interface Reading {
  readonly snapshot: Snapshot;
  /** Start of the reading by the monotonic clock, in ms. */
  readonly began: number;
  /** Unusable hosts and VMs, which the snapshot lacks. */
  readonly skipped: number;
}

/** Options of a snapshot reader. */
export interface SnapshotReadingOptions {
  readonly client: Pick<EngineClient, 'listHosts' | 'listRunningVms'>;
  readonly pool: VmPool;
  readonly log: Log;
  readonly clock: Clock;
  readonly steady: Clock;
}

/** Reads a snapshot, which shares what did not change with `before`. Rejects with the first failure. */
export type SnapshotReader = (before: Snapshot | undefined, signal: AbortSignal) => Promise<Reading>;

/** Most log lines about unusable objects of one listing. */
const MAX_ODD_LINES = 3;

/** Statuses without a host even for an administrator (VMStatus.isNotRunning, VmMapper). */
const STOPPED = new Set<string | undefined>(['down', 'suspended', 'image_locked', undefined]);

/**
 * Creates a reader that lists hosts and running VMs, in two parallel requests. A snapshot's time is when they were sent: it
 * has every change that the engine had published by then.
 */
export function createSnapshotReader(options: SnapshotReadingOptions): SnapshotReader {
  const { client, pool, log, clock, steady } = options;
  const reported = { host: nothingOdd(), vm: nothingOdd() };

  /** Logs skipped objects if they changed since the last reading. */
  function report(kind: 'host' | 'vm', odd: OddObjects): void {
    if (isSame(odd, reported[kind])) return;
    reported[kind] = odd;
    for (const reason of odd.first) log.warn('engine object skipped', { kind, reason }, `${kind} ${reason}`);
    log.warn('engine objects skipped', { kind, count: odd.count }, kind);
  }

  return async (before, signal) => {
    const time = clock.now();
    const began = steady.now();
    let hosts = createHostListing(pool);
    let vms = createVmListing(pool, before);
    const both = linkAbort(signal);
    try {
      await Promise.all([
        client.listHosts(() => (hosts = createHostListing(pool)), both.signal),
        client.listRunningVms(() => (vms = createVmListing(pool, before)), both.signal),
      ]);
    } catch (thrown) {
      both.abort();
      throw thrown;
    } finally {
      both.unlink();
    }
    checkHosts(hosts);
    checkVms(vms, hosts.upVms());
    report('host', hosts.oddObjects);
    report('vm', vms.oddObjects);
    return {
      snapshot: vms.build(time, hosts.records),
      began,
      skipped: hosts.oddObjects.count + vms.oddObjects.count,
    };
  };
}

/** Number of unusable objects, and the reasons of the first few. */
interface OddObjects {
  count: number;
  readonly first: string[];
}

const nothingOdd = (): OddObjects => ({ count: 0, first: [] });

function addOdd(odd: OddObjects, reason: string): void {
  odd.count += 1;
  if (odd.first.length < MAX_ODD_LINES) odd.first.push(reason);
}

function isSame(left: OddObjects, right: OddObjects): boolean {
  return left.count === right.count && left.first.every((reason, place) => reason === right.first[place]);
}

type HostListing = ReturnType<typeof createHostListing>;

function createHostListing(pool: Pick<VmPool, 'status'>) {
  const records: HostRecord[] = [];
  let upVms = 0;
  const oddObjects = nothingOdd();
  return {
    records,
    oddObjects,
    /** VMs that are up, as the hosts that are up say. */
    upVms: () => upVms,
    record({ upVms: own = 0, ...record }: EngineHost) {
      if (record.status === 'up') upVms += own;
      records.push({ ...record, status: pool.status(record.status) ?? 'unknown' });
    },
    odd: (reason: string) => addOdd(oddObjects, reason),
  };
}

type VmListing = ReturnType<typeof createVmListing>;

function createVmListing(pool: VmPool, before: Snapshot | undefined) {
  const builder = createSnapshotBuilder();
  const listing = pool.begin(before);
  const oddObjects = nothingOdd();
  // VMs with a host, and running VMs whose host the engine hides.
  const counts = { running: 0, hidden: 0 };
  return {
    oddObjects,
    counts,
    seen(bytes: Buffer) {
      const vm = listing.find(bytes);
      if (vm === undefined) return false;
      counts.running += 1;
      builder.addVm(vm);
      return true;
    },
    record(record: EngineVm) {
      if (record.hostId !== undefined) {
        counts.running += 1;
        builder.addVm(listing.make(record));
      } else if (!STOPPED.has(record.status)) {
        counts.hidden += 1;
      }
    },
    odd: (reason: string) => addOdd(oddObjects, reason),
    build(time: number, hosts: readonly HostRecord[]) {
      listing.commit();
      hosts.forEach(builder.addHost);
      return builder.build(time);
    },
  };
}

function checkHosts({ records, oddObjects: { count, first } }: HostListing): void {
  if (records.length > 0) return;
  if (count > 0) {
    throw lasting(`none of the ${count} hosts that the engine lists can be understood: ${String(first[0])}`);
  }
  throw lasting(`the engine lists no hosts: either it has none yet, or ${ROLE_REMEDY}`);
}

function checkVms(
  { counts: { running, hidden }, oddObjects: { count, first } }: VmListing,
  upVms: number,
): void {
  if (running > 0) return;
  if (hidden === 0 && count > 0) {
    throw lasting(`none of the ${count} VMs that the engine lists can be understood: ${String(first[0])}`);
  }
  // A plain user's listing lacks the host of each VM (BackendVmsResource.removeRestrictedInfo).
  if (hidden > 0) {
    throw lasting(`the engine lists ${hidden} running VMs without their hosts: ${ROLE_REMEDY}`);
  }
  // Before 4.2 the search field had another name, and an unknown one finds nothing, with status 200.
  if (upVms > 0) {
    throw lasting(
      `the hosts say that ${upVms} VMs run, and the engine lists none of them: either it is older than 4.2, the oldest ` +
        `that can be read, or ${ROLE_REMEDY}`,
    );
  }
}
