import type { PolicyUnit, PolicyUnitType } from '../contract.js';
import type { CatalogueContent } from './catalogue-content.js';
import type { Member } from './member.js';
import { unitIdentity } from './offered-units.js';

/** Where a unit is. */
export interface Route {
  /** The unit under its name here. */
  readonly unit: PolicyUnit;
  /** Place of its service among the members. */
  readonly member: number;
  /** Its name at its service. */
  readonly offeredName: string;
}

/** A unit of one service that is another one's already, by type and name here. */
export interface Conflict {
  /** Type and name here. */
  readonly unit: Pick<PolicyUnit, 'type' | 'name'>;
  /** Who has it. */
  readonly owner: string;
  /** Who offers it too. */
  readonly newcomer: string;
}

/** What a listing changed. */
export interface Learned {
  /** Whether what there is to remember of the service is other than before. */
  readonly changed: boolean;
  /** Offered names of units that the service had and doesn't list any more. Each is told once. */
  readonly vanished: readonly PolicyUnit[];
  /** Each is told once. */
  readonly conflicts: readonly Conflict[];
}

/** What units there are and where, in memory. */
export interface Catalogue {
  readonly find: (type: PolicyUnitType, name: string) => Route | undefined;
  /** All routes: members in their order, the units of each in the order in which it listed them. */
  readonly routes: () => readonly Route[];
  /** Conflicts among what was remembered. */
  readonly conflicts: readonly Conflict[];
  /** How many units of a member are routed to it, and how many are known of it that it does not list now. */
  readonly known: (member: number) => { readonly units: number; readonly remembered: number };
  /** Whether anything is known of a member's units, also of those that are not taken. */
  readonly isKnown: (member: number) => boolean;
  /** Takes in what a member lists. */
  readonly learn: (member: number, offered: readonly PolicyUnit[], time: number) => Learned;
  /** A member could not be listed: what it offered last is no longer known to be there. */
  readonly lose: (member: number) => void;
  /** What is to be remembered on disk: remote members' units as offered. */
  readonly content: () => CatalogueContent;
  /**
   * Takes in what someone else made of the file: forgets units that are neither in it nor offered now, and remembers
   * those that are new in it. Returns what was forgotten and the conflicts that this brought.
   */
  readonly adopt: (edited: CatalogueContent) => {
    readonly forgotten: readonly { readonly service: string; readonly unit: PolicyUnit }[];
    readonly conflicts: readonly Conflict[];
  };
}

/** What is known of one unit of one member, under its offered name. */
interface KnownUnit {
  readonly unit: PolicyUnit;
  /** Remembered until the service is listed; then offered, or gone: the service lists it no longer. */
  readonly state: 'remembered' | 'offered' | 'gone';
}

interface Shelf {
  readonly member: Member;
  units: readonly KnownUnit[];
  listedAt: number;
  /** Whether the last listing went well. */
  up: boolean;
}

