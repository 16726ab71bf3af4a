import type * as grpc from '@grpc/grpc-js';
import type { MessageTypeDefinition } from '@grpc/proto-loader';

import type { Duration as _google_protobuf_Duration, Duration__Output as _google_protobuf_Duration__Output } from './google/protobuf/Duration.js';
import type { Timestamp as _google_protobuf_Timestamp, Timestamp__Output as _google_protobuf_Timestamp__Output } from './google/protobuf/Timestamp.js';
import type { GetInventoryRequest as _hostscore_v1_GetInventoryRequest, GetInventoryRequest__Output as _hostscore_v1_GetInventoryRequest__Output } from './hostscore/v1/GetInventoryRequest.js';
import type { GetInventoryResponse as _hostscore_v1_GetInventoryResponse, GetInventoryResponse__Output as _hostscore_v1_GetInventoryResponse__Output } from './hostscore/v1/GetInventoryResponse.js';
import type { GuestOs as _hostscore_v1_GuestOs, GuestOs__Output as _hostscore_v1_GuestOs__Output } from './hostscore/v1/GuestOs.js';
import type { HostMemory as _hostscore_v1_HostMemory, HostMemory__Output as _hostscore_v1_HostMemory__Output } from './hostscore/v1/HostMemory.js';
import type { InventoryHost as _hostscore_v1_InventoryHost, InventoryHost__Output as _hostscore_v1_InventoryHost__Output } from './hostscore/v1/InventoryHost.js';
import type { InventoryServiceClient as _hostscore_v1_InventoryServiceClient, InventoryServiceDefinition as _hostscore_v1_InventoryServiceDefinition } from './hostscore/v1/InventoryService.js';
import type { InventoryVm as _hostscore_v1_InventoryVm, InventoryVm__Output as _hostscore_v1_InventoryVm__Output } from './hostscore/v1/InventoryVm.js';
import type { ListHostsRequest as _hostscore_v1_ListHostsRequest, ListHostsRequest__Output as _hostscore_v1_ListHostsRequest__Output } from './hostscore/v1/ListHostsRequest.js';
import type { ListHostsResponse as _hostscore_v1_ListHostsResponse, ListHostsResponse__Output as _hostscore_v1_ListHostsResponse__Output } from './hostscore/v1/ListHostsResponse.js';
import type { ListReservationsRequest as _hostscore_v1_ListReservationsRequest, ListReservationsRequest__Output as _hostscore_v1_ListReservationsRequest__Output } from './hostscore/v1/ListReservationsRequest.js';
import type { ListReservationsResponse as _hostscore_v1_ListReservationsResponse, ListReservationsResponse__Output as _hostscore_v1_ListReservationsResponse__Output } from './hostscore/v1/ListReservationsResponse.js';
import type { ListVmsRequest as _hostscore_v1_ListVmsRequest, ListVmsRequest__Output as _hostscore_v1_ListVmsRequest__Output } from './hostscore/v1/ListVmsRequest.js';
import type { ListVmsResponse as _hostscore_v1_ListVmsResponse, ListVmsResponse__Output as _hostscore_v1_ListVmsResponse__Output } from './hostscore/v1/ListVmsResponse.js';
import type { ReleaseRequest as _hostscore_v1_ReleaseRequest, ReleaseRequest__Output as _hostscore_v1_ReleaseRequest__Output } from './hostscore/v1/ReleaseRequest.js';
import type { ReleaseResponse as _hostscore_v1_ReleaseResponse, ReleaseResponse__Output as _hostscore_v1_ReleaseResponse__Output } from './hostscore/v1/ReleaseResponse.js';
import type { Reservation as _hostscore_v1_Reservation, Reservation__Output as _hostscore_v1_Reservation__Output } from './hostscore/v1/Reservation.js';
import type { ReserveRequest as _hostscore_v1_ReserveRequest, ReserveRequest__Output as _hostscore_v1_ReserveRequest__Output } from './hostscore/v1/ReserveRequest.js';
import type { ReserveResponse as _hostscore_v1_ReserveResponse, ReserveResponse__Output as _hostscore_v1_ReserveResponse__Output } from './hostscore/v1/ReserveResponse.js';
import type { WatchRequest as _hostscore_v1_WatchRequest, WatchRequest__Output as _hostscore_v1_WatchRequest__Output } from './hostscore/v1/WatchRequest.js';
import type { WatchResponse as _hostscore_v1_WatchResponse, WatchResponse__Output as _hostscore_v1_WatchResponse__Output } from './hostscore/v1/WatchResponse.js';
import type { WatchedReservation as _hostscore_v1_WatchedReservation, WatchedReservation__Output as _hostscore_v1_WatchedReservation__Output } from './hostscore/v1/WatchedReservation.js';

