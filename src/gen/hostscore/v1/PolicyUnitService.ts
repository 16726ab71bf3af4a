// Original file: proto/hostscore/v1/policy_unit_service.proto

import type * as grpc from '@grpc/grpc-js'
import type { MethodDefinition } from '@grpc/proto-loader'
import type { BalanceHostsRequest as _hostscore_v1_BalanceHostsRequest, BalanceHostsRequest__Output as _hostscore_v1_BalanceHostsRequest__Output } from '../../hostscore/v1/BalanceHostsRequest.js';
import type { BalanceHostsResponse as _hostscore_v1_BalanceHostsResponse, BalanceHostsResponse__Output as _hostscore_v1_BalanceHostsResponse__Output } from '../../hostscore/v1/BalanceHostsResponse.js';
import type { FilterHostsRequest as _hostscore_v1_FilterHostsRequest, FilterHostsRequest__Output as _hostscore_v1_FilterHostsRequest__Output } from '../../hostscore/v1/FilterHostsRequest.js';
import type { FilterHostsResponse as _hostscore_v1_FilterHostsResponse, FilterHostsResponse__Output as _hostscore_v1_FilterHostsResponse__Output } from '../../hostscore/v1/FilterHostsResponse.js';
import type { ListPolicyUnitsRequest as _hostscore_v1_ListPolicyUnitsRequest, ListPolicyUnitsRequest__Output as _hostscore_v1_ListPolicyUnitsRequest__Output } from '../../hostscore/v1/ListPolicyUnitsRequest.js';
import type { ListPolicyUnitsResponse as _hostscore_v1_ListPolicyUnitsResponse, ListPolicyUnitsResponse__Output as _hostscore_v1_ListPolicyUnitsResponse__Output } from '../../hostscore/v1/ListPolicyUnitsResponse.js';
import type { ScoreHostsRequest as _hostscore_v1_ScoreHostsRequest, ScoreHostsRequest__Output as _hostscore_v1_ScoreHostsRequest__Output } from '../../hostscore/v1/ScoreHostsRequest.js';
import type { ScoreHostsResponse as _hostscore_v1_ScoreHostsResponse, ScoreHostsResponse__Output as _hostscore_v1_ScoreHostsResponse__Output } from '../../hostscore/v1/ScoreHostsResponse.js';
import type { StreamScoreHostsResponse as _hostscore_v1_StreamScoreHostsResponse, StreamScoreHostsResponse__Output as _hostscore_v1_StreamScoreHostsResponse__Output } from '../../hostscore/v1/StreamScoreHostsResponse.js';

/**
 * Filters, scores and balances the hosts of an oVirt engine.
 * 
 * The type and the name of a policy unit identify it together: one name may stand for a filter, a score and a balance.
 * 
 * A service may answer UNIMPLEMENTED to the methods for which it offers no unit, and to StreamScoreHosts, which a
 * composite never calls.
 */
export interface PolicyUnitServiceClient extends grpc.Client {
  /**
   * Proposes at most one migration that improves the balance among hosts. The failure of the unit is the status of the
   * call.
   */
  BalanceHosts(argument: _hostscore_v1_BalanceHostsRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_hostscore_v1_BalanceHostsResponse__Output>): grpc.ClientUnaryCall;
  BalanceHosts(argument: _hostscore_v1_BalanceHostsRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_hostscore_v1_BalanceHostsResponse__Output>): grpc.ClientUnaryCall;
  BalanceHosts(argument: _hostscore_v1_BalanceHostsRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_hostscore_v1_BalanceHostsResponse__Output>): grpc.ClientUnaryCall;
  BalanceHosts(argument: _hostscore_v1_BalanceHostsRequest, callback: grpc.requestCallback<_hostscore_v1_BalanceHostsResponse__Output>): grpc.ClientUnaryCall;
  /**
   * Proposes at most one migration that improves the balance among hosts. The failure of the unit is the status of the
   * call.
   */
  balanceHosts(argument: _hostscore_v1_BalanceHostsRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_hostscore_v1_BalanceHostsResponse__Output>): grpc.ClientUnaryCall;
  balanceHosts(argument: _hostscore_v1_BalanceHostsRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_hostscore_v1_BalanceHostsResponse__Output>): grpc.ClientUnaryCall;
  balanceHosts(argument: _hostscore_v1_BalanceHostsRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_hostscore_v1_BalanceHostsResponse__Output>): grpc.ClientUnaryCall;
  balanceHosts(argument: _hostscore_v1_BalanceHostsRequest, callback: grpc.requestCallback<_hostscore_v1_BalanceHostsResponse__Output>): grpc.ClientUnaryCall;
  
