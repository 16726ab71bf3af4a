// Original file: proto/hostscore/v1/decision_service.proto

import type * as grpc from '@grpc/grpc-js'
import type { MethodDefinition } from '@grpc/proto-loader'
import type { ExplainDecisionRequest as _hostscore_v1_ExplainDecisionRequest, ExplainDecisionRequest__Output as _hostscore_v1_ExplainDecisionRequest__Output } from '../../hostscore/v1/ExplainDecisionRequest.js';
import type { ExplainDecisionResponse as _hostscore_v1_ExplainDecisionResponse, ExplainDecisionResponse__Output as _hostscore_v1_ExplainDecisionResponse__Output } from '../../hostscore/v1/ExplainDecisionResponse.js';
import type { GetDecisionRequest as _hostscore_v1_GetDecisionRequest, GetDecisionRequest__Output as _hostscore_v1_GetDecisionRequest__Output } from '../../hostscore/v1/GetDecisionRequest.js';
import type { GetDecisionResponse as _hostscore_v1_GetDecisionResponse, GetDecisionResponse__Output as _hostscore_v1_GetDecisionResponse__Output } from '../../hostscore/v1/GetDecisionResponse.js';
import type { ListDecisionsRequest as _hostscore_v1_ListDecisionsRequest, ListDecisionsRequest__Output as _hostscore_v1_ListDecisionsRequest__Output } from '../../hostscore/v1/ListDecisionsRequest.js';
import type { ListDecisionsResponse as _hostscore_v1_ListDecisionsResponse, ListDecisionsResponse__Output as _hostscore_v1_ListDecisionsResponse__Output } from '../../hostscore/v1/ListDecisionsResponse.js';
import type { ReportAgreementRequest as _hostscore_v1_ReportAgreementRequest, ReportAgreementRequest__Output as _hostscore_v1_ReportAgreementRequest__Output } from '../../hostscore/v1/ReportAgreementRequest.js';
import type { ReportAgreementResponse as _hostscore_v1_ReportAgreementResponse, ReportAgreementResponse__Output as _hostscore_v1_ReportAgreementResponse__Output } from '../../hostscore/v1/ReportAgreementResponse.js';
import type { ReportShadowsRequest as _hostscore_v1_ReportShadowsRequest, ReportShadowsRequest__Output as _hostscore_v1_ReportShadowsRequest__Output } from '../../hostscore/v1/ReportShadowsRequest.js';
import type { ReportShadowsResponse as _hostscore_v1_ReportShadowsResponse, ReportShadowsResponse__Output as _hostscore_v1_ReportShadowsResponse__Output } from '../../hostscore/v1/ReportShadowsResponse.js';
import type { WatchDecisionsRequest as _hostscore_v1_WatchDecisionsRequest, WatchDecisionsRequest__Output as _hostscore_v1_WatchDecisionsRequest__Output } from '../../hostscore/v1/WatchDecisionsRequest.js';
import type { WatchDecisionsResponse as _hostscore_v1_WatchDecisionsResponse, WatchDecisionsResponse__Output as _hostscore_v1_WatchDecisionsResponse__Output } from '../../hostscore/v1/WatchDecisionsResponse.js';

/**
 * Lists and explains the decisions of one process: the calls that it answered, of an oVirt engine and of gRPC callers.
 * Each process keeps its own; what others answered is asked of them.
 */
