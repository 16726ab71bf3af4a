import type { UnitProperty } from '../domain/contract.js';
import { SchedulingError } from '../domain/errors.js';
import { quoted } from '../lib/text.js';

/** A property that a unit declares and reads from a request. */
export interface Property<Value> extends UnitProperty {
  /** Returns the value, or the default when unset. Throws INVALID_ARGUMENT for a value that it can't take. */
  readonly read: (properties: ReadonlyMap<string, string>) => Value;
}

/** Declares a property with a fixed set of values. */
export function choiceProperty<const Choice extends string>(
  declaration: Pick<UnitProperty, 'name' | 'description'> & {
    readonly choices: readonly Choice[];
    readonly defaultValue: NoInfer<Choice>;
  },
): Property<Choice> {
  const { name, description, choices, defaultValue } = declaration;
  const pattern = choices.join('|');
  return {
    name,
    pattern,
    defaultValue,
    description,
    read(properties) {
      const value = properties.get(name) ?? defaultValue;
      const choice = choices.find((candidate) => candidate === value);
      if (choice === undefined) throw mismatch(name, value, pattern);
      return choice;
    },
  };
}

/** Declares a property that is `true` or `false`. */
export function flagProperty(
  declaration: Pick<UnitProperty, 'name' | 'description'> & { readonly defaultValue: boolean },
): Property<boolean> {
  const words = choiceProperty({
    ...declaration,
    choices: ['true', 'false'],
    defaultValue: declaration.defaultValue ? 'true' : 'false',
  });
  return { ...words, read: (properties) => words.read(properties) === 'true' };
}

/**
 * Declares a decimal integer property with a limited number of digits and no leading zeros. A policy may hold values from
 * when the pattern was that of the old units, `[0-9]*`: these are read as numbers, and an empty one as unset.
 */
export function integerProperty(
  declaration: Pick<UnitProperty, 'name' | 'description'> & {
    readonly least: 0 | 1;
    readonly digits: number;
    readonly defaultValue: number;
  },
): Property<number> {
  const { name, description, least, digits, defaultValue } = declaration;
  const pattern = `${least === 0 ? '0|' : ''}[1-9][0-9]{0,${digits - 1}}`;
  return {
    name,
    pattern,
    defaultValue: String(defaultValue),
    description,
    read(properties) {
      const value = properties.get(name) ?? '';
      if (!/^[0-9]*$/.test(value)) throw mismatch(name, value, pattern);
      return value === '' ? defaultValue : Math.min(Number(value), Number.MAX_SAFE_INTEGER);
    },
  };
}

function mismatch(name: string, value: string, pattern: string): SchedulingError {
  return new SchedulingError(
    'INVALID_ARGUMENT',
    `property ${name}: got ${quoted(value)}, expected a value that matches ${pattern}`,
  );
}
