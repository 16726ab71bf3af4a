import { service as healthMethods } from 'grpc-health-check';
import { z } from 'zod';
import type { Call, PolicyUnitService } from '../domain/contract.js';
import type { NotFoundSubject } from '../domain/errors.js';
import type { InventoryService } from '../domain/inventory.js';
import { openChannel, watchConnection } from './channel.js';
import { createDecisionClient, type DecisionClient } from './decision-client.js';
import {
  readInventorySummary,
  readListedHosts,
  readListedVms,
  writeListHosts,
  writeListVms,
} from './message/inventory.js';
import {
  readReleased,
  readReservations,
  readReserved,
  writeRelease,
  writeReserve,
} from './message/reservations.js';
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
import type { ClientTlsSource } from './tls.js';
import { createWatch, type WatchInventory } from './watch-client.js';

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
  readonly tls?: ClientTlsSource | undefined;
  /** Returns the token that each call shows; none by default. Must not throw. */
  readonly token?: (() => string) | undefined;
}

/** A client of a remote service. */
export interface RpcClient extends PolicyUnitService, InventoryService {
  /** Returns the health of one of the server's services, or of the whole server for ''. */
  readonly health: (service: string, call: Call) => Promise<HealthStatus>;
  readonly watch: WatchInventory;
  readonly decisions: DecisionClient;
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
export function createRpcClient({ target, tls, token }: RpcClientOptions): RpcClient {
  const client = openChannel(target, tls, token);
  const remote = createRemote(client, target);
  const { ListPolicyUnits, ScoreHosts, FilterHosts, BalanceHosts } = policyUnitMethods;
  const { ListHosts, ListVms, GetInventory, Reserve, Release, ListReservations } = inventoryMethods;

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
  const listReservations = caller(
    ListReservations,
    (_, request_id) => ListReservations.requestSerialize({ request_id }),
    readReservations,
  );
  return {
    listPolicyUnits: (call) => listPolicyUnits(undefined, call),
    scoreHosts: caller(ScoreHosts, writeScoreHosts, readScores, 'VM'),
    filterHosts: caller(FilterHosts, writeFilterHosts, readAcceptedHosts, 'VM'),
    balanceHosts: caller(BalanceHosts, writeBalanceHosts, readMigration, 'UNIT'),
    listHosts: caller(ListHosts, writeListHosts, readListedHosts, 'VM'),
    listVms: caller(ListVms, writeListVms, readListedVms, 'VM'),
    getInventory: (call) => getInventory(undefined, call),
    reserve: caller(Reserve, writeReserve, readReserved, 'VM'),
    release: caller(Release, writeRelease, readReleased),
    listReservations: (call) => listReservations(undefined, call),
    health: caller(healthCheck, (service) => healthCheck.requestSerialize({ service }), readHealth),
    watch: createWatch(remote),
    decisions: createDecisionClient(remote),
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
