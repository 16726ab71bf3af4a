// Original file: proto/hostscore/v1/inventory_service.proto

import type { Long } from '@grpc/proto-loader';

/**
 * The memory of a host, in MiB. What is absent is unknown, and never counts as free.
 */
export interface HostMemory {
  /**
   * Physical memory.
   */
  'total_mib'?: (number | string | Long);
  /**
   * Unused memory, which the engine has in steps of one percent of the total.
   */
  'free_mib'?: (number | string | Long);
  /**
   * Most memory of a virtual machine that may be placed on the host.
   */
  'schedulable_mib'?: (number | string | Long);
  '_total_mib'?: "total_mib";
  '_free_mib'?: "free_mib";
  '_schedulable_mib'?: "schedulable_mib";
}

/**
 * The memory of a host, in MiB. What is absent is unknown, and never counts as free.
 */
export interface HostMemory__Output {
  /**
   * Physical memory.
   */
  'total_mib'?: (number);
  /**
   * Unused memory, which the engine has in steps of one percent of the total.
   */
  'free_mib'?: (number);
  /**
   * Most memory of a virtual machine that may be placed on the host.
   */
  'schedulable_mib'?: (number);
  '_total_mib'?: "total_mib";
  '_free_mib'?: "free_mib";
  '_schedulable_mib'?: "schedulable_mib";
}
