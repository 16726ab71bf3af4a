// Original file: proto/hostscore/v1/decision_service.proto

/**
 * The face at which a call came.
 */
export const DecisionFace = {
  /**
   * Never sent in an answer. In a request: either.
   */
  DECISION_FACE_UNSPECIFIED: 'DECISION_FACE_UNSPECIFIED',
  /**
   * The bridge, called by an oVirt engine.
   */
  DECISION_FACE_ENGINE: 'DECISION_FACE_ENGINE',
  /**
   * The gRPC server.
   */
  DECISION_FACE_GRPC: 'DECISION_FACE_GRPC',
} as const;

/**
 * The face at which a call came.
 */
export type DecisionFace =
  /**
   * Never sent in an answer. In a request: either.
   */
  | 'DECISION_FACE_UNSPECIFIED'
  | 0
  /**
   * The bridge, called by an oVirt engine.
   */
  | 'DECISION_FACE_ENGINE'
  | 1
  /**
   * The gRPC server.
   */
  | 'DECISION_FACE_GRPC'
  | 2

/**
 * The face at which a call came.
 */
export type DecisionFace__Output = typeof DecisionFace[keyof typeof DecisionFace]
