import { expect } from 'chai';
import fc from 'fast-check';
import { SchedulingError } from '../../src/domain/errors.js';
import { readAcceptedHosts, readMigration, readScores, scanScores } from '../../src/plugins/answers.js';
import { askedHosts } from '../../src/plugins/host-lists.js';
import { failureText, MAX_FAILURE_LENGTH, PYTHON_2_HINT } from '../../src/plugins/plugin-process.js';
import { hostId, vmId } from '../support/world.js';

const [A, B, C] = [hostId(1), hostId(2), hostId(3)] as const;
const asked = askedHosts([A, B, A, C]);
const bytes = (text: string): Buffer => Buffer.from(text);

describe('readScores', () => {
  const answers: readonly (readonly [printed: string, values: readonly number[]])[] = [
    [`[('${A}', 1), ('${B}', 2), ('${C}', 3)]\n`, [1, 2, 3]],
    [`[('${C}', 3), ('${A}', 1), ('${B}', 2)]`, [1, 2, 3]],
    [`(("${A}", 1), ["${B}", 2], ('${C}', 3),)`, [1, 2, 3]],
    [`[('${A}', 1.999), ('${B}', -1.5), ('${C}', -0.0)]`, [1, -2, 0]],
    [`[('${A}', 2147483647), ('${B}', -2147483648), ('${C}', 0)]`, [2_147_483_647, -2_147_483_648, 0]],
    [`[('${B}', 7)]`, [7, 7, 7]],
    [`[('${B}', -7), ('${A}', -9)]`, [-9, -7, -7]],
    [`[('x', 99), ('${A}', 1), ('y', None), ('${B}', 2), ('x', 98), ('${C}', 3)]`, [1, 2, 3]],
    [`[('x', 99), ('${A}', 1)]`, [1, 1, 1]],
    [`{('${A}', 1), ('${C}', 3), ('${B}', 2)}`, [1, 2, 3]],
    [`{('${A}', 1): None, ('${C}', 3): [], ('${B}', 2): {}}`, [1, 2, 3]],
    [`[('${A}', 1.5), ('${B}', 2), ('${A}', 1.5), ('${C}', 9), ('${B}', -4)]`, [3, -2, 9]],
    [`[('x', 1), ('x', 2), ('${A}', 1), ('${A.toUpperCase()}', 2)]`, [3, 3, 3]],
    [`[(b'${A}', True), (u'${B}', 5L), (br'${C}', 3)]`, [1, 5, 3]],
  ];
  for (const [printed, values] of answers) {
    it(`reads ${printed.replaceAll('-0000-4000-8000-', '..')} as ${values.join(', ')}`, () => {
      expect(readScores(bytes(printed), asked, 'LOWER_IS_BETTER')).to.deep.equal(values);
    });
  }

  const refused: readonly (readonly [printed: string, problem: string])[] = [
    ['', 'it printed nothing'],
    ['[]', 'it gave none of the 3 hosts a number'],
    ['5', 'expected a list of (host id, number), got 5'],
    [`('${A}', 5)`, 'expected (host id, number), got "aaaaaaaa'],
    [`[('${A}',)]`, 'expected (host id, number), got ["aaaaaaaa'],
    [`[('${A}', None)]`, 'got None'],
    [`[('${A}', '5')]`, 'got "5"'],
    [`[('${A}', 2147483648)]`, 'got 2147483648'],
    [`[('${A}', 99999999999999999999)]`, 'got 99999999999999999999'],
    [`[('${A}', 2147483647), ('${A}', 1)]`, 'got 2147483648'],
    [`[('x', 1)]`, 'it gave none of the 3 hosts a number'],
    [`{'${A}': 1}`, 'expected (host id, number), got "aaaaaaaa'],
    [`[{'${A}', 1}]`, 'expected (host id, number), got {"aaaaaaaa'],
    ['1j', 'no Python literal'],
  ];
  for (const [printed, problem] of refused) {
    it(`refuses ${JSON.stringify(printed.slice(0, 60))}: ${problem}`, () => {
      expect(() => readScores(bytes(printed), asked, 'LOWER_IS_BETTER')).to.throw(SchedulingError, problem);
    });
  }

  for (const [number, fits] of [
    [0, true],
    [100, true],
    [100.9, true],
    [101, false],
    [-0.1, false],
  ] as const) {
    it(`as a score, ${number} ${fits ? 'fits' : 'is refused'}`, () => {
      const read = () =>
        readScores(bytes(`[('${A}', ${number}), ('${B}', 5), ('${C}', 5)]`), asked, 'HIGHER_IS_BETTER');
      if (fits) expect(read()).to.deep.equal([Math.floor(number), 5, 5]);
      else expect(read).to.throw(SchedulingError, 'expected a number from 0 to 100');
    });
  }

  it('answers nothing for no hosts', () => {
    expect(readScores(bytes('[]'), askedHosts([]), 'LOWER_IS_BETTER')).to.deep.equal([]);
  });
});

