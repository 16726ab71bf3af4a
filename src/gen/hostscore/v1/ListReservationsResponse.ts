// Original file: proto/hostscore/v1/inventory_service.proto

import type { Reservation as _hostscore_v1_Reservation, Reservation__Output as _hostscore_v1_Reservation__Output } from '../../hostscore/v1/Reservation.js';

/**
 * The reservations and the predicted placements.
 */
export interface ListReservationsResponse {
  /**
   * All of them, the oldest first.
   */
  'reservations'?: (_hostscore_v1_Reservation)[];
}

/**
 * The reservations and the predicted placements.
 */
export interface ListReservationsResponse__Output {
  /**
   * All of them, the oldest first.
   */
  'reservations': (_hostscore_v1_Reservation__Output)[];
}
