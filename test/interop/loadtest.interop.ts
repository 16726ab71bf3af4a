import { expect } from 'chai';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { startDemo, type DemoProcess } from './demo-process.js';
import { toolPath } from './run-tool.js';

const ROOT = join(import.meta.dirname, '../..');
const resultSchema = z.object({
  rows: z.array(z.object({ load: z.string(), 'calls/s': z.number(), errors: z.string() })),
});

/** Returns the command lines of running programs that have this word. */
function runningWith(word: string): readonly string[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((pid) => {
      try {
        const words = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0');
        return words.includes(word) ? [words.join(' ')] : [];
      } catch {
        // It has ended.
        return [];
      }
    });
}

describe('npm run loadtest', () => {
  const grpcurl = toolPath('GRPCURL');
  let demo: DemoProcess;

  before(async () => {
    demo = await startDemo();
  });
  after(() => demo.stop());

  function startLoad(seconds: number) {
    const flags = ['--target', demo.address, '--processes', '1,2', '--seconds', String(seconds)];
    return spawn(process.execPath, ['--import', 'tsx', 'bench/loadtest.ts', '--grpcurl', grpcurl, ...flags], {
      cwd: ROOT,
      stdio: ['ignore', 'pipe', 'inherit'],
    });
  }

  it('streams through 1 and 2 grpcurl, drives the gateway, counts no error, and leaves nothing running', async () => {
    const load = startLoad(2);
    load.stdout.resume();
    expect(await once(load, 'close')).to.deep.equal([0, null]);
    const { rows } = resultSchema.parse(
      JSON.parse(readFileSync(join(ROOT, 'bench/results/loadtest.json'), 'utf8')),
    );
    const [one, two, gateway] = rows;
    expect(one?.load).to.equal('1 grpcurl, StreamScoreHosts');
    expect(two?.load).to.equal('2 grpcurl, StreamScoreHosts');
    expect(gateway?.load).to.equal('2 examples/gateway, one after the other');
    for (const row of rows) expect(row['calls/s'], row.load).to.be.above(0);
    for (const row of rows) expect(row.errors, row.load).to.equal('none');
    expect(runningWith(demo.address)).to.deep.equal([]);
  });

  it('leaves nothing running when it is interrupted', async () => {
    const load = startLoad(60);
    const ended = once(load, 'close');
    // It says so once it has the VMs, just before the first step.
    await once(load.stdout, 'data');
    while (runningWith(demo.address).every((words) => !words.includes('StreamScoreHosts'))) {
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    load.kill('SIGTERM');
    expect(await ended).to.deep.equal([130, null]);
    // The system needs a moment to end what was killed.
    while (runningWith(demo.address).length > 0) await new Promise((resolve) => setTimeout(resolve, 20));
  });
});
