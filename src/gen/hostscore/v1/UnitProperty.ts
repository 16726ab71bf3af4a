// Original file: proto/hostscore/v1/policy_unit_service.proto


/**
 * A property that an administrator sets in a scheduling policy to tune a unit.
 */
export interface UnitProperty {
  /**
   * Key in the `properties` of a request. MUST be letters, digits and underscores, at least one.
   */
  'name'?: (string);
  /**
   * Regular expression that matches every valid value as a whole. MUST NOT contain a semicolon, which separates
   * properties at the engine.
   */
  'pattern'?: (string);
  /**
   * Value that the unit uses when a request does not set the property.
   */
  'default_value'?: (string);
  /**
   * Effect of the property, in one sentence.
   */
  'description'?: (string);
}

/**
 * A property that an administrator sets in a scheduling policy to tune a unit.
 */
export interface UnitProperty__Output {
  /**
   * Key in the `properties` of a request. MUST be letters, digits and underscores, at least one.
   */
  'name': (string);
  /**
   * Regular expression that matches every valid value as a whole. MUST NOT contain a semicolon, which separates
   * properties at the engine.
   */
  'pattern': (string);
  /**
   * Value that the unit uses when a request does not set the property.
   */
  'default_value': (string);
  /**
   * Effect of the property, in one sentence.
   */
  'description': (string);
}
