import { Metadata, status } from '@grpc/grpc-js';
import { expect } from 'chai';
import { setMaxListeners } from 'node:events';
import { networkInterfaces } from 'node:os';
import { join } from 'node:path';
import type { InventoryService, Reservation } from '../../src/domain/inventory.js';
import { followTokens, createToken, TOKENS_REREAD_MS, type Authorize } from '../../src/process/tokens.js';
import { MAX_REPLICAS } from '../../src/rpc/admission.js';
import { createRpcClient, type RpcClient } from '../../src/rpc/client.js';
import { createClient } from '../../src/rpc/contract-client.js';
import { inventoryMethods } from '../../src/rpc/proto.js';
import { serverTlsOptions } from '../../src/rpc/tls.js';
import { selfSigned } from '../inventory/self-signed.js';
import { feedOf } from '../support/feed.js';
import { expectRejection } from '../support/rejection.js';
import { temporaryFolder } from '../support/temporary-folder.js';
import { host, snapshotOf } from '../support/world.js';
import {
  aBalanceRequest,
  aCall,
  aFilterRequest,
  aScoreRequest,
  createLoopback,
  fakeService,
  memoryLog,
  SNAPSHOT_TIME,
  uuid,
  type ServeOptions,
} from './loopback.js';
import { rawCall, rawStream } from './raw-call.js';

const RESERVATION: Reservation = {
  ...{ vmId: uuid(3), hostId: uuid(1), predicted: false },
  ...{ startTime: SNAPSHOT_TIME, endTime: SNAPSHOT_TIME + 120_000 },
};

const INVENTORY: InventoryService = {
  listHosts: () => Promise.resolve({ hosts: [], nextPageToken: '', total: 0, snapshotTime: SNAPSHOT_TIME }),
  listVms: () => Promise.resolve({ vms: [], nextPageToken: '', total: 0, snapshotTime: SNAPSHOT_TIME }),
  getInventory: () => Promise.reject(new Error('not part of this test')),
  reserve: () => Promise.resolve(RESERVATION),
  release: () => Promise.resolve(RESERVATION),
  listReservations: () => Promise.resolve([]),
};

/** An address of this machine at which it is called like any other; undefined without a network. */
const OUTSIDE = Object.values(networkInterfaces())
  .flat()
  .find((address) => address?.internal === false && address.family === 'IPv4')?.address;

const RESERVE = { vmId: uuid(3), hostId: uuid(1), ttlMs: 1500 };

