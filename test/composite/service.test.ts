import { expect } from 'chai';
import type { Member } from '../../src/composite/member.js';
import { createComposite, type CompositeOptions } from '../../src/composite/service.js';
import { SchedulingError, type SchedulingErrorCode } from '../../src/domain/errors.js';
import type { Call, PolicyUnitService, UnitResult } from '../../src/domain/contract.js';
import { call } from '../support/call.js';
import { memoryLog } from '../support/log.js';
import { expectRejection } from '../support/rejection.js';
import { hostId, SNAPSHOT_TIME, vmId } from '../support/world.js';
import {
  failWith,
  hang,
  offered,
  scoreRequest,
  scripted,
  settingsOf,
  startStage,
  tens,
  type ScriptedService,
} from './stage.js';

const remote = (name: string, service: ScriptedService, options: Partial<Member> = {}): Member => ({
  name,
  service,
  remote: true,
  ...options,
});

const outcomes = (results: readonly UnitResult<readonly unknown[]>[]) =>
  results.map(({ unit, value, failure }) => [unit, value ?? `${failure.code}: ${failure.message}`]);

const unit = (name: string, weight = 1) => ({ name, weight });

describe('a composite asks its members', () => {
  it('once each, for their own units, with weight 1, and shares the list of hosts', async () => {
    const [alpha, beta] = [scripted('a1', 'a2'), scripted('b1')];
    const { composite } = await startStage([remote('alpha', alpha), remote('beta', beta)]);
    const hosts = [hostId(1), hostId(2)];
    const properties = new Map([['k', 'v']]);
    const request = scoreRequest({ hosts, properties, units: [unit('a2', 3), unit('b1', 5), unit('a1', 7)] });
    const { scores } = await composite.scoreHosts(request, call());
    expect(scores.map(({ score }) => score)).to.deep.equal([0, 3 * 10 + 5 * 10 + 7 * 10]);
    const asked = [alpha, beta].map(({ received }) =>
      received.filter(({ method }) => method === 'scoreHosts').map(({ request }) => request),
    );
    expect(asked).to.deep.equal([
      [{ ...request, units: [unit('a2'), unit('a1')] }],
      [{ ...request, units: [unit('b1')] }],
    ]);
    for (const one of asked.flat()) expect(one).to.have.property('hosts', hosts);
  });

  it('of which it needs something, and no other', async () => {
    const [alpha, beta] = [scripted('a'), scripted('b')];
    const { composite } = await startStage([remote('alpha', alpha), remote('beta', beta)]);
    await composite.scoreHosts(scoreRequest({ units: [unit('b')] }), call());
    expect([alpha.count('scoreHosts'), beta.count('scoreHosts')]).to.deep.equal([0, 1]);
  });

  it('for every unit in the order of the catalogue when none is named', async () => {
    const members = [remote('alpha', scripted('z', offered('FILTER', 'f'))), remote('beta', scripted('b'))];
    const { composite } = await startStage(members);
    const { unitResults } = await composite.scoreHosts(scoreRequest(), call());
    expect(unitResults.map(({ unit }) => unit)).to.deep.equal(['z', 'b']);
    const filtered = await composite.filterHosts(
      { ...scoreRequest(), hosts: [hostId(1)], units: [] },
      call(),
    );
    expect(filtered.unitResults).to.deep.equal([{ unit: 'f', value: [hostId(1)] }]);
  });

  it('under their own names, and answers under the names here, in reasons too', async () => {
    const renames = new Map([['x', 'beta_x']]);
    const [alpha, beta] = [
      scripted('x', offered('FILTER', 'x'), offered('BALANCE', 'x')),
      scripted('x', offered('FILTER', 'x'), offered('BALANCE', 'x')),
    ];
    const { composite } = await startStage([remote('alpha', alpha), remote('beta', beta, { renames })]);
    expect(
      (await composite.listPolicyUnits(call())).units.map(({ type, name }) => `${type}/${name}`),
    ).to.deep.equal(['SCORE/x', 'FILTER/x', 'BALANCE/x', 'SCORE/beta_x', 'FILTER/beta_x', 'BALANCE/beta_x']);
    const request = scoreRequest({ hosts: [hostId(5)], units: [unit('beta_x'), unit('x')], explain: true });
    const { scores, unitResults, explanation } = await composite.scoreHosts(request, call());
    expect(unitResults.map(({ unit }) => unit)).to.deep.equal(['beta_x', 'x']);
    expect(scores).to.deep.equal([{ hostId: hostId(5), score: 0 }]);
    expect(explanation?.hostName(0)).to.equal('name of 0');
    expect(explanation?.reasons(0)).to.deep.equal([
      { unit: 'beta_x', text: 'x says 0' },
      { unit: 'x', text: 'x says 0' },
    ]);
    await composite.filterHosts({ ...request, hosts: [], units: ['beta_x'] }, call());
    await composite.balanceHosts({ unit: 'beta_x', hostIds: [], properties: new Map() }, call());
    const names = beta.received.map(({ request }) => JSON.stringify(request)).join();
    expect(names).to.include('"x"').and.not.to.include('beta_x');
    expect([alpha.count('filterHosts'), alpha.count('balanceHosts')]).to.deep.equal([0, 0]);
  });

  it('with the request id, one composite deeper, within its own deadline and the caller’s less 25 ms', async () => {
    const [alpha, beta] = [scripted('a'), scripted('b')];
    const { composite, time } = await startStage([
      remote('alpha', alpha, { deadlineMs: 300 }),
      remote('beta', beta, { deadlineMs: 5000 }),
    ]);
    const now = time.clock.now();
    await composite.scoreHosts(scoreRequest(), call({ requestId: 'r-1', deadline: now + 1000, depth: 2 }));
    const calls = [alpha, beta].map(({ received }) => received.at(-1)?.call);
    expect(calls.map((one) => [one?.requestId, one?.depth, (one?.deadline ?? 0) - now])).to.deep.equal([
      ['r-1', 3, 300],
      ['r-1', 3, 975],
    ]);
  });

  it('for what a request says, but for what is the rim’s: the policy, how many hosts are explained, the record', async () => {
    const alpha = scripted('a', offered('FILTER', 'f'), offered('BALANCE', 'l'));
    const { composite } = await startStage([remote('alpha', alpha)]);
    const assumedPlacements = [{ vmId: vmId(2), hostId: hostId(1) }];
    const request = scoreRequest({ assumedPlacements, explainTop: 3, policy: 'p', record: true });
    await composite.scoreHosts(request, call({ dryRun: true }));
    await composite.filterHosts({ ...request, units: [], explain: true }, call({ dryRun: true }));
    const { hosts, properties } = request;
    const balance = { unit: 'l', hostIds: [hostId(1)], properties, assumedPlacements, explain: true };
    await composite.balanceHosts({ ...balance, record: true }, call({ dryRun: true }));
    const asked = alpha.received.filter(({ request }) => request !== undefined);
    expect(asked.map(({ call }) => call.dryRun)).to.deep.equal([true, true, true]);
    const common = { vmId: vmId(1), hosts, properties, assumedPlacements, explain: true };
    expect(asked.map(({ request }) => request)).to.deep.equal([
      { ...common, units: [unit('a')] },
      { ...common, units: ['f'] },
      balance,
    ]);
  });

  it('and hands on why a filter rejects hosts and a balance unit proposes something, and how values are read', async () => {
    const alpha = scripted(
      offered('SCORE', 'a', 'LOWER_IS_BETTER'),
      offered('FILTER', 'f'),
      offered('BALANCE', 'l'),
    );
    const { composite } = await startStage([remote('alpha', alpha)]);
    const rejections = [{ hostId: hostId(2), hostName: 'host-2', reason: 'too small' }];
    alpha.methods.filterHosts = () =>
      Promise.resolve({ hostIds: [hostId(1)], unitResults: [{ unit: 'f', value: [hostId(1)], rejections }] });
    alpha.methods.balanceHosts = () => Promise.resolve({ explanation: 'all hosts are alike' });
    const filtered = await composite.filterHosts({ ...scoreRequest(), units: [], explain: true }, call());
    expect(filtered.unitResults).to.deep.equal([{ unit: 'f', value: [hostId(1)], rejections }]);
    const balanced = await composite.balanceHosts({ unit: 'l', hostIds: [], properties: new Map() }, call());
    expect(balanced).to.deep.equal({ explanation: 'all hosts are alike' });
    const { unitResults } = await composite.scoreHosts(scoreRequest(), call());
    expect(unitResults).to.deep.equal([{ unit: 'a', direction: 'LOWER_IS_BETTER', value: [0, 10] }]);
  });

  it('without a deadline when neither has one', async () => {
    const alpha = scripted('a');
    const { composite, time } = await startStage([remote('alpha', alpha)]);
    const before = time.pending().length;
    alpha.methods.scoreHosts = (request, { deadline }) => {
      expect(deadline).to.equal(Infinity);
      return Promise.resolve(tens(request));
    };
    await composite.scoreHosts(scoreRequest(), call());
    expect(time.pending().length).to.equal(before);
  });

  it('and leaves no listener at the signal of the caller, and no timer', async () => {
    const { composite, time } = await startStage([remote('alpha', scripted('a'), { deadlineMs: 300 })]);
    const before = time.pending();
    const { signal } = new AbortController();
    let listeners = 0;
    const counted: Call['signal'] = new Proxy(signal, {
      get(target, key) {
        if (key === 'addEventListener') listeners += 1;
        if (key === 'removeEventListener') listeners -= 1;
        const value: unknown = Reflect.get(target, key, target);
        return typeof value === 'function' ? (value.bind(target) as unknown) : value;
      },
    });
    await composite.scoreHosts(scoreRequest(), call({ signal: counted }));
    expect(listeners).to.equal(0);
    expect(time.pending()).to.deep.equal(before);
  });

  it('of this process too, which need no start and no remembering', async () => {
    const engine = { name: 'engine', service: scripted('e'), remote: false };
    const composite = createComposite({ members: [engine], settings: settingsOf(), log: memoryLog() });
    const { unitResults } = await composite.scoreHosts(scoreRequest(), call());
    expect(unitResults.map(({ unit }) => unit)).to.deep.equal(['e']);
    composite.close();
  });
});