  /**
   * Keeps the hosts that every answering filter accepts for one virtual machine.
   */
  FilterHosts(argument: _hostscore_v1_FilterHostsRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_hostscore_v1_FilterHostsResponse__Output>): grpc.ClientUnaryCall;
  FilterHosts(argument: _hostscore_v1_FilterHostsRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_hostscore_v1_FilterHostsResponse__Output>): grpc.ClientUnaryCall;
  FilterHosts(argument: _hostscore_v1_FilterHostsRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_hostscore_v1_FilterHostsResponse__Output>): grpc.ClientUnaryCall;
  FilterHosts(argument: _hostscore_v1_FilterHostsRequest, callback: grpc.requestCallback<_hostscore_v1_FilterHostsResponse__Output>): grpc.ClientUnaryCall;
  /**
   * Keeps the hosts that every answering filter accepts for one virtual machine.
   */
  filterHosts(argument: _hostscore_v1_FilterHostsRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_hostscore_v1_FilterHostsResponse__Output>): grpc.ClientUnaryCall;
  filterHosts(argument: _hostscore_v1_FilterHostsRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_hostscore_v1_FilterHostsResponse__Output>): grpc.ClientUnaryCall;
  filterHosts(argument: _hostscore_v1_FilterHostsRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_hostscore_v1_FilterHostsResponse__Output>): grpc.ClientUnaryCall;
  filterHosts(argument: _hostscore_v1_FilterHostsRequest, callback: grpc.requestCallback<_hostscore_v1_FilterHostsResponse__Output>): grpc.ClientUnaryCall;
  
  /**
   * Lists the policy units that the service offers.
   * 
   * A composite answers within the caller's deadline with the units that it knows by then, and names what is missing
   * in `problems`.
   */
  ListPolicyUnits(argument: _hostscore_v1_ListPolicyUnitsRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_hostscore_v1_ListPolicyUnitsResponse__Output>): grpc.ClientUnaryCall;
  ListPolicyUnits(argument: _hostscore_v1_ListPolicyUnitsRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_hostscore_v1_ListPolicyUnitsResponse__Output>): grpc.ClientUnaryCall;
  ListPolicyUnits(argument: _hostscore_v1_ListPolicyUnitsRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_hostscore_v1_ListPolicyUnitsResponse__Output>): grpc.ClientUnaryCall;
  ListPolicyUnits(argument: _hostscore_v1_ListPolicyUnitsRequest, callback: grpc.requestCallback<_hostscore_v1_ListPolicyUnitsResponse__Output>): grpc.ClientUnaryCall;
  /**
   * Lists the policy units that the service offers.
   * 
   * A composite answers within the caller's deadline with the units that it knows by then, and names what is missing
   * in `problems`.
   */
  listPolicyUnits(argument: _hostscore_v1_ListPolicyUnitsRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_hostscore_v1_ListPolicyUnitsResponse__Output>): grpc.ClientUnaryCall;
  listPolicyUnits(argument: _hostscore_v1_ListPolicyUnitsRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_hostscore_v1_ListPolicyUnitsResponse__Output>): grpc.ClientUnaryCall;
  listPolicyUnits(argument: _hostscore_v1_ListPolicyUnitsRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_hostscore_v1_ListPolicyUnitsResponse__Output>): grpc.ClientUnaryCall;
  listPolicyUnits(argument: _hostscore_v1_ListPolicyUnitsRequest, callback: grpc.requestCallback<_hostscore_v1_ListPolicyUnitsResponse__Output>): grpc.ClientUnaryCall;
  
