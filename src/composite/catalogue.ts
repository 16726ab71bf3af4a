import type { PolicyUnit, PolicyUnitType } from '../domain/contract.js';
import { arrangeUnits, type Contest, type Route } from './arrange-units.js';
import { NEVER, type CatalogueContent, type RememberedService } from './catalogue-content.js';
import type { Member } from './member.js';
import { unitIdentity } from './offered-units.js';
import { editedShelf, listedShelf, rememberedShelf, type Shelf } from './shelf.js';

/** A unit of one service that is another one's already, by type and name here. */
export interface Conflict {
  /** Type and name here. */
  readonly unit: Pick<PolicyUnit, 'type' | 'name'>;
  /** Who has it. */
  readonly owner: string;
  /** Who offers it too. */
  readonly newcomer: string;
  /**
   * Whether the owner had it before this process began, so that nothing is wrong with the configuration but what the
   * newcomer has begun to offer. Units of this process are not remembered: they count as older than what a service that is
   * remembered begins to offer.
   */
  readonly isOld: boolean;
}

/** A unit that one service offers since another one has it no longer. */
export interface Move {
  /** Type and name here. */
  readonly unit: Pick<PolicyUnit, 'type' | 'name'>;
  readonly from: string;
  readonly to: string;
}

/** What is news since the last change. */
export interface CatalogueNews {
  /** Those that were not there before. */
  readonly conflicts: readonly Conflict[];
  readonly moves: readonly Move[];
}

/** What a listing changed. */
export interface Learned extends CatalogueNews {
  /** Whether what there is to remember of the service is other than before. */
  readonly changed: boolean;
  /** Units, as offered, that the service had and doesn't list any more, and nobody else has. Each is told once. */
  readonly vanished: readonly PolicyUnit[];
}

/** What an edited file changed. */
export interface Adopted extends CatalogueNews {
  readonly forgotten: readonly { readonly service: string; readonly unit: PolicyUnit }[];
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
  /** Whether a member's units are known, be it that it has none. */
  readonly isKnown: (member: number) => boolean;
  /** Takes in what a member lists. */
  readonly learn: (member: number, offered: readonly PolicyUnit[], time: number) => Learned;
  /** A member could not be listed: what it offered last is no longer known to be there. */
  readonly lose: (member: number) => void;
  /**
   * What is to stand in the file that holds this: units of remote members as offered, but for those that another service
   * has and the file lacks; and what the file remembers of services that are no members.
   */
  readonly content: (file: CatalogueContent) => CatalogueContent;
  /**
   * Takes in what someone else made of the file, given what it held before: forgets units that were taken out of it and are not offered now, and
   * remembers those that are new in it. A service that is missing altogether is one that someone else has not configured.
   */
  readonly adopt: (before: CatalogueContent, edited: CatalogueContent) => Adopted;
}

