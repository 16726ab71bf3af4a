import { createServer as createTlsServer } from 'node:https';
import { createServer as createTcpServer, type AddressInfo } from 'node:net';
import { inspect } from 'node:util';
import { gzipSync } from 'node:zlib';
import { expect } from 'chai';
import {
  createEngineClient,
  type EngineClient,
  type EngineClientOptions,
} from '../../src/inventory/engine-client.js';
import type { EngineVm } from '../../src/inventory/engine-json.js';
import { SchedulingError } from '../../src/errors.js';
import { engineHost, engineVm, HOST, vmId } from './engine-world.js';
import { createFakeTime } from './fake-time.js';
import {
  HOSTS_PATH,
  json,
  LOGOUT_PATH,
  openRawEngine,
  TOKEN_PATH,
  VMS_PATH,
  type Answer,
  type RawEngine,
} from './raw-engine.js';
import { createRecordedLog } from './recorded-log.js';
import { selfSigned } from './self-signed.js';

const PASSWORD = 'ge"heim+&ß 1';
const VM_PATH = `${VMS_PATH}/${vmId(1)}`;

describe('createEngineClient', () => {
  let engine: RawEngine;
  let log: ReturnType<typeof createRecordedLog>;
  const clients: EngineClient[] = [];

  beforeEach(async () => {
    engine = await openRawEngine();
    log = createRecordedLog();
    engine.on(HOSTS_PATH, (response) => json(response, { host: [engineHost()] }));
    engine.on(VMS_PATH, (response) => json(response, { vm: [engineVm(1), engineVm(2)] }));
    engine.on(VM_PATH, (response) => json(response, engineVm(1)));
  });

  afterEach(async () => {
    await Promise.all(clients.splice(0).map((client) => client.close()));
    await engine.close();
  });

  function open(options: Partial<EngineClientOptions> = {}): EngineClient {
    const client = createEngineClient({
      url: engine.url,
      credentials: { kind: 'oauth', username: 'admin@internal', password: PASSWORD },
      retry: { limit: 2, firstPause: 1, longestPause: 2 },
      revokeTimeout: 50,
      log,
      ...options,
    });
    clients.push(client);
    return client;
  }

  async function listVms(client: EngineClient, signal = new AbortController().signal) {
    let begun = 0;
    let vms: EngineVm[] = [];
    let odd: string[] = [];
    await client.listRunningVms(() => {
      begun += 1;
      [vms, odd] = [[], []];
      return { record: (vm) => void vms.push(vm), odd: (reason) => void odd.push(reason) };
    }, signal);
    return { begun, names: vms.map(({ name }) => name), odd };
  }

  async function failure(promise: Promise<unknown>): Promise<SchedulingError> {
    try {
      await promise;
    } catch (thrown) {
      expect(thrown).to.be.instanceOf(SchedulingError);
      if (thrown instanceof SchedulingError) return thrown;
    }
    throw new Error('expected a failure');
  }

  const signal = new AbortController().signal;

  describe('requests', () => {
    it('lists hosts and VMs by one constant request each, with what the engine needs in them', async () => {
      const client = open();
      const hosts: string[] = [];
      await Promise.all([
        client.listHosts(() => ({ record: ({ id }) => void hosts.push(id), odd: () => undefined }), signal),
        listVms(client),
      ]);
      expect(hosts).to.deep.equal([HOST]);
      expect(engine.seen.map(({ method, url }) => `${method} ${url}`).sort()).to.deep.equal([
        'GET /ovirt-engine/api/hosts',
        'GET /ovirt-engine/api/vms?search=on_host%3D*',
        TOKEN_PATH,
      ]);
      for (const { headers } of engine.seen) expect(headers.accept).to.equal('application/json');
      const [token, ...lists] = engine.seen;
      expect(Object.fromEntries(new URLSearchParams(token?.body))).to.deep.equal({
        grant_type: 'password',
        scope: 'ovirt-app-api',
        username: 'admin@internal',
        password: PASSWORD,
      });
      for (const { headers } of lists) {
        expect(headers.authorization).to.equal('Bearer token-1');
        expect(headers['accept-encoding']).to.equal('gzip');
        expect(headers).not.to.have.property('filter');
      }
    });

    it('logs in once for many callers at once, and keeps the connection for the next request', async () => {
      const client = open();
      await Promise.all(
        Array.from({ length: 20 }, () => client.getVm(vmId(1), new AbortController().signal)),
      );
      expect(engine.count(TOKEN_PATH)).to.equal(1);
      const before = engine.connections();
      for (let nth = 0; nth < 5; nth += 1) {
        await client.getVm(vmId(1), signal);
        await listVms(client);
      }
      expect(engine.connections()).to.equal(before);
      expect(engine.count(TOKEN_PATH)).to.equal(1);
    });

    it('reads a gzipped listing', async () => {
      engine.on(VMS_PATH, (response) => {
        response.writeHead(200, { 'content-type': 'application/json', 'content-encoding': 'gzip' });
        response.end(gzipSync(JSON.stringify({ vm: [engineVm(1)] })));
      });
      expect((await listVms(open())).names).to.deep.equal(['vm1']);
    });

    it('tells what is odd and goes on', async () => {
      engine.on(VMS_PATH, (response) => json(response, { vm: [{ id: 'x' }, engineVm(2), 5] }));
      const { names, odd } = await listVms(open());
      expect(names).to.deep.equal(['vm2']);
      expect(odd).to.have.length(2);
      expect(odd[0]).to.include('vm "x": id: expected a UUID');
      expect(odd[1]).to.include('no object');
    });

    it('sends the password in each request with basic, and no token', async () => {
      const client = open({ credentials: { kind: 'basic', username: 'admin@internal', password: PASSWORD } });
      await client.getVm(vmId(1), signal);
      expect(engine.seen.map(({ url }) => url)).to.deep.equal([`/ovirt-engine/api/vms/${vmId(1)}`]);
      const [, base64 = ''] = engine.seen[0]?.headers.authorization?.split(' ') ?? [];
      expect(Buffer.from(base64, 'base64').toString()).to.equal(`admin@internal:${PASSWORD}`);
      await client.close();
      expect(engine.seen).to.have.length(1);
    });

    it('reads one VM, and undefined for one that the engine does not have', async () => {
      const client = open();
      expect(await client.getVm(vmId(1), signal)).to.include({ id: vmId(1), name: 'vm1', hostId: HOST });
      expect(await client.getVm(vmId(9), signal)).to.equal(undefined);
    });
  });

  describe('session', () => {
    it('gets a new token once when the engine refuses the old one, for all callers together', async () => {
      const client = open();
      await client.getVm(vmId(1), signal);
      const unlessRenewed =
        (answer: Answer): Answer =>
        (response, seen, count) => {
          if (seen.headers.authorization === 'Bearer token-1') {
            response
              .writeHead(401, { 'content-type': 'text/html' })
              .end('<html>{"access_token":"no"}</html>');
          } else answer(response, seen, count);
        };
      engine.on(
        VM_PATH,
        unlessRenewed((response) => json(response, engineVm(1))),
      );
      engine.on(
        VMS_PATH,
        unlessRenewed((response) => json(response, { vm: [engineVm(1)] })),
      );
      await Promise.all([client.getVm(vmId(1), signal), client.getVm(vmId(1), signal), listVms(client)]);
      expect(engine.count(TOKEN_PATH)).to.equal(2);
    });

    it('keeps the new token when a request with the old one is refused late', async () => {
      const client = open();
      await client.getVm(vmId(1), signal);
      let refuseLate: () => void = () => undefined;
      engine.on(VM_PATH, (response, seen) => {
        if (seen.headers.authorization === 'Bearer token-2') json(response, engineVm(1));
        else refuseLate = () => response.writeHead(401).end();
      });
      const late = client.getVm(vmId(1), signal);
      engine.on(VMS_PATH, (response, seen) => {
        if (seen.headers.authorization === 'Bearer token-2') json(response, {});
        else response.writeHead(401).end();
      });
      while (engine.count(VM_PATH) < 2) await new Promise((resolve) => setImmediate(resolve));
      await listVms(client);
      refuseLate();
      await late;
      expect(engine.count(TOKEN_PATH)).to.equal(2);
    });

    it('gives up when the engine refuses the new token too', async () => {
      engine.on(VM_PATH, (response) =>
        response.writeHead(401, { 'content-type': 'text/html' }).end('<html>'),
      );
      const error = await failure(open().getVm(vmId(1), signal));
      expect(error.code).to.equal('UNAVAILABLE');
      expect(error.message).to.match(/refuses a token that it has just given \(401\).*admin@internal/);
      expect(engine.count(TOKEN_PATH)).to.equal(2);
      expect(engine.count(VM_PATH)).to.equal(2);
    });

    it('revokes the token when it is closed', async () => {
      const client = open();
      await client.getVm(vmId(1), signal);
      await client.close();
      const [logout] = engine.seen.filter(({ url }) => url.endsWith('/sso-logout'));
      expect(Object.fromEntries(new URLSearchParams(logout?.body))).to.deep.equal({
        scope: 'ovirt-app-api',
        token: 'token-1',
      });
      expect((await failure(client.getVm(vmId(1), signal))).code).to.equal('CANCELLED');
    });

    for (const [what, answer] of [
      ['never answers', () => undefined],
      ['answers 500', (response) => response.writeHead(500).end()],
      ['hangs up', (response) => response.socket?.destroy()],
    ] satisfies (readonly [string, Answer])[]) {
      it(`closes within its time when the engine ${what}, with a log line`, async () => {
        engine.on(LOGOUT_PATH, answer);
        const client = open();
        await client.getVm(vmId(1), signal);
        await client.close();
        expect(log.lines.map(({ event }) => event)).to.deep.equal(['engine token not revoked']);
      });
    }

    it('does not try a refused login again before its pause is over, which doubles', async () => {
      const time = createFakeTime();
      engine.on(TOKEN_PATH, (response) =>
        json(response, { error_code: 'access_denied', error: 'Cannot authenticate user' }, 400),
      );
      const client = open({ clock: time.clock, loginPause: { first: 1000, longest: 3000 } });
      const logins: number[] = [];
      for (let second = 0; second < 11; second += 1) {
        const error = await failure(client.getVm(vmId(1), signal));
        expect(error.message).to.match(/Cannot authenticate user.*check the password/);
        logins.push(engine.count(TOKEN_PATH));
        await time.advance(1000);
      }
      // Logins at 0, 1, 3, 6 and 9 s: pauses of 1, 2, 3 and 3 s.
      expect(logins).to.deep.equal([1, 2, 2, 3, 3, 3, 4, 4, 4, 5, 5]);
      expect(log.lines.filter(({ event }) => event === 'engine login refused')).to.have.length(5);
    });

    it('waits no longer because the clock was set back', async () => {
      const time = createFakeTime();
      engine.on(TOKEN_PATH, (response) => json(response, { error: 'access_denied' }, 400));
      const client = open({ clock: time.clock });
      await failure(client.getVm(vmId(1), signal));
      time.set(0);
      await failure(client.getVm(vmId(1), signal));
      expect(engine.count(TOKEN_PATH)).to.equal(2);
    });

    it('counts requests that basic refuses together as one refusal', async () => {
      engine.on(VM_PATH, (response) => response.writeHead(401).end());
      engine.on(VMS_PATH, (response) => response.writeHead(401).end());
      const credentials = { kind: 'basic', username: 'admin@internal', password: PASSWORD } as const;
      const client = open({ credentials });
      const errors = await Promise.all([failure(client.getVm(vmId(1), signal)), failure(listVms(client))]);
      for (const { message } of errors) expect(message).to.match(/refuses user "admin@internal".*\(401\)/);
      expect(log.lines).to.have.length(1);
      await failure(client.getVm(vmId(1), signal));
      expect(engine.seen).to.have.length(2);
    });

    it('lets one caller go without ending the login that others wait for', async () => {
      let answerLogin = () => undefined as unknown;
      engine.on(TOKEN_PATH, (response) => {
        answerLogin = () => json(response, { access_token: 'late' });
      });
      const client = open();
      const impatient = new AbortController();
      const gone = failure(client.getVm(vmId(1), impatient.signal));
      const stays = client.getVm(vmId(1), signal);
      while (engine.count(TOKEN_PATH) === 0) await new Promise((resolve) => setImmediate(resolve));
      impatient.abort();
      expect((await gone).code).to.equal('CANCELLED');
      answerLogin();
      expect((await stays)?.name).to.equal('vm1');
      expect(engine.count(TOKEN_PATH)).to.equal(1);
    });
  });

  describe('retries', () => {
    const passing: readonly (readonly [string, Answer])[] = [
      ['503', (response) => response.writeHead(503).end()],
      ['500 with a fault', (response) => json(response, { reason: 'x', detail: 'y' }, 500)],
      ['429', (response) => response.writeHead(429).end()],
      ['408', (response) => response.writeHead(408).end()],
      ['a connection that is reset', (response) => response.socket?.destroy()],
      [
        'a body that is cut by its length',
        (response) => {
          response.writeHead(200, { 'content-type': 'application/json', 'content-length': '100' });
          response.write('{"vm":[', () => response.socket?.destroy());
        },
      ],
      [
        'a body that ends too early',
        (response) => response.writeHead(200, { 'content-type': 'application/json' }).end('{"vm":[{"a":1}'),
      ],
      [
        'a body that is no JSON',
        (response) => response.writeHead(200, { 'content-type': 'application/json' }).end('{"vm":[}'),
      ],
      [
        'gzip that is cut',
        (response) => {
          response.writeHead(200, { 'content-type': 'application/json', 'content-encoding': 'gzip' });
          response.end(gzipSync(JSON.stringify({ vm: [engineVm(1)] })).subarray(0, 60));
        },
      ],
      [
        'gzip that is none',
        (response) => {
          response.writeHead(200, { 'content-type': 'application/json', 'content-encoding': 'gzip' });
          response.end('{"vm":[]}');
        },
      ],
      ['no answer in time', () => undefined],
      [
        'an answer that stops in its middle',
        (response) => {
          response.writeHead(200, { 'content-type': 'application/json' });
          response.write(JSON.stringify({ vm: [engineVm(1), engineVm(2)] }).slice(0, -3));
        },
      ],
    ];
    for (const [what, answer] of passing) {
      it(`reads a listing from its start again after ${what}`, async () => {
        engine.on(VMS_PATH, (response, seen, count) =>
          count === 1 ? answer(response, seen, count) : json(response, { vm: [engineVm(3)] }),
        );
        const { names, begun } = await listVms(open({ timeouts: { response: 40, idle: 40 } }));
        expect(names).to.deep.equal(['vm3']);
        expect(begun).to.be.within(1, 2);
        expect(engine.count(VMS_PATH)).to.equal(2);
        expect(log.lines.map(({ event }) => event)).to.deep.equal(['engine request failed']);
      });
    }

    const final: readonly (readonly [string, Answer, RegExp])[] = [
      [
        '400',
        (r) => json(r, { reason: 'Operation Failed', detail: 'bad' }, 400),
        /400: Operation Failed: bad$/,
      ],
      ['missing permissions', (r) => json(r, { detail: 'insufficient permissions' }, 400), /ReadOnlyAdmin/],
      ['403', (r) => r.writeHead(403).end(), /answered 403; the account needs an administrator role/],
      ['404', (r) => r.writeHead(404).end(), /404; is http:\/\/127.* the engine's URL/],
      [
        'a page instead of JSON',
        (r) => r.writeHead(200, { 'content-type': 'text/html' }).end('<p>'),
        /text\/html instead of JSON/,
      ],
      ['JSON without a type', (r) => r.writeHead(200).end('{}'), /no content type instead of JSON/],
      [
        'a redirect',
        (r) => r.writeHead(302, { location: 'https://other.example.com/login?token=token-1' }).end(),
        /302 and points to https:\/\/other\.example\.com\/login, which is not followed/,
      ],
      ['a redirect to nowhere', (r) => r.writeHead(301).end(), /points to nowhere/],
    ];
    for (const [what, answer, message] of final) {
      it(`does not repeat a request that was answered with ${what}`, async () => {
        engine.on(VMS_PATH, answer);
        const error = await failure(listVms(open()));
        expect(error.code).to.equal('UNAVAILABLE');
        expect(error.message).to.match(message);
        expect(engine.count(VMS_PATH)).to.equal(1);
      });
    }

    it('gives up after the last retry, with the reason', async () => {
      engine.on(VMS_PATH, (response) => response.writeHead(503).end());
      const error = await failure(listVms(open()));
      expect(error.message).to.match(/GET http.*\/vms\?search=on_host%3D\*: the engine answered 503/);
      expect(engine.count(VMS_PATH)).to.equal(3);
      expect(log.lines.map(({ fields }) => fields['attempt'])).to.deep.equal([1, 2]);
    });

    it('does not repeat a login that the engine saw', async () => {
      engine.on(TOKEN_PATH, (response) => response.writeHead(503).end());
      expect((await failure(open().getVm(vmId(1), signal))).message).to.match(/login.*answered 503/);
      engine.on(TOKEN_PATH, (response) => response.socket?.destroy());
      await failure(open().getVm(vmId(1), signal));
      engine.on(TOKEN_PATH, () => undefined);
      await failure(open({ timeouts: { response: 20 } }).getVm(vmId(1), signal));
      expect(engine.count(TOKEN_PATH)).to.equal(3);
    });

    it('stops at once when its caller goes away: before, during the wait, and within the body', async () => {
      expect((await failure(open().getVm(vmId(1), AbortSignal.abort()))).code).to.equal('CANCELLED');

      const waiting = new AbortController();
      engine.on(VMS_PATH, () => {
        waiting.abort();
      });
      expect((await failure(listVms(open(), waiting.signal))).code).to.equal('CANCELLED');

      const reading = new AbortController();
      engine.on(VMS_PATH, (response) => {
        response.writeHead(200, { 'content-type': 'application/json' });
        response.write(JSON.stringify({ vm: [engineVm(1)] }).slice(0, -1));
      });
      const listing = open().listRunningVms(
        () => ({
          record() {
            reading.abort(new DOMException('late', 'TimeoutError'));
          },
          odd: () => undefined,
        }),
        reading.signal,
      );
      expect((await failure(listing)).code).to.equal('DEADLINE_EXCEEDED');
      expect(engine.count(VMS_PATH)).to.equal(2);
    });
  });

  describe('answers that are not what was asked for', () => {
    const odd: readonly (readonly [string, Answer, RegExp])[] = [
      ['another VM', (r) => json(r, engineVm(2)), /answered with vm 882b9a7c-0000-4000-8000-000000000002/],
      ['an odd VM', (r) => json(r, engineVm(1, { os: 5 })), /vm "882b9a7c.*": os: /],
      [
        'no JSON',
        (r) => r.writeHead(200, { 'content-type': 'application/json' }).end('{'),
        /no JSON, or was cut/,
      ],
      [
        'the page of a server that starts',
        (r) => r.writeHead(404, { 'content-type': 'text/html' }).end('<p>'),
        /404/,
      ],
      ['too much', (r) => json(r, engineVm(1, { comment: 'x'.repeat(3000) })), /more than 2000 bytes/],
    ];
    for (const [what, answer, message] of odd) {
      it(`is no unknown VM: ${what}`, async () => {
        engine.on(VM_PATH, answer);
        const error = await failure(open({ limits: { maxObjectBytes: 2000 } }).getVm(vmId(1), signal));
        expect(error.code).to.equal('UNAVAILABLE');
        expect(error.message).to.match(message);
      });
    }

    const logins: readonly (readonly [string, Answer, RegExp])[] = [
      [
        'the first shape of a refusal',
        (r) => json(r, { error_code: 'access_denied', error: "Cannot authenticate user 'x@internal'" }, 400),
        /login of "admin@internal" at http.*: refused \(access_denied: Cannot authenticate user 'x@internal'\); check the password, and the profile/,
      ],
      [
        'the second shape of a refusal',
        (r) => json(r, { error: 'invalid_grant', error_description: 'No valid profile' }, 400),
        /refused \(invalid_grant: No valid profile\); check/,
      ],
      ['another error', (r) => json(r, { error: 'server_error' }, 400), /answered 400: server_error$/],
      [
        '401 with a page',
        (r) => r.writeHead(401, { 'content-type': 'text/html' }).end('<p>'),
        /refused; check the password/,
      ],
      ['no SSO there', (r) => r.writeHead(404).end('<p>'), /login.*answered 404; is http.* the engine's URL/],
      ['a page', (r) => r.writeHead(200, { 'content-type': 'text/html' }).end('<p>'), /instead of JSON/],
      ['no token', (r) => json(r, { exp: '1' }), /the answer has no access_token/],
      ['a token that is no text', (r) => json(r, { access_token: 5 }), /no access_token/],
      [
        'a redirect',
        (r) => r.writeHead(302, { location: '/elsewhere?a=b' }).end(),
        /points to http:\/\/127.*\/elsewhere,/,
      ],
      [
        'control characters',
        (r) => json(r, { error: 'invalid_grant\n\u001b[31m' }, 400),
        /400: invalid_grant \[31m/,
      ],
      ['very long words', (r) => json(r, { error: 'x'.repeat(5000) }, 400), /400: x{300}\.\.\.$/],
    ];
    for (const [what, answer, message] of logins) {
      it(`says what to do about a login that is answered with ${what}`, async () => {
        engine.on(TOKEN_PATH, answer);
        const error = await failure(open().getVm(vmId(1), signal));
        expect(error.code).to.equal('UNAVAILABLE');
        expect(error.message).to.match(message);
      });
    }
  });

  describe('connections', () => {
    const free = async () => {
      const server = createTcpServer();
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
      const { port } = server.address() as AddressInfo;
      await new Promise((resolve) => server.close(resolve));
      return port;
    };

    it('says that nothing listens', async () => {
      const error = await failure(open({ url: `http://127.0.0.1:${await free()}` }).getVm(vmId(1), signal));
      expect(error.message).to.match(/refuses connections: nothing listens at 127\.0\.0\.1:\d+/);
      expect(log.lines).to.have.length(2);
    });

    it('says that the name is unknown', async () => {
      const error = await failure(open({ url: 'https://engine.invalid' }).getVm(vmId(1), signal));
      expect(error.message).to.match(
        /engine\.invalid.*(unknown to DNS|DNS does not answer)|DNS does not answer/,
      );
    });

    const phases: readonly (readonly [Partial<EngineClientOptions['timeouts']>, RegExp])[] = [
      [{ response: 20 }, /did not begin to answer within 20 ms \(phase response\)/],
      [{ request: 25 }, /did not finish its answer within 25 ms \(phase request\)/],
    ];
    for (const [timeouts, message] of phases) {
      it(`says which phase took too long: ${JSON.stringify(timeouts)}`, async () => {
        engine.on(VM_PATH, () => undefined);
        const client = open({ retry: { limit: 0 } });
        await listVms(client);
        const error = await failure(
          open({ retry: { limit: 0 }, timeouts: timeouts ?? {} }).getVm(vmId(1), signal),
        );
        expect(error.message).to.match(message);
      });
    }

    describe('over TLS', () => {
      const good = selfSigned('127.0.0.1');

      async function withTls<Value>(pair: typeof good, run: (url: string) => Promise<Value>): Promise<Value> {
        const server = createTlsServer(pair, (request, response) => {
          request.resume();
          if (request.url?.endsWith('/token') === true) json(response, { access_token: 'a' });
          else if (request.method === 'GET') json(response, engineVm(1));
          else json(response, {});
        });
        await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
        try {
          return await run(`https://127.0.0.1:${(server.address() as AddressInfo).port}`);
        } finally {
          server.closeAllConnections();
          server.close();
        }
      }

      it('trusts the authority that it is given', async () => {
        await withTls(good, async (url) => {
          expect((await open({ url, ca: good.cert }).getVm(vmId(1), signal))?.name).to.equal('vm1');
        });
      });

      const refused: readonly (readonly [string, typeof good, string | undefined, RegExp])[] = [
        [
          'an authority nobody knows',
          good,
          undefined,
          /unknown authority \(DEPTH_ZERO_SELF_SIGNED_CERT\); fetch.*curl -k -o ca\.pem 'https:.*pki-resource\?resource=ca-certificate&format=X509-PEM-CA'.*caFile/,
        ],
        ['another name', selfSigned('127.0.0.2'), 'its own', /made out to another name/],
        [
          'an old certificate',
          selfSigned('127.0.0.1', '20200101000000Z', '20200102000000Z'),
          'its own',
          /not valid today \(CERT_HAS_EXPIRED\)/,
        ],
      ];
      for (const [what, pair, ca, message] of refused) {
        it(`refuses ${what}, once and for all`, async () => {
          await withTls(pair, async (url) => {
            const trusted = ca === undefined ? {} : { ca: pair.cert };
            expect((await failure(open({ url, ...trusted }).getVm(vmId(1), signal))).message).to.match(
              message,
            );
            expect(log.lines).to.have.length(0);
          });
        });
      }

      it('says that the port does not speak TLS', async () => {
        const url = engine.url.replace('http:', 'https:');
        expect((await failure(open({ url }).getVm(vmId(1), signal))).message).to.match(/does not speak TLS/);
      });

      it('refuses a caFile without certificates', () => {
        expect(() => open({ ca: 'no certificate' }))
          .to.throw('caFile: expected certificates in PEM form')
          .with.property('code', 'INVALID_ARGUMENT');
      });
    });
  });

  describe('secrets', () => {
    const form = new URLSearchParams({ p: PASSWORD }).toString().slice(2);
    const secrets = [
      PASSWORD,
      form,
      encodeURIComponent(PASSWORD),
      Buffer.from(PASSWORD).toString('base64'),
      Buffer.from(`admin@internal:${PASSWORD}`).toString('base64'),
      JSON.stringify(PASSWORD).slice(1, -1),
      'token-1',
      'token-2',
    ];
    const echo: Answer = (response, { body, headers }) =>
      json(
        response,
        { error: body, error_description: PASSWORD, detail: headers.authorization, reason: PASSWORD },
        400,
      );
    const cases: readonly (readonly [string, (engine: RawEngine) => void])[] = [
      ['an SSO that echoes the form', ({ on }) => on(TOKEN_PATH, echo)],
      ['an API that echoes the headers', ({ on }) => on(VM_PATH, echo)],
      ['401 again and again', ({ on }) => on(VM_PATH, (r) => r.writeHead(401).end())],
      ['a reset', ({ on }) => on(VM_PATH, (r) => r.socket?.destroy())],
      ['a reset login', ({ on }) => on(TOKEN_PATH, (r) => r.socket?.destroy())],
      ['no answer', ({ on }) => on(VM_PATH, () => undefined)],
      ['no answer to the login', ({ on }) => on(TOKEN_PATH, () => undefined)],
      [
        'a redirect that echoes',
        ({ on }) =>
          on(VM_PATH, (r, { headers }) =>
            r
              .writeHead(302, { location: `/${encodeURIComponent(headers.authorization ?? '')}/${form}` })
              .end(),
          ),
      ],
      [
        'a content type that echoes',
        ({ on }) =>
          on(VM_PATH, (r, { headers }) =>
            r.writeHead(200, { 'content-type': headers.authorization ?? '' }).end(),
          ),
      ],
      [
        'a login without a token',
        ({ on }) =>
          on(TOKEN_PATH, (r) =>
            r.writeHead(200, { 'content-type': 'application/json' }).end(`"${PASSWORD}"`),
          ),
      ],
    ];
    for (const kind of ['oauth', 'basic'] as const) {
      for (const [what, prepare] of cases) {
        it(`stay out of errors and log lines with ${kind} and ${what}`, async () => {
          prepare(engine);
          engine.on(LOGOUT_PATH, echo);
          const client = open({
            credentials: { kind, username: 'admin@internal', password: PASSWORD },
            timeouts: { response: 20 },
          });
          const error = await client.getVm(vmId(1), signal).catch((thrown: unknown) => thrown);
          await client.close();
          const shown = [
            inspect(error, { showHidden: true, depth: Infinity }),
            JSON.stringify(error),
            String(error),
            error instanceof Error ? error.stack : '',
            inspect(log.lines, { showHidden: true, depth: Infinity }),
          ].join('\n');
          for (const secret of secrets) expect(shown).not.to.include(secret);
        });
      }
    }
  });
});
