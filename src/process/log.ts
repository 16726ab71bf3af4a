import winston from 'winston';

/** Facts of a log line. Never a secret, never an error object of an HTTP client: those carry the request's headers. */
export type LogFields = Readonly<Record<string, unknown>>;

/** The facts of a log line, or what makes them: called only for a line that is written. */
export type LogFacts = LogFields | (() => LogFields);

/** Writes log lines: an event is a short noun phrase that never changes, what varies is in the fields. */
export interface Log {
  readonly debug: (event: string, facts?: LogFacts) => void;
  readonly info: (event: string, facts?: LogFacts) => void;
  readonly warn: (event: string, facts?: LogFacts) => void;
  readonly error: (event: string, facts?: LogFacts) => void;
}

/** Amount that is logged: each level includes those before it. */
export const LOG_LEVELS = ['error', 'warn', 'info', 'debug'] as const;

/** One JSON object a line, or one line of text for a person. */
export const LOG_FORMATS = ['json', 'text'] as const;

/** Level, format and destination of a log. */
export interface LogOptions {
  readonly level: (typeof LOG_LEVELS)[number];
  readonly format: (typeof LOG_FORMATS)[number];
  /** Destination of lines; standard error by default, so that a command's output stays clean. */
  readonly stream?: NodeJS.WritableStream;
}

/** Opens a log. */
export function createLog({ level, format, stream = process.stderr }: LogOptions): Log {
  const logger = winston.createLogger({
    level,
    format: winston.format.combine(
      winston.format.timestamp(),
      format === 'json' ? winston.format.json() : winston.format.printf(textLine),
    ),
    transports: [new winston.transports.Stream({ stream })],
  });
  // winston formats a line before it looks at its level; a line that nobody reads must cost nothing in a request's path.
  const write = (lineLevel: LogOptions['level']): Log['info'] =>
    LOG_LEVELS.indexOf(lineLevel) > LOG_LEVELS.indexOf(level)
      ? () => undefined
      : (event, facts = {}) => void logger.log({ ...fieldsOf(facts), level: lineLevel, message: event });
  return { debug: write('debug'), info: write('info'), warn: write('warn'), error: write('error') };
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
