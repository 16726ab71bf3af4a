// Original file: proto/hostscore/v1/decision_service.proto

import type { Long } from '@grpc/proto-loader';

/**
 * Outcomes, counted.
 */
export interface AgreementCounts {
  /**
   * Decisions whose virtual machine was seen on a host.
   */
  'landed'?: (number | string | Long);
  /**
   * Those of them on our best host, or one with an equal total.
   */
  'best'?: (number | string | Long);
  /**
   * Those of them on one of our best three.
   */
  'top_three'?: (number | string | Long);
  /**
   * Those of them on a host that was not ranked.
   */
  'unranked'?: (number | string | Long);
  /**
   * Points lost against our best, added up over those on a ranked host.
   */
  'regret'?: (number | string | Long);
  /**
   * Decisions of which it is known that nothing was seen.
   */
  'unmatched'?: (number | string | Long);
  /**
   * Those of them for whose virtual machine a newer call came first.
   */
  'superseded'?: (number | string | Long);
}

/**
 * Outcomes, counted.
 */
export interface AgreementCounts__Output {
  /**
   * Decisions whose virtual machine was seen on a host.
   */
  'landed': (number);
  /**
   * Those of them on our best host, or one with an equal total.
   */
  'best': (number);
  /**
   * Those of them on one of our best three.
   */
  'top_three': (number);
  /**
   * Those of them on a host that was not ranked.
   */
  'unranked': (number);
  /**
   * Points lost against our best, added up over those on a ranked host.
   */
  'regret': (number);
  /**
   * Decisions of which it is known that nothing was seen.
   */
  'unmatched': (number);
  /**
   * Those of them for whose virtual machine a newer call came first.
   */
  'superseded': (number);
}
