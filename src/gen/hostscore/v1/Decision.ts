// Original file: proto/hostscore/v1/decision_service.proto

import type { Timestamp as _google_protobuf_Timestamp, Timestamp__Output as _google_protobuf_Timestamp__Output } from '../../google/protobuf/Timestamp.js';
import type { Duration as _google_protobuf_Duration, Duration__Output as _google_protobuf_Duration__Output } from '../../google/protobuf/Duration.js';
import type { DecisionFace as _hostscore_v1_DecisionFace, DecisionFace__Output as _hostscore_v1_DecisionFace__Output } from '../../hostscore/v1/DecisionFace.js';
import type { DecisionMethod as _hostscore_v1_DecisionMethod, DecisionMethod__Output as _hostscore_v1_DecisionMethod__Output } from '../../hostscore/v1/DecisionMethod.js';
import type { DecidedSnapshot as _hostscore_v1_DecidedSnapshot, DecidedSnapshot__Output as _hostscore_v1_DecidedSnapshot__Output } from '../../hostscore/v1/DecidedSnapshot.js';
import type { DecidedHost as _hostscore_v1_DecidedHost, DecidedHost__Output as _hostscore_v1_DecidedHost__Output } from '../../hostscore/v1/DecidedHost.js';
import type { DecidedUnit as _hostscore_v1_DecidedUnit, DecidedUnit__Output as _hostscore_v1_DecidedUnit__Output } from '../../hostscore/v1/DecidedUnit.js';
import type { DecidedReason as _hostscore_v1_DecidedReason, DecidedReason__Output as _hostscore_v1_DecidedReason__Output } from '../../hostscore/v1/DecidedReason.js';
import type { Migration as _hostscore_v1_Migration, Migration__Output as _hostscore_v1_Migration__Output } from '../../hostscore/v1/Migration.js';
import type { EngineSelector as _hostscore_v1_EngineSelector, EngineSelector__Output as _hostscore_v1_EngineSelector__Output } from '../../hostscore/v1/EngineSelector.js';
import type { Outcome as _hostscore_v1_Outcome, Outcome__Output as _hostscore_v1_Outcome__Output } from '../../hostscore/v1/Outcome.js';
import type { ShadowResult as _hostscore_v1_ShadowResult, ShadowResult__Output as _hostscore_v1_ShadowResult__Output } from '../../hostscore/v1/ShadowResult.js';

/**
 * One answered call.
 */
export interface Decision {
  /**
   * Id of the decision. Sorts by time among the decisions of one process. MUST be sent.
   */
  'id'?: (string);
  /**
   * Time of the answer. MUST be sent.
   */
  'time'?: (_google_protobuf_Timestamp | null);
  /**
   * Time that the answer took. MUST be sent.
   */
  'duration'?: (_google_protobuf_Duration | null);
  /**
   * Id of the request in the logs. MUST be sent.
   */
  'request_id'?: (string);
  /**
   * Face at which the call came. MUST be sent.
   */
  'face'?: (_hostscore_v1_DecisionFace);
  /**
   * Question of the call. MUST be sent.
   */
  'method'?: (_hostscore_v1_DecisionMethod);
  /**
   * Virtual machine, as a lower-case id. Empty for a balance that proposes no migration.
   */
  'vm_id'?: (string);
  /**
   * Name that it had. Empty: unknown.
   */
  'vm_name'?: (string);
  /**
   * Operating system that it had, in the engine's word. Empty: unknown.
   */
  'vm_os'?: (string);
  /**
   * Cluster that it had, as a lower-case id. Empty: unknown.
   */
  'cluster_id'?: (string);
  /**
   * Name of the policy that the caller gave. Empty: none.
   */
  'policy'?: (string);
  /**
   * Hash of the units, weights and properties: equal for calls that asked for the same.
   */
  'policy_hash'?: (string);
  /**
   * Properties of the scheduling policy, by name.
   */
  'properties'?: ({[key: string]: string});
  /**
   * Snapshots that the answer was based on: of the whole answer first, then of services, where they sent theirs.
   */
  'snapshots'?: (_hostscore_v1_DecidedSnapshot)[];
  /**
   * Candidates, in the order of the answer. Left out in lists.
   */
  'hosts'?: (_hostscore_v1_DecidedHost)[];
  /**
   * Hosts of a call for scores that the inventory did not have. A filter rejects none for that, so they are among `hosts`.
   */
  'unknown_host_ids'?: (string)[];
  /**
   * Units, in the order asked; in lists without values and verdicts.
   */
  'units'?: (_hostscore_v1_DecidedUnit)[];
  /**
   * Words that were kept: of the winner, the runner-up, and up to 20 rejected hosts. Left out in lists.
   */
  'reasons'?: (_hostscore_v1_DecidedReason)[];
  /**
   * Migration that a balance proposed.
   */
  'migration'?: (_hostscore_v1_Migration | null);
  /**
   * Unit with which the engine picks a host, as configured. Unspecified: no engine asked.
   */
  'selector'?: (_hostscore_v1_EngineSelector);
  /**
   * True when scores went to the engine unchanged, so that it takes the lowest.
   */
  'raw_scores'?: (boolean);
  /**
   * Number of candidates.
   */
  'host_count'?: (number);
  /**
   * Best host. Absent: no hosts were ranked.
   */
  'winner'?: (_hostscore_v1_DecidedHost | null);
  /**
   * Host after the best. Absent: there was none.
   */
  'runner_up'?: (_hostscore_v1_DecidedHost | null);
  /**
   * What became of it. Absent: not known, yet or ever.
   */
  'outcome'?: (_hostscore_v1_Outcome | null);
  /**
   * What shadows would have answered.
   */
  'shadows'?: (_hostscore_v1_ShadowResult)[];
  '_host_count'?: "host_count";
}

