import winston from 'winston';
import { escapedControls } from '../lib/text.js';
import { nodeAfter, type After, type Clock } from '../lib/timers.js';
import { createLogThrottle, type LogLine } from './log-throttle.js';

/** Facts of a log line. Never a secret, never an error object of an HTTP client: those carry the request's headers. */
export type LogFields = LogLine['fields'];

/** The facts of a log line, or what makes them: called only for a line that is written. */
export type LogFacts = LogFields | (() => LogFields);

/**
 * Writes log lines: an event is a short noun phrase that never changes, what varies is in the fields. A line that callers,
 * peers or time may repeat says what it is `about`: the first of an event and of what it is about is written at once, then
 * one a minute with the number of `times`.
 */
export interface Log {
  readonly debug: (event: string, facts?: LogFacts) => void;
  readonly info: (event: string, facts?: LogFacts, about?: string) => void;
  readonly warn: (event: string, facts?: LogFacts, about?: string) => void;
  readonly error: (event: string, facts?: LogFacts, about?: string) => void;
}

/** A log whose level may change. */
export interface LevelLog extends Log {
  /** Writes lines of this level, and of those before it, from now on. */
  readonly setLevel: (level: LogLine['level']) => void;
}

/** A log with an end. */
export interface OpenLog extends LevelLog {
  /** Writes what is held back. To be called at the end of the process. */
  readonly flush: () => void;
}

/** Amount that is logged: each level includes those before it. */
export const LOG_LEVELS = ['error', 'warn', 'info', 'debug'] as const satisfies readonly LogLine['level'][];

/** One JSON object a line, or one line of text for a person. */
export const LOG_FORMATS = ['json', 'text'] as const;

/** Level, format and destination of a log. */
export interface LogOptions {
  readonly level: LogLine['level'];
  readonly format: (typeof LOG_FORMATS)[number];
  /** Destination of lines; standard error by default, so that a command's output stays clean. */
  readonly stream?: NodeJS.WritableStream;
  /** Timer and clock for lines that are held back; Node's own by default. */
  readonly after?: After;
  readonly clock?: Clock;
}

/** Key under which winston keeps a formatted line. */
const FORMATTED = Symbol.for('message');

/** Opens a log. */
export function createLog({ level, format, stream = process.stderr, ...time }: LogOptions): OpenLog {
  const logger = winston.createLogger({
    // Lines of other levels do not come here, and the level may change.
    level: 'debug',
    format: winston.format.combine(
      winston.format.timestamp(),
      format === 'json' ? winston.format.json() : winston.format.printf(textLine),
      winston.format.printf((info) => escapedControls(String(Reflect.get(info, FORMATTED)))),
    ),
    transports: [new winston.transports.Stream({ stream })],
  });
  const write = ({ level, event, fields }: LogLine) => void logger.log({ ...fields, level, message: event });
  return throttledLog({ write, level, ...time });
}

/** Creates a log that passes lines of a level, and of those before it, on to `write`, each in its time. */
export function throttledLog(options: {
  readonly write: (line: LogLine) => void;
  readonly level: LogLine['level'];
  readonly after?: After;
  readonly clock?: Clock;
}): OpenLog {
  const { write, after = nodeAfter, clock = Date } = options;
  const throttle = createLogThrottle({ write, after, clock });
  const rankOf = (level: LogLine['level']) => LOG_LEVELS.indexOf(level);
  let lowest = rankOf(options.level);

  // winston formats a line before it looks at its level; a line that nobody reads must cost nothing in a request's path.
  function writeAt(level: LogLine['level']): Log['info'] {
    const rank = rankOf(level);
    return (event, facts = {}, about) => {
      if (rank > lowest) return;
      const line = { level, event, fields: fieldsOf(facts) };
      if (about === undefined) write(line);
      else if (!throttle.write(line, about) && rankOf('debug') <= lowest) write({ ...line, level: 'debug' });
    };
  }
  return {
    debug: writeAt('debug'),
    info: writeAt('info'),
    warn: writeAt('warn'),
    error: writeAt('error'),
    flush: throttle.flush,
    setLevel: (level) => void (lowest = rankOf(level)),
  };
}

/** Returns the fields that facts stand for. */
export function fieldsOf(facts: LogFacts): LogFields {
  return typeof facts === 'function' ? facts() : facts;
}

function textLine({ timestamp, level, message, ...fields }: winston.Logform.TransformableInfo): string {
  const facts = Object.entries(fields).flatMap(([key, value]) =>
    value === undefined ? [] : [` ${key}=${plain(value)}`],
  );
  return `${String(timestamp)} ${level.padEnd(5)} ${String(message)}${facts.join('')}`;
}

function plain(value: unknown): string {
  return typeof value === 'string' && /^[\x21\x23-\x7e]+$/.test(value) ? value : JSON.stringify(value);
}
