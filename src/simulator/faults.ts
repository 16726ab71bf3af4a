import { z } from 'zod';
import { SchedulingError } from '../domain/errors.js';
import { issueText } from './issue-text.js';

/** Longest delay that a fault may make: an hour, in milliseconds. */
export const MAX_FAULT_MS = 3_600_000;

const scope = (path: string) => ({
  /** Requests whose path below /ovirt-engine begins so. */
  path: z.string().startsWith('/').default(path),
  /** How many requests it strikes before it is over; absent: until it is switched off. */
  requests: z.int().min(1).optional(),
});

const odd = (path: string) =>
  z.strictObject({
    ...scope(path),
    /** The object to change; absent: the first ones of each answer. */
    id: z.uuid().optional(),
    /** How many of the first ones, when no id is given. */
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
    /** VMs with wrong types, or with members missing, in listings and single. */
    oddVms: odd('/api/vms'),
    /** Hosts with wrong types, or with members missing, in listings and single. */
    oddHosts: odd('/api/hosts'),
  })
  .partial();

/** Faults that are switched on. */
export type Faults = z.output<typeof faultsSchema>;

/** Faults to switch on: what has a default may be left out. */
export type FaultsInput = z.input<typeof faultsSchema>;

/** How objects of one kind are spoilt. */
export type OddObjects = z.output<ReturnType<typeof odd>>;

/** Where faults are switched on and off. */
export interface FaultSwitch {
  /** What is on now; `requests` is how many are still to be struck. */
  readonly current: () => Faults;
  /** Switches these on and all others off. Throws INVALID_ARGUMENT naming the field. */
  readonly set: (faults: FaultsInput) => void;
  readonly clear: () => void;
  /** The faults that strike a request for this path; it counts as struck. */
  readonly strike: (path: string) => Faults;
}

/** Makes a switch with everything off. */
export function createFaultSwitch(): FaultSwitch {
  let faults: Faults = {};
  return {
    current: () => faults,
    set(input) {
      const parsed = faultsSchema.safeParse(input);
      if (!parsed.success) throw new SchedulingError('INVALID_ARGUMENT', issueText(parsed.error));
      faults = parsed.data;
    },
    clear() {
      faults = {};
    },
    strike(path) {
      const left: Record<string, unknown> = {};
      const struck: Record<string, unknown> = {};
      for (const [name, fault] of Object.entries(faults)) {
        if (fault === undefined) continue;
        const hit = path.startsWith(fault.path);
        if (hit) struck[name] = fault;
        if (!hit || fault.requests === undefined) left[name] = fault;
        else if (fault.requests > 1) left[name] = { ...fault, requests: fault.requests - 1 };
      }
      faults = faultsSchema.parse(left);
      return faultsSchema.parse(struck);
    },
  };
}
