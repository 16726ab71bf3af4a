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
   * First entry of `path`. Readers that know `path` take it only where `path` is empty.
   */
  'origin'?: (string);
  /**
   * Composites that the unit has come through, the one nearest to its service first, like the AS path of BGP: each
   * appends the id that it makes at its start. A composite takes no unit whose path holds its own id, or 4 or more ids,
   * since its calls would come back, or be refused. Other services leave it empty. At most 128 characters of an id are
   * kept.
   */
  'path'?: (string)[];
  /**
   * Service that offers the unit, by its name in the configuration of the composite that lists it. Other services leave
   * it empty, and a composite that takes the unit from another one puts its own name for that one in place.
   */
  'service'?: (string);
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
   * First entry of `path`. Readers that know `path` take it only where `path` is empty.
   */
  'origin': (string);
  /**
   * Composites that the unit has come through, the one nearest to its service first, like the AS path of BGP: each
   * appends the id that it makes at its start. A composite takes no unit whose path holds its own id, or 4 or more ids,
   * since its calls would come back, or be refused. Other services leave it empty. At most 128 characters of an id are
   * kept.
   */
  'path': (string)[];
  /**
   * Service that offers the unit, by its name in the configuration of the composite that lists it. Other services leave
   * it empty, and a composite that takes the unit from another one puts its own name for that one in place.
   */
  'service': (string);
}
