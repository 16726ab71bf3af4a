import { expect } from 'chai';
import { createOutcomes, LANDING_MS, MAX_PENDING_OUTCOMES } from '../../src/decisions/outcomes.js';
import type { Decision, DecidedUnit, Outcome } from '../../src/domain/decision.js';
import { createFakeTime } from '../inventory/fake-time.js';
import { decisionAt, hostsNamed, uuid } from './sample.js';

const NOW = Date.parse('2026-01-02T03:04:05.678Z');

/** A score unit of these values. */
const unit = (weight: number, ...values: readonly number[]): DecidedUnit => ({
  ...{ name: 'u', weight, values },
  direction: 'HIGHER_IS_BETTER',
});

/** Outcomes on a clock of their own, with what was appended. */
function stage() {
  const time = createFakeTime(NOW);
  const appended: { readonly id: string; readonly outcome: Outcome }[] = [];
  const told: Outcome[] = [];
  const outcomes = createOutcomes({
    ...time,
    append: ({ id }, outcome) => appended.push({ id, outcome }),
    onOutcome: (outcome) => told.push(outcome),
  });
  const decide = (given: Partial<Decision> = {}) => {
    const decision = decisionAt(time.clock.now(), given);
    outcomes.decided(decision);
    return decision;
  };
  const place = (host: number, vmId = uuid(7), at = time.clock.now()) =>
    outcomes.placed({ vmId, hostId: uuid(host), at });
  return { time, outcomes, appended, told, decide, place };
}

