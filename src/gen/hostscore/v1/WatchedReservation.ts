// Original file: proto/hostscore/v1/inventory_service.proto

import type { Reservation as _hostscore_v1_Reservation, Reservation__Output as _hostscore_v1_Reservation__Output } from '../../hostscore/v1/Reservation.js';
import type { InventoryVm as _hostscore_v1_InventoryVm, InventoryVm__Output as _hostscore_v1_InventoryVm__Output } from '../../hostscore/v1/InventoryVm.js';

/**
 * A reservation with its virtual machine, which may be stopped.
 */
export interface WatchedReservation {
  /**
   * Reservation as it counts. MUST be sent.
   */
  'reservation'?: (_hostscore_v1_Reservation | null);
  /**
   * Virtual machine that is reserved. MUST be sent.
   */
  'vm'?: (_hostscore_v1_InventoryVm | null);
}

/**
 * A reservation with its virtual machine, which may be stopped.
 */
export interface WatchedReservation__Output {
  /**
   * Reservation as it counts. MUST be sent.
   */
  'reservation': (_hostscore_v1_Reservation__Output | null);
  /**
   * Virtual machine that is reserved. MUST be sent.
   */
  'vm': (_hostscore_v1_InventoryVm__Output | null);
}