/** Makes a catalogue of these members that begins with what is remembered of them. */
export function createCatalogue(members: readonly Member[], remembered: CatalogueContent): Catalogue {
  const shelves = members.map((member): Shelf => {
    const service = member.remote ? remembered.get(member.name) : undefined;
    const units = (service?.units ?? []).map((unit): KnownUnit => ({ unit, state: 'remembered' }));
    return { member, units, listedAt: service?.listedAt ?? 0, up: false };
  });
  /** Which member has a unit, by its identity here: the one that had it first. */
  let owners: ReadonlyMap<string, number> = new Map();
  let routes: readonly Route[] = [];
  let byIdentity: ReadonlyMap<string, Route> = new Map();
  const told = new Set<string>();

  function arrange(): readonly Conflict[] {
    const offers = shelves.map(({ member, units }, index) => routesOf(member, index, units));
    const kept = new Map<string, number>();
    for (const [index, own] of offers.entries()) {
      for (const { unit } of own) {
        const identity = unitIdentity(unit);
        if (owners.get(identity) === index) kept.set(identity, index);
      }
    }
    const taken = new Map<string, Route>();
    const conflicts: Conflict[] = [];
    for (const route of offers.flat()) {
      const identity = unitIdentity(route.unit);
      const owner = kept.get(identity) ?? route.member;
      kept.set(identity, owner);
      if (owner === route.member && !taken.has(identity)) taken.set(identity, route);
      else conflicts.push(conflictOf(route, owner));
    }
    owners = kept;
    byIdentity = taken;
    routes = [...taken.values()];
    return conflicts.filter(isNews);
  }

  function conflictOf({ unit, member }: Route, owner: number): Conflict {
    return {
      unit: { type: unit.type, name: unit.name },
      owner: shelves[owner]?.member.name ?? '',
      newcomer: shelves[member]?.member.name ?? '',
    };
  }

  function isNews({ unit, owner, newcomer }: Conflict): boolean {
    const key = JSON.stringify([unitIdentity(unit), owner, newcomer]);
    if (told.has(key)) return false;
    told.add(key);
    return true;
  }

  function learn(index: number, offered: readonly PolicyUnit[], time: number): Learned {
    const shelf = shelves[index];
    if (shelf === undefined) return { changed: false, vanished: [], conflicts: [] };
    const listed = new Set(offered.map(unitIdentity));
    const before = shelf.units;
    const missing = before.filter(({ unit }) => !listed.has(unitIdentity(unit)));
    shelf.units = [
      ...offered.map((unit): KnownUnit => ({ unit, state: 'offered' })),
      ...missing.map(({ unit }): KnownUnit => ({ unit, state: 'gone' })),
    ];
    shelf.up = true;
    const changed = JSON.stringify(before.map(unitOf)) !== JSON.stringify(shelf.units.map(unitOf));
    if (changed) shelf.listedAt = time;
    return {
      changed,
      vanished: missing.filter(({ state }) => state !== 'gone').map(unitOf),
      conflicts: arrange(),
    };
  }

  function adopt(edited: CatalogueContent): ReturnType<Catalogue['adopt']> {
    const forgotten: { service: string; unit: PolicyUnit }[] = [];
    for (const shelf of shelves) {
      if (!shelf.member.remote) continue;
      const service = shelf.member.name;
      const inFile = edited.get(service)?.units ?? [];
      const stays = new Set(inFile.map(unitIdentity));
      const kept = shelf.units.filter(({ unit, state }) => {
        if (stays.has(unitIdentity(unit)) || (state === 'offered' && shelf.up)) return true;
        forgotten.push({ service, unit });
        return false;
      });
      const known = new Set(kept.map(({ unit }) => unitIdentity(unit)));
      const added = inFile.filter((unit) => !known.has(unitIdentity(unit)));
      shelf.units = [...kept, ...added.map((unit): KnownUnit => ({ unit, state: 'remembered' }))];
    }
    return { forgotten, conflicts: arrange() };
  }

  return {
    conflicts: arrange(),
    find: (type, name) => byIdentity.get(unitIdentity({ type, name })),
    routes: () => routes,
    known: (index) => ({
      units: routes.filter(({ member }) => member === index).length,
      remembered: shelves[index]?.units.filter(({ state }) => state !== 'offered').length ?? 0,
    }),
    isKnown: (index) => (shelves[index]?.units.length ?? 0) > 0,
    learn,
    lose(index) {
      const shelf = shelves[index];
      if (shelf !== undefined) shelf.up = false;
    },
    content: () =>
      new Map(
        shelves
          .filter(({ member, units }) => member.remote && units.length > 0)
          .map(({ member, units, listedAt }) => [member.name, { listedAt, units: units.map(unitOf) }]),
      ),
    adopt,
  };
}

const unitOf = ({ unit }: KnownUnit): PolicyUnit => unit;

/** The units of a member that are taken, under their names here. */
function routesOf(member: Member, index: number, units: readonly KnownUnit[]): readonly Route[] {
  const allowed = member.units === undefined ? undefined : new Set(member.units);
  return units
    .filter(({ unit }) => allowed === undefined || allowed.has(unit.name))
    .map(({ unit }) => {
      const name = member.renames?.get(unit.name);
      return {
        unit: name === undefined ? unit : { ...unit, name },
        member: index,
        offeredName: unit.name,
      };
    });
}
