import { contractViolation } from '../../domain/errors.js';
import type { Timestamp, Timestamp__Output } from '../../gen/google/protobuf/Timestamp.js';

// The range of google/protobuf/timestamp.proto: from 0001-01-01T00:00:00Z to 9999-12-31T23:59:59.999999999Z.
const MIN_SECONDS = -62_135_596_800;
const MAX_SECONDS = 253_402_300_799;
const MAX_NANOS = 999_999_999;

/** Converts milliseconds since the epoch into a Timestamp; a Duration has the same form. */
export function toTimestamp(milliseconds: number): Timestamp {
  const whole = Math.floor(milliseconds);
  const seconds = Math.floor(whole / 1000);
  return { seconds, nanos: (whole - seconds * 1000) * 1_000_000 };
}

/** Converts a Timestamp in an answer into milliseconds since the epoch. Throws for one out of range. */
export function fromTimestamp({ seconds, nanos }: Timestamp__Output, field: string): number {
  if (seconds >= MIN_SECONDS && seconds <= MAX_SECONDS && nanos >= 0 && nanos <= MAX_NANOS) {
    return seconds * 1000 + Math.floor(nanos / 1_000_000);
  }
  throw contractViolation(`${field}: expected a time, got ${seconds} s and ${nanos} ns`);
}