describe('scanScores', () => {
  it('reads what Python prints for every host in the order asked', () => {
    expect(scanScores(bytes(`[('${A}', 50), ('${B}', 0), ('${C}', 999999999)]\n`), asked)).to.deep.equal([
      50, 0, 999_999_999,
    ]);
  });

  it('reads no answer that ends early', () => {
    const whole = `[('${A}', 50), ('${B}', 0), ('${C}', 7)]`;
    for (let length = 0; length < whole.length; length++) {
      expect(scanScores(bytes(whole.slice(0, length)), asked), String(length)).to.equal(undefined);
    }
    expect(scanScores(bytes('[]'), askedHosts([]))).to.equal(undefined);
  });

  it('agrees with the whole reader on every text that it reads', () => {
    const good = `[('${A}', 50), ('${B}', 7), ('${C}', 120)]\n`;
    const change = fc.record({
      at: fc.nat(good.length),
      cut: fc.nat(2),
      insert: fc.constantFrom('', '0', '-', '.', ' ', "'", '(', ')', ',', ']', 'x', '\n', '1'),
    });
    fc.assert(
      fc.property(change, ({ at, cut, insert }) => {
        const text = good.slice(0, at) + insert + good.slice(at + cut);
        const scanned = scanScores(bytes(text), asked);
        if (scanned === undefined) return;
        // In another order than that of the scan, so that the whole reader can't take its short cut.
        const reordered = askedHosts([C, A, B]);
        const [c, a, b] = readScores(bytes(text), reordered, 'LOWER_IS_BETTER');
        expect([a, b, c]).to.deep.equal(scanned);
      }),
      { numRuns: 2000 },
    );
  });
});

describe('readAcceptedHosts', () => {
  const answers: readonly (readonly [printed: string, accepted: readonly string[]])[] = [
    [`['${C}', '${A}']`, [A, C]],
    [`('${B.toUpperCase()}',)`, [B]],
    ['[]', []],
    [`['${A}', '${A}', '${hostId(99)}']`, [A]],
    [`{'${C}', '${A}'}`, [A, C]],
    [`{'${C}': 1, '${A}': {'why': [None]}}`, [A, C]],
    ['set()', []],
    ['{}', []],
    [`[b'${A}']`, [A]],
  ];
  for (const [printed, accepted] of answers) {
    it(`reads ${printed} as ${accepted.length} hosts`, () => {
      expect(readAcceptedHosts(bytes(printed), asked)).to.deep.equal(accepted);
    });
  }
  for (const [printed, problem] of [
    ['', 'it printed nothing'],
    ['None', 'expected a list of host ids, got None'],
    ['[5]', 'expected a host id, got 5'],
    [`'${A}'`, 'expected a list of host ids, got "'],
    ['frozenset()', 'no Python literal'],
    [`set(['${A}'])`, 'no Python literal'],
    ["[{'a': 1}]", 'expected a host id, got {"a"}'],
  ] as const) {
    it(`refuses ${JSON.stringify(printed)}: ${problem}`, () => {
      expect(() => readAcceptedHosts(bytes(printed), asked)).to.throw(SchedulingError, problem);
    });
  }
});

