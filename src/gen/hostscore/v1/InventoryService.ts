// Original file: proto/hostscore/v1/inventory_service.proto

import type * as grpc from '@grpc/grpc-js'
import type { MethodDefinition } from '@grpc/proto-loader'
import type { GetInventoryRequest as _hostscore_v1_GetInventoryRequest, GetInventoryRequest__Output as _hostscore_v1_GetInventoryRequest__Output } from '../../hostscore/v1/GetInventoryRequest.js';
import type { GetInventoryResponse as _hostscore_v1_GetInventoryResponse, GetInventoryResponse__Output as _hostscore_v1_GetInventoryResponse__Output } from '../../hostscore/v1/GetInventoryResponse.js';
import type { ListHostsRequest as _hostscore_v1_ListHostsRequest, ListHostsRequest__Output as _hostscore_v1_ListHostsRequest__Output } from '../../hostscore/v1/ListHostsRequest.js';
import type { ListHostsResponse as _hostscore_v1_ListHostsResponse, ListHostsResponse__Output as _hostscore_v1_ListHostsResponse__Output } from '../../hostscore/v1/ListHostsResponse.js';
import type { ListVmsRequest as _hostscore_v1_ListVmsRequest, ListVmsRequest__Output as _hostscore_v1_ListVmsRequest__Output } from '../../hostscore/v1/ListVmsRequest.js';
import type { ListVmsResponse as _hostscore_v1_ListVmsResponse, ListVmsResponse__Output as _hostscore_v1_ListVmsResponse__Output } from '../../hostscore/v1/ListVmsResponse.js';

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
   * Lists running virtual machines, in pages, or finds one virtual machine by its id, running or stopped.
   */
  ListVms: grpc.handleUnaryCall<_hostscore_v1_ListVmsRequest__Output, _hostscore_v1_ListVmsResponse>;
  
}

export interface InventoryServiceDefinition extends grpc.ServiceDefinition {
  GetInventory: MethodDefinition<_hostscore_v1_GetInventoryRequest, _hostscore_v1_GetInventoryResponse, _hostscore_v1_GetInventoryRequest__Output, _hostscore_v1_GetInventoryResponse__Output>
  ListHosts: MethodDefinition<_hostscore_v1_ListHostsRequest, _hostscore_v1_ListHostsResponse, _hostscore_v1_ListHostsRequest__Output, _hostscore_v1_ListHostsResponse__Output>
  ListVms: MethodDefinition<_hostscore_v1_ListVmsRequest, _hostscore_v1_ListVmsResponse, _hostscore_v1_ListVmsRequest__Output, _hostscore_v1_ListVmsResponse__Output>
}
