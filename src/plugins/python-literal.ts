/** What a Python literal stands for. Lists and tuples are arrays, None is null; an integer beyond 2^53 is a bigint. */
export type PythonValue = string | number | bigint | boolean | null | readonly PythonValue[];

/** Reports whether a value is a list or a tuple. */
export function isSequence(value: PythonValue | undefined): value is readonly PythonValue[] {
  return Array.isArray(value);
}

/** A text is no Python literal, or none of those that are read. The message says where and why. */
export class PythonLiteralError extends Error {
  override readonly name = 'PythonLiteralError';
}

/** How deeply lists and tuples may be nested. An answer has two levels. */
export const MAX_LITERAL_DEPTH = 16;

/** Longest number that is read: characters. */
const MAX_NUMBER_LENGTH = 400;

const SPACE = /[ \t\r\n\f]*/y;
const STRING = /[uU]?(?:'((?:[^'\\\n]|\\[^])*)'|"((?:[^"\\\n]|\\[^])*)")/y;
const STRING_START = /[uU]?['"]/y;
const WORD = /[+-]?[\w.]+(?:(?<=\d[eE])[+-]\d+)?/y;
const INTEGER = /^[+-]?\d+[lL]?$/;
const FLOAT = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/;
const ESCAPE = /\\(?:x([\da-fA-F]{2})|u([\da-fA-F]{4})|U([\da-fA-F]{8})|(\r\n|[^]))/g;

const WORDS: ReadonlyMap<string, PythonValue> = new Map<string, PythonValue>([
  ['None', null],
  ['True', true],
  ['False', false],
  // What repr() makes of a float that is no number. No literal, but named in the answer's failure.
  ['nan', Number.NaN],
  ['inf', Number.POSITIVE_INFINITY],
  ['-inf', Number.NEGATIVE_INFINITY],
]);

const ESCAPED: Readonly<Record<string, string>> = {
  a: '\x07',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
  v: '\v',
  '\\': '\\',
  "'": "'",
  '"': '"',
  '\n': '',
  '\r\n': '',
};

const MAX_CODE_POINT = 0x10_ff_ff;

/**
 * Parses one Python literal, as `print` writes it in Python 2 and 3: None, booleans, decimal numbers (123L too), strings,
 * lists and tuples; also a tuple without parentheses. Whatever else Python's grammar knows is in no answer and is refused.
 * Its time grows with the length of the text only. Throws a PythonLiteralError.
 */
export function parsePythonLiteral(text: string): PythonValue {
  let at = 0;

  const fail = (problem: string): never => {
    const found = at < text.length ? JSON.stringify(text.slice(at, at + 20)) : 'the end';
    throw new PythonLiteralError(`${problem} at character ${at + 1}, found ${found}`);
  };

  function match(pattern: RegExp): RegExpExecArray | null {
    pattern.lastIndex = at;
    const found = pattern.exec(text);
    if (found !== null) at = pattern.lastIndex;
    return found;
  }

  function value(depth: number): PythonValue {
    const char = text[at];
    if (char === '[' || char === '(') return sequence(depth, char === '[' ? ']' : ')');
    const string = match(STRING);
    if (string !== null) return unescape(string[1] ?? string[2] ?? '');
    if (match(STRING_START) !== null) return fail('expected a string that ends on its line');
    const start = at;
    const found = scalar(match(WORD)?.[0] ?? '');
    if (found !== undefined) return found;
    at = start;
    return fail('expected a Python literal');
  }

  function sequence(depth: number, close: string): PythonValue {
    if (depth >= MAX_LITERAL_DEPTH) fail(`lists are nested more than ${MAX_LITERAL_DEPTH} deep`);
    at++;
    const { items, comma } = itemsUntil(close, depth + 1);
    at++;
    // (1) is a number in parentheses, (1,) a tuple.
    const [only] = items;
    return close === ')' && items.length === 1 && !comma && only !== undefined ? only : items;
  }

  /** Reads items up to the closing character, undefined for the end of the text, and says whether a comma was the last. */
  function itemsUntil(close: string | undefined, depth: number): { items: PythonValue[]; comma: boolean } {
    const items: PythonValue[] = [];
    let comma = false;
    match(SPACE);
    while (text[at] !== close) {
      if (items.length > 0 && !comma)
        fail(close === undefined ? 'expected nothing after the literal' : `expected "," or "${close}"`);
      items.push(value(depth));
      match(SPACE);
      comma = text[at] === ',';
      if (comma) {
        at++;
        match(SPACE);
      }
    }
    return { items, comma };
  }

  function unescape(body: string): string {
    if (!body.includes('\\')) return body;
    return body.replace(ESCAPE, (all: string, x?: string, u?: string, long?: string, other?: string) => {
      const hex = x ?? u ?? long;
      if (hex === undefined) return ESCAPED[other ?? ''] ?? all;
      const code = Number.parseInt(hex, 16);
      return code > MAX_CODE_POINT ? fail(`${all} is no character`) : String.fromCodePoint(code);
    });
  }

  const { items, comma } = itemsUntil(undefined, 0);
  const [first] = items;
  if (first === undefined) return fail('expected a Python literal');
  return items.length === 1 && !comma ? first : items;
}

/** Returns what a word or a number stands for; undefined for any other. */
function scalar(word: string): PythonValue | undefined {
  if (WORDS.has(word)) return WORDS.get(word);
  if (word.length > MAX_NUMBER_LENGTH) return undefined;
  if (INTEGER.test(word)) {
    const digits = word.replace(/[lL]$/, '');
    return digits.length < 16 ? Number(digits) : BigInt(digits);
  }
  return FLOAT.test(word) ? Number(word) : undefined;
}
