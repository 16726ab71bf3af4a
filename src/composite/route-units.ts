import type { PolicyUnitType, UnitFailure } from '../domain/contract.js';
import { failureOf, type SchedulingError } from '../domain/errors.js';
import type { Route } from './arrange-units.js';

/** The units of one request that one member has. */
export interface MemberUnits {
  /** Place of the member among the members. */
  readonly member: number;
  /** Places of the units in the request. */
  readonly places: readonly number[];
  readonly routes: readonly Route[];
}

/** Who is to be asked for what. */
export interface RoutedUnits {
  /** One for each member that has some of the units, in the order of the members. */
  readonly groups: readonly MemberUnits[];
  /** Why a unit is nowhere, by its place in the request. */
  readonly failures: ReadonlyMap<number, UnitFailure>;
}

/** Groups the units of a request by the members that have them. */
export function routeUnits(
  type: PolicyUnitType,
  names: readonly string[],
  find: (type: PolicyUnitType, name: string) => Route | undefined,
  missing: (type: PolicyUnitType, name: string) => SchedulingError,
): RoutedUnits {
  const groups = new Map<number, { member: number; places: number[]; routes: Route[] }>();
  const failures = new Map<number, UnitFailure>();
  for (const [place, name] of names.entries()) {
    const route = find(type, name);
    if (route === undefined) {
      failures.set(place, failureOf(missing(type, name)));
      continue;
    }
    const { member } = route;
    const group = groups.get(member) ?? { member, places: [], routes: [] };
    groups.set(member, group);
    group.places.push(place);
    group.routes.push(route);
  }
  return { groups: [...groups.values()].sort((left, right) => left.member - right.member), failures };
}
