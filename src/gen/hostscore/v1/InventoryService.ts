// Original file: proto/hostscore/v1/inventory_service.proto

import type * as grpc from '@grpc/grpc-js'
import type { MethodDefinition } from '@grpc/proto-loader'
import type { GetInventoryRequest as _hostscore_v1_GetInventoryRequest, GetInventoryRequest__Output as _hostscore_v1_GetInventoryRequest__Output } from '../../hostscore/v1/GetInventoryRequest.js';
import type { GetInventoryResponse as _hostscore_v1_GetInventoryResponse, GetInventoryResponse__Output as _hostscore_v1_GetInventoryResponse__Output } from '../../hostscore/v1/GetInventoryResponse.js';
import type { ListHostsRequest as _hostscore_v1_ListHostsRequest, ListHostsRequest__Output as _hostscore_v1_ListHostsRequest__Output } from '../../hostscore/v1/ListHostsRequest.js';
import type { ListHostsResponse as _hostscore_v1_ListHostsResponse, ListHostsResponse__Output as _hostscore_v1_ListHostsResponse__Output } from '../../hostscore/v1/ListHostsResponse.js';
import type { ListReservationsRequest as _hostscore_v1_ListReservationsRequest, ListReservationsRequest__Output as _hostscore_v1_ListReservationsRequest__Output } from '../../hostscore/v1/ListReservationsRequest.js';
import type { ListReservationsResponse as _hostscore_v1_ListReservationsResponse, ListReservationsResponse__Output as _hostscore_v1_ListReservationsResponse__Output } from '../../hostscore/v1/ListReservationsResponse.js';
import type { ListVmsRequest as _hostscore_v1_ListVmsRequest, ListVmsRequest__Output as _hostscore_v1_ListVmsRequest__Output } from '../../hostscore/v1/ListVmsRequest.js';
import type { ListVmsResponse as _hostscore_v1_ListVmsResponse, ListVmsResponse__Output as _hostscore_v1_ListVmsResponse__Output } from '../../hostscore/v1/ListVmsResponse.js';
import type { ReleaseRequest as _hostscore_v1_ReleaseRequest, ReleaseRequest__Output as _hostscore_v1_ReleaseRequest__Output } from '../../hostscore/v1/ReleaseRequest.js';
import type { ReleaseResponse as _hostscore_v1_ReleaseResponse, ReleaseResponse__Output as _hostscore_v1_ReleaseResponse__Output } from '../../hostscore/v1/ReleaseResponse.js';
import type { ReserveRequest as _hostscore_v1_ReserveRequest, ReserveRequest__Output as _hostscore_v1_ReserveRequest__Output } from '../../hostscore/v1/ReserveRequest.js';
import type { ReserveResponse as _hostscore_v1_ReserveResponse, ReserveResponse__Output as _hostscore_v1_ReserveResponse__Output } from '../../hostscore/v1/ReserveResponse.js';
import type { WatchRequest as _hostscore_v1_WatchRequest, WatchRequest__Output as _hostscore_v1_WatchRequest__Output } from '../../hostscore/v1/WatchRequest.js';
import type { WatchResponse as _hostscore_v1_WatchResponse, WatchResponse__Output as _hostscore_v1_WatchResponse__Output } from '../../hostscore/v1/WatchResponse.js';

/**
 * Lists the hosts and virtual machines of an oVirt engine. A composite answers from its own inventory, else passes the
 * call on to the first of its services that has one.
 */
export interface InventoryServiceClient extends grpc.Client {
  /**
   * Returns the size and the age of the inventory.
   */
  GetInventory(argument: _hostscore_v1_GetInventoryRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_hostscore_v1_GetInventoryResponse__Output>): grpc.ClientUnaryCall;
  GetInventory(argument: _hostscore_v1_GetInventoryRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_hostscore_v1_GetInventoryResponse__Output>): grpc.ClientUnaryCall;
  GetInventory(argument: _hostscore_v1_GetInventoryRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_hostscore_v1_GetInventoryResponse__Output>): grpc.ClientUnaryCall;
  GetInventory(argument: _hostscore_v1_GetInventoryRequest, callback: grpc.requestCallback<_hostscore_v1_GetInventoryResponse__Output>): grpc.ClientUnaryCall;
  /**
   * Returns the size and the age of the inventory.
   */
  getInventory(argument: _hostscore_v1_GetInventoryRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_hostscore_v1_GetInventoryResponse__Output>): grpc.ClientUnaryCall;
  getInventory(argument: _hostscore_v1_GetInventoryRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_hostscore_v1_GetInventoryResponse__Output>): grpc.ClientUnaryCall;
  getInventory(argument: _hostscore_v1_GetInventoryRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_hostscore_v1_GetInventoryResponse__Output>): grpc.ClientUnaryCall;
  getInventory(argument: _hostscore_v1_GetInventoryRequest, callback: grpc.requestCallback<_hostscore_v1_GetInventoryResponse__Output>): grpc.ClientUnaryCall;
  
