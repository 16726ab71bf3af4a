import { once } from 'node:events';
import { connect as connectHttp2 } from 'node:http2';
import { connect as connectSocket } from 'node:net';
import { status } from '@grpc/grpc-js';
import { expect } from 'chai';
import { service as healthService } from 'grpc-health-check';
import type { After } from '../../src/lib/timers.js';
import { MAX_PROBES, MAX_REFLECTIONS, MAX_WATCHES } from '../../src/rpc/admission.js';
import { SPARED_MS, type ConnectionEnd } from '../../src/rpc/connections.js';
import { policyUnitMethods } from '../../src/rpc/proto.js';
import { MAX_LEFT_OPEN } from '../../src/rpc/interceptor.js';
import { SERVER_TIMES, type RpcServer } from '../../src/rpc/server.js';
import { unitList } from '../support/unit-list.js';
import { until } from '../support/until.js';
import { connectHttp2Peer, dataFrame, grpcMessage, headersFrame, resetFrame } from './http2-peer.js';
import {
  aCall,
  createLoopback,
  deferred,
  fakeService,
  memoryLog,
  SNAPSHOT_TIME,
  uuid,
  type ServeOptions,
} from './loopback.js';
import { rawCall } from './raw-call.js';

const SCORE_HOSTS = '/hostscore.v1.PolicyUnitService/ScoreHosts';
const WATCH = '/grpc.health.v1.Health/Watch';
const CHECK = '/grpc.health.v1.Health/Check';
const REFLECTION = '/grpc.reflection.v1.ServerReflection/ServerReflectionInfo';

const MESSAGE = grpcMessage(
  policyUnitMethods.ScoreHosts.requestSerialize({ vm_id: uuid(1), host_ids: [uuid(1)] }),
);
const HALF = MESSAGE.subarray(0, MESSAGE.length / 2);

/** The server's times; the handshake's, as long as others by default, can be told from these. */
const TIMES = { ...SERVER_TIMES, handshakeMs: 7000 };

/** Timers that pass when a test says so. */
function createTimers() {
  const pending = new Set<{ readonly ms: number; readonly run: () => void }>();
  const after: After = (ms, run) => {
    const timer = { ms, run };
    pending.add(timer);
    return () => pending.delete(timer);
  };
  return {
    after,
    count: (ms: number) => [...pending].filter((timer) => timer.ms === ms).length,
    /** Waits until a timer of this length runs, and lets it pass. */
    async pass(ms: number) {
      const timer = await until(
        () => [...pending].find((each) => each.ms === ms),
        (found) => found !== undefined,
      );
      if (timer === undefined) return;
      pending.delete(timer);
      timer.run();
    },
  };
}

