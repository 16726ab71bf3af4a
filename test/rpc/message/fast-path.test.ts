import { expect } from 'chai';
import fc from 'fast-check';
import type { HostScore } from '../../../src/domain/contract.js';
import {
  decodeScores,
  decodeWithHostIds,
  encodeExplainedScores,
  encodeHostIds,
  encodeScores,
  encodeUnitScores,
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

describe('encodeScores of a list that was encoded', () => {
  const score = fc.oneof(fc.constantFrom(0, 127, 128), fc.integer({ min: 0, max: 2_147_483_647 }));

  it('encodes any scores of its hosts to the bytes of the library, again and again', () => {
    const answers = fc.array(fc.tuple(fc.uuid(), fc.nat(127), score));
    fc.assert(
      fc.property(answers, (hosts) => {
        const asked = hosts.map(([id]) => id);
        encodeHostIds(asked);
        for (const which of [1, 2, 1] as const) {
          const scores = hosts.map((host) => ({ hostId: host[0], score: host[which] }));
          expect(encodeScores(scores, asked)?.toString('hex')).to.equal(
            encodedByLibrary(scores).toString('hex'),
          );
        }
      }),
    );
  });

  const others: readonly (readonly [title: string, scores: readonly HostScore[]])[] = [
    ['fewer hosts', [{ hostId: H1, score: 1 }]],
    ['more hosts', [H1, H2, H3].map((hostId) => ({ hostId, score: 1 }))],
    ['other hosts', [H1, H3].map((hostId) => ({ hostId, score: 1 }))],
    ['another order', [H2, H1].map((hostId) => ({ hostId, score: 1 }))],
  ];
  for (const [title, scores] of others) {
    it(`encodes ${title} than asked for to the bytes of the library`, () => {
      const asked = [H1, H2];
      encodeHostIds(asked);
      expect(encodeScores(scores, asked)?.toString('hex')).to.equal(encodedByLibrary(scores).toString('hex'));
    });
  }

  for (const score of [-1, Number.NaN]) {
    it(`leaves score ${score} to the library`, () => {
      const asked = [H1, H2];
      encodeHostIds(asked);
      const scores = [
        { hostId: H1, score: 1 },
        { hostId: H2, score },
      ];
      expect(encodeScores(scores, asked)).to.equal(undefined);
    });
  }
});

describe('encodeUnitScores', () => {
  const value = fc.oneof(
    fc.constantFrom(0, 127, 128, 16_383, 16_384, 2_097_152, 268_435_456, 2_147_483_647),
    fc.nat(100),
  );
  const directions = ['HIGHER_IS_BETTER', 'LOWER_IS_BETTER', undefined] as const;

  it('encodes any values of 0 or more to the bytes of the library', () => {
    const unit = fc.string({ unit: 'grapheme' });
    fc.assert(
      fc.property(unit, fc.array(value), fc.constantFrom(...directions), (unit, values, direction) => {
        const byLibrary = responseSerialize({
          unit_results: [
            { unit, scores: { values }, direction: `DIRECTION_${direction ?? 'UNSPECIFIED'}` as const },
          ],
        });
        const bytes = encodeUnitScores(unit, values, direction) ?? Buffer.of();
        expect(Buffer.from(bytes).toString('hex')).to.equal(byLibrary.toString('hex'));
      }),
    );
  });

  for (const value of [-1, Number.NaN]) {
    it(`leaves value ${value} to the library`, () => {
      expect(encodeUnitScores('u', [1, value], 'LOWER_IS_BETTER')).to.equal(undefined);
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

describe('decodeWithHostIds', () => {
  const { requestDeserialize } = policyUnitMethods.ScoreHosts;
  const rest = fc.record({
    units: fc.array(fc.record({ name: fc.string(), weight: fc.nat() }), { maxLength: 3 }),
    properties: fc.dictionary(fc.string(), fc.string(), { maxKeys: 3 }),
    explain: fc.boolean(),
    request_id: fc.string({ unit: 'grapheme' }),
  });
  const text = fc.oneof(fc.uuid(), fc.string({ unit: 'grapheme', maxLength: 140 }));

  function decode(bytes: Buffer, ids: string[]) {
    const encoded = encodeHostIds(ids);
    let isWhole = false;
    const message = decodeWithHostIds(
      bytes,
      (part) => {
        isWhole = part === bytes;
        return requestDeserialize(part);
      },
      (first) => (first === ids[0] ? { ids, encoded } : undefined),
    );
    return { message, isWhole };
  }

  it('decodes any request for a known list to what the library makes of it, with the very array', () => {
    const known = fc.array(fc.uuid(), { minLength: 1 });
    fc.assert(
      fc.property(known, text, rest, (ids, vm_id, rest) => {
        const bytes = requestSerialize({ vm_id, host_ids: ids, ...rest });
        const { message } = decode(bytes, ids);
        expect(message).to.deep.equal(requestDeserialize(bytes));
        if (Buffer.byteLength(vm_id) < 128) expect(message.host_ids).to.equal(ids);
      }),
    );
  });

  it('decodes any request for any list to what the library makes of it, whatever is known', () => {
    const [A, B] = [hostId(1), hostId(2)];
    const ids = fc.array(fc.oneof(fc.constantFrom(A, B, A.toUpperCase()), text), { maxLength: 4 });
    const known = fc.array(fc.constantFrom(A, B), { minLength: 1, maxLength: 4 });
    fc.assert(
      fc.property(known, ids, text, rest, (known, host_ids, vm_id, rest) => {
        const bytes = requestSerialize({ vm_id, host_ids, ...rest });
        expect(decode(bytes, known).message).to.deep.equal(requestDeserialize(bytes));
      }),
      { numRuns: 500 },
    );
  });

  const head = requestSerialize({ vm_id: H3 });
  const ids = requestSerialize({ host_ids: [H1, H2] });
  const tail = requestSerialize({ units: [{ name: 'u' }] });
  const forms: readonly (readonly [title: string, parts: readonly Buffer[], isWhole: boolean])[] = [
    ['the form that libraries write', [head, ids, tail], false],
    ['no field before the ids', [ids, head, tail], false],
    ['nothing but the ids', [ids], false],
    ['another field before the ids', [head, tail, ids], true],
    ['two fields before the ids', [head, head, ids], true],
    ['the ids twice', [head, ids, ids], true],
    ['more ids after another field', [head, ids, tail, requestSerialize({ host_ids: [H3] })], true],
    [
      'ids inside a text',
      [requestSerialize({ vm_id: `${'x'.repeat(127)}${ids.toString()}`.padEnd(256) })],
      true,
    ],
    ['an unknown field before the ids', [Buffer.from([0x7a, 0x01, 0x12]), ids], true],
  ];
  for (const [title, parts, isWhole] of forms) {
    it(`decodes a request ${isWhole ? 'by the library' : 'without its known ids'}: ${title}`, () => {
      const bytes = Buffer.concat(parts);
      const decoded = decode(bytes, [H1, H2]);
      expect(decoded.message).to.deep.equal(requestDeserialize(bytes));
      expect(decoded.isWhole).to.equal(isWhole);
    });
  }

  it('says of every cut and every changed byte of a request what the library says', () => {
    const bytes = requestSerialize({ vm_id: H3, host_ids: [H1, H2], units: [{ name: 'u', weight: 3 }] });
    const outcome = (decode: () => unknown) => {
      try {
        return JSON.stringify(decode());
      } catch {
        return 'invalid';
      }
    };
    const compare = (changed: Buffer) =>
      expect(outcome(() => decode(changed, [H1, H2]).message)).to.equal(
        outcome(() => requestDeserialize(changed)),
      );
    for (let at = 0; at < bytes.length; at += 1) {
      compare(bytes.subarray(0, at));
      for (const value of [0, 1, 10, 18, 36, 127, 128, 255]) {
        const changed = Buffer.from(bytes);
        changed[at] = value;
        compare(changed);
      }
    }
  });
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