describe('a member of a composite that fails', () => {
  async function pair(options: Partial<Member> = {}) {
    const [alpha, beta] = [scripted('a', offered('FILTER', 'fa')), scripted('b', offered('FILTER', 'fb'))];
    const stage = await startStage([
      remote('alpha', alpha),
      remote('beta', beta, { deadlineMs: 300, ...options }),
    ]);
    return { ...stage, alpha, beta };
  }

  const codes: readonly SchedulingErrorCode[] = [
    'UNAVAILABLE',
    'INTERNAL',
    'RESOURCE_EXHAUSTED',
    'UNIMPLEMENTED',
    'NOT_FOUND',
    'INVALID_ARGUMENT',
  ];
  for (const code of codes) {
    it(`by ${code} costs its own units only, with its name before why`, async () => {
      const { composite, beta } = await pair();
      Object.assign(beta.methods, {
        scoreHosts: failWith(code, 'oops'),
        filterHosts: failWith(code, 'oops'),
      });
      const { scores, unitResults } = await composite.scoreHosts(scoreRequest(), call());
      expect(outcomes(unitResults)).to.deep.equal([
        ['a', [0, 10]],
        ['b', `${code}: beta: oops`],
      ]);
      expect(scores.map(({ score }) => score)).to.deep.equal([0, 10]);
      const filtered = await composite.filterHosts(
        { ...scoreRequest(), hosts: [hostId(1)], units: [] },
        call(),
      );
      expect(filtered.hostIds).to.deep.equal([hostId(1)]);
      expect(outcomes(filtered.unitResults)).to.deep.equal([
        ['fa', [hostId(1)]],
        ['fb', `${code}: beta: oops`],
      ]);
    });
  }

  it('by throwing, at once or later, is told of by a fixed text, the stack in the log', async () => {
    const { composite, beta, logged } = await pair();
    const bugs = [
      () => {
        throw new TypeError('secret');
      },
      () => Promise.reject(new TypeError('secret')),
    ];
    for (const bug of bugs) {
      beta.methods.scoreHosts = bug;
      const { unitResults } = await composite.scoreHosts(scoreRequest(), call({ requestId: 'r-9' }));
      expect(outcomes(unitResults)[1]).to.deep.equal([
        'b',
        'INTERNAL: beta: internal error; the log of the service has it under the request id',
      ]);
    }
    expect(logged('service failed')).to.have.length(2);
    expect(logged('service failed')[0]).to.include({
      service: 'beta',
      requestId: 'r-9',
      method: 'scoreHosts',
    });
    expect(logged('service failed')[0]?.['stack']).to.include('TypeError: secret');
  });

  it('by saying CANCELLED when nobody cancelled is one that was stopped', async () => {
    const { composite, beta } = await pair();
    beta.methods.scoreHosts = failWith('CANCELLED', 'gone');
    const { unitResults } = await composite.scoreHosts(scoreRequest(), call());
    expect(outcomes(unitResults)[1]).to.deep.equal(['b', 'UNAVAILABLE: beta: the service ended the call']);
  });

  it('by not taking the token of the composite is away: its caller may have a good one', async () => {
    const { composite, beta } = await pair();
    beta.methods.scoreHosts = failWith('UNAUTHENTICATED', 'no token');
    const { unitResults } = await composite.scoreHosts(scoreRequest(), call());
    expect(outcomes(unitResults)[1]).to.deep.equal([
      'b',
      'UNAVAILABLE: beta: the service does not take the token of this process: no token',
    ]);
  });

  it('by hanging, deaf to its signal, holds the answer until its deadline and no longer', async () => {
    const { composite, beta, time } = await pair();
    let aborted: unknown;
    beta.methods.scoreHosts = (_, { signal }) => {
      signal.addEventListener('abort', () => {
        aborted = signal.reason;
      });
      return hang();
    };
    let answered = false;
    const answer = composite.scoreHosts(scoreRequest(), call()).finally(() => (answered = true));
    await time.advance(299);
    expect([answered, aborted]).to.deep.equal([false, undefined]);
    await time.advance(1);
    expect(answered).to.equal(true);
    expect(outcomes((await answer).unitResults)).to.deep.equal([
      ['a', [0, 10]],
      ['b', 'DEADLINE_EXCEEDED: beta: no answer within 300 ms'],
    ]);
    expect(aborted).to.be.instanceOf(SchedulingError);
  });

  it('by being late has its answer, or its failure, ignored', async () => {
    const { composite, beta, time } = await pair();
    for (const end of ['answer', 'fail'] as const) {
      let finish: () => void = () => undefined;
      beta.methods.scoreHosts = (request) =>
        new Promise((resolve, reject) => {
          finish = () => (end === 'fail' ? reject(new Error('late')) : resolve(tens(request)));
        });
      const answer = composite.scoreHosts(scoreRequest(), call());
      await time.advance(300);
      finish();
      await time.advance(0);
      expect(outcomes((await answer).unitResults)[1]?.[1]).to.include('no answer within 300 ms');
    }
  });

  it('takes the request with it when every member that was asked refuses it, words unchanged', async () => {
    const { composite, alpha, beta } = await pair();
    const request = scoreRequest({ units: [unit('a'), unit('b'), unit('none')] });
    alpha.methods.scoreHosts = failWith('NOT_FOUND', 'vm_id: the engine has no VM 7');
    beta.methods.scoreHosts = failWith('INVALID_ARGUMENT', 'bad placement');
    await expectRejection(
      composite.scoreHosts(request, call()),
      'NOT_FOUND',
      /^vm_id: the engine has no VM 7$/,
    );
    const onlyBeta = scoreRequest({ units: [unit('b')] });
    await expectRejection(composite.scoreHosts(onlyBeta, call()), 'INVALID_ARGUMENT', /^bad placement$/);
  });

  it('still leaves an answer when all are down: 0 for each host asked, all failures, and no time', async () => {
    const { composite, alpha, beta } = await pair();
    for (const member of [alpha, beta]) {
      member.methods.scoreHosts = failWith('UNAVAILABLE', 'down');
      member.methods.filterHosts = failWith('UNAVAILABLE', 'down');
    }
    const hosts = [hostId(2), hostId(1), hostId(2)];
    const scored = await composite.scoreHosts(scoreRequest({ hosts }), call());
    expect(scored.scores).to.deep.equal([
      { hostId: hostId(2), score: 0 },
      { hostId: hostId(1), score: 0 },
    ]);
    expect(scored).not.to.have.property('snapshotTime');
    expect(outcomes(scored.unitResults)).to.deep.equal([
      ['a', 'UNAVAILABLE: alpha: down'],
      ['b', 'UNAVAILABLE: beta: down'],
    ]);
    const filtered = await composite.filterHosts({ ...scoreRequest(), hosts, units: [] }, call());
    expect(filtered.hostIds).to.deep.equal([hostId(2), hostId(1)]);
  });

  it('passes on what a unit of it failed of, words unchanged', async () => {
    const { composite, beta } = await pair();
    const failure = { code: 'INVALID_ARGUMENT', message: 'property p: no' } as const;
    beta.methods.scoreHosts = (request) =>
      Promise.resolve({ ...tens(request), unitResults: [{ unit: 'b', failure }] });
    const { unitResults } = await composite.scoreHosts(scoreRequest(), call());
    expect(unitResults[1]).to.deep.equal({ unit: 'b', failure });
  });
});

