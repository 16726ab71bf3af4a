import type { Clock } from '../lib/timers.js';
import type { EventFaults } from './faults.js';
import { apiHref, apiLink, type JsonObject } from './json.js';

/** Facts of the engine about a kind of event: its code and severity (AuditLogType), and its text (AuditLogMessages). */
interface EventType {
  readonly code: number;
  /** Default `normal`. */
  readonly severity?: 'warning' | 'error';
  readonly text: (words: { readonly vm: string; readonly host: string; readonly target: string }) => string;
}

const BY = 'by admin@internal';

/** The events that the pretend engine writes, by their names in the engine. */
export const EVENT_TYPES = {
  VDS_FAILURE: { code: 12, severity: 'error', text: ({ host }) => `Host ${host} is non responsive.` },
  VDS_DETECTED: { code: 13, text: ({ host }) => `Status of host ${host} was set to Up.` },
  VDS_MAINTENANCE: { code: 15, text: ({ host }) => `Host ${host} was switched to Maintenance Mode.` },
  VDS_ACTIVATE: { code: 16, text: ({ host }) => `Activation of host ${host} initiated ${BY}.` },
  USER_RUN_VM: { code: 32, text: ({ vm, host }) => `VM ${vm} started on Host ${host}` },
  USER_STOP_VM: { code: 33, text: ({ vm, host }) => `VM ${vm} powered off ${BY} (Host: ${host}).` },
  USER_UPDATE_VM: { code: 35, text: ({ vm }) => `VM ${vm} configuration was updated ${BY}.` },
  USER_RESUME_VM: { code: 40, text: ({ vm, host }) => `VM ${vm} was resumed ${BY} (Host: ${host}).` },
  USER_ADD_VDS: { code: 42, text: ({ host }) => `Host ${host} was added ${BY}.` },
  USER_UPDATE_VDS: { code: 43, text: ({ host }) => `Host ${host} configuration was updated ${BY}.` },
  USER_REMOVE_VDS: { code: 44, text: ({ host }) => `Host ${host} was removed ${BY}.` },
  USER_ADD_VM_FINISHED_SUCCESS: { code: 53, text: ({ vm }) => `VM ${vm} creation has been completed.` },
  VM_DOWN: { code: 61, text: ({ vm }) => `VM ${vm} is down.` },
  VM_MIGRATION_START: {
    code: 62,
    text: ({ vm, host, target }) =>
      `Migration started (VM: ${vm}, Source: ${host}, Destination: ${target}, User: admin@internal).`,
  },
  VM_MIGRATION_DONE: {
    code: 63,
    text: ({ vm, host, target }) =>
      `Migration completed (VM: ${vm}, Source: ${host}, Destination: ${target}, Duration: 1 second).`,
  },
  VM_MIGRATION_FAILED: {
    code: 65,
    severity: 'error',
    text: ({ vm, host }) => `Migration failed (VM: ${vm}, Source: ${host}).`,
  },
  USER_REMOVE_VM_FINISHED: { code: 113, text: ({ vm }) => `VM ${vm} was successfully removed ${BY}.` },
  USER_STARTED_VM: { code: 153, text: ({ vm, host }) => `VM ${vm} was started ${BY} (Host: ${host}).` },
  VDS_INSTALL: { code: 504, text: ({ host }) => `Host ${host} installed` },
  VDS_SET_NONOPERATIONAL: { code: 517, text: ({ host }) => `Host ${host} moved to Non-Operational state.` },
  USER_VDS_MAINTENANCE_WITHOUT_REASON: {
    code: 620,
    text: ({ host }) => `Host ${host} was switched to Maintenance mode ${BY}.`,
  },
  VM_PAUSED: { code: 1025, text: ({ vm }) => `VM ${vm} has been paused.` },
  VDS_HOST_NOT_RESPONDING_CONNECTING: {
    code: 9008,
    severity: 'warning',
    text: ({ host }) =>
      `Host ${host} is not responding. It will stay in Connecting state for a grace period.`,
  },
} as const satisfies Readonly<Record<string, EventType>>;

/** Name of one of {@link EVENT_TYPES}. */
export type EventName = keyof typeof EVENT_TYPES;

/** Returns what an engine writes when a host goes from one status to another: nothing for those that it passes silently. */
export function statusEvents(before: string | undefined, status: string): readonly EventName[] {
  switch (status) {
    case before:
      return [];
    case 'up':
      return before === 'maintenance' ? ['VDS_ACTIVATE', 'VDS_DETECTED'] : ['VDS_DETECTED'];
    case 'preparing_for_maintenance':
      return ['USER_VDS_MAINTENANCE_WITHOUT_REASON'];
    case 'maintenance':
      return before === 'preparing_for_maintenance'
        ? ['VDS_MAINTENANCE']
        : ['USER_VDS_MAINTENANCE_WITHOUT_REASON', 'VDS_MAINTENANCE'];
    case 'connecting':
      return ['VDS_HOST_NOT_RESPONDING_CONNECTING'];
    case 'non_responsive':
      return ['VDS_FAILURE'];
    case 'non_operational':
      return ['VDS_SET_NONOPERATIONAL'];
    default:
      return [];
  }
}

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
  /** Host to which a VM migrates: only the text of the event names it. */
  readonly target?: EventSubject | undefined;
}

