import type {
  BalanceHostsRequest,
  BalanceHostsResponse,
  Direction,
  FilterHostsRequest,
  FilterHostsResponse,
  FilterUnitResult,
  HostScore,
  PolicyUnit,
  PolicyUnitList,
  PolicyUnitType,
  Rejection,
  ScoreExplanation,
  ScoreHostsRequest,
  ScoreHostsResponse,
  ScoreUnitResult,
  UnitCounterfactual,
  UnitFailure,
  UnitProblem,
  WeightedUnit,
} from '../../domain/contract.js';
import { contractViolation, type NotFoundSubject } from '../../domain/errors.js';
import { sumScores } from '../../domain/score-sums.js';
import type { Timestamp__Output } from '../../gen/google/protobuf/Timestamp.js';
import type { Failure__Output } from '../../gen/hostscore/v1/Failure.js';
import type { FilterUnitResult__Output } from '../../gen/hostscore/v1/FilterUnitResult.js';
import type { HostScore__Output } from '../../gen/hostscore/v1/HostScore.js';
import type { PolicyUnit__Output } from '../../gen/hostscore/v1/PolicyUnit.js';
import type { RejectedHost__Output } from '../../gen/hostscore/v1/RejectedHost.js';
import type { ScoreUnitResult__Output } from '../../gen/hostscore/v1/ScoreUnitResult.js';
import type { UnitCounterfactual__Output } from '../../gen/hostscore/v1/UnitCounterfactual.js';
import { boundedText, quoted } from '../../lib/text.js';
import { parseUuid } from '../../lib/uuid.js';
import { policyUnitMethods } from '../proto.js';
import { fromFailureCode } from '../status.js';
import { decodeScores } from './fast-path.js';

/*
 * Decodes the answers of remote services. A function throws a contract violation, naming the field, for a value without a
 * counterpart in domain/contract; all other rules (each host once, values in range, ...) are checked by
 * domain/check-answer.
 */

const TYPES: ReadonlyMap<string | number, PolicyUnitType> = new Map([
  ['POLICY_UNIT_TYPE_FILTER', 'FILTER'],
  ['POLICY_UNIT_TYPE_SCORE', 'SCORE'],
  ['POLICY_UNIT_TYPE_BALANCE', 'BALANCE'],
]);

const DIRECTIONS: ReadonlyMap<string | number, Direction> = new Map([
  ['DIRECTION_HIGHER_IS_BETTER', 'HIGHER_IS_BETTER'],
  ['DIRECTION_LOWER_IS_BETTER', 'LOWER_IS_BETTER'],
]);

const SUBJECTS: ReadonlyMap<string | number, NotFoundSubject> = new Map([
  ['NOT_FOUND_SUBJECT_UNIT', 'UNIT'],
  ['NOT_FOUND_SUBJECT_VM', 'VM'],
]);

/** Largest listing of a service that is read, in bytes: 2,000 usual units. Decoded, it may take 100 times as much. */
export const MAX_LISTING_BYTES = 1024 * 1024;

/** Decodes the units and problems that a remote service lists. A unit of an unknown type becomes a problem. */
export function readPolicyUnits(bytes: Buffer): PolicyUnitList {
  if (bytes.length > MAX_LISTING_BYTES) {
    throw contractViolation(
      `response: a listing of ${bytes.length} bytes, at most ${MAX_LISTING_BYTES} are accepted`,
    );
  }
  const message = decodeAnswer(bytes, policyUnitMethods.ListPolicyUnits.responseDeserialize);
  const units: PolicyUnit[] = [];
  const problems: UnitProblem[] = message.problems.map(({ source, reason }) => ({
    source: boundedText(source),
    reason: boundedText(reason),
  }));
  for (const unit of message.policy_units) {
    const type = TYPES.get(unit.type);
    if (type !== undefined) units.push(readPolicyUnit(unit, type));
    else {
      const reason = `left out: type: expected FILTER, SCORE or BALANCE, got ${unit.type}`;
      problems.unshift({ source: quoted(unit.name), reason });
    }
  }
  return {
    ...{ units, problems, hasInventory: message.has_inventory },
    ...(message.incomplete ? { isIncomplete: true } : {}),
  };
}

