import { expect } from 'chai';
import { appendFileSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { get } from 'node:https';
import { networkInterfaces } from 'node:os';
import { join } from 'node:path';
import { createRpcClient } from '../../src/rpc/client.js';
import { createWorld } from '../../src/simulator/world.js';
import { selfSigned } from '../inventory/self-signed.js';
import { call } from '../support/call.js';
import { errorText, runToEnd, startProgram } from '../support/program.js';
import { FREE_PORTS, startScoring, type Scoring } from '../support/scoring.js';
import { temporaryFolder, type TemporaryFolder } from '../support/temporary-folder.js';
import { until } from '../support/until.js';
import { hostId, vmId } from '../support/world.js';

const world = createWorld({
  hosts: [{ id: hostId(1), name: 'one' }],
  vms: [{ id: vmId(1), hostId: hostId(1), name: 'v' }],
});

/** An address of this machine at which it is called like any other; that of loopback without a network. */
const OUTSIDE =
  Object.values(networkInterfaces())
    .flat()
    .find((address) => address?.internal === false && address.family === 'IPv4')?.address ?? '127.0.0.1';

const REFUSED = 'takes calls with a token only, and none came; send one as authorization: Bearer TOKEN';

describe('tokens at the command line', () => {
  let folder: TemporaryFolder;
  let tokens: string;
  const closers: (() => unknown)[] = [];
  beforeEach(() => {
    folder = temporaryFolder();
    tokens = join(folder.path, 'tokens');
    closers.push(() => folder.remove());
  });
  afterEach(async () => {
    for (const close of closers.splice(0).reverse()) await close();
  });

  /** Adds a token to the file of the server. Returns the file of the token, which is written anew for a name of before. */
  async function create(name: string, ...allowed: string[]): Promise<string> {
    const args = ['token', 'create', name, '--allow', ...allowed, '--file', tokens];
    const { stdout, error } = await runToEnd(args);
    expect(error).to.equal(undefined);
    return folder.write(name, stdout);
  }

  async function serve(): Promise<Scoring> {
    const scoring = await startScoring(world, { args: ['--server-tokens-file', tokens] });
    closers.push(scoring.close);
    return scoring;
  }

  describe('token create', () => {
    it('prints the token and its line, which has the hash only', async () => {
      const { stdout } = await runToEnd(['token', 'create', 'a', '--allow', 'ScoreHosts', '/metrics']);
      expect(stdout).to.match(
        /^token, for the file of its caller: hostscore_[\w-]{43}\nline, for server\.tokensFile: a sha256:[0-9a-f]{64} ScoreHosts \/metrics\n$/,
      );
    });

    it('adds the line to a file, made for its user and group, and prints the token alone', async () => {
      const first = await create('a', 'ScoreHosts');
      appendFileSync(tokens, '# the next line has no end');
      await create('b', '*');
      expect(readFileSync(first, 'utf8')).to.match(/^hostscore_[\w-]{43}\n$/);
      expect(readFileSync(tokens, 'utf8')).to.match(
        /^a sha256:\w{64} ScoreHosts\n# the next line has no end\nb sha256:\w{64} \*\n$/,
      );
      expect(statSync(tokens).mode & 0o137).to.equal(0);
    });

    it('prints JSON', async () => {
      const { stdout } = await runToEnd(['token', 'create', 'a', '--allow', '*', '--json']);
      expect(stdout).to.match(/^\{"token":"hostscore_[\w-]{43}","line":"a sha256:[0-9a-f]{64} \*"\}\n$/);
    });

    for (const [what, args, message] of [
      ['a name that is none', ['a b', '--allow', '*'], 'expected 1 to 63 letters'],
      [
        'a method that there is not',
        ['a', '--allow', 'Score'],
        'expected one of ListPolicyUnits, ScoreHosts',
      ],
      ['a name that has a line', ['a', '--allow', '*'], 'line 2: a has a line already; choose another name'],
    ] as const) {
      it(`refuses ${what}, and leaves the file as it is`, async () => {
        await create('a', '*');
        const before = readFileSync(tokens, 'utf8');
        const outcome = await runToEnd(['token', 'create', ...args, '--file', tokens]);
        expect(outcome.stderr + errorText(outcome)).to.include(message);
        expect(outcome.stdout).to.equal('');
        expect(readFileSync(tokens, 'utf8')).to.equal(before);
      });
    }
  });

  it('--token-file sends one, and a command without is told of it', async () => {
    const file = await create('people', 'ListHosts', 'ListVms');
    const { address } = await serve();
    const server = ['--server', address];
    expect(errorText(await runToEnd(['hosts', ...server]))).to.include(REFUSED);
    expect((await runToEnd(['hosts', ...server, '--token-file', file])).stdout).to.include('one');
    expect(errorText(await runToEnd(['units', ...server, '--token-file', file]))).to.include(
      'token people does not allow hostscore.v1.PolicyUnitService/ListPolicyUnits; it allows ListHosts ListVms',
    );
    const refused = await runToEnd(['conform', '--target', address]);
    expect(errorText(refused)).to.include(`UNAUTHENTICATED: this server ${REFUSED}`);
    expect((await runToEnd(['health', ...server])).stdout).to.equal('SERVING\n');
  });

  it('--token-file is not sent to another machine in plain text', async () => {
    const file = await create('people', '*');
    const outcome = await runToEnd(['units', '--server', 'scorer.example.com:1', '--token-file', file]);
    expect(errorText(outcome)).to.include('the token would go to scorer.example.com:1 in clear text');
  });

  it('are needed for /metrics, and not by probes', async () => {
    const file = await create('prometheus', '/metrics');
    const other = await create('gateway', 'ScoreHosts');
    const { opsUrl } = await serve();
    const get = async (path: string, token?: string) => {
      const headers =
        token === undefined ? {} : { authorization: `Bearer ${readFileSync(token, 'utf8').trim()}` };
      const { status, headers: answered } = await fetch(`${opsUrl}${path}`, { headers });
      return [status, answered.get('www-authenticate')];
    };
    expect(await get('/livez')).to.deep.equal([200, null]);
    expect(await get('/readyz')).to.deep.equal([200, null]);
    expect(await get('/metrics')).to.deep.equal([401, 'Bearer']);
    expect(await get('/metrics', other)).to.deep.equal([403, null]);
    expect(await get('/metrics', file)).to.deep.equal([200, null]);
  });

  it('are rotated without a lost call', async () => {
    const old = await create('old', 'ListPolicyUnits');
    const { address } = await serve();
    const file = folder.write('gateway', readFileSync(old));
    const config = folder.write(
      'hostscore.yaml',
      JSON.stringify({
        services: [{ name: 'far', target: address, tokenFile: file, deadline: '5s' }],
        composite: { relistInterval: '100ms' },
        state: { dir: join(folder.path, 'state') },
      }),
    );
    const composite = startProgram(['serve', ...FREE_PORTS, '--config', config]);
    closers.push(() => composite.end());
    const [, front = ''] = await composite.written('stderr', /grpc server listening address=(\S+) /);
    const client = createRpcClient({ target: front });
    closers.push(client.close);
    const isServed = async () => {
      const { units } = await client.listPolicyUnits(call());
      return units.length > 0;
    };
    await until(isServed, (served) => served);

    const direct = createRpcClient({ target: address, token: () => readFileSync(file, 'utf8').trim() });
    closers.push(direct.close);
    const over = new AbortController();
    const calls = (async () => {
      let count = 0;
      for (; !over.signal.aborted; count += 1) await direct.listPolicyUnits(call());
      return count;
    })();
    const lines = readFileSync(tokens, 'utf8');
    const next = await create('new', 'ListPolicyUnits');
    const takesNew = createRpcClient({ target: address, token: () => readFileSync(next, 'utf8').trim() });
    closers.push(takesNew.close);
    await until(
      () => takesNew.listPolicyUnits(call()).catch(() => undefined),
      (answer) => answer !== undefined,
    );
    writeFileSync(file, readFileSync(next));
    await composite.written('stderr', /changed files taken files=\S+gateway/);
    writeFileSync(tokens, readFileSync(tokens, 'utf8').replace(lines, ''));
    const takesOld = createRpcClient({ target: address, token: () => readFileSync(old, 'utf8').trim() });
    closers.push(takesOld.close);
    await until(
      () => takesOld.listPolicyUnits(call()).then(() => 'taken', String),
      (answer) => answer.includes('the token is none of this server'),
    );
    over.abort();
    expect(await calls).to.be.greaterThan(10);
    expect(await isServed()).to.equal(true);
    expect(composite.stderr()).to.not.include('service listing failed').and.not.include('UNAVAILABLE');
  });

  it('inventory.fromTokenFile follows a reader that needs one', async () => {
    const file = await create('replica', 'Watch', 'hostscore.v1.InventoryService/*');
    const { address } = await serve();
    const replica = startProgram([
      ...['serve', ...FREE_PORTS, '--inventory-from', address, '--inventory-from-token-file', file],
    ]);
    closers.push(() => replica.end());
    await replica.written('stdout', /^Scores hosts at /m);
    const [, front = ''] = await replica.written('stderr', /grpc server listening address=(\S+) /);
    const client = createRpcClient({ target: front });
    closers.push(client.close);
    await client.reserve({ vmId: vmId(1), hostId: hostId(1), ttlMs: 60_000 }, call());
  });

  it('services[].tokenFile that would be sent in plain text ends the start, which names the key', async () => {
    const file = await create('gateway', '*');
    const services = `[{name: far, target: "scorer.example.com:1", tokenFile: ${file}}]`;
    const outcome = await runToEnd(['serve', ...FREE_PORTS, '--services', services]);
    expect(errorText(outcome)).to.include(
      'services[0].target: the token would go to scorer.example.com:1 in clear text',
    );
  });

  it('check says what is wrong with their file, and asks a server that needs one with --token-file only', async () => {
    await create('a', '*');
    const people = await create('people', 'ListPolicyUnits');
    const { address, program } = await serve();
    const args = [
      'check',
      '--server-listen',
      address,
      '--services',
      `far=${address}`,
      '--server-tokens-file',
    ];
    const good = await runToEnd([...args, tokens]);
    expect(good.stdout).to.include(`server ${address}: not asked: this server ${REFUSED}`);
    const asked = await runToEnd([...args, tokens, '--token-file', people]);
    expect(asked.stdout).to.match(new RegExp(`^server ${address}: ok: [1-9]\\d* units: `, 'm'));
    const broken = folder.write('broken', 'a secret *\n');
    expect(errorText(await runToEnd([...args, broken]))).to.include(
      `server.tokensFile: ${broken}: line 1: expected NAME sha256:DIGITS METHOD...`,
    );
    expect(program.stderr()).to.include('tokens=true');
  });

  describe('with ops.tls', () => {
    const [before, after] = [selfSigned(OUTSIDE), selfSigned(OUTSIDE)];

    async function serveOverTls() {
      const [cert, key] = [folder.write('cert.pem', before.cert), folder.write('key.pem', before.key)];
      const tls = ['--server-tls-cert-file', cert, '--server-tls-key-file', key, '--ops-tls', 'true'];
      const scoring = await startScoring(world, {
        args: ['--server-tokens-file', tokens, '--ops-listen', `${OUTSIDE}:0`, ...tls],
      });
      closers.push(scoring.close);
      return { cert, key, opsUrl: scoring.opsUrl.replace('http:', 'https:') };
    }

    const statusOf = (url: string, ca: string, token: string) =>
      new Promise<number | undefined>((resolve, reject) => {
        const headers = { authorization: `Bearer ${readFileSync(token, 'utf8').trim()}` };
        get(url, { ca, headers, agent: false }, (response) => resolve(response.resume().statusCode)).on(
          'error',
          reject,
        );
      });

    it('/metrics takes a token from another machine, and shows a renewed certificate', async () => {
      const file = await create('prometheus', '/metrics');
      const { opsUrl } = await serveOverTls();
      expect(await statusOf(`${opsUrl}/metrics`, before.cert, file)).to.equal(200);
      folder.write('cert.pem', after.cert);
      folder.write('key.pem', after.key);
      expect(await statusOf(`${opsUrl}/metrics`, after.cert, file)).to.equal(200);
    });

    it('health --live asks over TLS, and takes the certificate of the configuration only', async () => {
      await create('a', '*');
      const { cert, key, opsUrl } = await serveOverTls();
      const live = (certFile: string) =>
        runToEnd(['health', '--live'], {
          HOSTSCORE_OPS_LISTEN: new URL(opsUrl).host,
          HOSTSCORE_OPS_TLS: 'true',
          HOSTSCORE_SERVER_TLS_CERT_FILE: certFile,
          HOSTSCORE_SERVER_TLS_KEY_FILE: key,
        });
      expect((await live(cert)).stdout).to.equal('alive\n');
      expect(errorText(await live(folder.write('other.pem', after.cert)))).to.include(
        'self-signed certificate',
      );
    });
  });

  it('/metrics refuses a token that comes from another machine in plain text', async () => {
    const file = await create('prometheus', '/metrics');
    const scoring = await startScoring(world, {
      args: ['--server-tokens-file', tokens, '--ops-listen', `${OUTSIDE}:0`, '--ops-allow-plaintext', 'true'],
    });
    closers.push(scoring.close);
    const headers = { authorization: `Bearer ${readFileSync(file, 'utf8').trim()}` };
    const answer = await fetch(`${scoring.opsUrl}/metrics`, { headers });
    // A machine without a network calls itself at loopback only.
    if (OUTSIDE === '127.0.0.1') expect(answer.status).to.equal(200);
    else
      expect([answer.status, await answer.text()]).to.match(
        /^401,a token is taken over TLS or on the machine/,
      );
  });
});
