import { randomUUID } from 'node:crypto';
import type { FeedPosition, InventoryChange, InventoryFeed } from '../domain/inventory-feed.js';
import type { After } from '../lib/timers.js';
import { writeStep } from './message/watch.js';

/**
 * Most bytes of the steps that are kept for watchers that are behind: hours of an engine with 20,000 VMs of which 1 % change
 * a minute.
 */
export const MAX_KEPT_BYTES = 8 * 1024 ** 2;

/** Bytes that a step costs beyond its own. */
const STEP_OVERHEAD = 512;

/** Most objects of a step that is made at once, in about 20 ms. Who watches gets the whole inventory instead of a larger one. */
export const MAX_STEP_OBJECTS = 5000;

/** Time for which steps are still kept when nobody watches any more, in ms: after a break a watcher is back within seconds. */
export const KEPT_FOR_MS = 60_000;

/** The messages for one watcher. */
export interface StepCursor {
  /** Returns the next message; undefined when the watcher has everything. */
  readonly next: () => Buffer | undefined;
  /** Resolves when there may be a next message. */
  readonly changed: () => Promise<void>;
  readonly close: () => void;
}

/** The steps of a feed as messages, each made once for all watchers. */
export interface StepLog {
  /** Opens the messages from a position on, or of the whole inventory. Throws UNAVAILABLE without a fresh snapshot. */
  readonly open: (from: FeedPosition | undefined) => StepCursor;
}

interface Step {
  readonly parts: readonly Buffer[];
  readonly bytes: number;
}

/** The whole inventory, as it was at a step. */
interface Whole {
  readonly sequence: number;
  /** Returns a part, made when it is first asked for; undefined behind the last one. */
  readonly part: (place: number) => Buffer | undefined;
  senders: number;
}

/** Options of a log. */
export interface StepLogOptions {
  /** Aborts when nobody will watch again. */
  readonly closing: AbortSignal;
  readonly after: After;
  /** {@link MAX_KEPT_BYTES} by default. */
  readonly maxBytes?: number;
}

/** Creates the log of a feed, to which it listens as long as somebody watches, and for {@link KEPT_FOR_MS} more. */
export function createStepLog(
  feed: InventoryFeed,
  { closing, after, maxBytes = MAX_KEPT_BYTES }: StepLogOptions,
): StepLog {
  const epoch = randomUUID();
  /** The newest steps; the last one has the number `sequence`. */
  const steps: Step[] = [];
  let sequence = 0;
  let bytes = 0;
  let watchers = 0;
  let whole: Whole | undefined;
  let stopListening: (() => void) | undefined;
  let cancelEnd: () => void = () => undefined;
  let wake: () => void = () => undefined;
  let woken = new Promise<void>((resolve) => (wake = resolve));

  function forgetSteps(): void {
    steps.length = 0;
    bytes = 0;
  }

  function add(change: InventoryChange): void {
    sequence += 1;
    const { hosts, vms } = change.delta;
    const objects = [hosts, vms].reduce(
      (sum, { changed, removed }) => sum + changed.length + removed.length,
      0,
    );
    if (objects > MAX_STEP_OBJECTS) forgetSteps();
    else {
      const parts = [...writeStep({ epoch, sequence }, change)];
      const step = { parts, bytes: parts.reduce((sum, { length }) => sum + length, STEP_OVERHEAD) };
      steps.push(step);
      bytes += step.bytes;
      while (bytes > maxBytes) bytes -= steps.shift()?.bytes ?? 0;
    }
    wake();
    woken = new Promise((resolve) => (wake = resolve));
  }

  /** Reports whether all that came after a step is kept. */
  const isKept = (at: number) => at <= sequence && at >= sequence - steps.length;

  function wholeNow(): Whole {
    if (whole !== undefined && isKept(whole.sequence)) return whole;
    const made: Buffer[] = [];
    const making = writeStep({ epoch, sequence, restart: true }, feed.whole());
    whole = {
      sequence,
      part(place) {
        while (made.length <= place) {
          const { value } = making.next();
          if (value === undefined) return undefined;
          made.push(value);
        }
        return made[place];
      },
      senders: 0,
    };
    return whole;
  }

  function endListening(): void {
    cancelEnd();
    stopListening?.();
    stopListening = undefined;
    forgetSteps();
    // What changes from now on is in no step.
    sequence += 1;
  }

  closing.addEventListener('abort', () => {
    if (watchers === 0) endListening();
  });

  function listen(): void {
    cancelEnd();
    watchers += 1;
    stopListening ??= feed.onChange(add);
  }

  function leave(): void {
    watchers -= 1;
    if (watchers > 0) return;
    cancelEnd();
    cancelEnd = after(KEPT_FOR_MS, endListening);
    if (closing.aborted) endListening();
  }

  return {
    open(from) {
      /** The last step that was sent whole. */
      let last = from?.epoch === epoch && isKept(from.sequence) ? from.sequence : undefined;
      let sending: Whole | undefined;
      let place = 0;
      let isUpToDate = false;
      if (last === undefined) take(wholeNow());
      listen();

      function take(next: Whole | undefined): void {
        if (sending !== undefined) {
          sending.senders -= 1;
          if (sending.senders === 0 && sending === whole) whole = undefined;
        }
        if (next !== undefined) next.senders += 1;
        sending = next;
        place = 0;
      }

      function next(): Buffer | undefined {
        if (sending !== undefined ? !isKept(sending.sequence) : last === undefined || !isKept(last))
          take(wholeNow());
        if (sending !== undefined) {
          const part = sending.part(place);
          place += 1;
          if (part !== undefined) return part;
          last = sending.sequence;
          take(undefined);
          isUpToDate = false;
        }
        const step = steps[steps.length - sequence + (last ?? 0)];
        const part = step?.parts[place];
        if (step !== undefined && part !== undefined) {
          place += 1;
          if (place === step.parts.length) {
            last = (last ?? 0) + 1;
            place = 0;
          }
          return part;
        }
        if (isUpToDate) return undefined;
        // The messages before may be older than they say.
        isUpToDate = true;
        const unchanged = feed.unchanged();
        const [message] = unchanged === undefined ? [] : writeStep({ epoch, sequence }, unchanged);
        return message;
      }

      return {
        next,
        changed: () => woken,
        close() {
          take(undefined);
          leave();
        },
      };
    },
  };
}
