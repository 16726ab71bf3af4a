import type * as grpc from '@grpc/grpc-js';
import type { EnumTypeDefinition, MessageTypeDefinition } from '@grpc/proto-loader';

import type { Timestamp as _google_protobuf_Timestamp, Timestamp__Output as _google_protobuf_Timestamp__Output } from './google/protobuf/Timestamp.js';
import type { AcceptedHosts as _hostscore_v1_AcceptedHosts, AcceptedHosts__Output as _hostscore_v1_AcceptedHosts__Output } from './hostscore/v1/AcceptedHosts.js';
import type { AssumedPlacement as _hostscore_v1_AssumedPlacement, AssumedPlacement__Output as _hostscore_v1_AssumedPlacement__Output } from './hostscore/v1/AssumedPlacement.js';
import type { BalanceHostsRequest as _hostscore_v1_BalanceHostsRequest, BalanceHostsRequest__Output as _hostscore_v1_BalanceHostsRequest__Output } from './hostscore/v1/BalanceHostsRequest.js';
import type { BalanceHostsResponse as _hostscore_v1_BalanceHostsResponse, BalanceHostsResponse__Output as _hostscore_v1_BalanceHostsResponse__Output } from './hostscore/v1/BalanceHostsResponse.js';
import type { Failure as _hostscore_v1_Failure, Failure__Output as _hostscore_v1_Failure__Output } from './hostscore/v1/Failure.js';
import type { FilterHostsRequest as _hostscore_v1_FilterHostsRequest, FilterHostsRequest__Output as _hostscore_v1_FilterHostsRequest__Output } from './hostscore/v1/FilterHostsRequest.js';
import type { FilterHostsResponse as _hostscore_v1_FilterHostsResponse, FilterHostsResponse__Output as _hostscore_v1_FilterHostsResponse__Output } from './hostscore/v1/FilterHostsResponse.js';
import type { FilterUnitResult as _hostscore_v1_FilterUnitResult, FilterUnitResult__Output as _hostscore_v1_FilterUnitResult__Output } from './hostscore/v1/FilterUnitResult.js';
import type { HostScore as _hostscore_v1_HostScore, HostScore__Output as _hostscore_v1_HostScore__Output } from './hostscore/v1/HostScore.js';
import type { ListPolicyUnitsRequest as _hostscore_v1_ListPolicyUnitsRequest, ListPolicyUnitsRequest__Output as _hostscore_v1_ListPolicyUnitsRequest__Output } from './hostscore/v1/ListPolicyUnitsRequest.js';
import type { ListPolicyUnitsResponse as _hostscore_v1_ListPolicyUnitsResponse, ListPolicyUnitsResponse__Output as _hostscore_v1_ListPolicyUnitsResponse__Output } from './hostscore/v1/ListPolicyUnitsResponse.js';
import type { Migration as _hostscore_v1_Migration, Migration__Output as _hostscore_v1_Migration__Output } from './hostscore/v1/Migration.js';
import type { PolicyUnit as _hostscore_v1_PolicyUnit, PolicyUnit__Output as _hostscore_v1_PolicyUnit__Output } from './hostscore/v1/PolicyUnit.js';
import type { PolicyUnitServiceClient as _hostscore_v1_PolicyUnitServiceClient, PolicyUnitServiceDefinition as _hostscore_v1_PolicyUnitServiceDefinition } from './hostscore/v1/PolicyUnitService.js';
import type { Reason as _hostscore_v1_Reason, Reason__Output as _hostscore_v1_Reason__Output } from './hostscore/v1/Reason.js';
import type { RejectedHost as _hostscore_v1_RejectedHost, RejectedHost__Output as _hostscore_v1_RejectedHost__Output } from './hostscore/v1/RejectedHost.js';
import type { ScoreHostsRequest as _hostscore_v1_ScoreHostsRequest, ScoreHostsRequest__Output as _hostscore_v1_ScoreHostsRequest__Output } from './hostscore/v1/ScoreHostsRequest.js';
import type { ScoreHostsResponse as _hostscore_v1_ScoreHostsResponse, ScoreHostsResponse__Output as _hostscore_v1_ScoreHostsResponse__Output } from './hostscore/v1/ScoreHostsResponse.js';
import type { ScoreUnitResult as _hostscore_v1_ScoreUnitResult, ScoreUnitResult__Output as _hostscore_v1_ScoreUnitResult__Output } from './hostscore/v1/ScoreUnitResult.js';
import type { StreamScoreHostsResponse as _hostscore_v1_StreamScoreHostsResponse, StreamScoreHostsResponse__Output as _hostscore_v1_StreamScoreHostsResponse__Output } from './hostscore/v1/StreamScoreHostsResponse.js';
import type { UnitCounterfactual as _hostscore_v1_UnitCounterfactual, UnitCounterfactual__Output as _hostscore_v1_UnitCounterfactual__Output } from './hostscore/v1/UnitCounterfactual.js';
import type { UnitProblem as _hostscore_v1_UnitProblem, UnitProblem__Output as _hostscore_v1_UnitProblem__Output } from './hostscore/v1/UnitProblem.js';
import type { UnitProperty as _hostscore_v1_UnitProperty, UnitProperty__Output as _hostscore_v1_UnitProperty__Output } from './hostscore/v1/UnitProperty.js';
import type { UnitScores as _hostscore_v1_UnitScores, UnitScores__Output as _hostscore_v1_UnitScores__Output } from './hostscore/v1/UnitScores.js';
import type { WeightedUnit as _hostscore_v1_WeightedUnit, WeightedUnit__Output as _hostscore_v1_WeightedUnit__Output } from './hostscore/v1/WeightedUnit.js';
import type { WinningWeights as _hostscore_v1_WinningWeights, WinningWeights__Output as _hostscore_v1_WinningWeights__Output } from './hostscore/v1/WinningWeights.js';

