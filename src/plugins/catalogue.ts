import type { Direction, PolicyUnit, PolicyUnitType } from '../domain/contract.js';
import type { Plugin } from './plugin.js';
import { readPropertiesValidation } from './properties-validation.js';
import type { PluginMethod } from './worker-message.js';

/** How the values of score units are read: of all of them, or by name. LOWER_IS_BETTER unless said otherwise. */
export type Directions = Direction | ReadonlyMap<string, Direction>;

/** What is wrong with a plugin or with a part of it, in words for its author. */
export interface PluginProblem {
  /** The plugin's file, without its folder. */
  readonly file: string;
  readonly reason: string;
}

/** The units of all plugins. */
export interface Catalogue {
  /** By file, then as the file defines them, then filter, score, balance. */
  readonly units: readonly PolicyUnit[];
  readonly plugins: Readonly<Record<PolicyUnitType, ReadonlyMap<string, Plugin>>>;
  /** How the values of a score unit are read; LOWER_IS_BETTER for one that is not there. */
  readonly directionOf: (name: string) => Direction;
  readonly problems: readonly PluginProblem[];
}

/** Longest name of a unit that the engine's database takes: characters. */
export const MAX_UNIT_NAME_LENGTH = 128;

const METHODS: readonly (readonly [method: PluginMethod, type: PolicyUnitType])[] = [
  ['do_filter', 'FILTER'],
  ['do_score', 'SCORE'],
  ['do_balance', 'BALANCE'],
];

/** The method that makes a class a unit of a type. */
export const METHOD_OF: Readonly<Record<PolicyUnitType, PluginMethod>> = {
  FILTER: 'do_filter',
  SCORE: 'do_score',
  BALANCE: 'do_balance',
};

/**
 * Puts the units of plugins together. Of two of one type and name the first one counts and the other is a problem, since a
 * unit is known to the engine by these two alone.
 */
export function buildCatalogue(
  plugins: readonly Plugin[],
  { direction = 'LOWER_IS_BETTER', maxUnits }: { readonly direction?: Directions; readonly maxUnits: number },
): Catalogue {
  const units: PolicyUnit[] = [];
  const problems: PluginProblem[] = [];
  const byType = {
    FILTER: new Map<string, Plugin>(),
    SCORE: new Map<string, Plugin>(),
    BALANCE: new Map<string, Plugin>(),
  };
  const directionOf = (name: string): Direction =>
    typeof direction === 'string' ? direction : (direction.get(name) ?? 'LOWER_IS_BETTER');

  for (const plugin of plugins) {
    const report = (reason: string): void => void problems.push({ file: plugin.file, reason });
    const failure = plugin.problem();
    if (failure !== undefined) report(failure);
    for (const { name, methods, properties: validation } of plugin.units()) {
      if (name.length > MAX_UNIT_NAME_LENGTH) {
        report(`class ${name.slice(0, 32)}...: its name has more than ${MAX_UNIT_NAME_LENGTH} characters`);
        continue;
      }
      const { properties, problems: faults } = readPropertiesValidation(validation);
      for (const fault of faults) report(`class ${name}: properties_validation: ${fault}`);
      for (const [method, type] of METHODS) {
        const description = methods[method];
        if (description === undefined) continue;
        const other = byType[type].get(name);
        if (other !== undefined) {
          report(
            `class ${name}: ${other.file} has a ${type.toLowerCase()} of that name, which is used; rename one`,
          );
        } else if (units.length >= maxUnits) {
          report(
            `class ${name}: its ${method} is left out: at most ${maxUnits} units are taken (limits.maxUnits)`,
          );
        } else {
          byType[type].set(name, plugin);
          const scored = type === 'SCORE' ? { direction: directionOf(name) } : {};
          units.push({ name, type, description, properties, ...scored });
        }
      }
    }
  }
  return { units, plugins: byType, directionOf, problems };
}
