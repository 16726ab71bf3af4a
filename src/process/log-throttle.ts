import type { After, Clock } from '../lib/timers.js';

/** Interval between two lines about the same thing, in ms. A line a minute shows that it lasts, and fills no disk. */
export const REPORT_INTERVAL_MS = 60_000;

/**
 * Most things of one event that are told apart at a time, since callers make names up: more than an installation has units.
 * What comes beyond is counted together, so that an event has 51 lines a minute at most, and cannot silence another one.
 */
export const MAX_THINGS = 50;

/** One line, before it is formatted. */
export interface LogLine {
  readonly level: 'error' | 'warn' | 'info' | 'debug';
  readonly event: string;
  readonly fields: Readonly<Record<string, unknown>>;
}

/** Throttle of the lines that may repeat, which writes what it held back once a minute. */
export interface LogThrottle {
  /**
   * Writes a line about something if none was written within the interval. Otherwise counts it, to be told with the facts of
   * the last one when the interval ends, and returns false. Lines with a stack are told apart by the stack too.
   */
  readonly write: (line: LogLine, about: string) => boolean;
  /** Writes what is held back, and forgets everything. */
  readonly flush: () => void;
}

/** Something that was told within the interval. */
interface Thing {
  held: number;
  last: LogLine;
  /** Time of the last line that was held back, in ms since the epoch. */
  at: number;
  cancel: () => void;
}

/** Key of what is counted together. No thing is named so, since lines of text hold no such character. */
const OTHERS = '\0';

/** Creates a throttle before a writer of lines. */
export function createLogThrottle(options: {
  readonly write: (line: LogLine) => void;
  readonly after: After;
  readonly clock: Clock;
}): LogThrottle {
  const { write, after, clock } = options;
  const events = new Map<string, Map<string, Thing>>();

  function thingsOf(event: string): Map<string, Thing> {
    const known = events.get(event);
    if (known !== undefined) return known;
    const things = new Map<string, Thing>();
    events.set(event, things);
    return things;
  }

  function tell(key: string, { held, last, at }: Thing): void {
    const fields = { ...last.fields, times: held, lastAt: new Date(at).toISOString() };
    write(marked(key, { ...last, fields }));
  }

  function startInterval(things: Map<string, Thing>, key: string, thing: Thing): void {
    thing.cancel = after(REPORT_INTERVAL_MS, () => {
      if (thing.held === 0) {
        things.delete(key);
        return;
      }
      tell(key, thing);
      thing.held = 0;
      startInterval(things, key, thing);
    });
  }

  return {
    write(line, about) {
      const things = thingsOf(line.event);
      const own = about + framesOf(line.fields['stack']);
      const key = things.has(own) || things.size < MAX_THINGS ? own : OTHERS;
      const known = things.get(key);
      if (known !== undefined) {
        known.held += 1;
        known.last = line;
        known.at = clock.now();
        return false;
      }
      const thing: Thing = { held: 0, last: line, at: 0, cancel: () => undefined };
      things.set(key, thing);
      startInterval(things, key, thing);
      write(marked(key, line));
      return true;
    },
    flush() {
      for (const things of events.values()) {
        for (const [key, thing] of things) {
          thing.cancel();
          if (thing.held > 0) tell(key, thing);
        }
      }
      events.clear();
    },
  };
}

function marked(key: string, line: LogLine): LogLine {
  return key === OTHERS ? { ...line, fields: { ...line.fields, others: true } } : line;
}

/** Returns the places of a stack without its message, which may hold what differs each time; of any other text, all. */
function framesOf(stack: unknown): string {
  return typeof stack === 'string' ? stack.slice(Math.max(0, stack.indexOf('\n    at '))) : '';
}
