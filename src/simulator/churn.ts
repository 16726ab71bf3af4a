import { SchedulingError } from '../domain/errors.js';
import type { After, Clock } from '../lib/timers.js';
import { seededRandom } from './seeded-random.js';
import type { World } from './world.js';

/** Most VMs that change in a second: many times what the largest site does, and within what one process can write. */
export const MAX_CHURN = 10_000;

/** Time between two changes of VMs, in milliseconds: often enough that a client that looks every second sees a steady rate. */
export const CHURN_TICK_MS = 100;

/** Duration of a migration, in milliseconds: its end is then another event than its start to who looks every second. */
export const MIGRATION_MS = 2_000;

/** One in so many running VMs that change stops; the others migrate. A VM that is down starts, so that most go on running. */
const STOPS_ONE_IN = 10;

/** Changes VMs of a world at a steady rate: it starts, stops and migrates them. */
export interface Churn {
  /** Returns how many VMs change a second: 0 while it rests. */
  readonly rate: () => number;
  /** Sets how many VMs change a second. Throws INVALID_ARGUMENT for a number that is not from 0 to {@link MAX_CHURN}. */
  readonly set: (vmsPerSecond: number) => void;
  /** Rests for good: nothing changes any more, not even a VM that migrates. */
  readonly stop: () => void;
}

/** Creates a churn that rests. Which VMs it picks is the same each time. */
export function createChurn(world: World, clock: Clock, after: After): Churn {
  const random = seededRandom(1);
  let rate = 0;
  let cancel: () => void = () => undefined;
  let ids: readonly string[] = [];
  let lastTick = 0;
  let owed = 0;
  let migrations: readonly { readonly vmId: string; readonly endsAt: number }[] = [];

  function tick(): void {
    const now = clock.now();
    // At most a second's worth: what a process that stood still did not do is not made up for in a burst.
    owed = Math.min(owed + (rate * Math.max(0, now - lastTick)) / 1_000, Math.max(rate, 1));
    lastTick = now;
    endMigrations(now);
    if (ids.length !== world.vms.size) ids = [...world.vms.keys()];
    const hosts = world.hostsByName().filter(({ status }) => status === 'up');
    const started: { vmId: string; endsAt: number }[] = [];
    for (; owed >= 1; owed--) {
      const vm = world.vms.get(ids[random.below(ids.length)] ?? '');
      const host = hosts[random.below(hosts.length)];
      if (vm === undefined || host === undefined) continue;
      if (vm.hostId === undefined) world.startVm(vm.id, host.id);
      else if (random.below(STOPS_ONE_IN) === 0) world.stopVm(vm.id);
      else if (vm.hostId !== host.id && vm.migratesTo === undefined) {
        world.startMigration(vm.id, host.id);
        started.push({ vmId: vm.id, endsAt: now + MIGRATION_MS });
      }
    }
    migrations = [...migrations, ...started];
    if (rate > 0 || migrations.length > 0) cancel = after(CHURN_TICK_MS, tick);
  }

  function endMigrations(now: number): void {
    for (const { vmId, endsAt } of migrations) {
      const target = world.vms.get(vmId)?.migratesTo;
      if (endsAt > now || target === undefined) continue;
      if (world.hosts.get(target)?.status === 'up') world.finishMigration(vmId);
      else world.failMigration(vmId);
    }
    migrations = migrations.filter(({ endsAt }) => endsAt > now);
  }

  return {
    rate: () => rate,
    set(vmsPerSecond) {
      if (!(vmsPerSecond >= 0 && vmsPerSecond <= MAX_CHURN)) {
        const message = `vms_per_second: expected a number from 0 to ${MAX_CHURN}, got ${vmsPerSecond}`;
        throw new SchedulingError('INVALID_ARGUMENT', message);
      }
      rate = vmsPerSecond;
      lastTick = clock.now();
      cancel();
      cancel = after(CHURN_TICK_MS, tick);
    },
    stop() {
      rate = 0;
      cancel();
    },
  };
}
