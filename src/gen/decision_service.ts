import type * as grpc from '@grpc/grpc-js';
import type { EnumTypeDefinition, MessageTypeDefinition } from '@grpc/proto-loader';

import type { Duration as _google_protobuf_Duration, Duration__Output as _google_protobuf_Duration__Output } from './google/protobuf/Duration.js';
import type { Timestamp as _google_protobuf_Timestamp, Timestamp__Output as _google_protobuf_Timestamp__Output } from './google/protobuf/Timestamp.js';
import type { AcceptedHosts as _hostscore_v1_AcceptedHosts, AcceptedHosts__Output as _hostscore_v1_AcceptedHosts__Output } from './hostscore/v1/AcceptedHosts.js';
import type { AgreementCounts as _hostscore_v1_AgreementCounts, AgreementCounts__Output as _hostscore_v1_AgreementCounts__Output } from './hostscore/v1/AgreementCounts.js';
import type { AssumedPlacement as _hostscore_v1_AssumedPlacement, AssumedPlacement__Output as _hostscore_v1_AssumedPlacement__Output } from './hostscore/v1/AssumedPlacement.js';
import type { BalanceHostsRequest as _hostscore_v1_BalanceHostsRequest, BalanceHostsRequest__Output as _hostscore_v1_BalanceHostsRequest__Output } from './hostscore/v1/BalanceHostsRequest.js';
import type { BalanceHostsResponse as _hostscore_v1_BalanceHostsResponse, BalanceHostsResponse__Output as _hostscore_v1_BalanceHostsResponse__Output } from './hostscore/v1/BalanceHostsResponse.js';
import type { DecidedHost as _hostscore_v1_DecidedHost, DecidedHost__Output as _hostscore_v1_DecidedHost__Output } from './hostscore/v1/DecidedHost.js';
import type { DecidedReason as _hostscore_v1_DecidedReason, DecidedReason__Output as _hostscore_v1_DecidedReason__Output } from './hostscore/v1/DecidedReason.js';
import type { DecidedSnapshot as _hostscore_v1_DecidedSnapshot, DecidedSnapshot__Output as _hostscore_v1_DecidedSnapshot__Output } from './hostscore/v1/DecidedSnapshot.js';
import type { DecidedUnit as _hostscore_v1_DecidedUnit, DecidedUnit__Output as _hostscore_v1_DecidedUnit__Output } from './hostscore/v1/DecidedUnit.js';
import type { DecidedValues as _hostscore_v1_DecidedValues, DecidedValues__Output as _hostscore_v1_DecidedValues__Output } from './hostscore/v1/DecidedValues.js';
import type { DecidedVerdicts as _hostscore_v1_DecidedVerdicts, DecidedVerdicts__Output as _hostscore_v1_DecidedVerdicts__Output } from './hostscore/v1/DecidedVerdicts.js';
import type { Decision as _hostscore_v1_Decision, Decision__Output as _hostscore_v1_Decision__Output } from './hostscore/v1/Decision.js';
import type { DecisionServiceClient as _hostscore_v1_DecisionServiceClient, DecisionServiceDefinition as _hostscore_v1_DecisionServiceDefinition } from './hostscore/v1/DecisionService.js';
import type { ExplainDecisionRequest as _hostscore_v1_ExplainDecisionRequest, ExplainDecisionRequest__Output as _hostscore_v1_ExplainDecisionRequest__Output } from './hostscore/v1/ExplainDecisionRequest.js';
import type { ExplainDecisionResponse as _hostscore_v1_ExplainDecisionResponse, ExplainDecisionResponse__Output as _hostscore_v1_ExplainDecisionResponse__Output } from './hostscore/v1/ExplainDecisionResponse.js';
import type { ExplainedHost as _hostscore_v1_ExplainedHost, ExplainedHost__Output as _hostscore_v1_ExplainedHost__Output } from './hostscore/v1/ExplainedHost.js';
import type { ExplainedRejection as _hostscore_v1_ExplainedRejection, ExplainedRejection__Output as _hostscore_v1_ExplainedRejection__Output } from './hostscore/v1/ExplainedRejection.js';
import type { Explanation as _hostscore_v1_Explanation, Explanation__Output as _hostscore_v1_Explanation__Output } from './hostscore/v1/Explanation.js';
import type { Failure as _hostscore_v1_Failure, Failure__Output as _hostscore_v1_Failure__Output } from './hostscore/v1/Failure.js';
import type { FilterHostsRequest as _hostscore_v1_FilterHostsRequest, FilterHostsRequest__Output as _hostscore_v1_FilterHostsRequest__Output } from './hostscore/v1/FilterHostsRequest.js';
import type { FilterHostsResponse as _hostscore_v1_FilterHostsResponse, FilterHostsResponse__Output as _hostscore_v1_FilterHostsResponse__Output } from './hostscore/v1/FilterHostsResponse.js';
import type { FilterUnitResult as _hostscore_v1_FilterUnitResult, FilterUnitResult__Output as _hostscore_v1_FilterUnitResult__Output } from './hostscore/v1/FilterUnitResult.js';
import type { GetDecisionRequest as _hostscore_v1_GetDecisionRequest, GetDecisionRequest__Output as _hostscore_v1_GetDecisionRequest__Output } from './hostscore/v1/GetDecisionRequest.js';
import type { GetDecisionResponse as _hostscore_v1_GetDecisionResponse, GetDecisionResponse__Output as _hostscore_v1_GetDecisionResponse__Output } from './hostscore/v1/GetDecisionResponse.js';
import type { HostScore as _hostscore_v1_HostScore, HostScore__Output as _hostscore_v1_HostScore__Output } from './hostscore/v1/HostScore.js';
import type { ListDecisionsRequest as _hostscore_v1_ListDecisionsRequest, ListDecisionsRequest__Output as _hostscore_v1_ListDecisionsRequest__Output } from './hostscore/v1/ListDecisionsRequest.js';
import type { ListDecisionsResponse as _hostscore_v1_ListDecisionsResponse, ListDecisionsResponse__Output as _hostscore_v1_ListDecisionsResponse__Output } from './hostscore/v1/ListDecisionsResponse.js';
import type { ListPolicyUnitsRequest as _hostscore_v1_ListPolicyUnitsRequest, ListPolicyUnitsRequest__Output as _hostscore_v1_ListPolicyUnitsRequest__Output } from './hostscore/v1/ListPolicyUnitsRequest.js';
import type { ListPolicyUnitsResponse as _hostscore_v1_ListPolicyUnitsResponse, ListPolicyUnitsResponse__Output as _hostscore_v1_ListPolicyUnitsResponse__Output } from './hostscore/v1/ListPolicyUnitsResponse.js';
import type { Migration as _hostscore_v1_Migration, Migration__Output as _hostscore_v1_Migration__Output } from './hostscore/v1/Migration.js';
import type { Outcome as _hostscore_v1_Outcome, Outcome__Output as _hostscore_v1_Outcome__Output } from './hostscore/v1/Outcome.js';
import type { PolicyAgreement as _hostscore_v1_PolicyAgreement, PolicyAgreement__Output as _hostscore_v1_PolicyAgreement__Output } from './hostscore/v1/PolicyAgreement.js';
import type { PolicyUnit as _hostscore_v1_PolicyUnit, PolicyUnit__Output as _hostscore_v1_PolicyUnit__Output } from './hostscore/v1/PolicyUnit.js';
import type { PolicyUnitServiceClient as _hostscore_v1_PolicyUnitServiceClient, PolicyUnitServiceDefinition as _hostscore_v1_PolicyUnitServiceDefinition } from './hostscore/v1/PolicyUnitService.js';
import type { Reason as _hostscore_v1_Reason, Reason__Output as _hostscore_v1_Reason__Output } from './hostscore/v1/Reason.js';
import type { RejectedHost as _hostscore_v1_RejectedHost, RejectedHost__Output as _hostscore_v1_RejectedHost__Output } from './hostscore/v1/RejectedHost.js';
import type { ReportAgreementRequest as _hostscore_v1_ReportAgreementRequest, ReportAgreementRequest__Output as _hostscore_v1_ReportAgreementRequest__Output } from './hostscore/v1/ReportAgreementRequest.js';
import type { ReportAgreementResponse as _hostscore_v1_ReportAgreementResponse, ReportAgreementResponse__Output as _hostscore_v1_ReportAgreementResponse__Output } from './hostscore/v1/ReportAgreementResponse.js';
import type { ReportShadowsRequest as _hostscore_v1_ReportShadowsRequest, ReportShadowsRequest__Output as _hostscore_v1_ReportShadowsRequest__Output } from './hostscore/v1/ReportShadowsRequest.js';
import type { ReportShadowsResponse as _hostscore_v1_ReportShadowsResponse, ReportShadowsResponse__Output as _hostscore_v1_ReportShadowsResponse__Output } from './hostscore/v1/ReportShadowsResponse.js';
import type { ScoreHostsRequest as _hostscore_v1_ScoreHostsRequest, ScoreHostsRequest__Output as _hostscore_v1_ScoreHostsRequest__Output } from './hostscore/v1/ScoreHostsRequest.js';
import type { ScoreHostsResponse as _hostscore_v1_ScoreHostsResponse, ScoreHostsResponse__Output as _hostscore_v1_ScoreHostsResponse__Output } from './hostscore/v1/ScoreHostsResponse.js';
import type { ScoreUnitResult as _hostscore_v1_ScoreUnitResult, ScoreUnitResult__Output as _hostscore_v1_ScoreUnitResult__Output } from './hostscore/v1/ScoreUnitResult.js';
import type { ShadowCounts as _hostscore_v1_ShadowCounts, ShadowCounts__Output as _hostscore_v1_ShadowCounts__Output } from './hostscore/v1/ShadowCounts.js';
import type { ShadowGroup as _hostscore_v1_ShadowGroup, ShadowGroup__Output as _hostscore_v1_ShadowGroup__Output } from './hostscore/v1/ShadowGroup.js';
import type { ShadowReport as _hostscore_v1_ShadowReport, ShadowReport__Output as _hostscore_v1_ShadowReport__Output } from './hostscore/v1/ShadowReport.js';
import type { ShadowResult as _hostscore_v1_ShadowResult, ShadowResult__Output as _hostscore_v1_ShadowResult__Output } from './hostscore/v1/ShadowResult.js';
import type { StreamScoreHostsResponse as _hostscore_v1_StreamScoreHostsResponse, StreamScoreHostsResponse__Output as _hostscore_v1_StreamScoreHostsResponse__Output } from './hostscore/v1/StreamScoreHostsResponse.js';
import type { UnitAgreement as _hostscore_v1_UnitAgreement, UnitAgreement__Output as _hostscore_v1_UnitAgreement__Output } from './hostscore/v1/UnitAgreement.js';
import type { UnitChange as _hostscore_v1_UnitChange, UnitChange__Output as _hostscore_v1_UnitChange__Output } from './hostscore/v1/UnitChange.js';
import type { UnitCounterfactual as _hostscore_v1_UnitCounterfactual, UnitCounterfactual__Output as _hostscore_v1_UnitCounterfactual__Output } from './hostscore/v1/UnitCounterfactual.js';
import type { UnitLead as _hostscore_v1_UnitLead, UnitLead__Output as _hostscore_v1_UnitLead__Output } from './hostscore/v1/UnitLead.js';
import type { UnitProblem as _hostscore_v1_UnitProblem, UnitProblem__Output as _hostscore_v1_UnitProblem__Output } from './hostscore/v1/UnitProblem.js';
import type { UnitProperty as _hostscore_v1_UnitProperty, UnitProperty__Output as _hostscore_v1_UnitProperty__Output } from './hostscore/v1/UnitProperty.js';
import type { UnitScores as _hostscore_v1_UnitScores, UnitScores__Output as _hostscore_v1_UnitScores__Output } from './hostscore/v1/UnitScores.js';
import type { Versus as _hostscore_v1_Versus, Versus__Output as _hostscore_v1_Versus__Output } from './hostscore/v1/Versus.js';
import type { WatchDecisionsRequest as _hostscore_v1_WatchDecisionsRequest, WatchDecisionsRequest__Output as _hostscore_v1_WatchDecisionsRequest__Output } from './hostscore/v1/WatchDecisionsRequest.js';
import type { WatchDecisionsResponse as _hostscore_v1_WatchDecisionsResponse, WatchDecisionsResponse__Output as _hostscore_v1_WatchDecisionsResponse__Output } from './hostscore/v1/WatchDecisionsResponse.js';
import type { WeightedUnit as _hostscore_v1_WeightedUnit, WeightedUnit__Output as _hostscore_v1_WeightedUnit__Output } from './hostscore/v1/WeightedUnit.js';
import type { WinningWeights as _hostscore_v1_WinningWeights, WinningWeights__Output as _hostscore_v1_WinningWeights__Output } from './hostscore/v1/WinningWeights.js';

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
      AcceptedHosts: MessageTypeDefinition<_hostscore_v1_AcceptedHosts, _hostscore_v1_AcceptedHosts__Output>
      AgreementCounts: MessageTypeDefinition<_hostscore_v1_AgreementCounts, _hostscore_v1_AgreementCounts__Output>
      AssumedPlacement: MessageTypeDefinition<_hostscore_v1_AssumedPlacement, _hostscore_v1_AssumedPlacement__Output>
      BalanceHostsRequest: MessageTypeDefinition<_hostscore_v1_BalanceHostsRequest, _hostscore_v1_BalanceHostsRequest__Output>
      BalanceHostsResponse: MessageTypeDefinition<_hostscore_v1_BalanceHostsResponse, _hostscore_v1_BalanceHostsResponse__Output>
      DecidedHost: MessageTypeDefinition<_hostscore_v1_DecidedHost, _hostscore_v1_DecidedHost__Output>
      DecidedReason: MessageTypeDefinition<_hostscore_v1_DecidedReason, _hostscore_v1_DecidedReason__Output>
      DecidedSnapshot: MessageTypeDefinition<_hostscore_v1_DecidedSnapshot, _hostscore_v1_DecidedSnapshot__Output>
      DecidedUnit: MessageTypeDefinition<_hostscore_v1_DecidedUnit, _hostscore_v1_DecidedUnit__Output>
      DecidedValues: MessageTypeDefinition<_hostscore_v1_DecidedValues, _hostscore_v1_DecidedValues__Output>
      DecidedVerdicts: MessageTypeDefinition<_hostscore_v1_DecidedVerdicts, _hostscore_v1_DecidedVerdicts__Output>
      Decision: MessageTypeDefinition<_hostscore_v1_Decision, _hostscore_v1_Decision__Output>
      DecisionFace: EnumTypeDefinition
      DecisionMethod: EnumTypeDefinition
      /**
       * Lists and explains the decisions of one process: the calls that it answered, of an oVirt engine and of gRPC callers.
       * Each process keeps its own; what others answered is asked of them.
       */
      DecisionService: SubtypeConstructor<typeof grpc.Client, _hostscore_v1_DecisionServiceClient> & { service: _hostscore_v1_DecisionServiceDefinition }
      Direction: EnumTypeDefinition
      EngineSelector: EnumTypeDefinition
      ExplainDecisionRequest: MessageTypeDefinition<_hostscore_v1_ExplainDecisionRequest, _hostscore_v1_ExplainDecisionRequest__Output>
      ExplainDecisionResponse: MessageTypeDefinition<_hostscore_v1_ExplainDecisionResponse, _hostscore_v1_ExplainDecisionResponse__Output>
      ExplainedHost: MessageTypeDefinition<_hostscore_v1_ExplainedHost, _hostscore_v1_ExplainedHost__Output>
      ExplainedRejection: MessageTypeDefinition<_hostscore_v1_ExplainedRejection, _hostscore_v1_ExplainedRejection__Output>
      Explanation: MessageTypeDefinition<_hostscore_v1_Explanation, _hostscore_v1_Explanation__Output>
      Failure: MessageTypeDefinition<_hostscore_v1_Failure, _hostscore_v1_Failure__Output>
      FailureCode: EnumTypeDefinition
      FilterHostsRequest: MessageTypeDefinition<_hostscore_v1_FilterHostsRequest, _hostscore_v1_FilterHostsRequest__Output>
      FilterHostsResponse: MessageTypeDefinition<_hostscore_v1_FilterHostsResponse, _hostscore_v1_FilterHostsResponse__Output>
      FilterUnitResult: MessageTypeDefinition<_hostscore_v1_FilterUnitResult, _hostscore_v1_FilterUnitResult__Output>
      GetDecisionRequest: MessageTypeDefinition<_hostscore_v1_GetDecisionRequest, _hostscore_v1_GetDecisionRequest__Output>
      GetDecisionResponse: MessageTypeDefinition<_hostscore_v1_GetDecisionResponse, _hostscore_v1_GetDecisionResponse__Output>
      HostScore: MessageTypeDefinition<_hostscore_v1_HostScore, _hostscore_v1_HostScore__Output>
      ListDecisionsRequest: MessageTypeDefinition<_hostscore_v1_ListDecisionsRequest, _hostscore_v1_ListDecisionsRequest__Output>
      ListDecisionsResponse: MessageTypeDefinition<_hostscore_v1_ListDecisionsResponse, _hostscore_v1_ListDecisionsResponse__Output>
      ListPolicyUnitsRequest: MessageTypeDefinition<_hostscore_v1_ListPolicyUnitsRequest, _hostscore_v1_ListPolicyUnitsRequest__Output>
      ListPolicyUnitsResponse: MessageTypeDefinition<_hostscore_v1_ListPolicyUnitsResponse, _hostscore_v1_ListPolicyUnitsResponse__Output>
      Migration: MessageTypeDefinition<_hostscore_v1_Migration, _hostscore_v1_Migration__Output>
      NotFoundSubject: EnumTypeDefinition
      Outcome: MessageTypeDefinition<_hostscore_v1_Outcome, _hostscore_v1_Outcome__Output>
      OutcomeState: EnumTypeDefinition
      PolicyAgreement: MessageTypeDefinition<_hostscore_v1_PolicyAgreement, _hostscore_v1_PolicyAgreement__Output>
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
      RankingScale: EnumTypeDefinition
      Reason: MessageTypeDefinition<_hostscore_v1_Reason, _hostscore_v1_Reason__Output>
      RejectedHost: MessageTypeDefinition<_hostscore_v1_RejectedHost, _hostscore_v1_RejectedHost__Output>
      ReportAgreementRequest: MessageTypeDefinition<_hostscore_v1_ReportAgreementRequest, _hostscore_v1_ReportAgreementRequest__Output>
      ReportAgreementResponse: MessageTypeDefinition<_hostscore_v1_ReportAgreementResponse, _hostscore_v1_ReportAgreementResponse__Output>
      ReportShadowsRequest: MessageTypeDefinition<_hostscore_v1_ReportShadowsRequest, _hostscore_v1_ReportShadowsRequest__Output>
      ReportShadowsResponse: MessageTypeDefinition<_hostscore_v1_ReportShadowsResponse, _hostscore_v1_ReportShadowsResponse__Output>
      ScoreHostsRequest: MessageTypeDefinition<_hostscore_v1_ScoreHostsRequest, _hostscore_v1_ScoreHostsRequest__Output>
      ScoreHostsResponse: MessageTypeDefinition<_hostscore_v1_ScoreHostsResponse, _hostscore_v1_ScoreHostsResponse__Output>
      ScoreUnitResult: MessageTypeDefinition<_hostscore_v1_ScoreUnitResult, _hostscore_v1_ScoreUnitResult__Output>
      ShadowCounts: MessageTypeDefinition<_hostscore_v1_ShadowCounts, _hostscore_v1_ShadowCounts__Output>
      ShadowGroup: MessageTypeDefinition<_hostscore_v1_ShadowGroup, _hostscore_v1_ShadowGroup__Output>
      ShadowReport: MessageTypeDefinition<_hostscore_v1_ShadowReport, _hostscore_v1_ShadowReport__Output>
      ShadowResult: MessageTypeDefinition<_hostscore_v1_ShadowResult, _hostscore_v1_ShadowResult__Output>
      StreamScoreHostsResponse: MessageTypeDefinition<_hostscore_v1_StreamScoreHostsResponse, _hostscore_v1_StreamScoreHostsResponse__Output>
      UnitAgreement: MessageTypeDefinition<_hostscore_v1_UnitAgreement, _hostscore_v1_UnitAgreement__Output>
      UnitChange: MessageTypeDefinition<_hostscore_v1_UnitChange, _hostscore_v1_UnitChange__Output>
      UnitCounterfactual: MessageTypeDefinition<_hostscore_v1_UnitCounterfactual, _hostscore_v1_UnitCounterfactual__Output>
      UnitLead: MessageTypeDefinition<_hostscore_v1_UnitLead, _hostscore_v1_UnitLead__Output>
      UnitProblem: MessageTypeDefinition<_hostscore_v1_UnitProblem, _hostscore_v1_UnitProblem__Output>
      UnitProperty: MessageTypeDefinition<_hostscore_v1_UnitProperty, _hostscore_v1_UnitProperty__Output>
      UnitScores: MessageTypeDefinition<_hostscore_v1_UnitScores, _hostscore_v1_UnitScores__Output>
      UnmatchedReason: EnumTypeDefinition
      Versus: MessageTypeDefinition<_hostscore_v1_Versus, _hostscore_v1_Versus__Output>
      WatchDecisionsRequest: MessageTypeDefinition<_hostscore_v1_WatchDecisionsRequest, _hostscore_v1_WatchDecisionsRequest__Output>
      WatchDecisionsResponse: MessageTypeDefinition<_hostscore_v1_WatchDecisionsResponse, _hostscore_v1_WatchDecisionsResponse__Output>
      WeightedUnit: MessageTypeDefinition<_hostscore_v1_WeightedUnit, _hostscore_v1_WeightedUnit__Output>
      WinningWeights: MessageTypeDefinition<_hostscore_v1_WinningWeights, _hostscore_v1_WinningWeights__Output>
    }
  }
}

