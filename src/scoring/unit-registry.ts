import type { PolicyUnit, PolicyUnitType } from '../domain/contract.js';
import { SchedulingError } from '../domain/errors.js';
import type { BalanceUnit, FilterUnit, ScoreUnit, Unit } from './unit.js';

/** Units by type and name. */
export interface UnitRegistry {
  /** What a caller is told of the units, in the order of registration. */
  readonly descriptions: readonly PolicyUnit[];
  readonly scores: ReadonlyMap<string, ScoreUnit>;
  readonly filters: ReadonlyMap<string, FilterUnit>;
  readonly balances: ReadonlyMap<string, BalanceUnit>;
}

/** Orders units by type and name. Throws when two have both in common. */
export function createUnitRegistry(units: readonly Unit[]): UnitRegistry {
  const scores = new Map<string, ScoreUnit>();
  const filters = new Map<string, FilterUnit>();
  const balances = new Map<string, BalanceUnit>();
  for (const unit of units) {
    if (unit.type === 'SCORE') register(scores, unit);
    else if (unit.type === 'FILTER') register(filters, unit);
    else register(balances, unit);
  }
  return { descriptions: units.map(describe), scores, filters, balances };
}

/** The error for a unit that was asked for and isn't there. */
export function unitNotFound(type: PolicyUnitType, name: string, known: Iterable<string>): SchedulingError {
  const names = [...known].join(', ') || 'none';
  return new SchedulingError(
    'NOT_FOUND',
    `no ${type.toLowerCase()} unit named ${JSON.stringify(name)}; this service has: ${names}`,
    { notFound: 'UNIT' },
  );
}

function register<Registered extends Unit>(registered: Map<string, Registered>, unit: Registered): void {
  if (registered.has(unit.name)) {
    throw new Error(`two ${unit.type} units are named ${JSON.stringify(unit.name)}; rename one`);
  }
  registered.set(unit.name, unit);
}

function describe(unit: Unit): PolicyUnit {
  const { name, type, description } = unit;
  const properties = unit.properties.map(({ name, pattern, defaultValue, description }) => ({
    name,
    pattern,
    defaultValue,
    description,
  }));
  return {
    name,
    type,
    description,
    properties,
    ...(type === 'SCORE' ? { direction: 'HIGHER_IS_BETTER' } : {}),
  };
}
