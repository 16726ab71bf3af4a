import { z } from 'zod';
import { MAX_WEIGHT_SUM } from '../domain/contract.js';
import { policyHash, type Policies, type Policy } from '../domain/policies.js';
import { partName, unitName } from './services.js';
import { integerIn } from './values.js';
import { yaml } from './yaml.js';

const PROPERTY_NAME = /^[a-zA-Z0-9_]{1,128}$/;

const propertyName = z
  .string()
  .regex(PROPERTY_NAME, 'expected the name of a property: 1 to 128 letters, digits and underscores');

const propertyValue = z
  .union([z.string(), z.number(), z.boolean()], 'expected text, a number, true or false')
  .transform(String);

/** Words for what is no map; what is wrong with a key of one says so itself. */
const unlessMap = (message: string) => ({
  error: ({ code }: { readonly code: string }) => (code === 'invalid_type' ? message : undefined),
});

/** A named policy as it is written. */
export const policySchema = z
  .strictObject({
    filters: z
      .array(unitName, 'expected a list of filters')
      .default([])
      .meta({ description: 'Names of the filters that `FilterHosts` runs' }),
    scores: z
      .record(unitName, integerIn(0, MAX_WEIGHT_SUM), unlessMap('expected score units with weights'))
      .default({})
      .meta({ description: 'Score units that `ScoreHosts` runs, with their weights, such as `{ unit: 2 }`' }),
    properties: z
      .record(propertyName, propertyValue, unlessMap('expected keys with values'))
      .default({})
      .meta({ description: 'Properties of these units; those of a request win over them, key by key' }),
  })
  .superRefine(({ filters, scores }, context) => {
    const complain = (message: string) => context.addIssue({ code: 'custom', message });
    if (filters.length + Object.keys(scores).length === 0) complain('names no unit; set filters or scores');
    if (Object.values(scores).reduce((sum, weight) => sum + weight, 0) > MAX_WEIGHT_SUM) {
      complain(`the weights add up to more than ${MAX_WEIGHT_SUM}`);
    }
  });

/** The named policies: a map, or, in a variable or a flag, a YAML map in one line. */
export const policiesSchema = z
  .preprocess(
    (value) => (typeof value === 'string' ? mapOf(value) : (value ?? {})),
    z.record(
      partName,
      policySchema,
      unlessMap('expected policies by name, such as {spread: {scores: {unit: 1}}}'),
    ),
  )
  .default({})
  .meta({
    description:
      'Policies by name, for callers to name instead of units; in a variable or flag a YAML map in one line',
  });

/** Returns the policies of a configuration by name. */
export function policiesOf(written: z.output<typeof policiesSchema>): Policies {
  return new Map(
    Object.entries(written).map(([name, { filters, scores, properties }]): [string, Policy] => {
      const content = {
        filters,
        scores: Object.entries(scores).map(([unit, weight]) => ({ name: unit, weight })),
        properties: new Map(Object.entries(properties)),
      };
      return [name, { name, ...content, hash: policyHash(content) }];
    }),
  );
}

function mapOf(value: string): unknown {
  if (value.trim() === '') return {};
  try {
    return yaml().parse(value, { prettyErrors: false });
  } catch {
    return value;
  }
}
