import { expect } from 'chai';
import fc from 'fast-check';
import {
  createCollectionSplitter,
  MAX_BODY_BYTES,
  MAX_DEPTH,
  MAX_OBJECT_BYTES,
  MAX_OBJECTS,
  MAX_SKELETON_BYTES,
} from '../../src/inventory/collection-stream.js';

function split(pieces: Iterable<Buffer>) {
  const objects: unknown[] = [];
  const splitter = createCollectionSplitter({
    key: 'vm',
    visit: (object) => objects.push(object),
    oversized: (reason) => expect.fail(reason),
  });
  for (const piece of pieces) splitter.write(piece);
  const { others } = splitter.end();
  return { objects, others };
}

/** Cuts bytes at the given offsets, wherever in the body they fall. */
function cut(bytes: Buffer, borders: readonly number[]): Buffer[] {
  const offsets = [
    0,
    ...borders.map((border) => border % (bytes.length + 1)).sort((a, b) => a - b),
    bytes.length,
  ];
  return offsets.slice(1).map((end, index) => bytes.subarray(offsets[index], end));
}

const object = fc.dictionary(fc.string({ unit: 'binary' }), fc.jsonValue({ maxDepth: 4 }));
const spaces = fc.constantFrom(undefined, 1, 2, '\t', '\r\n  ');

