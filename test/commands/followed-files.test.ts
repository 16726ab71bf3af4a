import { mkdirSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer as createTlsServer } from 'node:https';
import { connect } from 'node:tls';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { expect } from 'chai';
import { parseAddress } from '../../src/lib/address.js';
import { listenOn } from '../../src/process/listen.js';
import { createRpcClient } from '../../src/rpc/client.js';
import { startRpcServer } from '../../src/rpc/server.js';
import { serverTlsOptions } from '../../src/rpc/tls.js';
import { createWorld } from '../../src/simulator/world.js';
import { engineHost, engineVm } from '../inventory/engine-world.js';
import { json } from '../inventory/raw-engine.js';
import { selfSigned, type SelfSigned } from '../inventory/self-signed.js';
import { call } from '../support/call.js';
import { memoryLog } from '../support/log.js';
import { startProgram, type RunningProgram } from '../support/program.js';
import { FREE_PORTS, startScoring } from '../support/scoring.js';
import { constantService } from '../support/scoring-service.js';
import { serverSettings } from '../support/server-settings.js';
import { temporaryFolder, type TemporaryFolder } from '../support/temporary-folder.js';
import { until } from '../support/until.js';
import { hostId, vmId } from '../support/world.js';

const world = createWorld({ hosts: [{ id: hostId(1), name: 'one' }], vms: [] });

