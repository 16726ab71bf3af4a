import { expect } from 'chai';
import { reportShadows } from '../../src/decisions/shadow-report.js';
import type { Decision, ShadowResult } from '../../src/domain/decision.js';
import { decisionAt, uuid } from './sample.js';

const TIME = 1_700_000_000_000;

const resultOf = (given: Partial<ShadowResult>): ShadowResult => ({
  ...{ shadow: 'dense', winnerChanged: false, topOverlap: 5 },
  ...given,
});

const vmOf = (os: string | undefined, cluster: number | undefined) => ({
  id: uuid(7),
  ...(os !== undefined && { os }),
  ...(cluster !== undefined && { clusterId: uuid(cluster) }),
});

async function reportOf(decisions: readonly Partial<Decision>[], shadow?: string) {
  const list = () =>
    Promise.resolve({ decisions: decisions.map((given) => decisionAt(TIME, given)), tokens: [] });
  const { signal } = new AbortController();
  return reportShadows({ list }, { shadow, signal, deadline: Infinity });
}

const NONE = { compared: 0, winnerChanged: 0, failed: 0, filtersCompared: 0, filtersChanged: 0 };
const NO_MEANS = { meanTau: undefined, meanTopOverlap: undefined, meanRegret: undefined };

describe('the report on shadows', () => {
  it('counts and takes means: tau of 1, 0.5 and none, overlap 5, 4, 3, regret 0, 10, 20, and one failure', async () => {
    const { shadows, isPartial } = await reportOf([
      { shadows: [resultOf({ tau: 1, regret: 0 })] },
      { shadows: [resultOf({ winnerChanged: true, tau: 0.5, topOverlap: 4, regret: 10 })] },
      { shadows: [resultOf({ winnerChanged: true, topOverlap: 3, regret: 20 })] },
      { shadows: [resultOf({ topOverlap: 0, failure: 'INTERNAL: x' })] },
      {},
    ]);
    expect(isPartial).to.equal(false);
    expect(shadows.map(({ shadow }) => shadow)).to.deep.equal(['dense']);
    expect(shadows[0]?.total).to.deep.equal({
      ...{ ...NONE, compared: 3, winnerChanged: 2, failed: 1 },
      ...{ meanTau: 0.75, meanTopOverlap: 4, meanRegret: 10 },
    });
  });

  it('counts calls for filters apart, which have no order', async () => {
    const { shadows } = await reportOf([
      { method: 'FILTER', shadows: [resultOf({ winnerChanged: true, topOverlap: 0 })] },
      { method: 'FILTER', shadows: [resultOf({ topOverlap: 0 })] },
    ]);
    expect(shadows[0]?.total).to.deep.equal({ ...NONE, ...NO_MEANS, filtersCompared: 2, filtersChanged: 1 });
  });

  it('groups by operating system and cluster, the larger first, without a name where that is unknown', async () => {
    const result = resultOf({ winnerChanged: true });
    const { shadows } = await reportOf([
      { vm: vmOf('rhel_9x64', 1), shadows: [resultOf({})] },
      { vm: vmOf('windows', 2), shadows: [result] },
      { vm: vmOf('windows', 1), shadows: [result] },
      { vm: vmOf(undefined, undefined), shadows: [result] },
      { vm: vmOf('windows', 1), shadows: [result] },
    ]);
    const of = (
      groups: readonly { name?: string | undefined; counts: { compared: number; winnerChanged: number } }[],
    ) => groups.map(({ name, counts }) => [name, counts.compared, counts.winnerChanged]);
    expect(of(shadows[0]?.byOs ?? [])).to.deep.equal([
      ['windows', 3, 3],
      ['rhel_9x64', 1, 0],
      [undefined, 1, 1],
    ]);
    expect(of(shadows[0]?.byCluster ?? [])).to.deep.equal([
      [uuid(1), 3, 2],
      [uuid(2), 1, 1],
      [undefined, 1, 1],
    ]);
  });

  const both = [{ shadows: [resultOf({}), resultOf({ shadow: 'next', winnerChanged: true })] }];

  it('has each shadow, by name', async () => {
    const { shadows } = await reportOf(both);
    expect(shadows.map(({ shadow, total }) => [shadow, total.winnerChanged])).to.deep.equal([
      ['dense', 0],
      ['next', 1],
    ]);
  });

  it('has each policy of a shadow by itself, the latest first', async () => {
    const { shadows } = await reportOf(
      ['b', 'a', 'b', undefined].map((policyHash, n) => ({
        shadows: [resultOf({ policyHash, winnerChanged: n === 1 })],
      })),
    );
    expect(
      shadows.map(({ policyHash, total }) => [policyHash, total.compared, total.winnerChanged]),
    ).to.deep.equal([
      ['b', 2, 0],
      ['a', 1, 1],
      [undefined, 1, 0],
    ]);
  });

  it('has only the one that is asked for', async () => {
    const { shadows } = await reportOf(both, 'next');
    expect(shadows.map(({ shadow }) => shadow)).to.deep.equal(['next']);
  });
});
