import { expect } from 'chai';
import fc from 'fast-check';
import type { DecidedUnit, Decision } from '../../src/domain/decision.js';
import { costsOf } from '../../src/engine-model/costs.js';
import { explainDecision } from '../../src/engine-model/explain-decision.js';
import { selectByRank, selectByWeight } from '../../src/engine-model/selectors.js';
import { hostId, vmId } from '../support/world.js';

const score = (name: string, weight: number, ...values: number[]): DecidedUnit => ({
  ...{ name, weight, values },
  direction: 'HIGHER_IS_BETTER',
});

const cost = (name: string, weight: number, ...values: number[]): DecidedUnit => ({
  ...{ name, weight, values },
  direction: 'LOWER_IS_BETTER',
});

function decisionOf(hosts: number, units: readonly DecidedUnit[], more: Partial<Decision> = {}): Decision {
  return {
    ...{ id: 'g1', time: 0, durationMs: 1, requestId: 'r', face: 'GRPC', method: 'SCORE', policyHash: '' },
    vm: { id: vmId(1) },
    properties: new Map(),
    snapshots: [],
    hosts: Array.from({ length: hosts }, (_, place) => ({ id: hostId(place), name: `host-${place}` })),
    unknownHostIds: [],
    units,
    reasons: [],
    ...more,
  };
}