export interface DecisionServiceClient extends grpc.Client {
  /**
   * Explains one decision: the ranking, what decided, with which weights another host would have won, and what a named
   * host lacked. It is computed from the values of the units, exactly.
   */
  ExplainDecision(argument: _hostscore_v1_ExplainDecisionRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_hostscore_v1_ExplainDecisionResponse__Output>): grpc.ClientUnaryCall;
  ExplainDecision(argument: _hostscore_v1_ExplainDecisionRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_hostscore_v1_ExplainDecisionResponse__Output>): grpc.ClientUnaryCall;
  ExplainDecision(argument: _hostscore_v1_ExplainDecisionRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_hostscore_v1_ExplainDecisionResponse__Output>): grpc.ClientUnaryCall;
  ExplainDecision(argument: _hostscore_v1_ExplainDecisionRequest, callback: grpc.requestCallback<_hostscore_v1_ExplainDecisionResponse__Output>): grpc.ClientUnaryCall;
  /**
   * Explains one decision: the ranking, what decided, with which weights another host would have won, and what a named
   * host lacked. It is computed from the values of the units, exactly.
   */
  explainDecision(argument: _hostscore_v1_ExplainDecisionRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_hostscore_v1_ExplainDecisionResponse__Output>): grpc.ClientUnaryCall;
  explainDecision(argument: _hostscore_v1_ExplainDecisionRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_hostscore_v1_ExplainDecisionResponse__Output>): grpc.ClientUnaryCall;
  explainDecision(argument: _hostscore_v1_ExplainDecisionRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_hostscore_v1_ExplainDecisionResponse__Output>): grpc.ClientUnaryCall;
  explainDecision(argument: _hostscore_v1_ExplainDecisionRequest, callback: grpc.requestCallback<_hostscore_v1_ExplainDecisionResponse__Output>): grpc.ClientUnaryCall;
  
  /**
   * Returns one decision, with the values of every unit.
   */
  GetDecision(argument: _hostscore_v1_GetDecisionRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_hostscore_v1_GetDecisionResponse__Output>): grpc.ClientUnaryCall;
  GetDecision(argument: _hostscore_v1_GetDecisionRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_hostscore_v1_GetDecisionResponse__Output>): grpc.ClientUnaryCall;
  GetDecision(argument: _hostscore_v1_GetDecisionRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_hostscore_v1_GetDecisionResponse__Output>): grpc.ClientUnaryCall;
  GetDecision(argument: _hostscore_v1_GetDecisionRequest, callback: grpc.requestCallback<_hostscore_v1_GetDecisionResponse__Output>): grpc.ClientUnaryCall;
  /**
   * Returns one decision, with the values of every unit.
   */
  getDecision(argument: _hostscore_v1_GetDecisionRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_hostscore_v1_GetDecisionResponse__Output>): grpc.ClientUnaryCall;
  getDecision(argument: _hostscore_v1_GetDecisionRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_hostscore_v1_GetDecisionResponse__Output>): grpc.ClientUnaryCall;
  getDecision(argument: _hostscore_v1_GetDecisionRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_hostscore_v1_GetDecisionResponse__Output>): grpc.ClientUnaryCall;
  getDecision(argument: _hostscore_v1_GetDecisionRequest, callback: grpc.requestCallback<_hostscore_v1_GetDecisionResponse__Output>): grpc.ClientUnaryCall;
  
  /**
   * Lists decisions in pages, the newest first.
   */
  ListDecisions(argument: _hostscore_v1_ListDecisionsRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_hostscore_v1_ListDecisionsResponse__Output>): grpc.ClientUnaryCall;
  ListDecisions(argument: _hostscore_v1_ListDecisionsRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_hostscore_v1_ListDecisionsResponse__Output>): grpc.ClientUnaryCall;
  ListDecisions(argument: _hostscore_v1_ListDecisionsRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_hostscore_v1_ListDecisionsResponse__Output>): grpc.ClientUnaryCall;
  ListDecisions(argument: _hostscore_v1_ListDecisionsRequest, callback: grpc.requestCallback<_hostscore_v1_ListDecisionsResponse__Output>): grpc.ClientUnaryCall;
  /**
   * Lists decisions in pages, the newest first.
   */
  listDecisions(argument: _hostscore_v1_ListDecisionsRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_hostscore_v1_ListDecisionsResponse__Output>): grpc.ClientUnaryCall;
  listDecisions(argument: _hostscore_v1_ListDecisionsRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_hostscore_v1_ListDecisionsResponse__Output>): grpc.ClientUnaryCall;
  listDecisions(argument: _hostscore_v1_ListDecisionsRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_hostscore_v1_ListDecisionsResponse__Output>): grpc.ClientUnaryCall;
  listDecisions(argument: _hostscore_v1_ListDecisionsRequest, callback: grpc.requestCallback<_hostscore_v1_ListDecisionsResponse__Output>): grpc.ClientUnaryCall;
  
