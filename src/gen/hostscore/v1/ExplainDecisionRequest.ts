// Original file: proto/hostscore/v1/decision_service.proto


/**
 * Asks why a decision came out as it did. Exactly one of `id`, `vm_id` and `vm_name` is set.
 */
export interface ExplainDecisionRequest {
  /**
   * Id of the decision.
   */
  'id'?: (string);
  /**
   * Virtual machine whose last scored call to explain, as an id.
   */
  'vm_id'?: (string);
  /**
   * Name that it had; letters match in either case.
   */
  'vm_name'?: (string);
  /**
   * Host to compare with the winner, as an id. Default: none.
   */
  'versus_host_id'?: (string);
  /**
   * Number of hosts of the ranking in the answer, the best first. Default: all.
   */
  'top'?: (number);
  /**
   * Id of the request in the logs of caller and service: 1 to 128 printable ASCII characters. Default: the metadata
   * `x-request-id`, else an id that the service makes.
   */
  'request_id'?: (string);
}

/**
 * Asks why a decision came out as it did. Exactly one of `id`, `vm_id` and `vm_name` is set.
 */
export interface ExplainDecisionRequest__Output {
  /**
   * Id of the decision.
   */
  'id': (string);
  /**
   * Virtual machine whose last scored call to explain, as an id.
   */
  'vm_id': (string);
  /**
   * Name that it had; letters match in either case.
   */
  'vm_name': (string);
  /**
   * Host to compare with the winner, as an id. Default: none.
   */
  'versus_host_id': (string);
  /**
   * Number of hosts of the ranking in the answer, the best first. Default: all.
   */
  'top': (number);
  /**
   * Id of the request in the logs of caller and service: 1 to 128 printable ASCII characters. Default: the metadata
   * `x-request-id`, else an id that the service makes.
   */
  'request_id': (string);
}
