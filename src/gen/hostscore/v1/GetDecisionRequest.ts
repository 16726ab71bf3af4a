// Original file: proto/hostscore/v1/decision_service.proto


/**
 * Asks for one decision.
 */
export interface GetDecisionRequest {
  /**
   * Id of the decision. Required.
   */
  'id'?: (string);
  /**
   * Id of the request in the logs of caller and service: 1 to 128 printable ASCII characters. Default: the metadata
   * `x-request-id`, else an id that the service makes.
   */
  'request_id'?: (string);
}

/**
 * Asks for one decision.
 */
export interface GetDecisionRequest__Output {
  /**
   * Id of the decision. Required.
   */
  'id': (string);
  /**
   * Id of the request in the logs of caller and service: 1 to 128 printable ASCII characters. Default: the metadata
   * `x-request-id`, else an id that the service makes.
   */
  'request_id': (string);
}
