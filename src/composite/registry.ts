import type { PolicyUnit, PolicyUnitType, UnitProblem } from '../domain/contract.js';
import { MAX_LISTED_UNITS } from '../domain/check-answer.js';
import { quoted } from '../lib/text.js';
import type { Member } from './member.js';
import type { GoneUnit, Registry, RememberedService } from './registry-file.js';

/** How long a unit that nobody lists any more stays with its last owner: milliseconds. An engine has to find it until somebody has taken it out of its policies. */
export const KEEP_GONE_MS = 7 * 24 * 60 * 60 * 1000;

/** Where a unit is. */
export interface Route {
  /** The unit under its name here. */
  readonly unit: PolicyUnit;
  /** Place of its owner among the members. */
  readonly member: number;
  /** Its name at its owner. */
  readonly offeredName: string;
}

/** A unit that a member offers in vain, since another one, or the same under another name, comes first. */
export interface Conflict {
  readonly owner: Route;
  readonly loser: Route;
}

/** Which unit is whose. */
export interface RoutingTable {
  /** Under their names here. Members in their order, the units of each in the order in which it listed them; at the end those that nobody lists any more. */
  readonly units: readonly PolicyUnit[];
  /** By type and name here, in the order of the units. */
  readonly routes: Readonly<Record<PolicyUnitType, ReadonlyMap<string, Route>>>;
  readonly conflicts: readonly Conflict[];
}

/** A member as far as it decides which units are its. */
export type RoutedMember = Pick<Member, 'name' | 'units' | 'renames'>;

/** Returns what tells units apart: type and name, as in `SCORE/ksm_same_os_score`. */
export function unitIdentity({ type, name }: Pick<PolicyUnit, 'type' | 'name'>): string {
  return `${type}/${name}`;
}

/**
 * Returns the record of a source that now lists these units: what it listed before and doesn't list any more is gone, for
 * a while. The record itself when nothing changed.
 */
export function recordListing(
  record: RememberedService | undefined,
  units: readonly PolicyUnit[],
  now: number,
): RememberedService {
  const before = record?.units ?? [];
  const goneBefore = record?.gone ?? [];
  const listed = new Set(units.map(unitIdentity));
  const isMissing = (unit: PolicyUnit) => !listed.has(unitIdentity(unit));
  const kept = goneBefore.filter(({ unit, since }) => isMissing(unit) && now - since < KEEP_GONE_MS);
  const lost = before.filter(isMissing).map((unit): GoneUnit => ({ unit, since: now }));
  const isSame =
    lost.length === 0 &&
    kept.length === goneBefore.length &&
    JSON.stringify(units) === JSON.stringify(before);
  if (record !== undefined && isSame) return record;
  return { listedAt: now, units, gone: [...kept, ...lost].slice(-MAX_LISTED_UNITS) };
}

/**
 * Returns which unit is whose: the first source's, in the order of the members, whose last listing has it. A unit in
 * nobody's last listing is the one's that listed it last, for a while.
 */
export function routeUnits(members: readonly RoutedMember[], registry: Registry, now: number): RoutingTable {
  const routes = {
    FILTER: new Map<string, Route>(),
    SCORE: new Map<string, Route>(),
    BALANCE: new Map<string, Route>(),
  };
  const units: PolicyUnit[] = [];
  const conflicts: Conflict[] = [];
  const gone: { readonly route: Route; readonly since: number }[] = [];
  for (const [index, member] of members.entries()) {
    const record = registry.get(member.name);
    for (const unit of record?.units ?? []) {
      const route = routeOf(member, index, unit);
      if (route === undefined) continue;
      const owner = routes[unit.type].get(route.unit.name);
      if (owner === undefined) add(route);
      else conflicts.push({ owner, loser: route });
    }
    for (const { unit, since } of record?.gone ?? []) {
      const route = routeOf(member, index, unit);
      if (route !== undefined && now - since < KEEP_GONE_MS) gone.push({ route, since });
    }
  }
  for (const { route } of gone.sort((left, right) => right.since - left.since)) {
    if (!routes[route.unit.type].has(route.unit.name)) add(route);
  }
  return { units, routes, conflicts };

  function add(route: Route): void {
    routes[route.unit.type].set(route.unit.name, route);
    units.push(route.unit);
  }
}

/** Returns where a member's unit would be; undefined for one that is left out. */
function routeOf(
  { units: taken, renames }: RoutedMember,
  member: number,
  unit: PolicyUnit,
): Route | undefined {
  const offeredName = unit.name;
  if (taken?.includes(offeredName) === false) return undefined;
  const name = renames?.get(offeredName) ?? offeredName;
  return { unit: name === offeredName ? unit : { ...unit, name }, member, offeredName };
}

/** Returns a conflict in words for an administrator. The words in brackets are keys of the configuration. */
export function problemOf({ owner, loser }: Conflict, members: readonly RoutedMember[]): UnitProblem {
  const [ownerName = '', loserName = ''] = [owner, loser].map(({ member }) => members[member]?.name);
  const what = `the ${loser.unit.type.toLowerCase()} unit ${quoted(loser.unit.name)}`;
  const source = `${loserName}: ${unitIdentity({ ...loser.unit, name: loser.offeredName })}`;
  if (owner.member === loser.member) {
    const reason = `not used: ${quoted(owner.offeredName)} of the same service is ${what} here already; give one another name (rename) or leave it out (units)`;
    return { source, reason };
  }
  const reason = `not used: ${quoted(ownerName)}, which comes first, has ${what} too; rename it for one of them (rename) or leave it out (units); or the services form a loop: then leave one of them out`;
  return { source, reason };
}
