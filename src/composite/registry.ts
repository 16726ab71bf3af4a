import type { PolicyUnit, PolicyUnitType, UnitProblem } from '../domain/contract.js';
import { MAX_LISTED_UNITS, type CheckedUnitList } from '../domain/check-answer.js';
import { oneLine, quoted } from '../lib/text.js';
import type { Member } from './member.js';
import type { GoneUnit, Registry, RememberedService } from './registry-file.js';

/** Time that a unit stays with its last owner after it was last listed, in ms: an engine has to find it until an administrator has removed it from all policies. */
export const KEEP_GONE_MS = 7 * 24 * 60 * 60 * 1000;

/**
 * Most composites that a call may have come through, and fewer than which a unit is taken through. Nobody nests more, but a
 * loop does without end.
 */
export const MAX_DEPTH = 4;

/**
 * Most bytes that the units of all services take together, as JSON, those that are gone included: with the problems they
 * fit into the largest listing that another composite reads, and 1,500 usual units are more than anyone chooses from.
 */
export const MAX_UNIT_BYTES = 768 * 1024;

/** Most bytes that all problems take together, as JSON. */
export const MAX_PROBLEM_BYTES = 192 * 1024;

/** Share of a service in what all services may make this process keep, in bytes. */
export interface Share {
  readonly units: number;
  readonly problems: number;
}

/** Returns the share of each of so many services. They are equal: no service takes the place of another one. */
export function shareOf(services: number): Share {
  const part = (bytes: number) => Math.floor(bytes / Math.max(1, services));
  return { units: part(MAX_UNIT_BYTES), problems: part(MAX_PROBLEM_BYTES) };
}

/** Owner of a unit. */
export interface Route {
  /** The unit, renamed. */
  readonly unit: PolicyUnit;
  /** Index of the owner among the members. */
  readonly member: number;
  /** Name before renaming. */
  readonly offeredName: string;
}

/** A unit offered in vain, since another member, or another unit of the same member, comes first. */
export interface Conflict {
  readonly owner: Route;
  readonly loser: Route;
}

/** Owners of all units. */
export interface RoutingTable {
  /** Renamed, by member in the order of its listing; last, those that no member lists any more. */
  readonly units: readonly PolicyUnit[];
  /** The ones of them that a member lists. */
  readonly listed: readonly PolicyUnit[];
  /** By type and new name, in the order of the units. */
  readonly routes: Readonly<Record<PolicyUnitType, ReadonlyMap<string, Route>>>;
  readonly conflicts: readonly Conflict[];
}

/** The part of a member that decides about its units. */
export type RoutedMember = Pick<Member, 'name' | 'units' | 'renames'>;

/** Returns the identity of a unit, such as `SCORE/ksm_same_os_score`. */
export function unitIdentity({ type, name }: Pick<PolicyUnit, 'type' | 'name'>): string {
  return `${type}/${name}`;
}

/** Returns the items, without those that would make them take more than so many bytes, as JSON. */
export function within<Item>(items: readonly Item[], maxBytes: number): readonly Item[] {
  let left = maxBytes;
  return items.filter((item) => {
    const bytes = bytesOf(item);
    if (bytes > left) return false;
    left -= bytes;
    return true;
  });
}

function bytesOf(item: unknown): number {
  return Buffer.byteLength(JSON.stringify(item));
}

/** Length to which descriptions are cut where the units would not fit otherwise, in characters. */
export const SHORT_DESCRIPTION_LENGTH = 100;

/**
 * Leaves out the units and problems of a listing that are beyond the share of its service. Long descriptions are cut before:
 * an engine disables a unit that it does not find.
 */
export function withinShare(list: CheckedUnitList, share: Share): CheckedUnitList {
  const whole = within(list.units, share.units);
  const short = (unit: PolicyUnit) => ({
    ...unit,
    description: oneLine(unit.description, SHORT_DESCRIPTION_LENGTH),
  });
  const units = whole.length === list.units.length ? whole : within(list.units.map(short), share.units);
  const missing = list.units.length - units.length;
  const reason = `${missing} units left out: those of a service may take ${share.units} bytes`;
  const faults = missing === 0 ? [] : [{ source: 'policy_units', reason }];
  return {
    ...list,
    units,
    faults: [...faults, ...list.faults],
    problems: within([...faults, ...list.problems], share.problems),
  };
}

/**
 * Records a listing. Units of the listing before that are missing in this one are gone, and kept for {@link KEEP_GONE_MS}.
 * Of a service at most {@link MAX_LISTED_UNITS} are kept, within its share of bytes: those gone longest go first. Returns the
 * record itself if nothing changed.
 */
export function recordListing(
  record: RememberedService | undefined,
  units: readonly PolicyUnit[],
  now: number,
  maxBytes = MAX_UNIT_BYTES,
): RememberedService {
  const before = record?.units ?? [];
  const goneBefore = record?.gone ?? [];
  const listed = new Set(units.map(unitIdentity));
  const isMissing = (unit: PolicyUnit) => !listed.has(unitIdentity(unit));
  const kept = goneBefore.filter(
    ({ unit, since }) => isMissing(unit) && Math.abs(now - since) < KEEP_GONE_MS,
  );
  const lost = before.filter(isMissing).map((unit): GoneUnit => ({ unit, since: now }));
  const newestFirst = [...kept, ...lost].reverse().slice(0, MAX_LISTED_UNITS - units.length);
  const gone = within(
    newestFirst,
    maxBytes - units.reduce((sum, unit) => sum + bytesOf(unit), 0),
  ).toReversed();
  const isSame =
    lost.length === 0 &&
    gone.length === goneBefore.length &&
    JSON.stringify(units) === JSON.stringify(before);
  return record !== undefined && isSame ? record : { listedAt: now, units, gone };
}

/**
 * Assigns each unit to the first member whose last listing has it, and a unit in no last listing to the member that listed
 * it last, for {@link KEEP_GONE_MS}.
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
      if (route !== undefined && Math.abs(now - since) < KEEP_GONE_MS) gone.push({ route, since });
    }
  }
  const listed = [...units];
  for (const { route } of gone.sort((left, right) => right.since - left.since)) {
    if (!routes[route.unit.type].has(route.unit.name)) add(route);
  }
  return { units, listed, routes, conflicts };

  function add(route: Route): void {
    routes[route.unit.type].set(route.unit.name, route);
    units.push(route.unit);
  }
}

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

/** Describes a conflict to an administrator. The words in brackets are keys of the configuration. */
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
