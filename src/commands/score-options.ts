import { InvalidArgumentError } from 'commander';
import { MAX_WEIGHT_SUM, type WeightedUnit } from '../domain/contract.js';
import { parseUuid } from '../lib/uuid.js';

/** Reads `name` or `name=weight`; for commander, which gathers repeated options. */
export function weightedUnit(value: string, gathered: readonly WeightedUnit[] = []): WeightedUnit[] {
  const groups = /^(?<name>[^=]+)(?:=(?<weight>\d+))?$/.exec(value)?.groups;
  const name = groups?.['name'];
  const weight = Number(groups?.['weight'] ?? 1);
  if (name === undefined || weight > MAX_WEIGHT_SUM) {
    throw new InvalidArgumentError(`expected NAME or NAME=WEIGHT, a whole number up to ${MAX_WEIGHT_SUM}.`);
  }
  return [...gathered, { name, weight }];
}

/** Reads `key=value`; for commander, which gathers repeated options. */
export function property(
  value: string,
  gathered: ReadonlyMap<string, string> = new Map(),
): Map<string, string> {
  const at = value.indexOf('=');
  if (at < 1) throw new InvalidArgumentError('expected KEY=VALUE.');
  return new Map([...gathered, [value.slice(0, at), value.slice(at + 1)]]);
}

/** Reads an id of the engine. */
export function id(value: string): string {
  const read = parseUuid(value);
  if (read === undefined)
    throw new InvalidArgumentError('expected an id such as 72877001-6012-4921-bdd2-3ff17043083e.');
  return read;
}

/** Reads an id of the engine; for commander, which gathers repeated options. */
export function ids(value: string, gathered: readonly string[] = []): string[] {
  return [...gathered, id(value)];
}
