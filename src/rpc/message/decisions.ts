import type {
  DecidedHost,
  DecidedReason,
  DecidedUnit,
  Decision,
  DecisionFace,
  DecisionMethod,
  DecisionPage,
  DecisionQuery,
  Outcome,
  ShadowResult,
} from '../../domain/decision.js';
import {
  DEFAULT_DECISION_PAGE,
  MAX_DECISION_PAGE,
  type AgreementRequest,
  type ExplainDecisionRequest,
  type ListDecisionsRequest,
  type ShadowsRequest,
  type WatchDecisionsRequest,
} from '../../domain/decision-service.js';
import { bestTwo, rankingOf } from '../../engine-model/decision-ranking.js';
import type { Timestamp__Output } from '../../gen/google/protobuf/Timestamp.js';
import type { DecidedUnit as DecidedUnitMessage } from '../../gen/hostscore/v1/DecidedUnit.js';
import type { Decision as DecisionMessage } from '../../gen/hostscore/v1/Decision.js';
import type { ExplainDecisionRequest__Output } from '../../gen/hostscore/v1/ExplainDecisionRequest.js';
import type { GetDecisionRequest__Output } from '../../gen/hostscore/v1/GetDecisionRequest.js';
import type { ListDecisionsRequest__Output } from '../../gen/hostscore/v1/ListDecisionsRequest.js';
import type { Outcome as OutcomeMessage } from '../../gen/hostscore/v1/Outcome.js';
import type { ReportAgreementRequest__Output } from '../../gen/hostscore/v1/ReportAgreementRequest.js';
import type { ReportShadowsRequest__Output } from '../../gen/hostscore/v1/ReportShadowsRequest.js';
import type { ShadowResult as ShadowResultMessage } from '../../gen/hostscore/v1/ShadowResult.js';
import type { WatchDecisionsRequest__Output } from '../../gen/hostscore/v1/WatchDecisionsRequest.js';
import { boundedText, quoted } from '../../lib/text.js';
import { decisionMethods, type Sent } from '../proto.js';
import { invalid, readUuid } from './read-request.js';
import { fromTimestamp } from './read-response.js';
import { toTimestamp, writeDirection, writeFailure } from './write-response.js';

/** Longest name, id or page token in a request, in characters: the engine has a varchar(255) for names of VMs. */
const MAX_TEXT_LENGTH = 255;

/** Faces by their words in a message. */
export const FACES: ReadonlyMap<string | number, DecisionFace> = new Map([
  ['DECISION_FACE_ENGINE', 'ENGINE'],
  ['DECISION_FACE_GRPC', 'GRPC'],
]);

/** Methods by their words in a message. */
export const METHODS: ReadonlyMap<string | number, DecisionMethod> = new Map([
  ['DECISION_METHOD_FILTER_HOSTS', 'FILTER'],
  ['DECISION_METHOD_SCORE_HOSTS', 'SCORE'],
  ['DECISION_METHOD_BALANCE_HOSTS', 'BALANCE'],
]);

const OUTCOME_STATES: ReadonlyMap<string | number, NonNullable<DecisionQuery['outcome']>> = new Map([
  ['OUTCOME_STATE_BEST', 'BEST'],
  ['OUTCOME_STATE_OTHER', 'OTHER'],
  ['OUTCOME_STATE_UNMATCHED', 'UNMATCHED'],
  ['OUTCOME_STATE_NONE', 'NONE'],
]);

/** Reads a request for a page of decisions. Throws INVALID_ARGUMENT, naming the field. */
export function readListDecisions(message: ListDecisionsRequest__Output): ListDecisionsRequest {
  const { vm_id, vm_name, host_id, page_size, page_token, failed_unit, full } = message;
  if (vm_id !== '' && vm_name !== '')
    throw invalid('vm_name', `${quoted(vm_name)} together with vm_id; give one or the other`);
  if (page_size < 0 || page_size > MAX_DECISION_PAGE) {
    throw invalid(
      'page_size',
      `expected 1 to ${MAX_DECISION_PAGE}, or 0 for ${DEFAULT_DECISION_PAGE}, got ${page_size}`,
    );
  }
  return {
    query: {
      ...readSubject({ vm_id, vm_name }),
      hostId: host_id === '' ? undefined : readUuid(host_id, 'host_id'),
      ...readTimes(message),
      ...readKind(message),
      outcome: readWord(message.outcome, OUTCOME_STATES, 'outcome', 'OUTCOME_STATE_UNSPECIFIED'),
      failedUnit: readText(failed_unit, 'failed_unit'),
    },
    size: page_size === 0 ? DEFAULT_DECISION_PAGE : page_size,
    token: readText(page_token, 'page_token'),
    full,
  };
}

