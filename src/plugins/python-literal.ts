/** The value of a Python literal. Lists and tuples are arrays, None is null, an integer beyond 2^53 is a bigint. */
export type PythonValue =
  string | number | bigint | boolean | null | readonly PythonValue[] | PythonCollection;

/** A set, or a dict with its keys, which are what Python iterates over. */
export interface PythonCollection {
  readonly items: readonly PythonValue[];
}

/** Reports whether a value is a list or a tuple. */
export function isSequence(value: PythonValue | undefined): value is readonly PythonValue[] {
  return Array.isArray(value);
}

/** Returns what Python iterates over: the items of a list, tuple or set, the keys of a dict; undefined for other values. */
export function itemsOf(value: PythonValue | undefined): readonly PythonValue[] | undefined {
  if (isSequence(value)) return value;
  return typeof value === 'object' && value !== null ? value.items : undefined;
}

/** An error in a Python literal, or an unsupported one. The message has the position and the reason. */
export class PythonLiteralError extends Error {
  override readonly name = 'PythonLiteralError';
}

/** Deepest nesting of lists, tuples, sets and dicts. An answer has two levels. */
export const MAX_LITERAL_DEPTH = 16;

/** Longest number, in characters. */
const MAX_NUMBER_LENGTH = 400;

const SPACE = /(?:[ \t\r\n\f]|#[^\n]*)+/y;
const NUMBER = /\.?\d[\w.]*(?:(?<=\d[eE])[+-]\d+)?/y;
const INTEGER = /^(?:0[xX][\da-fA-F]+|0[oO][0-7]+|0[bB][01]+|\d+(?:_\d+)*)[lL]?$/;
const FLOAT = /^(?:\d+(?:_\d+)*(?:\.(?:\d+(?:_\d+)*)?)?|\.\d+(?:_\d+)*)(?:[eE][+-]?\d+)?$/;
const STRING_START = /(?<prefix>[uUbB]?[rR]?|[rR][bB])(?<quote>'''|"""|'|")/y;
const PREFIXED_STRING = /^(?:[uUbB]?[rR]?|[rR][bB])['"]/;
const EMPTY_SET = /set[ \t]*\([ \t]*\)/y;
const WORD = /[A-Za-z_]\w*/y;
const ESCAPE = /\\(?:x([\da-fA-F]{2})|u([\da-fA-F]{4})|U([\da-fA-F]{8})|([0-7]{1,3})|(\r\n|[^]))/g;

const WORDS: ReadonlyMap<string, PythonValue> = new Map<string, PythonValue>([
  ['None', null],
  ['True', true],
  ['False', false],
  // Printed by repr() for floats that are no numbers. No literals, but named in the answer's failure.
  ['nan', Number.NaN],
  ['inf', Number.POSITIVE_INFINITY],
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
 * Parses a Python literal, as printed by Python 2 and 3: None, booleans, numbers (123L too), strings, bytes, which were
 * strings in Python 2, lists, tuples, even without parentheses, sets and dicts. Complex numbers are in no answer and are
 * refused. Runs in linear time. Throws a PythonLiteralError.
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

  function skipSpace(): void {
    const code = text.charCodeAt(at);
    // Mostly there is one space or none.
    if (code === 0x20) at++;
    else if (code > 0x23) return;
    const next = text.charCodeAt(at);
    if (next <= 0x20 || next === 0x23) match(SPACE);
  }

  function value(depth: number): PythonValue {
    const char = text[at];
    if (char === "'" || char === '"') return string();
    if (char === '[' || char === '(') return sequence(depth, char === '[' ? ']' : ')');
    if (char === '{') return { items: itemsUntil('}', depth).items };
    if (char === 's' && match(EMPTY_SET) !== null) return { items: [] };
    if (char === '-' || char === '+') return signed(char);
    const found = number() ?? word();
    if (found !== undefined) return found;
    return PREFIXED_STRING.test(text.slice(at, at + 3)) ? string() : fail('expected a Python literal');
  }

  function sequence(depth: number, close: string): PythonValue {
    const { items, comma } = itemsUntil(close, depth);
    const [only] = items;
    // (1) is a number in parentheses, (1,) a tuple.
    return close === ')' && items.length === 1 && !comma && only !== undefined ? only : items;
  }

  /** Reads items, and skips the values of a dict. */
  function itemsUntil(
    close: string,
    depth: number,
  ): { readonly items: PythonValue[]; readonly comma: boolean } {
    if (depth >= MAX_LITERAL_DEPTH) fail(`lists are nested more than ${MAX_LITERAL_DEPTH} deep`);
    at++;
    skipSpace();
    const items: PythonValue[] = [];
    let comma = false;
    let isDict = false;
    while (text[at] !== close) {
      if (items.length > 0 && !comma) fail(`expected "," or "${close}"`);
      items.push(value(depth + 1));
      skipSpace();
      if (close === '}' && items.length === 1) isDict = text[at] === ':';
      if (isDict) {
        if (text[at] !== ':') fail('expected ":"');
        at++;
        skipSpace();
        value(depth + 1);
        skipSpace();
      }
      comma = text[at] === ',';
      if (comma) {
        at++;
        skipSpace();
      }
    }
    at++;
    return { items, comma };
  }

  function signed(sign: string): PythonValue {
    at++;
    skipSpace();
    const found = number() ?? word();
    if (typeof found !== 'number' && typeof found !== 'bigint') return fail('expected a number');
    return sign === '-' ? -found : found;
  }

  function number(): number | bigint | undefined {
    const token = match(NUMBER)?.[0];
    if (token === undefined) return undefined;
    const plain = token.length > MAX_NUMBER_LENGTH ? '' : token.replaceAll('_', '');
    if (INTEGER.test(token) && plain !== '') {
      const digits = plain.replace(/[lL]$/, '');
      return digits.length < 16 ? Number(digits) : BigInt(digits);
    }
    if (plain !== '' && FLOAT.test(token)) return Number(plain);
    at -= token.length;
    return fail('expected a number');
  }

  function word(): PythonValue | undefined {
    const start = at;
    const found = WORDS.get(match(WORD)?.[0] ?? '');
    if (found === undefined) at = start;
    return found;
  }

  function string(): string {
    let whole = '';
    for (;;) {
      const start = match(STRING_START)?.groups;
      if (start === undefined) return whole;
      whole += stringBody(start['quote'] ?? '', start['prefix'] ?? '');
      // Adjacent strings are one; in an answer they are rare.
      const end = at;
      skipSpace();
      const next = text.charCodeAt(at);
      if (next !== 0x22 && next !== 0x27) {
        at = end;
        return whole;
      }
    }
  }

  function stringBody(quote: string, prefix: string): string {
    const start = at;
    let end = text.indexOf(quote, start);
    while (end >= 0 && isEscaped(text, start, end)) end = text.indexOf(quote, end + 1);
    if (end < 0) fail('expected the end of a string');
    at = end + quote.length;
    const body = text.slice(start, end);
    if (quote.length === 1 && body.includes('\n') && !body.includes('\\')) {
      at = start;
      fail('a string must end on its line');
    }
    return !body.includes('\\') || /r/i.test(prefix) ? body : unescape(body);
  }

  function unescape(body: string): string {
    return body.replace(
      ESCAPE,
      (all: string, x?: string, u?: string, long?: string, octal?: string, other?: string) => {
        const hex = x ?? u ?? long;
        if (hex !== undefined || octal !== undefined) {
          const code = hex === undefined ? Number.parseInt(octal ?? '', 8) : Number.parseInt(hex, 16);
          return code > MAX_CODE_POINT ? fail(`${all} is no character`) : String.fromCodePoint(code);
        }
        return ESCAPED[other ?? ''] ?? all;
      },
    );
  }

  skipSpace();
  const first = value(0);
  skipSpace();
  if (at === text.length) return first;
  if (text[at] !== ',') return fail('expected nothing after the literal');
  const items = [first];
  while (text[at] === ',') {
    at++;
    skipSpace();
    if (at === text.length) break;
    items.push(value(1));
    skipSpace();
  }
  return at === text.length ? items : fail('expected nothing after the literal');
}

/** Reports whether an odd number of backslashes precedes the quote. */
function isEscaped(text: string, start: number, quote: number): boolean {
  let backslashes = 0;
  while (quote - backslashes > start && text[quote - backslashes - 1] === '\\') backslashes++;
  return backslashes % 2 === 1;
}
