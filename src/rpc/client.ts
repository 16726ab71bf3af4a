import { Client, connectivityState } from '@grpc/grpc-js';
import { service as healthMethods } from 'grpc-health-check';
import { z } from 'zod';
import type { Call, PolicyUnitService } from '../domain/contract.js';
import { SchedulingError, type NotFoundSubject } from '../domain/errors.js';
import type { InventoryService } from '../domain/inventory.js';
import { quoted } from '../lib/text.js';
import {
  readInventorySummary,
  readListedHosts,
  readListedVms,
  writeListHosts,
  writeListVms,
} from './message/inventory.js';
import {
  decodeAnswer,
  readAcceptedHosts,
  readMigration,
  readPolicyUnits,
  readScores,
} from './message/read-response.js';
import { writeBalanceHosts, writeFilterHosts, writeScoreHosts } from './message/write-request.js';
import { callUnary, createRemote } from './outgoing-call.js';
import { inventoryMethods, policyUnitMethods } from './proto.js';
import { clientCredentials, type ClientTls } from './tls.js';

/** Longest message received, in bytes: 10,000 hosts with reasons of several units fit. */
const MAX_RECEIVE_BYTES = 16 * 1024 * 1024;

const HEALTH_STATUSES = ['UNKNOWN', 'SERVING', 'NOT_SERVING', 'SERVICE_UNKNOWN'] as const;

/** A status of grpc.health.v1. */
export type HealthStatus = (typeof HEALTH_STATUSES)[number];

const healthAnswer = z.object({ status: z.enum(HEALTH_STATUSES).catch('UNKNOWN') });

const healthCheck = checkMethod();

/** Options of a gRPC client. */
export interface RpcClientOptions {
  /** `host:port`, or any gRPC name, such as `dns:///name:port`. */
  readonly target: string;
  /** Plain text by default. */
  readonly tls?: ClientTls | undefined;
}

/** A client of a remote service. */
export interface RpcClient extends PolicyUnitService, InventoryService {
  /** Returns the health of one of the server's services, or of the whole server for ''. */
  readonly health: (service: string, call: Call) => Promise<HealthStatus>;
  /**
   * Keeps the client connected and calls `listener` on every connect, at once if it is connected. gRPC retries with backoff.
   * Returns an unsubscribe function; closing the client unsubscribes too.
   */
  readonly onConnected: (listener: () => void) => () => void;
  /** Closes the connection. Calls in flight fail. */
  readonly close: () => void;
}

/**
 * Creates a client that connects at its first call. A call's signal cancels the remote call, and its deadline is passed
 * on. Rejects with INTERNAL, naming the field, for an answer that can't be decoded; what it means is checked by
 * domain/check-answer. Throws INVALID_ARGUMENT for invalid options.
 */
export function createRpcClient({ target, tls }: RpcClientOptions): RpcClient {
  const client = openChannel(target, tls);
  const remote = createRemote(client, target);
  const { ListPolicyUnits, ScoreHosts, FilterHosts, BalanceHosts } = policyUnitMethods;
  const { ListHosts, ListVms, GetInventory } = inventoryMethods;

  /** Creates the caller of a method; `notFound` is the subject of its NOT_FOUND. */
  function caller<Request, Answer>(
    { path }: { readonly path: string },
    write: (request: Request, requestId: string) => Buffer,
    read: (bytes: Buffer, request: Request) => Answer,
    notFound?: NotFoundSubject,
  ): (request: Request, call: Call) => Promise<Answer> {
    return (request, call) =>
      callUnary(
        remote,
        {
          path,
          write: () => write(request, call.requestId),
          read: (bytes) => read(bytes, request),
          notFound,
        },
        call,
      );
  }

  const listPolicyUnits = caller(
    ListPolicyUnits,
    () => ListPolicyUnits.requestSerialize({}),
    readPolicyUnits,
  );
  const getInventory = caller(
    GetInventory,
    (_, request_id) => GetInventory.requestSerialize({ request_id }),
    readInventorySummary,
  );
  return {
    listPolicyUnits: (call) => listPolicyUnits(undefined, call),
    scoreHosts: caller(ScoreHosts, writeScoreHosts, readScores, 'VM'),
    filterHosts: caller(FilterHosts, writeFilterHosts, readAcceptedHosts, 'VM'),
    balanceHosts: caller(BalanceHosts, writeBalanceHosts, readMigration, 'UNIT'),
    listHosts: caller(ListHosts, writeListHosts, readListedHosts, 'VM'),
    listVms: caller(ListVms, writeListVms, readListedVms, 'VM'),
    getInventory: (call) => getInventory(undefined, call),
    health: caller(healthCheck, (service) => healthCheck.requestSerialize({ service }), readHealth),
    onConnected: (listener) => watchConnection(client, listener),
    close: () => client.close(),
  };
}

function checkMethod() {
  const check = healthMethods['Check'];
  if (check === undefined) throw new TypeError('grpc-health-check has no Check method');
  return check;
}

function readHealth(bytes: Buffer): HealthStatus {
  return healthAnswer.parse(decodeAnswer(bytes, healthCheck.responseDeserialize)).status;
}

/** Creates the channel to a remote service, which connects at its first use. Throws INVALID_ARGUMENT for an invalid target. */
function openChannel(target: string, tls: ClientTls | undefined): Client {
  const credentials = clientCredentials(tls);
  if (/^https?:/i.test(target)) throw badTarget(target, 'not a URL');
  try {
    return new Client(target, credentials, {
      'grpc.max_receive_message_length': MAX_RECEIVE_BYTES,
      'grpc.keepalive_time_ms': 60_000,
      'grpc.keepalive_timeout_ms': 20_000,
      // Reconnect to a restarted service within seconds; the default waits up to two minutes.
      'grpc.initial_reconnect_backoff_ms': 200,
      'grpc.max_reconnect_backoff_ms': 5000,
      // Neither the environment nor DNS TXT records may redirect calls from the configured service.
      'grpc.enable_http_proxy': 0,
      'grpc.service_config_disable_resolution': 1,
      // Replicas behind one name share the load; the default uses the first one only.
      'grpc.service_config': JSON.stringify({ loadBalancingConfig: [{ round_robin: {} }] }),
      // A connection shared with another client would outlive the close() of this one.
      'grpc.use_local_subchannel_pool': 1,
      'grpc.enable_channelz': 0,
    });
  } catch (error) {
    throw badTarget(target, error instanceof Error ? error.message : 'unusable');
  }
}

function badTarget(target: string, reason: string): SchedulingError {
  return new SchedulingError(
    'INVALID_ARGUMENT',
    `target: expected host:port, got ${quoted(target)} (${reason})`,
  );
}

function watchConnection(client: Client, onConnected: () => void): () => void {
  const channel = client.getChannel();
  let stopped = false;

  function watch(): void {
    if (stopped) return;
    // True: reconnect without waiting for a call.
    const state = stateOf(() => channel.getConnectivityState(true));
    if (state === connectivityState.SHUTDOWN) return;
    if (state === connectivityState.READY) onConnected();
    channel.watchConnectivityState(state, Infinity, watch);
  }

  watch();
  return () => {
    stopped = true;
  };
}

/** Returns the state of a channel; reading that of a closed one throws. */
function stateOf(read: () => connectivityState): connectivityState {
  try {
    return read();
  } catch {
    return connectivityState.SHUTDOWN;
  }
}
