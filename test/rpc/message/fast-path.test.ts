import { expect } from 'chai';
import fc from 'fast-check';
import type { HostScore } from '../../../src/domain/contract.js';
import {
  decodeScores,
  encodeExplainedScores,
  encodeHostIds,
  encodeScores,
} from '../../../src/rpc/message/fast-path.js';
import { writeStreamedScores } from '../../../src/rpc/message/write-response.js';
import { policyUnitMethods } from '../../../src/rpc/proto.js';
import { hostId } from '../../support/world.js';

const [H1, H2, H3] = [hostId(1), hostId(2), hostId(3)] as const;
const { requestSerialize } = policyUnitMethods.ScoreHosts;
const { responseSerialize } = policyUnitMethods.ScoreHosts;

/** The same scores, encoded by the contract's own serializer. */
function encodedByLibrary(scores: readonly HostScore[]): Buffer {
  return policyUnitMethods.ScoreHosts.responseSerialize({
    scores: scores.map(({ hostId, score }) => ({ host_id: hostId, score })),
  });
}

describe('writeStreamedScores', () => {
  for (const [hosts, bytes] of [
    [0, 0],
    [3, 126],
    [4, 168],
    [400, 16_800],
  ] as const) {
    it(`encodes ${hosts} scores, ${bytes} bytes, to the bytes of the library`, () => {
      const scores = Array.from({ length: hosts }, (_, n) => ({ hostId: hostId(n), score: 100 }));
      expect(encodedByLibrary(scores).length).to.equal(bytes);
      const written = writeStreamedScores('r-1', { scores, unitResults: [], unknownHostIds: [] });
      const byLibrary = policyUnitMethods.StreamScoreHosts.responseSerialize({
        request_id: 'r-1',
        response: { scores: scores.map(({ hostId, score }) => ({ host_id: hostId, score })) },
      });
      expect(written.toString('hex')).to.equal(byLibrary.toString('hex'));
    });
  }
});

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
    ['an id with one character that is not ASCII', { hostId: `${'a'.repeat(35)}\u20ac`, score: 1 }],
    ['a score below 0', { hostId: hostId(1), score: -1 }],
    ['a score that is no number', { hostId: hostId(1), score: Number.NaN }],
  ];
  for (const [title, score] of left) {
    it(`leaves a list to the library in which one has ${title}`, () => {
      expect(encodeScores([{ hostId: hostId(2), score: 5 }, score])).to.equal(undefined);
      expect(encodeScores([score, { hostId: hostId(2), score: 5 }])).to.equal(undefined);
    });
  }
});

describe('encodeExplainedScores', () => {
  const names = ['h1', undefined, 'hé'];
  const text = fc.string({ unit: 'grapheme' });
  const aScore = fc.record({
    hostId: fc.oneof(fc.uuid(), text),
    score: fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 }),
  });
  const reasons = fc.array(fc.record({ unit: text, text }), { maxLength: 3 });

  it('encodes any scores with any names and reasons to the bytes of the library', () => {
    fc.assert(
      fc.property(fc.array(aScore), fc.array(reasons, { minLength: 1 }), (scores, given) => {
        const explanation = {
          hostName: (place: number) => names[place % names.length],
          reasons: (place: number) => given[place % given.length] ?? [],
        };
        const byLibrary = policyUnitMethods.ScoreHosts.responseSerialize({
          scores: scores.map(({ hostId, score }, place) => {
            const name = explanation.hostName(place);
            return {
              ...{ host_id: hostId, score, reasons: explanation.reasons(place) },
              ...(name === undefined ? {} : { host_name: name }),
            };
          }),
        });
        expect(encodeExplainedScores(scores, explanation)).to.deep.equal(byLibrary);
      }),
    );
  });
});

