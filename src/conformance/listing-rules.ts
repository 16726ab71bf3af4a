import { MAX_LISTED_UNITS, MAX_UNIT_NAME_LENGTH, PROPERTY_NAME } from '../domain/check-answer.js';
import type { ListPolicyUnitsResponse__Output } from '../gen/hostscore/v1/ListPolicyUnitsResponse.js';
import type { PolicyUnit__Output } from '../gen/hostscore/v1/PolicyUnit.js';
import type { PolicyUnitType } from '../gen/hostscore/v1/PolicyUnitType.js';
import { quoted } from '../lib/text.js';
import { MUST_BE_SET, type Report } from './rules.js';

const TYPES: ReadonlySet<unknown> = new Set<PolicyUnitType>([
  'POLICY_UNIT_TYPE_FILTER',
  'POLICY_UNIT_TYPE_SCORE',
  'POLICY_UNIT_TYPE_BALANCE',
]);

/** Checks a list of units. */
export function checkListing(
  { policy_units, problems, has_inventory }: ListPolicyUnitsResponse__Output,
  complete: boolean,
  report: Report,
): void {
  if (policy_units.length > MAX_LISTED_UNITS) {
    report('policy_units', `expected at most ${MAX_LISTED_UNITS} units, got ${policy_units.length}`);
  }
  if (complete && !has_inventory) report('has_inventory', 'expected true of a service with an inventory');
  const seen = new Set<string>();
  for (const [place, unit] of policy_units.entries()) {
    const field = `policy_units[${place}]`;
    checkUnit(unit, (part, rule) => report(`${field}.${part}`, rule));
    const identity = `${unit.type} ${unit.name}`;
    if (seen.has(identity))
      report(`${field}.name`, `expected each type and name once, got ${quoted(unit.name)} again`);
    seen.add(identity);
  }
  for (const [place, { source, reason }] of problems.entries()) {
    if (source === '') report(`problems[${place}].source`, MUST_BE_SET);
    if (reason === '') report(`problems[${place}].reason`, MUST_BE_SET);
  }
}

function checkUnit({ name, type, direction, properties }: PolicyUnit__Output, report: Report): void {
  if (name.length < 1 || name.length > MAX_UNIT_NAME_LENGTH) {
    report('name', `expected 1 to ${MAX_UNIT_NAME_LENGTH} characters, got ${quoted(name)}`);
  }
  if (!TYPES.has(type)) report('type', `expected FILTER, SCORE or BALANCE, got ${type}`);
  const isSet = direction !== 'DIRECTION_UNSPECIFIED';
  if (type === 'POLICY_UNIT_TYPE_SCORE') {
    if (!isSet || typeof direction === 'number')
      report('direction', `MUST be set for a score unit, got ${direction}`);
  } else if (isSet) report('direction', `MUST NOT be set for a unit that is no score unit, got ${direction}`);
  const names = new Set<string>();
  for (const [place, property] of properties.entries()) {
    const field = `properties[${place}]`;
    if (!PROPERTY_NAME.test(property.name)) {
      report(`${field}.name`, `expected letters, digits and underscores, got ${quoted(property.name)}`);
    }
    if (names.has(property.name))
      report(`${field}.name`, `expected each name once, got ${quoted(property.name)} again`);
    names.add(property.name);
    if (property.pattern.includes(';')) {
      report(`${field}.pattern`, `MUST NOT contain a semicolon, got ${quoted(property.pattern)}`);
    }
  }
}
