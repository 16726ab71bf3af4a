import { isScore, MAX_INT32, type Direction, type Migration } from '../domain/contract.js';
import { SchedulingError } from '../domain/errors.js';
import { rangeOf } from '../domain/score-sums.js';
import { parseUuid } from '../lib/uuid.js';
import type { AskedHosts } from './host-lists.js';
import {
  isSequence,
  itemsOf,
  parsePythonLiteral,
  PythonLiteralError,
  type PythonValue,
} from './python-literal.js';

/** Longest part of an answer in a message, in characters. A UUID and its surroundings fit. */
const MAX_QUOTED_ANSWER = 64;

const MIN_INT32 = -MAX_INT32 - 1;

/** Output of `print(vm_id, host_ids)` in Python 3, as in the old samples. */
const TWO_ARGUMENTS = /^([0-9a-fA-F-]{36})\s+(?=[[({])/;

/**
 * Parses the output of do_filter, the host ids in a list, tuple or set, or as the keys of a dict. Returns the accepted hosts in the order asked, ignoring others, as
 * the engine did. Throws INTERNAL for any other output, so that such a plugin rejects no host.
 */
export function readAcceptedHosts(output: Buffer, asked: AskedHosts): string[] {
  const answer = readList(output, 'a list of host ids');
  const accepted = new Set<number>();
  for (const id of answer) {
    if (typeof id !== 'string') throw invalidOutput(`expected a host id, got ${shown(id)}`);
    const place = asked.placeOf(id);
    if (place !== undefined) accepted.add(place);
  }
  return asked.ids.filter((_, place) => accepted.has(place));
}

/**
 * Parses the output of do_balance: a VM and its candidate hosts, of which those not asked for are ignored, as is what
 * follows the two. No output, None and an empty VM mean nothing to do, as in the old samples. Throws INTERNAL for anything
 * else.
 */
export function readMigration(output: Buffer, asked: AskedHosts): Migration | undefined {
  const text = output.toString().trim();
  if (text === '') return undefined;
  const answer = readLiteral(text.replace(TWO_ARGUMENTS, '"$1", '));
  if (answer === null || answer === '') return undefined;
  const [vm, candidateHosts] = isSequence(answer) ? answer : [];
  if (isSequence(answer) && answer.length === 0) return undefined;
  const hosts = itemsOf(candidateHosts);
  if (hosts === undefined)
    throw invalidOutput(`expected a VM id and a list of host ids, got ${shown(answer)}`);
  if (vm === null || vm === '') return undefined;
  const vmId = typeof vm === 'string' ? parseUuid(vm) : undefined;
  if (vmId === undefined) throw invalidOutput(`expected a VM id, got ${shown(vm ?? null)}`);
  const candidates = new Set<string>();
  for (const id of hosts) {
    if (typeof id !== 'string') throw invalidOutput(`expected a host id, got ${shown(id)}`);
    const host = asked.ids[asked.placeOf(id) ?? -1];
    if (host !== undefined) candidates.add(host);
  }
  return { vmId, candidateHostIds: [...candidates] };
}

/**
 * Parses the output of do_score, (host id, number) in a list, tuple or set, or as the keys of a dict. The numbers of a host
 * that is named repeatedly are added, as they were by the old proxy. Floats are rounded down, since the engine takes
 * integers only. A missing host gets the worst value of the answer: the old samples leave out hosts that the engine did not
 * find, and a host without a value would be the engine's best. Other hosts are ignored, since an old plugin may print all
 * that it finds. Throws INTERNAL for an invalid number, and when no requested host has a number.
 */
export function readScores(output: Buffer, asked: AskedHosts, direction: Direction): number[] {
  const scores = direction === 'HIGHER_IS_BETTER';
  const usual = scanScores(output, asked);
  if (usual !== undefined && (!scores || usual.every(isScore))) return usual;
  const sums = new Array<number | undefined>(asked.ids.length).fill(undefined);
  for (const pair of readList(output, 'a list of (host id, number)')) {
    const [id, number] = isSequence(pair) && pair.length === 2 ? pair : [];
    if (typeof id !== 'string' || number === undefined)
      throw invalidOutput(`expected (host id, number), got ${shown(pair)}`);
    const place = asked.placeOf(id);
    if (place !== undefined) sums[place] = (sums[place] ?? 0) + readNumber(id, number, scores);
  }
  const values = sums.map((sum, place) => {
    // Turns -0 into 0.
    const value = sum === undefined ? undefined : Math.floor(sum) + 0;
    if (value !== undefined && !fits(value, scores)) throw outOfRange(asked.ids[place] ?? '', value, scores);
    return value;
  });
  const given = values.filter((value) => value !== undefined);
  if (given.length === 0 && values.length > 0)
    throw invalidOutput(`it gave none of the ${values.length} hosts a number`);
  if (given.length === values.length) return given;
  const { min, max } = rangeOf(given);
  return values.map((value) => value ?? (scores ? min : max));
}

function readNumber(id: string, value: PythonValue, scores: boolean): number {
  // Booleans are numbers in Python.
  const number =
    typeof value === 'number' || typeof value === 'boolean' || typeof value === 'bigint'
      ? Number(value)
      : Number.NaN;
  if (!fits(Math.floor(number), scores)) throw outOfRange(id, value, scores);
  return number;
}

function fits(value: number, scores: boolean): boolean {
  return scores ? isScore(value) : value >= MIN_INT32 && value <= MAX_INT32;
}

function outOfRange(id: string, value: PythonValue, scores: boolean): SchedulingError {
  const range = scores ? '0 to 100' : `${MIN_INT32} to ${MAX_INT32}`;
  return invalidOutput(`host ${shown(id)}: expected a number from ${range}, got ${shown(value)}`);
}

const DIGIT_0 = 0x30;
const NEWLINE = 0x0a;
const MAX_DIGITS = 9;
const PARENTHESIS = 0x29;
const BRACKET = 0x5d;

/**
 * Parses the usual output of do_score fast: a value for every host in the order asked, as Python prints a list of
 * (id, integer), such as `[('a', 50), ('b', 7)]`. Returns undefined for any other text, which may still be valid. For 1,000
 * hosts it takes a twentieth of the time of parsing the literal.
 */
export function scanScores(printed: Buffer, asked: AskedHosts): number[] | undefined {
  const { bytes, ends } = asked.scoreFrame();
  const values = new Array<number>(ends.length);
  let at = 0;
  let expected = 0;
  for (let index = 0; index < ends.length; index++) {
    const end = ends[index] ?? 0;
    while (expected < end) if (printed[at++] !== bytes[expected++]) return undefined;
    const start = at;
    let value = 0;
    for (let digit = digitAt(printed, at); digit >= 0; digit = digitAt(printed, ++at))
      value = value * 10 + digit;
    const digits = at - start;
    // 007 is no number in Python.
    if (digits === 0 || digits > MAX_DIGITS || (digits > 1 && digitAt(printed, start) === 0))
      return undefined;
    values[index] = value;
  }
  const ended = values.length > 0 && printed[at] === PARENTHESIS && printed[at + 1] === BRACKET;
  const rest = printed.length - at - 2;
  return ended && (rest === 0 || (rest === 1 && printed[at + 2] === NEWLINE)) ? values : undefined;
}

/** Returns the digit at an offset, or a negative number. */
function digitAt(text: Buffer, at: number): number {
  const digit = (text[at] ?? 0) - DIGIT_0;
  return digit <= 9 ? digit : -1;
}

function readList(output: Buffer, expected: string): readonly PythonValue[] {
  const printed = output.toString();
  if (printed.trim() === '') throw invalidOutput(`it printed nothing, expected ${expected}`);
  const answer = readLiteral(printed);
  const items = itemsOf(answer);
  if (items === undefined) throw invalidOutput(`expected ${expected}, got ${shown(answer)}`);
  return items;
}

function readLiteral(printed: string): PythonValue {
  try {
    return parsePythonLiteral(printed);
  } catch (error) {
    if (!(error instanceof PythonLiteralError)) throw error;
    throw invalidOutput(`what it printed is no Python literal: ${error.message}`);
  }
}

/** Creates the error for an invalid output, with the reason for the plugin's author. */
function invalidOutput(problem: string): SchedulingError {
  return new SchedulingError('INTERNAL', problem);
}

/** Formats a value for a message. */
function shown(value: PythonValue): string {
  const text = write(value, 0);
  return text.length > MAX_QUOTED_ANSWER ? `${text.slice(0, MAX_QUOTED_ANSWER)}...` : text;
}

function write(value: PythonValue, depth: number): string {
  if (value === null) return 'None';
  if (typeof value === 'string') return JSON.stringify(value.slice(0, MAX_QUOTED_ANSWER));
  if (typeof value === 'boolean') return value ? 'True' : 'False';
  if (typeof value === 'bigint' || typeof value === 'number') return String(value);
  if (depth > 2) return '[...]';
  const items = itemsOf(value) ?? [];
  const first = items.slice(0, 4).map((item) => write(item, depth + 1));
  const text = `${first.join(', ')}${items.length > 4 ? ', ...' : ''}`;
  return isSequence(value) ? `[${text}]` : `{${text}}`;
}