describe('readMigration', () => {
  const move = { vmId: vmId(1), candidateHostIds: [B, A] };
  const answers = [
    [`('${vmId(1)}', ['${B}', '${A}'])`, move],
    [`['${vmId(1).toUpperCase()}', ('${B}', '${A}', '${B}')]`, move],
    [`'${vmId(1)}', ['${B}', '${A}']`, move],
    [`${vmId(1)} ['${B}', '${A}']`, move],
    [`('${vmId(1)}', ['${B}', '${hostId(99)}', '${A}'])`, move],
    [`('${vmId(1)}', {'${B}', '${A}'})`, move],
    [`${vmId(1)} {'${B}': 1, '${A}': 2}`, move],
    [`('${vmId(1)}', ['${B}', '${A}'], 'because')`, move],
    [`('${vmId(1)}', [])`, { vmId: vmId(1), candidateHostIds: [] }],
    [`('${vmId(1)}', ['${hostId(99)}'])`, { vmId: vmId(1), candidateHostIds: [] }],
    ["('', [])", undefined],
    ['(None, [])', undefined],
    ['[]', undefined],
    ['None', undefined],
    ["''", undefined],
    [' \n', undefined],
  ] as const;
  for (const [printed, migration] of answers) {
    it(`reads ${JSON.stringify(printed)} as ${migration === undefined ? 'nothing to do' : 'a migration'}`, () => {
      expect(readMigration(bytes(printed), asked)).to.deep.equal(migration);
    });
  }
  for (const [printed, problem] of [
    [`('x', ['${A}'])`, 'expected a VM id, got "x"'],
    [`(5, ['${A}'])`, 'expected a VM id, got 5'],
    [`('${vmId(1)}',)`, 'expected a VM id and a list of host ids'],
    [`('${vmId(1)}', '${A}')`, 'expected a VM id and a list of host ids'],
    [`('${vmId(1)}', [5])`, 'expected a host id, got 5'],
    ['5', 'expected a VM id and a list of host ids, got 5'],
    [`${vmId(1)} 5`, 'no Python literal'],
  ] as const) {
    it(`refuses ${JSON.stringify(printed)}: ${problem}`, () => {
      expect(() => readMigration(bytes(printed), asked)).to.throw(SchedulingError, problem);
    });
  }
});

describe('failureText', () => {
  for (const [stderr, text] of [
    ['', ''],
    ['one\ntwo\n', 'one two'],
    [
      'Traceback (most recent call last):\n  File "x.py", line 1, in f\n    secret\nValueError: no\n',
      'ValueError: no',
    ],
    ['\x1b[31mred\x00\n', '[31mred'],
    ['TabError: no\n', `TabError: no${PYTHON_2_HINT}`],
    [
      "ModuleNotFoundError: No module named 'urllib2'\n",
      `ModuleNotFoundError: No module named 'urllib2'${PYTHON_2_HINT}`,
    ],
    ["ModuleNotFoundError: No module named 'yaml'\n", "ModuleNotFoundError: No module named 'yaml'"],
    ['MyNameError: no\n', 'MyNameError: no'],
    ['x'.repeat(MAX_FAILURE_LENGTH), 'x'.repeat(MAX_FAILURE_LENGTH)],
    [`first${'x'.repeat(MAX_FAILURE_LENGTH)}`, `...${'x'.repeat(MAX_FAILURE_LENGTH)}`],
  ] as const) {
    it(`makes ${JSON.stringify(text.slice(0, 30))} of ${JSON.stringify(stderr.slice(0, 30))}`, () => {
      expect(failureText(stderr)).to.equal(text);
    });
  }
});