describe('what callers hold', () => {
  const loopback = createLoopback();
  afterEach(() => loopback.close());

  async function serve(options: ServeOptions = {}) {
    const timers = createTimers();
    const log = memoryLog();
    const ended: ConnectionEnd[] = [];
    const incomplete: string[] = [];
    // Stands still, so that no call gives way to another unless a test lets time pass.
    const clock = { at: Date.now(), now: () => clock.at };
    const server = await loopback.serve({
      times: TIMES,
      clock,
      ...options,
      after: timers.after,
      log,
      onConnectionEnd: (reason) => ended.push(reason),
      onCallIncomplete: (method) => incomplete.push(method),
    });
    return { server, timers, clock, log, ended, incomplete };
  }

  async function connectPeer({ port }: RpcServer, window?: number) {
    const peer = await connectHttp2Peer(port, window === undefined ? {} : { window });
    loopback.onClose(() => peer.socket.destroy());
    return peer;
  }

  const codeOf = async ({ address }: RpcServer) => {
    const outcome = await rawCall(address, policyUnitMethods.ListPolicyUnits, {});
    return status[outcome.code];
  };
  const admits = (server: RpcServer) =>
    until(
      () => codeOf(server),
      (code) => code === 'OK',
    );
  /** Waits until the only place is taken. */
  async function isTaken({ server, timers }: Awaited<ReturnType<typeof serve>>): Promise<void> {
    await until(
      () => timers.count(10_000),
      (count) => count === 1,
    );
    expect(await codeOf(server)).to.equal('RESOURCE_EXHAUSTED');
  }
  const single = { settings: { maxConcurrentCalls: 1 } };

  it('gives no place to a call that comes with its cancellation: 300 x HEADERS and RST_STREAM in one write', async () => {
    const { server } = await serve(single);
    const peer = await connectPeer(server);
    const streams = Array.from({ length: 300 }, (_, n) => 2 * n + 1);
    peer.send(...streams.flatMap((stream) => [headersFrame(stream, SCORE_HOSTS), resetFrame(stream)]));
    peer.send(headersFrame(601, SCORE_HOSTS), dataFrame(601, MESSAGE, { end: true }));
    await until(peer.endedStreams, (count) => count === 1);
    expect(await codeOf(server)).to.equal('OK');
  });

  it('gives the place of a call to the next when its message is cancelled half-way', async () => {
    const served = await serve(single);
    const { server, ended, incomplete } = served;
    const peer = await connectPeer(server);
    peer.send(headersFrame(1, SCORE_HOSTS), dataFrame(1, HALF));
    await isTaken(served);
    peer.send(resetFrame(1));
    await admits(server);
    expect(ended).to.deep.equal([]);
    expect(incomplete).to.deep.equal(['ScoreHosts']);
  });

  it('ends the connection of a call whose message is not whole in 10 s', async () => {
    const served = await serve(single);
    const { server, timers, log, ended, incomplete } = served;
    const peer = await connectPeer(server);
    peer.send(headersFrame(1, SCORE_HOSTS), dataFrame(1, HALF));
    await isTaken(served);
    await timers.pass(10_000);
    await peer.closed;
    await admits(server);
    expect(ended).to.deep.equal(['message_late']);
    expect(incomplete).to.deep.equal(['ScoreHosts']);
    const lines = log.lines.filter(({ level }) => level === 'warn');
    expect(lines).to.deep.equal([
      {
        level: 'warn',
        event: 'connection ended',
        reason: 'message_late',
        peer: '127.0.0.1',
      },
      { level: 'warn', event: 'call incomplete', method: 'ScoreHosts' },
    ]);
  });

  it('ends the connection of a call that timed out half-way and is left open, and keeps its place until then', async () => {
    const { server, timers, ended } = await serve(single);
    const peer = await connectPeer(server);
    peer.send(headersFrame(1, SCORE_HOSTS, { 'grpc-timeout': '20m' }), dataFrame(1, HALF));
    await until(peer.endedStreams, (count) => count === 1);
    expect(await codeOf(server)).to.equal('RESOURCE_EXHAUSTED');
    await timers.pass(50);
    await timers.pass(1000);
    await peer.closed;
    await admits(server);
    expect(ended).to.deep.equal(['left_open']);
  });

  it('ends no connection for a call that timed out half-way and was closed', async () => {
    const { server, timers, ended } = await serve(single);
    const peer = await connectPeer(server);
    peer.send(headersFrame(1, SCORE_HOSTS, { 'grpc-timeout': '20m' }), dataFrame(1, HALF));
    await until(peer.endedStreams, (count) => count === 1);
    peer.send(
      resetFrame(1),
      headersFrame(3, CHECK),
      dataFrame(3, grpcMessage(Buffer.alloc(0)), { end: true }),
    );
    await until(peer.endedStreams, (count) => count === 2);
    await timers.pass(50);
    expect(await codeOf(server)).to.equal('OK');
    expect(ended).to.deep.equal([]);
  });

  it(`gives the place of a call whose peer has been waited for ${SPARED_MS} ms to the next, and not before`, async () => {
    const served = await serve(single);
    const { server, clock, ended } = served;
    const peer = await connectPeer(server);
    peer.send(headersFrame(1, SCORE_HOSTS), dataFrame(1, HALF));
    await isTaken(served);
    clock.at += SPARED_MS - 1;
    expect(await codeOf(server)).to.equal('RESOURCE_EXHAUSTED');
    clock.at += 1;
    expect(await codeOf(server)).to.equal('OK');
    await peer.closed;
    expect(ended).to.deep.equal(['evicted']);
  });

  it(`gives the place of a health check whose peer has been waited for ${SPARED_MS} ms to the next`, async () => {
    const { server, timers, clock } = await serve();
    const peer = await connectPeer(server);
    peer.send(...Array.from({ length: MAX_PROBES }, (_, n) => headersFrame(2 * n + 1, CHECK)));
    await until(
      () => timers.count(10_000),
      (count) => count === MAX_PROBES,
    );
    clock.at += SPARED_MS;
    const other = await connectPeer(server);
    other.send(headersFrame(1, CHECK), dataFrame(1, grpcMessage(Buffer.alloc(0)), { end: true }));
    await until(other.endedStreams, (count) => count === 1);
    await peer.closed;
    expect(other.socket.destroyed).to.equal(false);
  });

  it('ends the connection of a call that was refused and is left open', async () => {
    const served = await serve(single);
    const { server, timers, ended } = served;
    const [first, second] = [await connectPeer(server), await connectPeer(server)];
    first.send(headersFrame(1, SCORE_HOSTS));
    await isTaken(served);
    second.send(headersFrame(1, SCORE_HOSTS));
    await until(second.endedStreams, (count) => count === 1);
    while (timers.count(50) > 0) await timers.pass(50);
    await timers.pass(1000);
    await second.closed;
    expect(ended).to.deep.equal(['left_open']);
    expect(first.socket.destroyed).to.equal(false);
  });

  it(`ends a connection at once whose refused call is one more than ${MAX_LEFT_OPEN} that are left open`, async () => {
    const served = await serve(single);
    const { server, timers, ended } = served;
    const first = await connectPeer(server);
    first.send(headersFrame(1, SCORE_HOSTS));
    await isTaken(served);
    const perPeer = 128;
    for (let n = 0; n < MAX_LEFT_OPEN / perPeer; n++) {
      const peer = await connectPeer(server);
      peer.send(...Array.from({ length: perPeer }, (_, call) => headersFrame(2 * call + 1, SCORE_HOSTS)));
      await until(peer.endedStreams, (count) => count === perPeer);
      while (timers.count(50) > 0) await timers.pass(50);
    }
    await until(
      () => timers.count(1000),
      (count) => count === MAX_LEFT_OPEN,
    );
    expect(ended).to.deep.equal([]);
    const last = await connectPeer(server);
    last.send(headersFrame(1, SCORE_HOSTS));
    await timers.pass(50);
    await last.closed;
    expect(ended).to.deep.equal(['left_open']);
  });

  it('ends the connection of a call whose answer is not taken in 10 s, and keeps its place until then', async () => {
    const served = await serve(single);
    const { server, timers, ended, incomplete } = served;
    const peer = await connectPeer(server, 0);
    peer.send(headersFrame(1, SCORE_HOSTS), dataFrame(1, MESSAGE, { end: true }));
    await isTaken(served);
    await timers.pass(10_000);
    await peer.closed;
    await admits(server);
    expect(ended).to.deep.equal(['answer_late']);
    expect(incomplete).to.deep.equal([]);
  });

  it('answers a message that comes in frames of 1 byte', async () => {
    const { server } = await serve(single);
    const peer = await connectPeer(server);
    peer.send(headersFrame(1, SCORE_HOSTS));
    await peer.sendData(1, MESSAGE, 1);
    peer.send(dataFrame(1, Buffer.alloc(0), { end: true }));
    await until(peer.endedStreams, (count) => count === 1);
    expect(peer.socket.destroyed).to.equal(false);
  });

  it('leaves no timer behind an answered call', async () => {
    const { server, timers } = await serve();
    expect(await codeOf(server)).to.equal('OK');
    await until(
      () => timers.count(SERVER_TIMES.messageMs) + timers.count(SERVER_TIMES.closeMs),
      (count) => count === 0,
    );
  });

  it('leaves no timer behind a call that was cancelled before its method ended', async () => {
    const gate = deferred<undefined>();
    const begun = deferred<AbortSignal>();
    const service = fakeService({
      scoreHosts: async (_, { signal }) => {
        begun.resolve(signal);
        await gate.promise;
        return { scores: [], unitResults: [], unknownHostIds: [], snapshotTime: SNAPSHOT_TIME };
      },
    });
    const { server, timers, ended } = await serve({ ...single, service });
    const peer = await connectPeer(server);
    peer.send(headersFrame(1, SCORE_HOSTS), dataFrame(1, MESSAGE, { end: true }));
    const signal = await begun.promise;
    peer.send(resetFrame(1));
    await until(
      () => signal.aborted,
      (isAborted) => isAborted,
    );
    gate.resolve(undefined);
    await admits(server);
    expect([timers.count(10_000), timers.count(50), ended]).to.deep.equal([0, 0, []]);
  });

  it(`keeps ${MAX_WATCHES} watches of the health open for as long as they like, refuses the next, and answers calls`, async () => {
    const { server, timers, ended } = await serve(single);
    const watch = (stream: number) => [
      headersFrame(stream, WATCH),
      dataFrame(stream, grpcMessage(Buffer.alloc(0)), { end: true }),
    ];
    const peer = await connectPeer(server);
    peer.send(...Array.from({ length: MAX_WATCHES }, (_, n) => watch(2 * n + 1)).flat());
    const check = healthService['Check'];
    if (check === undefined) throw new Error('no Check method');
    expect((await rawCall(server.address, check, { service: '' })).code).to.equal(status.OK);
    expect(await codeOf(server)).to.equal('OK');
    const next = await connectPeer(server);
    next.send(...watch(1));
    await until(next.endedStreams, (count) => count === 1);
    await until(
      () => timers.count(10_000),
      (count) => count === 0,
    );
    expect(peer.endedStreams()).to.equal(0);
    expect(ended).to.deep.equal([]);
  });

  it(`takes ${MAX_PROBES} health checks at a time, and calls beside them`, async () => {
    const { server } = await serve();
    const peer = await connectPeer(server);
    const streams = Array.from({ length: MAX_PROBES }, (_, n) => 2 * n + 1);
    peer.send(...streams.map((stream) => headersFrame(stream, CHECK)));
    peer.send(headersFrame(101, CHECK));
    await until(peer.endedStreams, (count) => count === 1);
    expect(await codeOf(server)).to.equal('OK');
  });

  describe('reflection', () => {
    const ask = Buffer.from('2a00', 'hex');

    it('answers 50 requests that come at once, in 50 answers', async () => {
      const { server } = await serve();
      const session = connectHttp2(`http://${server.address}`);
      loopback.onClose(() => session.destroy());
      const stream = session.request({
        ':method': 'POST',
        ':path': REFLECTION,
        'content-type': 'application/grpc',
        te: 'trailers',
      });
      let bytes = 0;
      stream.on('data', (chunk: Buffer) => (bytes += chunk.length));
      stream.write(grpcMessage(ask));
      await until(
        () => bytes,
        (count) => count > 0,
      );
      const perAnswer = bytes;
      stream.end(Buffer.concat(Array.from({ length: 49 }, () => grpcMessage(ask))));
      await once(stream, 'end');
      expect(bytes / perAnswer).to.equal(50);
    });

    it(`takes ${MAX_REFLECTIONS} streams, and ends them after 60 s`, async () => {
      const { server, timers, ended } = await serve();
      const peer = await connectPeer(server);
      const streams = Array.from({ length: MAX_REFLECTIONS + 1 }, (_, n) => 2 * n + 1);
      peer.send(...streams.map((stream) => headersFrame(stream, REFLECTION)));
      await until(peer.endedStreams, (count) => count === 1);
      for (let n = 0; n < MAX_REFLECTIONS; n++) await timers.pass(60_000);
      await until(peer.endedStreams, (count) => count === MAX_REFLECTIONS + 1);
      expect(ended).to.deep.equal([]);
      await timers.pass(50);
      await timers.pass(1000);
      await peer.closed;
      expect(ended).to.deep.equal(['left_open']);
    });
  });

  describe('a connection', () => {
    it('is ended after 10 s when nothing came over it', async () => {
      const { server, timers, ended } = await serve();
      const socket = connectSocket(server.port, '127.0.0.1');
      socket.on('error', () => undefined).resume();
      const closed = once(socket, 'close');
      await timers.pass(TIMES.handshakeMs);
      await closed;
      expect([SERVER_TIMES.handshakeMs, ended]).to.deep.equal([10_000, ['handshake']]);
    });

    it('is kept after 10 s when a client is at its other end', async () => {
      const { server, timers, ended } = await serve();
      const peer = await connectPeer(server);
      peer.send(headersFrame(1, CHECK), dataFrame(1, grpcMessage(Buffer.alloc(0)), { end: true }));
      await until(peer.endedStreams, (count) => count === 1);
      await timers.pass(TIMES.handshakeMs);
      peer.send(headersFrame(3, CHECK), dataFrame(3, grpcMessage(Buffer.alloc(0)), { end: true }));
      await until(peer.endedStreams, (count) => count === 2);
      expect(ended).to.deep.equal([]);
    });

    it('counts as a failed handshake when what comes is not HTTP/2', async () => {
      const { server, ended } = await serve();
      const socket = connectSocket(server.port, '127.0.0.1');
      socket.on('error', () => undefined).resume();
      socket.write('GET / HTTP/1.1\r\nHost: a\r\n\r\n');
      await once(socket, 'close');
      expect(ended).to.deep.equal(['handshake']);
    });

    it('is ended when it made no call in 5 min, and kept when it made one', async () => {
      const { server, timers, log, ended } = await serve();
      const [silent, used] = [await connectPeer(server), await connectPeer(server)];
      const check = (stream: number) => [
        headersFrame(stream, CHECK),
        dataFrame(stream, grpcMessage(Buffer.alloc(0)), { end: true }),
      ];
      used.send(...check(1));
      await until(used.endedStreams, (count) => count === 1);
      await timers.pass(TIMES.handshakeMs);
      await timers.pass(TIMES.handshakeMs);
      await timers.pass(300_000);
      await silent.closed;
      used.send(...check(3));
      await until(used.endedStreams, (count) => count === 2);
      expect([ended, log.lines]).to.deep.equal([['silent'], []]);
    });

    it('with a call in flight is not ended for another: that one is closed', async () => {
      const gate = deferred<undefined>();
      const begun = deferred<undefined>();
      const answer = { scores: [], unitResults: [], unknownHostIds: [], snapshotTime: SNAPSHOT_TIME };
      const service = fakeService({
        scoreHosts: async () => {
          begun.resolve(undefined);
          await gate.promise;
          return answer;
        },
      });
      const { server, ended } = await serve({
        service,
        settings: { maxConnections: 1 },
      });
      const peer = await connectPeer(server);
      peer.send(headersFrame(1, SCORE_HOSTS), dataFrame(1, MESSAGE, { end: true }));
      await begun.promise;
      const socket = connectSocket(server.port, '127.0.0.1');
      socket.on('error', () => undefined).resume();
      await once(socket, 'close');
      expect(ended).to.deep.equal(['no_room']);
      gate.resolve(undefined);
      await until(peer.endedStreams, (count) => count === 1);
    });

    it(`with calls that all wait for their peer for ${SPARED_MS} ms makes room for another one`, async () => {
      const served = await serve({ settings: { maxConnections: 1 } });
      const { server, timers, clock, ended } = served;
      const peer = await connectPeer(server);
      peer.send(headersFrame(1, SCORE_HOSTS), dataFrame(1, HALF));
      await until(
        () => timers.count(10_000),
        (count) => count === 1,
      );
      clock.at += SPARED_MS;
      expect(await codeOf(server)).to.equal('OK');
      await peer.closed;
      expect(ended).to.deep.equal(['evicted']);
    });

    it('of 20 silent ones, at most 4 stay, and callers are answered', async () => {
      const { server, log, ended } = await serve({ settings: { maxConnections: 4 } });
      const sockets = Array.from({ length: 20 }, () => connectSocket(server.port, '127.0.0.1'));
      for (const socket of sockets) {
        socket.on('error', () => undefined).resume();
        loopback.onClose(() => socket.destroy());
      }
      await until(
        () => ended.length,
        (count) => count === 16,
      );
      const client = loopback.connect(server);
      expect(await client.listPolicyUnits(aCall())).to.deep.equal(unitList([]));
      const more = connectSocket(server.port, '127.0.0.1');
      more.on('error', () => undefined).resume();
      loopback.onClose(() => more.destroy());
      await until(
        () => ended.length,
        (count) => count === 18,
      );
      // The connection with a call behind it is the last to go.
      expect(await client.listPolicyUnits(aCall())).to.deep.equal(unitList([]));
      expect(ended).to.deep.equal(Array.from({ length: 18 }, () => 'evicted'));
      expect(log.lines[0]).to.deep.include({
        event: 'connection ended',
        reason: 'evicted',
        maxConnections: 4,
      });
    });
  });
});
