// Original file: proto/hostscore/v1/policy_unit_service.proto

/**
 * The thing that does not exist when a failure is NOT_FOUND.
 */
export const NotFoundSubject = {
  /**
   * The failure is not NOT_FOUND, or the service does not say.
   */
  NOT_FOUND_SUBJECT_UNSPECIFIED: 'NOT_FOUND_SUBJECT_UNSPECIFIED',
  /**
   * The service offers no unit of that name and type.
   */
  NOT_FOUND_SUBJECT_UNIT: 'NOT_FOUND_SUBJECT_UNIT',
  /**
   * The engine has no virtual machine of that id.
   */
  NOT_FOUND_SUBJECT_VM: 'NOT_FOUND_SUBJECT_VM',
} as const;

/**
 * The thing that does not exist when a failure is NOT_FOUND.
 */
export type NotFoundSubject =
  /**
   * The failure is not NOT_FOUND, or the service does not say.
   */
  | 'NOT_FOUND_SUBJECT_UNSPECIFIED'
  | 0
  /**
   * The service offers no unit of that name and type.
   */
  | 'NOT_FOUND_SUBJECT_UNIT'
  | 1
  /**
   * The engine has no virtual machine of that id.
   */
  | 'NOT_FOUND_SUBJECT_VM'
  | 2

/**
 * The thing that does not exist when a failure is NOT_FOUND.
 */
export type NotFoundSubject__Output = typeof NotFoundSubject[keyof typeof NotFoundSubject]
