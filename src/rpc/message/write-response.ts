import type {
  BalanceHostsResponse,
  Direction,
  FilterHostsResponse,
  HostScore,
  PolicyUnit,
  ScoreHostsResponse,
  UnitFailure,
  UnitProblem,
} from '../../domain/contract.js';
import type { BalanceHostsResponse as BalanceHostsMessage } from '../../gen/hostscore/v1/BalanceHostsResponse.js';
import type { Failure as FailureMessage } from '../../gen/hostscore/v1/Failure.js';
import type { FilterHostsResponse as FilterHostsMessage } from '../../gen/hostscore/v1/FilterHostsResponse.js';
import type { HostScore as HostScoreMessage } from '../../gen/hostscore/v1/HostScore.js';
import type { ListPolicyUnitsResponse as ListPolicyUnitsMessage } from '../../gen/hostscore/v1/ListPolicyUnitsResponse.js';
import type { ScoreHostsResponse as ScoreHostsMessage } from '../../gen/hostscore/v1/ScoreHostsResponse.js';
import type { Sent } from '../proto.js';
import { toFailureCode } from '../status.js';
import { boundedText } from '../../lib/text.js';
import { toTimestamp } from './timestamp.js';

/** Puts a service's units on the wire. */
export function writePolicyUnits(
  units: readonly PolicyUnit[],
  problems: readonly UnitProblem[] = [],
): Sent<ListPolicyUnitsMessage> {
  return {
    problems,
    policy_units: units.map(({ name, type, description, properties, direction }) => ({
      name,
      type: `POLICY_UNIT_TYPE_${type}` as const,
      description,
      properties: properties.map((property) => ({
        name: property.name,
        pattern: property.pattern,
        default_value: property.defaultValue,
        description: property.description,
      })),
      direction: writeDirection(direction),
    })),
  };
}

/** Puts scores on the wire. */
export function writeScores(response: ScoreHostsResponse): Sent<ScoreHostsMessage> {
  return {
    scores: response.scores.map(writeHostScore),
    unit_results: response.unitResults.map(({ unit, value, failure }) =>
      failure === undefined ? { unit, scores: { values: value } } : { unit, failure: writeFailure(failure) },
    ),
    unknown_host_ids: response.unknownHostIds,
    snapshot_time: toTimestamp(response.snapshotTime),
  };
}

/** Puts the accepted hosts on the wire. */
export function writeAcceptedHosts(response: FilterHostsResponse): Sent<FilterHostsMessage> {
  return {
    host_ids: response.hostIds,
    unit_results: response.unitResults.map(({ unit, value, failure }) =>
      failure === undefined
        ? { unit, accepted: { host_ids: value } }
        : { unit, failure: writeFailure(failure) },
    ),
    snapshot_time: toTimestamp(response.snapshotTime),
  };
}

/** Puts a proposed migration, or none, on the wire. */
export function writeMigration({ migration, snapshotTime }: BalanceHostsResponse): Sent<BalanceHostsMessage> {
  return {
    migration:
      migration === undefined
        ? null
        : { vm_id: migration.vmId, candidate_host_ids: migration.candidateHostIds },
    snapshot_time: toTimestamp(snapshotTime),
  };
}

/** Puts a failure on the wire, its text cut to a length. */
export function writeFailure({ code, message }: UnitFailure): FailureMessage {
  return { code: toFailureCode(code), message: boundedText(message) };
}

function writeHostScore({ hostId, score, hostName, reasons }: HostScore): Sent<HostScoreMessage> {
  if (hostName === undefined && reasons === undefined) return { host_id: hostId, score };
  return {
    host_id: hostId,
    score,
    ...(hostName === undefined ? {} : { host_name: hostName }),
    ...(reasons === undefined ? {} : { reasons }),
  };
}

function writeDirection(direction: Direction | undefined) {
  return direction === undefined ? 'DIRECTION_UNSPECIFIED' : (`DIRECTION_${direction}` as const);
}
