import { contractViolation } from '../../domain/errors.js';
import type {
  InventorySummary,
  ListedHost,
  ListedVm,
  ListHostsRequest,
  ListHostsResponse,
  ListVmsRequest,
  ListVmsResponse,
} from '../../domain/inventory.js';
import type { GuestOs } from '../../domain/os-identity.js';
import type { HostMemory, HostRecord } from '../../domain/snapshot.js';
import type { Duration__Output } from '../../gen/google/protobuf/Duration.js';
import type { Timestamp__Output } from '../../gen/google/protobuf/Timestamp.js';
import type { GuestOs as GuestOsMessage, GuestOs__Output } from '../../gen/hostscore/v1/GuestOs.js';
import type { HostMemory as HostMemoryMessage } from '../../gen/hostscore/v1/HostMemory.js';
import type { InventoryHost, InventoryHost__Output } from '../../gen/hostscore/v1/InventoryHost.js';
import type { InventoryVm, InventoryVm__Output } from '../../gen/hostscore/v1/InventoryVm.js';
import type { ListHostsRequest__Output } from '../../gen/hostscore/v1/ListHostsRequest.js';
import type { ListVmsRequest__Output } from '../../gen/hostscore/v1/ListVmsRequest.js';
import { boundedText, quoted } from '../../lib/text.js';
import { inventoryMethods, type Sent } from '../proto.js';
import { invalid, readUuid, tooMuch } from './read-request.js';
import { decodeAnswer, fromTimestamp, readId } from './read-response.js';
import { toTimestamp } from './write-response.js';

/** VMs in one answer by default. */
const DEFAULT_PAGE_SIZE = 100;

/** Most VMs in one answer: such a page stays far below the 4 MiB that a client accepts by default. */
const MAX_PAGE_SIZE = 1000;

/** Longest name or pattern, in characters: the engine has a varchar(255) for names of hosts and VMs. */
const MAX_NAME_LENGTH = 255;

/** Longest page token, in characters: more than a name and an id in any encoding. */
const MAX_PAGE_TOKEN_LENGTH = 4096;

/** Reads a request for hosts. Throws INVALID_ARGUMENT or RESOURCE_EXHAUSTED, naming the field. */
export function readListHosts({ cluster_id, name, vm_id }: ListHostsRequest__Output): ListHostsRequest {
  const given = Object.entries({ cluster_id, name, vm_id }).filter(([, value]) => value !== '');
  const [first, second] = given;
  if (first !== undefined && second !== undefined) {
    throw invalid(
      first[0],
      `${quoted(first[1])} together with ${second[0]}; give at most one of cluster_id, name and vm_id`,
    );
  }
  return {
    ...(cluster_id === '' ? {} : { clusterId: readUuid(cluster_id, 'cluster_id') }),
    ...readName(name),
    ...(vm_id === '' ? {} : { vmId: readUuid(vm_id, 'vm_id') }),
  };
}

/** Reads a request for VMs. Throws INVALID_ARGUMENT or RESOURCE_EXHAUSTED, naming the field. */
export function readListVms(message: ListVmsRequest__Output): ListVmsRequest {
  const { vm_id, host_id, cluster_id, page_size, page_token } = message;
  if (page_size < 0 || page_size > MAX_PAGE_SIZE) {
    throw invalid(
      'page_size',
      `expected 1 to ${MAX_PAGE_SIZE}, or 0 for ${DEFAULT_PAGE_SIZE}, got ${page_size}`,
    );
  }
  atMost(page_token, MAX_PAGE_TOKEN_LENGTH, 'page_token');
  return {
    ...(vm_id === '' ? {} : { vmId: readUuid(vm_id, 'vm_id') }),
    ...readName(message.name),
    ...(host_id === '' ? {} : { hostId: readUuid(host_id, 'host_id') }),
    ...(cluster_id === '' ? {} : { clusterId: readUuid(cluster_id, 'cluster_id') }),
    pageSize: page_size === 0 ? DEFAULT_PAGE_SIZE : page_size,
    ...(page_token === '' ? {} : { pageToken: page_token }),
  };
}

