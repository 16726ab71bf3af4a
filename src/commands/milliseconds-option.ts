import { InvalidArgumentError } from 'commander';

/** Longest wait that a timer can hold, in milliseconds. */
const MAX_MS = 2 ** 31 - 1;

/** Reads a time in milliseconds, for commander. */
export function milliseconds(value: string): number {
  const number = /^\d+$/.test(value) ? Number(value) : Number.NaN;
  if (number >= 1 && number <= MAX_MS) return number;
  throw new InvalidArgumentError(`expected a whole number from 1 to ${MAX_MS}.`);
}
