import { randomUUID } from 'node:crypto';
import type { Call } from '../domain/contract.js';
import type { NotFoundSubject } from '../domain/errors.js';
import type { BalanceHostsRequest } from '../gen/hostscore/v1/BalanceHostsRequest.js';
import type { BalanceHostsResponse__Output } from '../gen/hostscore/v1/BalanceHostsResponse.js';
import type { FilterHostsRequest } from '../gen/hostscore/v1/FilterHostsRequest.js';
import type { FilterHostsResponse__Output } from '../gen/hostscore/v1/FilterHostsResponse.js';
import type { GetInventoryRequest } from '../gen/hostscore/v1/GetInventoryRequest.js';
import type { GetInventoryResponse__Output } from '../gen/hostscore/v1/GetInventoryResponse.js';
import type { ListHostsRequest } from '../gen/hostscore/v1/ListHostsRequest.js';
import type { ListHostsResponse__Output } from '../gen/hostscore/v1/ListHostsResponse.js';
import type { ListPolicyUnitsRequest } from '../gen/hostscore/v1/ListPolicyUnitsRequest.js';
import type { ListPolicyUnitsResponse__Output } from '../gen/hostscore/v1/ListPolicyUnitsResponse.js';
import type { ListVmsRequest } from '../gen/hostscore/v1/ListVmsRequest.js';
import type { ListVmsResponse__Output } from '../gen/hostscore/v1/ListVmsResponse.js';
import type { ListReservationsRequest } from '../gen/hostscore/v1/ListReservationsRequest.js';
import type { ListReservationsResponse__Output } from '../gen/hostscore/v1/ListReservationsResponse.js';
import type { ReleaseRequest } from '../gen/hostscore/v1/ReleaseRequest.js';
import type { ReleaseResponse__Output } from '../gen/hostscore/v1/ReleaseResponse.js';
import type { ReserveRequest } from '../gen/hostscore/v1/ReserveRequest.js';
import type { ReserveResponse__Output } from '../gen/hostscore/v1/ReserveResponse.js';
import type { ScoreHostsRequest } from '../gen/hostscore/v1/ScoreHostsRequest.js';
import type { ScoreHostsResponse__Output } from '../gen/hostscore/v1/ScoreHostsResponse.js';
import type { ExplainDecisionRequest } from '../gen/hostscore/v1/ExplainDecisionRequest.js';
import type { ExplainDecisionResponse__Output } from '../gen/hostscore/v1/ExplainDecisionResponse.js';
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
import type { WatchRequest } from '../gen/hostscore/v1/WatchRequest.js';
import type { WatchResponse__Output } from '../gen/hostscore/v1/WatchResponse.js';
import { followToken } from '../process/tokens.js';
import { openChannel } from './channel.js';
import { decodeAnswer } from './message/read-response.js';
import { callUnary, createRemote } from './outgoing-call.js';
import { decisionMethods, inventoryMethods, policyUnitMethods } from './proto.js';
import type { ClientTls } from './tls.js';
import { followStream } from './watch-client.js';

/** Options of a client. */
export interface ClientOptions {
  /** TLS material; `{}` trusts the authorities that Node trusts. Plain text by default. */
  readonly tls?: ClientTls | undefined;
  /**
   * File of the token that calls show, read anew when it changes. Sent over TLS, or to this machine: for another target without
   * `tls` createClient throws. None by default.
   */
  readonly tokenFile?: string | undefined;
}

/** Options of one call. */
export interface CallOptions {
  /** Longest wait for the answer, in milliseconds. Default: 10,000. */
  readonly timeoutMs?: number;
  /** Cancels the call when it aborts. */
  readonly signal?: AbortSignal;
  /** Id of the call in the logs of both sides, 1 to 128 printable ASCII characters. Default: a random one. */
  readonly requestId?: string;
  /** True for a call that leaves nothing behind. Default: false. */
  readonly dryRun?: boolean;
}

/** A method that sends a message of the contract and returns the one that answers it. Rejects with a SchedulingError. */
export type Method<Request, Response> = (request: Request, options?: CallOptions) => Promise<Response>;

/**
 * A method that streams its answers, and passes on message after message; the service waits while they are not taken. Rejects
 * with a SchedulingError when the stream ends, for whatever reason: call it again.
 */
export type WatchMethod<Request, Response> = (
  request: Request,
  onMessage: (response: Response) => void,
  options?: Pick<CallOptions, 'signal' | 'requestId'>,
) => Promise<never>;

