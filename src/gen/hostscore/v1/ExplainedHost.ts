// Original file: proto/hostscore/v1/decision_service.proto

import type { DecidedHost as _hostscore_v1_DecidedHost, DecidedHost__Output as _hostscore_v1_DecidedHost__Output } from '../../hostscore/v1/DecidedHost.js';
import type { DecidedReason as _hostscore_v1_DecidedReason, DecidedReason__Output as _hostscore_v1_DecidedReason__Output } from '../../hostscore/v1/DecidedReason.js';
import type { Long } from '@grpc/proto-loader';

/**
 * A host in the order of its total.
 */
export interface ExplainedHost {
  /**
   * Host. MUST be set.
   */
  'host'?: (_hostscore_v1_DecidedHost | null);
  /**
   * Sum of weight times value. Higher is better.
   */
  'total'?: (number | string | Long);
  /**
   * Value of each unit, unweighted, in the order of `Explanation.units`. Higher is better.
   */
  'values'?: (number | string | Long)[];
  /**
   * Words of the units about the host that were kept.
   */
  'reasons'?: (_hostscore_v1_DecidedReason)[];
  '_total'?: "total";
}

/**
 * A host in the order of its total.
 */
export interface ExplainedHost__Output {
  /**
   * Host. MUST be set.
   */
  'host': (_hostscore_v1_DecidedHost__Output | null);
  /**
   * Sum of weight times value. Higher is better.
   */
  'total'?: (number);
  /**
   * Value of each unit, unweighted, in the order of `Explanation.units`. Higher is better.
   */
  'values': (number)[];
  /**
   * Words of the units about the host that were kept.
   */
  'reasons': (_hostscore_v1_DecidedReason__Output)[];
  '_total'?: "total";
}
