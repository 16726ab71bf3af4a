import { expect } from 'chai';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync, utimesSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout } from 'node:timers/promises';
import { z } from 'zod';
import { LEFTOVER_AGE_MS, openStateDir } from '../../src/process/state-dir.js';
import { memoryLog } from '../support/log.js';
import { temporaryFolder, type TemporaryFolder } from '../support/temporary-folder.js';
import { until } from '../support/until.js';

const KILLS = 20;

describe('state folder, processes that are killed', () => {
  let folder: TemporaryFolder;
  const running: { readonly kill: () => Promise<void> }[] = [];
  beforeEach(() => {
    folder = temporaryFolder();
  });
  afterEach(async () => {
    for (const { kill } of running.splice(0)) await kill();
    folder.remove();
  });

  /** Starts a process that writes without an end, and waits until it says whether it owns the folder. */
  async function startWriter() {
    const child = spawn(
      process.execPath,
      ['--import', 'tsx', join(import.meta.dirname, 'endless-writer.ts'), folder.path],
      { env: { PATH: process.env['PATH'], NODE_V8_COVERAGE: '' }, stdio: ['ignore', 'pipe', 'inherit'] },
    );
    const ended = once(child, 'close');
    const lines: string[] = [];
    createInterface({ input: child.stdout }).on('line', (line) => lines.push(line));
    const writer = {
      pid: child.pid,
      lines,
      async kill() {
        child.kill('SIGKILL');
        await ended;
      },
    };
    running.push(writer);
    await until(() => lines.length, Boolean);
    return writer;
  }

  /** Returns which process wrote the file, which has to be whole; empty when there is none. */
  const writtenBy = (): string => {
    if (!existsSync(join(folder.path, 'a.json'))) return '';
    const [first, , last] = z
      .tuple([z.string(), z.string(), z.string()])
      .parse(JSON.parse(readFileSync(join(folder.path, 'a.json'), 'utf8')));
    expect(first).to.equal(last);
    return first.split('-')[0] ?? '';
  };

  it(`leaves a whole file after each of ${KILLS} kills in the middle of writes, and the folder to the next`, async function () {
    this.timeout(60_000);
    for (let round = 0; round < KILLS; round++) {
      const writer = await startWriter();
      expect(writer.lines).to.deep.equal(['owns']);
      await until(writtenBy, (pid) => pid === String(writer.pid));
      await setTimeout(round);
      await writer.kill();
      expect(writtenBy()).to.equal(String(writer.pid));
    }
    const leftovers = () => readdirSync(folder.path).filter((name) => name.endsWith('.tmp'));
    const past = (Date.now() - LEFTOVER_AGE_MS - 1000) / 1000;
    for (const name of leftovers()) utimesSync(join(folder.path, name), past, past);
    const state = await openStateDir({ dir: folder.path, log: memoryLog() });
    await state.close();
    expect(leftovers()).to.deep.equal([]);
  });

  it('has one process write at a time: the second when the first was killed', async function () {
    this.timeout(60_000);
    const first = await startWriter();
    const second = await startWriter();
    expect([first.lines, second.lines]).to.deep.equal([['owns'], ['reads']]);
    await until(writtenBy, (pid) => pid !== '');
    for (let look = 0; look < 20; look++) {
      await setTimeout(10);
      expect(writtenBy()).to.equal(String(first.pid));
    }
    await first.kill();
    await until(
      () => second.lines,
      (lines) => lines.includes('took over'),
    );
    await until(writtenBy, (pid) => pid === String(second.pid));
  });
});