describe('balancing by a composite', () => {
  async function stageOf(balanceHosts: PolicyUnitService['balanceHosts']) {
    const alpha = scripted('a', offered('BALANCE', 'level'));
    const stage = await startStage([remote('alpha', alpha, { deadlineMs: 300 })]);
    alpha.methods.balanceHosts = balanceHosts;
    const request = { unit: 'level', hostIds: [hostId(1), hostId(2)], properties: new Map<string, string>() };
    return {
      ...stage,
      balance: (unit = 'level') => stage.composite.balanceHosts({ ...request, unit }, call()),
    };
  }

  it('passes a proposal on', async () => {
    const migration = { vmId: vmId(1), candidateHostIds: [hostId(2)] };
    const { balance } = await stageOf(() => Promise.resolve({ migration, snapshotTime: SNAPSHOT_TIME }));
    expect(await balance()).to.deep.equal({ migration, snapshotTime: SNAPSHOT_TIME });
  });

  it('refuses a host that was not asked for, and a unit that nobody has', async () => {
    const migration = { vmId: vmId(1), candidateHostIds: [hostId(3)] };
    const { balance } = await stageOf(() => Promise.resolve({ migration, snapshotTime: SNAPSHOT_TIME }));
    await expectRejection(balance(), 'INTERNAL', /^alpha: .*was not asked for$/);
    await expectRejection(
      balance('other'),
      'NOT_FOUND',
      'no balance unit named "other"; this service has: level',
    );
  });

  it('rejects with the code of a failing unit, and keeps asking the service for others: its bug is its own', async () => {
    const { balance, composite } = await stageOf(failWith('INTERNAL', 'unit level: broken'));
    for (let n = 0; n < 5; n++) await expectRejection(balance(), 'INTERNAL', 'alpha: unit level: broken');
    expect((await composite.scoreHosts(scoreRequest(), call())).unitResults[0]?.failure).to.equal(undefined);
  });

  it('gives up on a unit that hangs', async () => {
    const { balance, time } = await stageOf(hang);
    const rejected = expectRejection(balance(), 'DEADLINE_EXCEEDED', 'alpha: no answer within 300 ms');
    await time.advance(300);
    await rejected;
  });
});

