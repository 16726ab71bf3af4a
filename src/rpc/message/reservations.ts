import { contractViolation } from '../../domain/errors.js';
import {
  MAX_RESERVATION_TTL_MS,
  MIN_RESERVATION_TTL_MS,
  RESERVATION_TTL_MS,
  type Reservation,
  type ReserveRequest,
} from '../../domain/inventory.js';
import type { Duration__Output } from '../../gen/google/protobuf/Duration.js';
import type { ReleaseRequest__Output } from '../../gen/hostscore/v1/ReleaseRequest.js';
import type { Reservation__Output } from '../../gen/hostscore/v1/Reservation.js';
import type { ReserveRequest__Output } from '../../gen/hostscore/v1/ReserveRequest.js';
import { boundedText } from '../../lib/text.js';
import { inventoryMethods, type Sent } from '../proto.js';
import { readTimeOf } from './inventory.js';
import { invalid, readUuid } from './read-request.js';
import { decodeAnswer, readId } from './read-response.js';
import { toTimestamp } from './write-response.js';

/** Most nanoseconds of a Duration beside its seconds. */
const MAX_NANOS = 999_999_999;

/** Most seconds of a Duration, by its definition: 10,000 years. */
const MAX_DURATION_SECONDS = 315_576_000_000;

const { Reserve, Release, ListReservations } = inventoryMethods;

/** Reads a request to reserve. Throws INVALID_ARGUMENT, naming the field. */
export function readReserve({ vm_id, host_id, ttl }: ReserveRequest__Output): ReserveRequest {
  return { vmId: readUuid(vm_id, 'vm_id'), hostId: readUuid(host_id, 'host_id'), ttlMs: readTtl(ttl) };
}

/** Reads a request to release, and returns the VM's id. Throws INVALID_ARGUMENT, naming the field. */
export function readRelease({ vm_id }: ReleaseRequest__Output): string {
  return readUuid(vm_id, 'vm_id');
}

/** Encodes a request to reserve. */
export function writeReserve({ vmId, hostId, ttlMs }: ReserveRequest, requestId: string): Buffer {
  return Reserve.requestSerialize({
    vm_id: vmId,
    host_id: hostId,
    ttl: toTimestamp(ttlMs),
    request_id: requestId,
  });
}

/** Encodes a request to release. */
export function writeRelease(vmId: string, requestId: string): Buffer {
  return Release.requestSerialize({ vm_id: vmId, request_id: requestId });
}

/** Encodes the reservation that was made. */
export function writeReserved(reservation: Reservation): Buffer {
  return Reserve.responseSerialize({ reservation: reservationMessage(reservation) });
}

/** Encodes the reservation that has ended, if there was one. */
export function writeReleased(reservation: Reservation | undefined): Buffer {
  return Release.responseSerialize(
    reservation === undefined ? {} : { reservation: reservationMessage(reservation) },
  );
}

/** Encodes a list of reservations. */
export function writeReservations(reservations: readonly Reservation[]): Buffer {
  return ListReservations.responseSerialize({ reservations: reservations.map(reservationMessage) });
}

/** Decodes the reservation that a remote service made. Throws a contract violation, naming the field. */
export function readReserved(bytes: Buffer): Reservation {
  const { reservation } = decodeAnswer(bytes, Reserve.responseDeserialize);
  if (reservation === null) throw contractViolation('reservation: expected one, got none');
  return readReservation(reservation, 'reservation');
}

/** Decodes the reservation that a remote service ended. Throws a contract violation, naming the field. */
export function readReleased(bytes: Buffer): Reservation | undefined {
  const { reservation } = decodeAnswer(bytes, Release.responseDeserialize);
  return reservation === null ? undefined : readReservation(reservation, 'reservation');
}

/** Decodes the reservations that a remote service keeps. Throws a contract violation, naming the field. */
export function readReservations(bytes: Buffer): readonly Reservation[] {
  const { reservations } = decodeAnswer(bytes, ListReservations.responseDeserialize);
  return reservations.map((one, index) => readReservation(one, `reservations[${index}]`));
}

/** Returns the message of a reservation. */
export function reservationMessage({
  vmId,
  hostId,
  vmName = '',
  hostName = '',
  ...rest
}: Reservation): Sent<Message> {
  return {
    vm_id: vmId,
    host_id: hostId,
    vm_name: boundedText(vmName),
    host_name: boundedText(hostName),
    start_time: toTimestamp(rest.startTime),
    end_time: toTimestamp(rest.endTime),
    predicted: rest.predicted,
  };
}

type Message = NonNullable<Parameters<typeof Reserve.responseSerialize>[0]['reservation']>;

/** Reads a reservation of an answer; `field` names it. Throws a contract violation, naming the field. */
export function readReservation(message: Reservation__Output, field: string): Reservation {
  const { vm_id, host_id, vm_name, host_name, start_time, end_time, predicted } = message;
  return {
    vmId: readId(vm_id, `${field}.vm_id`),
    hostId: readId(host_id, `${field}.host_id`),
    ...(vm_name === '' ? {} : { vmName: boundedText(vm_name) }),
    ...(host_name === '' ? {} : { hostName: boundedText(host_name) }),
    startTime: readTimeOf(start_time, `${field}.start_time`),
    endTime: readTimeOf(end_time, `${field}.end_time`),
    predicted,
  };
}

function readTtl(ttl: Duration__Output | null): number {
  if (ttl === null) return RESERVATION_TTL_MS;
  const { seconds, nanos } = ttl;
  if (nanos < 0 || nanos > MAX_NANOS) {
    throw invalid('ttl.nanos', `expected 0 to ${MAX_NANOS}, got ${nanos}`);
  }
  if (Math.abs(seconds) > MAX_DURATION_SECONDS) {
    throw invalid('ttl.seconds', `expected at most ${MAX_DURATION_SECONDS}, the most that a Duration holds`);
  }
  const ms = ttl.seconds * 1000 + Math.round(ttl.nanos / 1_000_000);
  if (ms >= MIN_RESERVATION_TTL_MS && ms <= MAX_RESERVATION_TTL_MS) return ms;
  const range = `${MIN_RESERVATION_TTL_MS / 1000} s to ${MAX_RESERVATION_TTL_MS / 1000} s`;
  throw invalid('ttl', `expected ${range}, got ${ms / 1000} s; reserve again in time if it takes longer`);
}
