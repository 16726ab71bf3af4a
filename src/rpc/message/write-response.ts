import type {
  BalanceHostsResponse,
  Direction,
  FilterHostsResponse,
  PolicyUnitList,
  Rejection,
  ScoreHostsResponse,
  UnitFailure,
} from '../../domain/contract.js';
import type { Timestamp } from '../../gen/google/protobuf/Timestamp.js';
import type { Failure as FailureMessage } from '../../gen/hostscore/v1/Failure.js';
import type { ScoreHostsResponse as ScoreHostsMessage } from '../../gen/hostscore/v1/ScoreHostsResponse.js';
import { boundedText } from '../../lib/text.js';
import { policyUnitMethods, type Sent } from '../proto.js';
import { toFailureCode } from '../status.js';
import { encodeExplainedScores, encodeScores, encodeStreamedHead } from './fast-path.js';

/** Encodes the units of a service. */
export function writePolicyUnits(list: PolicyUnitList): Buffer {
  const { units, problems, hasInventory, isIncomplete = false } = list;
  return policyUnitMethods.ListPolicyUnits.responseSerialize({
    problems,
    has_inventory: hasInventory,
    incomplete: isIncomplete,
    policy_units: units.map(({ name, type, description, properties, direction, path = [], service }) => ({
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
      origin: path[0] ?? '',
      path,
      ...(service === undefined ? {} : { service }),
    })),
  });
}

/** Encodes scores, with reasons for the best `explainTop` hosts of an explained answer, all by default. */
export function writeScores(response: ScoreHostsResponse, explainTop?: number): Buffer {
  return Buffer.concat(scoreParts(response, explainTop));
}

/** Encodes the answer to a request of a stream. */
export function writeStreamedScores(
  requestId: string,
  response: ScoreHostsResponse,
  explainTop?: number,
): Buffer {
  const parts = scoreParts(response, explainTop);
  const length = parts.reduce((sum, { byteLength }) => sum + byteLength, 0);
  return Buffer.concat([encodeStreamedHead(requestId, length), ...parts]);
}

/** Encodes scores as consecutive parts of a message, so that the caller copies them once. */
function scoreParts(response: ScoreHostsResponse, explainTop?: number): readonly Uint8Array[] {
  const { responseSerialize } = policyUnitMethods.ScoreHosts;
  const { scores, explanation } = response;
  const encoded =
    explanation === undefined ? encodeScores(scores) : encodeExplainedScores(scores, explanation, explainTop);
  if (encoded === undefined) return [responseSerialize(scoresMessage(response))];
  return [encoded, responseSerialize(scoresMessage({ ...response, scores: [] }))];
}

/** Encodes the failure of a request of a stream. */
export function writeStreamedFailure(requestId: string, failure: UnitFailure): Buffer {
  return policyUnitMethods.StreamScoreHosts.responseSerialize({
    request_id: requestId,
    failure: writeFailure(failure),
  });
}

/** Encodes the accepted hosts. */
export function writeAcceptedHosts(response: FilterHostsResponse): Buffer {
  return policyUnitMethods.FilterHosts.responseSerialize({
    host_ids: response.hostIds,
    unit_results: response.unitResults.map(({ unit, value, failure, rejections = [] }) =>
      failure === undefined
        ? { unit, accepted: { host_ids: value }, rejected: rejections.map(writeRejection) }
        : { unit, failure: writeFailure(failure) },
    ),
    ...writeSnapshotTime(response),
  });
}

/** Encodes a proposed migration, or none. */
export function writeMigration({ migration, explanation, ...response }: BalanceHostsResponse): Buffer {
  return policyUnitMethods.BalanceHosts.responseSerialize({
    migration:
      migration === undefined
        ? null
        : { vm_id: migration.vmId, candidate_host_ids: migration.candidateHostIds },
    ...(explanation === undefined ? {} : { explanation: boundedText(explanation) }),
    ...writeSnapshotTime(response),
  });
}

function scoresMessage(response: ScoreHostsResponse): Sent<ScoreHostsMessage> {
  return {
    scores: response.scores.map(({ hostId, score }) => ({ host_id: hostId, score })),
    unit_results: response.unitResults.map(({ unit, value, direction, failure }) =>
      failure === undefined
        ? { unit, scores: { values: value }, direction: writeDirection(direction) }
        : { unit, failure: writeFailure(failure) },
    ),
    unknown_host_ids: response.unknownHostIds,
    ...writeSnapshotTime(response),
  };
}

function writeRejection({ hostId, hostName, reason }: Rejection) {
  return { host_id: hostId, ...writeHostName(hostName), reason: boundedText(reason) };
}

function writeHostName(name: string | undefined) {
  return name === undefined ? {} : { host_name: name };
}

function writeFailure({ code, message, notFound }: UnitFailure): FailureMessage {
  return {
    code: toFailureCode(code),
    message: boundedText(message),
    ...(notFound === undefined ? {} : { not_found: `NOT_FOUND_SUBJECT_${notFound}` as const }),
  };
}

function writeSnapshotTime({ snapshotTime }: { readonly snapshotTime?: number }) {
  return snapshotTime === undefined ? {} : { snapshot_time: toTimestamp(snapshotTime) };
}

function writeDirection(direction: Direction | undefined) {
  return direction === undefined ? 'DIRECTION_UNSPECIFIED' : (`DIRECTION_${direction}` as const);
}

/** Converts milliseconds since the epoch into a Timestamp; a Duration has the same form. */
export function toTimestamp(milliseconds: number): Timestamp {
  const whole = Math.floor(milliseconds);
  const seconds = Math.floor(whole / 1000);
  return { seconds, nanos: (whole - seconds * 1000) * 1_000_000 };
}
