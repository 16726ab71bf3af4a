import type { ScoreHostsResponse } from '../domain/contract.js';
import type { AskedHosts } from './asked-hosts.js';
import { contractViolation } from '../domain/errors.js';
import { quoted } from '../lib/text.js';

/**
 * For each host asked about, its place among the scored hosts of a response; -1 for one that the service does not know.
 * Throws INTERNAL for a response that leaves a host out, doubles one, makes one up or mixes up their order: no value in it
 * can be told to belong to its host.
 */
export function placeHosts(
  { ids }: AskedHosts,
  { scores, unknownHostIds }: Pick<ScoreHostsResponse, 'scores' | 'unknownHostIds'>,
): readonly number[] {
  const unknown = new Set(unknownHostIds);
  let scored = 0;
  let missing = 0;
  const places = ids.map((id) => {
    if (scores[scored]?.hostId === id) return scored++;
    if (!unknown.has(id)) throw contractViolation(`host ${id} is missing, or not in the order asked`);
    missing++;
    return -1;
  });
  if (scored < scores.length) {
    throw contractViolation(
      `host ${quoted(String(scores[scored]?.hostId))} was not asked about, or stands there twice`,
    );
  }
  if (missing < unknown.size) {
    throw contractViolation('among the unknown hosts is one that was not asked about, or that has a score');
  }
  return places;
}
