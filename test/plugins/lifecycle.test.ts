import { expect } from 'chai';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { kill } from 'node:process';
import { fileURLToPath } from 'node:url';
import { startPluginHost, type PluginHost, type PluginHostOptions } from '../../src/plugins/host.js';
import { nodeAfter } from '../../src/lib/timers.js';
import { call } from '../support/call.js';
import { memoryLog } from '../support/log.js';
import { expectRejection } from '../support/rejection.js';
import { temporaryFolder, type TemporaryFolder } from '../support/temporary-folder.js';
import { until } from '../support/until.js';
import { hostId } from '../support/world.js';
import { describeWithPython, fixture, hostFixture, PYTHON, scoreRequest } from './with-python.js';

const scorer = (name: string, value: number) =>
  `class ${name}:\n    def do_score(self, hosts, vm, args):\n        print([(host, ${value}) for host in hosts])\n`;

/** Waits until a file named by `pid_file` is there: then the plugin runs, and so does what stands in the body. */
const WAITING = [
  'import os, time',
  'class waits:',
  '    def do_score(self, hosts, vm, args):',
  '        open(args["begun"] + str(os.getpid()), "w").close()',
  '        while not os.path.exists(args["go"]): time.sleep(0.005)',
  '        print([(host, 1) for host in hosts])',
].join('\n');

/** Stops the process that forked it, which then can't kill it. */
const STOPS_ITS_PROCESS = [
  'import os, signal',
  'class stops:',
  '    def do_score(self, hosts, vm, args):',
  '        os.kill(os.getppid(), signal.SIGSTOP)',
  '        signal.pause()',
].join('\n');