type SubtypeConstructor<Constructor extends new (...args: any) => any, Subtype> = {
  new(...args: ConstructorParameters<Constructor>): Subtype;
};

export interface ProtoGrpcType {
  google: {
    protobuf: {
      Duration: MessageTypeDefinition<_google_protobuf_Duration, _google_protobuf_Duration__Output>
      Timestamp: MessageTypeDefinition<_google_protobuf_Timestamp, _google_protobuf_Timestamp__Output>
    }
  }
  hostscore: {
    v1: {
      GetInventoryRequest: MessageTypeDefinition<_hostscore_v1_GetInventoryRequest, _hostscore_v1_GetInventoryRequest__Output>
      GetInventoryResponse: MessageTypeDefinition<_hostscore_v1_GetInventoryResponse, _hostscore_v1_GetInventoryResponse__Output>
      GuestOs: MessageTypeDefinition<_hostscore_v1_GuestOs, _hostscore_v1_GuestOs__Output>
      HostMemory: MessageTypeDefinition<_hostscore_v1_HostMemory, _hostscore_v1_HostMemory__Output>
      InventoryHost: MessageTypeDefinition<_hostscore_v1_InventoryHost, _hostscore_v1_InventoryHost__Output>
      /**
       * Lists the hosts and virtual machines of an oVirt engine. A composite answers from its own inventory, else passes the
       * call on to the first of its services that has one.
       */
      InventoryService: SubtypeConstructor<typeof grpc.Client, _hostscore_v1_InventoryServiceClient> & { service: _hostscore_v1_InventoryServiceDefinition }
      InventoryVm: MessageTypeDefinition<_hostscore_v1_InventoryVm, _hostscore_v1_InventoryVm__Output>
      ListHostsRequest: MessageTypeDefinition<_hostscore_v1_ListHostsRequest, _hostscore_v1_ListHostsRequest__Output>
      ListHostsResponse: MessageTypeDefinition<_hostscore_v1_ListHostsResponse, _hostscore_v1_ListHostsResponse__Output>
      ListReservationsRequest: MessageTypeDefinition<_hostscore_v1_ListReservationsRequest, _hostscore_v1_ListReservationsRequest__Output>
      ListReservationsResponse: MessageTypeDefinition<_hostscore_v1_ListReservationsResponse, _hostscore_v1_ListReservationsResponse__Output>
      ListVmsRequest: MessageTypeDefinition<_hostscore_v1_ListVmsRequest, _hostscore_v1_ListVmsRequest__Output>
      ListVmsResponse: MessageTypeDefinition<_hostscore_v1_ListVmsResponse, _hostscore_v1_ListVmsResponse__Output>
      ReleaseRequest: MessageTypeDefinition<_hostscore_v1_ReleaseRequest, _hostscore_v1_ReleaseRequest__Output>
      ReleaseResponse: MessageTypeDefinition<_hostscore_v1_ReleaseResponse, _hostscore_v1_ReleaseResponse__Output>
      Reservation: MessageTypeDefinition<_hostscore_v1_Reservation, _hostscore_v1_Reservation__Output>
      ReserveRequest: MessageTypeDefinition<_hostscore_v1_ReserveRequest, _hostscore_v1_ReserveRequest__Output>
      ReserveResponse: MessageTypeDefinition<_hostscore_v1_ReserveResponse, _hostscore_v1_ReserveResponse__Output>
      WatchRequest: MessageTypeDefinition<_hostscore_v1_WatchRequest, _hostscore_v1_WatchRequest__Output>
      WatchResponse: MessageTypeDefinition<_hostscore_v1_WatchResponse, _hostscore_v1_WatchResponse__Output>
      WatchedReservation: MessageTypeDefinition<_hostscore_v1_WatchedReservation, _hostscore_v1_WatchedReservation__Output>
    }
  }
}