type SubtypeConstructor<Constructor extends new (...args: any) => any, Subtype> = {
  new(...args: ConstructorParameters<Constructor>): Subtype;
};

export interface ProtoGrpcType {
  google: {
    protobuf: {
      Timestamp: MessageTypeDefinition<_google_protobuf_Timestamp, _google_protobuf_Timestamp__Output>
    }
  }
  hostscore: {
    v1: {
      AcceptedHosts: MessageTypeDefinition<_hostscore_v1_AcceptedHosts, _hostscore_v1_AcceptedHosts__Output>
      AssumedPlacement: MessageTypeDefinition<_hostscore_v1_AssumedPlacement, _hostscore_v1_AssumedPlacement__Output>
      BalanceHostsRequest: MessageTypeDefinition<_hostscore_v1_BalanceHostsRequest, _hostscore_v1_BalanceHostsRequest__Output>
      BalanceHostsResponse: MessageTypeDefinition<_hostscore_v1_BalanceHostsResponse, _hostscore_v1_BalanceHostsResponse__Output>
      Direction: EnumTypeDefinition
      Failure: MessageTypeDefinition<_hostscore_v1_Failure, _hostscore_v1_Failure__Output>
      FailureCode: EnumTypeDefinition
      FilterHostsRequest: MessageTypeDefinition<_hostscore_v1_FilterHostsRequest, _hostscore_v1_FilterHostsRequest__Output>
      FilterHostsResponse: MessageTypeDefinition<_hostscore_v1_FilterHostsResponse, _hostscore_v1_FilterHostsResponse__Output>
      FilterUnitResult: MessageTypeDefinition<_hostscore_v1_FilterUnitResult, _hostscore_v1_FilterUnitResult__Output>
      HostScore: MessageTypeDefinition<_hostscore_v1_HostScore, _hostscore_v1_HostScore__Output>
      ListPolicyUnitsRequest: MessageTypeDefinition<_hostscore_v1_ListPolicyUnitsRequest, _hostscore_v1_ListPolicyUnitsRequest__Output>
      ListPolicyUnitsResponse: MessageTypeDefinition<_hostscore_v1_ListPolicyUnitsResponse, _hostscore_v1_ListPolicyUnitsResponse__Output>
      Migration: MessageTypeDefinition<_hostscore_v1_Migration, _hostscore_v1_Migration__Output>
      NotFoundSubject: EnumTypeDefinition
      PolicyUnit: MessageTypeDefinition<_hostscore_v1_PolicyUnit, _hostscore_v1_PolicyUnit__Output>
      /**
       * Filters, scores and balances the hosts of an oVirt engine.
       * 
       * The type and the name of a policy unit identify it together: one name may stand for a filter, a score and a balance.
       * 
       * A service may answer UNIMPLEMENTED to the methods for which it offers no unit, and to StreamScoreHosts, which a
       * composite never calls.
       */
      PolicyUnitService: SubtypeConstructor<typeof grpc.Client, _hostscore_v1_PolicyUnitServiceClient> & { service: _hostscore_v1_PolicyUnitServiceDefinition }
      PolicyUnitType: EnumTypeDefinition
      Reason: MessageTypeDefinition<_hostscore_v1_Reason, _hostscore_v1_Reason__Output>
      RejectedHost: MessageTypeDefinition<_hostscore_v1_RejectedHost, _hostscore_v1_RejectedHost__Output>
      ScoreHostsRequest: MessageTypeDefinition<_hostscore_v1_ScoreHostsRequest, _hostscore_v1_ScoreHostsRequest__Output>
      ScoreHostsResponse: MessageTypeDefinition<_hostscore_v1_ScoreHostsResponse, _hostscore_v1_ScoreHostsResponse__Output>
      ScoreUnitResult: MessageTypeDefinition<_hostscore_v1_ScoreUnitResult, _hostscore_v1_ScoreUnitResult__Output>
      StreamScoreHostsResponse: MessageTypeDefinition<_hostscore_v1_StreamScoreHostsResponse, _hostscore_v1_StreamScoreHostsResponse__Output>
      UnitCounterfactual: MessageTypeDefinition<_hostscore_v1_UnitCounterfactual, _hostscore_v1_UnitCounterfactual__Output>
      UnitProblem: MessageTypeDefinition<_hostscore_v1_UnitProblem, _hostscore_v1_UnitProblem__Output>
      UnitProperty: MessageTypeDefinition<_hostscore_v1_UnitProperty, _hostscore_v1_UnitProperty__Output>
      UnitScores: MessageTypeDefinition<_hostscore_v1_UnitScores, _hostscore_v1_UnitScores__Output>
      WeightedUnit: MessageTypeDefinition<_hostscore_v1_WeightedUnit, _hostscore_v1_WeightedUnit__Output>
      WinningWeights: MessageTypeDefinition<_hostscore_v1_WinningWeights, _hostscore_v1_WinningWeights__Output>
    }
  }
}

