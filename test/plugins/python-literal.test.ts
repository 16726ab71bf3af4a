import { expect } from 'chai';
import fc from 'fast-check';
import { execFileSync } from 'node:child_process';
import {
  MAX_LITERAL_DEPTH,
  parsePythonLiteral,
  PythonLiteralError,
  type PythonValue,
} from '../../src/plugins/python-literal.js';
import { describeWithPython, PYTHON } from './with-python.js';

const LITERALS: readonly (readonly [text: string, value: PythonValue])[] = [
  ['None', null],
  ['True', true],
  ['False', false],
  ['5', 5],
  ['-5', -5],
  ['+ 5', 5],
  ['1_000', 1000],
  ['0x1F', 31],
  ['0o17', 15],
  ['0b101', 5],
  ['123L', 123],
  ['2147483648', 2_147_483_648],
  ['123456789012345678901234567890', 123_456_789_012_345_678_901_234_567_890n],
  ['-123456789012345678901234567890', -123_456_789_012_345_678_901_234_567_890n],
  ['12.9', 12.9],
  ['.5', 0.5],
  ['5.', 5],
  ['1e3', 1000],
  ['1.5E-3', 0.0015],
  ['1e+2', 100],
  ["'it'", 'it'],
  ['"it\'s"', "it's"],
  ["'\"it\\'s\"'", '"it\'s"'],
  ["u'id'", 'id'],
  ["r'a\\n'", 'a\\n'],
  ["'''a\nb'''", 'a\nb'],
  ['""', ''],
  ["'a' 'b'", 'ab'],
  ["'\\x41\\u00fc\\U0001f600\\101\\t\\\\'", 'Aü😀A\t\\'],
  ["'\\q'", '\\q'],
  ["'größer ✓'", 'größer ✓'],
  ["'\\\\'", '\\'],
  ['[]', []],
  ['()', []],
  ['(1)', 1],
  ['(1,)', [1]],
  ['1, 2', [1, 2]],
  ['1,', [1]],
  ['[(1, 2), [3], (), ]', [[1, 2], [3], []]],
  ['  [ 1 ,\n 2 ] # two\n', [1, 2]],
  ["('vm', ['h1', 'h2'])", ['vm', ['h1', 'h2']]],
  ['[None, True]', [null, true]],
  ["b'id'", 'id'],
  ["rb'a\\n'", 'a\\n'],
  ["ur'a\\n'", 'a\\n'],
  ['{1, 2, }', { items: [1, 2] }],
  ['{}', { items: [] }],
  ['set()', { items: [] }],
  ["{'a': 1, ('b', 2): [3, {}], }", { items: ['a', ['b', 2]] }],
  ['[{1}, set()]', [{ items: [1] }, { items: [] }]],
];

const REFUSED: readonly (readonly [text: string, problem: string])[] = [
  ['', 'expected a Python literal at character 1, found the end'],
  ['[1', 'expected "," or "]" at character 3, found the end'],
  ['[1 2]', 'expected "," or "]" at character 4, found "2]"'],
  ['[,]', 'expected a Python literal at character 2, found ",]"'],
  ['[1,,]', 'expected a Python literal at character 4, found ",]"'],
  ['(1]', 'expected "," or ")" at character 3, found "]"'],
  ['{1: 2, 3}', 'expected ":" at character 9, found "}"'],
  ['{1, 2: 3}', 'expected "," or "}" at character 6, found ": 3}"'],
  ['{1: }', 'expected a Python literal at character 5'],
  ['{, 1}', 'expected a Python literal at character 2'],
  ['{**1}', 'expected a Python literal at character 2'],
  ["set(['id'])", 'expected a Python literal at character 1'],
  ["bu'id'", 'expected a Python literal at character 1'],
  ['1j', 'expected a number at character 1'],
  ['hello', 'expected a Python literal at character 1, found "hello"'],
  ["UUID('x')", 'expected a Python literal'],
  ['[1] [2]', 'expected nothing after the literal at character 5'],
  ['[1]\n[2]', 'expected nothing after the literal at character 5'],
  ["'open", 'expected the end of a string'],
  ["'a\nb'", 'a string must end on its line'],
  ['12abc', 'expected a number at character 1'],
  ['1__0', 'expected a number'],
  ['-', 'expected a number at character 2'],
  ["-'a'", 'expected a number'],
  ['1.2.3', 'expected a number'],
  ["'\\U00110000'", 'is no character'],
  ['{'.repeat(17), 'lists are nested more than 16 deep at character 17'],
  ['['.repeat(17), 'lists are nested more than 16 deep at character 17'],
  ['1'.repeat(401), 'expected a number'],
];

