import { isScore, MAX_INT32, type Direction, type Migration } from '../domain/contract.js';
import { SchedulingError } from '../domain/errors.js';
import { parseUuid } from '../lib/uuid.js';
import type { AskedHosts } from './host-lists.js';
import { isSequence, parsePythonLiteral, PythonLiteralError, type PythonValue } from './python-literal.js';

/** Longest piece of an answer that a message repeats: characters. A UUID fits, with what surrounds it. */
const MAX_QUOTED_ANSWER = 64;

const MIN_INT32 = -MAX_INT32 - 1;

/** What `print(vm_id, host_ids)` makes of the two in Python 3, as the old samples have it. */
const TWO_ARGUMENTS = /^([0-9a-fA-F-]{36})\s+(?=\[)/;

/**
 * Reads what do_filter printed: a list of host ids. Returns the hosts that it accepts, in the order asked; ids that were
 * not asked for are passed over, as they were when the engine intersected. Throws INTERNAL, so that a plugin which
 * prints nothing or something else rejects no host.
 */
export function readAcceptedHosts(output: Buffer, asked: AskedHosts): string[] {
  const answer = readList(output, 'a list of host ids');
  const accepted = new Set<number>();
  for (const id of answer) {
    if (typeof id !== 'string') throw noAnswer(`expected a host id, got ${shown(id)}`);
    const place = asked.placeOf(id);
    if (place !== undefined) accepted.add(place);
  }
  return asked.ids.filter((_, place) => accepted.has(place));
}

/**
 * Reads what do_balance printed: a VM and the hosts to which it may go, of those asked about; there may be none of them.
 * Nothing printed, None and an empty VM are nothing to do, as the old samples say it. Throws INTERNAL for anything else.
 */
export function readMigration(output: Buffer, asked: AskedHosts): Migration | undefined {
  const text = output.toString().trim();
  if (text === '') return undefined;
  const answer = readLiteral(text.replace(TWO_ARGUMENTS, '"$1", '));
  if (answer === null || answer === '') return undefined;
  const [vm, hosts] = isSequence(answer) ? answer : [];
  if (isSequence(answer) && answer.length === 0) return undefined;
  if (!isSequence(answer) || answer.length !== 2 || !isSequence(hosts))
    throw noAnswer(`expected a VM id and a list of host ids, got ${shown(answer)}`);
  if (vm === null || vm === '') return undefined;
  const vmId = typeof vm === 'string' ? parseUuid(vm) : undefined;
  if (vmId === undefined) throw noAnswer(`expected a VM id, got ${shown(vm ?? null)}`);
  const candidates = new Set<string>();
  for (const id of hosts) {
    if (typeof id !== 'string') throw noAnswer(`expected a host id, got ${shown(id)}`);
    const host = asked.ids[asked.placeOf(id) ?? -1];
    if (host !== undefined) candidates.add(host);
  }
  return { vmId, candidateHostIds: [...candidates] };
}

/**
 * Reads what do_score printed: a list of (host id, number). Floats are rounded down, since the engine takes integers only.
 * A host that is left out gets the worst value of the answer: the old samples leave out hosts that the engine did not
 * find, and a host without a value would be the engine's best. A host that was not asked for is
 * passed over, since an old plugin may print all hosts that it finds. Throws INTERNAL for a host that stands twice,
 * when no host asked for has a number, and for a number that is none or is out of range.
 */
export function readScores(output: Buffer, asked: AskedHosts, direction: Direction): number[] {
  const scores = direction === 'HIGHER_IS_BETTER';
  const usual = scanScores(output, asked);
  if (usual !== undefined && (!scores || usual.every(isScore))) return usual;
  const values = new Array<number | undefined>(asked.ids.length).fill(undefined);
  let worst: number | undefined;
  let given = 0;
  for (const pair of readList(output, 'a list of (host id, number)')) {
    const [id, number] = isSequence(pair) && pair.length === 2 ? pair : [];
    if (typeof id !== 'string' || number === undefined)
      throw noAnswer(`expected (host id, number), got ${shown(pair)}`);
    const place = asked.placeOf(id);
    if (place === undefined) continue;
    if (values[place] !== undefined) throw noAnswer(`host ${shown(id)} stands twice in the answer`);
    const value = readNumber(id, number, scores);
    values[place] = value;
    given++;
    if (worst === undefined || (scores ? value < worst : value > worst)) worst = value;
  }
  if (worst === undefined) {
    if (values.length > 0) throw noAnswer(`it gave none of the ${values.length} hosts a number`);
    return [];
  }
  const fallback = worst;
  return given === values.length ? values.map(Number) : values.map((value) => value ?? fallback);
}

function readNumber(id: string, value: PythonValue, score: boolean): number {
  // A boolean is a number to Python.
  const number =
    typeof value === 'number' || typeof value === 'boolean' || typeof value === 'bigint'
      ? Number(value)
      : undefined;
  const floor = Math.floor(number ?? Number.NaN);
  const fits = score ? isScore(floor) : floor >= MIN_INT32 && floor <= MAX_INT32;
  if (!fits) {
    const range = score ? '0 to 100' : `${MIN_INT32} to ${MAX_INT32}`;
    throw noAnswer(`host ${shown(id)}: expected a number from ${range}, got ${shown(value)}`);
  }
  // Not -0.
  return floor + 0;
}

const DIGIT_0 = 0x30;
const NEWLINE = 0x0a;
const MAX_DIGITS = 9;
const PARENTHESIS = 0x29;
const BRACKET = 0x5d;

/**
 * Reads the usual answer of do_score without taking it apart: a value for every host in the order asked, written as Python
 * writes a list of (id, integer), such as `[('a', 50), ('b', 7)]`. Returns undefined for any other text, which may still
 * be an answer. At 1,000 hosts it takes a twentieth of the time of reading the literal.
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
    // 007 is no number to Python.
    if (digits === 0 || digits > MAX_DIGITS || (digits > 1 && digitAt(printed, start) === 0))
      return undefined;
    values[index] = value;
  }
  const ended = values.length > 0 && printed[at] === PARENTHESIS && printed[at + 1] === BRACKET;
  const rest = printed.length - at - 2;
  return ended && (rest === 0 || (rest === 1 && printed[at + 2] === NEWLINE)) ? values : undefined;
}

/** Returns the digit that stands there, or a number below 0. */
function digitAt(text: Buffer, at: number): number {
  const digit = (text[at] ?? 0) - DIGIT_0;
  return digit <= 9 ? digit : -1;
}

function readList(output: Buffer, expected: string): readonly PythonValue[] {
  const printed = output.toString();
  if (printed.trim() === '') throw noAnswer(`it printed nothing, expected ${expected}`);
  const answer = readLiteral(printed);
  if (!isSequence(answer)) throw noAnswer(`expected ${expected}, got ${shown(answer)}`);
  return answer;
}

function readLiteral(printed: string): PythonValue {
  try {
    return parsePythonLiteral(printed);
  } catch (error) {
    if (!(error instanceof PythonLiteralError)) throw error;
    throw noAnswer(`what it printed is no Python literal: ${error.message}`);
  }
}

/** Makes the error for what is no answer; the plugin's author finds the reason in it. */
function noAnswer(problem: string): SchedulingError {
  return new SchedulingError('INTERNAL', problem);
}

/** Returns a piece of an answer as a message shows it. */
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
  const items = value.slice(0, 4).map((item) => write(item, depth + 1));
  return `[${items.join(', ')}${value.length > 4 ? ', ...' : ''}]`;
}
