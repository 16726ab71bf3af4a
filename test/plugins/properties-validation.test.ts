import { expect } from 'chai';
import { parsePropertiesValidation } from '../../src/plugins/properties-validation.js';

const TEXTS: readonly (readonly [
  text: string,
  properties: Readonly<Record<string, string>>,
  problem?: string,
])[] = [
  ['', {}],
  ['  ', {}],
  ['{}', {}],
  ['maximum_vm_count=[0-9]*', { maximum_vm_count: '[0-9]*' }],
  ['a=1|2;b=x', { a: '1|2', b: 'x' }],
  ['a=1;b=2;', { a: '1', b: '2' }],
  ['a=;b=2', { a: '', b: '2' }],
  ['a= 1 ;b=2', { a: ' 1 ', b: '2' }],
  ['a=[0-9]{1,3};b=(x|y=z)', { a: '[0-9]{1,3}', b: '(x|y=z)' }],
  ['a=[^;]+;b=2', { b: '2' }, 'a: the engine splits at ";", so that the regex "[^;]+" can\'t hold one'],
  ['a=;;b=2', { b: '2' }, 'a: the engine splits'],
  ['{cpu = [0-9]}', { cpu: '[0-9]' }],
  ['{ cpu = [0-9]  }', { cpu: '[0-9]' }],
  ['{a = 1, b = 2}', { a: '1', b: '2' }],
  ['{a=1,b=2,}', { a: '1', b: '2' }],
  ['{a = \\d{1,3}, b = [,=}]+, c = (x, y=z)}', { a: '\\d{1,3}', b: '[,=}]+', c: '(x, y=z)' }],
  ['{a = x, y, b = 2}', { a: 'x, y', b: '2' }],
  ['{a = 😀[,], b = 2}', { a: '😀[,]', b: '2' }],
  ['{a = \\[, b = \\,c=3}', { a: '\\[', b: '\\,c=3' }],
  ['{a = [;]}', {}, 'a: the engine splits'],
  ['no key', {}, 'expected key=regex with a key of letters, digits and _, got "no key"'],
  ['a-b=1', {}, 'got "a-b=1"'],
  ['=1', {}, 'got "=1"'],
  ['a=1;a=2', { a: '1' }, 'a: duplicate property'],
  ['x'.repeat(100), {}, `got "${'x'.repeat(60)}"...`],
];

describe('parsePropertiesValidation', () => {
  for (const [text, expected, problem] of TEXTS) {
    it(`reads ${JSON.stringify(text.slice(0, 50))} as ${JSON.stringify(expected)}${problem === undefined ? '' : ', with a problem'}`, () => {
      const { properties, problems } = parsePropertiesValidation(text);
      expect(Object.fromEntries(properties.map(({ name, pattern }) => [name, pattern]))).to.deep.equal(
        expected,
      );
      expect(problems).to.have.length(problem === undefined ? 0 : 1);
      if (problem !== undefined) expect(problems[0]).to.include(problem);
    });
  }
});
