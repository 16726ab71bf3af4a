import type { FilterHostsResponse, FilterUnitResult } from '../../domain/contract.js';
import type { AskedHosts } from './asked-hosts.js';
import { checkUnits, checkValueList, lie } from './lie.js';

/**
 * Checks the hosts that a member's filters accepted, and brings them into the order asked. Throws INTERNAL, naming the
 * field, when units are left out, doubled or made up. A filter that accepts a host that was not asked for, or one twice,
 * fails alone, with the service's name before why. What the member made of its filters together is not looked at.
 */
export function checkAcceptedHosts(
  response: FilterHostsResponse,
  asked: AskedHosts,
  names: readonly string[],
  service: string,
): FilterHostsResponse {
  checkUnits(response.unitResults, names);
  if (response.snapshotTime !== undefined && !Number.isFinite(response.snapshotTime)) {
    throw lie('snapshot_time', `expected a time, got ${String(response.snapshotTime)}`);
  }
  return {
    ...response,
    unitResults: response.unitResults.map((result) => checkFilter(result, asked, service)),
  };
}

function checkFilter(result: FilterUnitResult, asked: AskedHosts, service: string): FilterUnitResult {
  if (result.failure !== undefined) return result;
  const { unit, value: accepted } = result;
  checkValueList(accepted, `unit_results of ${unit}`);
  if (standsInOrder(accepted, asked)) return result;
  const marks = new Uint8Array(asked.ids.length);
  for (const [index, id] of accepted.entries()) {
    const place = asked.placeOf(id);
    const problem = place === undefined ? 'was not asked for' : 'stands here twice';
    if (place === undefined || marks[place] === 1) {
      const { message } = lie(`accepted.host_ids[${index}]`, `${id} ${problem}`);
      return { unit, failure: { code: 'INTERNAL', message: `${service}: ${message}` } };
    }
    marks[place] = 1;
  }
  return { ...result, value: asked.ids.filter((_, place) => marks[place] === 1) };
}

/** Says whether the ids are some of those asked for, in the same order and each once. */
function standsInOrder(accepted: readonly string[], { ids }: AskedHosts): boolean {
  let next = 0;
  for (let place = 0; place < ids.length && next < accepted.length; place++) {
    if (ids[place] === accepted[next]) next++;
  }
  return next === accepted.length;
}
