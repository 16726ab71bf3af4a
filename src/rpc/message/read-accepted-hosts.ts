import type { FilterHostsRequest, FilterHostsResponse, UnitResult } from '../../domain/contract.js';
import type { FilterHostsResponse__Output } from '../../gen/hostscore/v1/FilterHostsResponse.js';
import type { FilterUnitResult__Output } from '../../gen/hostscore/v1/FilterUnitResult.js';
import { answerFault } from './answer-fault.js';
import { quote } from './quote.js';
import { checkUnits, readFailure, readSnapshotTime, readSubset } from './read-answer-parts.js';

/**
 * Reads the hosts that a remote service's filters accepted, against the request. Throws INTERNAL, naming the field, for
 * hosts that were not asked for or stand twice, for units left out, and for hosts that are not exactly those that every
 * answering filter accepts.
 */
export function readAcceptedHosts(
  message: FilterHostsResponse__Output,
  request: FilterHostsRequest,
): FilterHostsResponse {
  checkUnits(message.unit_results, request.units);
  const asked = new Set(request.hosts === 'ALL_UP' ? message.host_ids : request.hosts);
  const unitResults = message.unit_results.map((result, index) => readUnitResult(result, index, asked));
  const hostIds = readSubset(message.host_ids, asked, 'host_ids');
  checkHosts(hostIds, expectedHosts(asked, unitResults));
  return { hostIds, unitResults, ...readSnapshotTime(message.snapshot_time) };
}

function readUnitResult(
  { unit, accepted, failure }: FilterUnitResult__Output,
  index: number,
  asked: ReadonlySet<string>,
): UnitResult<readonly string[]> {
  const field = `unit_results[${index}]`;
  if (failure != null) return { unit, failure: readFailure(failure) };
  if (accepted == null) {
    throw answerFault(field, `expected accepted hosts or a failure of ${quote(unit)}, got neither`);
  }
  return { unit, value: readSubset(accepted.host_ids, asked, `${field}.accepted.host_ids`) };
}

function expectedHosts(
  asked: ReadonlySet<string>,
  results: readonly UnitResult<readonly string[]>[],
): readonly string[] {
  const accepted = results.flatMap(({ value }) => (value === undefined ? [] : [new Set(value)]));
  return [...asked].filter((id) => accepted.every((ids) => ids.has(id)));
}

function checkHosts(hostIds: readonly string[], expected: readonly string[]): void {
  for (let index = 0; index < Math.max(hostIds.length, expected.length); index++) {
    const [got, wanted] = [hostIds[index] ?? 'none', expected[index] ?? 'none'];
    if (got !== wanted) {
      throw answerFault(`host_ids[${index}]`, `expected ${wanted} by what the units accepted, got ${got}`);
    }
  }
}
