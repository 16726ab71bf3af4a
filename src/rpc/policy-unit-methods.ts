import type { UntypedServiceImplementation } from '@grpc/grpc-js';
import type { PolicyUnitService, ScoreHostsResponse } from '../domain/contract.js';
import type { BalanceHostsRequest__Output } from '../gen/hostscore/v1/BalanceHostsRequest.js';
import type { FilterHostsRequest__Output } from '../gen/hostscore/v1/FilterHostsRequest.js';
import type { ListPolicyUnitsRequest__Output } from '../gen/hostscore/v1/ListPolicyUnitsRequest.js';
import type { ScoreHostsRequest__Output } from '../gen/hostscore/v1/ScoreHostsRequest.js';
import { encodeScores } from './message/encode-scores.js';
import { createRequestReader } from './message/read-request.js';
import type { RequestLimits } from './limits.js';
import {
  writeAcceptedHosts,
  writeMigration,
  writePolicyUnits,
  writeScores,
} from './message/write-response.js';
import type { MethodContext } from './method-context.js';
import { policyUnitMethods, type PolicyUnitMethods } from './proto.js';
import { scoreStreamMethod } from './score-stream-method.js';
import { unaryMethod } from './unary-method.js';
import { tolerant } from './undecodable.js';

/** The five methods of the contract's service, each reading its request, asking the service and writing its answer. */
export function createPolicyUnitMethods(
  service: PolicyUnitService,
  limits: RequestLimits,
  context: MethodContext,
): UntypedServiceImplementation {
  const reader = createRequestReader(limits);
  return {
    ListPolicyUnits: unaryMethod(
      'ListPolicyUnits',
      context,
      async (_: ListPolicyUnitsRequest__Output, call) =>
        writePolicyUnits(await service.listPolicyUnits(call)),
    ),
    ScoreHosts: unaryMethod('ScoreHosts', context, async (message: ScoreHostsRequest__Output, call) => {
      const request = reader.scoreHosts(message);
      return { response: await service.scoreHosts(request, call), explainTop: request.explainTop };
    }),
    StreamScoreHosts: scoreStreamMethod(context, service, reader),
    FilterHosts: unaryMethod('FilterHosts', context, async (message: FilterHostsRequest__Output, call) =>
      writeAcceptedHosts(await service.filterHosts(reader.filterHosts(message), call)),
    ),
    BalanceHosts: unaryMethod('BalanceHosts', context, async (message: BalanceHostsRequest__Output, call) =>
      writeMigration(await service.balanceHosts(reader.balanceHosts(message), call)),
    ),
  };
}

/** The definition of the service for a server: as the contract has it, with decoders that don't throw. */
export const servedMethods = {
  ListPolicyUnits: served('ListPolicyUnits'),
  ScoreHosts: { ...served('ScoreHosts'), responseSerialize: serializeScores },
  StreamScoreHosts: served('StreamScoreHosts'),
  FilterHosts: served('FilterHosts'),
  BalanceHosts: served('BalanceHosts'),
};

function served<Name extends keyof PolicyUnitMethods>(name: Name) {
  const method = policyUnitMethods[name];
  return { ...method, requestDeserialize: tolerant<object>(method.requestDeserialize) };
}

/** An answer to ScoreHosts, and how many of the best hosts it explains. */
interface AnsweredScores {
  readonly response: ScoreHostsResponse;
  readonly explainTop: number | undefined;
}

/** Serializes an answer to ScoreHosts: the scores by hand where that can be, the rest by the contract's own serializer. */
function serializeScores({ response, explainTop }: AnsweredScores): Buffer {
  const { responseSerialize } = policyUnitMethods.ScoreHosts;
  const scores = response.explanation === undefined ? encodeScores(response.scores) : undefined;
  if (scores === undefined) return responseSerialize(writeScores(response, explainTop));
  return Buffer.concat([scores, responseSerialize(writeScores({ ...response, scores: [] }))]);
}
