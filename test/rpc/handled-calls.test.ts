import { once } from 'node:events';
import { connect } from 'node:http2';
import { Client, credentials, Metadata, status } from '@grpc/grpc-js';
import { expect } from 'chai';
import { service as healthService } from 'grpc-health-check';
import type { ScoreHostsResponse } from '../../src/domain/contract.js';
import { createMetrics } from '../../src/process/metrics.js';
import { policyUnitMethods, inventoryMethods } from '../../src/rpc/proto.js';
import { until } from '../support/until.js';
import { createLoopback, deferred, fakeService, uuid, type ServeOptions } from './loopback.js';
import { rawCall, rawStream } from './raw-call.js';

const { ScoreHosts } = policyUnitMethods;
const vm_id = uuid(0xa);

/** A service that scores nothing until it is released. */
function held() {
  const { promise, resolve } = deferred<ScoreHostsResponse>();
  const service = fakeService({ scoreHosts: () => promise });
  const nothing = { scores: [], unitResults: [], unknownHostIds: [] };
  return { service, received: () => service.received.length, release: () => resolve(nothing) };
}

describe('gRPC calls by the convention of its exporters', () => {
  const loopback = createLoopback();
  afterEach(() => loopback.close());

  /** A server whose calls are counted, and the lines of a counter of them, sorted. */
  async function counted(options: ServeOptions = {}) {
    const metrics = createMetrics(() => false);
    const { address } = await loopback.serve({
      onCallHandled: metrics.callHandled,
      onRefused: (reason) => metrics.callRefused('grpc', reason),
      ...options,
    });
    const linesOf = async (name: string) =>
      (await metrics.scrape())
        .split('\n')
        .filter((line) => line.startsWith(`${name}{`))
        .map((line) => line.slice(name.length))
        .sort();
    const handled = () => linesOf('grpc_server_handled_total');
    return { address, handled, linesOf };
  }

  const line = (type: string, method: string, code: string, count: number, service = 'PolicyUnitService') =>
    `{grpc_type="${type}",grpc_service="hostscore.v1.${service}",grpc_method="${method}",grpc_code="${code}"} ${count}`;

  it('have type, service, method and code: 2 OK, 1 refused for its VM, and 3 in the histogram', async () => {
    const { address, handled, linesOf } = await counted();
    for (const id of [vm_id, vm_id, 'x']) await rawCall(address, ScoreHosts, { vm_id: id });
    expect(await handled()).to.deep.equal([
      line('unary', 'ScoreHosts', 'InvalidArgument', 1),
      line('unary', 'ScoreHosts', 'OK', 2),
    ]);
    expect(await linesOf('grpc_server_handling_seconds_count')).to.deep.equal([
      '{grpc_type="unary",grpc_service="hostscore.v1.PolicyUnitService",grpc_method="ScoreHosts"} 3',
    ]);
  });

  it('are of streams, of other services and of health too', async () => {
    const { address, handled } = await counted();
    const { stream, ended } = rawStream(address);
    stream.end();
    await ended;
    await rawCall(address, inventoryMethods.GetInventory, {});
    const check = healthService['Check'];
    if (check === undefined) throw new Error('no Check method');
    await rawCall(address, check, { service: '' });
    expect(await handled()).to.deep.equal([
      '{grpc_type="bidi_stream",grpc_service="hostscore.v1.PolicyUnitService",grpc_method="StreamScoreHosts",grpc_code="OK"} 1',
      '{grpc_type="unary",grpc_service="grpc.health.v1.Health",grpc_method="Check",grpc_code="OK"} 1',
      line('unary', 'GetInventory', 'Unimplemented', 1, 'InventoryService'),
    ]);
  });

  it('count 300 methods that there are not under one name', async () => {
    const { address, handled, linesOf } = await counted();
    const client = new Client(address, credentials.createInsecure());
    const call = (n: number) =>
      new Promise<number>((resolve) => {
        const none = () => Buffer.alloc(0);
        const path = n % 2 === 0 ? `/made.up.S${n}/M` : `/hostscore.v1.PolicyUnitService/M${n}`;
        client
          .makeUnaryRequest(path, none, none, {}, new Metadata(), () => undefined)
          .on('status', ({ code }) => resolve(code));
      });
    const codes = new Set(await Promise.all(Array.from({ length: 300 }, (_, n) => call(n))));
    client.close();
    expect([...codes]).to.deep.equal([status.UNIMPLEMENTED]);
    expect(await handled()).to.deep.equal([
      '{grpc_type="unary",grpc_service="unknown",grpc_method="unknown",grpc_code="Unimplemented"} 300',
    ]);
    expect(await linesOf('hostscore_refusals_total')).to.deep.equal([
      '{face="grpc",reason="unknown_method"} 300',
    ]);
  });

  it('count a call once that is late, and one whose caller went away', async () => {
    const { service, received, release } = held();
    const { address, handled } = await counted({ service });
    await rawCall(address, ScoreHosts, { vm_id }, { deadline: Date.now() + 50 });
    const { stream, close } = rawStream(address);
    loopback.onClose(close);
    stream.write({ vm_id });
    await until(received, (calls) => calls === 2);
    stream.cancel();
    const lines = await until(handled, ({ length }) => length === 2);
    release();
    for (let turn = 0; turn < 50; turn += 1) await new Promise((resolve) => setImmediate(resolve));
    expect(await handled()).to.deep.equal(lines);
    expect(lines[0]).to.match(/StreamScoreHosts",grpc_code="Canceled"} 1$/);
    expect(lines[1]).to.match(/ScoreHosts",grpc_code="(DeadlineExceeded|Canceled)"} 1$/);
  });

  /** Sends the beginning of a request by hand. Resolves when its answer has ended. */
  async function sent(address: string, path: string, headers: object, part: Buffer): Promise<void> {
    const session = connect(`http://${address}`);
    const head = { ':method': 'POST', ':path': path, 'content-type': 'application/grpc', te: 'trailers' };
    const stream = session.request({ ...head, ...headers });
    stream.write(part);
    stream.resume();
    await once(stream, 'end');
    session.destroy();
  }

  const frame = (message: Buffer, { mark = 0, length = message.length } = {}): Buffer => {
    const head = Buffer.alloc(5);
    head.writeUInt8(mark, 0);
    head.writeUInt32BE(length, 1);
    return Buffer.concat([head, message]);
  };
  const body = ScoreHosts.requestSerialize({ vm_id });

  for (const { what, path = ScoreHosts.path, headers = {}, part, code } of [
    { what: 'a timeout that is none', headers: { 'grpc-timeout': 'x' }, part: frame(body), code: 'Internal' },
    { what: 'a frame of 4 GiB', part: frame(body, { length: 0xffffffff }), code: 'ResourceExhausted' },
    { what: 'a marked frame', part: frame(body, { mark: 1 }), code: 'Internal' },
    {
      what: 'half a message in time',
      headers: { 'grpc-timeout': '20m' },
      part: frame(body).subarray(0, 7),
      code: 'DeadlineExceeded',
    },
    {
      what: 'a stream that is late after an answer',
      ...{ path: policyUnitMethods.StreamScoreHosts.path, headers: { 'grpc-timeout': '200m' } },
      ...{ part: frame(body), code: 'DeadlineExceeded' },
    },
  ]) {
    it(`have the code of a status that grpc-js sends by itself: ${what} gets ${code}`, async () => {
      const { address, handled } = await counted();
      await sent(address, path, headers, part);
      const [first, ...others] = await until(handled, ({ length }) => length > 0);
      expect(first).to.include(`grpc_code="${code}"} 1`);
      expect(others).to.be.empty;
    });
  }

  it('that are refused have a reason: compressed, and overloaded', async () => {
    const { service, received, release } = held();
    const { address, linesOf } = await counted({
      service,
      settings: { maxConcurrentCalls: 1, allowPlaintext: false },
    });
    await sent(address, ScoreHosts.path, { 'grpc-encoding': 'gzip' }, frame(body));
    const waiting = rawCall(address, ScoreHosts, { vm_id });
    await until(received, (calls) => calls === 1);
    await rawCall(address, ScoreHosts, { vm_id });
    release();
    await waiting;
    expect(await linesOf('hostscore_refusals_total')).to.deep.equal([
      '{face="grpc",reason="compressed"} 1',
      '{face="grpc",reason="overloaded"} 1',
    ]);
  });
});
