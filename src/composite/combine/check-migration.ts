import type { BalanceHostsResponse } from '../../domain/contract.js';
import { isLowerCaseUuid } from '../../lib/uuid.js';
import type { AskedHosts } from './asked-hosts.js';
import { lie } from './lie.js';

/** Checks the migration that a member proposed. Throws INTERNAL for one that names no VM, no host, or one not asked for. */
export function checkMigration(response: BalanceHostsResponse, asked: AskedHosts): BalanceHostsResponse {
  const { migration, snapshotTime } = response;
  if (snapshotTime !== undefined && !Number.isFinite(snapshotTime)) {
    throw lie('snapshot_time', `expected a time, got ${String(snapshotTime)}`);
  }
  if (migration === undefined) return response;
  const { vmId, candidateHostIds } = migration;
  if (!isLowerCaseUuid(vmId)) throw lie('migration.vm_id', `expected the id of a VM, got ${vmId}`);
  const field = 'migration.candidate_host_ids';
  if (candidateHostIds.length === 0) throw lie(field, 'expected at least one host, got none');
  const stray = candidateHostIds.find((id) => asked.placeOf(id) === undefined);
  if (stray !== undefined) throw lie(field, `${stray} was not asked for`);
  if (new Set(candidateHostIds).size < candidateHostIds.length) throw lie(field, 'a host stands here twice');
  return response;
}
