import { expect } from 'chai';
import fc from 'fast-check';
import type {
  Call,
  FilterHostsRequest,
  PolicyUnitService,
  ScoreHostsRequest,
} from '../../src/domain/contract.js';
import type { DecidedUnit, Decision, ShadowResult } from '../../src/domain/decision.js';
import { policyHash, type Policy, type PolicyContent } from '../../src/domain/policies.js';
import { createDecisionIds } from '../../src/decisions/decision-id.js';
import { recordDecisions, type RecordedRequest } from '../../src/decisions/recorder.js';
import {
  COMPARISON_MS,
  createShadows,
  MAX_QUEUED_COMPARISONS,
  SHADOW_SHARE,
  type Shadow,
  type ShadowsOptions,
} from '../../src/decisions/shadow.js';
import { createRpcClient } from '../../src/rpc/client.js';
import { writeScores } from '../../src/rpc/message/write-response.js';
import { createScoringService } from '../../src/scoring/service.js';
import { units as nativeUnits } from '../../src/scoring/units/index.js';
import { createFakeTime } from '../inventory/fake-time.js';
import { call } from '../support/call.js';
import { memoryLog } from '../support/log.js';
import { constantService, startScoringService } from '../support/scoring-service.js';
import { host, hostId, inventoryOf, SNAPSHOT_TIME, snapshotOf, vm, vmId } from '../support/world.js';
import { decisionAt, uuid } from './sample.js';

const unit = (name: string, weight: number, ...values: readonly number[]): DecidedUnit => ({
  ...{ name, values, weight },
  direction: 'HIGHER_IS_BETTER',
});

const filter = (name: string, ...accepted: readonly number[]): DecidedUnit => ({
  ...{ name, weight: 1 },
  accepted: Uint8Array.from(accepted),
});

const policyOf = (content: Partial<PolicyContent>): Policy => {
  const whole = { filters: [], scores: [], properties: new Map<string, string>(), ...content };
  return { name: 'p', ...whole, hash: policyHash(whole) };
};

const scoring = (
  scores: Readonly<Record<string, number>>,
  properties: Readonly<Record<string, string>> = {},
) =>
  policyOf({
    scores: Object.entries(scores).map(([name, weight]) => ({ name, weight })),
    properties: new Map(Object.entries(properties)),
  });

const NO_REQUEST: RecordedRequest = { properties: new Map() };

/** A service that must not be asked. */
const untouched: Pick<PolicyUnitService, 'scoreHosts' | 'filterHosts'> = {
  scoreHosts: () => Promise.reject(new Error('asked for scores')),
  filterHosts: () => Promise.reject(new Error('asked for filters')),
};

/** Shadows on a clock of their own, with what they appended. */
function stage(shadows: readonly Shadow[], more: Partial<ShadowsOptions> = {}) {
  const time = createFakeTime();
  const appended: { readonly id: string; readonly result: ShadowResult }[] = [];
  const dropped: string[] = [];
  const log = memoryLog();
  const running = createShadows({
    ...{ shadows, log, service: untouched, clock: time.clock, steady: time.clock, after: time.after },
    append: ({ id }, result) => appended.push({ id, result }),
    onDropped: (name) => dropped.push(name),
    ...more,
  });
  const decide = (given: Partial<Decision>, request: RecordedRequest = NO_REQUEST) => {
    const decision = decisionAt(time.clock.now(), given);
    running.decided(decision, request);
    return decision;
  };
  return { time, appended, dropped, log, decide, close: running.close };
}

const shadowOf = (policy: Policy, sample = 1): Shadow => ({ name: 'tried', sample, policy });

/** The only result of one decision; undefined for none. */
async function resultOf(
  shadow: Shadow,
  given: Partial<Decision>,
  more: Partial<ShadowsOptions> = {},
  request = NO_REQUEST,
): Promise<ShadowResult | undefined> {
  const { time, appended, decide } = stage([shadow], more);
  const { id } = decide(given, request);
  await time.advance(0);
  for (const one of appended) expect(one.id).to.equal(id);
  expect(appended.length).to.be.at.most(1);
  return appended[0]?.result;
}

