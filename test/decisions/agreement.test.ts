import { expect } from 'chai';
import { createAgreement, MIN_DECISIONS_TO_TELL, reportAgreement } from '../../src/decisions/agreement.js';
import { MAX_REPORT_MS, MAX_REPORTED_DECISIONS } from '../../src/decisions/each-decision.js';
import type { DecidedUnit, Decision, DecisionQuery, Outcome } from '../../src/domain/decision.js';
import { decisionAt, hostsNamed, uuid } from './sample.js';

const TIME = 1_700_000_000_000;

const unit = (name: string, ...values: readonly number[]): DecidedUnit => ({
  ...{ name, values, weight: 1 },
  direction: 'HIGHER_IS_BETTER',
});

const landed = (host: number, rank?: number, regret?: number): Outcome => ({
  ...{ hostId: uuid(host), time: TIME },
  ...(rank !== undefined && { rank, regret }),
});

function agreementOf(decisions: readonly Partial<Decision>[]) {
  const agreement = createAgreement();
  for (const given of decisions) agreement.add(decisionAt(TIME, given));
  return agreement.report();
}

const call = { signal: new AbortController().signal, deadline: Infinity };

describe('agreement', () => {
  it('counts outcomes: of ranks 1, 1, 3, 4, none and two unmatched, five landed, two best, three among three, one unranked, one superseded', () => {
    const { total } = agreementOf([
      { outcome: landed(0, 1, 0) },
      { outcome: landed(0, 1, 0) },
      { outcome: landed(0, 3, 10) },
      { outcome: landed(0, 4, 25) },
      { outcome: landed(9) },
      { outcome: { time: TIME, unmatched: 'TIMED_OUT' } },
      { outcome: { time: TIME, unmatched: 'SUPERSEDED' } },
      {},
    ]);
    expect(total).to.deep.equal({
      landed: 5,
      best: 2,
      topThree: 3,
      unranked: 1,
      regret: 35,
      unmatched: 2,
      superseded: 1,
    });
  });

  it('counts by policy, the one with most outcomes first, under its newest name', () => {
    const outcome = landed(0, 2, 7);
    const { policies } = agreementOf([
      { policyHash: 'one', policy: 'newest', outcome },
      { policyHash: 'two', outcome },
      { policyHash: 'two', outcome: { time: TIME, unmatched: 'TIMED_OUT' } },
      { policyHash: 'three' },
      { policyHash: 'one', policy: 'older', outcome },
      { policyHash: 'one', outcome },
    ]);
    expect(policies.map(({ policyHash, policy }) => [policyHash, policy])).to.deep.equal([
      ['one', 'newest'],
      ['two', undefined],
    ]);
    expect(policies.map(({ counts }) => [counts.landed, counts.regret, counts.unmatched])).to.deep.equal([
      [3, 21, 0],
      [1, 7, 1],
    ]);
  });

  it('compares a unit with chance: best of 3, and one of two best of 3, is 1/3 + 2/3 = 1 by lot', () => {
    const { units } = agreementOf([
      { units: [unit('u', 9, 1, 1)], outcome: landed(0, 1, 0) },
      { units: [unit('u', 9, 9, 1)], outcome: landed(2, 2, 1) },
    ]);
    expect(units).to.deep.equal([
      { unit: 'u', decisions: 2, best: 1, expectedByChance: 1, neverFollowed: false },
    ]);
  });

  it('takes the lowest of raw costs for the best', () => {
    const costs = { ...unit('u', 5, 0, 7), direction: 'LOWER_IS_BETTER' } as const;
    const { units } = agreementOf([{ units: [costs], outcome: landed(1, 1, 0) }]);
    expect(units[0]).to.include({ decisions: 1, best: 1 });
  });

  it('leaves out units that told no hosts apart, failed or filtered, and hosts without a rank', () => {
    const { units } = agreementOf([
      { units: [unit('equal', 5, 5, 5)], outcome: landed(0, 1, 0) },
      {
        units: [
          { name: 'failed', weight: 1, failure: { code: 'INTERNAL', message: 'x' } },
          { name: 'filter', weight: 1, accepted: Uint8Array.of(1, 0, 0) },
        ],
        outcome: landed(0, 1, 0),
      },
      { units: [unit('u', 1, 2, 3)], outcome: landed(9) },
    ]);
    expect(units).to.deep.equal([]);
  });

  // One best of ten hosts: 10 of 100 by lot, with a deviation of sqrt(100 x 0.1 x 0.9) = 3, so up to 10 + 4.935.
  const one = [unit('u', 9, 0, 0, 0, 0, 0, 0, 0, 0, 0)];
  // Nine of ten: 90 by lot, up to 94.935.
  const nine = [unit('u', 9, 9, 9, 9, 9, 9, 9, 9, 9, 0)];
  // 99 of 100: 99 by lot, up to 100.6, so that not even 100 of 100 would show.
  const most = [unit('u', ...Array.from({ length: 100 }, (_, n) => Number(n > 0)))];
  for (const { title, units, decisions = MIN_DECISIONS_TO_TELL, best, neverFollowed } of [
    { title: '14 of 100, 10 by lot: not followed', units: one, best: 14, neverFollowed: true },
    { title: '15 of 100, 10 by lot: followed', units: one, best: 15, neverFollowed: false },
    { title: 'none of 99: too few to tell', units: one, decisions: 99, best: 0, neverFollowed: false },
    { title: '94 of 100, 90 by lot: not followed', units: nine, best: 94, neverFollowed: true },
    { title: '95 of 100, 90 by lot: followed', units: nine, best: 95, neverFollowed: false },
    { title: 'all of 100, 99 by lot: nothing can be told', units: most, best: 100, neverFollowed: false },
  ]) {
    it(`says which units are never followed: ${title}`, () => {
      const [tally] = units;
      const hosts = hostsNamed(tally !== undefined && 'values' in tally ? tally.values.length : 0);
      const [good, bad] = units === most ? [1, 0] : [0, 9];
      const outcomes = Array.from({ length: decisions }, (_, n) => landed(n < best ? good : bad, 1, 0));
      const report = agreementOf(outcomes.map((outcome) => ({ hosts, units, outcome })));
      expect(report.units).to.have.length(1);
      expect(report.units[0]).to.deep.include({ decisions, best, neverFollowed });
    });
  }

  /** Pages of as many decisions as are asked for, of so many. */
  function pagesOf(count: number, onPage: () => void = () => undefined) {
    const queries: DecisionQuery[] = [];
    const decision = decisionAt(TIME, { outcome: landed(0, 1, 0), units: [] });
    let given = 0;
    return {
      queries,
      list(query: DecisionQuery, { size }: { readonly size: number }) {
        queries.push(query);
        onPage();
        const decisions = Array<Decision>(Math.min(size, count - given)).fill(decision);
        given += decisions.length;
        return Promise.resolve({
          decisions,
          tokens: [],
          ...(given < count && { nextPageToken: String(given) }),
        });
      },
    };
  }

  it('reads page by page what the period has', async () => {
    const pages = pagesOf(250);
    const report = await reportAgreement(pages, { from: 1, to: 2, face: 'ENGINE', ...call });
    expect(report.total.landed).to.equal(250);
    expect(report.isPartial).to.equal(false);
    expect(pages.queries).to.deep.equal(Array(3).fill({ from: 1, to: 2, face: 'ENGINE' }));
  });

  for (const [count, isPartial] of [
    [MAX_REPORTED_DECISIONS, false],
    [MAX_REPORTED_DECISIONS + 1, true],
  ] as const) {
    it(`is ${isPartial ? 'a part' : 'whole'} of ${count} decisions`, async () => {
      const report = await reportAgreement(pagesOf(count), call);
      expect(report.total.landed).to.equal(MAX_REPORTED_DECISIONS);
      expect(report.isPartial).to.equal(isPartial);
    });
  }

  for (const { title, deadline, landed } of [
    { title: 'its time', deadline: Infinity, landed: 200 },
    { title: 'the time of its caller', deadline: TIME + MAX_REPORT_MS / 2, landed: 100 },
  ]) {
    it(`is a part when ${title} is over`, async () => {
      let now = TIME;
      const pages = pagesOf(1000, () => (now += MAX_REPORT_MS / 2));
      const report = await reportAgreement({ ...pages, clock: { now: () => now } }, { ...call, deadline });
      expect(report.total.landed).to.equal(landed);
      expect(report.isPartial).to.equal(true);
    });
  }

  it('ends with its caller', async () => {
    const caller = new AbortController();
    const pages = pagesOf(1000, () => caller.abort(new Error('left')));
    const reason = await reportAgreement(pages, { ...call, signal: caller.signal }).catch(
      (error: unknown) => error,
    );
    expect(reason).to.have.property('message', 'left');
    expect(pages.queries).to.have.length(1);
  });
});