  /**
   * Lists hosts: all of them, or those of one cluster, of one name, or of the cluster of a virtual machine.
   */
  ListHosts(argument: _hostscore_v1_ListHostsRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_hostscore_v1_ListHostsResponse__Output>): grpc.ClientUnaryCall;
  ListHosts(argument: _hostscore_v1_ListHostsRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_hostscore_v1_ListHostsResponse__Output>): grpc.ClientUnaryCall;
  ListHosts(argument: _hostscore_v1_ListHostsRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_hostscore_v1_ListHostsResponse__Output>): grpc.ClientUnaryCall;
  ListHosts(argument: _hostscore_v1_ListHostsRequest, callback: grpc.requestCallback<_hostscore_v1_ListHostsResponse__Output>): grpc.ClientUnaryCall;
  /**
   * Lists hosts: all of them, or those of one cluster, of one name, or of the cluster of a virtual machine.
   */
  listHosts(argument: _hostscore_v1_ListHostsRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_hostscore_v1_ListHostsResponse__Output>): grpc.ClientUnaryCall;
  listHosts(argument: _hostscore_v1_ListHostsRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_hostscore_v1_ListHostsResponse__Output>): grpc.ClientUnaryCall;
  listHosts(argument: _hostscore_v1_ListHostsRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_hostscore_v1_ListHostsResponse__Output>): grpc.ClientUnaryCall;
  listHosts(argument: _hostscore_v1_ListHostsRequest, callback: grpc.requestCallback<_hostscore_v1_ListHostsResponse__Output>): grpc.ClientUnaryCall;
  
  /**
   * Lists the reservations, and the placements that the service predicts from its answers to the engine, which never
   * says what it decided.
   */
  ListReservations(argument: _hostscore_v1_ListReservationsRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_hostscore_v1_ListReservationsResponse__Output>): grpc.ClientUnaryCall;
  ListReservations(argument: _hostscore_v1_ListReservationsRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_hostscore_v1_ListReservationsResponse__Output>): grpc.ClientUnaryCall;
  ListReservations(argument: _hostscore_v1_ListReservationsRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_hostscore_v1_ListReservationsResponse__Output>): grpc.ClientUnaryCall;
  ListReservations(argument: _hostscore_v1_ListReservationsRequest, callback: grpc.requestCallback<_hostscore_v1_ListReservationsResponse__Output>): grpc.ClientUnaryCall;
  /**
   * Lists the reservations, and the placements that the service predicts from its answers to the engine, which never
   * says what it decided.
   */
  listReservations(argument: _hostscore_v1_ListReservationsRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_hostscore_v1_ListReservationsResponse__Output>): grpc.ClientUnaryCall;
  listReservations(argument: _hostscore_v1_ListReservationsRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_hostscore_v1_ListReservationsResponse__Output>): grpc.ClientUnaryCall;
  listReservations(argument: _hostscore_v1_ListReservationsRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_hostscore_v1_ListReservationsResponse__Output>): grpc.ClientUnaryCall;
  listReservations(argument: _hostscore_v1_ListReservationsRequest, callback: grpc.requestCallback<_hostscore_v1_ListReservationsResponse__Output>): grpc.ClientUnaryCall;
  
