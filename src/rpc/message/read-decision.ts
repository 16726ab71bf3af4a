import type { DecidedHost, DecidedUnit, Decision, Outcome, UnmatchedReason } from '../../domain/decision.js';
import { contractViolation } from '../../domain/errors.js';
import type { DecidedHost__Output } from '../../gen/hostscore/v1/DecidedHost.js';
import type { DecidedUnit__Output } from '../../gen/hostscore/v1/DecidedUnit.js';
import type { Decision__Output } from '../../gen/hostscore/v1/Decision.js';
import type { Outcome__Output } from '../../gen/hostscore/v1/Outcome.js';
import { boundedText, quoted } from '../../lib/text.js';
import { FACES, METHODS } from './decisions.js';
import { readTimeOf } from './inventory.js';
import { readFailure } from './read-response.js';

/** Reads a whole decision of an answer. Throws a contract violation, naming the field. */
export function readDecision(message: Decision__Output): Decision {
  const { id, vm_id, vm_name, vm_os, cluster_id, policy, migration, duration, selector } = message;
  const face = FACES.get(message.face);
  const method = METHODS.get(message.method);
  if (face === undefined || method === undefined)
    throw contractViolation(
      `decision: expected a face and a method, got ${message.face} and ${message.method}`,
    );
  return {
    ...{ id, face, method, requestId: message.request_id, policyHash: message.policy_hash },
    time: readTimeOf(message.time, 'decision.time'),
    durationMs: duration === null ? 0 : duration.seconds * 1000 + duration.nanos / 1e6,
    vm:
      vm_id === ''
        ? undefined
        : { id: vm_id, name: filled(vm_name), os: filled(vm_os), clusterId: filled(cluster_id) },
    policy: filled(policy),
    properties: new Map(Object.entries(message.properties)),
    snapshots: message.snapshots.map(({ service, snapshot_time, event_id }) => ({
      service: filled(service),
      time: readTimeOf(snapshot_time, 'decision.snapshots.snapshot_time'),
      eventId: event_id,
    })),
    hosts: message.hosts.map(readDecidedHost),
    unknownHostIds: message.unknown_host_ids,
    units: message.units.map(readUnit),
    reasons: message.reasons.map(({ unit, host_id, text }) => ({
      unit,
      hostId: host_id,
      text: boundedText(text),
    })),
    migration:
      migration === null
        ? undefined
        : { vmId: migration.vm_id, candidateHostIds: migration.candidate_host_ids },
    selector:
      selector === 'ENGINE_SELECTOR_RANK'
        ? 'rank'
        : selector === 'ENGINE_SELECTOR_WEIGHT'
          ? 'weight'
          : undefined,
    rawScores: message.raw_scores,
    outcome: message.outcome === null ? undefined : readOutcome(message.outcome),
  };
}

/** Reads a host of a decision. */
export function readDecidedHost({ host_id, host_name }: DecidedHost__Output): DecidedHost {
  return { id: host_id, name: filled(boundedText(host_name)) };
}

function readUnit({ unit: name, weight = 1, scores, filtered, failure }: DecidedUnit__Output): DecidedUnit {
  if (failure != null) return { name, weight, failure: readFailure(failure) };
  if (filtered != null) return { name, weight, accepted: Uint8Array.from(filtered.accepted, Number) };
  if (scores == null) throw contractViolation(`decision: expected a result of ${quoted(name)}, got none`);
  const { values, direction } = scores;
  return {
    ...{ name, weight, values },
    direction: direction === 'DIRECTION_LOWER_IS_BETTER' ? 'LOWER_IS_BETTER' : 'HIGHER_IS_BETTER',
  };
}

function readOutcome({ time, host_id, rank, regret, unmatched }: Outcome__Output): Outcome {
  const at = { time: readTimeOf(time, 'decision.outcome.time') };
  if (host_id !== '') return { ...at, hostId: host_id, rank, regret };
  return { ...at, unmatched: UNMATCHED.get(unmatched) ?? 'TIMED_OUT' };
}

const UNMATCHED: ReadonlyMap<string | number, UnmatchedReason> = new Map([
  ['UNMATCHED_REASON_TIMED_OUT', 'TIMED_OUT'],
  ['UNMATCHED_REASON_SUPERSEDED', 'SUPERSEDED'],
  ['UNMATCHED_REASON_VM_GONE', 'VM_GONE'],
]);

function filled(text: string): string | undefined {
  return text === '' ? undefined : text;
}
