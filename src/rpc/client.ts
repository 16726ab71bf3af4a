import type { Call, Direction, PolicyUnitService } from '../domain/contract.js';
import { openChannel } from './channel.js';
import { checkHealth, type HealthStatus } from './health-call.js';
import { DEFAULT_RPC_CLIENT_LIMITS, resolveLimits, type RpcClientLimits } from './limits.js';
import { filterHostsCall, scoreHostsCall } from './host-list-call.js';
import { readAcceptedHosts } from './message/read-accepted-hosts.js';
import { readMigration } from './message/read-migration.js';
import { readPolicyUnits } from './message/read-policy-units.js';
import { readUnitProblems } from './message/read-unit-problems.js';
import { readScores } from './message/read-scores.js';
import { writeBalanceHosts } from './message/write-request.js';
import { policyUnitMethods } from './proto.js';
import { streamScores, type StreamedRequest, type StreamedScores } from './score-stream-call.js';
import type { ClientTls } from './tls.js';
import { watchConnection } from './connection.js';
import { callUnary, type Remote } from './unary-call.js';

/** How long a call without a deadline may take, unless the options say otherwise: milliseconds. */
export const DEFAULT_TIMEOUT_MS = 10_000;

/** Which service to call, and how. */
export interface RpcClientOptions {
  /** `host:port`, or any name that gRPC knows, such as `dns:///name:port`. */
  readonly target: string;
  /** Absent: plain text. */
  readonly tls?: ClientTls;
  /** How long a call without a deadline may take: milliseconds. */
  readonly defaultTimeoutMs?: number;
  readonly limits?: Partial<RpcClientLimits>;
  /**
   * Whether an answer with a score or a sum outside its range is refused whole, true by default. False is for a caller that
   * uses each unit's values, and looks at them, and uses no sums.
   */
  readonly checksRanges?: boolean;
}

/** A remote service, called as if it were here. */
export interface RpcClient extends PolicyUnitService {
  /** Scores for a stream of requests, in their order. */
  readonly streamScoreHosts: (
    requests: AsyncIterable<StreamedRequest>,
    call: Call,
  ) => AsyncGenerator<StreamedScores, void, undefined>;
  /** Health of one of the server's services; '' is the server as a whole. */
  readonly health: (service: string, call: Call) => Promise<HealthStatus>;
  /** Tells each time when a connection to the service is there, and there again. Returns how to stop it. */
  readonly onConnected: (listener: () => void) => () => void;
  /** Closes the connection. Calls in flight fail. */
  readonly close: () => void;
}

/**
 * Makes a PolicyUnitService whose methods call a remote one, over one connection that is opened when it is first needed.
 * A call's signal cancels the remote call, its deadline and its request id go along. An answer that breaks the contract
 * rejects with INTERNAL, naming the field. Throws INVALID_ARGUMENT for options that can't work.
 */
export function createRpcClient(options: RpcClientOptions): RpcClient {
  const { target, tls, defaultTimeoutMs = DEFAULT_TIMEOUT_MS } = options;
  const { maxReceiveBytes, maxPolicyUnits } = resolveLimits(DEFAULT_RPC_CLIENT_LIMITS, options.limits);
  const client = openChannel({ target, maxReceiveBytes, ...(tls === undefined ? {} : { tls }) });
  const remote: Remote = { client, target, defaultTimeoutMs };
  // Values of a unit can be range-checked once the service has said how they are to be read.
  let directions: ReadonlyMap<string, Direction | undefined> = new Map();
  const { checksRanges = true } = options;
  const reading = { directionOf: (unit: string) => directions.get(unit), checksRanges };

  return {
    async listPolicyUnits(call) {
      const method = policyUnitMethods.ListPolicyUnits;
      const list = await callUnary(remote, method, {}, call, (answer) => ({
        units: readPolicyUnits(answer, maxPolicyUnits),
        problems: readUnitProblems(answer, maxPolicyUnits),
        hasInventory: answer.has_inventory,
      }));
      const scoring = list.units.filter(({ type }) => type === 'SCORE');
      directions = new Map(scoring.map(({ name, direction }) => [name, direction]));
      return list;
    },
    scoreHosts(request, call) {
      return callUnary(remote, scoreHostsCall(request), call.requestId, call, (answer) =>
        readScores(answer, request, reading),
      );
    },
    filterHosts(request, call) {
      return callUnary(remote, filterHostsCall(request), call.requestId, call, (answer) =>
        readAcceptedHosts(answer, request),
      );
    },
    balanceHosts(request, call) {
      const message = writeBalanceHosts(request, call.requestId);
      return callUnary(remote, policyUnitMethods.BalanceHosts, message, call, (answer) =>
        readMigration(answer, request),
      );
    },
    streamScoreHosts: (requests, call) => streamScores(remote, requests, call, reading),
    health: (service, call) => checkHealth(remote, service, call),
    onConnected: (listener) => watchConnection(client, listener),
    close: () => client.close(),
  };
}
