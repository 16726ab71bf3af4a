// Original file: proto/hostscore/v1/inventory_service.proto

import type { Reservation as _hostscore_v1_Reservation, Reservation__Output as _hostscore_v1_Reservation__Output } from '../../hostscore/v1/Reservation.js';

/**
 * The reservation that was made.
 */
export interface ReserveResponse {
  /**
   * Reservation as it now counts. MUST be sent.
   */
  'reservation'?: (_hostscore_v1_Reservation | null);
}

/**
 * The reservation that was made.
 */
export interface ReserveResponse__Output {
  /**
   * Reservation as it now counts. MUST be sent.
   */
  'reservation': (_hostscore_v1_Reservation__Output | null);
}
