import { z } from 'zod';
import {
  MAX_SOCKET_PATH_BYTES,
  parseAddress,
  parseListenAddress,
  type Address,
  type SocketPath,
} from '../lib/address.js';

/** Durations in milliseconds, and sizes in bytes, as bounds and defaults are written. */
export const SECOND = 1000;
export const MINUTE = 60 * SECOND;
export const HOUR = 60 * MINUTE;
export const MIB = 1024 ** 2;
export const GIB = 1024 ** 3;

const MS_PER: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 };
const BYTES_PER: Readonly<Record<string, number>> = { B: 1, KiB: 1024, MiB: 1024 ** 2, GiB: 1024 ** 3 };

/** A value of the configuration, for printing it back as it would be written. */
export const VALUE_KINDS = ['duration', 'size', 'services', 'plain'] as const;

/** One of {@link VALUE_KINDS}. */
export type ValueKind = (typeof VALUE_KINDS)[number];

/** Facts of a value that its schema can't say. */
export interface ValueMeta {
  readonly description: string;
  readonly kind?: ValueKind;
  /** Taken from the environment only, and never printed. */
  readonly secret?: true;
  readonly [key: string]: unknown;
}

/** Text of a time such as `500ms`, as {@link duration} reads it, without a default. */
export function durationIn(min: number, max: number) {
  return quantity(MS_PER, 'a duration such as 500ms, 30s or 5m', min, max);
}

/** A time such as `500ms`, `30s`, `5m` or `1h`; milliseconds once parsed. Bounds are in milliseconds. */
export function duration(defaultMs: number, min: number, max: number, description: string) {
  return durationIn(min, max)
    .default(defaultMs)
    .meta({ description, kind: 'duration' } satisfies ValueMeta);
}

/** An amount of memory such as `512KiB` or `4MiB`; bytes once parsed. Bounds are in bytes. */
export function size(defaultBytes: number, min: number, max: number, description: string) {
  return quantity(BYTES_PER, 'a size such as 512KiB or 4MiB', min, max)
    .default(defaultBytes)
    .meta({ description, kind: 'size' } satisfies ValueMeta);
}

/** A whole number from `min` to `max`; text is accepted, since variables and flags are text. */
export function integerIn(min: number, max: number) {
  return z.union([z.number(), z.string()]).transform((value, context) => {
    const number = typeof value === 'number' ? value : /^-?\d+$/.test(value) ? Number(value) : Number.NaN;
    if (Number.isInteger(number) && number >= min && number <= max) return number;
    context.addIssue({
      code: 'custom',
      message: `expected an integer from ${min} to ${max}, got ${shown(value)}`,
    });
    return z.NEVER;
  });
}

/** A whole number with a default. */
export function integer(defaultValue: number, min: number, max: number, description: string) {
  return integerIn(min, max)
    .default(defaultValue)
    .meta({ description } satisfies ValueMeta);
}

/** `true` or `false`. */
export function flag(defaultValue: boolean, description: string) {
  return z
    .union([z.boolean(), z.enum(['true', 'false'])], {
      error: ({ input }) => `expected true or false, got ${shown(input)}`,
    })
    .transform((value) => value === true || value === 'true')
    .default(defaultValue)
    .meta({ description } satisfies ValueMeta);
}

/** Text that isn't empty. Absent when it isn't set. */
export function text(description: string) {
  return z
    .string({ error: ({ input }) => `expected text, got ${shown(input)}` })
    .min(1, 'expected text, got an empty value; leave the key out instead')
    .optional()
    .meta({ description } satisfies ValueMeta);
}

/** Text that isn't empty, with a default. */
export function textOr(defaultValue: string, description: string) {
  return z
    .string({ error: ({ input }) => `expected text, got ${shown(input)}` })
    .min(1, 'expected text, got an empty value; leave the key out instead')
    .default(defaultValue)
    .meta({ description } satisfies ValueMeta);
}

