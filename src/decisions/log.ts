import type { UnitProblem } from '../domain/contract.js';
import type { Decision, DecisionLog } from '../domain/decision.js';
import { SchedulingError } from '../domain/errors.js';
import { reasonOf } from '../lib/text.js';
import { nodeAfter, type After, type Clock } from '../lib/timers.js';
import { createDisk } from '../process/disk.js';
import type { Log } from '../process/log.js';
import { MAX_HOSTS } from './host-dictionary.js';
import { encode, type Appended, type Unwritten } from './record.js';
import { createSearch } from './search.js';
import { openSegmentStore, type SegmentStore } from './segment-store.js';

/** Longest wait of what is appended for a write, in ms: a killed process loses a second at most, the write included. */
export const FLUSH_MS = 500;

/** Interval in which a folder is tried again that is another process's, or can't be opened, in ms. */
export const RETRY_MS = 3000;

/** Interval in which old segments are looked for, in ms. */
export const UPKEEP_MS = 10 * 60 * 1000;

/** Most memory of what waits for a write, in bytes: 1,200 decisions over 1,000 hosts, 14,000 over ten. */
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
  const pending: Unwritten[] = [];
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
    const unwritten = encoded(appended);
    const bytes = unwritten === undefined ? 0 : sizeOf(unwritten);
    if (closed || unwritten === undefined || pendingBytes + bytes > MAX_PENDING_BYTES) {
      drop(1);
      return;
    }
    pending.push(unwritten);
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
        const count = await store.write(pending);
        for (const one of pending.splice(0, count)) pendingBytes -= sizeOf(one);
        written += count;
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

  /** Tells of a decision again, with what is known of it by now. */
  function tellAgain(id: string): void {
    if (listeners.size > 0)
      get(id).then(
        (decision) => decision && tell(decision),
        () => undefined,
      );
  }

  void flush();

  return {
    append(decision, superseded) {
      append({ kind: 'decision', decision, supersedes: superseded?.id });
      tell(decision);
      if (superseded !== undefined) tellAgain(superseded.id);
    },
    appendOutcome({ id, vm }, outcome) {
      append({ kind: 'outcome', id, vmId: vm?.id, outcome });
      tellAgain(id);
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

/** Encodes what is appended; undefined for what can't be kept. */
function encoded(appended: Appended): Unwritten | undefined {
  try {
    const unwritten = encode(appended);
    return (unwritten.hosts?.length ?? 0) > MAX_HOSTS ? undefined : unwritten;
  } catch {
    return undefined;
  }
}

/** Memory of what is no text of a line that waits, in bytes: an entry of the index, objects, and of each host its place in a list. */
const ENTRY_BYTES = 200;
const HOST_BYTES = 8;

function sizeOf({ json, hosts = [] }: Unwritten): number {
  return ENTRY_BYTES + json.length + HOST_BYTES * hosts.length;
}
