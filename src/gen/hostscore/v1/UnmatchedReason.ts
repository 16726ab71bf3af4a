// Original file: proto/hostscore/v1/decision_service.proto

/**
 * The reason why nobody knows where a virtual machine landed.
 */
export const UnmatchedReason = {
  /**
   * Never sent.
   */
  UNMATCHED_REASON_UNSPECIFIED: 'UNMATCHED_REASON_UNSPECIFIED',
  /**
   * It was seen on no other host within ten minutes: it did not start, or stayed where it was.
   */
  UNMATCHED_REASON_TIMED_OUT: 'UNMATCHED_REASON_TIMED_OUT',
  /**
   * A newer call for it came first.
   */
  UNMATCHED_REASON_SUPERSEDED: 'UNMATCHED_REASON_SUPERSEDED',
  /**
   * The engine has it no more.
   */
  UNMATCHED_REASON_VM_GONE: 'UNMATCHED_REASON_VM_GONE',
} as const;

/**
 * The reason why nobody knows where a virtual machine landed.
 */
export type UnmatchedReason =
  /**
   * Never sent.
   */
  | 'UNMATCHED_REASON_UNSPECIFIED'
  | 0
  /**
   * It was seen on no other host within ten minutes: it did not start, or stayed where it was.
   */
  | 'UNMATCHED_REASON_TIMED_OUT'
  | 1
  /**
   * A newer call for it came first.
   */
  | 'UNMATCHED_REASON_SUPERSEDED'
  | 2
  /**
   * The engine has it no more.
   */
  | 'UNMATCHED_REASON_VM_GONE'
  | 3

/**
 * The reason why nobody knows where a virtual machine landed.
 */
export type UnmatchedReason__Output = typeof UnmatchedReason[keyof typeof UnmatchedReason]
