import { contractViolation } from '../../domain/errors.js';
import type { FeedPart, FeedPosition, FollowRequest, InventoryChange } from '../../domain/inventory-feed.js';
import { listedReservation, listedVm, vmOf, type KeptReservation } from '../../domain/inventory.js';
import type { HostMemory, HostRecord, UnannouncedData, Vm } from '../../domain/snapshot.js';
import type { WatchRequest__Output } from '../../gen/hostscore/v1/WatchRequest.js';
import type { WatchedReservation__Output } from '../../gen/hostscore/v1/WatchedReservation.js';
import { inventoryMethods } from '../proto.js';
import { hostMessage, readDuration, readHost, readTimeOf, readVm, vmMessage } from './inventory.js';
import { decodeAnswer, readId } from './read-response.js';
import { readReservation, reservationMessage } from './reservations.js';
import { toTimestamp } from './write-response.js';

const { Watch } = inventoryMethods;

/**
 * Most hosts, and as many of each other kind, in one message: with VMs about 100 KB. With the longest texts it stays below
 * the 4 MiB that a client accepts by default.
 */
export const PART_LENGTH = 500;

/** Reads a request to watch. */
export function readWatch(message: WatchRequest__Output): FollowRequest {
  const { epoch, sequence, uses_host_memory, uses_guest_reports } = message;
  const uses: UnannouncedData[] = [];
  if (uses_host_memory) uses.push('hostMemory');
  if (uses_guest_reports) uses.push('guestReports');
  return { from: epoch === '' ? undefined : { epoch, sequence }, uses };
}

/** Encodes a request to watch. */
export function writeWatch({ from, uses }: FollowRequest, requestId: string): Buffer {
  return Watch.requestSerialize({
    ...from,
    request_id: requestId,
    uses_host_memory: uses.includes('hostMemory'),
    uses_guest_reports: uses.includes('guestReports'),
  });
}

/** Encodes a step, part by part, each when it is asked for. */
export function* writeStep(
  { epoch, sequence, restart = false }: FeedPosition & { readonly restart?: boolean },
  { delta, ageMs, reservations }: InventoryChange,
): Generator<Buffer, void, undefined> {
  const { hosts, vms, time, eventId, memoryTime } = delta;
  const longest = Math.max(
    ...[hosts, vms, reservations].flatMap(({ changed, removed }) => [changed.length, removed.length]),
  );
  const head = {
    epoch,
    sequence,
    snapshot_time: toTimestamp(time),
    age: toTimestamp(ageMs),
    memory_time: toTimestamp(memoryTime),
    ...(eventId === undefined ? {} : { event_id: eventId }),
  };
  let start = 0;
  do {
    const part = <Item>(items: readonly Item[]) => items.slice(start, start + PART_LENGTH);
    yield Watch.responseSerialize({
      ...head,
      restart: restart && start === 0,
      more: start + PART_LENGTH < longest,
      hosts: part(hosts.changed).map(hostMessage),
      removed_host_ids: part(hosts.removed),
      vms: part(vms.changed).map((vm) => vmMessage(listedVm(vm))),
      removed_vm_ids: part(vms.removed),
      reservations: part(reservations.changed).map((kept) => ({
        reservation: reservationMessage(listedReservation(kept)),
        vm: vmMessage(listedVm(kept.vm)),
      })),
      released_vm_ids: part(reservations.removed),
    });
    start += PART_LENGTH;
  } while (start < longest);
}

/** Most different texts that a reader shares: an engine has at most thousands of hosts and operating systems. */
const MAX_SHARED = 10_000;

/** Creates a reader of answers, whose VMs share equal texts. Throws a contract violation, naming the field. */
export function createPartReader(): (bytes: Buffer) => FeedPart {
  const texts = new Map<string, string>();
  const oses = new Map<string, Vm['os']>();

  function shared<Key, Value>(values: Map<Key, Value>, key: Key, value: Value): Value {
    const known = values.get(key);
    if (known !== undefined) return known;
    if (values.size >= MAX_SHARED) values.clear();
    values.set(key, value);
    return value;
  }

  const text = (value: string | undefined) => value && shared(texts, value, value);

  function withShared(vm: Vm): Vm {
    const { configured, guest } = vm.os;
    const key = JSON.stringify([configured.type, configured.version, guest.type, guest.version]);
    const { clusterId, hostId, status } = vm;
    return {
      ...vm,
      clusterId: text(clusterId),
      hostId: text(hostId),
      status: text(status),
      os: shared(oses, key, vm.os),
    };
  }

  return (bytes) => {
    const message = decodeAnswer(bytes, Watch.responseDeserialize);
    const { epoch, sequence, restart, more, event_id } = message;
    if (epoch === '') throw contractViolation('epoch: expected an id, got none');
    const ids = (list: readonly string[], field: string) =>
      list.map((id, index) => readId(id, `${field}[${index}]`));
    return {
      ...{ epoch, sequence, restart, more },
      delta: {
        time: readTimeOf(message.snapshot_time, 'snapshot_time'),
        memoryTime: readTimeOf(message.memory_time, 'memory_time'),
        eventId: event_id,
        hosts: {
          changed: message.hosts.map((host, index) => hostOf(readHost(host, index))),
          removed: ids(message.removed_host_ids, 'removed_host_ids'),
        },
        vms: {
          changed: message.vms.map((vm, index) => withShared(vmOf(readVm(vm, `vms[${index}]`)))),
          removed: ids(message.removed_vm_ids, 'removed_vm_ids'),
        },
      },
      ageMs: readDuration(message.age),
      reservations: {
        changed: message.reservations.map(keptOf),
        removed: ids(message.released_vm_ids, 'released_vm_ids'),
      },
    };
  };
}

const UNKNOWN_MEMORY: HostMemory = { totalMiB: undefined, freeMiB: undefined, schedulableMiB: undefined };

function hostOf(listed: ReturnType<typeof readHost>): HostRecord {
  const { id, name, status, clusterId, memory = UNKNOWN_MEMORY } = listed;
  return { id, name, status, clusterId, memory };
}

function keptOf({ reservation, vm }: WatchedReservation__Output, index: number): KeptReservation {
  const field = `reservations[${index}]`;
  if (reservation === null) throw contractViolation(`${field}.reservation: expected one, got none`);
  if (vm === null) throw contractViolation(`${field}.vm: expected one, got none`);
  const { hostName = '', ...kept } = readReservation(reservation, `${field}.reservation`);
  const { hostId, startTime, endTime, predicted } = kept;
  return { vm: vmOf(readVm(vm, `${field}.vm`)), hostId, hostName, startTime, endTime, predicted };
}
