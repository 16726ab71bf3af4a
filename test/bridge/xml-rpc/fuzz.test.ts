import { expect } from 'chai';
import fc from 'fast-check';
import { readCall } from '../../../src/bridge/xml-rpc/reader.js';
import type { XmlRpcValue } from '../../../src/engine-model/value.js';
import { writeCall } from '../../../src/bridge/xml-rpc/writer.js';
import { fuzzOne } from './fuzz-one.js';
import { createRandom, mutate } from './mutation.js';
import { faultOf } from './reading.js';
import { HUGE_BODIES, SEED_BODIES } from './seeds.js';

/** Text that XML can hold. */
const text = fc
  .string({ unit: 'binary', maxLength: 20 })
  .map((any) => any.replace(/(?![\t\n\r])[\p{Cc}\ufffe\uffff]/gu, '?'));

const { value } = fc.letrec<{ value: XmlRpcValue }>((tie) => ({
  value: fc.oneof(
    { depthSize: 'small', maxDepth: 6 },
    fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 }),
    fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
    fc
      .double({ noNaN: true, noDefaultInfinity: true })
      .map((number): XmlRpcValue => ({ kind: 'double', value: number })),
    fc.boolean(),
    text,
    fc.uint8Array({ maxLength: 20 }),
    fc.constant(null),
    fc.array(tie('value'), { maxLength: 5 }),
    fc.array(fc.tuple(text, tie('value')), { maxLength: 5 }).map((members) => new Map(members)),
  ),
}));

describe('fuzzing', function () {
  this.timeout(60_000);

  it('reads what it wrote, whatever the values', () => {
    fc.assert(
      fc.property(fc.array(value, { maxLength: 4 }), (params) => {
        expect(readCall(Buffer.from(writeCall('m', params)))).to.deep.equal({ method: 'm', params });
      }),
      { numRuns: 300 },
    );
  });

  it('answers any bytes with a fault', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        expect(faultOf(() => readCall(bytes)).code).to.be.below(0);
      }),
      { numRuns: 300 },
    );
  });

  it('answers 2,000 mutated bodies with a value or a fault', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 2 ** 32 - 1 }), (seed) => {
        fuzzOne(mutate(SEED_BODIES, createRandom(seed)));
      }),
      { numRuns: 2000 },
    );
  });

  it('answers a huge body of each kind, whole and without its last byte', () => {
    expect(HUGE_BODIES.map((body) => fuzzOne(body))).to.deep.equal(['value', 'value', 'value']);
    expect(HUGE_BODIES.map((body) => fuzzOne(body.subarray(0, -1)))).to.deep.equal([
      'fault',
      'fault',
      'fault',
    ]);
  });

  it('is given bodies that are valid to begin with', () => {
    const kinds = SEED_BODIES.map((body) => fuzzOne(body));
    expect(kinds).to.deep.equal(SEED_BODIES.map(() => 'value'));
    expect(readCall(SEED_BODIES[0]).method).to.equal('m');
  });
});