  /**
   * Reports whether the engine, or whoever asked, followed the answers.
   */
  ReportAgreement(argument: _hostscore_v1_ReportAgreementRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_hostscore_v1_ReportAgreementResponse__Output>): grpc.ClientUnaryCall;
  ReportAgreement(argument: _hostscore_v1_ReportAgreementRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_hostscore_v1_ReportAgreementResponse__Output>): grpc.ClientUnaryCall;
  ReportAgreement(argument: _hostscore_v1_ReportAgreementRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_hostscore_v1_ReportAgreementResponse__Output>): grpc.ClientUnaryCall;
  ReportAgreement(argument: _hostscore_v1_ReportAgreementRequest, callback: grpc.requestCallback<_hostscore_v1_ReportAgreementResponse__Output>): grpc.ClientUnaryCall;
  /**
   * Reports whether the engine, or whoever asked, followed the answers.
   */
  reportAgreement(argument: _hostscore_v1_ReportAgreementRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_hostscore_v1_ReportAgreementResponse__Output>): grpc.ClientUnaryCall;
  reportAgreement(argument: _hostscore_v1_ReportAgreementRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_hostscore_v1_ReportAgreementResponse__Output>): grpc.ClientUnaryCall;
  reportAgreement(argument: _hostscore_v1_ReportAgreementRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_hostscore_v1_ReportAgreementResponse__Output>): grpc.ClientUnaryCall;
  reportAgreement(argument: _hostscore_v1_ReportAgreementRequest, callback: grpc.requestCallback<_hostscore_v1_ReportAgreementResponse__Output>): grpc.ClientUnaryCall;
  
  /**
   * Reports how the answers of shadows differ from the ones that were given.
   */
  ReportShadows(argument: _hostscore_v1_ReportShadowsRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_hostscore_v1_ReportShadowsResponse__Output>): grpc.ClientUnaryCall;
  ReportShadows(argument: _hostscore_v1_ReportShadowsRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_hostscore_v1_ReportShadowsResponse__Output>): grpc.ClientUnaryCall;
  ReportShadows(argument: _hostscore_v1_ReportShadowsRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_hostscore_v1_ReportShadowsResponse__Output>): grpc.ClientUnaryCall;
  ReportShadows(argument: _hostscore_v1_ReportShadowsRequest, callback: grpc.requestCallback<_hostscore_v1_ReportShadowsResponse__Output>): grpc.ClientUnaryCall;
  /**
   * Reports how the answers of shadows differ from the ones that were given.
   */
  reportShadows(argument: _hostscore_v1_ReportShadowsRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_hostscore_v1_ReportShadowsResponse__Output>): grpc.ClientUnaryCall;
  reportShadows(argument: _hostscore_v1_ReportShadowsRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_hostscore_v1_ReportShadowsResponse__Output>): grpc.ClientUnaryCall;
  reportShadows(argument: _hostscore_v1_ReportShadowsRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_hostscore_v1_ReportShadowsResponse__Output>): grpc.ClientUnaryCall;
  reportShadows(argument: _hostscore_v1_ReportShadowsRequest, callback: grpc.requestCallback<_hostscore_v1_ReportShadowsResponse__Output>): grpc.ClientUnaryCall;
  
  /**
   * Streams decisions from now on, each as it is made, and once more when it is known what became of it, until the caller
   * ends the call. A caller that reads too slowly misses decisions, and is told how many.
   */
  WatchDecisions(argument: _hostscore_v1_WatchDecisionsRequest, metadata: grpc.Metadata, options?: grpc.CallOptions): grpc.ClientReadableStream<_hostscore_v1_WatchDecisionsResponse__Output>;
  WatchDecisions(argument: _hostscore_v1_WatchDecisionsRequest, options?: grpc.CallOptions): grpc.ClientReadableStream<_hostscore_v1_WatchDecisionsResponse__Output>;
  /**
   * Streams decisions from now on, each as it is made, and once more when it is known what became of it, until the caller
   * ends the call. A caller that reads too slowly misses decisions, and is told how many.
   */
  watchDecisions(argument: _hostscore_v1_WatchDecisionsRequest, metadata: grpc.Metadata, options?: grpc.CallOptions): grpc.ClientReadableStream<_hostscore_v1_WatchDecisionsResponse__Output>;
  watchDecisions(argument: _hostscore_v1_WatchDecisionsRequest, options?: grpc.CallOptions): grpc.ClientReadableStream<_hostscore_v1_WatchDecisionsResponse__Output>;
  
}

