import type { FilterHostsRequest, ScoreHostsRequest } from '../domain/contract.js';
import { decodeScores } from './message/decode-scores.js';
import { encodeHostIds } from './message/encode-host-ids.js';
import type { ReceivedScores } from './message/read-scores.js';
import { writeFilterHosts, writeScoreHosts } from './message/write-request.js';
import { policyUnitMethods } from './proto.js';

/**
 * ScoreHosts as it is called with one request. The ids of a list that was sent before are not encoded again, and scores are
 * decoded by hand where that can be; everything else is left to the contract's own serializers.
 */
export function scoreHostsCall(request: ScoreHostsRequest) {
  const { path, requestSerialize, responseDeserialize } = policyUnitMethods.ScoreHosts;
  const listed = request.hosts === 'ALL_UP' ? [] : request.hosts;
  return {
    path,
    requestSerialize(requestId: string): Buffer {
      const ids = encodeHostIds(listed);
      if (ids === undefined || listed.length === 0) {
        return requestSerialize(writeScoreHosts(request, requestId));
      }
      return Buffer.concat([requestSerialize(writeScoreHosts({ ...request, hosts: [] }, requestId)), ids]);
    },
    responseDeserialize(bytes: Buffer): ReceivedScores {
      // Names and reasons are the library's to decode.
      const decoded = request.explain ? undefined : decodeScores(bytes, listed);
      if (decoded === undefined) return responseDeserialize(bytes);
      const rest = responseDeserialize(bytes.subarray(decoded.end));
      return rest.scores.length > 0 ? responseDeserialize(bytes) : { ...rest, decoded: decoded.scores };
    },
  };
}

/** FilterHosts as it is called with one request: the ids of a list that was sent before are not encoded again. */
export function filterHostsCall(request: FilterHostsRequest) {
  const { path, requestSerialize, responseDeserialize } = policyUnitMethods.FilterHosts;
  return {
    path,
    requestSerialize(requestId: string): Buffer {
      const ids = encodeHostIds(request.hosts === 'ALL_UP' ? [] : request.hosts);
      if (ids === undefined || request.hosts === 'ALL_UP')
        return requestSerialize(writeFilterHosts(request, requestId));
      return Buffer.concat([requestSerialize(writeFilterHosts({ ...request, hosts: [] }, requestId)), ids]);
    },
    responseDeserialize,
  };
}
