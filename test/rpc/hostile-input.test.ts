import { once } from 'node:events';
import {
  connect as connectHttp2,
  constants,
  type ClientHttp2Session,
  type OutgoingHttpHeaders,
} from 'node:http2';
import { connect as connectSocket } from 'node:net';
import { gzipSync } from 'node:zlib';
import { status } from '@grpc/grpc-js';
import { expect } from 'chai';
import { policyUnitMethods } from '../../src/rpc/proto.js';
import type { RpcServer } from '../../src/rpc/server.js';
import { aCall, createLoopback, memoryLog, uuid } from './loopback.js';
import { unitList } from '../support/unit-list.js';

const SCORE_HOSTS = '/hostscore.v1.PolicyUnitService/ScoreHosts';
const body = policyUnitMethods.ScoreHosts.requestSerialize({ vm_id: uuid(1) });

/** A gRPC frame: a flag for compression, the length, the message. */
function frame(message: Buffer, { compressed = 0, length = message.length } = {}): Buffer {
  const head = Buffer.alloc(5);
  head.writeUInt8(compressed, 0);
  head.writeUInt32BE(length, 1);
  return Buffer.concat([head, message]);
}

interface Case {
  readonly title: string;
  readonly headers?: OutgoingHttpHeaders;
  readonly body: Buffer;
  /** The HTTP status, or the gRPC status. */
  readonly http?: number;
  readonly grpc?: number;
}

const cases: Case[] = [
  { title: 'a good request', body: frame(body), grpc: status.OK },
  {
    title: 'a good request, compressed',
    headers: { 'grpc-encoding': 'gzip' },
    body: frame(gzipSync(body), { compressed: 1 }),
    grpc: status.UNIMPLEMENTED,
  },
  {
    title: 'an unknown method',
    headers: { ':path': '/a.B/C' },
    body: frame(body),
    grpc: status.UNIMPLEMENTED,
  },
  { title: 'another content type', headers: { 'content-type': 'application/json' }, body, http: 415 },
  { title: 'GET', headers: { ':method': 'GET' }, body: Buffer.alloc(0), grpc: status.UNIMPLEMENTED },
  { title: 'no message', body: Buffer.alloc(0), grpc: status.UNIMPLEMENTED },
  { title: 'a truncated frame', body: frame(body, { length: 1000 }), grpc: status.UNIMPLEMENTED },
  { title: 'a frame of 4 GiB', body: frame(body, { length: 0xffffffff }), grpc: status.RESOURCE_EXHAUSTED },
  { title: 'two messages', body: Buffer.concat([frame(body), frame(body)]), grpc: status.UNIMPLEMENTED },
  {
    title: 'garbage for a message',
    body: frame(Buffer.from('ffffffffffffffffff', 'hex')),
    grpc: status.INVALID_ARGUMENT,
  },
  {
    title: '100,000 nested groups',
    body: frame(Buffer.alloc(100_000, 0x0b)),
    grpc: status.INVALID_ARGUMENT,
  },
  {
    title: 'a good request of a caller that says that it does not compress',
    headers: { 'grpc-encoding': 'identity' },
    body: frame(body),
    grpc: status.OK,
  },
  {
    title: 'garbage for gzip',
    headers: { 'grpc-encoding': 'gzip' },
    body: frame(body, { compressed: 1 }),
    grpc: status.UNIMPLEMENTED,
  },
  {
    title: 'an unknown compression',
    headers: { 'grpc-encoding': 'brotli' },
    body: frame(body, { compressed: 1 }),
    grpc: status.UNIMPLEMENTED,
  },
  {
    title: 'a gzip bomb in a call that names no compression',
    body: frame(gzipSync(Buffer.alloc(64 * 1024 * 1024)), { compressed: 1 }),
    grpc: status.INTERNAL,
  },
  {
    title: 'a good request in a frame that is marked as compressed, in a call that names no compression',
    body: frame(body, { compressed: 1 }),
    grpc: status.INTERNAL,
  },
  {
    title: 'a good request in a frame with a mark that gRPC does not know',
    body: frame(body, { compressed: 2 }),
    grpc: status.INTERNAL,
  },
  { title: 'a bad timeout', headers: { 'grpc-timeout': 'soon' }, body: frame(body), grpc: status.INTERNAL },
  {
    title: 'no time left',
    headers: { 'grpc-timeout': '0m' },
    body: frame(body),
    grpc: status.DEADLINE_EXCEEDED,
  },
];