/** One line of the engine's audit log. */
export interface WorldEvent extends EventSubjects {
  /** Counts up from 1. */
  readonly id: number;
  /** Milliseconds since the epoch. */
  readonly time: number;
  /** When it can be read: milliseconds since the epoch; absent: at once. */
  readonly visibleFrom?: number;
  readonly name: EventName;
}

/** The engine's audit log. */
export interface EventLog {
  readonly write: (name: EventName, subjects?: EventSubjects) => void;
  /** Returns the events with an id above this one that can be read by now, newest first. */
  readonly after: (id: number) => readonly WorldEvent[];
  /** Forgets the events above this id and goes on counting from it, as a database that is restored from a backup. */
  readonly restore: (id: number) => void;
  /** Lets this say, from now on, what befalls each event while it is written. */
  readonly spoilBy: (strike: (code: number) => EventFaults) => void;
}

/**
 * Number of events kept; older ones are gone, as they are on an engine after AuditLogAgingThreshold. Enough for a reader
 * that looks every second while thousands of VMs change a second, and small beside the world.
 */
export const MAX_EVENTS = 100_000;

/** Starts an audit log. */
export function createEventLog(clock: Clock): EventLog {
  /** In the order of their ids. */
  let kept: WorldEvent[] = [];
  let lastId = 0;
  let strike: (code: number) => EventFaults = () => ({});

  /** Returns how many of the events have an id up to this one. */
  function countUpTo(id: number): number {
    let [low, high] = [0, kept.length];
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((kept[middle]?.id ?? Infinity) <= id) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  return {
    write(name, subjects) {
      const { missingEvents, lateEvents, idGaps } = strike(EVENT_TYPES[name].code);
      if (missingEvents !== undefined) return;
      lastId += 1 + (idGaps?.ids ?? 0);
      const time = clock.now();
      const late = lateEvents && { visibleFrom: time + lateEvents.ms };
      kept.push({ ...subjects, name, id: lastId, time, ...late });
      // Dropped in bulk, so that a full log costs no copy for each event.
      if (kept.length >= MAX_EVENTS * 2) kept = kept.slice(-MAX_EVENTS);
    },
    after(id) {
      const now = clock.now();
      return kept
        .slice(Math.max(countUpTo(id), kept.length - MAX_EVENTS))
        .filter(({ visibleFrom = now }) => visibleFrom <= now)
        .reverse();
    },
    restore(id) {
      kept = kept.slice(0, countUpTo(id));
      lastId = id;
    },
    spoilBy(judge) {
      strike = judge;
    },
  };
}

/** The searches that mean something here: events of some codes, an order by time, a page. */
const SEARCH =
  /^(?<types>type\s*=\s*\d+(?:\s+or\s+type\s*=\s*\d+)*)?\s*(?:sortby\s+time\s+(?<order>asc|desc))?\s*(?:page\s+(?<page>\d+))?$/i;

/**
 * Finds events as the engine's search does, newest first unless it says otherwise, and at most `max` of them: the newest,
 * or a page. A search that means nothing here finds none, as one that the engine's parser refuses.
 */
export function findEvents(
  events: readonly WorldEvent[],
  search: string,
  max = Infinity,
): readonly WorldEvent[] {
  const groups = SEARCH.exec(search.trim())?.groups;
  if (groups === undefined) return [];
  const codes = new Set((groups['types'] ?? '').match(/\d+/g)?.map(Number));
  const found = codes.size === 0 ? events : events.filter(({ name }) => codes.has(EVENT_TYPES[name].code));
  const sorted =
    groups['order']?.toLowerCase() === 'asc'
      ? [...found].sort((a, b) => a.time - b.time || b.id - a.id)
      : found;
  const page = Math.max(1, Number(groups['page'] ?? 1));
  return sorted.slice(page === 1 ? 0 : (page - 1) * max, page * max);
}

/** Returns the object that the engine answers for an event. */
export function eventJson(event: WorldEvent): JsonObject {
  const id = String(event.id);
  const subject = event.vm ?? event.host;
  const type: EventType = EVENT_TYPES[event.name];
  return {
    code: String(type.code),
    correlation_id: `simulated-${id}`,
    custom_id: '-1',
    description: type.text({
      vm: nameOf(event.vm),
      host: nameOf(event.host),
      target: nameOf(event.target),
    }),
    flood_rate: '30',
    index: id,
    origin: 'oVirt',
    severity: type.severity ?? 'normal',
    time: event.time,
    cluster: subject && apiLink('clusters', subject.clusterId),
    host: event.host && { ...apiLink('hosts', event.host.id), name: event.host.name },
    vm: event.vm && { ...apiLink('vms', event.vm.id), name: event.vm.name },
    href: apiHref('events', id),
    id,
  };
}

function nameOf(subject: EventSubject | undefined): string {
  return subject?.name ?? '<UNKNOWN>';
}
