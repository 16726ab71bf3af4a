// Original file: proto/hostscore/v1/inventory_service.proto

import type { GuestOs as _hostscore_v1_GuestOs, GuestOs__Output as _hostscore_v1_GuestOs__Output } from '../../hostscore/v1/GuestOs.js';
import type { Long } from '@grpc/proto-loader';

/**
 * A virtual machine of the engine.
 */
export interface InventoryVm {
  /**
   * Id of the virtual machine, in lower case.
   */
  'id'?: (string);
  /**
   * Name of the virtual machine, as an administrator sees it.
   */
  'name'?: (string);
  /**
   * Status of the virtual machine, in the engine's word: `up`, `paused`, `down` and others. Empty: the engine gives
   * none.
   */
  'status'?: (string);
  /**
   * Host on which the virtual machine runs, as a lower-case id. Empty: it does not run.
   */
  'host_id'?: (string);
  /**
   * Cluster of the virtual machine, as a lower-case id. Empty: it has no cluster.
   */
  'cluster_id'?: (string);
  /**
   * Operating system that is configured for the virtual machine, in the engine's word, such as `rhel_9x64`. Empty: the
   * engine gives none.
   */
  'os_type'?: (string);
  /**
   * Version of the operating system that is configured. Empty: the engine gives none.
   */
  'os_version'?: (string);
  /**
   * Operating system that the guest agent reports. Absent: there is no report.
   */
  'guest_os'?: (_hostscore_v1_GuestOs | null);
  /**
   * Configured memory, in MiB. Absent: unknown.
   */
  'memory_mib'?: (number | string | Long);
  /**
   * True when the engine may migrate the virtual machine by itself.
   */
  'migratable'?: (boolean);
  '_memory_mib'?: "memory_mib";
}

/**
 * A virtual machine of the engine.
 */
export interface InventoryVm__Output {
  /**
   * Id of the virtual machine, in lower case.
   */
  'id': (string);
  /**
   * Name of the virtual machine, as an administrator sees it.
   */
  'name': (string);
  /**
   * Status of the virtual machine, in the engine's word: `up`, `paused`, `down` and others. Empty: the engine gives
   * none.
   */
  'status': (string);
  /**
   * Host on which the virtual machine runs, as a lower-case id. Empty: it does not run.
   */
  'host_id': (string);
  /**
   * Cluster of the virtual machine, as a lower-case id. Empty: it has no cluster.
   */
  'cluster_id': (string);
  /**
   * Operating system that is configured for the virtual machine, in the engine's word, such as `rhel_9x64`. Empty: the
   * engine gives none.
   */
  'os_type': (string);
  /**
   * Version of the operating system that is configured. Empty: the engine gives none.
   */
  'os_version': (string);
  /**
   * Operating system that the guest agent reports. Absent: there is no report.
   */
  'guest_os': (_hostscore_v1_GuestOs__Output | null);
  /**
   * Configured memory, in MiB. Absent: unknown.
   */
  'memory_mib'?: (number);
  /**
   * True when the engine may migrate the virtual machine by itself.
   */
  'migratable': (boolean);
  '_memory_mib'?: "memory_mib";
}
