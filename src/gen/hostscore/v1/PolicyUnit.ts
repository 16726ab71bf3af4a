// Original file: proto/hostscore/v1/policy_unit_service.proto

import type { PolicyUnitType as _hostscore_v1_PolicyUnitType, PolicyUnitType__Output as _hostscore_v1_PolicyUnitType__Output } from './PolicyUnitType.js';
import type { UnitProperty as _hostscore_v1_UnitProperty, UnitProperty__Output as _hostscore_v1_UnitProperty__Output } from './UnitProperty.js';
import type { Direction as _hostscore_v1_Direction, Direction__Output as _hostscore_v1_Direction__Output } from './Direction.js';

/**
 * A policy unit that a service offers.
 */
export interface PolicyUnit {
  /**
   * Name, unique among the units of its type: 1 to 128 characters.
   */
  'name'?: (string);
  /**
   * Whether the unit filters, scores or balances.
   */
  'type'?: (_hostscore_v1_PolicyUnitType);
  /**
   * What the unit does, in one or two sentences. May be empty.
   */
  'description'?: (string);
  /**
   * Properties that the unit reads; others are ignored.
   */
  'properties'?: (_hostscore_v1_UnitProperty)[];
  /**
   * How to read the unit's values. Set for score units only.
   */
  'direction'?: (_hostscore_v1_Direction);
}

/**
 * A policy unit that a service offers.
 */
export interface PolicyUnit__Output {
  /**
   * Name, unique among the units of its type: 1 to 128 characters.
   */
  'name': (string);
  /**
   * Whether the unit filters, scores or balances.
   */
  'type': (_hostscore_v1_PolicyUnitType__Output);
  /**
   * What the unit does, in one or two sentences. May be empty.
   */
  'description': (string);
  /**
   * Properties that the unit reads; others are ignored.
   */
  'properties': (_hostscore_v1_UnitProperty__Output)[];
  /**
   * How to read the unit's values. Set for score units only.
   */
  'direction': (_hostscore_v1_Direction__Output);
}
