import type { Host, Vm } from '../../domain/snapshot.js';
import type { RecentMigrations } from '../recent-migrations.js';

/** A VM whose memory is known. */
export interface MovableVm extends Vm {
  readonly memoryMiB: number;
}

/**
 * The VMs of a host that may be proposed: up, free to migrate, of known memory, and not proposed lately. Those of the least
 * memory come first, since moving them costs least; equal ones are ordered by id.
 */
export function movableVms(host: Host, recent: RecentMigrations): readonly MovableVm[] {
  return host.vms
    .filter(
      (vm): vm is MovableVm =>
        vm.status === 'up' && vm.migratable && vm.memoryMiB !== undefined && !recent.isCoolingDown(vm.id),
    )
    .sort((a, b) => a.memoryMiB - b.memoryMiB || (a.id < b.id ? -1 : 1));
}
