// Original file: proto/hostscore/v1/policy_unit_service.proto


/**
 * Asks for the policy units of a service.
 */
export interface ListPolicyUnitsRequest {
}

/**
 * Asks for the policy units of a service.
 */
export interface ListPolicyUnitsRequest__Output {
}