describe('calls with tokens', () => {
  const loopback = createLoopback();
  const folder = temporaryFolder();
  afterEach(() => loopback.close());
  after(() => folder.remove());

  /** Tokens of a server, one for each list of what it allows, named a, b and so on. */
  function tokensFor(...allowed: readonly (readonly string[])[]) {
    const made = allowed.map((patterns, index) => createToken('abc'.charAt(index), patterns));
    const file = folder.write('tokens', made.map(({ line }) => `${line}\n`).join(''));
    const log = memoryLog();
    const authorize: Authorize = followTokens('server.tokensFile', file, { log });
    return { tokens: made.map(({ token }) => token), authorize, log };
  }

  async function serve(authorize: Authorize, options: ServeOptions = {}) {
    const log = memoryLog();
    const server = await loopback.serve({ authorize, inventory: INVENTORY, log, ...options });
    return { ...server, log };
  }

  const METHODS: Readonly<Record<string, (client: RpcClient) => Promise<unknown>>> = {
    ListPolicyUnits: (client) => client.listPolicyUnits(aCall()),
    ScoreHosts: (client) => client.scoreHosts(aScoreRequest(), aCall()),
    FilterHosts: (client) => client.filterHosts(aFilterRequest(), aCall()),
    BalanceHosts: (client) => client.balanceHosts(aBalanceRequest(), aCall()),
    ListHosts: (client) => client.listHosts({}, aCall()),
    Reserve: (client) => client.reserve(RESERVE, aCall()),
    Release: (client) => client.release(uuid(3), aCall()),
    ListReservations: (client) => client.listReservations(aCall()),
  };
  for (const [method, ask] of Object.entries(METHODS)) {
    it(`${method} needs one that allows it`, async () => {
      const others = Object.keys(METHODS).filter((name) => name !== method);
      const { tokens, authorize } = tokensFor([method], others);
      const server = await serve(authorize);
      const [right = '', wrong = ''] = tokens;
      await ask(loopback.connect(server, { token: () => right }));
      await expectRejection(
        ask(loopback.connect(server, { token: () => wrong })),
        'PERMISSION_DENIED',
        /^token b does not allow hostscore\.v1\.\w+\/\w+; it allows /,
      );
      await expectRejection(
        ask(loopback.connect(server, { token: () => `${right}x` })),
        'UNAUTHENTICATED',
        'the token is none of this server',
      );
      await expectRejection(ask(loopback.connect(server)), 'UNAUTHENTICATED', 'a token only, and none came');
    });
  }

  it('the health needs none', async () => {
    const server = await serve(tokensFor(['ScoreHosts']).authorize);
    server.setServing(true);
    expect(await loopback.connect(server).health('', aCall())).to.equal('SERVING');
  });

  it('a stream of scores, a watch of the inventory and reflection need one', async () => {
    const { tokens, authorize } = tokensFor(['StreamScoreHosts']);
    const server = await serve(authorize);
    const refused = rawStream(server.address);
    loopback.onClose(refused.close);
    expect((await refused.ended).code).to.equal(status.UNAUTHENTICATED);
    const watching = loopback.connect(server).watch({ from: undefined, uses: [] }, aCall(), () => undefined);
    await expectRejection(watching, 'UNAUTHENTICATED');
    const reflection = {
      path: '/grpc.reflection.v1.ServerReflection/ServerReflectionInfo',
      requestSerialize: () => Buffer.alloc(0),
      responseDeserialize: () => undefined,
    };
    expect((await rawCall(server.address, reflection, {})).code).to.equal(status.UNAUTHENTICATED);
    const metadata = new Metadata();
    metadata.set('authorization', `Bearer ${String(tokens[0])}`);
    const { stream, answered, close } = rawStream(server.address, { metadata });
    stream.write({ vm_id: uuid(1), host_ids: [uuid(1)] });
    await answered(1);
    close();
  });

  it('that last end at the next message of either side once their token is revoked', async () => {
    const made = ['old', 'other'].map((name) => createToken(name, ['*']));
    const [old, other] = made.map(({ line }) => `${line}\n`);
    const file = folder.write('tokens', `${old}${other}`);
    let now = 0;
    const log = memoryLog();
    const authorize = followTokens('server.tokensFile', file, { log, steady: { now: () => now } });
    const snapshot = snapshotOf([host(1)], []);
    const feed = feedOf(snapshot);
    const update = () => feed.update({ snapshot, delta: undefined, began: performance.now() });
    const server = await serve(authorize, { feed: () => feed });
    const token = String(made[0]?.token);
    const metadata = new Metadata();
    metadata.set('authorization', `Bearer ${token}`);
    const { stream, answered, ended, close } = rawStream(server.address, { metadata });
    loopback.onClose(close);
    stream.write({ vm_id: uuid(1), host_ids: [uuid(1)] });
    await answered(1);
    const replica = loopback.connect(server, { token: () => token });
    let watching: Promise<unknown> = Promise.resolve();
    await new Promise<void>((resolve) => {
      watching = replica.watch({ from: undefined, uses: [] }, aCall(), () => resolve());
    });

    folder.write('tokens', String(other));
    now += TOKENS_REREAD_MS;
    stream.write({ vm_id: uuid(1), host_ids: [uuid(1)] });
    expect((await ended).code).to.equal(status.UNAUTHENTICATED);
    update();
    await expectRejection(watching, 'UNAUTHENTICATED', 'the token is none of this server');
  });

  it('name them in the log, and never show them', async () => {
    const { tokens, authorize, log } = tokensFor(['ListPolicyUnits', 'ScoreHosts']);
    const [token = ''] = tokens;
    const server = await serve(authorize, {
      service: fakeService({ scoreHosts: () => Promise.reject(new Error('a bug')) }),
    });
    const client = loopback.connect(server, { token: () => token });
    await client.listPolicyUnits(aCall());
    await expectRejection(client.scoreHosts(aScoreRequest(), aCall()), 'INTERNAL');
    await expectRejection(client.filterHosts(aFilterRequest(), aCall()), 'PERMISSION_DENIED');
    await expectRejection(
      loopback.connect(server, { token: () => `x${token}` }).listPolicyUnits(aCall()),
      'UNAUTHENTICATED',
    );
    const shown = server.log.lines.map((line) => [line.event, line['code'], line['token'], line['peer']]);
    expect(shown).to.deep.equal([
      ['call failed', 'INTERNAL', 'a', undefined],
      ['call failed', 'PERMISSION_DENIED', undefined, '127.0.0.1'],
      ['call failed', 'UNAUTHENTICATED', undefined, '127.0.0.1'],
    ]);
    expect(server.log.lines[1]?.['reason']).to.include('token a does not allow');
    expect(log.lines.map(({ event, token: name }) => [event, name])).to.deep.equal([['token used', 'a']]);
    expect(JSON.stringify([server.log.lines, log.lines])).to.not.include(token);
  });

  it('that are refused take no place of the others', async () => {
    const { tokens, authorize } = tokensFor(['*']);
    const server = await serve(authorize, { settings: { maxConcurrentCalls: 1 } });
    const stranger = loopback.connect(server);
    const refused = Array.from({ length: 50 }, () =>
      expectRejection(stranger.listPolicyUnits(aCall()), 'UNAUTHENTICATED'),
    );
    const client = loopback.connect(server, { token: () => String(tokens[0]) });
    for (let count = 0; count < 10; count += 1) await client.listPolicyUnits(aCall());
    await Promise.all(refused);
  });

  describe('createClient', () => {
    it('sends the one of tokenFile', async () => {
      const { tokens, authorize } = tokensFor(['ListPolicyUnits']);
      const server = await serve(authorize);
      const client = createClient(server.address, { tokenFile: folder.write('token', String(tokens[0])) });
      loopback.onClose(client.close);
      expect((await client.listPolicyUnits({})).policy_units).to.deep.equal([]);
      await expectRejection(client.scoreHosts({ vm_id: uuid(1), all_hosts: true }), 'PERMISSION_DENIED');
    });

    it('says what is wrong with tokenFile', () => {
      const tokenFile = join(folder.path, 'nowhere');
      expect(() => createClient('localhost:1', { tokenFile })).to.throw(
        `tokenFile: can't read ${tokenFile}: ENOENT`,
      );
    });
  });

  describe('are made in plain text', () => {
    for (const [target, isHere] of [
      ['127.0.0.1:50051', true],
      ['127.0.0.2', true],
      ['localhost:50051', true],
      ['[::1]:50051', true],
      ['dns:///localhost:50051', true],
      ['dns:localhost:50051', true],
      ['ipv4:127.0.0.1:1,127.0.0.1:2', true],
      ['unix:/run/hostscore.sock', true],
      ['scorer.example.com:50051', false],
      ['dns:///scorer:50051', false],
      ['dns://10.0.0.1/localhost:50051', false],
      ['ipv4:127.0.0.1:1,10.0.0.1:2', false],
      ['127.0.0.1.example.com:50051', false],
      ['localhost.example.com', false],
      ['0.0.0.0:50051', false],
    ] as const) {
      it(`to ${target}: ${isHere ? 'yes' : 'no, which an error says'}`, () => {
        const open = () => createRpcClient({ target, token: () => 'secret' }).close();
        if (isHere) open();
        else expect(open).to.throw(`the token would go to ${target} in clear text; call it over TLS`);
        createRpcClient({ target }).close();
        createRpcClient({ target, tls: {}, token: () => 'secret' }).close();
      });
    }
  });

  if (OUTSIDE === undefined) return;
  const listen = { host: OUTSIDE, port: 0 };

  it('are taken from other machines over TLS, Reserve and Release too', async () => {
    const { tokens, authorize } = tokensFor(['Reserve', 'Release'], ['ScoreHosts']);
    const pair = selfSigned(OUTSIDE);
    const options = serverTlsOptions(pair);
    const server = await serve(authorize, { settings: { listen }, tls: () => options });
    const [first = '', second = ''] = tokens;
    const client = loopback.connect(server, { tls: { ca: pair.cert }, token: () => first });
    expect(await client.reserve(RESERVE, aCall())).to.deep.equal(RESERVATION);
    expect(await client.release(uuid(3), aCall())).to.deep.equal(RESERVATION);
    const other = loopback.connect(server, { tls: { ca: pair.cert }, token: () => second });
    await expectRejection(other.reserve(RESERVE, aCall()), 'PERMISSION_DENIED', 'token b does not allow');
  });

  it(`give a replica one of all ${MAX_REPLICAS} places, not of half of them`, async () => {
    const { tokens, authorize } = tokensFor(['Watch']);
    const pair = selfSigned(OUTSIDE);
    const options = serverTlsOptions(pair);
    const feed = feedOf(snapshotOf([host(1)], []));
    const server = await serve(authorize, { settings: { listen }, tls: () => options, feed: () => feed });
    const replica = loopback.connect(server, { tls: { ca: pair.cert }, token: () => tokens[0] ?? '' });
    const stop = new AbortController();
    setMaxListeners(0, stop.signal);
    const open = () =>
      new Promise<string>((resolve) => {
        const call = { requestId: 'watch', signal: stop.signal };
        replica
          .watch({ from: undefined, uses: [] }, call, () => resolve('open'))
          .catch((error: unknown) => resolve(String(error)));
      });
    for (let n = 0; n < MAX_REPLICAS; n += 1) expect(await open()).to.equal('open');
    expect(await open()).to.include(`at most ${MAX_REPLICAS} are accepted; watch one of those`);
    stop.abort();
  });

  it('are refused from other machines in plain text, even where that is served', async () => {
    const { tokens, authorize } = tokensFor(['*']);
    const server = await serve(authorize, { settings: { listen, allowPlaintext: true } });
    const metadata = new Metadata();
    metadata.set('authorization', `Bearer ${String(tokens[0])}`);
    const ids = { vm_id: uuid(3), host_id: uuid(1) };
    const outcome = await rawCall(server.address, inventoryMethods.Reserve, ids, { metadata });
    expect([outcome.code, outcome.details]).to.deep.equal([
      status.UNAUTHENTICATED,
      'a token is taken over TLS or on the machine of the server only, and this one came in clear text: replace it, and serve over TLS (server.tlsCertFile; ops.tls)',
    ]);
  });
});