/**
 * One answered call.
 */
export interface Decision__Output {
  /**
   * Id of the decision. Sorts by time among the decisions of one process. MUST be sent.
   */
  'id': (string);
  /**
   * Time of the answer. MUST be sent.
   */
  'time': (_google_protobuf_Timestamp__Output | null);
  /**
   * Time that the answer took. MUST be sent.
   */
  'duration': (_google_protobuf_Duration__Output | null);
  /**
   * Id of the request in the logs. MUST be sent.
   */
  'request_id': (string);
  /**
   * Face at which the call came. MUST be sent.
   */
  'face': (_hostscore_v1_DecisionFace__Output);
  /**
   * Question of the call. MUST be sent.
   */
  'method': (_hostscore_v1_DecisionMethod__Output);
  /**
   * Virtual machine, as a lower-case id. Empty for a balance that proposes no migration.
   */
  'vm_id': (string);
  /**
   * Name that it had. Empty: unknown.
   */
  'vm_name': (string);
  /**
   * Operating system that it had, in the engine's word. Empty: unknown.
   */
  'vm_os': (string);
  /**
   * Cluster that it had, as a lower-case id. Empty: unknown.
   */
  'cluster_id': (string);
  /**
   * Name of the policy that the caller gave. Empty: none.
   */
  'policy': (string);
  /**
   * Hash of the units, weights and properties: equal for calls that asked for the same.
   */
  'policy_hash': (string);
  /**
   * Properties of the scheduling policy, by name.
   */
  'properties': ({[key: string]: string});
  /**
   * Snapshots that the answer was based on: of the whole answer first, then of services, where they sent theirs.
   */
  'snapshots': (_hostscore_v1_DecidedSnapshot__Output)[];
  /**
   * Candidates, in the order of the answer. Left out in lists.
   */
  'hosts': (_hostscore_v1_DecidedHost__Output)[];
  /**
   * Hosts of a call for scores that the inventory did not have. A filter rejects none for that, so they are among `hosts`.
   */
  'unknown_host_ids': (string)[];
  /**
   * Units, in the order asked; in lists without values and verdicts.
   */
  'units': (_hostscore_v1_DecidedUnit__Output)[];
  /**
   * Words that were kept: of the winner, the runner-up, and up to 20 rejected hosts. Left out in lists.
   */
  'reasons': (_hostscore_v1_DecidedReason__Output)[];
  /**
   * Migration that a balance proposed.
   */
  'migration': (_hostscore_v1_Migration__Output | null);
  /**
   * Unit with which the engine picks a host, as configured. Unspecified: no engine asked.
   */
  'selector': (_hostscore_v1_EngineSelector__Output);
  /**
   * True when scores went to the engine unchanged, so that it takes the lowest.
   */
  'raw_scores': (boolean);
  /**
   * Number of candidates.
   */
  'host_count'?: (number);
  /**
   * Best host. Absent: no hosts were ranked.
   */
  'winner': (_hostscore_v1_DecidedHost__Output | null);
  /**
   * Host after the best. Absent: there was none.
   */
  'runner_up': (_hostscore_v1_DecidedHost__Output | null);
  /**
   * What became of it. Absent: not known, yet or ever.
   */
  'outcome': (_hostscore_v1_Outcome__Output | null);
  /**
   * What shadows would have answered.
   */
  'shadows': (_hostscore_v1_ShadowResult__Output)[];
  '_host_count'?: "host_count";
}
