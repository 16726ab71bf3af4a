import { expect } from 'chai';
import { MAX_BODY_BYTES } from '../../src/bridge/request.js';
import {
  HTTP_TIMES,
  MAX_BYTES_UNDER_WAY,
  MAX_CONNECTIONS,
  startXmlRpcServer,
  type HttpTimes,
} from '../../src/bridge/server.js';
import { FAULT_CODES, XmlRpcFault } from '../../src/bridge/xml-rpc/fault.js';
import { writeCall } from '../../src/bridge/xml-rpc/writer.js';
import type { XmlRpcValue } from '../../src/engine-model/value.js';
import { INTERNAL_ERROR_TEXT, SchedulingError } from '../../src/domain/errors.js';
import { createFakeTime } from '../inventory/fake-time.js';
import { expectRejection } from '../support/rejection.js';
import { until } from '../support/until.js';
import { chunkOf, openPeer, requestOf, serve, type ServerUnderTest } from './http-peer.js';

const CALL = writeCall('echo', ['hello']);
const ANSWER = '<value><string>hello</string></value>';

/** Node's own times can't be injected, so that some are short. */
const short = (times: Partial<HttpTimes>): HttpTimes => ({ ...HTTP_TIMES, checkMs: 20, ...times });

/** Longer than any test. */
const NEVER = 60_000;

