import { expect } from 'chai';
import { prettyJson, type JsonValue } from '../../src/simulator/json.js';

const cases: readonly { readonly value: JsonValue; readonly depth?: number; readonly text: string }[] = [
  { value: {}, text: '{ }' },
  { value: [], text: '[ ]' },
  { value: null, text: 'null' },
  { value: 'a "b"\n', text: '"a \\"b\\"\\n"' },
  { value: { a: 1, b: undefined, c: true }, text: '{\n  "a" : 1,\n  "c" : true\n}' },
  {
    value: { vm: [{ id: '1' }, { id: '2' }] },
    text: '{\n  "vm" : [ {\n    "id" : "1"\n  }, {\n    "id" : "2"\n  } ]\n}',
  },
  { value: { a: {} }, depth: 1, text: '{\n    "a" : { }\n  }' },
];

describe('prettyJson', () => {
  for (const { value, depth, text } of cases) {
    it(`writes ${JSON.stringify(value)} at depth ${depth ?? 0} as the engine does`, () => {
      expect(prettyJson(value, depth)).to.equal(text);
    });
  }
});