describe('shadows', () => {
  const units = [unit('a', 2, 10, 40, 30), unit('b', 1, 50, 0, 30)];

  for (const { title, given, policy, result } of [
    {
      title: 'a x 2 + b x 1 is 70, 80, 90; with b x 0 it is 20, 80, 60: the second host, 10 points behind',
      given: { units },
      policy: scoring({ a: 2, b: 0 }),
      result: { winner: uuid(1), winnerChanged: true, tau: 1 / 3, topOverlap: 3, regret: 10 },
    },
    {
      title: 'the same weights change nothing',
      given: { units },
      policy: scoring({ a: 2, b: 1 }),
      result: { winner: uuid(2), winnerChanged: false, tau: 1, topOverlap: 3, regret: 0 },
    },
    {
      title: 'a unit less: b alone is 50, 0, 30, and its best has 20 points less than ours',
      given: { units },
      policy: scoring({ b: 1 }),
      result: { winner: uuid(0), winnerChanged: true, tau: -1 / 3, topOverlap: 3, regret: 20 },
    },
    {
      title: 'raw costs 5, 0, 10 count as 50, 100, 0',
      given: {
        units: [
          unit('a', 1, 100, 0, 0),
          { ...unit('c', 1, 5, 0, 10), direction: 'LOWER_IS_BETTER' } as const,
        ],
      },
      policy: scoring({ a: 1, c: 3 }),
      result: { winner: uuid(1), winnerChanged: true, tau: 1 / 3, topOverlap: 3, regret: 50 },
    },
    {
      title:
        'of an engine the ranks, not our scores: 2 x (2, 0, 1) + (0, 2, 1) against (2, 0, 1) + 2 x (0, 2, 1)',
      given: { units: [unit('a', 2, 100, 0, 98), unit('b', 1, 0, 90, 1)], selector: 'rank' as const },
      policy: scoring({ a: 1, b: 2 }),
      // Ours are 4, 2, 3, its 2, 4, 3.
      result: { winner: uuid(1), winnerChanged: true, tau: -1, topOverlap: 3, regret: 2 },
    },
    {
      title: 'filters that leave other hosts',
      given: { method: 'FILTER' as const, units: [filter('f', 1, 1, 0), filter('g', 1, 0, 1)] },
      policy: policyOf({ filters: ['f'] }),
      result: { winnerChanged: true, topOverlap: 0 },
    },
    {
      title: 'filters that leave the same hosts',
      given: { method: 'FILTER' as const, units: [filter('f', 1, 0, 0), filter('g', 1, 0, 1)] },
      policy: policyOf({ filters: ['f'] }),
      result: { winnerChanged: false, topOverlap: 0 },
    },
    {
      title: 'a policy without score units says nothing on scores',
      given: { units },
      policy: policyOf({ filters: ['f'] }),
      result: undefined,
    },
    {
      title: 'nor one without filters on filters',
      given: { method: 'FILTER' as const, units: [filter('f', 1, 0, 0)] },
      policy: scoring({ a: 1 }),
      result: undefined,
    },
    {
      title: 'an answer in which every unit failed is compared with nothing',
      given: { units: [{ name: 'a', weight: 1, failure: { code: 'INTERNAL', message: 'x' } } as const] },
      policy: scoring({ a: 1 }),
      result: undefined,
    },
    {
      title: 'a migration',
      given: { method: 'BALANCE' as const },
      policy: scoring({ a: 1 }),
      result: undefined,
    },
    { title: 'no VM', given: { vm: undefined, units }, policy: scoring({ a: 1 }), result: undefined },
    { title: 'no hosts', given: { hosts: [], units }, policy: scoring({ a: 1 }), result: undefined },
  ]) {
    it(`computes a policy from the values of the decision, without a call: ${title}`, async () => {
      const found = await resultOf(shadowOf(policy), given);
      expect(found).to.deep.equal(result && { shadow: 'tried', policyHash: policy.hash, ...result });
    });
  }

  it('finds each decision that a planted change of one weight turns, and no other, in 500 random worlds', async () => {
    const world = fc.record({
      values: fc.array(fc.tuple(fc.nat(100), fc.nat(100), fc.nat(100)), { minLength: 3, maxLength: 3 }),
      weights: fc.tuple(fc.nat(5), fc.nat(5), fc.nat(5)),
      planted: fc.nat(5),
    });
    /** The first host with the highest sum. */
    const winnerOf = (values: readonly (readonly number[])[], weights: readonly number[]) => {
      const sums = [0, 1, 2].map((host) =>
        values.reduce((sum, unit, place) => sum + (weights[place] ?? 0) * (unit[host] ?? 0), 0),
      );
      return sums.indexOf(Math.max(...sums));
    };
    await fc.assert(
      fc.asyncProperty(world, async ({ values, weights: [first, ...others], planted }) => {
        const decided = values.map((ofHosts, n) => unit(`u${n}`, [first, ...others][n] ?? 0, ...ofHosts));
        const policy = scoring({ u0: planted, u1: others[0], u2: others[1] });
        const result = await resultOf(shadowOf(policy), { units: decided });
        const [before, after] = [
          winnerOf(values, [first, ...others]),
          winnerOf(values, [planted, ...others]),
        ];
        expect(result?.winnerChanged).to.equal(before !== after);
        expect(result?.winner).to.equal(uuid(after));
      }),
      { numRuns: 500 },
    );
  });

  /** Answers with these values, and notes what it is asked. */
  function answering(
    values: Readonly<Record<string, readonly number[]>>,
    { snapshotTime, known = () => true }: { snapshotTime?: number; known?: (id: string) => boolean } = {},
  ) {
    const asked: { readonly request: ScoreHostsRequest | FilterHostsRequest; readonly call: Call }[] = [];
    const idsOf = ({ hosts }: ScoreHostsRequest | FilterHostsRequest) => (hosts === 'ALL_UP' ? [] : hosts);
    const common = snapshotTime === undefined ? {} : { snapshotTime };
    const service: Pick<PolicyUnitService, 'scoreHosts' | 'filterHosts'> = {
      scoreHosts(request, call) {
        asked.push({ request, call });
        const ids = idsOf(request);
        return Promise.resolve({
          scores: ids.filter(known).map((hostId) => ({ hostId, score: 0 })),
          unitResults: request.units.map(({ name }) => {
            const value = values[name]?.filter((_, place) => known(ids[place] ?? ''));
            if (value !== undefined) return { unit: name, value };
            return { unit: name, failure: { code: 'NOT_FOUND' as const, message: 'no such unit' } };
          }),
          unknownHostIds: ids.filter((id) => !known(id)),
          ...common,
        });
      },
      filterHosts(request, call) {
        asked.push({ request, call });
        const accepted = (name: string) => idsOf(request).filter((_, place) => values[name]?.[place] === 1);
        return Promise.resolve({
          hostIds: [],
          unitResults: request.units.map((name) => ({ unit: name, value: accepted(name) })),
          ...common,
        });
      },
    };
    return { asked, service };
  }

  it('asks only for the units that the decision has no values of, as a dry run that no breaker counts', async () => {
    const { asked, service } = answering({ b: [100, 0, 0] });
    const failed = { name: 'b', weight: 1, failure: { code: 'INTERNAL', message: 'x' } } as const;
    const assumedPlacements = [{ vmId: uuid(8), hostId: uuid(1) }];
    const policy = scoring({ a: 1, b: 3 });
    const result = await resultOf(
      shadowOf(policy),
      { requestId: 'r-1', units: [unit('a', 1, 10, 20, 30), failed] },
      { service },
      { properties: new Map(), assumedPlacements },
    );
    expect(asked).to.have.length(1);
    expect(asked[0]?.request).to.deep.include({
      ...{ vmId: uuid(7), hosts: [uuid(0), uuid(1), uuid(2)], assumedPlacements, explain: false },
      units: [{ name: 'b', weight: 3 }],
    });
    expect(asked[0]?.call).to.include({ requestId: 'r-1', dryRun: true, isShadow: true });
    expect(result).to.deep.equal({
      ...{ shadow: 'tried', policyHash: policy.hash, winner: uuid(0), winnerChanged: true },
      ...{ topOverlap: 3, regret: 20, tau: -1 / 3 },
    });
  });

  it('asks for the filters that the decision has no results of', async () => {
    const { asked, service } = answering({ g: [0, 1, 1] });
    const given = { method: 'FILTER' as const, units: [filter('f', 1, 1, 0)] };
    const result = await resultOf(shadowOf(policyOf({ filters: ['f', 'g'] })), given, { service });
    expect(asked.map(({ request }) => request.units)).to.deep.equal([['g']]);
    expect(result).to.include({ winnerChanged: true });
  });

  for (const { title, decided, requested, tried, isAsked } of [
    { title: 'the same', decided: { n: '1' }, requested: {}, tried: { n: '1' }, isAsked: false },
    { title: 'another value', decided: { n: '1' }, requested: {}, tried: { n: '2' }, isAsked: true },
    { title: 'none', decided: { n: '1' }, requested: {}, tried: {}, isAsked: true },
    {
      title: 'another value, but that of the request wins',
      decided: { n: '1' },
      requested: { n: '1' },
      tried: { n: '2' },
      isAsked: false,
    },
  ]) {
    it(`asks for every unit when a policy has other properties: ${title}`, async () => {
      const { asked, service } = answering({ a: [3, 2, 1] });
      const result = await resultOf(
        shadowOf(scoring({ a: 1 }, tried)),
        { units: [unit('a', 1, 1, 2, 3)], properties: new Map(Object.entries(decided)) },
        { service },
        { properties: new Map(Object.entries(requested)) },
      );
      expect(asked.map(({ request }) => [...request.properties])).to.deep.equal(
        isAsked ? [Object.entries({ ...tried, ...requested })] : [],
      );
      expect(result?.winner).to.equal(uuid(isAsked ? 0 : 2));
    });
  }

  for (const [snapshotTime, otherSnapshot] of [
    [1000, undefined],
    [1001, true],
    [undefined, undefined],
  ] as const) {
    it(`marks an answer from another snapshot: 1000 and ${String(snapshotTime)}: ${String(otherSnapshot)}`, async () => {
      const { service } = answering({ b: [1, 2, 3] }, snapshotTime === undefined ? {} : { snapshotTime });
      const given = { units, snapshots: [{ time: 1000 }] };
      const result = await resultOf(shadowOf(scoring({ b: 1 }, { n: '1' })), given, { service });
      expect(result?.otherSnapshot).to.equal(otherSnapshot);
    });
  }

  for (const { title, tried, failure } of [
    { title: 'a unit that fails', tried: scoring({ gone: 1 }), failure: 'NOT_FOUND: gone: no such unit' },
    {
      title: 'values for too few hosts',
      tried: scoring({ short: 1 }),
      failure: /^INTERNAL: the service's answer breaks/,
    },
  ]) {
    it(`says why there is nothing to compare: ${title}`, async () => {
      const { service } = answering({ short: [1] });
      const result = await resultOf(shadowOf(tried), { units }, { service });
      expect(result).to.include({ winnerChanged: false });
      expect(result?.failure).to.match(new RegExp(failure));
    });
  }

  it('gives up a service that does not answer in its time, and goes on with the next decision', async () => {
    const signals: AbortSignal[] = [];
    const service = {
      ...untouched,
      scoreHosts: (_: unknown, { signal }: Call) => {
        signals.push(signal);
        return new Promise<never>(() => undefined);
      },
    };
    const { time, appended, decide } = stage([shadowOf(scoring({ z: 1 }))], { service });
    decide({ units });
    decide({ units });
    await time.advance(COMPARISON_MS);
    expect(appended.map(({ result }) => result.failure)).to.deep.equal([
      `DEADLINE_EXCEEDED: no answer within ${COMPARISON_MS} ms`,
    ]);
    expect(signals.map(({ aborted }) => aborted)).to.deep.equal([true]);
    await time.advance(COMPARISON_MS);
    expect(signals).to.have.length(2);
  });

  it(`lets ${MAX_QUEUED_COMPARISONS} decisions wait, and drops those beyond, of this shadow only`, async () => {
    const shadows = [shadowOf(scoring({ a: 1 })), { ...shadowOf(scoring({ a: 1 }), 0.5), name: 'half' }];
    let asked = 0;
    const { time, appended, dropped, decide } = stage(shadows, {
      random: () => (asked++ % 2 === 0 ? 0 : 0.5),
    });
    for (let n = 0; n < MAX_QUEUED_COMPARISONS; n++) decide({ units });
    expect(dropped).to.deep.equal([]);
    decide({ units });
    expect(dropped).to.deep.equal(['tried']);
    await time.advance(COMPARISON_MS);
    const counts = new Map<string, number>();
    for (const { result } of appended) counts.set(result.shadow, (counts.get(result.shadow) ?? 0) + 1);
    expect([...counts]).to.deep.equal([
      ['tried', MAX_QUEUED_COMPARISONS],
      ['half', MAX_QUEUED_COMPARISONS / 2 + 1],
    ]);
  });

  it(`works for ${SHADOW_SHARE * 100} % of the time: after 20 ms it rests for 180 ms`, async () => {
    const time = createFakeTime();
    const starts: number[] = [];
    const begin = time.clock.now();
    const service = {
      ...untouched,
      scoreHosts: () => {
        starts.push(time.clock.now() - begin);
        return new Promise<never>((_, reject) => time.after(20, () => reject(new Error('x'))));
      },
    };
    const { decide } = stage([shadowOf(scoring({ z: 1 }))], {
      service,
      clock: time.clock,
      steady: time.clock,
      after: time.after,
    });
    decide({ units });
    decide({ units });
    await time.advance(1000);
    expect(starts).to.deep.equal([0, 200]);
  });

  it('forgets what waits when it is closed, and leaves no timer', async () => {
    const { time, appended, decide, close } = stage([shadowOf(scoring({ a: 1 }))]);
    decide({ units });
    close();
    decide({ units });
    await time.advance(COMPARISON_MS);
    expect(appended).to.deep.equal([]);
    expect(time.pending()).to.deep.equal([]);
  });

  it('leaves answers as they are, byte by byte, and compares what a recorder makes of them', async () => {
    const snapshot = snapshotOf(
      [host(1), host(2), host(3)],
      [vm(1, 'rhel_8x64', { on: 1 }), vm(2, 'rhel_9x64', { on: 1 }), vm(3, 'rhel_9x64', { on: 2 })],
    );
    const inventory = inventoryOf(snapshot, { stopped: [vm(9, 'rhel_9x64')] });
    const service = createScoringService({ units: nativeUnits, inventory, log: memoryLog() });
    const evenly = scoring({ even_vm_distribution: 1 });
    const { appended, decide, time } = stage([shadowOf(evenly)], { service, clock: Date });
    const recorded = recordDecisions(service, {
      ...{ face: 'GRPC', makeId: createDecisionIds(), policies: new Map(), log: memoryLog() },
      append: decide,
      onDropped: () => undefined,
    });
    const request: ScoreHostsRequest = {
      ...{ vmId: vmId(9), hosts: [hostId(1), hostId(2), hostId(3)], assumedPlacements: [], explain: true },
      units: [{ name: 'ksm_same_os_score', weight: 1 }],
      properties: new Map(),
    };
    const bytes: Buffer[] = [];
    for (const one of [service, recorded, recorded]) {
      bytes.push(writeScores(await one.scoreHosts(request, call()), request));
      await time.advance(0);
    }
    expect(bytes[0]?.length).to.be.above(100);
    for (const answer of bytes) expect(answer).to.deep.equal(bytes[0]);
    // By KSM the second host, whose only VM has this OS; by number the third, which has none.
    expect(appended.map(({ result }) => result.failure)).to.deep.equal([undefined, undefined]);
    expect(appended.map(({ result }) => result.winner)).to.deep.equal([hostId(3), hostId(3)]);
    expect(appended.map(({ result }) => result.otherSnapshot)).to.deep.equal([undefined, undefined]);
  });

  describe('with a whole service', () => {
    const shadowAt = (target: Pick<PolicyUnitService, 'scoreHosts' | 'filterHosts'>): Shadow => ({
      ...{ name: 'next', sample: 1, target },
    });

    it('asks for what we answered, with the weights of the caller', async () => {
      const { asked, service } = answering({ a: [40, 0, 0], b: [0, 50, 0] });
      const properties = new Map([['n', '1']]);
      const result = await resultOf(shadowAt(service), { units, properties });
      expect(asked[0]?.request).to.deep.include({
        units: [
          { name: 'a', weight: 2 },
          { name: 'b', weight: 1 },
        ],
        properties,
      });
      // Ours are 70, 80, 90, its 80, 50, 0.
      expect(result).to.deep.include({ winner: uuid(0), winnerChanged: true, tau: -1, regret: 20 });
    });

    it('ranks its raw costs by our direction when it leaves that out', async () => {
      const { service } = answering({ c: [7, 0, 5] });
      const costs = { ...unit('c', 1, 7, 0, 5), direction: 'LOWER_IS_BETTER' } as const;
      const result = await resultOf(shadowAt(service), { units: [costs] });
      expect(result).to.include({ winner: uuid(1), winnerChanged: false, tau: 1 });
    });

    it('does not compare hosts that it does not know', async () => {
      const { service } = answering({ a: [1, 2, 3], b: [0, 0, 0] }, { known: (id) => id !== uuid(2) });
      const result = await resultOf(shadowAt(service), { units });
      // Ours are 70, 80, 90.
      expect(result).to.deep.include({
        winner: uuid(1),
        winnerChanged: true,
        tau: 1,
        topOverlap: 2,
        regret: 10,
      });
    });

    it('asks over gRPC, as a dry run, with all hosts', async () => {
      const asked: { readonly request: ScoreHostsRequest; readonly call: Call }[] = [];
      const constant = constantService('a');
      const { target, stop } = await startScoringService({
        ...constant,
        scoreHosts(request, call) {
          asked.push({ request, call });
          return constant.scoreHosts(request, call);
        },
      });
      const client = createRpcClient({ target });
      try {
        const result = await new Promise<ShadowResult>((resolve) => {
          const running = createShadows({
            shadows: [shadowAt(client)],
            service: untouched,
            append: (_, result) => {
              running.close();
              resolve(result);
            },
            log: memoryLog(),
            clock: Date,
            steady: performance,
            after: (ms, run) => {
              const timer = setTimeout(run, ms);
              return () => clearTimeout(timer);
            },
          });
          running.decided(decisionAt(SNAPSHOT_TIME, { units: [unit('a', 2, 1, 2, 3)] }), NO_REQUEST);
        });
        expect(asked).to.have.length(1);
        expect(asked[0]?.call).to.include({ dryRun: true });
        expect(asked[0]?.request).to.deep.include({
          units: [{ name: 'a', weight: 2 }],
          hosts: [uuid(0), uuid(1), uuid(2)],
        });
        // All have 40, so that the first is its winner; ours is the third, by (3 - 1) x 2.
        expect(result).to.deep.equal({
          ...{ shadow: 'next', winner: uuid(0), winnerChanged: true, topOverlap: 3, regret: 4 },
          ...{ tau: undefined, otherSnapshot: true },
        });
      } finally {
        client.close();
        await stop();
      }
    });

    it('says that it is not there', async () => {
      const { target, stop } = await startScoringService(constantService('a'));
      await stop();
      const client = createRpcClient({ target });
      try {
        const done = new Promise<ShadowResult>((resolve) => {
          const { time, decide } = stage([shadowAt(client)], {
            clock: Date,
            append: (_, result) => resolve(result),
          });
          decide({ units });
          void time.advance(0);
        });
        expect((await done).failure).to.match(/^UNAVAILABLE: /);
      } finally {
        client.close();
      }
    });
  });
});