  /**
   * Scores hosts for one virtual machine. Higher is better.
   */
  ScoreHosts(argument: _hostscore_v1_ScoreHostsRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_hostscore_v1_ScoreHostsResponse__Output>): grpc.ClientUnaryCall;
  ScoreHosts(argument: _hostscore_v1_ScoreHostsRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_hostscore_v1_ScoreHostsResponse__Output>): grpc.ClientUnaryCall;
  ScoreHosts(argument: _hostscore_v1_ScoreHostsRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_hostscore_v1_ScoreHostsResponse__Output>): grpc.ClientUnaryCall;
  ScoreHosts(argument: _hostscore_v1_ScoreHostsRequest, callback: grpc.requestCallback<_hostscore_v1_ScoreHostsResponse__Output>): grpc.ClientUnaryCall;
  /**
   * Scores hosts for one virtual machine. Higher is better.
   */
  scoreHosts(argument: _hostscore_v1_ScoreHostsRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_hostscore_v1_ScoreHostsResponse__Output>): grpc.ClientUnaryCall;
  scoreHosts(argument: _hostscore_v1_ScoreHostsRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_hostscore_v1_ScoreHostsResponse__Output>): grpc.ClientUnaryCall;
  scoreHosts(argument: _hostscore_v1_ScoreHostsRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_hostscore_v1_ScoreHostsResponse__Output>): grpc.ClientUnaryCall;
  scoreHosts(argument: _hostscore_v1_ScoreHostsRequest, callback: grpc.requestCallback<_hostscore_v1_ScoreHostsResponse__Output>): grpc.ClientUnaryCall;
  
  /**
   * Scores hosts for many virtual machines: one answer for each request, in the order of the requests.
   * 
   * A bad request gets its failure as data and never ends the stream. The stream ends early only for a message over
   * the server's size limit, for the caller's own deadline or cancellation, and with UNAVAILABLE when the server stops,
   * or when the caller sends no request, or takes no answer, for 5 minutes.
   * 
   * A request is read only when the answer to the one before has been taken. A server limits how many streams are
   * open (RESOURCE_EXHAUSTED) and how much their callers leave unread: a large answer then becomes a failure with
   * RESOURCE_EXHAUSTED.
   * 
   * The stream carries the requests of ScoreHosts, so that one body serves both methods.
   */
  StreamScoreHosts(metadata: grpc.Metadata, options?: grpc.CallOptions): grpc.ClientDuplexStream<_hostscore_v1_ScoreHostsRequest, _hostscore_v1_StreamScoreHostsResponse__Output>;
  StreamScoreHosts(options?: grpc.CallOptions): grpc.ClientDuplexStream<_hostscore_v1_ScoreHostsRequest, _hostscore_v1_StreamScoreHostsResponse__Output>;
  /**
   * Scores hosts for many virtual machines: one answer for each request, in the order of the requests.
   * 
   * A bad request gets its failure as data and never ends the stream. The stream ends early only for a message over
   * the server's size limit, for the caller's own deadline or cancellation, and with UNAVAILABLE when the server stops,
   * or when the caller sends no request, or takes no answer, for 5 minutes.
   * 
   * A request is read only when the answer to the one before has been taken. A server limits how many streams are
   * open (RESOURCE_EXHAUSTED) and how much their callers leave unread: a large answer then becomes a failure with
   * RESOURCE_EXHAUSTED.
   * 
   * The stream carries the requests of ScoreHosts, so that one body serves both methods.
   */
  streamScoreHosts(metadata: grpc.Metadata, options?: grpc.CallOptions): grpc.ClientDuplexStream<_hostscore_v1_ScoreHostsRequest, _hostscore_v1_StreamScoreHostsResponse__Output>;
  streamScoreHosts(options?: grpc.CallOptions): grpc.ClientDuplexStream<_hostscore_v1_ScoreHostsRequest, _hostscore_v1_StreamScoreHostsResponse__Output>;
  
}

