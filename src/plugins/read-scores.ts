import { isScore, MAX_INT32, type Direction } from '../domain/contract.js';
import { AnswerError, readLiteral, shown } from './answer-error.js';
import type { AskedHosts } from './asked-hosts.js';
import { scanScores } from './scan-scores.js';
import { isSequence, type PythonValue } from './python-literal.js';

const MIN_INT32 = -MAX_INT32 - 1;

/**
 * Reads what do_score printed: a list of (host id, number). Floats are rounded down, since the engine takes integers only.
 * A host that is left out gets the worst value of the answer: the old samples leave out hosts that the engine did not
 * find, and a host without a value would be the engine's best. A host that was not asked for is
 * passed over, since an old plugin may print all hosts that it finds. Throws an AnswerError for a host that stands twice,
 * when no host asked for has a number, and for a number that is none or is out of range.
 */
export function readScores(output: Buffer, asked: AskedHosts, direction: Direction): number[] {
  const scores = direction === 'HIGHER_IS_BETTER';
  const usual = scanScores(output, asked);
  if (usual !== undefined && (!scores || usual.every(isScore))) return usual;
  const printed = output.toString();
  if (printed.trim() === '')
    throw new AnswerError('it printed nothing, expected a list of (host id, number)');
  const answer = readLiteral(printed);
  if (!isSequence(answer))
    throw new AnswerError(`expected a list of (host id, number), got ${shown(answer)}`);
  const values = new Array<number | undefined>(asked.ids.length).fill(undefined);
  let worst: number | undefined;
  let given = 0;
  for (const pair of answer) {
    const [id, number] = isSequence(pair) && pair.length === 2 ? pair : [];
    if (typeof id !== 'string' || number === undefined)
      throw new AnswerError(`expected (host id, number), got ${shown(pair)}`);
    const index = asked.indexOf(id);
    if (index === undefined) continue;
    if (values[index] !== undefined) throw new AnswerError(`host ${shown(id)} stands twice in the answer`);
    const value = readNumber(id, number, scores);
    values[index] = value;
    given++;
    if (worst === undefined || (scores ? value < worst : value > worst)) worst = value;
  }
  if (worst === undefined) {
    if (values.length > 0) throw new AnswerError(`it gave none of the ${values.length} hosts a number`);
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
    throw new AnswerError(`host ${shown(id)}: expected a number from ${range}, got ${shown(value)}`);
  }
  // Not -0.
  return floor + 0;
}