describe('encodeHostIds', () => {
  it('encodes any ids to the bytes of the library, for all three requests', () => {
    fc.assert(
      fc.property(fc.array(fc.uuid()), (ids) => {
        const bytes = encodeHostIds(ids);
        for (const name of ['ScoreHosts', 'FilterHosts', 'BalanceHosts'] as const) {
          expect(bytes?.toString('hex')).to.equal(
            policyUnitMethods[name].requestSerialize({ host_ids: ids }).toString('hex'),
          );
        }
      }),
    );
  });

  it('encodes a list once', () => {
    const ids = [H1, H2];
    expect(encodeHostIds(ids)).to.equal(encodeHostIds(ids));
    expect(encodeHostIds([H1])?.equals(requestSerialize({ host_ids: [H1] }))).to.equal(true);
  });

  for (const id of ['short', 'é'.repeat(36), '']) {
    it(`leaves a list with ${JSON.stringify(id.slice(0, 5))} to the library`, () => {
      expect(encodeHostIds([H1, id])).to.equal(undefined);
    });
  }
});

describe('decodeScores', () => {
  it('decodes what encodeScores encodes, also where hosts are missing, with the very ids of the request', () => {
    const score = fc.oneof(
      fc.integer({ min: 0, max: 2_147_483_647 }),
      fc.constantFrom(0, 127, 128, 16_384, 268_435_455, 268_435_456, 2_147_483_647),
    );
    const answer = fc.array(fc.record({ hostId: fc.uuid(), score, missing: fc.boolean() }));
    fc.assert(
      fc.property(answer, (hosts) => {
        const asked = hosts.map(({ hostId }) => hostId);
        const scored = hosts.filter(
          ({ missing }, index) => !missing && asked.indexOf(asked[index] ?? '') === index,
        );
        const bytes = encodeScores(scored.map(({ hostId, score }) => ({ hostId, score })));
        const decoded = decodeScores(bytes ?? Buffer.of(), asked);
        expect(decoded?.end).to.equal(bytes?.length);
        expect(decoded?.scores).to.deep.equal(scored.map(({ hostId, score }) => ({ hostId, score })));
      }),
    );
  });

  it('stops where the scores end', () => {
    const scores = responseSerialize({ scores: [{ host_id: H1, score: 7 }] });
    const rest = responseSerialize({ unknown_host_ids: [H2] });
    expect(decodeScores(Buffer.concat([scores, rest]), [H1, H2])?.end).to.equal(scores.length);
  });

  const left: readonly (readonly [title: string, answer: Parameters<typeof responseSerialize>[0]])[] = [
    ['a name', { scores: [{ host_id: H1, score: 1, host_name: 'h' }] }],
    ['reasons', { scores: [{ host_id: H1, score: 1, reasons: [{ unit: 'u', text: 't' }] }] }],
    ['no score', { scores: [{ host_id: H1 }] }],
    ['a score below 0', { scores: [{ host_id: H1, score: -1 }] }],
    ['a host that was not asked for', { scores: [{ host_id: H3, score: 1 }] }],
    [
      'hosts in another order',
      {
        scores: [
          { host_id: H2, score: 1 },
          { host_id: H1, score: 1 },
        ],
      },
    ],
    [
      'a host twice',
      {
        scores: [
          { host_id: H1, score: 1 },
          { host_id: H1, score: 1 },
        ],
      },
    ],
    ['an id in upper case', { scores: [{ host_id: hostId(10).toUpperCase(), score: 1 }] }],
    ['an id that is none', { scores: [{ host_id: 'x', score: 1 }] }],
  ];
  for (const [title, answer] of left) {
    it(`leaves an answer to the library in which there is ${title}`, () => {
      expect(decodeScores(responseSerialize(answer), [H1, H2, hostId(10)])).to.equal(undefined);
    });
  }

  it('never reads what is not there: every cut and every changed byte of an answer', () => {
    const bytes = responseSerialize({ scores: [H1, H2].map((host_id) => ({ host_id, score: 300 })) });
    for (let at = 0; at < bytes.length; at += 1) {
      const cut = decodeScores(bytes.subarray(0, at), [H1, H2]);
      if (cut !== undefined) expect(cut.end).to.be.at.most(at);
      for (const value of [0, 1, 127, 128, 255]) {
        const changed = Buffer.from(bytes);
        changed[at] = value;
        const decoded = decodeScores(changed, [H1, H2]);
        if (decoded === undefined) continue;
        expect(decoded.end).to.be.at.most(bytes.length);
        for (const { score = -1 } of decoded.scores) expect(score).to.be.within(0, 2_147_483_647);
      }
    }
  });
});
