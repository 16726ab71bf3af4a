/*
 * Exports of the npm package: a client of any service of the contract, and the messages of the contract. The proto files
 * are at `hostscore/proto/`. Fields have the names of the proto files, which also say what they mean.
 */
export { createClient } from './rpc/contract-client.js';
export type { CallOptions, Client, ClientOptions, Method } from './rpc/contract-client.js';
export type { ClientTls } from './rpc/tls.js';
export { SchedulingError } from './domain/errors.js';
export type { NotFoundSubject, SchedulingErrorCode } from './domain/errors.js';
export type { AcceptedHosts__Output as AcceptedHosts } from './gen/hostscore/v1/AcceptedHosts.js';
export type { AssumedPlacement } from './gen/hostscore/v1/AssumedPlacement.js';
export type { BalanceHostsRequest } from './gen/hostscore/v1/BalanceHostsRequest.js';
export type { BalanceHostsResponse__Output as BalanceHostsResponse } from './gen/hostscore/v1/BalanceHostsResponse.js';
export type { Direction__Output as Direction } from './gen/hostscore/v1/Direction.js';
export type { Failure__Output as Failure } from './gen/hostscore/v1/Failure.js';
export type { FailureCode__Output as FailureCode } from './gen/hostscore/v1/FailureCode.js';
export type { FilterHostsRequest } from './gen/hostscore/v1/FilterHostsRequest.js';
export type { FilterHostsResponse__Output as FilterHostsResponse } from './gen/hostscore/v1/FilterHostsResponse.js';
export type { FilterUnitResult__Output as FilterUnitResult } from './gen/hostscore/v1/FilterUnitResult.js';
export type { GetInventoryRequest } from './gen/hostscore/v1/GetInventoryRequest.js';
export type { GetInventoryResponse__Output as GetInventoryResponse } from './gen/hostscore/v1/GetInventoryResponse.js';
export type { HostScore__Output as HostScore } from './gen/hostscore/v1/HostScore.js';
export type { InventoryHost__Output as InventoryHost } from './gen/hostscore/v1/InventoryHost.js';
export type { InventoryVm__Output as InventoryVm } from './gen/hostscore/v1/InventoryVm.js';
export type { ListHostsRequest } from './gen/hostscore/v1/ListHostsRequest.js';
export type { ListHostsResponse__Output as ListHostsResponse } from './gen/hostscore/v1/ListHostsResponse.js';
export type { ListPolicyUnitsRequest } from './gen/hostscore/v1/ListPolicyUnitsRequest.js';
export type { ListPolicyUnitsResponse__Output as ListPolicyUnitsResponse } from './gen/hostscore/v1/ListPolicyUnitsResponse.js';
export type { ListVmsRequest } from './gen/hostscore/v1/ListVmsRequest.js';
export type { ListVmsResponse__Output as ListVmsResponse } from './gen/hostscore/v1/ListVmsResponse.js';
export type { ListReservationsRequest } from './gen/hostscore/v1/ListReservationsRequest.js';
export type { ListReservationsResponse__Output as ListReservationsResponse } from './gen/hostscore/v1/ListReservationsResponse.js';
export type { Migration__Output as Migration } from './gen/hostscore/v1/Migration.js';
export type { PolicyUnit__Output as PolicyUnit } from './gen/hostscore/v1/PolicyUnit.js';
export type { PolicyUnitType__Output as PolicyUnitType } from './gen/hostscore/v1/PolicyUnitType.js';
export type { Reason__Output as Reason } from './gen/hostscore/v1/Reason.js';
export type { RejectedHost__Output as RejectedHost } from './gen/hostscore/v1/RejectedHost.js';
export type { ReleaseRequest } from './gen/hostscore/v1/ReleaseRequest.js';
export type { ReleaseResponse__Output as ReleaseResponse } from './gen/hostscore/v1/ReleaseResponse.js';
export type { Reservation__Output as Reservation } from './gen/hostscore/v1/Reservation.js';
export type { ReserveRequest } from './gen/hostscore/v1/ReserveRequest.js';
export type { ReserveResponse__Output as ReserveResponse } from './gen/hostscore/v1/ReserveResponse.js';
export type { ScoreHostsRequest } from './gen/hostscore/v1/ScoreHostsRequest.js';
export type { ScoreHostsResponse__Output as ScoreHostsResponse } from './gen/hostscore/v1/ScoreHostsResponse.js';
export type { ScoreUnitResult__Output as ScoreUnitResult } from './gen/hostscore/v1/ScoreUnitResult.js';
export type { UnitProblem__Output as UnitProblem } from './gen/hostscore/v1/UnitProblem.js';
export type { UnitProperty__Output as UnitProperty } from './gen/hostscore/v1/UnitProperty.js';
export type { UnitScores__Output as UnitScores } from './gen/hostscore/v1/UnitScores.js';
export type { WeightedUnit } from './gen/hostscore/v1/WeightedUnit.js';
