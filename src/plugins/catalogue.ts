import type { PluginSettings } from '../config/sections.js';
import type { Direction, PolicyUnit, PolicyUnitType } from '../domain/contract.js';
import { boundedText } from '../lib/text.js';
import type { Plugin } from './plugin.js';
import { MAX_PLUGINS } from './plugin-set.js';
import { parsePropertiesValidation } from './properties-validation.js';
import type { PluginMethod } from './worker-messages.js';

/** Longest name of a unit, in characters: the limit of the engine's database. */
export const MAX_UNIT_NAME_LENGTH = 128;

/** Most units of all files together: as many as a composite accepts from one service, so that no listing is refused. */
export const MAX_UNITS = 1000;

/** Most units of one file, so that it takes them from no other: a tenth of all, and more classes than any file has. */
export const MAX_FILE_UNITS = 100;

/** A problem with a plugin, in words for its author. */
export interface PluginProblem {
  /** File name of the plugin. */
  readonly file: string;
  readonly reason: string;
}

/** The units of all plugins. */
export interface Catalogue {
  /** Ordered by file, then as the file defines them, then filter, score, balance. */
  readonly units: readonly PolicyUnit[];
  readonly plugins: Readonly<Record<PolicyUnitType, ReadonlyMap<string, Plugin>>>;
  /** Returns the direction of a score unit. */
  readonly directionOf: (name: string) => Direction;
  /** Ordered by file. */
  readonly problems: readonly PluginProblem[];
}

const TYPES = ['FILTER', 'SCORE', 'BALANCE'] as const satisfies readonly PolicyUnitType[];

/** The method by which a class is a unit of a type. */
export const METHOD_OF: Readonly<Record<PolicyUnitType, PluginMethod>> = {
  FILTER: 'do_filter',
  SCORE: 'do_score',
  BALANCE: 'do_balance',
};

/** Returns the units that have moved from one file to another, since that one sorts earlier or the other has gone. */
export function movedUnits(
  before: Catalogue,
  after: Catalogue,
): readonly { readonly unit: string; readonly from: string; readonly to: string }[] {
  return after.units.flatMap(({ type, name }) => {
    const [from, to] = [before, after].map(({ plugins }) => plugins[type].get(name)?.file);
    if (from === undefined || to === undefined || from === to) return [];
    return [{ unit: `${type}/${name}`, from, to }];
  });
}

/**
 * Builds the catalogue of plugins in the order of their files, and of the files over the limit. Of two units with the same
 * type and name, by which the engine identifies them, the first one serves and the other is a problem.
 */
export function buildCatalogue(
  plugins: readonly Plugin[],
  leftOut: readonly string[],
  { direction, scoreUnits }: Pick<PluginSettings, 'direction' | 'scoreUnits'>,
): Catalogue {
  const units: PolicyUnit[] = [];
  const problems: PluginProblem[] = [];
  const byType = {
    FILTER: new Map<string, Plugin>(),
    SCORE: new Map<string, Plugin>(),
    BALANCE: new Map<string, Plugin>(),
  };
  const directionOf = (name: string): Direction =>
    direction === 'score' || scoreUnits.includes(name) ? 'HIGHER_IS_BETTER' : 'LOWER_IS_BETTER';

  for (const plugin of plugins) {
    const report = (reason: string): void => void problems.push({ file: plugin.file, reason });
    const failure = plugin.problem();
    if (failure !== undefined) report(failure);
    const changed = plugin.slower();
    if (changed !== '')
      report(`is slower than it could be: its import changes ${changed}, so each call imports all it needs`);
    let ownUnits = 0;
    let leftOutHere = 0;
    for (const { name, methods, properties: validation } of plugin.units()) {
      if (name.length > MAX_UNIT_NAME_LENGTH) {
        report(`class ${boundedText(name, 32)}: its name has more than ${MAX_UNIT_NAME_LENGTH} characters`);
        continue;
      }
      const { properties, problems: faults } = parsePropertiesValidation(validation);
      for (const fault of faults) report(`class ${name}: properties_validation: ${fault}`);
      for (const type of TYPES) {
        const method = METHOD_OF[type];
        const description = methods[method];
        if (description === undefined) continue;
        const other = byType[type].get(name);
        if (other !== undefined) {
          report(
            `class ${name}: ${other.file} has a ${type.toLowerCase()} of that name, which is used; rename one`,
          );
        } else if (ownUnits >= MAX_FILE_UNITS || units.length >= MAX_UNITS) {
          leftOutHere++;
        } else {
          ownUnits++;
          byType[type].set(name, plugin);
          const scored = type === 'SCORE' ? { direction: directionOf(name) } : {};
          units.push({ name, type, description, properties, ...scored });
        }
      }
    }
    if (leftOutHere > 0)
      report(
        `${leftOutHere} of its units are left out: at most ${MAX_FILE_UNITS} units of a file, and ${MAX_UNITS} of all files, are accepted`,
      );
  }
  const tooMany = `left out: at most ${MAX_PLUGINS} files are imported`;
  problems.push(...leftOut.map((file) => ({ file, reason: tooMany })));
  return { units, plugins: byType, directionOf, problems };
}