/**
 * Lists and explains the decisions of one process: the calls that it answered, of an oVirt engine and of gRPC callers.
 * Each process keeps its own; what others answered is asked of them.
 */
export interface DecisionServiceHandlers extends grpc.UntypedServiceImplementation {
  /**
   * Explains one decision: the ranking, what decided, with which weights another host would have won, and what a named
   * host lacked. It is computed from the values of the units, exactly.
   */
  ExplainDecision: grpc.handleUnaryCall<_hostscore_v1_ExplainDecisionRequest__Output, _hostscore_v1_ExplainDecisionResponse>;
  
  /**
   * Returns one decision, with the values of every unit.
   */
  GetDecision: grpc.handleUnaryCall<_hostscore_v1_GetDecisionRequest__Output, _hostscore_v1_GetDecisionResponse>;
  
  /**
   * Lists decisions in pages, the newest first.
   */
  ListDecisions: grpc.handleUnaryCall<_hostscore_v1_ListDecisionsRequest__Output, _hostscore_v1_ListDecisionsResponse>;
  
  /**
   * Reports whether the engine, or whoever asked, followed the answers.
   */
  ReportAgreement: grpc.handleUnaryCall<_hostscore_v1_ReportAgreementRequest__Output, _hostscore_v1_ReportAgreementResponse>;
  
  /**
   * Reports how the answers of shadows differ from the ones that were given.
   */
  ReportShadows: grpc.handleUnaryCall<_hostscore_v1_ReportShadowsRequest__Output, _hostscore_v1_ReportShadowsResponse>;
  
  /**
   * Streams decisions from now on, each as it is made, and once more when it is known what became of it, until the caller
   * ends the call. A caller that reads too slowly misses decisions, and is told how many.
   */
  WatchDecisions: grpc.handleServerStreamingCall<_hostscore_v1_WatchDecisionsRequest__Output, _hostscore_v1_WatchDecisionsResponse>;
  
}

export interface DecisionServiceDefinition extends grpc.ServiceDefinition {
  ExplainDecision: MethodDefinition<_hostscore_v1_ExplainDecisionRequest, _hostscore_v1_ExplainDecisionResponse, _hostscore_v1_ExplainDecisionRequest__Output, _hostscore_v1_ExplainDecisionResponse__Output>
  GetDecision: MethodDefinition<_hostscore_v1_GetDecisionRequest, _hostscore_v1_GetDecisionResponse, _hostscore_v1_GetDecisionRequest__Output, _hostscore_v1_GetDecisionResponse__Output>
  ListDecisions: MethodDefinition<_hostscore_v1_ListDecisionsRequest, _hostscore_v1_ListDecisionsResponse, _hostscore_v1_ListDecisionsRequest__Output, _hostscore_v1_ListDecisionsResponse__Output>
  ReportAgreement: MethodDefinition<_hostscore_v1_ReportAgreementRequest, _hostscore_v1_ReportAgreementResponse, _hostscore_v1_ReportAgreementRequest__Output, _hostscore_v1_ReportAgreementResponse__Output>
  ReportShadows: MethodDefinition<_hostscore_v1_ReportShadowsRequest, _hostscore_v1_ReportShadowsResponse, _hostscore_v1_ReportShadowsRequest__Output, _hostscore_v1_ReportShadowsResponse__Output>
  WatchDecisions: MethodDefinition<_hostscore_v1_WatchDecisionsRequest, _hostscore_v1_WatchDecisionsResponse, _hostscore_v1_WatchDecisionsRequest__Output, _hostscore_v1_WatchDecisionsResponse__Output>
}
