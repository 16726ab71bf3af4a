import { once } from 'node:events';
import { STATUS_CODES } from 'node:http';
import { setImmediate, setTimeout } from 'node:timers/promises';
import { z } from 'zod';
import { htmlAnswer, jsonTextAnswer, type Answer } from './answer.js';
import { parseInput, type JsonObject, type JsonValue } from './json.js';

/** Longest delay that a fault may make: an hour, in milliseconds. */
const MAX_FAULT_MS = 3_600_000;

/** Largest gap in the ids of events: no sequence of a database leaves out more at once, and they stay below 2^31 for long. */
const MAX_ID_GAP = 1_000_000;

const scope = (path: string) => ({
  /** Requests whose path below /ovirt-engine begins so. */
  path: z.string().startsWith('/').default(path),
  /** Number of requests that it strikes before it is over; absent: until it is switched off. */
  requests: z.int().min(1).optional(),
});

const eventScope = {
  /** Codes of the events that it strikes; absent: every one. */
  codes: z.array(z.int()).min(1).optional(),
  /** It strikes one in so many of these events: 3 strikes the third, the sixth and so on. */
  every: z.int().min(1).default(1),
  /** Number of events that it strikes before it is over; absent: until it is switched off. */
  events: z.int().min(1).optional(),
};

const odd = (path: string) =>
  z.strictObject({
    ...scope(path),
    /** The object to change; absent: the first ones of each answer. */
    id: z.uuid().optional(),
    /** Number of the first ones, when no id is given. */
    count: z.int().min(1).default(1),
    /** Members to put in, of whatever type. */
    set: z.record(z.string(), z.json()).default({}),
    /** Members to leave out. */
    remove: z.array(z.string()).default([]),
    /** Stands there instead of the whole object. */
    replacement: z.json().optional(),
  });

/** Every fault that can be switched on; several may be on at once. An answer that is replaced is not cut as well. */
export const faultsSchema = z
  .strictObject({
    /** The answer comes late. */
    latency: z.strictObject({ ...scope('/'), ms: z.int().min(0).max(MAX_FAULT_MS) }),
    /** The request is accepted and never answered. */
    hang: z.strictObject(scope('/')),
    /** The connection is closed instead of an answer. */
    reset: z.strictObject(scope('/')),
    /** An error status with the HTML page of the web server in front of the engine. */
    status: z.strictObject({
      ...scope('/'),
      code: z.int().min(400).max(599),
      /** Seconds, for the header Retry-After. */
      retryAfter: z.int().min(0).optional(),
    }),
    /** Every token and session is dropped before the request is looked at, so that it is answered 401. */
    expiredTokens: z.strictObject(scope('/api')),
    /** 302 to somewhere else. */
    redirect: z.strictObject({ ...scope('/'), location: z.string().min(1) }),
    /** 200 with this instead of what was asked for: an HTML page, broken JSON, `{ }`. */
    body: z.strictObject({ ...scope('/'), kind: z.enum(['html', 'invalid_json', 'empty_object']) }),
    /**
     * The body breaks off after so many bytes as sent; a shorter body passes whole. `close` closes the connection, `stall`
     * sends no more and leaves it open, `end` ends the answer as if it were whole (counted before gzip).
     */
    cut: z.strictObject({
      ...scope('/'),
      afterBytes: z.int().min(0).default(100),
      how: z.enum(['close', 'stall', 'end']).default('close'),
    }),
    /** The body comes in small pieces with pauses between them. */
    drip: z.strictObject({
      ...scope('/'),
      bytes: z.int().min(1),
      everyMs: z.int().min(1).max(MAX_FAULT_MS),
    }),
    /** A request that names no API version gets version 3, as an engine before 4.4 may be set up. */
    apiVersion3: z.strictObject(scope('/api')),
    /** The search for VMs by their host is unknown, as before 4.2: it finds none, with status 200. */
    oldSearch: z.strictObject(scope('/api')),
    /** VMs with wrong types, or with members missing, in listings and single. */
    oddVms: odd('/api/vms'),
    /** Hosts with wrong types, or with members missing, in listings and single. */
    oddHosts: odd('/api/hosts'),
    /** The world changes, and no event says so. */
    missingEvents: z.strictObject(eventScope),
    /** An event has its id and time at once and can be read only later, as one of a transaction that is still open. */
    lateEvents: z.strictObject({ ...eventScope, ms: z.int().min(0).max(MAX_FAULT_MS) }),
    /** Ids before an event are left out, as those of transactions that were rolled back. */
    idGaps: z.strictObject({ ...eventScope, ids: z.int().min(1).max(MAX_ID_GAP).default(1) }),
  })
  .partial();

/** Faults that are switched on. */
export type Faults = z.output<typeof faultsSchema>;

/** Faults to switch on: what has a default may be left out. */
export type FaultsInput = z.input<typeof faultsSchema>;

/** Fault that spoils objects of one kind. */
export type OddObjects = z.output<ReturnType<typeof odd>>;

/** Faults that strike an event while it is written. */
export type EventFaults = Pick<Faults, 'missingEvents' | 'lateEvents' | 'idGaps'>;