describe('explainDecision', () => {
  it('ranks by weighted scores: 2 x 60 + 10 = 130, 2 x 50 + 40 = 140, 2 x 0 + 100 = 100', () => {
    const { ranking, leads, scale } = explainDecision(
      decisionOf(3, [score('a', 2, 60, 50, 0), score('b', 1, 10, 40, 100)]),
    );
    expect(scale).to.equal('SCORES');
    expect(ranking.map(({ host, total }) => [host.name, total])).to.deep.equal([
      ['host-1', 140],
      ['host-0', 130],
      ['host-2', 100],
    ]);
    expect(leads).to.deep.equal([
      { unit: 'b', points: 30 },
      { unit: 'a', points: -20 },
    ]);
  });

  it('says what host-0 lacks, 10 points and a tie that it wins: 5 points of a, 10 of b, or weight 3 of a or 0 of b', () => {
    const decision = decisionOf(3, [score('a', 2, 60, 50, 0), score('b', 1, 10, 40, 100)]);
    const { versus } = explainDecision(decision, { versus: hostId(0) });
    expect(versus).to.deep.include({ place: 2, behind: 10 });
    expect(versus?.changes).to.deep.equal([
      { unit: 'a', value: 60, neededValue: 65, neededWeight: 3 },
      { unit: 'b', value: 10, neededValue: 20, neededWeight: 0 },
    ]);
  });

  it('says never: host-1 is worse in each unit, and 100 points of either would not do, 100 + 0 < 60 + 60', () => {
    const decision = decisionOf(2, [score('a', 1, 60, 0), score('b', 1, 60, 0)]);
    const { versus } = explainDecision(decision, { versus: hostId(1) });
    expect(versus?.changes).to.deep.equal([
      { unit: 'a', value: 0, neededValue: undefined, neededWeight: undefined },
      { unit: 'b', value: 0, neededValue: undefined, neededWeight: undefined },
    ]);
  });

  it('converts raw costs: 2, 4 and 3 of one request are 100, 0 and 50', () => {
    const { ranking } = explainDecision(decisionOf(3, [cost('c', 1, 2, 4, 3)]));
    expect(ranking.map(({ total }) => total)).to.deep.equal([100, 50, 0]);
  });

  it('leaves a failed unit out, and names it', () => {
    const failure = { code: 'UNAVAILABLE', message: 'down' } as const;
    const { units, failures, ranking } = explainDecision(
      decisionOf(1, [{ name: 'x', weight: 9, failure }, score('a', 1, 7)]),
    );
    expect(units.map(({ name }) => name)).to.deep.equal(['a']);
    expect(failures).to.deep.equal([{ unit: 'x', failure }]);
    expect(ranking[0]?.values).to.deep.equal([7]);
  });

  it('ranks nothing when every unit failed, and when there is no host', () => {
    const failure = { code: 'INTERNAL', message: '' } as const;
    for (const decision of [
      decisionOf(2, [{ name: 'x', weight: 1, failure }]),
      decisionOf(0, [score('a', 1)]),
    ]) {
      expect(explainDecision(decision, { versus: hostId(0) })).to.deep.include({ ranking: [], leads: [] });
    }
  });

  it('tells of a host that is no candidate which filter of the call before rejected it, and why', () => {
    const filtered = decisionOf(
      2,
      [
        { name: 'f', weight: 1, accepted: Uint8Array.of(1, 0) },
        { name: 'g', weight: 1, accepted: Uint8Array.of(1, 0) },
      ],
      { method: 'FILTER', reasons: [{ unit: 'f', hostId: hostId(1), text: 'too full' }] },
    );
    const { versus } = explainDecision(decisionOf(1, [score('a', 1, 7)]), { versus: hostId(1), filtered });
    expect(versus?.place).to.equal(undefined);
    expect(versus?.host.name).to.equal('host-1');
    expect(versus?.rejections.map(({ unit, reason }) => [unit, reason])).to.deep.equal([
      ['f', 'too full'],
      ['g', undefined],
    ]);
  });

  it('names the share of our units: they lead by 1 x 1 rank, the engine’s trails by 0, which alone has a tie for the first in hash order', () => {
    const costs = new Map([
      [hostId(0), 5],
      [hostId(1), 5],
    ]);
    const { share, ranking } = explainDecision(
      decisionOf(2, [score('a', 1, 10, 20)], { face: 'ENGINE', selector: 'rank' }),
      { internalUnits: [{ name: 'CPU', factor: 2, costs }] },
    );
    expect(ranking[0]?.host.name).to.equal('host-1');
    expect(share).to.deep.equal({ ours: 1, internal: 0, winnerWithout: { id: hostId(0), name: 'host-0' } });
  });

  it('says when the engine’s sums would leave 32 bits: 2^31 - 1 times 2', () => {
    const explained = (weight: number) =>
      explainDecision(decisionOf(1, [cost('c', weight, 2 ** 31 - 1)], { face: 'ENGINE', selector: 'weight' }))
        .isExact;
    expect([explained(1), explained(2)]).to.deep.equal([true, false]);
  });

  for (const selector of ['rank', 'weight'] as const) {
    it(`ranks a call of an engine as its selector does (${selector}), also with hosts that the inventory lacks`, () => {
      const worlds = fc.integer({ min: 1, max: 8 }).chain((hosts) =>
        fc.record({
          hosts: fc.constant(hosts),
          unknown: fc.nat(2),
          rawScores: fc.boolean(),
          units: fc.array(
            fc.tuple(
              fc.nat(5),
              fc.constantFrom('HIGHER_IS_BETTER' as const, 'LOWER_IS_BETTER' as const),
              fc.array(fc.nat(6), { minLength: hosts, maxLength: hosts }),
            ),
            { minLength: 1, maxLength: 3 },
          ),
        }),
      );
      const check = fc.property(worlds, ({ hosts, unknown, rawScores, units }) => {
        const unknownHostIds = Array.from({ length: unknown }, (_, place) => hostId(100 + place));
        const decision = decisionOf(
          hosts,
          units.map(([weight, direction, values], place) => ({
            name: `u${place}`,
            weight,
            direction,
            values,
          })),
          { face: 'ENGINE', selector, rawScores, unknownHostIds },
        );
        const ids = [...decision.hosts.map(({ id }) => id), ...unknownHostIds];
        const places = ids.map((_, place) => (place < hosts ? place : -1));
        const costs = units.flatMap(([, direction, values], place) =>
          costsOf({ values, direction, mode: rawScores ? 'raw' : 'asCosts' }, places).map((cost, host) => ({
            ...{ hostId: ids[host] ?? '', cost, unit: `u${place}` },
          })),
        );
        const factors = new Map(units.map(([weight], place) => [`u${place}`, weight]));
        const select = selector === 'rank' ? selectByRank : selectByWeight;
        const { winners, totals } = select({ costs, candidates: ids, factors });
        const { ranking } = explainDecision(decision);
        expect(ranking[0]?.host.id).to.equal(winners[0]);
        const sign = selector === 'rank' ? 1 : -1;
        for (const { host, total } of ranking) expect(sign * total || 0).to.equal(totals.get(host.id));
      });
      fc.assert(check, { numRuns: 500 });
    });
  }
});
