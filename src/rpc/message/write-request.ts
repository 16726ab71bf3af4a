import type { BalanceHostsRequest, FilterHostsRequest, ScoreHostsRequest } from '../../domain/contract.js';
import type { BalanceHostsRequest as BalanceHostsMessage } from '../../gen/hostscore/v1/BalanceHostsRequest.js';
import type { FilterHostsRequest as FilterHostsMessage } from '../../gen/hostscore/v1/FilterHostsRequest.js';
import type { ScoreHostsRequest as ScoreHostsMessage } from '../../gen/hostscore/v1/ScoreHostsRequest.js';
import type { Sent } from '../proto.js';

/** Puts a request for scores on the wire, under this request id. */
export function writeScoreHosts(request: ScoreHostsRequest, requestId: string): Sent<ScoreHostsMessage> {
  return {
    vm_id: request.vmId,
    ...(request.hosts === 'ALL_UP' ? { all_hosts: true } : { host_ids: request.hosts }),
    units: request.units,
    properties: Object.fromEntries(request.properties),
    assumed_placements: request.assumedPlacements.map(({ vmId, hostId }) => ({
      vm_id: vmId,
      host_id: hostId,
    })),
    explain: request.explain,
    request_id: requestId,
  };
}

/** Puts a request for filtering on the wire, under this request id. */
export function writeFilterHosts(request: FilterHostsRequest, requestId: string): Sent<FilterHostsMessage> {
  return {
    vm_id: request.vmId,
    ...(request.hosts === 'ALL_UP' ? { all_hosts: true } : { host_ids: request.hosts }),
    units: request.units,
    properties: Object.fromEntries(request.properties),
    request_id: requestId,
  };
}

/** Puts a request for balancing on the wire, under this request id. */
export function writeBalanceHosts(
  request: BalanceHostsRequest,
  requestId: string,
): Sent<BalanceHostsMessage> {
  return {
    unit: request.unit,
    host_ids: request.hostIds,
    properties: Object.fromEntries(request.properties),
    request_id: requestId,
  };
}