describeWithPython('life of plugins', () => {
  let folder: TemporaryFolder;
  let notes: TemporaryFolder;
  let host: PluginHost | undefined;
  let log = memoryLog();
  beforeEach(() => {
    folder = temporaryFolder();
    notes = temporaryFolder();
    log = memoryLog();
    host = undefined;
  });
  afterEach(async () => {
    await host?.close();
    folder.remove();
    notes.remove();
  });

  const open = async (options: Partial<PluginHostOptions> = {}): Promise<PluginHost> => {
    host = await startPluginHost({
      ...{ dir: folder.path, log, pollIntervalMs: 10 },
      ...(PYTHON === undefined ? {} : { python: PYTHON }),
      ...options,
    });
    return host;
  };
  const valueOf = async (unit: string): Promise<number | string | undefined> => {
    const result = (await host?.scoreHosts(scoreRequest(unit), call()))?.unitResults[0];
    return result?.value?.[0] ?? result?.failure?.code;
  };
  const replace = (name: string, content: string): void => {
    // Whole at once, as an editor does it.
    renameSync(notes.write(name, content), join(folder.path, name));
  };
  const pidsOf = (event: string): number[] =>
    log.lines.filter((line) => line.event === event).map(({ fields }) => Number(fields['pid']));
  const begunIn = (count: number) =>
    until(
      () => pidsBegun(notes.path).length,
      (begun) => begun === count,
    );
  const waiting = (part = {}) =>
    scoreRequest('waits', {
      properties: new Map([
        ['begun', join(notes.path, 'begun-')],
        ['go', join(notes.path, 'go')],
      ]),
      ...part,
    });

  it('picks up a file that is new, changed, broken, mended and gone', async () => {
    await open();
    expect(await valueOf('one')).to.equal('NOT_FOUND');
    folder.write('one.py', scorer('one', 1));
    await until(
      () => valueOf('one'),
      (value) => value === 1,
    );
    replace('one.py', scorer('one', 2));
    await until(
      () => valueOf('one'),
      (value) => value === 2,
    );
    replace('one.py', 'class one(:\n');
    await until(
      () => host?.problems() ?? [],
      (problems) => problems.length === 1,
    );
    expect(await valueOf('one'), 'the last good one serves').to.equal(2);
    expect(host?.problems()[0]?.reason).to.match(/^SyntaxError: .*\(line 1\)$/);
    replace('one.py', scorer('one', 3));
    await until(
      () => valueOf('one'),
      (value) => value === 3,
    );
    expect(host?.problems()).to.deep.equal([]);
    rmSync(join(folder.path, 'one.py'));
    await until(
      () => valueOf('one'),
      (value) => value === 'NOT_FOUND',
    );
    expect((await host?.listPolicyUnits(call()))?.units).to.deep.equal([]);
  });

  it('picks up a changed file that a plugin imports', async () => {
    folder.write('helper.py', 'value = 1\n');
    folder.write('one.py', `import helper\n${scorer('one', 0).replace(', 0)', ', helper.value)')}`);
    await open();
    expect(await valueOf('one')).to.equal(1);
    replace('helper.py', 'value = 22\n');
    await until(
      () => valueOf('one'),
      (value) => value === 22,
    );
  });

  for (const [title, helper] of [
    ['is missing', undefined],
    ['is broken', 'value = = 1\n'],
  ] as const) {
    it(`imports a plugin again as soon as a file that it imports and that ${title} is mended`, async () => {
      if (helper !== undefined) folder.write('helper.py', helper);
      folder.write('one.py', `import helper\n${scorer('one', 5)}`);
      // Without the retries.
      await open({ after: (ms, run) => (ms === 10 ? nodeAfter(ms, run) : () => undefined) });
      expect(await valueOf('one')).to.equal('NOT_FOUND');
      replace('helper.py', 'value = 1\n');
      await until(
        () => valueOf('one'),
        (value) => value === 5,
      );
      await until(
        () => host?.problems(),
        (problems) => problems?.length === 0,
      );
    });
  }

  it('starts no process again when nothing has changed', async () => {
    folder.write('one.py', scorer('one', 1));
    folder.write('two.py', scorer('two', 2));
    await open();
    replace('one.py', scorer('one', 11));
    await until(
      () => valueOf('one'),
      (value) => value === 11,
    );
    const imported = log.lines
      .filter(({ event }) => event === 'plugin imported')
      .map(({ fields }) => fields['plugin']);
    expect(imported.sort()).to.deep.equal(['one.py', 'one.py', 'two.py']);
  });

  it('ends calls in flight with the process of old, while new ones go to the new', async () => {
    folder.write('waits.py', WAITING);
    await open();
    const answer = host?.scoreHosts(waiting(), call());
    await begunIn(1);
    replace('waits.py', scorer('waits', 2));
    await until(
      () => valueOf('waits'),
      (value) => value === 2,
    );
    notes.write('go', '');
    expect((await answer)?.unitResults[0]?.value).to.deep.equal([1, 1, 1]);
    const [old = 0] = pidsOf('plugin imported');
    await until(
      () => isAlive(old),
      (alive) => !alive,
    );
  });

  it('keeps units whose folder is away for a while, and says so', async () => {
    folder.write('one.py', scorer('one', 1));
    await open();
    const away = `${folder.path}-away`;
    renameSync(folder.path, away);
    await until(
      () => log.lines.map(({ event }) => event),
      (events) => events.includes('plugin folder unreadable'),
    );
    expect(await valueOf('one')).to.equal(1);
    renameSync(away, folder.path);
  });

  it('answers 200 calls at once, 8 at a time, each its own', async () => {
    folder.write('echo.py', scorer('echo', 0).replace(', 0)', ', int(args["n"]))'));
    await open({ limits: { maxConcurrentRuns: 8 } });
    const answers = await Promise.all(
      Array.from({ length: 200 }, async (_, n) =>
        host?.scoreHosts(scoreRequest('echo', { properties: new Map([['n', String(n)]]) }), call()),
      ),
    );
    expect(answers.map((answer) => answer?.unitResults[0]?.value?.[2])).to.deep.equal(
      Array.from({ length: 200 }, (_, n) => n),
    );
  });

  it('holds 12 plugins that one request asks at a time without a warning of Node', async () => {
    const warnings: Error[] = [];
    const onWarning = (warning: Error): void => void warnings.push(warning);
    process.on('warning', onWarning);
    const names = Array.from({ length: 12 }, (_, n) => `unit_${n}`);
    for (const name of names) folder.write(`${name}.py`, scorer(name, 1));
    await open({ limits: { maxConcurrentRuns: 1 } });
    const units = names.map((name) => ({ name, weight: 1 }));
    const { scores } = (await host?.scoreHosts(scoreRequest('', { units }), call())) ?? {};
    expect(scores?.[0]?.score).to.equal(12 * 100);
    process.off('warning', onWarning);
    expect(warnings).to.deep.equal([]);
  });

  it('scores 10,000 hosts', async () => {
    folder.write(
      'one.py',
      scorer('one', 0).replace(', 0)', ', hosts.index(host) if len(hosts) < 5 else len(hosts))'),
    );
    await open();
    const hosts = Array.from({ length: 10_000 }, (_, n) => hostId(n));
    const { unitResults } = (await host?.scoreHosts(scoreRequest('one', { hosts }), call())) ?? {};
    expect(new Set(unitResults?.[0]?.value)).to.deep.equal(new Set([10_000]));
    expect(unitResults?.[0]?.value).to.have.length(10_000);
  });

  it('lets no more run and wait than it may', async () => {
    folder.write('waits.py', WAITING);
    await open({ limits: { maxConcurrentRuns: 1, maxQueuedRuns: 1 } });
    const answers = [1, 2, 3].map(() => host?.scoreHosts(waiting(), call()));
    expect((await answers[2])?.unitResults[0]?.failure).to.deep.equal({
      code: 'RESOURCE_EXHAUSTED',
      message: 'plugin waits.py: 1 calls of plugins wait already (limits.maxQueuedRuns)',
    });
    await begunIn(1);
    notes.write('go', '');
    for (const answer of answers.slice(0, 2)) expect((await answer)?.unitResults[0]?.value?.[0]).to.equal(1);
  });

  it('counts waiting for the turn as time of the call', async () => {
    folder.write('waits.py', WAITING);
    folder.write('one.py', scorer('one', 1));
    await open({ limits: { maxConcurrentRuns: 1, maxCallMs: 100 } });
    const first = host?.scoreHosts(waiting(), call());
    const second = await host?.scoreHosts(scoreRequest('one'), call());
    expect(second?.unitResults[0]?.failure?.code).to.equal('DEADLINE_EXCEEDED');
    expect((await first)?.unitResults[0]?.failure?.code).to.equal('DEADLINE_EXCEEDED');
    expect(await valueOf('one'), 'the place is free again').to.equal(1);
  });

  it('answers 16 calls of one that hangs and one that is good at 8 places, each with the values of the good one', async () => {
    folder.write('hangs.py', scorer('hangs', 0).replace('print(', 'import time; time.sleep(1000); print('));
    folder.write('good.py', scorer('good', 1));
    await open({ limits: { maxConcurrentRuns: 8, maxCallMs: 1500 } });
    const units = ['hangs', 'good'].map((name) => ({ name, weight: 1 }));
    const answers = await Promise.all(
      Array.from({ length: 16 }, async () => host?.scoreHosts(scoreRequest('', { units }), call())),
    );
    const results = answers.map((answer) => answer?.unitResults ?? []);
    expect(results.map(([, good]) => good?.value)).to.deep.equal(Array.from(results, () => [1, 1, 1]));
    const words = results.map(([hangs]) => hangs?.failure?.message ?? '');
    const waited =
      /waited \d+ ms for its turn, 8 calls run at a time .*, 4 of one plugin while there are others$/;
    const killed = 'did not end within 1500 ms, and was killed';
    // The place of one that is killed may be free a moment before the time of the next one is over.
    expect(words.filter((text) => text.endsWith(killed)).length).to.be.at.least(4);
    expect(words.filter((text) => !text.endsWith(killed) && !waited.test(text))).to.deep.equal([]);
  });

  it('keeps the place of a call that is over its time until it is killed', async () => {
    folder.write('stops.py', STOPS_ITS_PROCESS);
    folder.write('one.py', scorer('one', 1));
    let late: (() => void) | undefined;
    await open({
      limits: { maxConcurrentRuns: 1, killGraceMs: 12_345, maxCallMs: 400 },
      after(ms, run) {
        if (ms !== 12_345) return nodeAfter(ms, run);
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
    expect(log.lines.find(({ event }) => event === 'plugin process ended')?.fields['reason']).to.equal(
      'did not end a call that was over its time, and was killed',
    );
  });

  it('answers before the deadline with what there is: late units are failures among the values', async () => {
    folder.write('waits.py', WAITING);
    folder.write('one.py', scorer('one', 1));
    await open();
    const units = ['one', 'waits'].map((name) => ({ name, weight: 1 }));
    const deadline = Date.now() + 1000;
    const response = await host?.scoreHosts(waiting({ units }), call({ deadline }));
    expect(response?.unitResults.map(({ value, failure }) => value ?? failure.code)).to.deep.equal([
      [1, 1, 1],
      'DEADLINE_EXCEEDED',
    ]);
  });

  for (const [unit, options] of [
    ['leaves_grandchild', {}],
    ['hangs_with_grandchild', { limits: { maxCallMs: 600 } }],
  ] as const) {
    it(`kills what a call has started with it: ${unit}`, async () => {
      host = await hostFixture('leaves-grandchild', options);
      const pidFile = join(notes.path, 'pid');
      const properties = new Map([['pid_file', pidFile]]);
      const { unitResults } = await host.scoreHosts(scoreRequest(unit, { properties }), call());
      const late = 'limits' in options;
      expect(unitResults[0]?.value ?? unitResults[0]?.failure.code).to.deep.equal(
        late ? 'DEADLINE_EXCEEDED' : [1, 1, 1],
      );
      const pid = Number(readFileSync(pidFile, 'utf8'));
      expect(pid).to.be.greaterThan(1);
      await until(
        () => isAlive(pid),
        (alive) => !alive,
      );
    });
  }

  it('kills a call whose caller goes away, with all that it has started', async () => {
    host = await hostFixture('leaves-grandchild');
    const gone = new AbortController();
    const pidFile = join(notes.path, 'pid');
    const request = scoreRequest('hangs_with_grandchild', { properties: new Map([['pid_file', pidFile]]) });
    const answer = host.scoreHosts(request, call({ signal: gone.signal }));
    await until(() => existsSync(pidFile), Boolean);
    const pid = Number(readFileSync(pidFile, 'utf8'));
    expect(isAlive(pid)).to.equal(true);
    gone.abort();
    await expectRejection(answer, 'CANCELLED');
    await until(
      () => isAlive(pid),
      (alive) => !alive,
    );
  });

  for (const reason of [undefined, new Error('the connection is closed')]) {
    it(`logs no error when a caller goes away: ${reason?.message ?? 'no reason'}`, async () => {
      folder.write('waits.py', WAITING);
      await open();
      const gone = new AbortController();
      const answer = host?.scoreHosts(waiting(), call({ signal: gone.signal }));
      await begunIn(1);
      gone.abort(reason);
      await expectRejection(answer ?? Promise.resolve(), reason === undefined ? 'CANCELLED' : 'INTERNAL');
      await host?.close();
      expect(log.lines.filter(({ level }) => level === 'error')).to.deep.equal([]);
    });
  }

  it('kill -9 of the warm process: its calls fail, what they had started is gone, others go on, and it is back', async () => {
    folder.write('waits.py', WAITING);
    folder.write('other.py', WAITING.replace('class waits', 'class other'));
    await open();
    const units = ['waits', 'other'].map((name) => ({ name, weight: 1 }));
    const answer = host?.scoreHosts(waiting({ units }), call());
    await begunIn(2);
    const line = log.lines.find(
      ({ event, fields }) => event === 'plugin imported' && fields['plugin'] === 'waits.py',
    );
    kill(Number(line?.fields['pid']), 'SIGKILL');
    await until(
      () => pidsOf('plugin process ended'),
      (pids) => pids.length === 1,
    );
    const alive = pidsBegun(notes.path).filter(isAlive);
    expect(alive, 'the call of the other plugin lives').to.have.length(1);
    notes.write('go', '');
    const results = (await answer)?.unitResults ?? [];
    expect(results.map(({ value, failure }) => value ?? failure)).to.deep.equal([
      {
        code: 'UNAVAILABLE',
        message: 'plugin waits.py: its process was ended by SIGKILL in the middle of the call',
      },
      [1, 1, 1],
    ]);
    const again = await host?.scoreHosts(waiting(), call());
    expect(again?.unitResults[0]?.value).to.deep.equal([1, 1, 1]);
  });

  it('waits longer and longer with a process that ends again and again, its units listed all the while', async () => {
    const delays: number[] = [];
    host = await hostFixture('kills-its-parent', {
      log,
      after(ms, run) {
        if (ms < 1000 || ms > 60_000) return () => undefined;
        delays.push(ms);
        const timer = setTimeout(run, [1000, 2000, 4000].includes(ms) ? 1 : 100_000);
        return () => clearTimeout(timer);
      },
      pollIntervalMs: 500,
      limits: { maxCallMs: 500, maxImportMs: 500, maxImportWaitMs: 500 },
    });
    for (let n = 0; n < 4; n++) {
      await until(
        () => valueOf('kills_its_parent'),
        () => pidsOf('plugin process ended').length > n,
      );
    }
    await until(
      () => delays.length,
      (count) => count >= 3,
    );
    expect(delays.slice(0, 3)).to.deep.equal([1000, 2000, 4000]);
    expect((await host.listPolicyUnits(call())).units).to.have.length(2);
  });

  it('close ends the processes and the calls, which fail', async () => {
    folder.write('waits.py', WAITING);
    await open();
    const answer = host?.scoreHosts(waiting(), call());
    await begunIn(1);
    const pids = [...pidsOf('plugin imported'), ...pidsBegun(notes.path)];
    expect(pids.map(isAlive)).to.deep.equal([true, true]);
    await host?.close();
    await until(
      () => pids.some(isAlive),
      (alive) => !alive,
    );
    expect((await answer)?.unitResults[0]?.failure?.code).to.equal('UNAVAILABLE');
    expect(await valueOf('waits')).to.equal('UNAVAILABLE');
  });

  it('serves what is there when imports take long, which join as they end, and names them meanwhile', async () => {
    const go = join(notes.path, 'go');
    const hangs = `import os, time\nwhile not os.path.exists(${JSON.stringify(go)}): time.sleep(0.005)\n`;
    folder.write('a_hangs.py', hangs + scorer('late', 9));
    folder.write('b_broken.py', 'import no_such_thing\n');
    folder.write('c_good.py', scorer('good', 1));
    folder.write('d_hangs.py', hangs + scorer('later', 8));
    // The clock of the wait goes on once the others are there, however long that takes.
    const settled = () =>
      log.lines.filter(({ event }) => /^plugin (not )?imported$/.test(event)).length === 2;
    await open({
      limits: { maxImportWaitMs: 12_345, maxConcurrentImports: 3 },
      after(ms, run) {
        if (ms !== 12_345) return nodeAfter(ms, run);
        void until(settled, Boolean).then(run);
        return () => undefined;
      },
    });
    expect(await valueOf('good')).to.equal(1);
    const late = 'is still being imported, for 10000 ms at most (limits.maxImportMs)';
    expect(host?.problems()).to.deep.equal([
      { file: 'a_hangs.py', reason: late },
      { file: 'b_broken.py', reason: "ModuleNotFoundError: No module named 'no_such_thing' (line 1)" },
      { file: 'd_hangs.py', reason: late },
    ]);
    notes.write('go', '');
    for (const [unit, wanted] of [
      ['late', 9],
      ['later', 8],
    ] as const) {
      await until(
        () => valueOf(unit),
        (value) => value === wanted,
      );
    }
    expect(host?.problems().map(({ file }) => file)).to.deep.equal(['b_broken.py']);
  });

  it('its signal closes it, also in the middle of an import', async () => {
    const stop = new AbortController();
    const begun = join(notes.path, 'importing');
    folder.write(
      'hangs.py',
      `import os, time\nopen(${JSON.stringify(begun)}, "w").write(str(os.getpid()))\ntime.sleep(1000)`,
    );
    const starting = open({ signal: stop.signal });
    const importing = until(() => (existsSync(begun) ? Number(readFileSync(begun, 'utf8')) : 0), Boolean);
    await Promise.race([starting, importing]);
    stop.abort();
    await expectRejection(starting, 'CANCELLED');
    await until(
      async () => isAlive(await importing),
      (alive) => !alive,
    );
  });

  it('leaves nothing behind when hostscore itself is killed', async () => {
    const pidFile = join(notes.path, 'pid');
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

  const refused = [
    [
      { dir: '/no/such/folder' },
      'INVALID_ARGUMENT',
      /^plugins: the folder \/no\/such\/folder can't be read: ENOENT/,
    ],
    [
      { python: '/no/python' },
      'UNAVAILABLE',
      '"/no/python" is not there; plugins need Python 3.9 or later: install it',
    ],
    [
      { limits: { maxCallMs: 0 } },
      'INVALID_ARGUMENT',
      'limits.maxCallMs: expected a whole number of 1 or more, got 0',
    ],
  ] as const;
  for (const [options, code, text] of refused) {
    it(`refuses ${JSON.stringify(options)} with ${code}`, async () => {
      await expectRejection(open(options), code, text);
    });
  }
});

/** The calls of a plugin that have written their id here. */
function pidsBegun(dir: string): number[] {
  return readdirSync(dir)
    .filter((name) => name.startsWith('begun-'))
    .map((name) => Number(name.slice('begun-'.length)));
}

function isAlive(pid: number): boolean {
  try {
    kill(pid, 0);
    // A zombie, whose parent has not asked for it yet, does nothing any more.
    return !/^\d+ \(.*\) Z /.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));
  } catch {
    return false;
  }
}
