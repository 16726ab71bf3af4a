// Original file: proto/hostscore/v1/inventory_service.proto


/**
 * The operating system of a virtual machine, as its guest agent reports it.
 */
export interface GuestOs {
  /**
   * Name of the distribution, or of the system.
   */
  'distribution'?: (string);
  /**
   * Version of it. Empty: unknown.
   */
  'version'?: (string);
}

/**
 * The operating system of a virtual machine, as its guest agent reports it.
 */
export interface GuestOs__Output {
  /**
   * Name of the distribution, or of the system.
   */
  'distribution': (string);
  /**
   * Version of it. Empty: unknown.
   */
  'version': (string);
}
