import { expect } from 'chai';
import { execFileSync, spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { cpSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { createClient } from '../../src/rpc/contract-client.js';
import { runProcess, startProcess, type RunningProcess } from '../support/process.js';
import { FREE_PORTS } from '../support/scoring.js';
import { temporaryFolder } from '../support/temporary-folder.js';

const ROOT = resolve(import.meta.dirname, '../..');

/** What it takes to fetch and build what an example is made of. */
const PATIENCE_MS = 300_000;

/** The first three hosts of the demo world, which the files of the examples name. */
const HOSTS = [1, 2, 3].map((n) => `a0000000-0000-4000-8000-00000000000${n}`);
const VM = 'b0000000-0000-4000-8000-000000000083';
const KSM = 'ksm_same_os_score';

/** An example of a scoring service, in a copy of its folder. */
interface Example {
  readonly name: string;
  /** Program without which its test can't run. */
  readonly needs: string;
  readonly language: string;
  /** Builds it as its page says; returns the command that starts it. */
  readonly build: (folder: string) => readonly [file: string, ...args: string[]];
  readonly units: readonly string[];
  /** Values of its score unit for the three hosts, from the file that is beside it. */
  readonly values: readonly number[];
}

const examples: readonly Example[] = [
  {
    name: 'python-service',
    needs: 'python3',
    language: 'Python',
    build(folder) {
      const python = execFileSync('scripts/python-with-grpc.sh', { cwd: ROOT, encoding: 'utf8' }).trim();
      const code = ['--python_out=.', '--grpc_python_out=.', 'hostscore/v1/policy_unit_service.proto'];
      const proto = `--proto_path=${join(ROOT, 'proto')}`;
      execFileSync(python, ['-m', 'grpc_tools.protoc', proto, ...code], { cwd: folder });
      return [python, 'service.py', 'licenses.json'];
    },
    units: ['license_score', 'license_filter'],
    // 10 for each license of 12, 4 and 1 that is left when one is taken: 110, of which 100 count, 30 and 0.
    values: [100, 30, 0],
  },
  {
    name: 'go-service',
    needs: 'go',
    language: 'Go',
    build(folder) {
      const buf = ['--yes', '--prefer-offline', '@bufbuild/buf@1.75.0', 'generate', join(ROOT, 'proto')];
      execFileSync('npx', buf, { cwd: folder, stdio: 'pipe' });
      execFileSync('go', ['build', '-o', 'powerservice', '.'], { cwd: folder, stdio: 'pipe' });
      return [join(folder, 'powerservice'), 'watts.json'];
    },
    units: ['rack_power'],
    values: [8000, 4000, 6000],
  },
];

for (const { name, needs, language, build, units, values } of examples) {
  if (spawnSync(needs, [needs === 'go' ? 'version' : '--version']).error !== undefined) {
    // The gate counts such lines.
    console.log(`skipped: examples/${name}, since this machine has no ${language}`);
    continue;
  }
  describe(`examples/${name}`, function () {
    this.timeout(PATIENCE_MS);

    const copy = temporaryFolder();
    let service: ChildProcess | undefined;
    let serve: RunningProcess | undefined;
    let target = '';

    before(async () => {
      cpSync(join(ROOT, 'examples', name), copy.path, { recursive: true });
      const [file, ...args] = build(copy.path);
      service = spawn(file, [...args, '127.0.0.1:0'], {
        cwd: copy.path,
        stdio: ['ignore', 'pipe', 'inherit'],
      });
      let told = '';
      service.stdout?.setEncoding('utf8').on('data', (text: string) => (told += text));
      while (!told.includes('\n')) await once(service.stdout ?? service, 'data');
      target = /^listening on (\S+)\n/.exec(told)?.[1] ?? '';
    });
    after(async () => {
      service?.kill('SIGKILL');
      serve?.child.kill('SIGTERM');
      await serve?.ended;
      copy.remove();
    });

    it('keeps the contract', async () => {
      const { stdout, stderr, code } = await runProcess(['conform', '--target', target]);
      expect({ stderr, code }, stdout).to.deep.equal({ stderr: '', code: 0 });
    });

    it('scores behind a composite, beside the units of hostscore', async () => {
      serve = startProcess(['serve', '--demo', ...FREE_PORTS, '--services', `example=${target}`]);
      const [, server = ''] = await serve.written('stdout', /^Scores hosts at (\S+)\. /m);
      const client = createClient(server);
      try {
        const { policy_units } = await client.listPolicyUnits({});
        expect(policy_units.map((unit) => unit.name)).to.include.members([...units, KSM]);
        const request = { vm_id: VM, host_ids: HOSTS, units: [{ name: units[0] ?? '' }, { name: KSM }] };
        const { unit_results } = await client.scoreHosts(request);
        expect(unit_results.map(({ unit }) => unit)).to.deep.equal([units[0], KSM]);
        expect(unit_results[0]?.scores?.values).to.deep.equal(values);
        expect(unit_results[1]?.scores?.values).to.have.lengthOf(3);
      } finally {
        client.close();
      }
    });

    it('ends with exit code 0 when it is asked to', async () => {
      if (service === undefined) throw new Error('it did not start');
      const ended = once(service, 'exit');
      service.kill('SIGTERM');
      expect(await ended).to.deep.equal([0, null]);
    });
  });
}
