import type { Clock } from '../lib/timers.js';
import { apiHref, apiLink, type JsonObject } from './json.js';

/** The audit log codes that the pretend engine writes, by their names in the engine (AuditLogType). */
export const EVENT_CODES = {
  VDS_FAILURE: 12,
  VDS_DETECTED: 13,
  VDS_MAINTENANCE: 15,
  USER_RUN_VM: 32,
  USER_STOP_VM: 33,
  USER_ADD_VDS: 42,
  USER_REMOVE_VDS: 44,
  USER_ADD_VM_FINISHED_SUCCESS: 53,
  VM_DOWN: 61,
  VM_MIGRATION_START: 62,
  VM_MIGRATION_DONE: 63,
  USER_REMOVE_VM_FINISHED: 113,
  USER_STARTED_VM: 153,
  VDS_SET_NONOPERATIONAL: 517,
} as const;

/** Name of one of {@link EVENT_CODES}. */
export type EventName = keyof typeof EVENT_CODES;

/** Events of the severity `error`; the others are `normal`. */
const ERRORS: ReadonlySet<EventName> = new Set(['VDS_FAILURE', 'VDS_SET_NONOPERATIONAL']);

/** An object that an event is about. */
export interface EventSubject {
  readonly id: string;
  readonly name: string;
  readonly clusterId: string;
}

/** Subject of an event. */
export interface EventSubjects {
  readonly vm?: EventSubject | undefined;
  /** For a migration the source, as in the engine's own texts. */
  readonly host?: EventSubject | undefined;
}

/** One line of the engine's audit log. */
export interface WorldEvent extends EventSubjects {
  /** Counts up from 1. */
  readonly id: number;
  /** Milliseconds since the epoch. */
  readonly time: number;
  readonly name: EventName;
  readonly description: string;
}

/** The engine's audit log. */
export interface EventLog {
  readonly write: (name: EventName, description: string, subjects?: EventSubjects) => void;
  /** Returns the events with an id above this one, newest first. */
  readonly after: (id: number) => readonly WorldEvent[];
}

/** Number of events kept; older ones are gone, as they are on an engine after AuditLogAgingThreshold. */
export const MAX_EVENTS = 10_000;

/** Starts an audit log. */
export function createEventLog(clock: Clock): EventLog {
  let kept: WorldEvent[] = [];
  let lastId = 0;
  return {
    write(name, description, subjects) {
      kept.push({ ...subjects, name, description, id: ++lastId, time: clock.now() });
      // Dropped in bulk, so that a full log costs no copy for each event.
      if (kept.length >= MAX_EVENTS * 2) kept = kept.slice(-MAX_EVENTS);
    },
    after(id) {
      return kept
        .slice(-MAX_EVENTS)
        .filter((event) => event.id > id)
        .reverse();
    },
  };
}

/** Returns the object that the engine answers for an event. */
export function eventJson(event: WorldEvent): JsonObject {
  const id = String(event.id);
  const subject = event.vm ?? event.host;
  return {
    code: String(EVENT_CODES[event.name]),
    correlation_id: `simulated-${id}`,
    custom_id: '-1',
    description: event.description,
    flood_rate: '30',
    index: id,
    origin: 'oVirt',
    severity: ERRORS.has(event.name) ? 'error' : 'normal',
    time: event.time,
    cluster: subject && apiLink('clusters', subject.clusterId),
    host: event.host && { ...apiLink('hosts', event.host.id), name: event.host.name },
    vm: event.vm && { ...apiLink('vms', event.vm.id), name: event.vm.name },
    href: apiHref('events', id),
    id,
  };
}
