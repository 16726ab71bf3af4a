import { contractViolation } from '../../domain/errors.js';
import type { Timestamp, Timestamp__Output } from '../../gen/google/protobuf/Timestamp.js';

// The range that google/protobuf/timestamp.proto gives: from 0001-01-01T00:00:00Z to 9999-12-31T23:59:59.999999999Z.
const MIN_SECONDS = -62_135_596_800;
const MAX_SECONDS = 253_402_300_799;
const MAX_NANOS = 999_999_999;

/** Returns a moment as the wire has it, of milliseconds since the epoch; a span of time is written alike. */
export function toTimestamp(milliseconds: number): Timestamp {
  const whole = Math.floor(milliseconds);
  const seconds = Math.floor(whole / 1000);
  return { seconds, nanos: (whole - seconds * 1000) * 1_000_000 };
}

/** Returns the milliseconds since the epoch. Throws for an answer's field that holds no moment. */
export function fromTimestamp({ seconds, nanos }: Timestamp__Output, field: string): number {
  if (seconds >= MIN_SECONDS && seconds <= MAX_SECONDS && nanos >= 0 && nanos <= MAX_NANOS) {
    return seconds * 1000 + Math.floor(nanos / 1_000_000);
  }
  throw contractViolation(`${field}: expected a time, got ${seconds} s and ${nanos} ns`);
}
