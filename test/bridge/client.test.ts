import { expect } from 'chai';
import { createServer, type Server, type Socket } from 'node:net';
import { inspect } from 'node:util';
import { callXmlRpc, MAX_ANSWER_BYTES } from '../../src/bridge/client.js';
import { XmlRpcFault } from '../../src/bridge/xml-rpc/fault.js';
import { writeResponse } from '../../src/bridge/xml-rpc/writer.js';
import type { SchedulingError } from '../../src/domain/errors.js';
import type { XmlRpcValue } from '../../src/engine-model/value.js';
import { expectRejection } from '../support/rejection.js';
import { serve, type ServerUnderTest } from './http-peer.js';

const NEVER = 60_000;

/** A server that sends these bytes as soon as somebody connects, then ends the connection unless it is to hang. */
async function rawServer(answer: string, { hang = false } = {}): Promise<{ url: string; close: () => void }> {
  const sockets = new Set<Socket>();
  const server: Server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined);
    socket.resume();
    socket.write(answer);
    if (!hang) socket.end();
  });
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new TypeError('no port');
  return {
    url: `http://127.0.0.1:${address.port}/`,
    close() {
      for (const socket of sockets) socket.destroy();
      server.close();
    },
  };
}

const http = (body: string, status = '200 OK', headers = '') =>
  `HTTP/1.1 ${status}\r\nContent-Length: ${Buffer.byteLength(body)}\r\nConnection: close\r\n${headers}\r\n${body}`;

describe('XML-RPC client', () => {
  const { signal: never } = new AbortController();

  const call = (
    url: string,
    params: readonly XmlRpcValue[] = [],
    { timeoutMs = NEVER, signal = never }: { timeoutMs?: number; signal?: AbortSignal } = {},
  ) => callXmlRpc({ url, timeoutMs, signal }, 'm', params);

  describe('with a server', () => {
    let server: ServerUnderTest;
    afterEach(() => server.close(0));

    it('gets the value of the answer', async () => {
      server = await serve();
      const params = ['é😀', -1, null, new Map([['a', [true]]])];
      expect(await call(`http://${server.address}/RPC2`, params)).to.deep.equal(params);
      expect(await call(`http://${server.address}/`)).to.deep.equal([]);
    });

    it('calls as a dry run, and has the answer remembered when it is told to', async () => {
      const requests: unknown[] = [];
      server = await serve({
        dispatch(_method, params, { dryRun, record }) {
          requests.push({ dryRun, record });
          return Promise.resolve(params);
        },
      });
      const url = `http://${server.address}/`;
      await call(url);
      const { signal } = new AbortController();
      await callXmlRpc({ url, timeoutMs: 5000, signal, record: true }, 'm', []);
      expect(requests).to.deep.equal([
        { dryRun: true, record: false },
        { dryRun: true, record: true },
      ]);
    });

    it('gets a fault as a fault', async () => {
      server = await serve({
        dispatch: () => Promise.reject(new XmlRpcFault(-32601, 'no such method')),
      });
      const thrown: unknown = await call(`http://${server.address}/`).catch((error: unknown) => error);
      expect(thrown).to.be.instanceOf(XmlRpcFault).and.include({ code: -32601, message: 'no such method' });
    });

    it('gives up when its signal aborts, and before it has begun', async () => {
      let calls = 0;
      server = await serve({
        dispatch: () => {
          calls += 1;
          return new Promise<never>(() => undefined);
        },
      });
      const url = `http://${server.address}/`;
      const stop = new AbortController();
      const aborted = call(url, [], { signal: stop.signal });
      setImmediate(() => stop.abort());
      await expectRejection(aborted, 'CANCELLED', 'the call was cancelled');
      await expectRejection(call(url, [], { signal: stop.signal }), 'CANCELLED');
      await expectRejection(
        call(url, [], { signal: AbortSignal.timeout(10) }),
        'DEADLINE_EXCEEDED',
        'the answer was not there in time',
      );
      expect(calls).to.be.at.most(2);
    });
  });

  const tooMany = writeResponse(Array.from({ length: 10 }, () => 'x')).toString();
  const cases: readonly {
    readonly name: string;
    readonly answer: string;
    readonly code: SchedulingError['code'];
    readonly words: string;
    readonly timeoutMs?: number;
    readonly hang?: boolean;
  }[] = [
    {
      name: 'closes',
      answer: '',
      code: 'UNAVAILABLE',
      words: 'closed the connection before its answer was whole',
    },
    {
      name: 'says nothing',
      answer: '',
      hang: true,
      timeoutMs: 30,
      code: 'DEADLINE_EXCEEDED',
      words: 'did not answer within 30ms',
    },
    {
      name: 'stops in the middle',
      answer: http(tooMany).slice(0, -10),
      hang: true,
      timeoutMs: 30,
      code: 'DEADLINE_EXCEEDED',
      words: 'did not answer within 30ms',
    },
    {
      name: 'cuts its answer',
      answer: http(tooMany).slice(0, -10),
      code: 'UNAVAILABLE',
      words: 'before its answer was whole',
    },
    {
      name: 'speaks another protocol',
      answer: 'SSH-2.0-x\r\n',
      code: 'INTERNAL',
      words: 'does not speak HTTP',
    },
    {
      name: 'has nothing there',
      answer: http('no', '404 Not Found'),
      code: 'UNAVAILABLE',
      words: 'answered with the HTTP status 404, and not with 200',
    },
    {
      name: 'redirects',
      answer: http('', '302 Found', 'Location: http://127.0.0.1:1/\r\n'),
      code: 'UNAVAILABLE',
      words: 'answered with the HTTP status 302, and not with 200',
    },
    {
      name: 'answers with a page',
      answer: http('<html></html>'),
      code: 'INTERNAL',
      words: 'is no XML-RPC: expected',
    },
    { name: 'answers with nothing', answer: http(''), code: 'INTERNAL', words: 'is no XML-RPC: ' },
    {
      name: 'answers beyond measure',
      answer: http('x'.repeat(MAX_ANSWER_BYTES + 1)),
      code: 'INTERNAL',
      words: `has more than ${MAX_ANSWER_BYTES} bytes, the limit of this client`,
    },
  ];
  for (const { name, answer, code, words, timeoutMs = NEVER, hang = false } of cases) {
    it(`says of a server that ${name}: ${code}, ${words}`, async () => {
      const server = await rawServer(answer, { hang });
      try {
        const error = await expectRejection(call(server.url, ['secret'], { timeoutMs }), code, words);
        expect(error.message).to.include(server.url);
        expect(inspect(error, { depth: Infinity })).not.to.include('secret');
      } finally {
        server.close();
      }
    });
  }

  it('says that nothing listens', async () => {
    const server = await rawServer('');
    server.close();
    await expectRejection(call(server.url), 'UNAVAILABLE', 'nothing listens there');
  });

  it('says that a URL is none', async () => {
    await expectRejection(call('localhost'), 'UNAVAILABLE', 'localhost is no URL');
  });
});