/** Encodes a request for hosts. */
export function writeListHosts({ clusterId, name, vmId }: ListHostsRequest, requestId: string): Buffer {
  return inventoryMethods.ListHosts.requestSerialize({
    cluster_id: clusterId ?? '',
    name: name ?? '',
    vm_id: vmId ?? '',
    request_id: requestId,
  });
}

/** Encodes a request for VMs. */
export function writeListVms(request: ListVmsRequest, requestId: string): Buffer {
  return inventoryMethods.ListVms.requestSerialize({
    vm_id: request.vmId ?? '',
    name: request.name ?? '',
    host_id: request.hostId ?? '',
    cluster_id: request.clusterId ?? '',
    page_size: request.pageSize,
    page_token: request.pageToken ?? '',
    request_id: requestId,
  });
}

/** Encodes a list of hosts. */
export function writeListedHosts({ hosts, snapshotTime }: ListHostsResponse): Buffer {
  return inventoryMethods.ListHosts.responseSerialize({
    hosts: hosts.map((host) => ({ ...hostMessage(host), running_vms: host.runningVms })),
    snapshot_time: toTimestamp(snapshotTime),
  });
}

/** Encodes a page of VMs. */
export function writeListedVms({ vms, nextPageToken = '', snapshotTime }: ListVmsResponse): Buffer {
  return inventoryMethods.ListVms.responseSerialize({
    vms: vms.map(vmMessage),
    next_page_token: nextPageToken,
    snapshot_time: toTimestamp(snapshotTime),
  });
}

/** Returns the message of a host, without its number of VMs. */
export function hostMessage(host: ListedHost | HostRecord): Sent<InventoryHost> {
  const { id, name, status, clusterId = '', memory } = host;
  return {
    id,
    name: boundedText(name),
    status: boundedText(status),
    cluster_id: clusterId,
    ...(memory === undefined ? {} : { memory: memoryMessage(memory) }),
  };
}

function memoryMessage({ totalMiB, freeMiB, schedulableMiB }: HostMemory): Sent<HostMemoryMessage> {
  return {
    ...(totalMiB === undefined ? {} : { total_mib: totalMiB }),
    ...(freeMiB === undefined ? {} : { free_mib: freeMiB }),
    ...(schedulableMiB === undefined ? {} : { schedulable_mib: schedulableMiB }),
  };
}

/** Returns the message of a VM. */
export function vmMessage(vm: ListedVm): Sent<InventoryVm> {
  const { id, name, status = '', hostId = '', clusterId = '', osType = '', osVersion = '' } = vm;
  const { guestOs, memoryMiB, migratable } = vm;
  return {
    id,
    name: boundedText(name),
    status: boundedText(status),
    host_id: hostId,
    cluster_id: clusterId,
    os_type: boundedText(osType),
    os_version: boundedText(osVersion),
    ...(guestOs === undefined ? {} : { guest_os: guestMessage(guestOs) }),
    ...(memoryMiB === undefined ? {} : { memory_mib: memoryMiB }),
    migratable,
  };
}

function guestMessage({ distribution, version = '' }: GuestOs): Sent<GuestOsMessage> {
  return { distribution: boundedText(distribution), version: boundedText(version) };
}

/** Encodes the size and age of an inventory. */
export function writeInventorySummary(summary: InventorySummary): Buffer {
  return inventoryMethods.GetInventory.responseSerialize({
    hosts: summary.hosts,
    hosts_up: summary.hostsUp,
    clusters: summary.clusters,
    running_vms: summary.runningVms,
    snapshot_time: toTimestamp(summary.snapshotTime),
    age: toTimestamp(summary.ageMs),
    ...(summary.eventId === undefined ? {} : { event_id: summary.eventId }),
  });
}

/** Decodes the hosts that a remote service listed. Throws a contract violation, naming the field. */
export function readListedHosts(bytes: Buffer): ListHostsResponse {
  const message = decodeAnswer(bytes, inventoryMethods.ListHosts.responseDeserialize);
  return {
    hosts: message.hosts.map(readHost),
    snapshotTime: readTimeOf(message.snapshot_time, 'snapshot_time'),
  };
}

