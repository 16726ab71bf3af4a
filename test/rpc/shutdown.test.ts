import { once } from 'node:events';
import { connect as connectHttp2 } from 'node:http2';
import { connect as connectSocket } from 'node:net';
import { Client, credentials, status } from '@grpc/grpc-js';
import { expect } from 'chai';
import { service as healthService } from 'grpc-health-check';
import { policyUnitMethods } from '../../src/rpc/proto.js';
import { grpcMessage } from './http2-peer.js';
import {
  aCall,
  aScoreRequest,
  createLoopback,
  deferred,
  fakeService,
  memoryLog,
  rejection,
  SNAPSHOT_TIME,
  uuid,
} from './loopback.js';

/** Longer than any test may take: a close that waits for it fails the test. */
const HOURS = 3_600_000;

const answer = { scores: [], unitResults: [], unknownHostIds: [], snapshotTime: SNAPSHOT_TIME };
const nothing = aScoreRequest({ hosts: [], units: [] });

describe('closing the server', () => {
  const loopback = createLoopback();
  afterEach(() => loopback.close());

  function watchHealth(address: string) {
    const client = new Client(address, credentials.createInsecure(), { 'grpc.use_local_subchannel_pool': 1 });
    loopback.onClose(() => client.close());
    const watch = healthService['Watch'];
    if (watch === undefined) throw new Error('no Watch method');
    const stream = client.makeServerStreamRequest(
      watch.path,
      watch.requestSerialize,
      watch.responseDeserialize,
      { service: '' },
    );
    const ended = new Promise<number>((resolve) => stream.on('status', ({ code }) => resolve(code)));
    stream.on('error', () => undefined);
    return { stream, ended };
  }

  it('is done at once when nobody is connected, and twice is once', async () => {
    const server = await loopback.serve();
    await Promise.all([server.close(HOURS), server.close(HOURS)]);
    expect(await rejection(loopback.connect(server).listPolicyUnits(aCall()))).to.include({
      code: 'UNAVAILABLE',
    });
  });

  it('is done at once when a client is connected but idle', async () => {
    const server = await loopback.serve();
    await loopback.connect(server).listPolicyUnits(aCall());
    await server.close(HOURS);
  });

  it('turns the health red before anything else, and keeps it so', async () => {
    const server = await loopback.serve();
    server.setServing(true);
    const { stream } = watchHealth(server.address);
    expect((await once(stream, 'data'))[0]).to.deep.equal({ status: 'SERVING' });
    const closed = server.close(HOURS);
    server.setServing(true);
    expect((await once(stream, 'data'))[0]).to.deep.equal({ status: 'NOT_SERVING' });
    await closed;
  });

  it('does not wait for a health Watch or a silent connection', async () => {
    const server = await loopback.serve();
    const { stream, ended } = watchHealth(server.address);
    await once(stream, 'data');
    const socket = connectSocket(server.port, '127.0.0.1');
    await once(socket, 'connect');
    socket.resume();
    const cut = once(socket, 'close');
    await server.close(HOURS);
    await cut;
    expect(await ended).to.not.equal(status.OK);
  });

  it('lets a call in flight end, also beside a Watch and a silent connection', async () => {
    const begun = deferred<undefined>();
    const gate = deferred<undefined>();
    const service = fakeService({
      scoreHosts: async () => {
        begun.resolve(undefined);
        await gate.promise;
        return answer;
      },
    });
    const server = await loopback.serve({ service });
    await once(watchHealth(server.address).stream, 'data');
    const socket = connectSocket(server.port, '127.0.0.1');
    await once(socket, 'connect');
    socket.on('error', () => undefined);
    const client = loopback.connect(server);
    const inFlight = client.scoreHosts(nothing, aCall());
    await begun.promise;
    let closed = false;
    const closing = server.close(HOURS).then(() => (closed = true));
    const late = loopback.connect(server);
    expect(await rejection(late.scoreHosts(nothing, aCall()))).to.include({ code: 'UNAVAILABLE' });
    expect(await rejection(client.scoreHosts(nothing, aCall()))).to.include({ code: 'UNAVAILABLE' });
    expect(closed).to.equal(false);
    gate.resolve(undefined);
    expect(await inFlight).to.deep.equal(answer);
    await closing;
    expect(service.received.length).to.equal(1);
  });

  it('answers a call that began before, though its message comes after', async () => {
    const server = await loopback.serve();
    const session = connectHttp2(`http://${server.address}`);
    loopback.onClose(() => session.destroy());
    await once(session, 'connect');
    const { path, requestSerialize } = policyUnitMethods.ScoreHosts;
    const stream = session.request({
      ':method': 'POST',
      ':path': path,
      'content-type': 'application/grpc',
      te: 'trailers',
    });
    stream.write(Buffer.alloc(1));
    // What comes back shows that the server has read the head of the call.
    await new Promise<void>((resolve) => session.ping(() => resolve()));
    const closing = server.close(HOURS);
    const trailers = once(stream, 'trailers');
    stream.resume();
    stream.end(grpcMessage(requestSerialize({ vm_id: uuid(1) })).subarray(1));
    expect((await trailers)[0]).to.include({ 'grpc-status': '0' });
    await closing;
  });

  it('cuts a call that is still in flight after the grace, and aborts its signal', async () => {
    const begun = deferred<AbortSignal>();
    const service = fakeService({
      scoreHosts: (_, { signal }) => {
        begun.resolve(signal);
        return new Promise(() => undefined);
      },
    });
    const server = await loopback.serve({ service });
    const inFlight = rejection(loopback.connect(server).scoreHosts(nothing, aCall()));
    const signal = await begun.promise;
    const aborted = new Promise((resolve) => signal.addEventListener('abort', resolve));
    await server.close(20);
    await aborted;
    expect(signal.reason).to.include({ code: 'CANCELLED' });
    expect(await inFlight)
      .to.have.property('code')
      .that.is.oneOf(['UNAVAILABLE', 'CANCELLED', 'INTERNAL']);
  });

  it('ends an idle stream, and one at work after its answer, with UNAVAILABLE', async () => {
    const begun = deferred<undefined>();
    const gate = deferred<undefined>();
    const service = fakeService({
      scoreHosts: async ({ vmId }) => {
        if (vmId === uuid(1)) {
          begun.resolve(undefined);
          await gate.promise;
        }
        return answer;
      },
    });
    const log = memoryLog();
    const server = await loopback.serve({ service, log });
    const { path, requestSerialize, responseDeserialize } = policyUnitMethods.StreamScoreHosts;
    const open = (vm_id: string) => {
      const client = new Client(server.address, credentials.createInsecure());
      loopback.onClose(() => client.close());
      const stream = client.makeBidiStreamRequest(path, requestSerialize, responseDeserialize);
      const outcome = new Promise<string>((resolve) => {
        stream.on('status', ({ code, details }) => resolve(`${status[code]}: ${details}`));
      });
      let answers = 0;
      stream.on('error', () => undefined);
      stream.on('data', () => answers++);
      stream.write({ vm_id });
      return { stream, outcome, answers: () => answers };
    };
    const idle = open(uuid(2));
    await once(idle.stream, 'data');
    const atWork = open(uuid(1));
    await begun.promise;
    const closing = server.close(HOURS);
    const shuttingDown = 'UNAVAILABLE: the server is shutting down; call another one';
    expect(await idle.outcome).to.equal(shuttingDown);
    gate.resolve(undefined);
    expect(await atWork.outcome).to.equal(shuttingDown);
    expect(atWork.answers()).to.equal(1);
    await closing;
  });
});
