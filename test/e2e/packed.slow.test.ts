import { expect } from 'chai';
import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync, symlinkSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { Script } from 'node:vm';
import { FREE_PORTS } from '../support/scoring.js';
import { temporaryFolder } from '../support/temporary-folder.js';

const ROOT = resolve(import.meta.dirname, '../..');

/** Packing builds it first. */
const PATIENCE_MS = 120_000;

describe('the packed copy', function () {
  this.timeout(PATIENCE_MS);

  const folder = temporaryFolder();
  const main = join(folder.path, 'package/dist/main.js');
  const run = (...args: string[]) => execFileSync(process.execPath, [main, ...args], { encoding: 'utf8' });
  let served: ChildProcess | undefined;

  before(() => {
    execFileSync('npm', ['pack', '--silent', '--pack-destination', folder.path], { cwd: ROOT });
    const archive = readdirSync(folder.path).find((name) => name.endsWith('.tgz')) ?? '';
    execFileSync('tar', ['-xzf', join(folder.path, archive), '-C', folder.path]);
    symlinkSync(join(ROOT, 'node_modules'), join(folder.path, 'package/node_modules'));
  });
  after(() => {
    served?.kill('SIGKILL');
    folder.remove();
  });

  it('has what it runs, the contract and its own words, and nothing of the workshop', () => {
    expect(readdirSync(join(folder.path, 'package')).sort()).to.deep.equal([
      'LICENSE',
      'README.md',
      'dist',
      'node_modules',
      'package.json',
      'proto',
    ]);
    expect(readdirSync(join(folder.path, 'package/dist/plugins/python'))).to.deep.equal(
      readdirSync(join(ROOT, 'src/plugins/python')).filter((name) => name !== '__pycache__'),
    );
  });

  it('starts with a script, since Node 10 knows no modules', () => {
    expect(new Script(readFileSync(main, 'utf8'))).to.be.instanceOf(Script);
  });

  it('says its version', () => {
    expect(run('--version')).to.match(/^\d+\.\d+\.\d+\n$/);
  });

  it('scores hosts, and tells so', async () => {
    const args = ['serve', '--demo', ...FREE_PORTS];
    served = spawn(process.execPath, [main, ...args], {
      cwd: folder.path,
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    let told = '';
    served.stdout?.setEncoding('utf8').on('data', (text: string) => (told += text));
    const pattern = /^Scores hosts at (\S+)\. Try, for the VM (\S+):$/m;
    while (!pattern.test(told)) await once(served.stdout ?? served, 'data');
    const [, address = '', vm = ''] = pattern.exec(told) ?? [];
    expect(run('health', '--server', address)).to.equal('SERVING\n');
    expect(run('score', '--server', address, '--vm', vm)).to.match(/\n11 hosts, snapshot of /);
  });
});