  /**
   * Lists running virtual machines, in pages, or finds one virtual machine by its id, running or stopped.
   */
  ListVms(argument: _hostscore_v1_ListVmsRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_hostscore_v1_ListVmsResponse__Output>): grpc.ClientUnaryCall;
  ListVms(argument: _hostscore_v1_ListVmsRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_hostscore_v1_ListVmsResponse__Output>): grpc.ClientUnaryCall;
  ListVms(argument: _hostscore_v1_ListVmsRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_hostscore_v1_ListVmsResponse__Output>): grpc.ClientUnaryCall;
  ListVms(argument: _hostscore_v1_ListVmsRequest, callback: grpc.requestCallback<_hostscore_v1_ListVmsResponse__Output>): grpc.ClientUnaryCall;
  /**
   * Lists running virtual machines, in pages, or finds one virtual machine by its id, running or stopped.
   */
  listVms(argument: _hostscore_v1_ListVmsRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_hostscore_v1_ListVmsResponse__Output>): grpc.ClientUnaryCall;
  listVms(argument: _hostscore_v1_ListVmsRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_hostscore_v1_ListVmsResponse__Output>): grpc.ClientUnaryCall;
  listVms(argument: _hostscore_v1_ListVmsRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_hostscore_v1_ListVmsResponse__Output>): grpc.ClientUnaryCall;
  listVms(argument: _hostscore_v1_ListVmsRequest, callback: grpc.requestCallback<_hostscore_v1_ListVmsResponse__Output>): grpc.ClientUnaryCall;
  
  /**
   * Ends the reservation of a virtual machine, or what the service predicted for it. Taken from the same callers as
   * Reserve. A virtual machine that has no reservation is no error.
   */
  Release(argument: _hostscore_v1_ReleaseRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_hostscore_v1_ReleaseResponse__Output>): grpc.ClientUnaryCall;
  Release(argument: _hostscore_v1_ReleaseRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_hostscore_v1_ReleaseResponse__Output>): grpc.ClientUnaryCall;
  Release(argument: _hostscore_v1_ReleaseRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_hostscore_v1_ReleaseResponse__Output>): grpc.ClientUnaryCall;
  Release(argument: _hostscore_v1_ReleaseRequest, callback: grpc.requestCallback<_hostscore_v1_ReleaseResponse__Output>): grpc.ClientUnaryCall;
  /**
   * Ends the reservation of a virtual machine, or what the service predicted for it. Taken from the same callers as
   * Reserve. A virtual machine that has no reservation is no error.
   */
  release(argument: _hostscore_v1_ReleaseRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_hostscore_v1_ReleaseResponse__Output>): grpc.ClientUnaryCall;
  release(argument: _hostscore_v1_ReleaseRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_hostscore_v1_ReleaseResponse__Output>): grpc.ClientUnaryCall;
  release(argument: _hostscore_v1_ReleaseRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_hostscore_v1_ReleaseResponse__Output>): grpc.ClientUnaryCall;
  release(argument: _hostscore_v1_ReleaseRequest, callback: grpc.requestCallback<_hostscore_v1_ReleaseResponse__Output>): grpc.ClientUnaryCall;
  
