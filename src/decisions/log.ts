import type { UnitProblem } from '../domain/contract.js';
import type { Decision, DecisionLog } from '../domain/decision.js';
import { SchedulingError } from '../domain/errors.js';
import { reasonOf } from '../lib/text.js';
import { nodeAfter, type After, type Clock } from '../lib/timers.js';
import { createDisk } from '../process/disk.js';
import type { Log } from '../process/log.js';
import { MAX_HOSTS } from './host-dictionary.js';
import type { Appended } from './record.js';
import { createSearch } from './search.js';
import { openSegmentStore, type SegmentStore } from './segment-store.js';

/** Longest wait of what is appended for a write, in ms: a killed process loses a second at most, the write included. */
export const FLUSH_MS = 500;

/** Interval in which a folder is tried again that is another process's, or can't be opened, in ms. */
export const RETRY_MS = 3000;

/** Interval in which old segments are looked for, in ms. */
export const UPKEEP_MS = 10 * 60 * 1000;

/** Most memory of what waits for a write, in bytes, roughly: 600 decisions over 1,000 hosts, 10,000 over ten. */
export const MAX_PENDING_BYTES = 16 * 1024 * 1024;

/** Options of a log of decisions. */
export interface DecisionLogOptions {
  /** Folder of its own, below that of the state. */
  readonly dir: string;
  /** Size that it may have on the disk, in bytes; the oldest decisions are removed. */
  readonly maxBytes: number;
  readonly maxAgeMs: number;
  /** Reports whether this process may write, as the state folder's `owns` does. */
  readonly owns: () => boolean;
  readonly log: Log;
  readonly clock?: Clock;
  readonly after?: After;
  /** Called for each decision, outcome or result that is lost: for want of room, or since it is none. */
  readonly onDropped?: () => void;
  readonly segmentBytes?: number;
}

/** Figures of a log of decisions. */
export interface DecisionLogFigures {
  /** Decisions, outcomes and results of shadows that were written, and those that were lost. */
  readonly written: number;
  readonly dropped: number;
  /** Those that wait for a write. */
  readonly pending: number;
  /** Lines that were torn or corrupt when files were opened. */
  readonly torn: number;
  /** Decisions that are kept, the files with them, and their size in bytes. */
  readonly decisions: number;
  readonly segments: number;
  readonly bytes: number;
  /** Time of the oldest decision, in ms since the epoch; absent for none. */
  readonly oldest?: number | undefined;
}

/** A log of decisions in a folder. */
export interface OpenDecisionLog extends DecisionLog {
  /** Writes what waits, if this process owns the folder. Resolves to whether nothing waits any more. Never rejects. */
  readonly flush: () => Promise<boolean>;
  readonly figures: () => DecisionLogFigures;
  /** Returns the reasons why decisions are not kept, and files that are left alone. */
  readonly problems: () => readonly UnitProblem[];
  /** Writes what waits, and ends. */
  readonly close: () => Promise<void>;
}

interface Pending {
  readonly appended: Appended;
  readonly bytes: number;
}

/**
 * Opens a log of decisions. Returns at once: the folder is opened when this process owns it, and until then what is appended
 * waits in memory, of which there is a bounded amount.
 */