/**
 * Filters, scores and balances the hosts of an oVirt engine.
 * 
 * The type and the name of a policy unit identify it together: one name may stand for a filter, a score and a balance.
 * 
 * A service may answer UNIMPLEMENTED to the methods for which it offers no unit, and to StreamScoreHosts, which a
 * composite never calls.
 */
export interface PolicyUnitServiceHandlers extends grpc.UntypedServiceImplementation {
  /**
   * Proposes at most one migration that improves the balance among hosts. The failure of the unit is the status of the
   * call.
   */
  BalanceHosts: grpc.handleUnaryCall<_hostscore_v1_BalanceHostsRequest__Output, _hostscore_v1_BalanceHostsResponse>;
  
  /**
   * Keeps the hosts that every answering filter accepts for one virtual machine.
   */
  FilterHosts: grpc.handleUnaryCall<_hostscore_v1_FilterHostsRequest__Output, _hostscore_v1_FilterHostsResponse>;
  
  /**
   * Lists the policy units that the service offers.
   * 
   * A composite answers within the caller's deadline with the units that it knows by then, and names what is missing
   * in `problems`.
   */
  ListPolicyUnits: grpc.handleUnaryCall<_hostscore_v1_ListPolicyUnitsRequest__Output, _hostscore_v1_ListPolicyUnitsResponse>;
  
  /**
   * Scores hosts for one virtual machine. Higher is better.
   */
  ScoreHosts: grpc.handleUnaryCall<_hostscore_v1_ScoreHostsRequest__Output, _hostscore_v1_ScoreHostsResponse>;
  
  /**
   * Scores hosts for many virtual machines: one answer for each request, in the order of the requests.
   * 
   * A bad request gets its failure as data and never ends the stream. The stream ends early only for a message over
   * the server's size limit, for the caller's own deadline or cancellation, and with UNAVAILABLE when the server stops,
   * or when the caller sends no request, or takes no answer, for 5 minutes.
   * 
   * A request is read only when the answer to the one before has been taken. A server limits how many streams are
   * open (RESOURCE_EXHAUSTED) and how much their callers leave unread: a large answer then becomes a failure with
   * RESOURCE_EXHAUSTED.
   * 
   * The stream carries the requests of ScoreHosts, so that one body serves both methods.
   */
  StreamScoreHosts: grpc.handleBidiStreamingCall<_hostscore_v1_ScoreHostsRequest__Output, _hostscore_v1_StreamScoreHostsResponse>;
  
}

export interface PolicyUnitServiceDefinition extends grpc.ServiceDefinition {
  BalanceHosts: MethodDefinition<_hostscore_v1_BalanceHostsRequest, _hostscore_v1_BalanceHostsResponse, _hostscore_v1_BalanceHostsRequest__Output, _hostscore_v1_BalanceHostsResponse__Output>
  FilterHosts: MethodDefinition<_hostscore_v1_FilterHostsRequest, _hostscore_v1_FilterHostsResponse, _hostscore_v1_FilterHostsRequest__Output, _hostscore_v1_FilterHostsResponse__Output>
  ListPolicyUnits: MethodDefinition<_hostscore_v1_ListPolicyUnitsRequest, _hostscore_v1_ListPolicyUnitsResponse, _hostscore_v1_ListPolicyUnitsRequest__Output, _hostscore_v1_ListPolicyUnitsResponse__Output>
  ScoreHosts: MethodDefinition<_hostscore_v1_ScoreHostsRequest, _hostscore_v1_ScoreHostsResponse, _hostscore_v1_ScoreHostsRequest__Output, _hostscore_v1_ScoreHostsResponse__Output>
  StreamScoreHosts: MethodDefinition<_hostscore_v1_ScoreHostsRequest, _hostscore_v1_StreamScoreHostsResponse, _hostscore_v1_ScoreHostsRequest__Output, _hostscore_v1_StreamScoreHostsResponse__Output>
}
