import type { BalanceHostsRequest, BalanceHostsResponse } from '../../domain/contract.js';
import type { BalanceHostsResponse__Output } from '../../gen/hostscore/v1/BalanceHostsResponse.js';
import { answerFault } from './answer-fault.js';
import { readAnsweredId, readSnapshotTime, readSubset } from './read-answer-parts.js';

/**
 * Reads the migration that a remote service proposed, or none. Throws INTERNAL, naming the field, for one without
 * candidates, or with a candidate that was not among the hosts asked for.
 */
export function readMigration(
  { migration, snapshot_time }: BalanceHostsResponse__Output,
  { hostIds }: BalanceHostsRequest,
): BalanceHostsResponse {
  const time = readSnapshotTime(snapshot_time);
  if (migration === null) return time;
  const field = 'migration.candidate_host_ids';
  const candidateHostIds = readSubset(migration.candidate_host_ids, new Set(hostIds), field);
  if (candidateHostIds.length === 0) throw answerFault(field, 'expected at least one host, got none');
  return {
    migration: { vmId: readAnsweredId(migration.vm_id, 'migration.vm_id'), candidateHostIds },
    ...time,
  };
}
