import { expect } from 'chai';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, cpSync, existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { kill } from 'node:process';
import { fileURLToPath } from 'node:url';
import { nodeAfter } from '../../src/lib/timers.js';
import { KILL_GRACE_MS } from '../../src/plugins/plugin-process.js';
import { MAX_CONCURRENT_IMPORTS, MAX_PLUGINS } from '../../src/plugins/plugin-set.js';
import { call } from '../support/call.js';
import { until } from '../support/until.js';
import { folderHost, isAlive, scorer, WAITING } from './folder-host.js';
import { describeWithPython, fixture, PYTHON, scoreRequest } from './with-python.js';

/** Stops the process that forked it, which then can't kill it. */
const STOPS_ITS_PROCESS = [
  'import os, signal',
  'class stops:',
  '    def do_score(self, hosts, vm, args):',
  '        os.kill(os.getppid(), signal.SIGSTOP)',
  '        signal.pause()',
].join('\n');

describeWithPython('life of plugins, the slow part', () => {
  const { folder, notes, log, open, valueOf, pidsOf, pidsBegun, begun, waiting, go } = folderHost();

  it('answers 16 calls of one that hangs and one that is good at 8 places, each with the values of the good one', async () => {
    folder().write('hangs.py', scorer('hangs', 0).replace('print(', 'import time; time.sleep(1000); print('));
    folder().write('good.py', scorer('good', 1));
    const host = await open({ settings: { maxConcurrentRuns: 8, maxCallTime: 1500 } });
    const units = ['hangs', 'good'].map((name) => ({ name, weight: 1 }));
    const answers = await Promise.all(
      Array.from({ length: 16 }, async () => host.scoreHosts(scoreRequest('', { units }), call())),
    );
    const results = answers.map((answer) => answer.unitResults);
    expect(results.map(([, good]) => good?.value)).to.deep.equal(Array.from(results, () => [1, 1, 1]));
    const words = results.map(([hangs]) => hangs?.failure?.message ?? '');
    const waited =
      /waited 1500 ms for its turn, 8 calls run at a time .*, 4 of one plugin while there are others$/;
    const killed = 'did not end within 1500 ms, and was killed';
    // The place of one that is killed may be free a moment before the time of the next one is over.
    expect(words.filter((text) => text.endsWith(killed)).length).to.be.at.least(4);
    expect(words.filter((text) => !text.endsWith(killed) && !waited.test(text))).to.deep.equal([]);
  });

  it('keeps the place of a call that is over its time until it is killed', async () => {
    folder().write('stops.py', STOPS_ITS_PROCESS);
    folder().write('one.py', scorer('one', 1));
    let late: (() => void) | undefined;
    await open({
      settings: { maxConcurrentRuns: 1, maxCallTime: 400 },
      after(ms, run) {
        if (ms !== KILL_GRACE_MS) return nodeAfter(ms, run);
        late ??= run;
        return () => undefined;
      },
    });
    expect(await valueOf('stops')).to.equal('DEADLINE_EXCEEDED');
    expect(late).to.be.a('function');
    expect(await valueOf('one'), 'no place is free').to.equal('DEADLINE_EXCEEDED');
    late?.();
    await until(
      () => valueOf('one'),
      (value) => value === 1,
    );
    expect(log().lines.find(({ event }) => event === 'plugin process ended')?.fields['reason']).to.equal(
      'did not end a late call, and was killed',
    );
  });

  it('kill -9 of the warm process: its calls fail, what they had started is gone, others go on, and it is back', async () => {
    folder().write('waits.py', WAITING);
    folder().write('other.py', WAITING.replace('class waits', 'class other'));
    const host = await open();
    const units = ['waits', 'other'].map((name) => ({ name, weight: 1 }));
    const answer = host.scoreHosts(waiting({ units }), call());
    await begun(2);
    const line = log().lines.find(
      ({ event, fields }) => event === 'plugin imported' && fields['plugin'] === 'waits.py',
    );
    kill(Number(line?.fields['pid']), 'SIGKILL');
    await until(
      () => pidsOf('plugin process ended'),
      (pids) => pids.length === 1,
    );
    const alive = pidsBegun().filter(isAlive);
    expect(alive, 'the call of the other plugin lives').to.have.length(1);
    go();
    const results = (await answer).unitResults;
    expect(results.map(({ value, failure }) => value ?? failure)).to.deep.equal([
      {
        code: 'UNAVAILABLE',
        message: 'plugin waits.py: its process was ended by SIGKILL in the middle of the call',
      },
      [1, 1, 1],
    ]);
    const again = await host.scoreHosts(waiting(), call());
    expect(again.unitResults[0]?.value).to.deep.equal([1, 1, 1]);
  });

  it('waits longer and longer with a process that ends again and again, its units listed all the while', async () => {
    const delays: number[] = [];
    const host = await open({
      dir: fixture('kills-its-parent'),
      after(ms, run) {
        if (ms < 1000 || ms > 60_000) return () => undefined;
        delays.push(ms);
        // The first is the wait for the first import.
        if (delays.length === 1) return nodeAfter(ms, run);
        const timer = setTimeout(run, 1);
        return () => clearTimeout(timer);
      },
      settings: { pollInterval: 500, maxCallTime: 500, maxImportTime: 500 },
    });
    for (let n = 0; n < 9; n++) {
      await until(
        () => valueOf('kills_its_parent'),
        () => pidsOf('plugin process ended').length > n,
      );
    }
    await until(
      () => delays.length,
      (count) => count >= 9,
    );
    expect(delays.slice(1, 9)).to.deep.equal([1000, 2000, 4000, 8000, 16_000, 32_000, 60_000, 60_000]);
    expect((await host.listPolicyUnits(call())).units).to.have.length(2);
  });

  it('leaves nothing behind when hostscore itself is killed', async () => {
    const pidFile = join(notes().path, 'pid');
    const script = fileURLToPath(new URL('host-process.ts', import.meta.url));
    const args = [fixture('leaves-grandchild'), PYTHON ?? 'python3', 'hangs_with_grandchild', pidFile];
    const child = spawn(process.execPath, ['--import', 'tsx', script, ...args], {
      env: { ...process.env, NODE_V8_COVERAGE: '' },
      stdio: 'ignore',
    });
    await until(() => existsSync(pidFile), Boolean);
    const pid = Number(readFileSync(pidFile, 'utf8'));
    expect(isAlive(pid)).to.equal(true);
    child.kill('SIGKILL');
    await once(child, 'exit');
    await until(
      () => isAlive(pid),
      (alive) => !alive,
    );
  });

  it(`imports ${MAX_CONCURRENT_IMPORTS} files at a time`, async () => {
    const files = MAX_CONCURRENT_IMPORTS + 1;
    const hangs = [
      'import os, time',
      `open(${JSON.stringify(join(notes().path, 'begun-'))} + str(os.getpid()), "w").close()`,
      `while not os.path.exists(${JSON.stringify(join(notes().path, 'go'))}): time.sleep(0.005)`,
    ].join('\n');
    for (let n = 0; n < files; n++) folder().write(`p${n}.py`, `${hangs}\n${scorer(`u${n}`, n)}`);
    const host = await open();
    await begun(MAX_CONCURRENT_IMPORTS);
    expect(host.problems()).to.have.length(files);
    expect(pidsBegun(), 'the last one waits').to.have.length(MAX_CONCURRENT_IMPORTS);
    go();
    await until(
      () => host.problems().length,
      (problems) => problems === 0,
    );
    expect((await host.listPolicyUnits(call())).units).to.have.length(files);
  });

  it(`imports ${MAX_PLUGINS} files of a folder`, async () => {
    // Says that it is Python, and imports nothing.
    const script = notes().write(
      'python3',
      `#!/bin/sh\n[ "$1" = -c ] && echo "3 9 0 $0" || { echo no >&2; exit 1; }\n`,
    );
    chmodSync(script, 0o755);
    for (let n = 0; n <= MAX_PLUGINS; n++) folder().write(`p${String(n).padStart(3, '0')}.py`, '');
    const host = await open({ settings: { python: script, pollInterval: 60_000 } });
    const problems = await until(
      () => host.problems(),
      (found) => found[MAX_PLUGINS - 1]?.reason === 'ended with exit code 1: no',
    );
    expect(problems).to.have.length(MAX_PLUGINS + 1);
    expect(problems.at(-1)).to.deep.equal({
      file: 'p100.py',
      reason: 'left out: at most 100 files are imported',
    });
  });

  for (const [vice, unit] of [
    ['hangs', 'hangs'],
    ['hangs', 'ignores_signals'],
    ['kills-its-parent', 'stops_its_parent'],
  ] as const) {
    it(`${unit}: cut short by the deadline of the caller, it is its failure beside the values of another`, async () => {
      cpSync(fixture(vice), folder().path, { recursive: true });
      folder().write('good.py', scorer('good', 1));
      const host = await open();
      const units = [unit, 'good'].map((name) => ({ name, weight: 1 }));
      const caller = { deadline: Date.now() + 1000, signal: AbortSignal.timeout(1000) };
      const { unitResults } = await host.scoreHosts(scoreRequest('', { units }), call(caller));
      expect(unitResults[0]?.failure?.code).to.equal('DEADLINE_EXCEEDED');
      expect(unitResults[1]?.value).to.deep.equal([1, 1, 1]);
    });
  }
});