describe('files that the configuration names, when they change', () => {
  const [before, after] = [selfSigned('127.0.0.1'), selfSigned('127.0.0.1')];
  let folder: TemporaryFolder;
  const closers: (() => unknown)[] = [];
  beforeEach(() => {
    folder = temporaryFolder();
    closers.push(() => folder.remove());
  });
  afterEach(async () => {
    for (const close of closers.splice(0).reverse()) await close();
  });

  /** Which of the two certificates a new connection to a server is shown. */
  async function shownAt(address: string): Promise<'before' | 'after'> {
    const place = parseAddress(address);
    if (place === undefined) throw new Error(`no address: ${address}`);
    const socket = connect({ ...place, rejectUnauthorized: false, ALPNProtocols: ['h2'] });
    const shown = await new Promise((resolve, reject) => {
      socket.on('error', reject);
      socket.on('secureConnect', () => resolve(socket.getPeerX509Certificate()?.toString()));
    });
    socket.destroy();
    return shown === before.cert.replace(/\n\n/g, '\n') ? 'before' : 'after';
  }

  const taken = (program: RunningProgram) => program.stderr().match(/changed files (?:not )?taken.*/g) ?? [];

  describe('server.tlsCertFile and tlsKeyFile', () => {
    const write = ({ cert, key }: { readonly cert?: string; readonly key?: string }) => {
      if (cert !== undefined) folder.write('cert.pem', cert);
      if (key !== undefined) folder.write('key.pem', key);
    };
    async function serve() {
      write(before);
      const [cert, key] = [join(folder.path, 'cert.pem'), join(folder.path, 'key.pem')];
      const args = ['--server-tls-cert-file', cert, '--server-tls-key-file', key];
      const scoring = await startScoring(world, { args });
      closers.push(scoring.close);
      return scoring;
    }

    it('fails none of the calls that run on, and shows a new connection the new certificate', async () => {
      const { address } = await serve();
      const client = createRpcClient({ target: address, tls: { serverCert: before.cert } });
      closers.push(client.close);
      await client.listPolicyUnits(call());
      let rotated = false;
      let calls = 0;
      const callOn = async () => {
        for (let callsAfter = 0; callsAfter < 20; calls += 1) {
          await client.listPolicyUnits(call());
          if (rotated) callsAfter += 1;
        }
      };
      const running = Promise.all([callOn(), callOn(), callOn()]);
      write(after);
      expect(await shownAt(address)).to.equal('after');
      rotated = true;
      await running;
      expect(calls).to.be.at.least(60);
    });

    const broken: readonly (readonly [string, () => void, RegExp])[] = [
      [
        'a certificate whose key is not there yet',
        () => write({ cert: after.cert }),
        /not taken files="\S+cert\.pem, \S+key\.pem" reason="tls: .*key values mismatch/,
      ],
      [
        'a key whose certificate is not there yet',
        () => write({ key: after.key }),
        /not taken files="\S+cert\.pem, \S+key\.pem" reason="tls: .*key values mismatch/,
      ],
      [
        'half a certificate',
        () => write({ cert: after.cert.slice(0, 300) }),
        /not taken files="\S+cert\.pem, \S+key\.pem" reason="tls: cert and key are not/,
      ],
      [
        'an empty key',
        () => write({ key: '' }),
        /not taken files="\S+cert\.pem, \S+key\.pem" reason="tls: cert and key are not/,
      ],
      [
        'no key for a moment',
        () => rmSync(join(folder.path, 'key.pem')),
        /not taken files="\S+cert\.pem, \S+key\.pem" reason="server\.tlsKeyFile: can't read \S+key\.pem: ENOENT/,
      ],
    ];
    for (const [what, spoil, line] of broken) {
      it(`stay the last good pair beside ${what}, with one line in the log`, async () => {
        const { address, program } = await serve();
        spoil();
        expect(await shownAt(address)).to.equal('before');
        expect(await shownAt(address)).to.equal('before');
        expect(taken(program)).to.have.length(1);
        expect(taken(program)[0]).to.match(line);
        write(after);
        expect(await shownAt(address)).to.equal('after');
        expect(taken(program).slice(1)).to.have.length(1);
        expect(taken(program)[1]).to.match(/^changed files taken files="\S+cert\.pem, \S+key\.pem"$/);
      });
    }

    it('are followed over the symbolic links of a Kubernetes secret', async () => {
      const version = (name: string, { cert, key }: SelfSigned) => {
        mkdirSync(join(folder.path, name));
        writeFileSync(join(folder.path, name, 'tls.crt'), cert);
        writeFileSync(join(folder.path, name, 'tls.key'), key);
        symlinkSync(name, join(folder.path, '..data_tmp'));
        renameSync(join(folder.path, '..data_tmp'), join(folder.path, '..data'));
      };
      version('..1', before);
      const [cert = '', key = ''] = ['tls.crt', 'tls.key'].map((name) => {
        symlinkSync(join('..data', name), join(folder.path, name));
        return join(folder.path, name);
      });
      const args = ['--server-tls-cert-file', cert, '--server-tls-key-file', key];
      const { address, close } = await startScoring(world, { args });
      closers.push(close);
      expect(await shownAt(address)).to.equal('before');
      version('..2', after);
      expect(await shownAt(address)).to.equal('after');
    });
  });

  it('services[] calls with the files of now when a service comes back with others', async () => {
    const start = ({ cert, key }: SelfSigned, port: number) => {
      const options = serverTlsOptions({ cert, key, clientCa: cert });
      const settings = serverSettings({ listen: { host: '127.0.0.1', port } });
      const service = constantService('far');
      return startRpcServer({ service, settings, log: memoryLog(), tls: () => options });
    };
    const first = await start(before, 0);
    const cert = folder.write('cert.pem', before.cert);
    const key = folder.write('key.pem', before.key);
    const tls = { tlsCaFile: cert, tlsCertFile: cert, tlsKeyFile: key };
    const config = folder.write(
      'hostscore.yaml',
      JSON.stringify({
        services: [{ name: 'far', target: first.address, deadline: '5s', ...tls }],
        state: { dir: join(folder.path, 'state') },
        composite: { breakerPause: '100ms' },
      }),
    );
    const program = startProgram(['serve', '--config', config, ...FREE_PORTS]);
    closers.push(program.end);
    const [, address = ''] = await program.written('stderr', /grpc server listening address=(\S+) /);
    const client = createRpcClient({ target: address });
    closers.push(client.close);
    const request = {
      vmId: vmId(1),
      hosts: [hostId(1)],
      units: [{ name: 'far', weight: 1 }],
      properties: new Map(),
      assumedPlacements: [],
      explain: false,
    };
    const values = async () => {
      const answer = await client.scoreHosts(request, call()).catch(() => undefined);
      return answer?.unitResults[0]?.value;
    };
    await until(values, (found) => found !== undefined);
    await first.close(0);
    folder.write('cert.pem', after.cert);
    folder.write('key.pem', after.key);
    const second = await start(after, first.port);
    closers.push(() => second.close(0));
    expect(await until(values, (found) => found !== undefined)).to.deep.equal([40]);
    expect(taken(program)).to.have.length(1);
  });

  it('engine.caFile and passwordFile are read anew: the old password is not posted after the change', async () => {
    let accepted = 'old';
    let tokens = 0;
    const posted: string[] = [];
    const answered = new Set<string>();
    const server = createTlsServer(before, (request, response) => {
      void text(request).then((body) => {
        const { url = '', headers } = request;
        if (url.endsWith('/token')) {
          const password = new URLSearchParams(body).get('password') ?? '';
          posted.push(password);
          if (password !== accepted) json(response, { error_code: 'access_denied', error: 'no' }, 400);
          else json(response, { access_token: `token-${++tokens}` });
          return;
        }
        if (headers.authorization !== `Bearer token-${tokens}`) {
          response.writeHead(401).end();
          return;
        }
        answered.add(accepted);
        json(response, url.includes('/hosts') ? { host: [engineHost()] } : { vm: [engineVm(1)] });
      });
    });
    const { port } = await listenOn(server, { host: '127.0.0.1', port: 0 });
    closers.push(() => {
      server.closeAllConnections();
      server.close();
    });
    const ca = folder.write('ca.pem', before.cert);
    const password = folder.write('password', 'old\n');
    const program = startProgram([
      ...['serve', ...FREE_PORTS, '--engine-url', `https://127.0.0.1:${port}/ovirt-engine`],
      ...['--engine-username', 'a@b', '--engine-password-file', password, '--engine-ca-file', ca],
      ...['--inventory-refresh-interval', '100ms'],
    ]);
    closers.push(program.end);
    await program.written('stdout', /^Scores hosts at /m);

    folder.write('ca.pem', after.cert);
    folder.write('password', 'new\n');
    [accepted, tokens] = ['new', 1000];
    server.setSecureContext(after);
    server.closeAllConnections();
    await until(
      () => answered,
      (passwords) => passwords.has('new'),
    );
    expect(posted).to.deep.equal(['old', 'new']);
    expect(taken(program)).to.deep.equal([`changed files taken files=${ca}`]);
  });
});
