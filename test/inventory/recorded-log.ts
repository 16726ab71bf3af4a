import { fieldsOf, type Log, type LogFacts, type LogFields } from '../../src/process/log.js';

/** A line that was logged. */
export interface Line {
  readonly level: 'debug' | 'info' | 'warn' | 'error';
  readonly event: string;
  readonly fields: LogFields;
}

/** A log that keeps its lines. */
export function createRecordedLog(): Log & { readonly lines: readonly Line[] } {
  const lines: Line[] = [];
  const write =
    (level: Line['level']) =>
    (event: string, facts: LogFacts = {}) =>
      void lines.push({ level, event, fields: fieldsOf(facts) });
  return { lines, debug: write('debug'), info: write('info'), warn: write('warn'), error: write('error') };
}