describe('a call of a composite', () => {
  const methods: readonly (readonly [
    name: string,
    run: (stage: Awaited<ReturnType<typeof startStage>>, options: Partial<Call>) => Promise<unknown>,
  ])[] = [
    ['listPolicyUnits', ({ composite }, options) => composite.listPolicyUnits(call(options))],
    ['scoreHosts', ({ composite }, options) => composite.scoreHosts(scoreRequest(), call(options))],
    [
      'filterHosts',
      ({ composite }, options) =>
        composite.filterHosts({ ...scoreRequest(), hosts: [], units: [] }, call(options)),
    ],
    [
      'balanceHosts',
      ({ composite }, options) =>
        composite.balanceHosts({ unit: 'l', hostIds: [], properties: new Map() }, call(options)),
    ],
  ];
  for (const [name, run] of methods) {
    it(`${name} is refused when it is too late, was cancelled, or came through 4 composites`, async () => {
      const alpha = scripted('a', offered('FILTER', 'f'), offered('BALANCE', 'l'));
      const stage = await startStage([remote('alpha', alpha)]);
      alpha.received.splice(0);
      const now = stage.time.clock.now();
      await expectRejection(run(stage, { deadline: now + 25 }), 'DEADLINE_EXCEEDED', 'the deadline passed');
      await expectRejection(run(stage, { signal: AbortSignal.abort() }), 'CANCELLED');
      await expectRejection(
        run(stage, { depth: 4 }),
        'INVALID_ARGUMENT',
        'the call has come through 4 composites, which is too many: the services of their configurations probably form a loop',
      );
      await expectRejection(
        run(stage, { depth: 7 }),
        'INVALID_ARGUMENT',
        'come through 7 composites, which is too many:',
      );
      expect(alpha.received).to.deep.equal([]);
      await run(stage, { depth: 3, deadline: now + 26 });
    });
  }

  it('ends with the caller’s when that is cancelled, and so do those of the members', async () => {
    const alpha = scripted('a');
    const stage = await startStage([remote('alpha', alpha, { deadlineMs: 300 })]);
    alpha.methods.scoreHosts = hang;
    for (let n = 0; n < 5; n++) {
      const controller = new AbortController();
      const answer = stage.composite.scoreHosts(scoreRequest(), call({ signal: controller.signal }));
      await stage.time.advance(10);
      controller.abort(new SchedulingError('CANCELLED', 'the caller went away'));
      await expectRejection(answer, 'CANCELLED', 'the caller went away');
      expect(alpha.received.at(-1)?.call.signal.aborted).to.equal(true);
    }
    expect(stage.composite.state()[0]?.breaker).to.equal('closed');
  });

  const ends: readonly (readonly [title: string, reason: unknown, code: SchedulingErrorCode])[] = [
    ['a timeout', new DOMException('late', 'TimeoutError'), 'DEADLINE_EXCEEDED'],
    ['an abort', undefined, 'CANCELLED'],
    ['anything else', new Error('whatever'), 'CANCELLED'],
  ];
  for (const [title, reason, code] of ends) {
    it(`ends with ${code} by ${title}`, async () => {
      const alpha = scripted('a');
      const { composite } = await startStage([remote('alpha', alpha)]);
      alpha.methods.scoreHosts = hang;
      const controller = new AbortController();
      const answer = composite.scoreHosts(scoreRequest(), call({ signal: controller.signal }));
      controller.abort(reason);
      await expectRejection(answer, code);
    });
  }

  it('through composites that form a loop is refused by the fifth, and ends', async () => {
    // Two composites of each other's unit, in one process.
    const [left, right] = [scripted('x'), scripted('x')];
    const one = await startStage([remote('right', right)]);
    const other = await startStage([remote('left', left)]);
    let hops = 0;
    right.methods.scoreHosts = (request, bounded) => (
      (hops += 1),
      other.composite.scoreHosts(request, bounded)
    );
    left.methods.scoreHosts = (request, bounded) => ((hops += 1), one.composite.scoreHosts(request, bounded));
    await expectRejection(
      one.composite.scoreHosts(scoreRequest(), call()),
      'INVALID_ARGUMENT',
      'form a loop',
    );
    expect(hops).to.equal(4);
  });

  it('is reported with its service, method, code and time, and so are listings', async () => {
    const reported: string[] = [];
    const [alpha, beta] = [scripted('a'), scripted('b')];
    const { composite, time } = await startStage(
      [remote('alpha', alpha), remote('beta', beta, { deadlineMs: 300 })],
      {
        onMemberCall: ({ service, method, code, durationMs }) =>
          reported.push(`${service} ${method} ${code} ${durationMs}`),
      },
    );
    beta.methods.scoreHosts = hang;
    const answer = composite.scoreHosts(scoreRequest(), call());
    await time.advance(300);
    await answer;
    expect(reported).to.deep.equal([
      'alpha listPolicyUnits OK 0',
      'beta listPolicyUnits OK 0',
      'alpha scoreHosts OK 0',
      'beta scoreHosts DEADLINE_EXCEEDED 300',
    ]);
  });
});

