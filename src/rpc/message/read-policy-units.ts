import type { Direction, PolicyUnit, PolicyUnitType } from '../../domain/contract.js';
import type { ListPolicyUnitsResponse__Output } from '../../gen/hostscore/v1/ListPolicyUnitsResponse.js';
import type { PolicyUnit__Output } from '../../gen/hostscore/v1/PolicyUnit.js';
import { answerFault } from './answer-fault.js';
import { boundedText } from '../../lib/text.js';
import { quote } from './quote.js';
import { isUnitName, MAX_UNIT_NAME_LENGTH } from './unit-name.js';

/** What the engine takes as the key of a property (CustomPropertiesUtils.VALIDATION_STR). */
const PROPERTY_NAME = /^[a-zA-Z0-9_]+$/;

const TYPES: ReadonlyMap<string | number, PolicyUnitType> = new Map([
  ['POLICY_UNIT_TYPE_FILTER', 'FILTER'],
  ['POLICY_UNIT_TYPE_SCORE', 'SCORE'],
  ['POLICY_UNIT_TYPE_BALANCE', 'BALANCE'],
]);

const DIRECTIONS: ReadonlyMap<string | number, Direction> = new Map([
  ['DIRECTION_HIGHER_IS_BETTER', 'HIGHER_IS_BETTER'],
  ['DIRECTION_LOWER_IS_BETTER', 'LOWER_IS_BETTER'],
]);

/**
 * Reads the units that a remote service lists. Throws INTERNAL, naming the field, for a name or type that can't be, a
 * unit that stands twice, a score unit without a direction, or more units than the limit.
 */
export function readPolicyUnits(
  { policy_units }: ListPolicyUnitsResponse__Output,
  maxPolicyUnits: number,
): readonly PolicyUnit[] {
  if (policy_units.length > maxPolicyUnits) {
    throw answerFault(
      'policy_units',
      `${policy_units.length} units, at most ${maxPolicyUnits} are read (maxPolicyUnits)`,
    );
  }
  const seen = new Set<string>();
  return policy_units.map((message, index) => {
    const unit = readPolicyUnit(message, `policy_units[${index}]`);
    const identity = `${unit.type} ${unit.name}`;
    if (seen.has(identity)) {
      throw answerFault(
        `policy_units[${index}].name`,
        `the ${unit.type} ${quote(unit.name)} stands here twice`,
      );
    }
    seen.add(identity);
    return unit;
  });
}

function readPolicyUnit(message: PolicyUnit__Output, field: string): PolicyUnit {
  const { name } = message;
  if (!isUnitName(name)) {
    throw answerFault(
      `${field}.name`,
      `expected a name of 1 to ${MAX_UNIT_NAME_LENGTH} characters, got ${quote(name)}`,
    );
  }
  const type = TYPES.get(message.type);
  if (type === undefined) {
    throw answerFault(`${field}.type`, `expected FILTER, SCORE or BALANCE, got ${message.type}`);
  }
  const unit = {
    name,
    type,
    description: boundedText(message.description),
    properties: readProperties(message.properties, field),
  };
  if (type !== 'SCORE') return unit;
  const direction = DIRECTIONS.get(message.direction);
  if (direction === undefined) {
    throw answerFault(
      `${field}.direction`,
      `expected HIGHER_IS_BETTER or LOWER_IS_BETTER for a score unit, got ${message.direction}`,
    );
  }
  return { ...unit, direction };
}

function readProperties(
  properties: PolicyUnit__Output['properties'],
  field: string,
): PolicyUnit['properties'] {
  return properties.map(({ name, pattern, default_value, description }, index) => {
    if (!PROPERTY_NAME.test(name)) {
      throw answerFault(
        `${field}.properties[${index}].name`,
        `expected letters, digits and underscores, got ${quote(name)}`,
      );
    }
    if (pattern.includes(';')) {
      throw answerFault(
        `${field}.properties[${index}].pattern`,
        `expected no semicolon, at which the engine splits, got ${quote(pattern)}`,
      );
    }
    return { name, pattern, defaultValue: default_value, description: boundedText(description) };
  });
}
