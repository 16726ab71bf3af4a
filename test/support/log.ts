import type { After, Clock } from '../../src/lib/timers.js';
import { fieldsOf, throttledLog, type Log, type LogFacts, type LogFields } from '../../src/process/log.js';

/** One line that a test's log took. */
export interface LogLine {
  readonly level: keyof Log;
  readonly event: string;
  readonly fields: LogFields;
}

/**
 * A log that keeps its lines for the test to read: each of them, or, with timers, those that a log at level debug writes, where
 * a line that is held back is at debug.
 */
export function memoryLog(time?: { readonly after: After; readonly clock: Clock }): Log & {
  readonly lines: LogLine[];
} {
  const lines: LogLine[] = [];
  if (time !== undefined)
    return { lines, ...throttledLog({ ...time, level: 'debug', write: (line) => void lines.push(line) }) };
  const write =
    (level: keyof Log) =>
    (event: string, facts: LogFacts = {}): void =>
      void lines.push({ level, event, fields: fieldsOf(facts) });
  return { lines, debug: write('debug'), info: write('info'), warn: write('warn'), error: write('error') };
}