/** Decodes the scores that a remote service answered to a request, filling in missing sums. */
export function readScores(bytes: Buffer, request: ScoreHostsRequest): ScoreHostsResponse {
  const decode = policyUnitMethods.ScoreHosts.responseDeserialize;
  const explained = request.explain || request.explainTop !== undefined;
  // Names, reasons and scores after other fields are left to the library.
  const fast = explained || request.hosts === 'ALL_UP' ? undefined : decodeScores(bytes, request.hosts);
  const rest = decodeAnswer(fast === undefined ? bytes : bytes.subarray(fast.end), decode);
  const isFast = fast !== undefined && rest.scores.length === 0;
  const message = isFast || fast === undefined ? rest : decodeAnswer(bytes, decode);
  const unitResults = message.unit_results.map(readScoreResult);
  return {
    scores: isFast ? fast.scores : readHostScores(message.scores, unitResults, request.units),
    unitResults,
    unknownHostIds: readIds(message.unknown_host_ids, 'unknown_host_ids'),
    ...(explained ? { explanation: readExplanation(message.scores) } : {}),
    ...(request.counterfactuals === true
      ? { counterfactuals: message.counterfactuals.map(readCounterfactual) }
      : {}),
    ...readSnapshotTime(message.snapshot_time),
  };
}

/** Decodes the hosts that a remote service's filters accepted; why they reject others only for a request that asks for it. */
export function readAcceptedHosts(
  bytes: Buffer,
  { explain = false }: Pick<FilterHostsRequest, 'explain'>,
): FilterHostsResponse {
  const message = decodeAnswer(bytes, policyUnitMethods.FilterHosts.responseDeserialize);
  return {
    hostIds: readIds(message.host_ids, 'host_ids'),
    unitResults: message.unit_results.map((result, index) => readFilterResult(result, index, explain)),
    ...readSnapshotTime(message.snapshot_time),
  };
}

/** Decodes the migration that a remote service proposed, or none. */
export function readMigration(
  bytes: Buffer,
  { explain = false }: Pick<BalanceHostsRequest, 'explain'>,
): BalanceHostsResponse {
  const message = decodeAnswer(bytes, policyUnitMethods.BalanceHosts.responseDeserialize);
  const { migration, explanation } = message;
  const field = 'migration.candidate_host_ids';
  return {
    ...(migration === null
      ? {}
      : {
          migration: {
            vmId: readId(migration.vm_id, 'migration.vm_id'),
            candidateHostIds: readIds(migration.candidate_host_ids, field),
          },
        }),
    ...(!explain || explanation === '' ? {} : { explanation: boundedText(explanation) }),
    ...readSnapshotTime(message.snapshot_time),
  };
}

/** Decodes an answer. Throws a contract violation for invalid bytes. */
export function decodeAnswer<Message>(bytes: Buffer, decode: (bytes: Buffer) => Message): Message {
  try {
    return decode(bytes);
  } catch {
    throw contractViolation('response: its bytes are not a message of the contract');
  }
}

/** Parses a UUID in an answer into lower case. Throws a contract violation for any other text. */
export function readId(text: string, field: string): string {
  const id = parseUuid(text);
  if (id === undefined) throw contractViolation(`${field}: expected a UUID, got ${quoted(text)}`);
  return id;
}

function readIds(texts: readonly string[], field: string): readonly string[] {
  return texts.map((text, index) => parseUuid(text) ?? readId(text, `${field}[${index}]`));
}

/** Longest id of a composite that is kept: characters. */
const MAX_ID_LENGTH = 128;

/** Longest path of a unit that is kept; a composite takes no unit of so long a path. */
const MAX_PATH_LENGTH = 16;

function readPolicyUnit(message: PolicyUnit__Output, type: PolicyUnitType): PolicyUnit {
  const { origin } = message;
  const path = message.path.length === 0 && origin !== '' ? [origin] : message.path;
  return {
    name: message.name,
    type,
    description: boundedText(message.description),
    properties: message.properties.map(({ name, pattern, default_value, description }) => ({
      name,
      pattern,
      defaultValue: default_value,
      description: boundedText(description),
    })),
    ...(type === 'SCORE' ? readDirection(message.direction) : {}),
    ...(path.length === 0
      ? {}
      : { path: path.slice(0, MAX_PATH_LENGTH).map((id) => boundedText(id, MAX_ID_LENGTH)) }),
    ...(message.service === '' ? {} : { service: boundedText(message.service, MAX_ID_LENGTH) }),
  };
}

function readScoreResult(message: ScoreUnitResult__Output, index: number): ScoreUnitResult {
  const { scores, failure, direction } = message;
  const unit = readUnit(message, index);
  if (failure != null) return { unit, failure: readFailure(failure) };
  if (scores != null) return { unit, value: scores.values, ...readDirection(direction) };
  throw contractViolation(
    `unit_results[${index}]: expected scores or a failure of ${quoted(unit)}, got neither`,
  );
}