/** Makes a catalogue of these members that begins with what is remembered of them. */
export function createCatalogue(members: readonly Member[], remembered: CatalogueContent): Catalogue {
  const shelves: Shelf[] = members.map((member) =>
    rememberedShelf(member, member.remote ? remembered.get(member.name) : undefined),
  );
  const wasKnown = shelves.map(isShelfKnown);
  let routes: readonly Route[] = [];
  let byIdentity: ReadonlyMap<string, Route> = new Map();
  /** Units that are nobody's, by member and offered identity. */
  let ignored: ReadonlySet<string> = new Set();
  let present: ReadonlySet<string> = new Set();
  let atStart: ReadonlyMap<string, Route> = new Map();

  const { conflicts } = arrange();
  atStart = byIdentity;

  function arrange(): CatalogueNews {
    const { contests, moves, ...next } = arrangeUnits(
      shelves,
      (identity) => byIdentity.get(identity)?.member,
    );
    const before = byIdentity;
    routes = next.routes;
    byIdentity = new Map(routes.map((route) => [unitIdentity(route.unit), route]));
    ignored = new Set(contests.map(({ loser }) => offeredKey(loser)));
    takeOff(moves.map(({ loser }) => loser));
    const found = contests.map(
      (contest) => [`${offeredKey(contest.loser)} ${offeredKey(contest.winner)}`, contest] as const,
    );
    const news = found.filter(([key]) => !present.has(key)).map(([, contest]) => conflictOf(contest));
    present = new Set(found.map(([key]) => key));
    return {
      conflicts: news,
      moves: moves
        .filter(({ loser }) => before.get(unitIdentity(loser.unit))?.member === loser.member)
        .filter(({ loser, winner }) => loser.member !== winner.member)
        .map(moveOf),
    };
  }

  function takeOff(gone: readonly Route[]): void {
    const keys = new Set(gone.map(offeredKey));
    for (const [index, shelf] of shelves.entries()) {
      const units = shelf.units.filter(({ unit }) => !keys.has(keyOf(index, unit)));
      if (units.length < shelf.units.length) shelves[index] = { ...shelf, units };
    }
  }

  function conflictOf({ loser, winner }: Contest): Conflict {
    const { type, name } = winner.unit;
    return {
      unit: { type, name },
      owner: nameOf(winner),
      newcomer: nameOf(loser),
      isOld: isOldConflict(loser.member, winner),
    };
  }

  function isOldConflict(newcomer: number, { unit, member: owner }: Route): boolean {
    if (atStart.get(unitIdentity(unit))?.member === owner) return true;
    const [remote, ...others] = [owner, newcomer].filter((index) => members[index]?.remote === true);
    return remote !== undefined && others.length === 0 && wasKnown[remote] === true;
  }

  function moveOf({ loser, winner }: Contest): Move {
    const { type, name } = winner.unit;
    return { unit: { type, name }, from: nameOf(loser), to: nameOf(winner) };
  }

  function nameOf({ member }: Route): string {
    return members[member]?.name ?? '';
  }

  function learn(index: number, offered: readonly PolicyUnit[], time: number): Learned {
    const before = shelves[index];
    if (before === undefined) return { changed: false, vanished: [], conflicts: [], moves: [] };
    const after = listedShelf(before, offered, time);
    shelves[index] = after;
    const news = arrange();
    const wereGone = new Set(before.units.flatMap(({ unit, state }) => (state === 'gone' ? [unit] : [])));
    const gone = shelves[index].units.flatMap(({ unit, state }) => (state === 'gone' ? [unit] : []));
    return {
      changed: after.listedAt === time,
      vanished: gone.filter((unit) => !wereGone.has(unit)),
      ...news,
    };
  }

  function adopt(before: CatalogueContent, edited: CatalogueContent): Adopted {
    const forgotten = shelves.flatMap((shelf, index) => {
      const service = shelf.member.name;
      const entry = shelf.member.remote ? edited.get(service) : undefined;
      if (entry === undefined) return [];
      const changed = editedShelf(shelf, before.get(service), entry);
      shelves[index] = changed.shelf;
      return changed.forgotten.map((unit) => ({ service, unit }));
    });
    return { forgotten, ...arrange() };
  }

  function content(file: CatalogueContent): CatalogueContent {
    const all = new Map(file);
    for (const [index, { member, ...shelf }] of shelves.entries()) {
      if (!member.remote) continue;
      const { name } = member;
      const filed = new Set(file.get(name)?.units.map(unitIdentity));
      const units = shelf.units
        .map(({ unit }) => unit)
        .filter((unit) => !ignored.has(keyOf(index, unit)) || filed.has(unitIdentity(unit)));
      const entry: RememberedService = { listedAt: shelf.listedAt, units };
      if (file.has(name) || units.length > 0 || shelf.listedAt !== NEVER) all.set(name, entry);
    }
    return all;
  }

  return {
    conflicts,
    find: (type, name) => byIdentity.get(unitIdentity({ type, name })),
    routes: () => routes,
    known: (index) => ({
      units: routes.filter(({ member }) => member === index).length,
      remembered: shelves[index]?.units.filter(({ state }) => state !== 'offered').length ?? 0,
    }),
    isKnown(index) {
      const shelf = shelves[index];
      return shelf !== undefined && isShelfKnown(shelf);
    },
    learn,
    lose(index) {
      const shelf = shelves[index];
      if (shelf !== undefined) shelves[index] = { ...shelf, up: false };
    },
    content,
    adopt,
  };
}

function isShelfKnown({ units, listedAt }: Shelf): boolean {
  return units.length > 0 || listedAt !== NEVER;
}

function offeredKey({ member, unit, offeredName }: Route): string {
  return keyOf(member, { type: unit.type, name: offeredName });
}

function keyOf(member: number, unit: Pick<PolicyUnit, 'type' | 'name'>): string {
  return `${member} ${unitIdentity(unit)}`;
}
