import type { ServiceDefinition, UntypedServiceImplementation } from '@grpc/grpc-js';
import type { PolicyUnitService } from '../domain/contract.js';
import type { InventoryService } from '../domain/inventory.js';
import { unaryMethod, type MethodContext, type UnaryDefinition } from './incoming-call.js';
import {
  readListHosts,
  readListVms,
  writeInventorySummary,
  writeListedHosts,
  writeListedVms,
} from './message/inventory.js';
import {
  readRelease,
  readReserve,
  writeReleased,
  writeReservations,
  writeReserved,
} from './message/reservations.js';
import { createRequestReader } from './message/read-request.js';
import {
  writeAcceptedHosts,
  writeMigration,
  writePolicyUnits,
  writeScores,
} from './message/write-response.js';
import { inventoryMethods, policyUnitMethods } from './proto.js';
import { scoreStreamMethod } from './score-stream.js';
import { watchMethod, type FeedSource } from './watch-stream.js';

/** Returns the methods of PolicyUnitService, which decode the request, call the service and encode its answer. */
export function createPolicyUnitMethods(
  service: PolicyUnitService,
  maxHostIds: number,
  context: MethodContext,
): UntypedServiceImplementation {
  const reader = createRequestReader(maxHostIds);
  const { ListPolicyUnits, ScoreHosts, FilterHosts, BalanceHosts } = policyUnitMethods;
  const withMemory = <Message extends { host_ids: string[] }>({
    path,
    requestDeserialize,
  }: UnaryDefinition<Message>) => ({
    path,
    requestDeserialize: reader.decoder(requestDeserialize),
  });
  return {
    ListPolicyUnits: unaryMethod(ListPolicyUnits, context, async (_, call) =>
      writePolicyUnits(await service.listPolicyUnits(call)),
    ),
    ScoreHosts: unaryMethod(withMemory(ScoreHosts), context, async (message, call) => {
      const request = reader.scoreHosts(message);
      return writeScores(await service.scoreHosts(request, call), request);
    }),
    StreamScoreHosts: scoreStreamMethod(context, service, reader),
    FilterHosts: unaryMethod(withMemory(FilterHosts), context, async (message, call) =>
      writeAcceptedHosts(await service.filterHosts(reader.filterHosts(message), call)),
    ),
    BalanceHosts: unaryMethod(withMemory(BalanceHosts), context, async (message, call) =>
      writeMigration(await service.balanceHosts(reader.balanceHosts(message), call)),
    ),
  };
}

/** Returns the methods of InventoryService. */
export function createInventoryMethods(
  service: InventoryService,
  feed: FeedSource,
  context: MethodContext,
): UntypedServiceImplementation {
  const { ListHosts, ListVms, GetInventory, Reserve, Release, ListReservations } = inventoryMethods;
  const { expectTrusted } = context;
  return {
    ListHosts: unaryMethod(ListHosts, context, async (message, call) =>
      writeListedHosts(await service.listHosts(readListHosts(message), call)),
    ),
    ListVms: unaryMethod(ListVms, context, async (message, call) =>
      writeListedVms(await service.listVms(readListVms(message), call)),
    ),
    GetInventory: unaryMethod(GetInventory, context, async (_, call) =>
      writeInventorySummary(await service.getInventory(call)),
    ),
    Reserve: unaryMethod(
      Reserve,
      context,
      async (message, call) => writeReserved(await service.reserve(readReserve(message), call)),
      expectTrusted,
    ),
    Release: unaryMethod(
      Release,
      context,
      async (message, call) => writeReleased(await service.release(readRelease(message), call)),
      expectTrusted,
    ),
    ListReservations: unaryMethod(ListReservations, context, async (_, call) =>
      writeReservations(await service.listReservations(call)),
    ),
    Watch: watchMethod(context, feed),
  };
}

/** Returns a service definition whose methods take and return bytes, so that they decode and check by themselves. */
export function servedAsBytes(methods: ServiceDefinition): ServiceDefinition {
  return Object.fromEntries(
    Object.entries(methods).map(([name, method]) => [
      name,
      { ...method, requestDeserialize: asIs, responseSerialize: asIs },
    ]),
  );
}

function asIs(bytes: Buffer): Buffer {
  return bytes;
}