/** Control of faults. */
export interface FaultSwitch {
  /** Returns what is on now; `requests` is how many are still to be struck. */
  readonly current: () => Faults;
  /** Switches these on and all others off. Throws INVALID_ARGUMENT naming the field. */
  readonly set: (faults: FaultsInput) => void;
  readonly clear: () => void;
  /** Returns the faults that strike a request for this path, which counts as struck. */
  readonly strike: (path: string) => Faults;
  /** Returns the faults that strike an event of this code, which counts as struck. */
  readonly strikeEvent: (code: number) => EventFaults;
}

/** Creates a switch with everything off. */
export function createFaultSwitch(): FaultSwitch {
  let faults: Faults = {};
  /** Number of events that each fault could have struck, by its name: some strike only one in so many. */
  let candidates = new Map<string, number>();

  function change(to: Faults): void {
    faults = to;
    candidates = new Map();
  }

  function isDue(name: string, every: number): boolean {
    const count = (candidates.get(name) ?? 0) + 1;
    candidates.set(name, count);
    return count % every === 0;
  }

  function strikeThose(hits: (fault: AnyFault, name: string) => boolean): Faults {
    const left: Record<string, unknown> = {};
    const struck: Record<string, unknown> = {};
    for (const [name, fault] of Object.entries(faults)) {
      if (fault === undefined) continue;
      const [limit, times] =
        'path' in fault ? (['requests', fault.requests] as const) : (['events', fault.events] as const);
      const hit = hits(fault, name);
      if (hit) struck[name] = fault;
      if (!hit || times === undefined) left[name] = fault;
      else if (times > 1) left[name] = { ...fault, [limit]: times - 1 };
    }
    faults = faultsSchema.parse(left);
    return faultsSchema.parse(struck);
  }

  return {
    current: () => faults,
    set: (input) => change(parseInput(faultsSchema, input)),
    clear: () => change({}),
    strike: (path) => strikeThose((fault) => 'path' in fault && path.startsWith(fault.path)),
    strikeEvent: (code) =>
      strikeThose(
        (fault, name) =>
          !('path' in fault) && fault.codes?.includes(code) !== false && isDue(name, fault.every),
      ),
  };
}

type AnyFault = NonNullable<Faults[keyof Faults]>;

/** Returns what is answered instead of the truth when one of these faults strikes; undefined when none does. */
export function replacementAnswer({ status, redirect, body }: Faults): Answer | undefined {
  if (status !== undefined) {
    const { code, retryAfter } = status;
    const headers = retryAfter === undefined ? undefined : { 'retry-after': String(retryAfter) };
    return htmlAnswer(code, `${code} ${STATUS_CODES[code] ?? 'Unknown'}`, headers);
  }
  if (redirect !== undefined) return { status: 302, headers: { location: redirect.location } };
  switch (body?.kind) {
    case 'html':
      return htmlAnswer(200, 'Welcome');
    case 'invalid_json':
      return jsonTextAnswer('{\n  "vm" : [ {\n    "id" : nonsense');
    case 'empty_object':
      return jsonTextAnswer('{ }');
    case undefined:
      return undefined;
  }
}

/** A stage of a body on its way out. */
export type BodyStage = (chunks: AsyncIterable<Buffer>) => AsyncGenerator<Buffer>;

/** Passes so many bytes and then breaks off in the way of the fault. The signal ends a stall. */
export function cutBody({ afterBytes, how }: NonNullable<Faults['cut']>, signal: AbortSignal): BodyStage {
  return async function* (chunks) {
    let left = afterBytes;
    for await (const chunk of chunks) {
      if (chunk.length <= left) {
        left -= chunk.length;
        yield chunk;
        continue;
      }
      if (left > 0) yield chunk.subarray(0, left);
      if (how === 'end') return;
      if (how === 'stall' && !signal.aborted) await once(signal, 'abort');
      // What was written leaves with the end of this turn of the loop; a connection closed before that takes it along.
      await setImmediate();
      throw new Error('the body is cut on purpose');
    }
  };
}

/** Passes a body in small pieces with pauses between them. The signal ends a pause. */
export function dripBody({ bytes, everyMs }: NonNullable<Faults['drip']>, signal: AbortSignal): BodyStage {
  return async function* (chunks) {
    for await (const chunk of chunks) {
      for (let start = 0; start < chunk.length; start += bytes) {
        yield chunk.subarray(start, start + bytes);
        await setTimeout(everyMs, undefined, { signal });
      }
    }
  };
}

/** Says whether the fault spoils the object that stands at this index of an answer. */
export function isOdd(fault: OddObjects | undefined, id: string, index: number): boolean {
  if (fault === undefined) return false;
  return fault.id === undefined ? index < fault.count : fault.id.toLowerCase() === id;
}

/** Returns the object that stands at this index of an answer, spoilt if the fault spoils it. */
export function oddObject(
  fault: OddObjects | undefined,
  id: string,
  index: number,
  object: JsonObject,
): JsonValue {
  if (fault === undefined || !isOdd(fault, id, index)) return object;
  if (fault.replacement !== undefined) return fault.replacement;
  const removed = new Set(fault.remove);
  return Object.fromEntries(
    Object.entries({ ...object, ...fault.set }).filter(([member]) => !removed.has(member)),
  );
}
