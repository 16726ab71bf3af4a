import type { AskedHosts } from './asked-hosts.js';
import { contractViolation } from '../domain/errors.js';
import { quoted } from '../lib/text.js';

/**
 * Which of the hosts asked about a filter accepts: 1 at the place of each. Throws INTERNAL for a host that was not asked
 * about, or that stands there twice.
 */
export function acceptedPlaces(
  { ids, placeOf }: AskedHosts,
  accepted: readonly string[],
): Readonly<Uint8Array> {
  const places = new Uint8Array(ids.length);
  let next = 0;
  for (const id of accepted) {
    // Filters keep the order, so that mostly nothing has to be looked up.
    const place = ids[next] === id ? next : placeOf(id);
    if (place === undefined)
      throw contractViolation(`it accepts host ${quoted(id)}, which was not asked about`);
    if (places[place] === 1) throw contractViolation(`it accepts host ${id} twice`);
    places[place] = 1;
    next = place + 1;
  }
  return places;
}
