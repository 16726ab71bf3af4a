import { fileURLToPath } from 'node:url';
import { loadSync, type MethodDefinition } from '@grpc/proto-loader';
import type {
  BalanceHostsRequest,
  BalanceHostsRequest__Output,
} from '../gen/hostscore/v1/BalanceHostsRequest.js';
import type {
  BalanceHostsResponse,
  BalanceHostsResponse__Output,
} from '../gen/hostscore/v1/BalanceHostsResponse.js';
import type {
  FilterHostsRequest,
  FilterHostsRequest__Output,
} from '../gen/hostscore/v1/FilterHostsRequest.js';
import type {
  FilterHostsResponse,
  FilterHostsResponse__Output,
} from '../gen/hostscore/v1/FilterHostsResponse.js';
import type {
  ListPolicyUnitsRequest,
  ListPolicyUnitsRequest__Output,
} from '../gen/hostscore/v1/ListPolicyUnitsRequest.js';
import type {
  ListPolicyUnitsResponse,
  ListPolicyUnitsResponse__Output,
} from '../gen/hostscore/v1/ListPolicyUnitsResponse.js';
import type { ScoreHostsRequest, ScoreHostsRequest__Output } from '../gen/hostscore/v1/ScoreHostsRequest.js';
import type {
  ScoreHostsResponse,
  ScoreHostsResponse__Output,
} from '../gen/hostscore/v1/ScoreHostsResponse.js';
import type {
  StreamScoreHostsResponse,
  StreamScoreHostsResponse__Output,
} from '../gen/hostscore/v1/StreamScoreHostsResponse.js';

/** Full name of the service: its health is asked for, and its methods are called, under it. */
export const POLICY_UNIT_SERVICE = 'hostscore.v1.PolicyUnitService';

/** A message on its way out: read only, so that lists of the vocabulary are sent without being copied. */
export type Sent<Message> = Message extends readonly (infer Item)[]
  ? readonly Sent<Item>[]
  : Message extends object
    ? { readonly [Key in keyof Message]: Sent<Message[Key]> }
    : Message;

/** One method: how its messages are written, and what they look like when they are read. */
export type Method<Request, RequestRead, Response, ResponseRead> = MethodDefinition<
  Sent<Request>,
  Sent<Response>,
  RequestRead,
  ResponseRead
>;

/** The methods of the contract's service, by name. */
export interface PolicyUnitMethods {
  readonly ListPolicyUnits: Method<
    ListPolicyUnitsRequest,
    ListPolicyUnitsRequest__Output,
    ListPolicyUnitsResponse,
    ListPolicyUnitsResponse__Output
  >;
  readonly ScoreHosts: Method<
    ScoreHostsRequest,
    ScoreHostsRequest__Output,
    ScoreHostsResponse,
    ScoreHostsResponse__Output
  >;
  readonly StreamScoreHosts: Method<
    ScoreHostsRequest,
    ScoreHostsRequest__Output,
    StreamScoreHostsResponse,
    StreamScoreHostsResponse__Output
  >;
  readonly FilterHosts: Method<
    FilterHostsRequest,
    FilterHostsRequest__Output,
    FilterHostsResponse,
    FilterHostsResponse__Output
  >;
  readonly BalanceHosts: Method<
    BalanceHostsRequest,
    BalanceHostsRequest__Output,
    BalanceHostsResponse,
    BalanceHostsResponse__Output
  >;
}

// The options are those of scripts/gen.mjs, which writes the types in src/gen for exactly these.
const definitions = loadSync('hostscore/v1/policy_unit_service.proto', {
  includeDirs: [fileURLToPath(new URL('../../proto/', import.meta.url))],
  longs: Number,
  enums: String,
  defaults: true,
  oneofs: true,
  keepCase: true,
});

/**
 * The service's methods, loaded from the contract. The loader knows their types only at run time; the cast gives them
 * the generated ones, and CI fails when src/gen is not what the contract generates.
 */
export const policyUnitMethods = definitions[POLICY_UNIT_SERVICE] as unknown as PolicyUnitMethods;
