// Original file: proto/hostscore/v1/decision_service.proto

import type { DecidedHost as _hostscore_v1_DecidedHost, DecidedHost__Output as _hostscore_v1_DecidedHost__Output } from '../../hostscore/v1/DecidedHost.js';
import type { UnitLead as _hostscore_v1_UnitLead, UnitLead__Output as _hostscore_v1_UnitLead__Output } from '../../hostscore/v1/UnitLead.js';
import type { UnitChange as _hostscore_v1_UnitChange, UnitChange__Output as _hostscore_v1_UnitChange__Output } from '../../hostscore/v1/UnitChange.js';
import type { ExplainedRejection as _hostscore_v1_ExplainedRejection, ExplainedRejection__Output as _hostscore_v1_ExplainedRejection__Output } from '../../hostscore/v1/ExplainedRejection.js';
import type { Long } from '@grpc/proto-loader';

/**
 * Why a named host was not chosen.
 */
export interface Versus {
  /**
   * Host. MUST be set.
   */
  'host'?: (_hostscore_v1_DecidedHost | null);
  /**
   * Place in the ranking, 1 for the best. Absent: it was no candidate.
   */
  'place'?: (number);
  /**
   * Points behind the winner.
   */
  'behind'?: (number | string | Long);
  /**
   * Lead of the winner in each unit, the largest first.
   */
  'leads'?: (_hostscore_v1_UnitLead)[];
  /**
   * What it lacks in each unit.
   */
  'changes'?: (_hostscore_v1_UnitChange)[];
  /**
   * Filters that rejected it: of this call, or of the call for filters that the virtual machine had before it.
   */
  'rejections'?: (_hostscore_v1_ExplainedRejection)[];
  '_place'?: "place";
  '_behind'?: "behind";
}

/**
 * Why a named host was not chosen.
 */
export interface Versus__Output {
  /**
   * Host. MUST be set.
   */
  'host': (_hostscore_v1_DecidedHost__Output | null);
  /**
   * Place in the ranking, 1 for the best. Absent: it was no candidate.
   */
  'place'?: (number);
  /**
   * Points behind the winner.
   */
  'behind'?: (number);
  /**
   * Lead of the winner in each unit, the largest first.
   */
  'leads': (_hostscore_v1_UnitLead__Output)[];
  /**
   * What it lacks in each unit.
   */
  'changes': (_hostscore_v1_UnitChange__Output)[];
  /**
   * Filters that rejected it: of this call, or of the call for filters that the virtual machine had before it.
   */
  'rejections': (_hostscore_v1_ExplainedRejection__Output)[];
  '_place'?: "place";
  '_behind'?: "behind";
}