describe('parsePythonLiteral', () => {
  for (const [text, value] of LITERALS) {
    it(`reads ${JSON.stringify(text)}`, () => {
      expect(parsePythonLiteral(text)).to.deep.equal(value);
    });
  }

  for (const [text, problem] of REFUSED) {
    it(`refuses ${JSON.stringify(text.slice(0, 20))}: ${problem}`, () => {
      expect(() => parsePythonLiteral(text)).to.throw(PythonLiteralError, problem);
    });
  }

  it(`reads lists nested ${MAX_LITERAL_DEPTH} deep, and what is no number of a float's`, () => {
    const deep = '['.repeat(MAX_LITERAL_DEPTH) + ']'.repeat(MAX_LITERAL_DEPTH);
    expect(JSON.stringify(parsePythonLiteral(deep))).to.equal(deep);
    expect(parsePythonLiteral('[nan, -inf]')).to.deep.equal([Number.NaN, Number.NEGATIVE_INFINITY]);
  });

  // Each would take minutes if its time grew with the square of its length.
  for (const [title, text] of [
    ['digits', '1'.repeat(1_000_000) + 'x'],
    ['backslashes', `'${'\\'.repeat(1_000_001)}`],
    ['quotes', `'${"\\'".repeat(500_000)}`],
    ['blanks', `[${' '.repeat(1_000_000)}x`],
    ['strings', "'' ".repeat(300_000) + 'x'],
  ] as const) {
    it(`refuses a million ${title} soon`, () => {
      expect(() => parsePythonLiteral(text)).to.throw(PythonLiteralError);
    });
  }

  it('throws nothing but its own error, whatever it is given', () => {
    const pieces = fc.constantFrom(
      '[',
      ']',
      '(',
      ')',
      ',',
      "'",
      '"',
      '\\',
      '1',
      '.',
      'e',
      '-',
      ' ',
      '\n',
      'u',
      'None',
      'x',
      '#',
    );
    fc.assert(
      fc.property(fc.array(pieces, { maxLength: 30 }), (parts) => {
        try {
          parsePythonLiteral(parts.join(''));
        } catch (error) {
          expect(error).to.be.instanceOf(PythonLiteralError);
        }
      }),
    );
  });
});

describeWithPython('parsePythonLiteral beside Python', () => {
  const leaf = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.integer(),
    fc.double({ noNaN: true, noDefaultInfinity: true, noInteger: true }),
    fc.boolean(),
    fc.constant(null),
  );
  const { value } = fc.letrec<{ value: unknown }>((tie) => ({
    value: fc.oneof({ maxDepth: 4 }, leaf, fc.array(tie('value'), { maxLength: 5 })),
  }));

  it('reads back what repr() writes, lists and tuples', () => {
    const values = fc.sample(value, 300);
    for (const [index, line] of printedBy('print(json.dumps([repr(value), repr(tuples(value))]))', values)) {
      const texts = JSON.parse(line) as string[];
      for (const text of texts) expect(parsePythonLiteral(text), text).to.deep.equal(values[index]);
    }
  });

  it('reads of sets and dicts what Python iterates over', () => {
    const values = fc.sample(fc.array(fc.oneof(leaf, fc.array(leaf)), { maxLength: 5 }), 300);
    const script = [
      'for made in (set(map(tuples, value)), {tuples(key): value for key in value}):',
      '    print(json.dumps([repr(made), list(made)]))',
    ];
    for (const [, line] of printedBy(script.join('\n    '), values)) {
      const [text, items] = JSON.parse(line) as [string, unknown[]];
      expect(parsePythonLiteral(text), text).to.deep.equal({ items });
    }
  });

  /** Runs a line of Python for each value, and returns what it printed. */
  function printedBy(line: string, values: readonly unknown[]): (readonly [number, string])[] {
    const script = [
      'import json, sys',
      'tuples = lambda value: tuple(map(tuples, value)) if isinstance(value, list) else value',
      `for value in json.load(sys.stdin):\n    ${line}`,
    ].join('\n');
    const printed = execFileSync(PYTHON ?? 'python3', ['-c', script], {
      input: JSON.stringify(values),
      encoding: 'utf8',
    });
    return [...printed.trim().split('\n').entries()];
  }
});