/** Reads a request for one decision, and returns its id. Throws INVALID_ARGUMENT for none. */
export function readGetDecision({ id }: GetDecisionRequest__Output): string {
  const read = readText(id, 'id');
  if (read === undefined) throw invalid('id', 'expected the id of a decision, got ""');
  return read;
}

/** Reads a request for the decisions from now on. Throws INVALID_ARGUMENT, naming the field. */
export function readWatchDecisions(message: WatchDecisionsRequest__Output): WatchDecisionsRequest {
  return { ...readSubject({ vm_id: message.vm_id, vm_name: '' }), ...readKind(message) };
}

/** Reads a request to explain a decision. Throws INVALID_ARGUMENT, naming the field. */
export function readExplainDecision(message: ExplainDecisionRequest__Output): ExplainDecisionRequest {
  const { id, vm_id, vm_name, versus_host_id, top } = message;
  if ([id, vm_id, vm_name].filter((text) => text !== '').length !== 1)
    throw invalid('id', 'expected exactly one of id, vm_id and vm_name');
  if (top < 0) throw invalid('top', `expected 0 or more, got ${top}`);
  return {
    id: readText(id, 'id'),
    ...readSubject({ vm_id, vm_name }),
    versus: versus_host_id === '' ? undefined : readUuid(versus_host_id, 'versus_host_id'),
  };
}

/** Reads a request for a report on outcomes. Throws INVALID_ARGUMENT, naming the field. */
export function readReportAgreement(message: ReportAgreementRequest__Output): AgreementRequest {
  return { ...readTimes(message), face: readFace(message.face) };
}

/** Reads a request for a report on shadows. Throws INVALID_ARGUMENT, naming the field. */
export function readReportShadows(message: ReportShadowsRequest__Output): ShadowsRequest {
  return { ...readTimes(message), shadow: readText(message.shadow, 'shadow') };
}

function readSubject({ vm_id, vm_name }: { readonly vm_id: string; readonly vm_name: string }) {
  return {
    vmId: vm_id === '' ? undefined : readUuid(vm_id, 'vm_id'),
    vmName: readText(vm_name, 'vm_name'),
  };
}

function readKind({ face, method }: { readonly face: string | number; readonly method: string | number }) {
  return {
    face: readFace(face),
    method: readWord(method, METHODS, 'method', 'DECISION_METHOD_UNSPECIFIED'),
  };
}

function readFace(face: string | number): DecisionFace | undefined {
  return readWord(face, FACES, 'face', 'DECISION_FACE_UNSPECIFIED');
}

function readWord<Word>(
  name: string | number,
  words: ReadonlyMap<string | number, Word>,
  field: string,
  unspecified: string,
): Word | undefined {
  if (name === unspecified) return undefined;
  const word = words.get(name);
  if (word !== undefined) return word;
  throw invalid(field, `expected ${[...words.keys()].join(', ')}, got ${name}`);
}

function readTimes({
  start_time,
  end_time,
}: {
  readonly start_time: Timestamp__Output | null;
  readonly end_time: Timestamp__Output | null;
}) {
  return { from: readTime(start_time, 'start_time'), to: readTime(end_time, 'end_time') };
}

function readTime(timestamp: Timestamp__Output | null, field: string): number | undefined {
  if (timestamp === null) return undefined;
  try {
    return fromTimestamp(timestamp, field);
  } catch {
    throw invalid(field, 'expected a time from the year 1 to 9999');
  }
}

function readText(text: string, field: string): string | undefined {
  if (text.length <= MAX_TEXT_LENGTH) return text === '' ? undefined : text;
  throw invalid(field, `expected at most ${MAX_TEXT_LENGTH} characters, got ${text.length}`);
}

/** Parts of a decision that an answer has. */
export interface DecisionParts {
  /** True for candidates, values and words. */
  readonly full: boolean;
}

/** Encodes a page of decisions. */
export function writeListedDecisions(
  { decisions, nextPageToken = '' }: DecisionPage,
  process: string,
  parts: DecisionParts,
): Buffer {
  return decisionMethods.ListDecisions.responseSerialize({
    decisions: decisions.map((decision) => decisionMessage(decision, parts)),
    next_page_token: nextPageToken,
    process,
  });
}

/** Encodes a decision. */
export function writeDecision(decision: Decision, process: string): Buffer {
  return decisionMethods.GetDecision.responseSerialize({
    decision: decisionMessage(decision, { full: true }),
    process,
  });
}

/** Encodes a decision that was made, or got its outcome. */
export function writeWatchedDecision(
  decision: Decision,
  { process, missed, ...parts }: DecisionParts & { readonly process: string; readonly missed: number },
): Buffer {
  return decisionMethods.WatchDecisions.responseSerialize({
    decision: decisionMessage(decision, parts),
    missed,
    process,
  });
}

