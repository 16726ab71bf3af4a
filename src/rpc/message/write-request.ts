import type {
  AssumedPlacement,
  BalanceHostsRequest,
  FilterHostsRequest,
  HostSelection,
  ScoreHostsRequest,
} from '../../domain/contract.js';
import { policyUnitMethods } from '../proto.js';
import { encodeHostIds } from './fast-path.js';

/** Encodes a request for scores. */
export function writeScoreHosts(request: ScoreHostsRequest, requestId: string): Buffer {
  const { hosts, explainTop, policy, record = false, counterfactuals = false } = request;
  return withHosts(hosts, (selected) =>
    policyUnitMethods.ScoreHosts.requestSerialize({
      vm_id: request.vmId,
      ...selected,
      units: request.units,
      properties: Object.fromEntries(request.properties),
      assumed_placements: writePlacements(request.assumedPlacements),
      explain: request.explain,
      request_id: requestId,
      record,
      counterfactuals,
      ...(explainTop === undefined ? {} : { explain_top: explainTop }),
      ...(policy === undefined ? {} : { policy }),
    }),
  );
}

/** Encodes a request for filtering. */
export function writeFilterHosts(request: FilterHostsRequest, requestId: string): Buffer {
  const { hosts, assumedPlacements = [], explain = false, policy, record = false } = request;
  return withHosts(hosts, (selected) =>
    policyUnitMethods.FilterHosts.requestSerialize({
      vm_id: request.vmId,
      ...selected,
      units: request.units,
      properties: Object.fromEntries(request.properties),
      assumed_placements: writePlacements(assumedPlacements),
      explain,
      record,
      request_id: requestId,
      ...(policy === undefined ? {} : { policy }),
    }),
  );
}

/** Encodes a request for balancing. */
export function writeBalanceHosts(request: BalanceHostsRequest, requestId: string): Buffer {
  const { hostIds, assumedPlacements = [], explain = false, record = false } = request;
  return withHosts(hostIds, ({ host_ids = [] }) =>
    policyUnitMethods.BalanceHosts.requestSerialize({
      unit: request.unit,
      host_ids,
      properties: Object.fromEntries(request.properties),
      assumed_placements: writePlacements(assumedPlacements),
      explain,
      record,
      request_id: requestId,
    }),
  );
}

/** The fields of a request that select hosts. */
interface SelectedHosts {
  readonly all_hosts?: true;
  readonly host_ids?: readonly string[];
}

/** Encodes a request, reusing the encoded ids of a list that was sent before. */
function withHosts(hosts: HostSelection, write: (selected: SelectedHosts) => Buffer): Buffer {
  if (hosts === 'ALL_UP') return write({ all_hosts: true });
  const ids = encodeHostIds(hosts);
  return ids === undefined ? write({ host_ids: hosts }) : Buffer.concat([write({}), ids]);
}

function writePlacements(placements: readonly AssumedPlacement[]) {
  return placements.map(({ vmId, hostId }) => ({ vm_id: vmId, host_id: hostId }));
}
