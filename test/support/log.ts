import { fieldsOf, type Log, type LogFacts, type LogFields } from '../../src/process/log.js';

/** One line that a test's log took. */
export interface LogLine {
  readonly level: keyof Log;
  readonly event: string;
  readonly fields: LogFields;
}

/** A log that keeps its lines for the test to read. */
export function memoryLog(): Log & { readonly lines: LogLine[] } {
  const lines: LogLine[] = [];
  const write =
    (level: keyof Log) =>
    (event: string, facts: LogFacts = {}): void =>
      void lines.push({ level, event, fields: fieldsOf(facts) });
  return { lines, debug: write('debug'), info: write('info'), warn: write('warn'), error: write('error') };
}