export function openDecisionLog(options: DecisionLogOptions): OpenDecisionLog {
  const { dir, maxBytes, maxAgeMs, segmentBytes, owns, log } = options;
  const { clock = Date, after = nodeAfter, onDropped = () => undefined } = options;
  const disk = createDisk(after);
  const search = createSearch(() => store?.segments() ?? []);
  const listeners = new Set<(decision: Decision) => void>();
  const pending: Pending[] = [];
  let pendingBytes = 0;
  let store: SegmentStore | undefined;
  let failure: string | undefined;
  let written = 0;
  let dropped = 0;
  let running: Promise<void> | undefined;
  let closed = false;
  let waits = false;
  let cancelTimer: () => void = () => undefined;
  let upkeep: Promise<void> | undefined;
  let cancelUpkeep: () => void = () => undefined;

  function append(appended: Appended): void {
    const bytes = sizeOf(appended);
    if (closed || pendingBytes + bytes > MAX_PENDING_BYTES || hostsOf(appended) > MAX_HOSTS) {
      drop(1);
      return;
    }
    pending.push({ appended, bytes });
    pendingBytes += bytes;
    if (!waits && running === undefined) wait();
  }

  function drop(count: number): void {
    dropped += count;
    for (let n = 0; n < count; n++) onDropped();
  }

  /** Waits for the next write, or the next try. */
  function wait(): void {
    cancelTimer();
    const isOpen = store !== undefined && failure === undefined;
    waits = !closed && (pending.length > 0 || !isOpen);
    if (waits) cancelTimer = after(isOpen ? FLUSH_MS : RETRY_MS, () => void flush());
  }

  async function flush(): Promise<boolean> {
    do {
      if (!closed)
        running ??= drain().finally(() => {
          running = undefined;
          wait();
        });
      await running;
    } while (pending.length > 0 && !closed && store !== undefined && failure === undefined && owns());
    return pending.length === 0;
  }

  async function drain(): Promise<void> {
    try {
      if (!owns()) {
        await leave();
        return;
      }
      if ((await store?.isGone()) === true) await leave();
      store ??= await openSegmentStore({ dir, disk, log, clock, segmentBytes, maxBytes, maxAgeMs });
      const begun = store.segments().length;
      while (pending.length > 0 && owns()) {
        const { count, unfit } = await store.write(pending.slice(0, 64).map(({ appended }) => appended));
        for (const { bytes } of pending.splice(0, count)) pendingBytes -= bytes;
        written += count - unfit;
        drop(unfit);
      }
      if (store.segments().length !== begun || upkeep === undefined) startUpkeep(store);
      if (failure !== undefined) log.info('decisions kept again', { dir }, dir);
      failure = undefined;
    } catch (error) {
      if (failure === undefined) log.warn('decisions not kept', { dir, reason: reasonOf(error) }, dir);
      failure = reasonOf(error);
    }
  }

  /** Packs and removes old segments now, unless that is under way, and again after a while. */
  function startUpkeep(of: SegmentStore): void {
    cancelUpkeep();
    cancelUpkeep = after(UPKEEP_MS, () => startUpkeep(of));
    upkeep = (upkeep ?? Promise.resolve()).then(async () => {
      try {
        if (of === store && owns()) await of.keepUp();
      } catch (error) {
        log.warn('decisions not packed', { dir, reason: reasonOf(error) }, dir);
      }
    });
  }

  async function leave(): Promise<void> {
    const left = store;
    store = undefined;
    cancelUpkeep();
    await left?.close();
    await upkeep;
    upkeep = undefined;
  }

  async function opened(): Promise<void> {
    await flush();
    if (store !== undefined) return;
    throw new SchedulingError(
      'UNAVAILABLE',
      `the log of decisions can't be read: ${reasonOf(failure ?? FOREIGN)}`,
    );
  }

  function tell(decision: Decision): void {
    for (const listener of listeners) listener(decision);
  }

  async function get(id: string): Promise<Decision | undefined> {
    await opened();
    return search.get(id);
  }

  void flush();

  return {
    append(decision) {
      append({ kind: 'decision', decision });
      tell(decision);
    },
    appendOutcome({ id, vm }, outcome) {
      append({ kind: 'outcome', id, vmId: vm?.id, outcome });
      if (listeners.size > 0)
        get(id).then(
          (decision) => decision && tell(decision),
          () => undefined,
        );
    },
    appendShadow: ({ id, vm }, result) => append({ kind: 'shadow', id, vmId: vm?.id, result }),
    async get(id, signal) {
      signal.throwIfAborted();
      return get(id);
    },
    async list(query, page, signal) {
      await opened();
      return search.list(query, page, signal);
    },
    watch(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    flush,
    figures() {
      const segments = store?.segments() ?? [];
      const oldest = segments[0]?.index.blocks.find(({ from, to }) => from <= to)?.from;
      return {
        written,
        dropped,
        pending: pending.length,
        torn: store?.torn() ?? 0,
        decisions: segments.reduce((sum, { index }) => sum + index.decisions, 0),
        segments: segments.length,
        bytes: segments.reduce((sum, { bytes }) => sum + bytes, 0),
        oldest,
      };
    },
    problems() {
      if (failure !== undefined)
        return [problem(`${dir}: ${failure}; decisions are lost; make the folder writable, or free space`)];
      if (!owns()) return [problem(`${dir}: ${FOREIGN}`)];
      return store?.problems() ?? [];
    },
    async close() {
      await flush();
      closed = true;
      cancelTimer();
      drop(pending.splice(0).length);
      await leave();
    },
  };
}

const FOREIGN = 'it belongs to another process; ask that one, or set state.dir to a folder of its own';

function problem(reason: string): UnitProblem {
  return { source: 'decisions', reason };
}

function hostsOf(appended: Appended): number {
  return appended.kind === 'decision' ? appended.decision.hosts.length : 0;
}

/** Memory of the id of a host that a caller made up, with its place in a list. */
const UNKNOWN_ID_BYTES = 64;

/** Returns about how much memory it takes while it waits. */
function sizeOf(appended: Appended): number {
  if (appended.kind !== 'decision') return 500;
  const { hosts, unknownHostIds, units, reasons, properties } = appended.decision;
  let bytes = 1000 + 8 * hosts.length * (units.length + 1) + UNKNOWN_ID_BYTES * unknownHostIds.length;
  for (const { text } of reasons) bytes += text.length;
  for (const [key, value] of properties) bytes += key.length + value.length;
  return bytes;
}
