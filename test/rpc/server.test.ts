import { createServer } from 'node:net';
import { status } from '@grpc/grpc-js';
import { expect } from 'chai';
import type { Call, ScoreHostsResponse } from '../../src/domain/contract.js';
import { INTERNAL_ERROR_TEXT, SchedulingError } from '../../src/domain/errors.js';
import { policyUnitMethods } from '../../src/rpc/proto.js';
import type { EndedCall } from '../../src/rpc/incoming-call.js';
import {
  aCall,
  aScoreRequest,
  createLoopback,
  fakeService,
  memoryLog,
  rejection,
  SNAPSHOT_TIME,
  uuid,
} from './loopback.js';
import { rawCall } from './raw-call.js';
import { unitList } from '../support/unit-list.js';

const { ScoreHosts } = policyUnitMethods;
const vm_id = uuid(0xa);
const empty: ScoreHostsResponse = {
  scores: [],
  unitResults: [],
  unknownHostIds: [],
  snapshotTime: SNAPSHOT_TIME,
};

/** A service whose ScoreHosts tells that it began, and goes on when it is let. */
function gatedService(respectSignal = true) {
  const begun: { call: Call; letGo: () => void }[] = [];
  const waiting: ((entry: { call: Call; letGo: () => void }) => void)[] = [];
  const service = fakeService({
    scoreHosts: (_, call) =>
      new Promise((resolve, reject) => {
        const entry = { call, letGo: () => resolve(empty) };
        if (respectSignal) {
          call.signal.addEventListener('abort', () => reject(SchedulingError.from(call.signal.reason)));
        }
        begun.push(entry);
        waiting.shift()?.(entry);
      }),
  });
  let taken = 0;
  const next = () => {
    const entry = begun[taken++];
    return entry === undefined
      ? new Promise<{ call: Call; letGo: () => void }>((resolve) => waiting.push(resolve))
      : Promise.resolve(entry);
  };
  return { service, next };
}