  /**
   * Reserves a host for a virtual machine whose placement is decided and that the engine does not show there yet. In
   * every later answer of the service the virtual machine counts at that host and nowhere else, as if each request
   * named it in `assumed_placements`; only where the virtual machine itself is filtered or scored, its own reservation
   * does not count. The assumed placements of a request come on top.
   * 
   * The reservation ends as soon as a reading of the engine that began after it shows the virtual machine on that host,
   * when its time is up, when it is released, or when the virtual machine is reserved anew. It is kept in memory, and
   * so also ends with the process. A service keeps a limited number (RESOURCE_EXHAUSTED).
   * 
   * Whoever reserves changes what others are answered, so the server takes reservations from its own machine, from
   * callers that show a certificate it trusts, and with a token that allows Reserve; from others only if it was told to
   * serve them in plain text, else the answer is PERMISSION_DENIED. In a dry run nothing is reserved.
   */
  Reserve(argument: _hostscore_v1_ReserveRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_hostscore_v1_ReserveResponse__Output>): grpc.ClientUnaryCall;
  Reserve(argument: _hostscore_v1_ReserveRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_hostscore_v1_ReserveResponse__Output>): grpc.ClientUnaryCall;
  Reserve(argument: _hostscore_v1_ReserveRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_hostscore_v1_ReserveResponse__Output>): grpc.ClientUnaryCall;
  Reserve(argument: _hostscore_v1_ReserveRequest, callback: grpc.requestCallback<_hostscore_v1_ReserveResponse__Output>): grpc.ClientUnaryCall;
  /**
   * Reserves a host for a virtual machine whose placement is decided and that the engine does not show there yet. In
   * every later answer of the service the virtual machine counts at that host and nowhere else, as if each request
   * named it in `assumed_placements`; only where the virtual machine itself is filtered or scored, its own reservation
   * does not count. The assumed placements of a request come on top.
   * 
   * The reservation ends as soon as a reading of the engine that began after it shows the virtual machine on that host,
   * when its time is up, when it is released, or when the virtual machine is reserved anew. It is kept in memory, and
   * so also ends with the process. A service keeps a limited number (RESOURCE_EXHAUSTED).
   * 
   * Whoever reserves changes what others are answered, so the server takes reservations from its own machine, from
   * callers that show a certificate it trusts, and with a token that allows Reserve; from others only if it was told to
   * serve them in plain text, else the answer is PERMISSION_DENIED. In a dry run nothing is reserved.
   */
  reserve(argument: _hostscore_v1_ReserveRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_hostscore_v1_ReserveResponse__Output>): grpc.ClientUnaryCall;
  reserve(argument: _hostscore_v1_ReserveRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_hostscore_v1_ReserveResponse__Output>): grpc.ClientUnaryCall;
  reserve(argument: _hostscore_v1_ReserveRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_hostscore_v1_ReserveResponse__Output>): grpc.ClientUnaryCall;
  reserve(argument: _hostscore_v1_ReserveRequest, callback: grpc.requestCallback<_hostscore_v1_ReserveResponse__Output>): grpc.ClientUnaryCall;
  
  /**
   * Streams the inventory: all of it first, then what changes, as it changes, until the caller ends the call. So one
   * service reads the engine, and others, its replicas, follow it. WatchResponse says how to take the answers over and
   * how to go on after a break.
   * 
   * A caller may stop to read for a while: it then gets what it missed, or everything anew if that is too much. One that
   * takes no answer for a minute loses its connection. A service has a limited number of watches (RESOURCE_EXHAUSTED).
   * UNIMPLEMENTED: the service has no inventory of its own.
   */
  Watch(argument: _hostscore_v1_WatchRequest, metadata: grpc.Metadata, options?: grpc.CallOptions): grpc.ClientReadableStream<_hostscore_v1_WatchResponse__Output>;
  Watch(argument: _hostscore_v1_WatchRequest, options?: grpc.CallOptions): grpc.ClientReadableStream<_hostscore_v1_WatchResponse__Output>;
  /**
   * Streams the inventory: all of it first, then what changes, as it changes, until the caller ends the call. So one
   * service reads the engine, and others, its replicas, follow it. WatchResponse says how to take the answers over and
   * how to go on after a break.
   * 
   * A caller may stop to read for a while: it then gets what it missed, or everything anew if that is too much. One that
   * takes no answer for a minute loses its connection. A service has a limited number of watches (RESOURCE_EXHAUSTED).
   * UNIMPLEMENTED: the service has no inventory of its own.
   */
  watch(argument: _hostscore_v1_WatchRequest, metadata: grpc.Metadata, options?: grpc.CallOptions): grpc.ClientReadableStream<_hostscore_v1_WatchResponse__Output>;
  watch(argument: _hostscore_v1_WatchRequest, options?: grpc.CallOptions): grpc.ClientReadableStream<_hostscore_v1_WatchResponse__Output>;
  
}

/**
 * Lists the hosts and virtual machines of an oVirt engine. A composite answers from its own inventory, else passes the
 * call on to the first of its services that has one.
 */
export interface InventoryServiceHandlers extends grpc.UntypedServiceImplementation {
  /**
   * Returns the size and the age of the inventory.
   */
  GetInventory: grpc.handleUnaryCall<_hostscore_v1_GetInventoryRequest__Output, _hostscore_v1_GetInventoryResponse>;
  
  /**
   * Lists hosts: all of them, or those of one cluster, of one name, or of the cluster of a virtual machine.
   */
  ListHosts: grpc.handleUnaryCall<_hostscore_v1_ListHostsRequest__Output, _hostscore_v1_ListHostsResponse>;
  