function readFilterResult(
  message: FilterUnitResult__Output,
  index: number,
  explain: boolean,
): FilterUnitResult {
  const { accepted, failure, rejected } = message;
  const unit = readUnit(message, index);
  const field = `unit_results[${index}]`;
  if (failure != null) return { unit, failure: readFailure(failure) };
  if (accepted == null) {
    throw contractViolation(`${field}: expected accepted hosts or a failure of ${quoted(unit)}, got neither`);
  }
  return {
    unit,
    value: readIds(accepted.host_ids, `${field}.accepted.host_ids`),
    ...(!explain || rejected.length === 0
      ? {}
      : { rejections: rejected.map((host, place) => readRejection(host, `${field}.rejected[${place}]`)) }),
  };
}

function readUnit({ unit }: { readonly unit: string }, index: number): string {
  if (unit === '') throw contractViolation(`unit_results[${index}].unit: expected a name, got ""`);
  return unit;
}

function readRejection({ host_id, host_name, reason }: RejectedHost__Output, field: string): Rejection {
  return {
    hostId: readId(host_id, `${field}.host_id`),
    ...(host_name === undefined ? {} : { hostName: boundedText(host_name) }),
    reason: boundedText(reason),
  };
}

function readHostScores(
  messages: readonly HostScore__Output[],
  results: readonly ScoreUnitResult[],
  units: readonly WeightedUnit[],
): readonly HostScore[] {
  // A request without units means each unit of the service, with weight 1.
  const weighted = units.length > 0 ? units : results.map(({ unit }) => ({ name: unit, weight: 1 }));
  let sums: Float64Array | undefined;
  const sumOf = (place: number) => {
    sums ??= sumScores(results, weighted, messages.length);
    return sums[place] ?? 0;
  };
  return messages.map(({ host_id, score }, place) => ({
    hostId: parseUuid(host_id) ?? readId(host_id, `scores[${place}].host_id`),
    score: score ?? sumOf(place),
  }));
}

/** Reads what the weight of a unit at a place of an answer does. Throws a contract violation, naming the field. */
export function readCounterfactual(
  { unit, weight = 0, weights }: UnitCounterfactual__Output,
  index: number,
): UnitCounterfactual {
  const field = `counterfactuals[${index}]`;
  if (unit === '') throw contractViolation(`${field}.unit: expected a name, got ""`);
  return {
    unit,
    weight,
    weights: weights.map(({ host_id, from = 0, to = Infinity }, place) => ({
      hostId: readId(host_id, `${field}.weights[${place}].host_id`),
      from,
      to,
    })),
  };
}

function readExplanation(scores: readonly HostScore__Output[]): ScoreExplanation {
  return {
    hostName(place) {
      const name = scores[place]?.host_name;
      return name === undefined ? undefined : boundedText(name);
    },
    reasons: (place) =>
      scores[place]?.reasons.map(({ unit, text }) => ({ unit, text: boundedText(text) })) ?? [],
  };
}

function readDirection(name: string | number): { readonly direction?: Direction } {
  const direction = DIRECTIONS.get(name);
  return direction === undefined ? {} : { direction };
}

/** Reads the failure of a unit. */
export function readFailure({ code: name, message, not_found }: Failure__Output): UnitFailure {
  const [code, text] = [fromFailureCode(name), boundedText(message)];
  if (code !== 'NOT_FOUND') return { code, message: text };
  return { code, message: text, notFound: SUBJECTS.get(not_found) ?? 'UNIT' };
}

function readSnapshotTime(timestamp: Timestamp__Output | null): { readonly snapshotTime?: number } {
  return timestamp === null ? {} : { snapshotTime: fromTimestamp(timestamp, 'snapshot_time') };
}

// The range of google/protobuf/timestamp.proto: from 0001-01-01T00:00:00Z to 9999-12-31T23:59:59.999999999Z.
const MIN_SECONDS = -62_135_596_800;
const MAX_SECONDS = 253_402_300_799;
const MAX_NANOS = 999_999_999;

/** Converts a Timestamp in an answer into milliseconds since the epoch. Throws for one out of range. */
export function fromTimestamp({ seconds, nanos }: Timestamp__Output, field: string): number {
  if (seconds >= MIN_SECONDS && seconds <= MAX_SECONDS && nanos >= 0 && nanos <= MAX_NANOS) {
    return seconds * 1000 + Math.floor(nanos / 1_000_000);
  }
  throw contractViolation(`${field}: expected a time, got ${seconds} s and ${nanos} ns`);
}