/** A client of one service that speaks the messages of the contract, as the proto files have them. */
export interface Client {
  readonly listPolicyUnits: Method<ListPolicyUnitsRequest, ListPolicyUnitsResponse__Output>;
  readonly scoreHosts: Method<ScoreHostsRequest, ScoreHostsResponse__Output>;
  readonly filterHosts: Method<FilterHostsRequest, FilterHostsResponse__Output>;
  readonly balanceHosts: Method<BalanceHostsRequest, BalanceHostsResponse__Output>;
  readonly listHosts: Method<ListHostsRequest, ListHostsResponse__Output>;
  readonly listVms: Method<ListVmsRequest, ListVmsResponse__Output>;
  readonly getInventory: Method<GetInventoryRequest, GetInventoryResponse__Output>;
  readonly reserve: Method<ReserveRequest, ReserveResponse__Output>;
  readonly release: Method<ReleaseRequest, ReleaseResponse__Output>;
  readonly listReservations: Method<ListReservationsRequest, ListReservationsResponse__Output>;
  readonly watch: WatchMethod<WatchRequest, WatchResponse__Output>;
  readonly listDecisions: Method<ListDecisionsRequest, ListDecisionsResponse__Output>;
  readonly getDecision: Method<GetDecisionRequest, GetDecisionResponse__Output>;
  readonly watchDecisions: WatchMethod<WatchDecisionsRequest, WatchDecisionsResponse__Output>;
  readonly explainDecision: Method<ExplainDecisionRequest, ExplainDecisionResponse__Output>;
  readonly reportAgreement: Method<ReportAgreementRequest, ReportAgreementResponse__Output>;
  readonly reportShadows: Method<ReportShadowsRequest, ReportShadowsResponse__Output>;
  /** Closes the connection. Calls in flight fail. */
  readonly close: () => void;
}

const DEFAULT_TIMEOUT_MS = 10_000;

/** A method as the generated code defines it. */
interface Definition<Request, Response> {
  readonly path: string;
  readonly requestSerialize: (request: Request) => Buffer;
  readonly responseDeserialize: (bytes: Buffer) => Response;
}

/**
 * Creates a client of the service at `target` (`host:port`, or any gRPC name, such as `dns:///name:port`), which connects at
 * its first call and again whenever it has to. Throws a SchedulingError, INVALID_ARGUMENT, for invalid options.
 */
export function createClient(target: string, { tls, tokenFile }: ClientOptions = {}): Client {
  const token = tokenFile === undefined ? undefined : followToken('tokenFile', tokenFile);
  const channel = openChannel(target, tls, token);
  const remote = createRemote(channel, target);

  /** Creates a method; `notFound` is the subject of its NOT_FOUND. */
  function method<Request, Response>(
    { path, requestSerialize, responseDeserialize }: Definition<Request, Response>,
    notFound?: NotFoundSubject,
  ): Method<Request, Response> {
    const read = (bytes: Buffer) => decodeAnswer(bytes, responseDeserialize);
    return (request, options) =>
      callUnary(remote, { path, write: () => requestSerialize(request), read, notFound }, callOf(options));
  }

  function watchMethod<Request, Response>({
    path,
    requestSerialize,
    responseDeserialize,
  }: Definition<Request, Response>): WatchMethod<Request, Response> {
    return async (request, onMessage, options) =>
      followStream(remote, { path, request: requestSerialize(request) }, callOf(options), (bytes) =>
        onMessage(decodeAnswer(bytes, responseDeserialize)),
      );
  }

  const { ListPolicyUnits, ScoreHosts, FilterHosts, BalanceHosts } = policyUnitMethods;
  const { ListHosts, ListVms, GetInventory, Reserve, Release, ListReservations, Watch } = inventoryMethods;
  const { ListDecisions, GetDecision, WatchDecisions, ExplainDecision, ReportAgreement, ReportShadows } =
    decisionMethods;
  return {
    listPolicyUnits: method(ListPolicyUnits),
    scoreHosts: method(ScoreHosts, 'VM'),
    filterHosts: method(FilterHosts, 'VM'),
    balanceHosts: method(BalanceHosts, 'UNIT'),
    listHosts: method(ListHosts, 'VM'),
    listVms: method(ListVms, 'VM'),
    getInventory: method(GetInventory),
    reserve: method(Reserve, 'VM'),
    release: method(Release),
    listReservations: method(ListReservations),
    watch: watchMethod(Watch),
    listDecisions: method(ListDecisions),
    getDecision: method(GetDecision),
    watchDecisions: watchMethod(WatchDecisions),
    explainDecision: method(ExplainDecision),
    reportAgreement: method(ReportAgreement),
    reportShadows: method(ReportShadows),
    close: () => channel.close(),
  };
}

function callOf({
  timeoutMs = DEFAULT_TIMEOUT_MS,
  signal = new AbortController().signal,
  requestId = randomUUID(),
  dryRun = false,
}: CallOptions = {}): Call {
  return { requestId, signal, deadline: Date.now() + timeoutMs, dryRun };
}