  /**
   * Lists the reservations, and the placements that the service predicts from its answers to the engine, which never
   * says what it decided.
   */
  ListReservations: grpc.handleUnaryCall<_hostscore_v1_ListReservationsRequest__Output, _hostscore_v1_ListReservationsResponse>;
  
  /**
   * Lists running virtual machines, in pages, or finds one virtual machine by its id, running or stopped.
   */
  ListVms: grpc.handleUnaryCall<_hostscore_v1_ListVmsRequest__Output, _hostscore_v1_ListVmsResponse>;
  
  /**
   * Ends the reservation of a virtual machine, or what the service predicted for it. Taken from the same callers as
   * Reserve. A virtual machine that has no reservation is no error.
   */
  Release: grpc.handleUnaryCall<_hostscore_v1_ReleaseRequest__Output, _hostscore_v1_ReleaseResponse>;
  
  /**
   * Reserves a host for a virtual machine whose placement is decided and that the engine does not show there yet. In
   * every later answer of the service the virtual machine counts at that host and nowhere else, as if each request
   * named it in `assumed_placements`; only where the virtual machine itself is filtered or scored, its own reservation
   * does not count. The assumed placements of a request come on top.
   * 
   * The reservation ends as soon as a reading of the engine that began after it shows the virtual machine on that host,
   * when its time is up, when it is released, or when the virtual machine is reserved anew. It is kept in memory, and
   * so also ends with the process. A service keeps a limited number (RESOURCE_EXHAUSTED).
   * 
   * Whoever reserves changes what others are answered, so the server takes reservations from its own machine, from
   * callers that show a certificate it trusts, and with a token that allows Reserve; from others only if it was told to
   * serve them in plain text, else the answer is PERMISSION_DENIED. In a dry run nothing is reserved.
   */
  Reserve: grpc.handleUnaryCall<_hostscore_v1_ReserveRequest__Output, _hostscore_v1_ReserveResponse>;
  
  /**
   * Streams the inventory: all of it first, then what changes, as it changes, until the caller ends the call. So one
   * service reads the engine, and others, its replicas, follow it. WatchResponse says how to take the answers over and
   * how to go on after a break.
   * 
   * A caller may stop to read for a while: it then gets what it missed, or everything anew if that is too much. One that
   * takes no answer for a minute loses its connection. A service has a limited number of watches (RESOURCE_EXHAUSTED).
   * UNIMPLEMENTED: the service has no inventory of its own.
   */
  Watch: grpc.handleServerStreamingCall<_hostscore_v1_WatchRequest__Output, _hostscore_v1_WatchResponse>;
  
}

export interface InventoryServiceDefinition extends grpc.ServiceDefinition {
  GetInventory: MethodDefinition<_hostscore_v1_GetInventoryRequest, _hostscore_v1_GetInventoryResponse, _hostscore_v1_GetInventoryRequest__Output, _hostscore_v1_GetInventoryResponse__Output>
  ListHosts: MethodDefinition<_hostscore_v1_ListHostsRequest, _hostscore_v1_ListHostsResponse, _hostscore_v1_ListHostsRequest__Output, _hostscore_v1_ListHostsResponse__Output>
  ListReservations: MethodDefinition<_hostscore_v1_ListReservationsRequest, _hostscore_v1_ListReservationsResponse, _hostscore_v1_ListReservationsRequest__Output, _hostscore_v1_ListReservationsResponse__Output>
  ListVms: MethodDefinition<_hostscore_v1_ListVmsRequest, _hostscore_v1_ListVmsResponse, _hostscore_v1_ListVmsRequest__Output, _hostscore_v1_ListVmsResponse__Output>
  Release: MethodDefinition<_hostscore_v1_ReleaseRequest, _hostscore_v1_ReleaseResponse, _hostscore_v1_ReleaseRequest__Output, _hostscore_v1_ReleaseResponse__Output>
  Reserve: MethodDefinition<_hostscore_v1_ReserveRequest, _hostscore_v1_ReserveResponse, _hostscore_v1_ReserveRequest__Output, _hostscore_v1_ReserveResponse__Output>
  Watch: MethodDefinition<_hostscore_v1_WatchRequest, _hostscore_v1_WatchResponse, _hostscore_v1_WatchRequest__Output, _hostscore_v1_WatchResponse__Output>
}
