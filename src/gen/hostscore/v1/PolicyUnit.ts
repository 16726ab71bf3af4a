// Original file: proto/hostscore/v1/policy_unit_service.proto

import type { PolicyUnitType as _hostscore_v1_PolicyUnitType, PolicyUnitType__Output as _hostscore_v1_PolicyUnitType__Output } from '../../hostscore/v1/PolicyUnitType.js';
import type { UnitProperty as _hostscore_v1_UnitProperty, UnitProperty__Output as _hostscore_v1_UnitProperty__Output } from '../../hostscore/v1/UnitProperty.js';
import type { Direction as _hostscore_v1_Direction, Direction__Output as _hostscore_v1_Direction__Output } from '../../hostscore/v1/Direction.js';

/**
 * A policy unit that a service offers.
 */
export interface PolicyUnit {
  /**
   * Name of the unit. MUST be 1 to 128 characters, and unique among the service's units of the same type.
   */
  'name'?: (string);
  /**
   * Type of the unit. MUST be set.
   */
  'type'?: (_hostscore_v1_PolicyUnitType);
  /**
   * Purpose of the unit, in one or two sentences.
   */
  'description'?: (string);
  /**
   * Properties that the unit reads. The unit ignores all others.
   */
  'properties'?: (_hostscore_v1_UnitProperty)[];
  /**
   * Meaning of the unit's values. MUST be set for a score unit, and MUST NOT be set for the other types.
   */
  'direction'?: (_hostscore_v1_Direction);
  /**
   * Name of the composite that lists the unit first: an id that it makes at its start. A composite sets it where it is
   * empty and passes it on where it is set, and takes no unit that bears its own. Other services leave it empty. At most
   * 128 characters are kept.
   */
  'origin'?: (string);
}

/**
 * A policy unit that a service offers.
 */
export interface PolicyUnit__Output {
  /**
   * Name of the unit. MUST be 1 to 128 characters, and unique among the service's units of the same type.
   */
  'name': (string);
  /**
   * Type of the unit. MUST be set.
   */
  'type': (_hostscore_v1_PolicyUnitType__Output);
  /**
   * Purpose of the unit, in one or two sentences.
   */
  'description': (string);
  /**
   * Properties that the unit reads. The unit ignores all others.
   */
  'properties': (_hostscore_v1_UnitProperty__Output)[];
  /**
   * Meaning of the unit's values. MUST be set for a score unit, and MUST NOT be set for the other types.
   */
  'direction': (_hostscore_v1_Direction__Output);
  /**
   * Name of the composite that lists the unit first: an id that it makes at its start. A composite sets it where it is
   * empty and passes it on where it is set, and takes no unit that bears its own. Other services leave it empty. At most
   * 128 characters are kept.
   */
  'origin': (string);
}
