import type { HostScore, ScoreHostsResponse } from '../../domain/contract.js';
import type { AskedHosts } from './asked-hosts.js';

/** Where each host of the answer stands in one member's scores, -1: the member lacks it; undefined: in the same place. */
export type Places = Int32Array | undefined;

/** The hosts of the answer. */
export interface CombinedHosts {
  /** Those that at least one member knows. */
  readonly ids: readonly string[];
  /** Those that no member knows, in the order asked. */
  readonly unknownHostIds: readonly string[];
  /** For each member that answered. */
  readonly places: readonly Places[];
}

/**
 * Joins the hosts that members know, in the order asked, from answers that were checked. For every host that is up: in
 * the first member's order, then those that only later members know.
 */
export function combineHosts(
  responses: readonly ScoreHostsResponse[],
  asked: AskedHosts | 'ALL_UP',
): CombinedHosts {
  const { ids, unknownHostIds } = asked === 'ALL_UP' ? upHosts(responses) : knownHosts(responses, asked);
  // An index is built only when some member's hosts do not stand in the order of the answer.
  let placesOfIds: ReadonlyMap<string, number> | undefined;
  const placeOf = (id: string): number | undefined => {
    placesOfIds ??= new Map(ids.map((known, place) => [known, place]));
    return placesOfIds.get(id);
  };
  return { ids, unknownHostIds, places: responses.map(({ scores }) => placesIn(scores, ids, placeOf)) };
}

function knownHosts(
  responses: readonly ScoreHostsResponse[],
  { ids }: AskedHosts,
): Pick<CombinedHosts, 'ids' | 'unknownHostIds'> {
  if (responses.some(({ scores }) => scores.length === ids.length)) return { ids, unknownHostIds: [] };
  const known = new Uint8Array(ids.length);
  for (const { scores } of responses) {
    let next = 0;
    for (let place = 0; place < ids.length; place++) {
      if (scores[next]?.hostId !== ids[place]) continue;
      known[place] = 1;
      next++;
    }
  }
  return {
    ids: ids.filter((_, place) => known[place] === 1),
    unknownHostIds: ids.filter((_, place) => known[place] === 0),
  };
}

function upHosts(responses: readonly ScoreHostsResponse[]): Pick<CombinedHosts, 'ids' | 'unknownHostIds'> {
  const [first, ...others] = responses;
  const ids = first?.scores.map(({ hostId }) => hostId) ?? [];
  let seen: Set<string> | undefined;
  for (const { scores } of others) {
    if (isSameOrder(scores, ids)) continue;
    seen ??= new Set(ids);
    for (const { hostId } of scores) {
      if (seen.has(hostId)) continue;
      seen.add(hostId);
      ids.push(hostId);
    }
  }
  return { ids, unknownHostIds: [] };
}

function placesIn(
  scores: readonly HostScore[],
  ids: readonly string[],
  placeOf: (id: string) => number | undefined,
): Places {
  if (isSameOrder(scores, ids)) return undefined;
  const places = new Int32Array(ids.length).fill(-1);
  let next = 0;
  for (let place = 0; place < ids.length; place++) {
    if (scores[next]?.hostId === ids[place]) places[place] = next++;
  }
  if (next === scores.length) return places;
  for (const [index, { hostId }] of scores.entries()) places[placeOf(hostId) ?? -1] = index;
  return places;
}

function isSameOrder(scores: readonly HostScore[], ids: readonly string[]): boolean {
  if (scores.length !== ids.length) return false;
  for (let place = 0; place < ids.length; place++) {
    if (scores[place]?.hostId !== ids[place]) return false;
  }
  return true;
}