describe('hostile input', () => {
  const loopback = createLoopback();
  let server: RpcServer;
  before(async () => {
    server = await loopback.serve();
  });
  afterEach('the server is still up', async () => {
    expect(await loopback.connect(server).listPolicyUnits(aCall())).to.deep.equal(unitList([]));
  });
  after(() => loopback.close());

  async function post({ headers, body: bytes }: Case) {
    const session: ClientHttp2Session = connectHttp2(`http://${server.address}`);
    try {
      const stream = session.request({
        ':method': 'POST',
        ':path': SCORE_HOSTS,
        'content-type': 'application/grpc',
        te: 'trailers',
        ...headers,
      });
      const seen: Record<string, unknown> = {};
      stream.on('response', (fields) => void Object.assign(seen, fields));
      stream.on('trailers', (fields) => void Object.assign(seen, fields));
      stream.on('error', () => undefined);
      stream.resume();
      stream.end(bytes.length === 0 ? undefined : bytes);
      await once(stream, 'close');
      return {
        http: Number(seen[constants.HTTP2_HEADER_STATUS]),
        grpc: Number(seen['grpc-status']),
        details: decodeURI(String(seen['grpc-message'])),
        accepted: seen['grpc-accept-encoding'],
      };
    } finally {
      session.destroy();
    }
  }

  for (const test of cases) {
    it(`${test.title} gets ${test.http === undefined ? `gRPC status ${test.grpc}` : `HTTP ${test.http}`}`, async () => {
      const outcome = await post(test);
      if (test.http !== undefined) expect(outcome.http).to.equal(test.http);
      if (test.grpc !== undefined) expect(outcome.grpc).to.equal(test.grpc);
    });
  }

  for (const [path, name] of [
    ['/hostscore.v1.PolicyUnitService/StreamScoreHosts', 'a stream'],
    ['/grpc.health.v1.Health/Check', 'a health check'],
    ['/grpc.reflection.v1.ServerReflection/ServerReflectionInfo', 'reflection'],
  ] as const) {
    it(`tells ${name} that compresses what to do`, async () => {
      const headers = { ':path': path, 'grpc-encoding': 'deflate' };
      const { grpc, details, accepted } = await post({ title: name, headers, body: frame(body) });
      expect(grpc).to.equal(status.UNIMPLEMENTED);
      expect(details).to.equal(
        'grpc-encoding: expected identity, got "deflate"; messages are not taken compressed: turn compression off in the client',
      );
      expect(accepted).to.equal('identity');
    });
  }

  for (const path of [
    '/hostscore.v1.PolicyUnitService/StreamScoreHosts',
    '/hostscore.v1.InventoryService/Watch',
    '/grpc.health.v1.Health/Check',
  ]) {
    it(`ends a call of ${path} at a frame that is marked as compressed, and says what to do`, async () => {
      const { grpc, details } = await post({
        title: path,
        headers: { ':path': path },
        body: frame(Buffer.alloc(0), { compressed: 1 }),
      });
      expect(grpc).to.equal(status.INTERNAL);
      expect(details).to.include('turn compression off in the client');
    });
  }

  it('says in an answer too that it takes no compressed messages', async () => {
    const { grpc, accepted } = await post({ title: 'a good request', body: frame(body) });
    expect(grpc).to.equal(status.OK);
    expect(accepted).to.equal('identity');
  });

  const bytes: { title: string; bytes: Buffer }[] = [
    { title: 'an HTTP/1.1 request', bytes: Buffer.from('GET / HTTP/1.1\r\nHost: a\r\n\r\n') },
    { title: 'random bytes', bytes: Buffer.from('00ff10aa55'.repeat(1000), 'hex') },
    {
      title: 'a preface and a broken frame',
      bytes: Buffer.concat([Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'), Buffer.alloc(64, 0xff)]),
    },
  ];
  for (const test of bytes) {
    it(`${test.title}: the connection is closed`, async () => {
      const socket = connectSocket(server.port, '127.0.0.1');
      socket.on('error', () => undefined);
      socket.resume();
      socket.write(test.bytes);
      await once(socket, 'close');
    });
  }

  it('outlives a caller that breaks the connection in the middle of a message', async () => {
    const session = connectHttp2(`http://${server.address}`);
    session.on('error', () => undefined);
    const stream = session.request({
      ':method': 'POST',
      ':path': SCORE_HOSTS,
      'content-type': 'application/grpc',
    });
    stream.on('error', () => undefined);
    stream.write(frame(body).subarray(0, 10));
    await once(session, 'remoteSettings');
    session.destroy();
  });

  it('ends a silent connection for one over maxConnections, and says so', async () => {
    const log = memoryLog();
    const small = await loopback.serve({ settings: { maxConnections: 1 }, log });
    const silent = connectSocket(small.port, '127.0.0.1');
    silent.resume();
    await once(silent, 'connect');
    const ended = once(silent, 'close');
    expect(await loopback.connect(small).listPolicyUnits(aCall())).to.deep.equal(unitList([]));
    await ended;
    expect(log.lines.map(({ event, reason }) => [event, reason])).to.deep.equal([
      ['connection ended', 'evicted'],
    ]);
  });
});