/** Decodes a page of VMs that a remote service listed. Throws a contract violation, naming the field. */
export function readListedVms(bytes: Buffer): ListVmsResponse {
  const message = decodeAnswer(bytes, inventoryMethods.ListVms.responseDeserialize);
  const token = message.next_page_token;
  return {
    vms: message.vms.map((vm, index) => readVm(vm, `vms[${index}]`)),
    ...(token === '' ? {} : { nextPageToken: token }),
    snapshotTime: readTimeOf(message.snapshot_time, 'snapshot_time'),
  };
}

/** Decodes the size and age of a remote service's inventory. Throws a contract violation, naming the field. */
export function readInventorySummary(bytes: Buffer): InventorySummary {
  const message = decodeAnswer(bytes, inventoryMethods.GetInventory.responseDeserialize);
  return {
    hosts: message.hosts ?? 0,
    hostsUp: message.hosts_up ?? 0,
    clusters: message.clusters ?? 0,
    runningVms: message.running_vms ?? 0,
    snapshotTime: readTimeOf(message.snapshot_time, 'snapshot_time'),
    ageMs: readDuration(message.age),
    ...(message.event_id === undefined ? {} : { eventId: message.event_id }),
  };
}

/** Reads the host at a place of an answer. Throws a contract violation, naming the field. */
export function readHost(message: InventoryHost__Output, index: number): ListedHost {
  const { id, name, status, cluster_id, running_vms = 0, memory } = message;
  const field = `hosts[${index}]`;
  return {
    id: readId(id, `${field}.id`),
    name: boundedText(name),
    status: boundedText(status),
    ...(cluster_id === '' ? {} : { clusterId: readId(cluster_id, `${field}.cluster_id`) }),
    runningVms: running_vms,
    ...(memory === null
      ? {}
      : {
          memory: {
            totalMiB: memory.total_mib,
            freeMiB: memory.free_mib,
            schedulableMiB: memory.schedulable_mib,
          },
        }),
  };
}

/** Reads a VM of an answer; `field` names it. Throws a contract violation, naming the field. */
export function readVm(message: InventoryVm__Output, field: string): ListedVm {
  const { id, name, status, host_id, cluster_id, os_type, os_version, guest_os, memory_mib, migratable } =
    message;
  return {
    id: readId(id, `${field}.id`),
    name: boundedText(name),
    ...(status === '' ? {} : { status: boundedText(status) }),
    ...(host_id === '' ? {} : { hostId: readId(host_id, `${field}.host_id`) }),
    ...(cluster_id === '' ? {} : { clusterId: readId(cluster_id, `${field}.cluster_id`) }),
    ...(os_type === '' ? {} : { osType: boundedText(os_type) }),
    ...(os_version === '' ? {} : { osVersion: boundedText(os_version) }),
    ...(guest_os === null ? {} : { guestOs: readGuest(guest_os) }),
    ...(memory_mib === undefined ? {} : { memoryMiB: memory_mib }),
    migratable,
  };
}

function readGuest({ distribution, version }: GuestOs__Output): GuestOs {
  return {
    distribution: boundedText(distribution),
    version: version === '' ? undefined : boundedText(version),
  };
}

/** Reads a time that has to be there. Throws a contract violation, naming the field. */
export function readTimeOf(timestamp: Timestamp__Output | null, field: string): number {
  if (timestamp === null) throw contractViolation(`${field}: expected a time, got none`);
  return fromTimestamp(timestamp, field);
}

/** Reads an age in milliseconds. Throws a contract violation for none. */
export function readDuration(duration: Duration__Output | null): number {
  if (duration === null) throw contractViolation('age: expected a duration, got none');
  return duration.seconds * 1000 + Math.floor(duration.nanos / 1_000_000);
}

function readName(name: string): { readonly name?: string } {
  atMost(name, MAX_NAME_LENGTH, 'name');
  return name === '' ? {} : { name };
}

function atMost(text: string, limit: number, field: string): void {
  if (text.length > limit) {
    throw tooMuch(field, `${text.length} characters, at most ${limit} are allowed; shorten it`);
  }
}
