import { expect } from 'chai';
import { quoted } from '../../src/lib/text.js';

describe('quoted', () => {
  const cases: readonly (readonly [text: string, shown: string])[] = [
    ['say "hi"\n', String.raw`"say \"hi\"\n"`],
    ['\u001b[31m', String.raw`"\u001b[31m"`],
    ['a\u009b\u007f\u2028\uffffb', '"a\ufffd\ufffd\ufffd\ufffdb"'],
    ['\ud800', String.raw`"\ud800"`],
    ['\u{1f600}', '"\u{1f600}"'],
    ['x'.repeat(60), `"${'x'.repeat(60)}"`],
    ['x'.repeat(61), `"${'x'.repeat(60)}"...`],
  ];
  for (const [text, shown] of cases) {
    it(`${JSON.stringify(text)} is shown as ${JSON.stringify(shown)}`, () =>
      expect(quoted(text)).to.equal(shown));
  }
});
