import { expect } from 'chai';
import { createServer, type Server, type Socket } from 'node:net';
import { inspect } from 'node:util';
import { createXmlRpcClient, type XmlRpcClientOptions } from '../../src/bridge/xml-rpc-client.js';
import { XmlRpcFault } from '../../src/bridge/xml-rpc/fault.js';
import { writeResponse } from '../../src/bridge/xml-rpc/writer.js';
import type { SchedulingError } from '../../src/domain/errors.js';
import { expectRejection } from '../support/rejection.js';
import { serve } from './http-peer.js';

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
  const client = (url: string, options: Partial<XmlRpcClientOptions> = {}) =>
    createXmlRpcClient({ url, timeoutMs: NEVER, ...options });

  describe('with a server', () => {
    it('gets the value of the answer', async () => {
      const server = await serve();
      try {
        const { call } = client(`http://127.0.0.1:${server.port}/RPC2`);
        const params = ['é😀', -1, null, new Map([['a', [true]]])];
        expect(await call('echo', params)).to.deep.equal(params);
        expect(await call('echo', [])).to.deep.equal([]);
      } finally {
        await server.close(0);
      }
    });

    it('gets a fault as a fault', async () => {
      const server = await serve({
        dispatch: () => Promise.reject(new XmlRpcFault(-32601, 'no such method')),
      });
      try {
        const thrown: unknown = await client(`http://127.0.0.1:${server.port}/`)
          .call('nothing', [])
          .catch((error: unknown) => error);
        expect(thrown).to.be.instanceOf(XmlRpcFault).and.include({ code: -32601, message: 'no such method' });
      } finally {
        await server.close(0);
      }
    });

    it('gives up when its signal aborts, when it is closed, and before it has begun', async () => {
      let calls = 0;
      const server = await serve({
        dispatch: () => {
          calls += 1;
          return new Promise<never>(() => undefined);
        },
      });
      try {
        const caller = client(`http://127.0.0.1:${server.port}/`);
        const stop = new AbortController();
        const aborted = caller.call('echo', [], { signal: stop.signal });
        setImmediate(() => stop.abort());
        await expectRejection(aborted, 'CANCELLED', 'the call was cancelled');
        await expectRejection(caller.call('echo', [], { signal: stop.signal }), 'CANCELLED');
        await expectRejection(
          caller.call('echo', [], { signal: AbortSignal.timeout(10) }),
          'DEADLINE_EXCEEDED',
          'the answer was not there in time',
        );
        const closed = caller.call('echo', []);
        caller.close();
        await expectRejection(closed, 'CANCELLED', 'the client was closed');
        await expectRejection(caller.call('echo', []), 'CANCELLED', 'the client was closed');
        expect(calls).to.be.at.most(3);
      } finally {
        await server.close(0);
      }
    });
  });

  const tooMany = writeResponse(Array.from({ length: 10 }, () => 'x'));
  const cases: readonly {
    readonly name: string;
    readonly answer: string;
    readonly code: SchedulingError['code'];
    readonly words: string;
    readonly options?: Partial<XmlRpcClientOptions>;
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
      options: { timeoutMs: 30 },
      code: 'DEADLINE_EXCEEDED',
      words: 'did not answer within 30 ms',
    },
    {
      name: 'stops in the middle',
      answer: http(tooMany).slice(0, -10),
      hang: true,
      options: { timeoutMs: 30 },
      code: 'DEADLINE_EXCEEDED',
      words: 'did not answer within 30 ms',
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
      answer: http(tooMany),
      options: { maxAnswerBytes: 100 },
      code: 'INTERNAL',
      words: 'has more than 100 bytes, the limit of this client',
    },
    {
      name: 'answers with too many elements',
      answer: http(tooMany),
      options: { limits: { maxElements: 10 } },
      code: 'INTERNAL',
      words: 'is no XML-RPC: there are more than 10 elements',
    },
  ];
  for (const { name, answer, code, words, options, hang = false } of cases) {
    it(`says of a server that ${name}: ${code}, ${words}`, async () => {
      const server = await rawServer(answer, { hang });
      try {
        const error = await expectRejection(client(server.url, options).call('m', ['secret']), code, words);
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
    await expectRejection(client(server.url).call('m', []), 'UNAVAILABLE', 'nothing listens there');
  });

  it('says that a URL is none', async () => {
    await expectRejection(client('localhost').call('m', []), 'UNAVAILABLE', 'localhost is no URL');
  });
});
