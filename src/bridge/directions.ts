import type { Call, Direction, PolicyUnit, PolicyUnitService } from '../contract.js';
import { SchedulingError } from '../errors.js';

/** How long a list of units is believed before it is asked for again, beside a call and not in its way: milliseconds. */
const MAX_AGE_MS = 60_000;

/**
 * How the values of score units are to be read: scores, or raw costs. Kept in memory, and learned from lists of units:
 * that of discover, and one that is asked for beside the first call that names a unit which no list had, or whose values
 * broke its direction, or when the last list is a minute old. Only a call that got values of such a unit waits for it.
 */
export interface Directions {
  /** Takes a list of units in place of what was known. */
  readonly learn: (units: readonly PolicyUnit[]) => void;
  /** Forgets a unit, so that the next call that names it asks for a list. */
  readonly forget: (unit: string) => void;
  /** Starts whatever has to be asked for these units, and returns what answers for them one by one. */
  readonly lookUp: (units: readonly string[], call: Call) => DirectionLookUp;
}

/** Answers for the units of one call. */
export interface DirectionLookUp {
  /** Waits until these units are known, or it is clear that they won't be. Returns undefined when there is nothing to wait for. */
  readonly known: (units: readonly string[]) => Promise<void> | undefined;
  /** The unit's direction. Throws a SchedulingError when no list has told. */
  readonly of: (unit: string) => Direction;
}

/** Starts with nothing known. */
export function createDirections(
  { listPolicyUnits }: Pick<PolicyUnitService, 'listPolicyUnits'>,
  clock: { readonly now: () => number },
): Directions {
  let directions = new Map<string, Direction>();
  let listedAt = Number.NEGATIVE_INFINITY;

  function learn(units: readonly PolicyUnit[]): void {
    directions = new Map(
      units.flatMap(({ type, name, direction }) =>
        type === 'SCORE' && isDirection(direction) ? [[name, direction]] : [],
      ),
    );
    listedAt = clock.now();
  }

  async function list(call: Call): Promise<SchedulingError | undefined> {
    try {
      learn(await listPolicyUnits(call));
      return undefined;
    } catch (thrown) {
      return SchedulingError.from(thrown);
    }
  }

  return {
    learn,
    forget: (unit) => void directions.delete(unit),
    lookUp(units, call) {
      const isOld = clock.now() - listedAt >= MAX_AGE_MS;
      // One attempt in that time, however it ends; a unit that is unknown makes its own.
      if (isOld) listedAt = clock.now();
      let failure: SchedulingError | undefined;
      const listing =
        isOld || units.some((unit) => !directions.has(unit))
          ? list(call).then((error) => void (failure = error))
          : undefined;
      return {
        known: (answered) => (answered.every((unit) => directions.has(unit)) ? undefined : listing),
        of(unit) {
          const direction = directions.get(unit);
          if (direction !== undefined) return direction;
          if (failure === undefined) {
            throw new SchedulingError(
              'UNAVAILABLE',
              'the service does not list this unit, so its values can not be read',
            );
          }
          throw new SchedulingError(failure.code, `how to read its values is not known: ${failure.message}`);
        },
      };
    },
  };
}

function isDirection(direction: string | undefined): direction is Direction {
  return direction === 'HIGHER_IS_BETTER' || direction === 'LOWER_IS_BETTER';
}
