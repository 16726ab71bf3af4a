import type { Call } from '../domain/contract.js';
import type { ExplainDecisionResponse__Output } from '../gen/hostscore/v1/ExplainDecisionResponse.js';
import type { ExplainDecisionRequest } from '../gen/hostscore/v1/ExplainDecisionRequest.js';
import type { GetDecisionRequest } from '../gen/hostscore/v1/GetDecisionRequest.js';
import type { GetDecisionResponse__Output } from '../gen/hostscore/v1/GetDecisionResponse.js';
import type { ListDecisionsRequest } from '../gen/hostscore/v1/ListDecisionsRequest.js';
import type { ListDecisionsResponse__Output } from '../gen/hostscore/v1/ListDecisionsResponse.js';
import type { ReportAgreementRequest } from '../gen/hostscore/v1/ReportAgreementRequest.js';
import type { ReportAgreementResponse__Output } from '../gen/hostscore/v1/ReportAgreementResponse.js';
import type { ReportShadowsRequest } from '../gen/hostscore/v1/ReportShadowsRequest.js';
import type { ReportShadowsResponse__Output } from '../gen/hostscore/v1/ReportShadowsResponse.js';
import type { WatchDecisionsRequest } from '../gen/hostscore/v1/WatchDecisionsRequest.js';
import type { WatchDecisionsResponse__Output } from '../gen/hostscore/v1/WatchDecisionsResponse.js';
import { decodeAnswer } from './message/read-response.js';
import { callUnary, type Remote } from './outgoing-call.js';
import { decisionMethods, type Sent } from './proto.js';
import { followStream } from './watch-client.js';

/** A method that takes and returns messages of the contract. Rejects with a SchedulingError. */
type DecisionMethod<Request, Response> = (request: Sent<Request>, call: Call) => Promise<Response>;

/** A client of a remote DecisionService: whoever reads decisions prints them, and so takes them as they are sent. */
export interface DecisionClient {
  readonly list: DecisionMethod<ListDecisionsRequest, ListDecisionsResponse__Output>;
  readonly get: DecisionMethod<GetDecisionRequest, GetDecisionResponse__Output>;
  readonly explain: DecisionMethod<ExplainDecisionRequest, ExplainDecisionResponse__Output>;
  readonly agreement: DecisionMethod<ReportAgreementRequest, ReportAgreementResponse__Output>;
  readonly shadows: DecisionMethod<ReportShadowsRequest, ReportShadowsResponse__Output>;
  /** Passes on decision after decision. Rejects with a SchedulingError when the watch ends, for whatever reason. */
  readonly watch: (
    request: Sent<WatchDecisionsRequest>,
    call: Pick<Call, 'requestId' | 'signal'>,
    onDecision: (response: WatchDecisionsResponse__Output) => void,
  ) => Promise<never>;
}

/** Creates a client of the decisions of a remote service. */
export function createDecisionClient(remote: Remote): DecisionClient {
  function method<Request, Response>(definition: {
    readonly path: string;
    readonly requestSerialize: (request: Sent<Request>) => Buffer;
    readonly responseDeserialize: (bytes: Buffer) => Response;
  }): DecisionMethod<Request, Response> {
    const { path, requestSerialize, responseDeserialize } = definition;
    return (request, call) =>
      callUnary(
        remote,
        {
          path,
          write: () => requestSerialize({ ...request, request_id: call.requestId }),
          read: (bytes) => decodeAnswer(bytes, responseDeserialize),
          notFound: undefined,
        },
        call,
      );
  }

  const { ListDecisions, GetDecision, ExplainDecision, ReportAgreement, ReportShadows, WatchDecisions } =
    decisionMethods;
  return {
    list: method(ListDecisions),
    get: method(GetDecision),
    explain: method(ExplainDecision),
    agreement: method(ReportAgreement),
    shadows: method(ReportShadows),
    watch(request, call, onDecision) {
      const { path, requestSerialize, responseDeserialize } = WatchDecisions;
      const bytes = requestSerialize({ ...request, request_id: call.requestId });
      return followStream(remote, { path, request: bytes }, call, (message) =>
        onDecision(decodeAnswer(message, responseDeserialize)),
      );
    },
  };
}