/** Names: a list, or, in a variable or a flag, separated by commas. */
export function names(description: string) {
  return z
    .preprocess(
      (value) =>
        typeof value === 'string'
          ? value
              .split(',')
              .map((name) => name.trim())
              .filter(Boolean)
          : value,
      z.array(z.string().min(1), { error: ({ input }) => `expected a list of names, got ${shown(input)}` }),
    )
    .default([])
    .meta({ description } satisfies ValueMeta);
}

/** One of a few words. */
export function choice<const Words extends readonly [string, ...string[]]>(
  words: Words,
  defaultValue: NoInfer<Words[number]>,
  description: string,
) {
  return z
    .enum(words, { error: ({ input }) => `expected one of ${words.join(', ')}; got ${shown(input)}` })
    .default(() => z.enum(words).parse(defaultValue))
    .meta({ description } satisfies ValueMeta);
}

/** `host:port`, an IPv6 host in brackets; port 0 lets the system choose. */
export function address(defaultValue: string, description: string) {
  return z
    .string({ error: ({ input }) => `expected host:port, got ${shown(input)}` })
    .transform((value, context): Address => {
      const parsed = parseAddress(value);
      if (parsed !== undefined) return parsed;
      context.addIssue({ code: 'custom', message: `expected host:port, got ${shown(value)}` });
      return z.NEVER;
    })
    .prefault(defaultValue)
    .meta({ description } satisfies ValueMeta);
}

/** `host:port`, or `unix:PATH` for a socket of the file system. */
export function listenAddress(defaultValue: string, description: string) {
  const expected = `expected host:port, or unix:PATH of at most ${MAX_SOCKET_PATH_BYTES} bytes`;
  return z
    .string({ error: ({ input }) => `${expected}; got ${shown(input)}` })
    .transform((value, context): Address | SocketPath => {
      const parsed = parseListenAddress(value);
      if (parsed !== undefined) return parsed;
      context.addIssue({ code: 'custom', message: `${expected}; got ${shown(value)}` });
      return z.NEVER;
    })
    .prefault(defaultValue)
    .meta({ description } satisfies ValueMeta);
}

/** Writes a time as an administrator would, such as `5s`. */
export function formatDuration(ms: number): string {
  return String(formatValue('duration', ms));
}

/** Writes a value of the configuration as an administrator would. */
export function formatValue(kind: ValueKind, value: unknown): unknown {
  if ((kind !== 'duration' && kind !== 'size') || typeof value !== 'number') return value;
  const units = Object.entries(kind === 'duration' ? MS_PER : BYTES_PER).reverse();
  const [name, factor] = units.find(([, factor]) => value !== 0 && value % factor === 0) ??
    units.at(-1) ?? ['', 1];
  return `${value / factor}${name}`;
}

function quantity(factors: Readonly<Record<string, number>>, expected: string, min: number, max: number) {
  return z
    .union([z.string(), z.literal(0)], { error: ({ input }) => `expected ${expected}, got ${shown(input)}` })
    .transform((value, context) => {
      if ((value === 0 || value === '0') && min === 0) return 0;
      const groups = /^(?<amount>\d+(?:\.\d+)?)(?<unit>[A-Za-z]+)$/.exec(String(value))?.groups;
      const factor = factors[groups?.['unit'] ?? ''];
      const amount = Math.round(Number(groups?.['amount']) * (factor ?? Number.NaN));
      if (amount >= min && amount <= max) return amount;
      const kind: ValueKind = factors === MS_PER ? 'duration' : 'size';
      const range = `from ${String(formatValue(kind, min))} to ${String(formatValue(kind, max))}`;
      context.addIssue({ code: 'custom', message: `expected ${expected}, ${range}; got ${shown(value)}` });
      return z.NEVER;
    });
}

/** A value as an error repeats it, at most 60 characters of it. */
function shown(value: unknown): string {
  const json = JSON.stringify(value) as string | undefined;
  if (json === undefined) return 'nothing';
  return json.length > 60 ? `${json.slice(0, 60)}...` : json;
}
