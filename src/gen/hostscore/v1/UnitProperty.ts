// Original file: proto/hostscore/v1/policy_unit_service.proto


/**
 * A property that an administrator can set in a scheduling policy to tune a unit.
 */
export interface UnitProperty {
  /**
   * Key in the `properties` map of a request: letters, digits and underscores.
   */
  'name'?: (string);
  /**
   * Regular expression that the whole value has to match. Contains no semicolon, since the engine separates properties
   * by it.
   */
  'pattern'?: (string);
  /**
   * Value used when the property is not set.
   */
  'default_value'?: (string);
  /**
   * What the property changes, in one sentence.
   */
  'description'?: (string);
}

/**
 * A property that an administrator can set in a scheduling policy to tune a unit.
 */
export interface UnitProperty__Output {
  /**
   * Key in the `properties` map of a request: letters, digits and underscores.
   */
  'name': (string);
  /**
   * Regular expression that the whole value has to match. Contains no semicolon, since the engine separates properties
   * by it.
   */
  'pattern': (string);
  /**
   * Value used when the property is not set.
   */
  'default_value': (string);
  /**
   * What the property changes, in one sentence.
   */
  'description': (string);
}