/** Returns the message of a decision. */
export function decisionMessage(decision: Decision, { full }: DecisionParts): Sent<DecisionMessage> {
  const { id, vm, hosts, units, reasons, migration, selector, outcome, shadows = [] } = decision;
  const [winner, runnerUp] =
    decision.method === 'SCORE'
      ? bestTwo(rankingOf(decision)).map((place) => candidateAt(decision, place))
      : [];
  return {
    id,
    time: toTimestamp(decision.time),
    duration: toDuration(decision.durationMs),
    request_id: decision.requestId,
    face: `DECISION_FACE_${decision.face}`,
    method: `DECISION_METHOD_${decision.method}_HOSTS`,
    vm_id: vm?.id ?? '',
    vm_name: boundedText(vm?.name ?? ''),
    vm_os: boundedText(vm?.os ?? ''),
    cluster_id: vm?.clusterId ?? '',
    policy: decision.policy ?? '',
    policy_hash: decision.policyHash,
    properties: Object.fromEntries(decision.properties),
    snapshots: decision.snapshots.map(({ service = '', time, eventId }) => ({
      service,
      snapshot_time: toTimestamp(time),
      ...(eventId === undefined ? {} : { event_id: eventId }),
    })),
    hosts: full ? hosts.map(hostMessage) : [],
    unknown_host_ids: decision.unknownHostIds,
    units: units.map((unit) => unitMessage(unit, full)),
    reasons: full ? reasons.map(reasonMessage) : [],
    migration:
      migration === undefined
        ? null
        : { vm_id: migration.vmId, candidate_host_ids: migration.candidateHostIds },
    ...(selector === undefined ? {} : { selector: SELECTORS[selector] }),
    raw_scores: decision.rawScores === true,
    host_count: hosts.length,
    winner: winner === undefined ? null : hostMessage(winner),
    runner_up: runnerUp === undefined ? null : hostMessage(runnerUp),
    outcome: outcome === undefined ? null : outcomeMessage(outcome),
    shadows: shadows.map(shadowMessage),
  };
}

const SELECTORS = { rank: 'ENGINE_SELECTOR_RANK', weight: 'ENGINE_SELECTOR_WEIGHT' } as const;

function candidateAt({ hosts, unknownHostIds }: Decision, place: number): DecidedHost {
  return hosts[place] ?? { id: unknownHostIds[place - hosts.length] ?? '' };
}

/** Returns the message of a host. */
export function hostMessage({ id, name = '' }: DecidedHost) {
  return { host_id: id, host_name: boundedText(name) };
}

/** Returns the message of a unit's words. */
export function reasonMessage({ unit, hostId, text }: DecidedReason) {
  return { unit, host_id: hostId, text: boundedText(text) };
}

function unitMessage(unit: DecidedUnit, full: boolean): Sent<DecidedUnitMessage> {
  const { name, weight } = unit;
  if ('failure' in unit) return { unit: name, weight, failure: writeFailure(unit.failure) };
  if (!full) return { unit: name, weight };
  if ('accepted' in unit)
    return { unit: name, weight, filtered: { accepted: Array.from(unit.accepted, (mark) => mark === 1) } };
  const { values, direction } = unit;
  return { unit: name, weight, scores: { values: Array.from(values), direction: writeDirection(direction) } };
}

function outcomeMessage(outcome: Outcome): Sent<OutcomeMessage> {
  const time = toTimestamp(outcome.time);
  if ('unmatched' in outcome) return { time, unmatched: `UNMATCHED_REASON_${outcome.unmatched}` };
  const { hostId, rank, regret } = outcome;
  return {
    time,
    host_id: hostId,
    ...(rank === undefined ? {} : { rank }),
    ...(regret === undefined ? {} : { regret }),
  };
}

function shadowMessage(result: ShadowResult): Sent<ShadowResultMessage> {
  const { shadow, policyHash = '', winner = '', winnerChanged, tau, regret, failure = '' } = result;
  return {
    shadow,
    policy_hash: policyHash,
    winner_host_id: winner,
    winner_changed: winnerChanged,
    ...(tau === undefined ? {} : { tau }),
    ...(failure === '' ? { top_overlap: result.topOverlap } : {}),
    ...(regret === undefined ? {} : { regret }),
    other_snapshot: result.otherSnapshot === true,
    failure: boundedText(failure),
  };
}

/** Returns a Duration, which is exact to the microsecond. */
function toDuration(milliseconds: number) {
  const micros = Math.round(milliseconds * 1000);
  return { seconds: Math.floor(micros / 1e6), nanos: (micros % 1e6) * 1000 };
}
