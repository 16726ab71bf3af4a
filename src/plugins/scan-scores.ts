import type { AskedHosts } from './asked-hosts.js';

const DIGIT_0 = 0x30;
const NEWLINE = 0x0a;
const MAX_DIGITS = 9;
const PARENTHESIS = 0x29;
const BRACKET = 0x5d;

/**
 * Reads the usual answer of do_score without taking it apart: a value for every host in the order asked, written as Python
 * writes a list of (id, integer), such as `[('a', 50), ('b', 7)]`. Undefined for any other text, which may still be an
 * answer. At 1,000 hosts it takes a twentieth of the time of reading the literal.
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

/** The digit that stands there, or a number below 0. */
function digitAt(text: Buffer, at: number): number {
  const digit = (text[at] ?? 0) - DIGIT_0;
  return digit <= 9 ? digit : -1;
}
