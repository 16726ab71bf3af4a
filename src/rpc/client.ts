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
import { callUnary, type Remote } from './outgoing-call.js';
import { inventoryMethods, policyUnitMethods } from './proto.js';
import { clientCredentials, type ClientTls } from './tls.js';

/** Bytes of one received message: 10,000 hosts with reasons of several units stay below. */
const MAX_RECEIVE_BYTES = 16 * 1024 * 1024;

const HEALTH_STATUSES = ['UNKNOWN', 'SERVING', 'NOT_SERVING', 'SERVICE_UNKNOWN'] as const;

/** What grpc.health.v1 says of a service. */
export type HealthStatus = (typeof HEALTH_STATUSES)[number];

const healthAnswer = z.object({ status: z.enum(HEALTH_STATUSES).catch('UNKNOWN') });

const healthCheck = checkMethod();

/** Which service to call, and how. */
export interface RpcClientOptions {
  /** `host:port`, or any name that gRPC knows, such as `dns:///name:port`. */
  readonly target: string;
  /** Absent: plain text. */
  readonly tls?: ClientTls | undefined;
}

/** A remote service, called as if it were here. */
export interface RpcClient extends PolicyUnitService, InventoryService {
  /** Returns the health of one of the server's services; '' is the server as a whole. */
  readonly health: (service: string, call: Call) => Promise<HealthStatus>;
  /**
   * Keeps the client connected, and tells each time when a connection is there, at once when it is already. Returns how to
   * stop; a closed client stops by itself. Attempts that fail are repeated by gRPC, with a growing pause.
   */
  readonly onConnected: (listener: () => void) => () => void;
  /** Closes the connection. Calls in flight fail. */
  readonly close: () => void;
}

/**
 * Makes services whose methods call a remote one, over one connection that is opened when it is first needed. A call's
 * signal cancels the remote call; its deadline and the rest of it go along. An answer that can't be read rejects with
 * INTERNAL, naming the field; what it means is for domain/check-answer. Throws INVALID_ARGUMENT for options that can't
 * work.
 */
export function createRpcClient({ target, tls }: RpcClientOptions): RpcClient {
  const client = openChannel(target, tls);
  const remote: Remote = { client, target };
  const { ListPolicyUnits, ScoreHosts, FilterHosts, BalanceHosts } = policyUnitMethods;
  const { ListHosts, ListVms, GetInventory } = inventoryMethods;

  /** Makes the caller of a method; NOT_FOUND of it is about `notFound`. */
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

/** Opens the one channel to a remote service. It connects when it is first used. Throws INVALID_ARGUMENT for a bad target. */
function openChannel(target: string, tls: ClientTls | undefined): Client {
  const credentials = clientCredentials(tls);
  if (/^https?:/i.test(target)) throw badTarget(target, 'not a URL');
  try {
    return new Client(target, credentials, {
      'grpc.max_receive_message_length': MAX_RECEIVE_BYTES,
      'grpc.keepalive_time_ms': 60_000,
      'grpc.keepalive_timeout_ms': 20_000,
      // A service that was restarted is found again within seconds; the default waits up to two minutes.
      'grpc.initial_reconnect_backoff_ms': 200,
      'grpc.max_reconnect_backoff_ms': 5000,
      // Neither the environment nor a name's TXT records may bend the way to a service that the configuration names.
      'grpc.enable_http_proxy': 0,
      'grpc.service_config_disable_resolution': 1,
      // Replicas behind one name share the load; the default asks the first one only.
      'grpc.service_config': JSON.stringify({ loadBalancingConfig: [{ round_robin: {} }] }),
      // A connection that is shared with another client would outlive the close() of this one.
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
    // True: a connection that was lost, or never made, is made again without waiting for a call.
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

/** The state of a channel; that of a closed one can't be asked for. */
function stateOf(read: () => connectivityState): connectivityState {
  try {
    return read();
  } catch {
    return connectivityState.SHUTDOWN;
  }
}
