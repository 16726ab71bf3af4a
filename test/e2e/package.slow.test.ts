import { expect } from 'chai';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { text } from 'node:stream/consumers';
import { Script } from 'node:vm';
import { createClient } from '../../src/rpc/contract-client.js';
import { installPackage, INSTALL_PATIENCE_MS, type InstalledPackage } from '../support/installed-package.js';
import { startNode, type RunningProcess } from '../support/process.js';
import { FREE_PORTS } from '../support/scoring.js';
import { constantService, startScoringService, type ScoringService } from '../support/scoring-service.js';
import { temporaryFolder } from '../support/temporary-folder.js';

const ROOT = resolve(import.meta.dirname, '../..');

describe('the package, installed into the folder of examples/gateway', function () {
  this.timeout(INSTALL_PATIENCE_MS);

  const folder = temporaryFolder();
  const services: ScoringService[] = [];
  let installed: InstalledPackage;
  let serve: RunningProcess | undefined;
  let server = '';

  /** Runs a program in the folder, while this process answers calls. */
  async function run(file: string, ...args: string[]) {
    const child = spawn(file, args, { cwd: folder.path, stdio: ['ignore', 'pipe', 'pipe'] });
    const [stdout, stderr] = await Promise.all([
      text(child.stdout),
      text(child.stderr),
      once(child, 'close'),
    ]);
    return { stdout, stderr, status: child.exitCode };
  }
  const hostscore = (...args: string[]) => run(join(installed.bin, 'hostscore'), ...args);
  const compile = (...args: string[]) => run(process.execPath, 'node_modules/typescript/bin/tsc', ...args);

  before(async () => {
    cpSync(join(ROOT, 'examples/gateway'), folder.path, { recursive: true });
    installed = installPackage(folder.path);
    for (const name of ['first', 'second']) {
      services.push(await startScoringService(constantService(name)));
    }
    const targets = services.map(({ target }, place) => `service${place}=${target}`).join();
    const main = join(installed.path, 'dist/main.js');
    serve = startNode([main, 'serve', '--demo', ...FREE_PORTS, '--services', targets]);
    [, server = ''] = await serve.written('stdout', /^Scores hosts at (\S+)\. /m);
  });
  after(async () => {
    serve?.child.kill('SIGTERM');
    await serve?.ended;
    for (const service of services) await service.stop();
    folder.remove();
  });

  it('has what it runs, the contract and its own words, and nothing of the workshop', () => {
    expect(readdirSync(installed.path).sort()).to.deep.equal([
      'LICENSE',
      'README.md',
      'dist',
      'package.json',
      'proto',
    ]);
    expect(readdirSync(join(installed.path, 'dist/plugins/python'))).to.deep.equal(
      readdirSync(join(ROOT, 'src/plugins/python')).filter((name) => name !== '__pycache__'),
    );
  });

  it('starts with a script, since Node 10 knows no modules', () => {
    expect(new Script(readFileSync(join(installed.path, 'dist/main.js'), 'utf8'))).to.be.instanceOf(Script);
  });

  it('has a command that says its version, asks for health and scores', async () => {
    expect((await hostscore('--version')).stdout).to.match(/^\d+\.\d+\.\d+\n$/);
    expect((await hostscore('health', '--server', server)).stdout).to.equal('SERVING\n');
    const client = createClient(server);
    const [vm] = (await client.listVms({ page_size: 1 })).vms;
    client.close();
    const { stdout } = await hostscore('score', '--server', server, '--vm', vm?.id ?? '');
    expect(stdout).to.match(/\n11 hosts, snapshot of /);
  });

  it('compiles the gateway in strict mode, the declarations of the package included', async () => {
    const { stdout, status } = await compile('--skipLibCheck', 'false');
    expect({ stdout, status }).to.deep.equal({ stdout: '', status: 0 });
  });

  it('runs the gateway, which picks the best host by the units of hostscore and of both services', async () => {
    const { stdout, stderr, status } = await run(process.execPath, 'gateway.js', 'app-083', server);
    expect({ stderr, status }).to.deep.equal({ stderr: '', status: 0 });
    const client = createClient(server);
    const [vm] = (await client.listVms({ name: 'app-083' })).vms;
    const { scores } = await client.scoreHosts({ vm_id: vm?.id ?? '', all_hosts: true, explain: true });
    client.close();
    const best = Math.max(...scores.map(({ score = 0 }) => score));
    const names = scores.filter(({ score }) => score === best).map(({ host_name }) => host_name);
    const [, host, score] = /^app-083 goes to (\S+): (\d+)\n/.exec(stdout) ?? [];
    expect({ score, isBest: names.includes(host) }).to.deep.equal({ score: String(best), isBest: true });
    expect(stdout).to.match(/^ {2}ksm_same_os_score: /m);
    expect((await hostscore('units', '--server', server)).stdout).to.match(/^first \([^]*^second \(/m);
  });

  it('tells the gateway what a refusal is', async () => {
    const { stderr, status } = await run(process.execPath, 'gateway.js', 'app-083', '127.0.0.1:1');
    expect(stderr).to.match(/^UNAVAILABLE: 127\.0\.0\.1:1: /);
    expect(status).to.equal(1);
  });

  const wrong: readonly { readonly title: string; readonly code: string; readonly error: RegExp }[] = [
    {
      title: 'a field that the contract does not have',
      code: "import { createClient } from 'hostscore'; void createClient('a:1').scoreHosts({ vmId: 'x' });",
      error: /error TS2561: .*'vmId' does not exist in type 'ScoreHostsRequest'/,
    },
    {
      title: 'an option that there is not',
      code: "import { createClient } from 'hostscore'; createClient('a:1', { ca: 'x' });",
      error: /error TS2353: .*'ca' does not exist in type 'ClientOptions'/,
    },
    {
      title: 'an internal',
      code: "import { createRpcClient } from 'hostscore/dist/rpc/client.js'; createRpcClient({ target: 'a:1' });",
      error: /error TS2307: Cannot find module 'hostscore\/dist\/rpc\/client\.js'/,
    },
  ];
  for (const { title, code, error } of wrong) {
    it(`does not compile ${title}`, async () => {
      const file = join(folder.path, 'wrong.ts');
      writeFileSync(file, code);
      const config = [
        '--noEmit',
        '--strict',
        '--module',
        'NodeNext',
        '--target',
        'ES2023',
        '--types',
        'node',
      ];
      expect((await compile('--ignoreConfig', ...config, file)).stdout).to.match(error);
    });
  }

  it('exports the client and the proto files, and nothing else', async () => {
    const evaluate = (code: string) => run(process.execPath, '--input-type=module', '-e', code);
    const names = "console.log(Object.keys(await import('hostscore')).join())";
    expect((await evaluate(names)).stdout).to.equal('SchedulingError,createClient\n');
    const proto = 'hostscore/v1/policy_unit_service.proto';
    const path = `console.log(import.meta.dirname, import.meta.resolve('hostscore/proto/${proto}'))`;
    const [, url = ''] = (await evaluate(path)).stdout.trim().split(' ');
    expect(readFileSync(new URL(url), 'utf8')).to.equal(readFileSync(join(ROOT, 'proto', proto), 'utf8'));
    expect((await evaluate("await import('hostscore/dist/main.js')")).stderr).to.include(
      'ERR_PACKAGE_PATH_NOT_EXPORTED',
    );
  });
});
