import type { FilterHostsResponse, FilterUnitResult, UnitFailure } from '../domain/contract.js';
import type { HostList } from '../domain/host-list.js';
import { oldestSnapshot } from './combine-scores.js';

/** What one member's filters answered, checked. */
export interface FilterAnswer {
  /** Places of its filters among those of the request, aligned with the unit results of the response. */
  readonly places: readonly number[];
  readonly value: FilterHostsResponse;
}

/** What was asked, and what came of it. */
export interface FilterParts {
  readonly hosts: HostList;
  /** Names of the filters. */
  readonly units: readonly string[];
  readonly answers: readonly FilterAnswer[];
  /** Why a filter was not answered for, by its place among the units. */
  readonly failures: ReadonlyMap<number, UnitFailure>;
}

/**
 * Makes one answer of those of several members: the hosts that every answering filter accepts, in the order asked. A
 * filter that failed rejects nothing. The snapshot's time is the oldest one. Linear in hosts x filters.
 */
export function combineFilters({ hosts, units, answers, failures }: FilterParts): FilterHostsResponse {
  const results = units.map((unit, place): FilterUnitResult => ({
    unit,
    failure: failures.get(place) ?? { code: 'INTERNAL', message: 'nobody answered for the unit' },
  }));
  for (const { places, value } of answers) {
    for (const [index, place] of places.entries()) {
      const [unit, result] = [units[place] ?? '', value.unitResults[index]];
      if (result !== undefined) results[place] = { ...result, unit };
    }
  }
  const accepted = results.flatMap(({ value }) => (value === undefined ? [] : [value]));
  return {
    hostIds: intersect(hosts.ids, accepted),
    unitResults: results,
    ...oldestSnapshot(answers.map(({ value }) => value)),
  };
}

/** Returns the ids that are in every list. Each list holds some of the ids in the same order, each once. */
function intersect(ids: readonly string[], lists: readonly (readonly string[])[]): readonly string[] {
  const [first] = lists;
  if (first === undefined) return ids;
  if (lists.length === 1) return first;
  const rejections = new Uint8Array(ids.length);
  for (const list of lists) {
    if (list.length === ids.length) continue;
    let next = 0;
    for (let place = 0; place < ids.length; place++) {
      if (ids[place] === list[next]) next++;
      else rejections[place] = 1;
    }
  }
  return ids.filter((_, place) => rejections[place] === 0);
}
