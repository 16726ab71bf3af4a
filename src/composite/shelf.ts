import type { PolicyUnit } from '../domain/contract.js';
import { NEVER, type RememberedService } from './catalogue-content.js';
import type { Member } from './member.js';
import { unitIdentity } from './offered-units.js';

/** What is known of one unit of one member, under its offered name. */
export interface KnownUnit {
  readonly unit: PolicyUnit;
  /** Remembered until the service is listed; then offered, or gone: the service lists it no longer. */
  readonly state: 'remembered' | 'offered' | 'gone';
}

/** What is known of the units of one member. */
export interface Shelf {
  readonly member: Member;
  readonly units: readonly KnownUnit[];
  /** When it listed them for the first time: milliseconds since the epoch, or NEVER. */
  readonly listedAt: number;
  /** Whether the last listing went well. */
  readonly up: boolean;
}

/** A shelf with what is remembered of a member. */
export function rememberedShelf(member: Member, service: RememberedService | undefined): Shelf {
  const units = (service?.units ?? []).map((unit): KnownUnit => ({ unit, state: 'remembered' }));
  return { member, units, listedAt: service?.listedAt ?? NEVER, up: false };
}

/** The shelf of a member that lists these units: what it had and doesn't list any more is gone. */
export function listedShelf(shelf: Shelf, offered: readonly PolicyUnit[], time: number): Shelf {
  const listed = identitiesOf(offered);
  const units = [
    ...offered.map((unit): KnownUnit => ({ unit, state: 'offered' })),
    ...shelf.units
      .filter(({ unit }) => !listed.has(unitIdentity(unit)))
      .map(({ unit }): KnownUnit => ({ unit, state: 'gone' })),
  ];
  const isNews = shelf.listedAt === NEVER || textOf(units) !== textOf(shelf.units);
  return { ...shelf, units, up: true, listedAt: isNews ? time : shelf.listedAt };
}

/**
 * The shelf after someone else edited what the file holds of its member, and the units that it lost by that: those that
 * were taken out of the file, unless they are offered now. What is new in the file is remembered.
 */
export function editedShelf(
  shelf: Shelf,
  before: RememberedService | undefined,
  edited: RememberedService,
): { readonly shelf: Shelf; readonly forgotten: readonly PolicyUnit[] } {
  const wasThere = identitiesOf(before?.units ?? []);
  const isThere = new Map(edited.units.map((unit) => [unitIdentity(unit), unit]));
  const forgotten: PolicyUnit[] = [];
  const kept: KnownUnit[] = [];
  for (const known of shelf.units) {
    const identity = unitIdentity(known.unit);
    const unit = isThere.get(identity);
    const isOffered = known.state === 'offered' && shelf.up;
    if (isOffered || (unit === undefined && !wasThere.has(identity))) kept.push(known);
    // Another process may have listed the service since: two must not write their own description in turns.
    else if (unit !== undefined) kept.push({ ...known, unit });
    else forgotten.push(known.unit);
  }
  const known = identitiesOf(kept.map(({ unit }) => unit));
  const added = edited.units
    .filter((unit) => !known.has(unitIdentity(unit)))
    .map((unit): KnownUnit => ({ unit, state: 'remembered' }));
  const listedAt = shelf.up ? shelf.listedAt : edited.listedAt;
  return { shelf: { ...shelf, units: [...kept, ...added], listedAt }, forgotten };
}

function identitiesOf(units: readonly PolicyUnit[]): ReadonlySet<string> {
  return new Set(units.map(unitIdentity));
}

function textOf(units: readonly KnownUnit[]): string {
  return JSON.stringify(units.map(({ unit }) => unit));
}
