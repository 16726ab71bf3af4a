import { expect } from 'chai';
import fc from 'fast-check';
import type { HostScore } from '../../../src/domain/contract.js';
import { encodeScores } from '../../../src/rpc/message/encode-scores.js';
import { policyUnitMethods } from '../../../src/rpc/proto.js';
import { hostId } from '../../support/world.js';

/** The same scores, encoded by the contract's own serializer. */
function encodedByLibrary(scores: readonly HostScore[]): Buffer {
  return policyUnitMethods.ScoreHosts.responseSerialize({
    scores: scores.map(({ hostId, score }) => ({ host_id: hostId, score })),
  });
}

describe('encodeScores', () => {
  for (const score of [
    0, 1, 100, 127, 128, 16_383, 16_384, 2_097_152, 268_435_455, 268_435_456, 2_147_483_647,
  ]) {
    it(`encodes score ${score} to the bytes of the library`, () => {
      const scores = [{ hostId: hostId(1), score }];
      expect(encodeScores(scores)?.toString('hex')).to.equal(encodedByLibrary(scores).toString('hex'));
    });
  }

  it('encodes any scores to the bytes of the library', () => {
    const scores = fc.array(
      fc.record({ hostId: fc.uuid(), score: fc.integer({ min: 0, max: 2_147_483_647 }) }),
    );
    fc.assert(fc.property(scores, (list) => encodeScores(list)?.equals(encodedByLibrary(list)) === true));
  });

  const left: readonly (readonly [title: string, score: HostScore])[] = [
    ['an id of another length', { hostId: 'short', score: 1 }],
    ['an id that is not ASCII', { hostId: 'é'.repeat(36), score: 1 }],
    ['a score below 0', { hostId: hostId(1), score: -1 }],
    ['a score that is no number', { hostId: hostId(1), score: Number.NaN }],
  ];
  for (const [title, score] of left) {
    it(`leaves a list to the library in which one has ${title}`, () => {
      expect(encodeScores([{ hostId: hostId(2), score: 5 }, score])).to.equal(undefined);
    });
  }
});
