import type { PolicyUnit } from '../domain/contract.js';
import { unitIdentity } from './offered-units.js';
import type { KnownUnit, Shelf } from './shelf.js';
import { allowList, nameHere } from './taken-units.js';

/** Where a unit is. */
export interface Route {
  /** The unit under its name here. */
  readonly unit: PolicyUnit;
  /** Place of its service among the members. */
  readonly member: number;
  /** Its name at its service. */
  readonly offeredName: string;
}

/** A unit of one member that another one has, or the same one under another name. */
export interface Contest {
  readonly loser: Route;
  readonly winner: Route;
}

/** Which unit is whose. */
export interface Arrangement {
  /** Members in their order, the units of each in the order in which it listed them. */
  readonly routes: readonly Route[];
  /** Units that are known and nobody's: someone else had them first. */
  readonly contests: readonly Contest[];
  /** Units that are gone from one service and offered by another. */
  readonly moves: readonly Contest[];
}

/** A known unit, under its name here. */
interface Claim {
  readonly route: Route;
  readonly state: KnownUnit['state'];
}

/**
 * Says which unit is whose, given whose it was: a unit stays with the member that had it, unless that one was listed
 * without it and another one offers it. One that was nobody's goes to the first member that offers it, or else to the
 * first of which it is remembered.
 */
export function arrangeUnits(
  shelves: readonly Shelf[],
  ownerOf: (identity: string) => number | undefined,
): Arrangement {
  const claims = shelves.flatMap(claimsOf);
  const contenders = new Map<string, Claim[]>();
  for (const claim of claims) {
    const identity = unitIdentity(claim.route.unit);
    const others = contenders.get(identity);
    if (others === undefined) contenders.set(identity, [claim]);
    else others.push(claim);
  }

  const winners = new Set<Claim>();
  const contests: Contest[] = [];
  const moves: Contest[] = [];
  for (const [identity, rivals] of contenders) {
    const winner = winnerOf(rivals, ownerOf(identity));
    if (winner === undefined) continue;
    winners.add(winner);
    for (const rival of rivals) {
      if (rival === winner) continue;
      const contest = { loser: rival.route, winner: winner.route };
      const isOver = rival.state === 'gone' && winner.state === 'offered';
      (isOver ? moves : contests).push(contest);
    }
  }
  return {
    routes: claims.filter((claim) => winners.has(claim)).map(({ route }) => route),
    contests,
    moves,
  };
}

function claimsOf({ member, units }: Shelf, index: number): readonly Claim[] {
  const isTaken = allowList(member);
  return units
    .filter(({ unit }) => isTaken(unit.name))
    .map(({ unit, state }) => {
      const name = nameHere(member, unit.name);
      const here = name === unit.name ? unit : { ...unit, name };
      return { route: { unit: here, member: index, offeredName: unit.name }, state };
    });
}

function winnerOf(rivals: readonly Claim[], owner: number | undefined): Claim | undefined {
  const first = rivals.find(({ state }) => state === 'offered') ?? rivals[0];
  const before = rivals.find(({ route }) => route.member === owner);
  const isGone = before?.state === 'gone' && first?.state === 'offered';
  return before === undefined || isGone ? first : before;
}