describe('createCollectionSplitter', () => {
  it('gives the objects that JSON.parse gives, whatever stands around them and wherever the chunks end', () => {
    fc.assert(
      fc.property(
        fc.dictionary(fc.string({ unit: 'binary' }), fc.jsonValue({ maxDepth: 4 })),
        fc.array(fc.oneof({ weight: 4, arbitrary: object }, fc.jsonValue())),
        fc.boolean(),
        spaces,
        fc.array(fc.nat(20_000), { maxLength: 30 }),
        (around, elements, first, indent, borders) => {
          const body = first
            ? Object.assign({ vm: elements }, around, { vm: elements })
            : { ...around, vm: elements };
          const text = JSON.stringify(body, undefined, indent);
          const expected = (JSON.parse(text) as { vm: unknown[] }).vm;
          const isObject = (value: unknown) =>
            typeof value === 'object' && value !== null && !Array.isArray(value);
          const { objects, others } = split(cut(Buffer.from(text), borders));
          expect(objects).to.deep.equal(expected.filter(isObject));
          expect(others).to.equal(expected.filter((value) => !isObject(value)).length);
        },
      ),
      { numRuns: 500 },
    );
  });

  it('gives the same objects for every single border, also within UTF-8 sequences and escapes', () => {
    const text = '{"vm":[{"name":"größe \\"]}\\\\","os":{"a":["{","}"]}},{"name":"日本 🐧"}], "x":"[{"}';
    const bytes = Buffer.from(text);
    const expected = (JSON.parse(text) as { vm: unknown[] }).vm;
    for (let border = 0; border <= bytes.length; border += 1) {
      expect(split(cut(bytes, [border])).objects, `border ${border}`).to.deep.equal(expected);
    }
    expect(split([...bytes].map((byte) => Buffer.from([byte]))).objects).to.deep.equal(expected);
  });

  const empty = [
    '{}',
    ' { } ',
    '{"vm":[]}',
    '{"vm": [ ] }',
    '{"vm":null}',
    '{"host":[{"id":"1"}]}',
    '{"VM":[{}]}',
  ];
  for (const text of empty) {
    it(`finds no objects in ${text}`, () => {
      expect(split([Buffer.from(text)])).to.deep.equal({ objects: [], others: 0 });
    });
  }

  it('knows its key however it is spelled, and only as a key of the body itself', () => {
    expect(split([Buffer.from('{"v\\u006d":[{"a":1}]}')]).objects).to.deep.equal([{ a: 1 }]);
    expect(split([Buffer.from('{"x":{"vm":[{"a":1}]},"y":"vm","z":[{"b":2}]}')]).objects).to.deep.equal([]);
  });

  const malformed: readonly (readonly [string, RegExp])[] = [
    // Beside a number, an object must not become a part of it.
    ['{"vm": [{}.5]}', /malformed/],
    ['{"vm": [1{}]}', /malformed/],
    ['{"vm": [-{}]}', /malformed/],
    ['', /cut after 0 bytes/],
    ['   ', /cut after 3 bytes/],
    ['{"vm":[{"a":1},{"b":', /cut after 20 bytes, in or after element 2/],
    ['{"vm":[{"a":1}', /cut/],
    ['{"vm":[{"a":1}]', /cut/],
    ['{"vm":[{"a":"', /cut/],
    ['{"vm":[{"a":1}{"b":2}]}', /what surrounds the elements is not JSON/],
    ['{"vm":[{"a":1},]}', /what surrounds/],
    ['{"vm":[{"a":1 2}]}', /element 1 is not JSON/],
    ['{"vm":[{"a":[1}]}]}', /not JSON/],
    ['{"vm":[{}]}{}', /what surrounds/],
    ['{"vm":[{}]} 0', /what surrounds/],
    ['{"a":1 2,"vm":[]}', /what surrounds/],
    ['{"vm":[]}\v', /what surrounds/],
    [']', /closes that was never opened/],
    ['{"vm":[{}]}]', /closes that was never opened/],
    ['[{"vm":[{}]}]', /no object/],
    ['"vm"', /no object/],
    ['<html></html>', /not JSON/],
    ['{"vm":{"a":[{}]}}', /"vm" is no array/],
    ['{"vm":[{}],"vm":[{}]}', /"vm" is there twice/],
  ];
  for (const [text, message] of malformed) {
    it(`refuses ${JSON.stringify(text)}`, () => {
      expect(() => split([Buffer.from(text)]))
        .to.throw(message)
        .with.property('transient', true);
    });
  }

  it('refuses every body that is cut short', () => {
    const bytes = Buffer.from('{"x":"y","vm":[{"a":"b"},{"c":[1,{"d":2}]}]}');
    for (let length = 0; length < bytes.length; length += 1) {
      expect(() => split([bytes.subarray(0, length)]), `${length} bytes`).to.throw(/cut|malformed/);
    }
  });

  it('refuses bytes that are not UTF-8, in an object and around it', () => {
    const broken = Buffer.from([0xc3, 0x28]);
    const around = (before: string, after: string) => [Buffer.from(before), broken, Buffer.from(after)];
    expect(() => split(around('{"vm":[{"a":"', '"}]}'))).to.throw('element 1 is not UTF-8');
    expect(() => split(around('{"a":"', '","vm":[]}'))).to.throw('what surrounds the elements is not UTF-8');
  });

  for (const step of [1000, 65_536, Infinity]) {
    it(`leaves out an object of more than 1 MiB, and goes on behind it, in chunks of ${step}`, () => {
      const sized = (bytes: number, name: string) => `{"${name}":"${'x'.repeat(bytes - 8)}"}`;
      const fits = sized(MAX_OBJECT_BYTES, 'b');
      const body = Buffer.from(`{"vm":[{"a":"b"},${fits},${sized(MAX_OBJECT_BYTES + 1, 'c')},{"a":"d"}]}`);
      const objects: unknown[] = [];
      const reasons: string[] = [];
      const splitter = createCollectionSplitter({
        key: 'vm',
        visit: (object) => objects.push(object),
        oversized: (reason) => reasons.push(reason),
      });
      for (let at = 0; at < body.length; at += step) splitter.write(body.subarray(at, at + step));
      expect(splitter.end()).to.deep.equal({ others: 0 });
      expect(objects).to.deep.equal([{ a: 'b' }, JSON.parse(fits), { a: 'd' }]);
      expect(reasons).to.deep.equal(['vm number 3 has more than 1048576 bytes']);
    });
  }

  const nested = (depth: number) => `{"vm":[{"a":${'['.repeat(depth - 3)}${']'.repeat(depth - 3)}}]}`;
  const around = (bytes: number) => `{"x":"${'x'.repeat(bytes - 16)}","vm":[]}`;
  const many = (count: number) => `{"vm":[${Array(count).fill('{}').join()}]}`;
  const limits: readonly (readonly [string, string, string])[] = [
    ['250,000 objects', many(MAX_OBJECTS), many(MAX_OBJECTS + 1)],
    ['2 MiB around the objects', around(MAX_SKELETON_BYTES), around(MAX_SKELETON_BYTES + 1)],
    ['64 levels', nested(MAX_DEPTH), nested(MAX_DEPTH + 1)],
    ['64 levels beside the objects', `{"x":${'['.repeat(63)}${']'.repeat(63)}}`, `{"x":${'['.repeat(64)}`],
  ];
  for (const [limit, fits, exceeds] of limits) {
    it(`takes ${limit}, and no more`, () => {
      expect(() => split([Buffer.from(fits)])).not.to.throw();
      expect(() => split([Buffer.from(exceeds)]))
        .to.throw(/the limit of this service/)
        .with.property('transient', false);
    });
  }

  it('gives up at 4 GiB, before it looks at what is too much', () => {
    const begun = Buffer.from('{"vm":[');
    // Never written to, so that the system need not find that much memory.
    const rest = Buffer.allocUnsafeSlow(MAX_BODY_BYTES - begun.length + 1);
    expect(() => split([begun, rest])).to.throw(/has more than 4294967296 bytes, the limit of this service/);
  });

  it('counts white space between elements once, so that indentation costs nothing', () => {
    const element = `{}${' '.repeat(20)},`;
    const body = `{"vm":[${element.repeat(200_000)}{}]}`;
    expect(body.length).to.be.above(2 * MAX_SKELETON_BYTES);
    expect(split([Buffer.from(body)]).objects).to.have.length(200_001);
  });
});