describe('XML-RPC server', () => {
  let server: ServerUnderTest;
  afterEach(() => server.close(0));

  const ask = async (request: string) => {
    const peer = await openPeer(server);
    peer.send(request);
    return peer;
  };

  describe('a call', () => {
    beforeEach(async () => {
      server = await serve();
    });

    it('gets an answer whose length and type are given, on a connection that is kept', async () => {
      const peer = await ask(requestOf(CALL));
      const text = await peer.until('</methodResponse>');
      const [head = '', body = ''] = text.split('\r\n\r\n');
      expect(head).to.match(/^HTTP\/1\.1 200 OK\r\n/);
      expect(head).to.include('Content-Type: text/xml; charset=utf-8\r\n');
      expect(head).to.include(`Content-Length: ${Buffer.byteLength(body)}\r\n`);
      expect(head).to.include('Connection: keep-alive');
      expect(body).to.include(ANSWER);
      peer.send(requestOf(CALL));
      await peer.until(ANSWER, 2);
    });

    it('may be sent without keep-alive', async () => {
      const peer = await ask(requestOf(CALL, { headers: { Connection: 'close' } }));
      expect(await peer.closed())
        .to.include('Connection: close')
        .and.include(ANSWER);
    });

    it('may be HTTP/1.0, whose connection ends with the answer', async () => {
      const peer = await ask(requestOf(CALL).replace('HTTP/1.1', 'HTTP/1.0'));
      expect(await peer.closed()).to.include(ANSWER);
    });

    it('may come chunked, a byte at a time', async () => {
      const peer = await ask(requestOf('', { headers: { 'Transfer-Encoding': 'chunked' } }));
      for (const char of CALL) peer.send(chunkOf(char));
      peer.send(chunkOf(''));
      await peer.until(ANSWER);
    });

    it('may come cut anywhere, its head too', async () => {
      const peer = await openPeer(server);
      for (const char of requestOf(CALL)) peer.send(char);
      await peer.until(ANSWER);
    });

    it('may wait for 100 Continue', async () => {
      const [head = '', body = ''] = requestOf(CALL, { headers: { Expect: '100-continue' } }).split(
        '\r\n\r\n',
      );
      const peer = await ask(`${head}\r\n\r\n`);
      await peer.until('HTTP/1.1 100 Continue\r\n\r\n');
      peer.send(body);
      await peer.until(ANSWER);
    });

    it('may be pipelined: answers come in the order of the calls', async () => {
      const peer = await ask([1, 2, 3].map((n) => requestOf(writeCall('echo', [n]))).join(''));
      const text = await peer.until('</methodResponse>', 3);
      expect([...text.matchAll(/<int>(\d)/g)].map(([, n]) => n)).to.deep.equal(['1', '2', '3']);
    });

    for (const [name, headers] of [
      ['application/xml', { 'Content-Type': 'application/xml' }],
      ['a charset', { 'Content-Type': 'Text/XML; charset="UTF-8"; x=y' }],
      ...['us-ascii', 'utf8', 'ISO-8859-1', 'windows-1252'].map(
        (charset) => [`the charset ${charset}`, { 'Content-Type': `text/xml; charset=${charset}` }] as const,
      ),
      ['Content-Encoding: identity', { 'Content-Encoding': 'identity' }],
    ] as const) {
      it(`may have ${name}`, async () => {
        await (await ask(requestOf(CALL, { headers }))).until(ANSWER);
      });
    }

    for (const path of ['http://127.0.0.1:18781/RPC2', 'HTTP://engine.example.com', 'http://h/?x=/y']) {
      it(`may have an absolute target, ${path}`, async () => {
        await (await ask(requestOf(CALL, { path }))).until(ANSWER);
      });
    }

    it('may go to /RPC2, with a query', async () => {
      await (await ask(requestOf(CALL, { path: '/RPC2?x=y' }))).until(ANSWER);
    });
  });

  describe('a request that is no call', () => {
    beforeEach(async () => {
      server = await serve();
    });

    for (const [name, request, status, line] of [
      ['another path', requestOf(CALL, { path: '/rpc' }), 404, 'XML-RPC is served at / and at /RPC2\n'],
      [
        'another path in an absolute target',
        requestOf(CALL, { path: 'http://h/rpc' }),
        404,
        'XML-RPC is served at / and at /RPC2\n',
      ],
      ['a path above', requestOf(CALL, { path: '/../RPC2' }), 404, 'XML-RPC is served at / and at /RPC2\n'],
      ['GET', requestOf('', { method: 'GET' }), 405, 'XML-RPC is served: only POST is taken\n'],
      ['PUT', requestOf(CALL, { method: 'PUT' }), 405, 'XML-RPC is served: only POST is taken\n'],
      ['OPTIONS', requestOf('', { method: 'OPTIONS' }), 405, 'only POST is taken\n'],
      ['a page of a browser', requestOf(CALL, { headers: { Origin: 'http://x' } }), 403, 'from browsers'],
      ['an opaque origin', requestOf(CALL, { headers: { Origin: 'null' } }), 403, 'from browsers'],
      [
        'no Content-Type',
        requestOf(CALL, { headers: { 'Content-Type': '' } }),
        415,
        'text/xml or application/xml',
      ],
      [
        'a form',
        requestOf(CALL, { headers: { 'Content-Type': 'text/plain' } }),
        415,
        'text/xml or application/xml',
      ],
      [
        'another charset',
        requestOf(CALL, { headers: { 'Content-Type': 'text/xml; charset=utf-16' } }),
        415,
        'the charsets that are read are utf-8, us-ascii, iso-8859-1 and windows-1252',
      ],
      [
        'a compressed body',
        requestOf(CALL, { headers: { 'Content-Encoding': 'gzip' } }),
        415,
        'the only Content-Encoding that is read is identity',
      ],
      [
        'a body over the limit',
        requestOf('a'.repeat(MAX_BODY_BYTES + 1)),
        413,
        `the body has more than ${MAX_BODY_BYTES} bytes, the limit of this service`,
      ],
    ] as const) {
      it(`${name}: ${status}, ${line.trim()}`, async () => {
        const peer = await ask(request);
        const text = await peer.closed();
        expect(text).to.match(new RegExp(`^HTTP/1\\.1 ${status} `));
        expect(text).to.include('Connection: close').and.include(line);
        expect(text.includes('\r\nAllow: POST\r\n')).to.equal(status === 405);
        expect(server.ends.map((end) => end.status)).to.deep.equal([status]);
      });
    }

    it('a body at the limit is read', async () => {
      const peer = await ask(requestOf(CALL.padEnd(MAX_BODY_BYTES, ' ')));
      await peer.until(ANSWER);
    });

    it('a body over the limit is refused by its head alone', async () => {
      const peer = await ask(requestOf('', { headers: { 'Content-Length': '10000000000' } }));
      await peer.until('limit of this service\n');
    });

    it('a chunked body is refused where it passes the limit, and what follows is not read for ever', async () => {
      await server.close(0);
      const time = createFakeTime();
      server = await serve({ after: time.after });
      const peer = await ask(requestOf('', { headers: { 'Transfer-Encoding': 'chunked' } }));
      peer.send(chunkOf('a'.repeat(MAX_BODY_BYTES)));
      peer.send(chunkOf('a'));
      await peer.until('limit of this service\n');
      expect(time.pending()).to.deep.equal([HTTP_TIMES.lingerMs]);
      peer.send(chunkOf('a'.repeat(10_000)));
      await time.advance(HTTP_TIMES.lingerMs);
      expect(await peer.closed()).to.match(/^HTTP\/1\.1 413 /);
    });

    for (const [name, garbage] of [
      ['garbage', '\0\u0001\u0002 garbage\r\n\r\n'],
      ['a TLS handshake', '\u0016\u0003\u0001\u0002\0\u0001\0\u0001'],
      ['no Host', 'POST / HTTP/1.1\r\nContent-Length: 0\r\n\r\n'],
      ['two lengths', requestOf(CALL).replace('Content-Length', 'Content-Length: 1\r\nContent-Length')],
      ['a length and chunks', requestOf(CALL).replace('Host', 'Transfer-Encoding: chunked\r\nHost')],
      [
        'a chunk without a length',
        requestOf('', { headers: { 'Transfer-Encoding': 'chunked' } }) + 'xyz\r\n',
      ],
    ] as const) {
      it(`${name}: 400`, async () => {
        const peer = await ask(garbage);
        expect(await peer.closed()).to.match(/^HTTP\/1\.1 400 /);
      });
    }

    it('a head beyond measure: 431', async () => {
      const peer = await ask(requestOf(CALL, { headers: { 'X-Long': 'x'.repeat(100_000) } }));
      expect(await peer.closed()).to.match(/^HTTP\/1\.1 431 /);
    });
  });

  describe('a fault', () => {
    for (const [name, thrown, code, words] of [
      ['a fault', new XmlRpcFault(-32601, 'no <such> method'), -32601, 'no &lt;such&gt; method'],
      [
        'bad arguments',
        new SchedulingError('INVALID_ARGUMENT', 'vmId: no'),
        FAULT_CODES.invalidArguments,
        'vmId: no',
      ],
      ['no snapshot', new SchedulingError('UNAVAILABLE', 'not yet'), FAULT_CODES.unavailable, 'not yet'],
      ['lateness', new DOMException('late', 'TimeoutError'), FAULT_CODES.unavailable, 'not there in time'],
      ['a bug', new TypeError('secret'), FAULT_CODES.internal, INTERNAL_ERROR_TEXT],
      ['no error at all', 'secret', FAULT_CODES.internal, INTERNAL_ERROR_TEXT],
    ] as const) {
      it(`answers ${name} with ${code}, HTTP 200`, async () => {
        server = await serve({
          dispatch: () => {
            throw thrown as Error;
          },
        });
        const text = await (await ask(requestOf(CALL))).until('</methodResponse>');
        expect(text).to.match(/^HTTP\/1\.1 200 /);
        expect(text).to.include(`<name>faultCode</name><value><int>${code}</int>`).and.include(words);
        expect(text).not.to.include('secret');
        expect(server.ends).to.have.lengthOf(1);
        expect(server.ends[0]).to.include({ method: 'echo', status: 200, faultCode: code });
        const logged = JSON.stringify(server.log.lines);
        expect(logged.includes('call crashed')).to.equal(code === FAULT_CODES.internal);
        if (code === FAULT_CODES.internal) expect(logged).to.include('secret');
      });
    }

    it('answers a value that XML-RPC does not have as a bug', async () => {
      server = await serve({ dispatch: () => Promise.resolve([1.5]) });
      await (await ask(requestOf(CALL))).until(INTERNAL_ERROR_TEXT);
      expect(server.log.lines.map(({ event }) => event)).to.deep.equal(['call crashed']);
    });

    it('answers a broken body after its end, and keeps the connection', async () => {
      server = await serve();
      const peer = await ask(requestOf(`<a>${' '.repeat(200_000)}`));
      await peer.until('expected &lt;methodCall&gt; as the root, got &lt;a&gt; at 1:3');
      peer.send(requestOf(CALL));
      await peer.until(ANSWER);
      expect(server.ends[0]).to.include({
        method: undefined,
        status: 200,
        faultCode: FAULT_CODES.invalidXmlRpc,
      });
    });

    it('answers a body in another encoding with its name', async () => {
      server = await serve();
      const other = CALL.replace('UTF-8', 'UTF-16');
      await (await ask(requestOf(other))).until('got "UTF-16"');
    });
  });

  describe('a client that', () => {
    /** Dispatch that hangs until the client is gone. */
    const hanging = () => {
      const seen = { calls: 0, aborted: 0 };
      const dispatch = (_method: string, _params: unknown, { signal }: { readonly signal: AbortSignal }) => {
        seen.calls += 1;
        return new Promise<never>((_resolve, reject) => {
          signal.addEventListener('abort', () => {
            seen.aborted += 1;
            reject(SchedulingError.from(signal.reason));
          });
        });
      };
      return { seen, dispatch };
    };

    for (const [name, leave] of [
      ['goes away', 'destroy'],
      ['resets its connection', 'resetAndDestroy'],
      ['closes its half of the connection', 'end'],
    ] as const) {
      it(`${name} aborts its call`, async () => {
        const { seen, dispatch } = hanging();
        server = await serve({ dispatch });
        const peer = await ask(requestOf(CALL));
        await until(
          () => seen.calls,
          (calls) => calls === 1,
        );
        peer.socket[leave]();
        await until(
          () => seen.aborted,
          (aborted) => aborted === 1,
        );
        expect(server.ends).to.have.lengthOf(1);
        expect(server.ends[0]).to.include({
          method: 'echo',
          status: undefined,
          faultCode: undefined,
          outcome: 'failed',
        });
        expect(server.log.lines).to.deep.equal([]);
      });
    }

    it('goes away aborts each of its pipelined calls', async () => {
      const { seen, dispatch } = hanging();
      server = await serve({ dispatch });
      const peer = await ask(requestOf(CALL).repeat(3));
      await until(
        () => seen.calls,
        (calls) => calls === 3,
      );
      peer.socket.destroy();
      await until(
        () => seen.aborted,
        (aborted) => aborted === 3,
      );
      expect(server.ends).to.have.lengthOf(3);
    });

    it('is being answered, is timed by the steady clock until the answer is sent: 7 + 5 = 12 ms', async () => {
      let now = 100;
      server = await serve({
        clock: { now: () => 0 },
        steadyClock: { now: () => now },
        dispatch(_method, params) {
          now += 7;
          void Promise.resolve().then(() => (now += 5));
          return Promise.resolve(params);
        },
      });
      await (await ask(requestOf(CALL))).until(ANSWER);
      const [end] = await until(
        () => server.ends,
        ({ length }) => length > 0,
      );
      expect(end).to.include({ durationMs: 12, outcome: 'ok' });
    });

    it('goes away in the middle of its body makes no call', async () => {
      const { seen, dispatch } = hanging();
      server = await serve({ dispatch });
      const peer = await ask(requestOf(CALL).slice(0, -10));
      await until(
        () => server.ends.length,
        () => {
          peer.socket.destroy();
          return server.ends.length === 1;
        },
      );
      expect(seen.calls).to.equal(0);
      expect(server.ends[0]).to.include({
        method: 'echo',
        status: undefined,
        refusal: 'the request was cut before its end',
      });
    });

    it('is answered does not find its signal aborted', async () => {
      let signal: AbortSignal | undefined;
      server = await serve({
        dispatch(_method, params, context) {
          ({ signal } = context);
          return Promise.resolve(params);
        },
      });
      const peer = await ask(requestOf(CALL, { headers: { Connection: 'close' } }));
      await peer.closed();
      await until(
        () => server.ends.length,
        (ends) => ends === 1,
      );
      expect(signal?.aborted).to.equal(false);
      expect(server.ends[0]).to.include({ status: 200, receivedBytes: Buffer.byteLength(CALL) });
    });

    it('sends its head too slowly is closed with 408', async () => {
      server = await serve({ times: short({ headersMs: 20 }) });
      const peer = await ask('POST / HTTP/1.1\r\nHost:');
      expect(await peer.closed()).to.match(/^HTTP\/1\.1 408 /);
    });

    it('sends its body too slowly is closed with 408', async () => {
      server = await serve({ times: short({ headersMs: 20, requestMs: 20 }) });
      const peer = await ask(requestOf(CALL).slice(0, -1));
      expect(await peer.closed()).to.match(/^HTTP\/1\.1 408 /);
      await until(
        () => server.ends.length,
        (ends) => ends === 1,
      );
    });

    it('says nothing is closed', async () => {
      server = await serve({ times: short({ headersMs: 20 }) });
      const peer = await openPeer(server);
      await peer.closed();
    });

    it('keeps an idle connection too long is closed', async () => {
      server = await serve({ times: short({ idleMs: 20 }) });
      const peer = await ask(requestOf(CALL));
      await peer.until(ANSWER);
      await peer.closed();
    });

    it('fetches its answer late has what follows the answer done at once, and the rest when it has fetched it', async () => {
      const done: string[] = [];
      server = await serve({
        dispatch: () => Promise.resolve('x'.repeat(15_000_000)),
        afterAnswer() {
          done.push('sent');
          return () => void done.push('fetched');
        },
      });
      const [late, never] = await Promise.all([1, 2].map(() => openPeer(server)));
      for (const peer of [late, never]) {
        peer?.socket.pause();
        peer?.send(requestOf(CALL));
      }
      await until(
        () => done.length,
        (count) => count === 2,
      );
      never?.socket.destroy();
      late?.socket.resume();
      await until(
        () => server.ends.length,
        (ends) => ends === 2,
      );
      expect(done).to.deep.equal(['sent', 'sent', 'fetched']);
    });

    it('does not fetch its answer is closed', async () => {
      const big = 'x'.repeat(1_000_000);
      const time = createFakeTime();
      server = await serve({
        after: time.after,
        dispatch: () => Promise.resolve(Array.from({ length: 20 }, () => big)),
      });
      const peer = await openPeer(server);
      peer.socket.pause();
      peer.send(requestOf(CALL));
      await until(time.pending, ({ length }) => length > 0);
      await time.advance(HTTP_TIMES.sendMs - 1);
      expect(server.lost).to.deep.equal([]);
      await time.advance(1);
      expect(server.lost).to.deep.equal(['answer not read']);
      await until(
        () => server.ends.length,
        (ends) => ends === 1,
      );
      peer.socket.destroy();
    });

    it('is slow has 5 s for the head, 10 s for the body, 30 s for the answer, and an idle connection 60 s', () => {
      expect(HTTP_TIMES).to.deep.equal({
        headersMs: 5_000,
        requestMs: 10_000,
        checkMs: 1_000,
        idleMs: 60_000,
        sendMs: 30_000,
        lingerMs: 1_000,
      });
    });
  });

  describe('too much at once', () => {
    /** Dispatch that answers once it is released. */
    const held = () => {
      let release = (): void => undefined;
      const released = new Promise<void>((resolve) => (release = resolve));
      let count = 0;
      const dispatch = (_method: string, params: readonly XmlRpcValue[]) => {
        count += 1;
        return released.then(() => params);
      };
      return { release: () => release(), calls: () => count, dispatch };
    };

    /** Sends a call, and reads no more than the first of its answer. */
    const askUnread = async (body: string) => {
      const peer = await openPeer(server);
      peer.socket.pause();
      peer.send(requestOf(body));
      await until(
        () => peer.socket.readableLength,
        (bytes) => bytes > 0,
      );
      return peer;
    };

    it('beyond maxConcurrentRequests a call gets a fault at once, and the others go on', async () => {
      let release = (): void => undefined;
      const released = new Promise<void>((resolve) => (release = resolve));
      let calls = 0;
      server = await serve({
        maxConcurrentRequests: 2,
        dispatch: (_method, params) => {
          calls += 1;
          return released.then(() => params);
        },
      });
      const first = await ask(requestOf(CALL).repeat(2));
      await until(
        () => calls,
        (count) => count === 2,
      );
      const third = await ask(requestOf(CALL));
      const text = await third.until('</methodResponse>');
      expect(text)
        .to.include(String(FAULT_CODES.unavailable))
        .and.include('more than 2 requests are under way');
      release();
      await first.until(ANSWER, 2);
      third.send(requestOf(CALL));
      await third.until(ANSWER);
      expect(server.ends[0]).to.include({
        method: 'echo',
        status: 200,
        faultCode: FAULT_CODES.unavailable,
        outcome: 'fault',
        refusal:
          'more than 2 requests are under way, the limit of this service (bridge.maxConcurrentRequests)',
      });
      expect(server.ends.slice(1).map(({ refusal }) => refusal)).to.deep.equal([
        undefined,
        undefined,
        undefined,
      ]);
    });

    for (const [title, body] of [
      ['whose name comes late', CALL.replace('<methodName>', `<!--${'x'.repeat(1024)}--><methodName>`)],
      ['that is no XML', '<<<'],
    ] as const) {
      it(`a call too many ${title} gets its fault all the same, and has no method`, async () => {
        server = await serve({
          maxConcurrentRequests: 1,
          dispatch: () => new Promise(() => undefined),
        });
        await ask(requestOf(CALL));
        const second = await ask(requestOf(body));
        await second.until('more than 1 requests are under way');
        const [end] = await until(
          () => server.ends,
          ({ length }) => length > 0,
        );
        expect(end).to.include({
          method: undefined,
          faultCode: FAULT_CODES.unavailable,
        });
      });
    }

    it('a call whose body is not whole yet takes no place', async () => {
      server = await serve({ maxConcurrentRequests: 1 });
      await ask(requestOf(CALL).slice(0, -1));
      await (await ask(requestOf(CALL))).until(ANSWER);
    });

    it('an answer that is not fetched takes no place', async () => {
      const big = 'x'.repeat(20_000_000);
      server = await serve({
        maxConcurrentRequests: 1,
        dispatch: (method, params) => Promise.resolve(method === 'big' ? big : params),
      });
      const unread = await askUnread(writeCall('big', []));
      await (await ask(requestOf(CALL))).until(ANSWER);
      unread.socket.destroy();
    });

    for (const [name, start] of [
      ['say nothing', ''],
      ['are in the middle of a head', requestOf(CALL).slice(0, 20)],
      ['are in the middle of a body', requestOf(CALL).slice(0, -1)],
    ] as const) {
      it(`of ${MAX_CONNECTIONS} connections that ${name}, the first one makes room for a call`, async () => {
        server = await serve();
        const first = await ask(start);
        const others = await Promise.all(Array.from({ length: MAX_CONNECTIONS - 1 }, () => ask(start)));
        const peer = await ask(requestOf(CALL));
        await peer.until(ANSWER);
        await first.closed();
        expect(server.lost).to.deep.equal(['too many connections']);
        peer.send(requestOf(CALL));
        await peer.until(ANSWER, 2);
        expect(others.filter(({ socket }) => socket.readableEnded)).to.deep.equal([]);
      });
    }

    it(`of ${MAX_CONNECTIONS} connections, those whose calls are being answered make no room`, async () => {
      const { release, calls, dispatch } = held();
      server = await serve({ dispatch });
      const first = await ask(requestOf(CALL));
      await until(calls, (count) => count === 1);
      const second = await openPeer(server);
      await Promise.all(Array.from({ length: MAX_CONNECTIONS - 2 }, () => openPeer(server)));
      await openPeer(server);
      await second.closed();
      release();
      await first.until(ANSWER);
    });

    /** A call with a body of the longest that there may be. */
    const LONGEST = requestOf(CALL.padEnd(MAX_BODY_BYTES, ' '));
    const most = MAX_BYTES_UNDER_WAY / MAX_BODY_BYTES;
    const OVER = `requests hold more than ${MAX_BYTES_UNDER_WAY} bytes together`;

    it(`beyond ${most} bodies of 2 MiB = 32 MiB, the one under way for longest gets a fault`, async () => {
      server = await serve();
      const first = await ask(LONGEST.slice(0, -1));
      const others = await Promise.all(Array.from({ length: most - 1 }, () => ask(LONGEST.slice(0, -1))));
      // Asks until they are there whole, since only then one more call makes 32 MiB and some.
      await until(
        async () => {
          await (await ask(requestOf(CALL))).until(ANSWER);
          return first.received();
        },
        (text) => text !== '',
      );
      const told = await first.closed();
      expect(told).to.match(/^HTTP\/1\.1 200 /);
      expect(told).to.include('Connection: close').and.include(String(FAULT_CODES.unavailable));
      expect(told).to.include(OVER);
      for (const peer of others) peer.send(' ');
      await Promise.all(others.map((peer) => peer.until(ANSWER)));
      expect(server.ends.find(({ outcome }) => outcome === 'fault')).to.include({
        method: 'echo',
        faultCode: FAULT_CODES.unavailable,
      });
    });

    it(`beside ${most} bodies of 2 MiB whose calls are being answered, another one gets a fault`, async () => {
      const { release, calls, dispatch } = held();
      server = await serve({ dispatch });
      const peers = await Promise.all(Array.from({ length: most }, () => ask(LONGEST)));
      await until(calls, (count) => count === most);
      await (await ask(requestOf(CALL))).until(OVER);
      release();
      await Promise.all(peers.map((peer) => peer.until(ANSWER)));
      await (await ask(requestOf(CALL))).until(ANSWER);
    });

    it('of four answers of 10 MB that are not fetched, the first makes room: 4 x 10 MB > 32 MiB', async () => {
      const big = 'x'.repeat(10_000_000);
      server = await serve({ dispatch: () => Promise.resolve(big) });
      const first = await askUnread(CALL);
      const others = [await askUnread(CALL), await askUnread(CALL)];
      expect(server.lost).to.deep.equal([]);
      others.push(await askUnread(CALL));
      expect(server.lost).to.deep.equal(['too many bytes under way']);
      for (const { socket } of [first, ...others]) socket.resume();
      await first.closed();
      await Promise.all(others.map((peer) => peer.until('</methodResponse>')));
    });
  });

  describe('the end', () => {
    it('waits for requests under way, and ends idle connections', async () => {
      let release = (): void => undefined;
      const released = new Promise<void>((resolve) => (release = resolve));
      let calls = 0;
      server = await serve({
        dispatch: (_method, params) => {
          calls += 1;
          return calls === 1 ? Promise.resolve(params) : released.then(() => params);
        },
      });
      const silent = await openPeer(server);
      const partial = await ask('POST / HT');
      const idle = await ask(requestOf(CALL));
      await idle.until(ANSWER);
      const busy = await ask(requestOf(CALL));
      await until(
        () => calls,
        (count) => count === 2,
      );
      const closed = server.close(NEVER);
      await openPeer(server).then(
        () => expect.fail('took a connection'),
        () => undefined,
      );
      await Promise.all([silent.closed(), partial.closed(), idle.closed()]);
      release();
      expect(await busy.closed())
        .to.include('Connection: close')
        .and.include(ANSWER);
      await closed;
    });

    it('answers what comes on 64 kept connections, and ends each after its answer', async () => {
      server = await serve();
      const peers = await Promise.all(Array.from({ length: 64 }, () => ask(requestOf(CALL))));
      await Promise.all(peers.map((peer) => peer.until(ANSWER)));
      const closed = server.close(NEVER);
      for (const peer of peers) peer.send(requestOf(CALL));
      const texts = await Promise.all(peers.map((peer) => peer.closed()));
      expect(texts.filter((text) => text.split(ANSWER).length === 3)).to.have.lengthOf(64);
      expect(texts.filter((text) => text.includes('Connection: close'))).to.have.lengthOf(64);
      await closed;
    });

    it('ends idle connections after 1 s, without a reset', async () => {
      const time = createFakeTime();
      server = await serve({ after: time.after });
      const errors: unknown[] = [];
      const peer = await ask(requestOf(CALL));
      peer.socket.on('error', (error) => errors.push(error));
      await peer.until(ANSWER);
      const closed = server.close(NEVER);
      await time.advance(HTTP_TIMES.lingerMs - 1);
      expect(peer.socket.readableEnded).to.equal(false);
      await time.advance(1);
      await peer.closed();
      await closed;
      expect(errors).to.deep.equal([]);
    });

    it('cuts what is not done in time, and aborts its signal', async () => {
      let aborted = false;
      let called = false;
      server = await serve({
        dispatch: (_method, _params, { signal }) => {
          called = true;
          signal.addEventListener('abort', () => (aborted = true));
          return new Promise<never>(() => undefined);
        },
      });
      const peer = await ask(requestOf(CALL));
      await until(
        () => called,
        (done) => done,
      );
      await server.close(20);
      expect(await peer.closed()).to.equal('');
      expect(aborted).to.equal(true);
      expect(server.log.lines.map(({ event }) => event)).to.deep.equal(['requests aborted']);
    });
  });

  for (const [name, expected] of [
    ['X-Hostscore-Dry-Run', '1 for a dry run, 0 for none'],
    ['X-Hostscore-Record', '1 to have the answer remembered, 0 for a call like any other'],
  ] as const) {
    it(`refuses a header ${name} that is not clear, and calls nothing`, async () => {
      let calls = 0;
      server = await serve({
        dispatch(_method, params) {
          calls += 1;
          return Promise.resolve(params);
        },
      });
      for (const value of ['true', 'yes', '01', '1, 1', '2']) {
        const peer = await ask(requestOf(CALL, { headers: { [name]: value } }));
        const text = await peer.closed();
        expect(text).to.match(/^HTTP\/1\.1 400 /);
        expect(text).to.include(`${name}: expected ${expected}, got "${value}"`);
      }
      expect(calls).to.equal(0);
    });
  }

  it('tells of a dry run, and of what is to be remembered, by headers', async () => {
    const seen: unknown[] = [];
    server = await serve({
      dispatch: (_method, params, { dryRun, record }) => {
        seen.push([dryRun, record]);
        return Promise.resolve(params);
      },
    });
    for (const headers of [
      { 'X-Hostscore-Dry-Run': '1' },
      { 'X-Hostscore-Dry-Run': '0', 'X-Hostscore-Record': '0' },
      { 'X-Hostscore-Dry-Run': '1', 'X-Hostscore-Record': '1' },
      {},
    ]) {
      await (await ask(requestOf(CALL, { headers }))).until(ANSWER);
    }
    expect(seen).to.deep.equal([
      [true, false],
      [false, false],
      [true, true],
      [false, false],
    ]);
  });

  it('tells when the request came in', async () => {
    let receivedAt = 0;
    server = await serve({
      clock: { now: () => 1234 },
      dispatch: (_method, params, context) => {
        ({ receivedAt } = context);
        return Promise.resolve(params);
      },
    });
    await (await ask(requestOf(CALL))).until(ANSWER);
    expect(receivedAt).to.equal(1234);
  });

  it('says what to do when its address is taken', async () => {
    server = await serve();
    const again = startXmlRpcServer({
      listen: { host: '127.0.0.1', port: server.port },
      maxConcurrentRequests: 1,
      dispatch: (_method, value) => Promise.resolve({ value, outcome: 'ok' }),
      log: server.log,
    });
    const words = `cannot listen on 127.0.0.1:${server.port}: the port is in use; stop what listens there, or choose another port (EADDRINUSE)`;
    await expectRejection(again, 'UNAVAILABLE', words);
  });
});
