import type {
  BalanceHostsResponse,
  Direction,
  FilterHostsResponse,
  HostScore,
  PolicyUnitList,
  ScoreHostsResponse,
  UnitFailure,
} from '../../domain/contract.js';
import type { BalanceHostsResponse as BalanceHostsMessage } from '../../gen/hostscore/v1/BalanceHostsResponse.js';
import type { Failure as FailureMessage } from '../../gen/hostscore/v1/Failure.js';
import type { FilterHostsResponse as FilterHostsMessage } from '../../gen/hostscore/v1/FilterHostsResponse.js';
import type { ListPolicyUnitsResponse as ListPolicyUnitsMessage } from '../../gen/hostscore/v1/ListPolicyUnitsResponse.js';
import type { ScoreHostsResponse as ScoreHostsMessage } from '../../gen/hostscore/v1/ScoreHostsResponse.js';
import type { Sent } from '../proto.js';
import { toFailureCode } from '../status.js';
import { boundedText } from '../../lib/text.js';
import { toTimestamp } from './timestamp.js';

/** Puts a service's units on the wire. */
export function writePolicyUnits({
  units,
  problems,
  hasInventory,
}: PolicyUnitList): Sent<ListPolicyUnitsMessage> {
  return {
    problems,
    has_inventory: hasInventory,
    policy_units: units.map(({ name, type, description, properties, direction }) => ({
      name,
      type: `POLICY_UNIT_TYPE_${type}` as const,
      description,
      properties: properties.map((property) => ({
        name: property.name,
        pattern: property.pattern,
        default_value: property.defaultValue,
        description: property.description,
      })),
      direction: writeDirection(direction),
    })),
  };
}

/** Puts scores on the wire; of an explained answer the best `explainTop` hosts are explained, absent: all of them. */
export function writeScores(response: ScoreHostsResponse, explainTop?: number): Sent<ScoreHostsMessage> {
  const { scores, explanation } = response;
  const explained = explanation === undefined ? undefined : bestPlaces(scores, explainTop);
  return {
    scores: scores.map(({ hostId, score }, place) => {
      if (explanation === undefined || explained?.has(place) === false) return { host_id: hostId, score };
      const name = explanation.hostName(place);
      return {
        host_id: hostId,
        score,
        reasons: explanation.reasons(place),
        ...(name === undefined ? {} : { host_name: name }),
      };
    }),
    unit_results: response.unitResults.map(({ unit, value, direction, failure }) =>
      failure === undefined
        ? { unit, scores: { values: value }, direction: writeDirection(direction) }
        : { unit, failure: writeFailure(failure) },
    ),
    unknown_host_ids: response.unknownHostIds,
    ...writeSnapshotTime(response),
  };
}

/** Puts the accepted hosts on the wire. */
export function writeAcceptedHosts(response: FilterHostsResponse): Sent<FilterHostsMessage> {
  return {
    host_ids: response.hostIds,
    unit_results: response.unitResults.map(({ unit, value, failure }) =>
      failure === undefined
        ? { unit, accepted: { host_ids: value } }
        : { unit, failure: writeFailure(failure) },
    ),
    ...writeSnapshotTime(response),
  };
}

/** Puts a proposed migration, or none, on the wire. */
export function writeMigration({ migration, ...response }: BalanceHostsResponse): Sent<BalanceHostsMessage> {
  return {
    migration:
      migration === undefined
        ? null
        : { vm_id: migration.vmId, candidate_host_ids: migration.candidateHostIds },
    ...writeSnapshotTime(response),
  };
}

/** Puts a failure on the wire, its text cut to a length. */
export function writeFailure({ code, message, notFound }: UnitFailure): FailureMessage {
  return {
    code: toFailureCode(code),
    message: boundedText(message),
    ...(notFound === undefined ? {} : { not_found: `NOT_FOUND_SUBJECT_${notFound}` as const }),
  };
}

/** Returns the places of the best hosts, undefined for all of them; of equal scores the first in the answer is better. */
function bestPlaces(scores: readonly HostScore[], top: number | undefined): ReadonlySet<number> | undefined {
  if (top === undefined || top >= scores.length) return undefined;
  const ranked = scores.map(({ score }, place) => ({ score, place })).sort((a, b) => b.score - a.score);
  return new Set(ranked.slice(0, top).map(({ place }) => place));
}

function writeSnapshotTime({ snapshotTime }: { readonly snapshotTime?: number }) {
  return snapshotTime === undefined ? {} : { snapshot_time: toTimestamp(snapshotTime) };
}

function writeDirection(direction: Direction | undefined) {
  return direction === undefined ? 'DIRECTION_UNSPECIFIED' : (`DIRECTION_${direction}` as const);
}
