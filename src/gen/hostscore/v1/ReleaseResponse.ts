// Original file: proto/hostscore/v1/inventory_service.proto

import type { Reservation as _hostscore_v1_Reservation, Reservation__Output as _hostscore_v1_Reservation__Output } from '../../hostscore/v1/Reservation.js';

/**
 * The reservation that has ended.
 */
export interface ReleaseResponse {
  /**
   * Reservation that counted until now. Absent: there was none.
   */
  'reservation'?: (_hostscore_v1_Reservation | null);
}

/**
 * The reservation that has ended.
 */
export interface ReleaseResponse__Output {
  /**
   * Reservation that counted until now. Absent: there was none.
   */
  'reservation': (_hostscore_v1_Reservation__Output | null);
}
