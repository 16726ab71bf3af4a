import type {
  BalanceHostsResponse,
  Direction,
  FilterHostsResponse,
  PolicyUnitList,
  Rejection,
  ScoreHostsRequest,
  ScoreHostsResponse,
  ScoreUnitResult,
  UnitCounterfactual,
  UnitFailure,
} from '../../domain/contract.js';
import type { Timestamp } from '../../gen/google/protobuf/Timestamp.js';
import type { Failure as FailureMessage } from '../../gen/hostscore/v1/Failure.js';
import type { UnitCounterfactual as CounterfactualMessage } from '../../gen/hostscore/v1/UnitCounterfactual.js';
import { boundedText } from '../../lib/text.js';
import { policyUnitMethods, type Sent } from '../proto.js';
import { toFailureCode } from '../status.js';
import { encodeExplainedScores, encodeScores, encodeStreamedHead, encodeUnitScores } from './fast-path.js';

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

/** The parts of a request that its answer depends on. */
type Asked = Pick<ScoreHostsRequest, 'hosts' | 'explainTop'>;

/** Encodes scores, with reasons for the best `explainTop` hosts of an explained answer, all by default. */
export function writeScores(response: ScoreHostsResponse, asked?: Asked): Buffer {
  return Buffer.concat(scoreParts(response, asked));
}

/** Encodes the answer to a request of a stream. */
export function writeStreamedScores(requestId: string, response: ScoreHostsResponse, asked?: Asked): Buffer {
  const parts = scoreParts(response, asked);
  const length = parts.reduce((sum, { byteLength }) => sum + byteLength, 0);
  return Buffer.concat([encodeStreamedHead(requestId, length), ...parts]);
}

/** Encodes scores as consecutive parts of a message, so that the caller copies them once. */
function scoreParts(
  response: ScoreHostsResponse,
  { hosts, explainTop }: Asked = { hosts: 'ALL_UP' },
): readonly Uint8Array[] {
  const { responseSerialize } = policyUnitMethods.ScoreHosts;
  const { scores, unitResults, explanation, counterfactuals = [] } = response;
  const encoded =
    explanation === undefined
      ? encodeScores(scores, hosts === 'ALL_UP' ? undefined : hosts)
      : encodeExplainedScores(scores, explanation, explainTop);
  return [
    encoded ?? responseSerialize({ scores: scores.map(({ hostId, score }) => ({ host_id: hostId, score })) }),
    ...unitResults.map(writeUnitResult),
    responseSerialize({
      unknown_host_ids: response.unknownHostIds,
      ...writeSnapshotTime(response),
      counterfactuals: counterfactuals.map(writeCounterfactual),
    }),
  ];
}

function writeUnitResult({ unit, value, direction, failure }: ScoreUnitResult): Uint8Array {
  const encoded = value && encodeUnitScores(unit, value, direction);
  if (encoded !== undefined) return encoded;
  return policyUnitMethods.ScoreHosts.responseSerialize({
    unit_results: [
      failure === undefined
        ? { unit, scores: { values: value }, direction: writeDirection(direction) }
        : { unit, failure: writeFailure(failure) },
    ],
  });
}

/** Returns the message of what the weight of a unit does. */
export function writeCounterfactual({
  unit,
  weight,
  weights,
}: UnitCounterfactual): Sent<CounterfactualMessage> {
  return {
    unit,
    weight,
    weights: weights.map(({ hostId, from, to }) => ({
      host_id: hostId,
      from,
      ...(to === Infinity ? {} : { to }),
    })),
  };
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

function writeRejection({ hostId, hostName, reason }: Rejection) {
  return { host_id: hostId, ...writeHostName(hostName), reason: boundedText(reason) };
}

function writeHostName(name: string | undefined) {
  return name === undefined ? {} : { host_name: name };
}

/** Returns the message of a failure. */
export function writeFailure({ code, message, notFound }: UnitFailure): FailureMessage {
  return {
    code: toFailureCode(code),
    message: boundedText(message),
    ...(notFound === undefined ? {} : { not_found: `NOT_FOUND_SUBJECT_${notFound}` as const }),
  };
}

function writeSnapshotTime({ snapshotTime }: { readonly snapshotTime?: number }) {
  return snapshotTime === undefined ? {} : { snapshot_time: toTimestamp(snapshotTime) };
}

/** Returns the word of a direction. */
export function writeDirection(direction: Direction | undefined) {
  return direction === undefined ? 'DIRECTION_UNSPECIFIED' : (`DIRECTION_${direction}` as const);
}

/** Converts milliseconds since the epoch into a Timestamp; a Duration has the same form. */
export function toTimestamp(milliseconds: number): Timestamp {
  const whole = Math.floor(milliseconds);
  const seconds = Math.floor(whole / 1000);
  return { seconds, nanos: (whole - seconds * 1000) * 1_000_000 };
}
