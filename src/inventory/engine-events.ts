import { isJsonObject } from '../lib/json.js';
import { parseUuid } from '../lib/uuid.js';
import type { Parsed } from './engine-json.js';

/** An event of the engine that says of a host or a VM that it may have changed. */
export interface EngineEvent {
  readonly id: number;
  /** By the clock of the engine, in ms since the epoch. */
  readonly time: number;
  /** Its kind (AuditLogType). */
  readonly code: number;
  readonly kind: 'vm' | 'host';
  /** Object to be read again; absent when the event names none. */
  readonly objectId: string | undefined;
}

/** Codes of events after which a VM is read again (AuditLogType): it started, stopped, moved, or has other settings. */
const VM_CODES = [
  ...[32, 33, 34, 35, 39, 40, 53, 54, 61, 62, 63, 64, 65, 67, 73, 76, 111, 113, 119, 120, 124, 126, 128, 129],
  ...[
    138, 139, 140, 142, 143, 145, 146, 150, 151, 152, 153, 157, 161, 163, 166, 172, 179, 196, 221, 253, 348,
  ],
  ...[501, 503, 506, 537, 538, 1025, 1130, 1152, 1720],
];

/** Codes of events after which a host is read again: it came, left, or has another status or other settings. */
const HOST_CODES = new Set([
  ...[12, 13, 14, 15, 16, 42, 43, 44, 75, 504, 517, 600, 606, 620, 842, 9008, 9027, 9502, 10_453],
]);

/** The one search for events. Constant, like every search text of ours, though the engine does not cache those of events. */
export const EVENT_SEARCH = [...VM_CODES, ...HOST_CODES].map((code) => `type=${code}`).join(' or ');

/** Largest id after which an engine lists events. It reads the number as an int, and lists all events instead for a larger one. */
export const MAX_FROM = 2 ** 31 - 1;

/**
 * Number of the newest events with which following begins. One that can be read only later has a place among them, and is
 * known by its absence: as many as 40 a second of the time in which it may come.
 */
export const NEWEST_EVENTS = 200;

/** Parses an event from the engine's JSON (EventMapper). Of a migration it names the source, so only the VM is of use. */
export function parseEvent(object: unknown): Parsed<EngineEvent> {
  if (!isJsonObject(object)) return { odd: 'event: expected an object' };
  const id = Number(object['id']);
  const time = Number(object['time']);
  if (!Number.isSafeInteger(id) || id < 0) return { odd: 'event: id: expected a whole number' };
  if (!Number.isFinite(time)) return { odd: `event ${id}: time: expected a number` };
  const code = Number(object['code']);
  const kind = HOST_CODES.has(code) ? 'host' : 'vm';
  const named = object[kind];
  const text = isJsonObject(named) ? named['id'] : undefined;
  return {
    record: { id, time, code, kind, objectId: typeof text === 'string' ? parseUuid(text) : undefined },
  };
}