describe('the breaker in a composite', () => {
  const fail3 = async (run: () => Promise<unknown>) => {
    for (let n = 0; n < 3; n++) await run();
  };

  async function stageOf(options: Partial<CompositeOptions> = {}, deadlineMs = 300) {
    const [alpha, beta] = [scripted('a'), scripted('b')];
    let connected: () => void = () => undefined;
    let listeners = 0;
    const onConnected = (listener: () => void) => {
      connected = listener;
      listeners += 1;
      return () => void (listeners -= 1);
    };
    const members = [remote('alpha', alpha), remote('beta', beta, { deadlineMs, onConnected })];
    const changes: string[] = [];
    const onBreakerChange: CompositeOptions['onBreakerChange'] = ({ service, state, reason = 'none' }) =>
      changes.push(`${service} ${state}: ${reason}`);
    const stage = await startStage(members, { onBreakerChange, ...options });
    const score = async (deadline = Infinity) => {
      const answer = stage.composite.scoreHosts(scoreRequest(), call({ deadline }));
      await stage.time.advance(0);
      return answer;
    };
    const outcome = async () => outcomes((await score()).unitResults)[1]?.[1];
    return {
      ...stage,
      alpha,
      beta,
      changes,
      score,
      outcome,
      connect: () => connected(),
      listeners: () => listeners,
    };
  }

  it('opens after 3 failures; then the service costs no call and no time, and says why', async () => {
    const { beta, outcome, logged, changes, composite } = await stageOf();
    beta.methods.scoreHosts = failWith('UNAVAILABLE', 'refused');
    await fail3(outcome);
    const before = beta.count('scoreHosts');
    expect(await outcome()).to.equal('UNAVAILABLE: beta: down (UNAVAILABLE: refused)');
    expect(beta.count('scoreHosts')).to.equal(before);
    expect(composite.state().map(({ name, breaker }) => `${name} ${breaker}`)).to.deep.equal([
      'alpha closed',
      'beta open',
    ]);
    expect(logged('circuit opened')).to.deep.equal([
      { level: 'warn', service: 'beta', reason: 'UNAVAILABLE: refused' },
    ]);
    expect(changes).to.deep.equal(['beta open: UNAVAILABLE: refused']);
  });

  it('neither opens, tries nor closes by the calls of a shadow, which are refused while it is not closed', async () => {
    const { beta, outcome, composite, time } = await stageOf();
    const shadow = async () => {
      const answer = composite.scoreHosts(scoreRequest(), call({ isShadow: true }));
      await time.advance(0);
      return outcomes((await answer).unitResults)[1]?.[1];
    };
    const state = () => composite.state()[1]?.breaker;
    beta.methods.scoreHosts = failWith('UNAVAILABLE', 'refused');
    for (let n = 0; n < 4; n++) expect(await shadow()).to.equal('UNAVAILABLE: beta: refused');
    expect(state()).to.equal('closed');
    await fail3(outcome);
    const before = beta.count('scoreHosts');
    expect(await shadow()).to.equal('UNAVAILABLE: beta: down (UNAVAILABLE: refused)');
    delete beta.methods.scoreHosts;
    await time.advance(1000);
    expect(state()).to.equal('half-open');
    await shadow();
    expect(beta.count('scoreHosts')).to.equal(before);
    expect(state()).to.equal('half-open');
    expect(await outcome()).to.deep.equal([0, 10]);
    expect(await shadow()).to.deep.equal([0, 10]);
  });

  it('lets a service back by a listing in the background and one good call', async () => {
    const { beta, outcome, logged, changes, time, composite } = await stageOf();
    beta.methods.scoreHosts = failWith('UNAVAILABLE', 'refused');
    await fail3(outcome);
    delete beta.methods.scoreHosts;
    const listings = beta.count('listPolicyUnits');
    await time.advance(999);
    expect(beta.count('listPolicyUnits')).to.equal(listings);
    await time.advance(1);
    expect(beta.count('listPolicyUnits')).to.equal(listings + 1);
    expect(composite.state()[1]?.breaker).to.equal('half-open');
    expect(await outcome()).to.deep.equal([0, 10]);
    expect(composite.state()[1]?.breaker).to.equal('closed');
    expect(logged('circuit closed')).to.deep.equal([{ level: 'info', service: 'beta' }]);
    expect(changes.map((change) => change.split(':')[0])).to.deep.equal([
      'beta open',
      'beta half-open',
      'beta closed',
    ]);
  });

  it('asks a service that lists well and hangs on scores once a pause, which doubles: 1, 2, 4, 8 s', async () => {
    const { beta, composite, time } = await stageOf();
    beta.methods.scoreHosts = hang;
    const began = time.clock.now();
    const met: number[] = [];
    const waited: number[] = [];
    for (let at = 0; at < 60_000; at += 100) {
      const before = beta.count('scoreHosts');
      const answers: unknown[] = [];
      void composite.scoreHosts(scoreRequest(), call()).then((answer) => answers.push(answer));
      await time.advance(0);
      if (answers.length === 0) waited.push(time.clock.now() - began);
      if (beta.count('scoreHosts') > before) met.push(time.clock.now() - began);
      await time.advance(100);
    }
    // Calls under way together fail once: those from 0, 300 and 600 ms on at 300, 600 and 900 ms. Then 1, 2, 4, 8 and 16 s
    // after each failure one call is the trial.
    const asked = [0, 100, 200, 300, 400, 500, 600, 700, 800];
    expect(met).to.deep.equal([...asked, 1900, 4200, 8500, 16_800, 33_100]);
    expect(waited).to.deep.equal(met);
  });

  it('lets one call through as the trial while others fail at once', async () => {
    const { beta, composite, time, outcome } = await stageOf();
    beta.methods.scoreHosts = failWith('UNAVAILABLE', 'refused');
    await fail3(outcome);
    await time.advance(1000);
    let finish: () => void = () => undefined;
    beta.methods.scoreHosts = (request) => new Promise((resolve) => (finish = () => resolve(tens(request))));
    const trial = composite.scoreHosts(scoreRequest(), call());
    expect(await outcome()).to.equal(
      'UNAVAILABLE: beta: down, and being tried again now (UNAVAILABLE: refused)',
    );
    finish();
    expect(outcomes((await trial).unitResults)[1]?.[1]).to.deep.equal([0, 10]);
  });

  it('is tried at once when the channel comes back', async () => {
    const { beta, composite, time, outcome, connect } = await stageOf();
    beta.methods.scoreHosts = failWith('UNAVAILABLE', 'refused');
    await fail3(outcome);
    connect();
    await time.advance(0);
    expect(composite.state()[1]?.breaker).to.equal('half-open');
  });

  it('is not opened by callers with little time: 300 / 10 = 30 > 29 ms', async () => {
    const { beta, composite, time, score } = await stageOf();
    beta.methods.scoreHosts = hang;
    for (const given of [29, 29, 29, 29, 30, 30]) {
      const answer = score(time.clock.now() + given + 25);
      await time.advance(given);
      await answer;
    }
    expect(composite.state()[1]?.breaker).to.equal('closed');
    const answer = score(time.clock.now() + 55);
    await time.advance(30);
    await answer;
    expect(composite.state()[1]?.breaker).to.equal('open');
  });

  it('opens for a service with a deadline of 30 s that callers with 1 s wait for: 975 > 1000 / 10', async () => {
    const { beta, composite, time, score } = await stageOf({}, 30_000);
    beta.methods.scoreHosts = hang;
    for (let n = 0; n < 3; n++) {
      const answer = score(time.clock.now() + 1000);
      await time.advance(975);
      await answer;
    }
    expect(composite.state()[1]?.breaker).to.equal('open');
  });

  it('counts for a service without a deadline what had 1000 / 10 = 100 ms', async () => {
    const { alpha, composite, time, score } = await stageOf();
    alpha.methods.scoreHosts = hang;
    for (const [given, state] of [
      [99, 'closed'],
      [99, 'closed'],
      [99, 'closed'],
      [100, 'closed'],
      [100, 'closed'],
      [100, 'open'],
    ] as const) {
      const answer = score(time.clock.now() + given + 25);
      await time.advance(given);
      await answer;
      expect(composite.state()[0]?.breaker).to.equal(state);
    }
  });

  it('opens for a service that lies each time', async () => {
    const { beta, composite, outcome } = await stageOf();
    beta.methods.scoreHosts = (request) => Promise.resolve({ ...tens(request), scores: [] });
    await fail3(outcome);
    expect(composite.state()[1]?.breaker).to.equal('open');
  });

  it('counts listings that nothing answers, so that a service that is away costs no call at all', async () => {
    const { beta, composite, time } = await stageOf({ settings: settingsOf({ relistInterval: 1000 }) });
    beta.methods.listPolicyUnits = failWith('UNAVAILABLE', 'refused');
    await time.advance(3000);
    expect(composite.state()[1]?.breaker).to.equal('open');
    expect(beta.count('scoreHosts')).to.equal(0);
  });

  it('tells when no member can be asked any more, and when one can again', async () => {
    const told: boolean[] = [];
    const { alpha, beta, composite, time, score } = await stageOf({
      onAvailability: (available) => told.push(available),
    });
    beta.methods.scoreHosts = failWith('UNAVAILABLE', 'refused');
    await fail3(score);
    expect([composite.available(), told]).to.deep.equal([true, [true]]);
    alpha.methods.scoreHosts = failWith('UNAVAILABLE', 'refused');
    await fail3(score);
    expect([composite.available(), told]).to.deep.equal([false, [true, false]]);
    await time.advance(1000);
    expect([composite.available(), told]).to.deep.equal([true, [true, false, true]]);
  });

  it('leaves no timer and no listener after close', async () => {
    const { beta, composite, time, outcome, listeners } = await stageOf();
    beta.methods.scoreHosts = failWith('UNAVAILABLE', 'refused');
    await fail3(outcome);
    expect(listeners()).to.equal(1);
    composite.close();
    expect([listeners(), time.pending()]).to.deep.equal([0, []]);
  });
});