describe('outcomes', () => {
  for (const { title, given, host, standing } of [
    {
      title: 'the best of 2x10, 2x40, 2x30 is second to none',
      given: { units: [unit(2, 10, 40, 30)] },
      host: 1,
      standing: { rank: 1, regret: 0 },
    },
    {
      title: 'the third of them loses 80 - 20 points',
      given: { units: [unit(2, 10, 40, 30)] },
      host: 0,
      standing: { rank: 3, regret: 60 },
    },
    {
      title: 'two best hosts share place 1, the one after them has place 3',
      given: { units: [unit(1, 40, 40, 30)] },
      host: 2,
      standing: { rank: 3, regret: 10 },
    },
    {
      title: 'raw costs 5, 0, 10 are scores 50, 100, 0',
      given: {
        units: [{ name: 'u', weight: 1, values: [5, 0, 10], direction: 'LOWER_IS_BETTER' } as const],
      },
      host: 0,
      standing: { rank: 2, regret: 50 },
    },
    {
      title: 'of an engine in ranks: 2, 1 and 0 times 3',
      given: { units: [unit(3, 90, 80, 10)], selector: 'rank' as const },
      host: 2,
      standing: { rank: 3, regret: 6 },
    },
    {
      title: 'of an engine also a host that the inventory did not have: it costs 100, after 10, 20 and 90',
      given: { units: [unit(1, 90, 80, 10)], selector: 'weight' as const, unknownHostIds: [uuid(5)] },
      host: 5,
      standing: { rank: 4, regret: 90 },
    },
    {
      title: 'totals beyond 32 bits: 2^31 x 2 against 2^31',
      given: { units: [unit(2 ** 31, 1, 2, 0)] },
      host: 0,
      standing: { rank: 2, regret: 2 ** 31 },
    },
    {
      title: 'a host that was no candidate has no place',
      given: { units: [unit(1, 1, 2, 3)] },
      host: 5,
      standing: {},
    },
    {
      title: 'no unit answered, so that no host has a place',
      given: {
        units: [{ name: 'u', weight: 1, failure: { code: 'INTERNAL', message: 'x' } } as const],
      },
      host: 0,
      standing: {},
    },
    {
      title: 'filters that left one host of three chose it',
      given: {
        method: 'FILTER' as const,
        units: [
          { name: 'f', weight: 1, accepted: Uint8Array.of(1, 1, 0) },
          { name: 'g', weight: 1, accepted: Uint8Array.of(0, 1, 1) },
        ],
      },
      host: 1,
      standing: { rank: 1, regret: 0 },
    },
  ]) {
    it(`says where the VM landed: ${title}`, () => {
      const { time, decide, place, appended, told } = stage();
      const { id } = decide(given);
      place(host);
      const outcome = { hostId: uuid(host), time: time.clock.now(), ...standing };
      expect(appended).to.deep.equal([{ id, outcome }]);
      expect(told).to.deep.equal([outcome]);
    });
  }

  it('ignores filters that left two hosts or none, balances, and calls without a VM', () => {
    const { outcomes, decide } = stage();
    for (const accepted of [Uint8Array.of(1, 1, 0), Uint8Array.of(0, 0, 0)])
      decide({ method: 'FILTER', units: [{ name: 'f', weight: 1, accepted }] });
    decide({ method: 'BALANCE' });
    decide({ vm: undefined });
    expect(outcomes.pending()).to.equal(0);
  });

  it('takes the first landing only, and none of another VM', () => {
    const { decide, place, appended } = stage();
    decide();
    place(0, uuid(8));
    expect(appended).to.have.length(0);
    place(1);
    place(2);
    expect(appended.map(({ outcome }) => 'hostId' in outcome && outcome.hostId)).to.deep.equal([uuid(1)]);
  });

  it('dates a landing not before its decision, though the snapshot that shows it began before', () => {
    const { time, decide, place, appended } = stage();
    decide();
    place(1, uuid(7), time.clock.now() - 5000);
    expect(appended[0]?.outcome.time).to.equal(time.clock.now());
  });

  it('supersedes a decision by the next one about its VM at the same face, and not by one at the other', () => {
    const { outcomes, time, place, appended, told } = stage();
    const [first, third] = [decisionAt(NOW), decisionAt(NOW + 1)];
    const second = decisionAt(NOW, { face: 'GRPC' });
    expect(outcomes.decided(first)).to.equal(undefined);
    expect(outcomes.decided(second)).to.equal(undefined);
    time.set(NOW + 1);
    expect(outcomes.decided(third)).to.equal(first);
    expect(told).to.deep.equal([{ time: NOW + 1, unmatched: 'SUPERSEDED' }]);
    place(0);
    expect(appended.map(({ id }) => id)).to.have.members([second.id, third.id]);
  });

  it('takes what a snapshot from before a decision shows for the landing of the one that it supersedes', () => {
    const { time, decide, place, appended } = stage();
    decide();
    time.set(NOW + 5000);
    const second = decide();
    place(1, uuid(7), NOW + 4999);
    expect(appended).to.deep.equal([]);
    place(2, uuid(7), NOW + 5000);
    expect(appended).to.have.length(1);
    expect(appended[0]).to.deep.include({ id: second.id });
    expect(appended[0]?.outcome).to.include({ hostId: uuid(2) });
  });

  it('waits for 10 min: the landing at their end counts, none after it', async () => {
    const { time, decide, place, appended } = stage();
    const first = decide();
    await time.advance(1000);
    const second = decide({ vm: { id: uuid(8) } });
    await time.advance(LANDING_MS - 1000 - 1);
    expect(appended).to.have.length(0);
    await time.advance(1);
    const unmatched = 'TIMED_OUT';
    expect(appended).to.deep.equal([{ id: first.id, outcome: { time: first.time + LANDING_MS, unmatched } }]);
    await time.advance(999);
    place(0, uuid(8));
    expect(appended[1]).to.deep.include({ id: second.id });
    expect(appended[1]?.outcome).to.include({ hostId: uuid(0) });
  });

  it('does not take a landing after 10 min for one of time, when the timer is late', () => {
    const { time, decide, place, appended } = stage();
    decide();
    time.set(time.clock.now() + LANDING_MS);
    place(0);
    expect(appended.map(({ outcome }) => outcome)).to.deep.equal([
      { time: time.clock.now(), unmatched: 'TIMED_OUT' },
    ]);
  });

  it('says that a VM is gone', () => {
    const { outcomes, decide, appended } = stage();
    decide();
    outcomes.vmGone(uuid(8));
    outcomes.vmGone(uuid(7));
    expect(appended.map(({ outcome }) => outcome)).to.deep.equal([
      { time: appended[0]?.outcome.time, unmatched: 'VM_GONE' },
    ]);
  });

  it(`waits for ${MAX_PENDING_OUTCOMES} VMs, then gives up the oldest`, () => {
    const { outcomes, decide, appended } = stage();
    const first = decide({ vm: { id: uuid(0) } });
    for (let n = 1; n < MAX_PENDING_OUTCOMES; n++) decide({ vm: { id: uuid(n) } });
    expect(appended).to.have.length(0);
    decide({ vm: { id: uuid(MAX_PENDING_OUTCOMES) } });
    expect(appended.map(({ id }) => id)).to.deep.equal([first.id]);
    expect(appended[0]?.outcome).to.include({ unmatched: 'TIMED_OUT' });
    expect(outcomes.pending()).to.equal(MAX_PENDING_OUTCOMES);
  });

  it('finds each host of a long list', () => {
    const hosts = hostsNamed(300);
    for (const host of [0, 1, 150, 299]) {
      const { decide, place, appended } = stage();
      decide({ hosts, units: [unit(1, ...hosts.map((_, n) => n))] });
      place(host);
      expect(appended[0]?.outcome).to.include({ rank: 300 - host, regret: 299 - host });
    }
  });

  it('leaves no timer behind', () => {
    const { time, outcomes, decide } = stage();
    decide();
    outcomes.close();
    expect(time.pending()).to.deep.equal([]);
  });
});