describe('the server', () => {
  const loopback = createLoopback();
  afterEach(() => loopback.close());

  const bugs: { title: string; thrown: unknown; logged: RegExp }[] = [
    {
      title: 'an Error',
      thrown: new TypeError('password=hunter2'),
      logged: /TypeError: password=hunter2\n +at /,
    },
    { title: 'a string', thrown: 'oops', logged: /^string$/ },
    { title: 'nothing', thrown: undefined, logged: /^SchedulingError: internal error/ },
    {
      title: 'an object with a code',
      thrown: { code: 5, details: 'leak', message: 'leak' },
      logged: /^object$/,
    },
  ];
  for (const { title, thrown, logged } of bugs) {
    it(`answers a bug that throws ${title} with INTERNAL and a fixed text, and logs it`, async () => {
      const log = memoryLog();
      // eslint-disable-next-line @typescript-eslint/prefer-promise-reject-errors -- it is what is tested
      const service = fakeService({ scoreHosts: () => Promise.reject(thrown) });
      const server = await loopback.serve({ service, log });
      const outcome = await rawCall(server.address, ScoreHosts, { vm_id, request_id: 'r1' });
      expect(outcome).to.include({ code: status.INTERNAL, details: INTERNAL_ERROR_TEXT });
      expect(outcome.trailers.get('x-request-id')).to.deep.equal(['r1']);
      const [line] = log.lines.filter(({ level }) => level === 'error');
      expect(line).to.include({ event: 'call failed', requestId: 'r1', method: 'ScoreHosts' });
      expect(line?.['stack']).to.match(logged);
    });
  }

  it('logs the first 8,000 characters of a stack', async () => {
    const log = memoryLog();
    const bug = new Error('long');
    bug.stack = `long${'.'.repeat(8000)}`;
    const server = await loopback.serve({
      service: fakeService({ scoreHosts: () => Promise.reject(bug) }),
      log,
    });
    await rawCall(server.address, ScoreHosts, { vm_id });
    expect(log.lines[0]?.['stack']).to.equal(`long${'.'.repeat(7996)}`);
  });

  it('answers a service that throws at once, not in its promise', async () => {
    const service = fakeService({
      scoreHosts: () => {
        throw new Error('at once');
      },
    });
    const server = await loopback.serve({ service });
    expect(await rawCall(server.address, ScoreHosts, { vm_id })).to.include({
      code: status.INTERNAL,
      details: INTERNAL_ERROR_TEXT,
    });
  });

  it('logs a refusal with its reason, without a stack', async () => {
    const log = memoryLog();
    const server = await loopback.serve({ log });
    await rawCall(server.address, ScoreHosts, { vm_id: 'x', request_id: 'r2' });
    expect(log.lines).to.deep.equal([
      {
        level: 'info',
        event: 'call failed',
        method: 'ScoreHosts',
        requestId: 'r2',
        code: 'INVALID_ARGUMENT',
        reason: 'vm_id: expected a UUID, got "x"',
      },
    ]);
  });

  it('reports the end of each call', async () => {
    const ended: EndedCall[] = [];
    let now = 1000;
    const server = await loopback.serve({
      service: fakeService({
        scoreHosts: () => {
          now += 7;
          return Promise.resolve(empty);
        },
      }),
      clock: { now: () => now },
      onCallEnd: (call) => ended.push(call),
    });
    await rawCall(server.address, ScoreHosts, { vm_id, request_id: 'a' });
    await rawCall(server.address, ScoreHosts, { request_id: 'b' });
    expect(ended).to.deep.equal([
      { method: 'ScoreHosts', requestId: 'a', code: 'OK', durationMs: 7 },
      { method: 'ScoreHosts', requestId: 'b', code: 'INVALID_ARGUMENT', durationMs: 0 },
    ]);
  });

  it('aborts the signal with CANCELLED when the caller cancels', async () => {
    const { service, next } = gatedService();
    const client = loopback.connect(await loopback.serve({ service }));
    const caller = new AbortController();
    const answer = client.scoreHosts(aScoreRequest(), aCall({ signal: caller.signal }));
    const { call } = await next();
    const aborted = new Promise((resolve) => call.signal.addEventListener('abort', resolve));
    caller.abort();
    expect(await rejection(answer)).to.include({ code: 'CANCELLED' });
    await aborted;
    expect(call.signal.reason).to.include({ code: 'CANCELLED' });
  });

  it('passes the deadline on, and aborts the signal with DEADLINE_EXCEEDED when it passes', async () => {
    const { service, next } = gatedService();
    const client = loopback.connect(await loopback.serve({ service }));
    const deadline = Date.now() + 100;
    const answer = rejection(client.scoreHosts(aScoreRequest(), aCall({ deadline })));
    const { call } = await next();
    expect(call.deadline).to.be.within(deadline - 50, deadline + 50);
    await new Promise((resolve) => call.signal.addEventListener('abort', resolve));
    expect(call.signal.reason).to.include({ code: 'DEADLINE_EXCEEDED' });
    expect(await answer).to.include({ code: 'DEADLINE_EXCEEDED' });
  });

  it('gives a call without a deadline an infinite one', async () => {
    const { service, next } = gatedService();
    const server = await loopback.serve({ service });
    const answer = rawCall(server.address, ScoreHosts, { vm_id }, { deadline: Infinity });
    const { call, letGo } = await next();
    letGo();
    await answer;
    expect(call.deadline).to.equal(Infinity);
  });

  it('computes nothing for a call whose deadline has passed when it is read', async () => {
    const service = fakeService();
    const server = await loopback.serve({ service, clock: { now: () => Date.now() + 60_000 } });
    const outcome = await rawCall(server.address, ScoreHosts, { vm_id });
    expect(outcome).to.include({
      code: status.DEADLINE_EXCEEDED,
      details: 'the answer was not there in time',
    });
    expect(service.received).to.deep.equal([]);
  });

  it('leaves no listener on a signal whose call ended', async () => {
    const { service, next } = gatedService();
    const client = loopback.connect(await loopback.serve({ service }));
    const answer = client.scoreHosts(aScoreRequest({ hosts: [], units: [] }), aCall());
    const { call, letGo } = await next();
    letGo();
    await answer;
    // grpc-js emits 'cancelled' at the end of every call.
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(call.signal.aborted).to.equal(false);
  });

  it('takes maxConcurrentCalls calls, refuses the next, and takes one again when one has ended', async () => {
    const { service, next } = gatedService();
    const server = await loopback.serve({ service, settings: { maxConcurrentCalls: 2 } });
    const client = loopback.connect(server);
    const first = client.scoreHosts(aScoreRequest({ hosts: [], units: [] }), aCall());
    const caller = new AbortController();
    const second = rejection(client.scoreHosts(aScoreRequest(), aCall({ signal: caller.signal })));
    const [{ letGo }] = [await next(), await next()];
    const refused = await rejection(client.listPolicyUnits(aCall()));
    expect(refused).to.include({
      code: 'RESOURCE_EXHAUSTED',
      message: '2 calls are in flight, at most 2 are accepted (server.maxConcurrentCalls); try again',
    });
    expect(await client.health('', aCall())).to.equal('NOT_SERVING');
    letGo();
    await first;
    expect(await client.listPolicyUnits(aCall())).to.deep.equal(unitList([]));
    caller.abort();
    await second;
  });

  it('counts a call whose service ignores the cancellation until it ends', async () => {
    const { service, next } = gatedService(false);
    const client = loopback.connect(await loopback.serve({ service, settings: { maxConcurrentCalls: 1 } }));
    const caller = new AbortController();
    const answer = rejection(client.scoreHosts(aScoreRequest(), aCall({ signal: caller.signal })));
    const { call, letGo } = await next();
    const aborted = new Promise((resolve) => call.signal.addEventListener('abort', resolve));
    caller.abort();
    await Promise.all([answer, aborted]);
    expect(await rejection(client.listPolicyUnits(aCall()))).to.include({ code: 'RESOURCE_EXHAUSTED' });
    letGo();
    await new Promise((resolve) => setImmediate(resolve));
    expect(await client.listPolicyUnits(aCall())).to.deep.equal(unitList([]));
  });

  it('takes 128 calls at a time on one connection, and lets the next wait in the client', async () => {
    const { service, next } = gatedService();
    const client = loopback.connect(await loopback.serve({ service }));
    // The server's settings are known once a first answer is there.
    await client.health('', aCall());
    const request = aScoreRequest({ hosts: [], units: [] });
    const calls = Array.from({ length: 129 }, () => client.scoreHosts(request, aCall()));
    const begun = await Promise.all(Array.from({ length: 128 }, () => next()));
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(service.received.length).to.equal(128);
    begun[0]?.letGo();
    (await next()).letGo();
    for (const { letGo } of begun) letGo();
    await Promise.all(calls);
    expect(service.received.length).to.equal(129);
  });

  it('refuses a message over maxMessageSize', async () => {
    const server = await loopback.serve({ settings: { maxMessageSize: 100 } });
    const outcome = await rawCall(server.address, ScoreHosts, { vm_id, host_ids: [uuid(1), uuid(2)] });
    expect(outcome.code).to.equal(status.RESOURCE_EXHAUSTED);
    expect((await rawCall(server.address, ScoreHosts, { vm_id })).code).to.equal(status.OK);
  });

  it('says in one line that a port is in use', async () => {
    const { port } = await loopback.serve();
    const error = await rejection(loopback.serve({ settings: { listen: { host: '127.0.0.1', port } } }));
    expect(error)
      .to.be.instanceOf(SchedulingError)
      .and.include({
        code: 'UNAVAILABLE',
        message: `cannot listen on 127.0.0.1:${port}: the port is in use; stop what listens there, or choose another port (EADDRINUSE)`,
      });
  });

  it('says in one line that an address is not of this machine', async () => {
    const error = await rejection(loopback.serve({ settings: { listen: { host: '192.0.2.1', port: 0 } } }));
    expect(error).to.include({
      message:
        'cannot listen on 192.0.2.1:0: this machine has no such address; choose one that it has (EADDRNOTAVAIL)',
    });
  });

  it('binds an IPv6 address, and says so in brackets', async function () {
    const probe = createServer();
    const hasIpv6 = await new Promise<boolean>((resolve) => {
      probe.once('error', () => resolve(false));
      probe.listen(0, '::1', () => probe.close(() => resolve(true)));
    });
    const started = loopback.serve({ settings: { listen: { host: '::1', port: 0 } } });
    if (!hasIpv6) {
      expect(await rejection(started)).to.include({ code: 'UNAVAILABLE' });
      return;
    }
    const server = await started;
    expect(server.address).to.equal(`[::1]:${server.port}`);
    expect(await loopback.connect(server).listPolicyUnits(aCall())).to.deep.equal(unitList([]));
  });

  it('is healthy as a whole and for its service when told so, unhealthy before and after', async () => {
    const server = await loopback.serve();
    const client = loopback.connect(server);
    const health = async () => [
      await client.health('', aCall()),
      await client.health('hostscore.v1.PolicyUnitService', aCall()),
    ];
    expect(await health()).to.deep.equal(['NOT_SERVING', 'NOT_SERVING']);
    server.setServing(true);
    expect(await health()).to.deep.equal(['SERVING', 'SERVING']);
    server.setServing(false);
    expect(await health()).to.deep.equal(['NOT_SERVING', 'NOT_SERVING']);
    expect(await rejection(client.health('other', aCall()))).to.include({ code: 'NOT_FOUND' });
  });
});
