// Original file: proto/hostscore/v1/decision_service.proto

import type { RankingScale as _hostscore_v1_RankingScale, RankingScale__Output as _hostscore_v1_RankingScale__Output } from '../../hostscore/v1/RankingScale.js';
import type { UnitCounterfactual as _hostscore_v1_UnitCounterfactual, UnitCounterfactual__Output as _hostscore_v1_UnitCounterfactual__Output } from '../../hostscore/v1/UnitCounterfactual.js';
import type { ExplainedHost as _hostscore_v1_ExplainedHost, ExplainedHost__Output as _hostscore_v1_ExplainedHost__Output } from '../../hostscore/v1/ExplainedHost.js';
import type { UnitLead as _hostscore_v1_UnitLead, UnitLead__Output as _hostscore_v1_UnitLead__Output } from '../../hostscore/v1/UnitLead.js';
import type { ExplainedRejection as _hostscore_v1_ExplainedRejection, ExplainedRejection__Output as _hostscore_v1_ExplainedRejection__Output } from '../../hostscore/v1/ExplainedRejection.js';
import type { Versus as _hostscore_v1_Versus, Versus__Output as _hostscore_v1_Versus__Output } from '../../hostscore/v1/Versus.js';

/**
 * Why a decision came out as it did, and what would have changed it.
 */
export interface Explanation {
  /**
   * Numbers by which the hosts are ranked.
   */
  'scale'?: (_hostscore_v1_RankingScale);
  /**
   * Units that answered, each with what its weight does to the choice.
   */
  'units'?: (_hostscore_v1_UnitCounterfactual)[];
  /**
   * Ranking, the best host first.
   */
  'ranking'?: (_hostscore_v1_ExplainedHost)[];
  /**
   * Lead of the winner over the runner-up in each unit, the largest first: what decided.
   */
  'leads'?: (_hostscore_v1_UnitLead)[];
  /**
   * Hosts that a filter rejected.
   */
  'rejections'?: (_hostscore_v1_ExplainedRejection)[];
  /**
   * Named host against the winner.
   */
  'versus'?: (_hostscore_v1_Versus | null);
  /**
   * True when a total leaves 32 bits: the engine's own arithmetic then wraps around, and this does not.
   */
  'overflows'?: (boolean);
}

/**
 * Why a decision came out as it did, and what would have changed it.
 */
export interface Explanation__Output {
  /**
   * Numbers by which the hosts are ranked.
   */
  'scale': (_hostscore_v1_RankingScale__Output);
  /**
   * Units that answered, each with what its weight does to the choice.
   */
  'units': (_hostscore_v1_UnitCounterfactual__Output)[];
  /**
   * Ranking, the best host first.
   */
  'ranking': (_hostscore_v1_ExplainedHost__Output)[];
  /**
   * Lead of the winner over the runner-up in each unit, the largest first: what decided.
   */
  'leads': (_hostscore_v1_UnitLead__Output)[];
  /**
   * Hosts that a filter rejected.
   */
  'rejections': (_hostscore_v1_ExplainedRejection__Output)[];
  /**
   * Named host against the winner.
   */
  'versus': (_hostscore_v1_Versus__Output | null);
  /**
   * True when a total leaves 32 bits: the engine's own arithmetic then wraps around, and this does not.
   */
  'overflows': (boolean);
}
