import { status } from '@grpc/grpc-js';
import { expect } from 'chai';
import type { ScoreHostsResponse } from '../../src/domain/contract.js';
import { MAX_STREAMS } from '../../src/rpc/admission.js';
import { MAX_UNREAD_BYTES, STREAM_IDLE_MS } from '../../src/rpc/score-stream.js';
import { unitList } from '../support/unit-list.js';
import { aCall, createLoopback, fakeService, memoryLog, uuid } from './loopback.js';
import { rawStream, unreadStream, type RawStreamOptions } from './raw-call.js';

const vm_id = uuid(0xa);
const host_ids = [uuid(1)];
const MIB = 1024 ** 2;

/** An answer of about that many bytes. */
function answerOf(bytes: number): ScoreHostsResponse {
  const score = { hostId: uuid(1), score: 100 };
  const bytesAScore = 2 + 2 + 36 + 2;
  const scores = Array.from({ length: Math.ceil(bytes / bytesAScore) }, () => score);
  return { scores, unitResults: [], unknownHostIds: [] };
}

/** Lets everything in this process that can go on go on. */
async function turns(count = 200): Promise<void> {
  for (let turn = 0; turn < count; turn += 1) await new Promise((resolve) => setImmediate(resolve));
}

describe('limits of StreamScoreHosts', () => {
  const loopback = createLoopback();
  afterEach(() => loopback.close());

  function open(address: string, options?: RawStreamOptions) {
    const opened = rawStream(address, options);
    loopback.onClose(opened.close);
    return opened;
  }

  function openUnread(...args: Parameters<typeof unreadStream>) {
    const opened = unreadStream(...args);
    loopback.onClose(opened.close);
    return opened;
  }

  it('computes the second of 10 answers only when the caller takes the first of 460 KB', async () => {
    const service = fakeService();
    const { address } = await loopback.serve({ service });
    const many = Array.from({ length: 10_000 }, (_, n) => uuid(n));
    const { read } = openUnread(address, { vm_id, host_ids: many }, 10);
    while (service.received.length < 1) await turns(1);
    await turns();
    expect(service.received.length).to.equal(1);
    read();
    while (service.received.length < 10) await turns(1);
  }).timeout(20_000);

  it('keeps 64 MiB of unread answers, of which each stream may have 1 MiB at any time', async () => {
    const sizes = new Map([
      [uuid(8), answerOf(7.99 * MIB)],
      [uuid(2), answerOf(2 * MIB)],
      [uuid(1), answerOf(0.99 * MIB)],
    ]);
    const log = memoryLog();
    let computed = 0;
    const service = fakeService({
      scoreHosts: ({ vmId }) => {
        computed += 1;
        return Promise.resolve(sizes.get(vmId) ?? answerOf(0));
      },
    });
    const { address } = await loopback.serve({ service, log });
    for (let n = 0; n < MAX_UNREAD_BYTES / MIB / 8; n += 1) {
      openUnread(address, { vm_id: uuid(8), host_ids });
    }
    while (computed < 8) await turns(1);
    await turns();
    const { stream, answers, answered } = open(address);
    stream.write({ vm_id: uuid(2), host_ids, request_id: 'two' });
    stream.write({ vm_id: uuid(1), host_ids, request_id: 'one' });
    await answered(2);
    expect(answers[0]?.failure).to.deep.include({
      code: 'FAILURE_CODE_RESOURCE_EXHAUSTED',
      message:
        'the answer has 2.0 MiB, and the callers of all streams leave 63.9 MiB unread, of at most 64.0 MiB; try again, or ask for fewer hosts or reasons (explain_top)',
    });
    expect(answers[1]).to.include({ request_id: 'one', outcome: 'response' });
  }).timeout(20_000);

  it(`has ${MAX_STREAMS} streams, and calls beside them`, async () => {
    const server = await loopback.serve({ settings: { maxConcurrentCalls: 1 } });
    const streams = Array.from({ length: MAX_STREAMS }, () => open(server.address));
    for (const { stream } of streams) stream.write({ vm_id, host_ids });
    await Promise.all(streams.map(({ answered }) => answered(1)));
    expect(await open(server.address).ended).to.deep.equal({
      code: status.RESOURCE_EXHAUSTED,
      details: '64 streams are open, at most 64 are accepted; use an open one, or try again',
    });
    expect(await loopback.connect(server).listPolicyUnits(aCall())).to.deep.equal(unitList([]));
    streams[0]?.stream.end();
    await streams[0]?.ended;
    const another = open(server.address);
    another.stream.write({ vm_id, host_ids });
    await another.answered(1);
  });

  describe('in time', () => {
    /** A server whose clock and timers the test turns. */
    async function served(answer: ScoreHostsResponse = answerOf(0)) {
      const timers = new Map<() => void, number>();
      let now = Date.now();
      const codes: string[] = [];
      const server = await loopback.serve({
        service: fakeService({ scoreHosts: () => Promise.resolve(answer) }),
        clock: { now: () => now },
        after: (ms, run) => {
          timers.set(run, now + ms);
          return () => timers.delete(run);
        },
        onCallEnd: ({ code }) => codes.push(code),
      });
      const pass = (ms: number) => {
        now += ms;
        for (const [run, due] of [...timers]) {
          if (due > now) continue;
          timers.delete(run);
          run();
        }
      };
      /** The number of streams that were followed from this moment on. */
      const followed = () => [...timers.values()].filter((due) => due === now + STREAM_IDLE_MS).length;
      return { ...server, pass, followed, codes };
    }

    const IDLE = {
      code: status.UNAVAILABLE,
      details: 'the caller sent no request, or took no answer, for 5 minutes; open another stream',
    };

    it('ends a stream that sends nothing for 5 minutes', async () => {
      const { address, pass, followed, codes } = await served();
      const { ended } = open(address, { deadline: Infinity });
      while (followed() === 0) await turns(1);
      pass(STREAM_IDLE_MS - 1);
      await turns();
      expect(codes).to.deep.equal([]);
      pass(1);
      expect(await ended).to.deep.equal(IDLE);
      expect(codes).to.deep.equal(['UNAVAILABLE']);
    });

    it('ends a stream 5 minutes after its last answer, and none that is used', async () => {
      const { address, pass, codes } = await served();
      const { stream, answered, ended } = open(address, { deadline: Infinity });
      for (let n = 1; n <= 4; n += 1) {
        stream.write({ vm_id, host_ids });
        await answered(n);
        await turns();
        pass(STREAM_IDLE_MS - 1);
      }
      await turns();
      expect(codes).to.deep.equal([]);
      pass(1);
      expect(await ended).to.deep.equal(IDLE);
    });

    it('cuts the connection of a caller that takes no answer for 5 minutes', async () => {
      const { address, pass, followed, codes } = await served(answerOf(0.5 * MIB));
      const { closed } = openUnread(address, { vm_id, host_ids });
      while (followed() === 0) await turns(1);
      await turns();
      pass(STREAM_IDLE_MS);
      await closed;
      expect(codes).to.deep.equal(['UNAVAILABLE']);
    });
  });

  describe('with 32 busy streams', () => {
    /** A server whose every answer takes 2 ms of its clock, and 32 streams that keep it busy. */
    async function busy() {
      let now = Date.now();
      let computed = 0;
      const answer = answerOf(0);
      const service = fakeService({
        scoreHosts: async () => {
          await Promise.resolve();
          now += 2;
          computed += 1;
          return answer;
        },
      });
      const server = await loopback.serve({ service, clock: { now: () => now } });
      const streams = Array.from({ length: 32 }, () => open(server.address, { deadline: Infinity }));
      for (const { stream } of streams) {
        for (let n = 0; n < 50; n += 1) stream.write({ vm_id, host_ids });
      }
      return { server, streams, computed: () => computed };
    }

    it('computes 3 answers of 2 ms in a turn of the event loop, which is 5 ms and the one that was begun', async () => {
      const { streams, computed } = await busy();
      let most = 0;
      for (let last = 0; last < 32 * 50; last = computed()) {
        await turns(1);
        most = Math.max(most, computed() - last);
      }
      expect(most).to.equal(3);
      await Promise.all(streams.map(({ answered }) => answered(50)));
    });

    it('answers a call meanwhile, within 30 of the 1,600 answers', async () => {
      const { server, streams, computed } = await busy();
      const client = loopback.connect(server);
      await client.listPolicyUnits(aCall());
      await Promise.all(streams.map(({ answered }) => answered(1)));
      const before = computed();
      await client.listPolicyUnits(aCall());
      expect(computed() - before).to.be.lessThan(30);
      expect(computed()).to.be.lessThan(32 * 50);
    });
  });
});
