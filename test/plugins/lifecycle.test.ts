import { expect } from 'chai';
import { existsSync, readFileSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { kill } from 'node:process';
import { nodeAfter } from '../../src/lib/timers.js';
import { IMPORT_WAIT_MS } from '../../src/plugins/host.js';
import { call } from '../support/call.js';
import { expectRejection } from '../support/rejection.js';
import { until } from '../support/until.js';
import { hostId } from '../support/world.js';
import { folderHost, isAlive, scorer, WAITING } from './folder-host.js';
import { describeWithPython, fixture, PYTHON, scoreRequest } from './with-python.js';

describeWithPython('life of plugins', () => {
  const { folder, notes, log, open, valueOf, replace, pidsOf, pidsBegun, begun, waiting, go } = folderHost();

  it('tells of each run of a unit and its time, also of one that fails', async () => {
    const runs: string[] = [];
    folder().write('one.py', scorer('one', 1));
    folder().write(
      'two.py',
      'class two:\n    def do_score(self, hosts, vm, args):\n        raise KeyError(vm)\n',
    );
    await open({ onUnitRun: (unit, ms) => void runs.push(ms > 0 ? unit : 'no time') });
    expect([await valueOf('one'), await valueOf('two'), await valueOf('three')]).to.deep.equal([
      1,
      'INTERNAL',
      'NOT_FOUND',
    ]);
    expect(runs).to.deep.equal(['one', 'two']);
  });

  it('picks up a file that is new, changed, broken, mended and gone', async () => {
    const host = await open();
    expect(await valueOf('one')).to.equal('NOT_FOUND');
    folder().write('one.py', scorer('one', 1));
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
      () => host.problems(),
      (problems) => problems.length === 1,
    );
    expect(await valueOf('one'), 'the last good one serves').to.equal(2);
    expect(host.problems()[0]?.reason).to.match(/^SyntaxError: .*\(line 1\)\. Plugins run under Python 3/);
    replace('one.py', scorer('one', 3));
    await until(
      () => valueOf('one'),
      (value) => value === 3,
    );
    expect(host.problems()).to.deep.equal([]);
    rmSync(join(folder().path, 'one.py'));
    await until(
      () => valueOf('one'),
      (value) => value === 'NOT_FOUND',
    );
    expect((await host.listPolicyUnits(call())).units).to.deep.equal([]);
  });

  it('finds Python and the folder as soon as they are there', async () => {
    const away = `${folder().path}-away`;
    const python = join(notes().path, 'python3');
    folder().write('one.py', scorer('one', 1));
    renameSync(folder().path, away);
    const host = await open({ settings: { python } });
    expect(host.failure()?.message).to.match(/python3" is not there/);
    symlinkSync(PYTHON ?? '', python);
    await until(
      () => host.failure()?.message,
      (message = '') => message.includes("can't be read: ENOENT"),
    );
    expect(await valueOf('one')).to.equal('INVALID_ARGUMENT');
    renameSync(away, folder().path);
    await until(
      () => valueOf('one'),
      (value) => value === 1,
    );
    expect(host.failure()).to.equal(undefined);
    expect(host.problems()).to.deep.equal([]);
  });

  it('lists a file that is new or changed at once, however seldom the folder is looked at', async () => {
    const host = await open({ settings: { pollInterval: 3_600_000 } });
    const listed = async () => (await host.listPolicyUnits(call())).units.map(({ name }) => name);
    replace('one.py', scorer('one', 1));
    await until(listed, (names) => names.length > 0);
    expect(await listed()).to.deep.equal(['one']);
    replace('one.py', scorer('other', 1));
    expect(await Promise.all([listed(), listed()])).to.deep.equal([['other'], ['other']]);
  });

  it('lists what there is when an import takes longer than the caller waits', async () => {
    folder().write('one.py', scorer('one', 1));
    const host = await open({ settings: { pollInterval: 3_600_000 } });
    replace('hangs.py', 'import time\ntime.sleep(1000)\n');
    const list = await host.listPolicyUnits(call({ deadline: Date.now() + 300 }));
    const { units, problems } = list;
    expect(list.isIncomplete).to.equal(true);
    expect(units.map(({ name }) => name)).to.deep.equal(['one']);
    expect(problems.map(({ source }) => source)).to.deep.equal(['hangs.py']);
  });

  it('tells who listens at once of units and problems that come, change and go, and of nothing else', async () => {
    const host = await open();
    const told: string[] = [];
    const stop = host.onUnitsChanged(() => {
      void host.listPolicyUnits(call()).then(({ units, problems }) => {
        told.push([...units.map(({ name }) => name), ...problems.map(({ reason }) => reason)].join());
      });
    });
    const toldOf = (count: number) =>
      until(
        () => told.length,
        (length) => length >= count,
      );
    replace('one.py', scorer('one', 1));
    await toldOf(2);
    // The same units, by another process.
    replace('one.py', scorer('one', 2));
    await until(
      () => valueOf('one'),
      (value) => value === 2,
    );
    replace('one.py', 'raise ValueError("no")\n');
    await toldOf(3);
    replace('one.py', scorer('two', 2));
    await toldOf(4);
    rmSync(join(folder().path, 'one.py'));
    await toldOf(5);
    stop();
    replace('three.py', scorer('three', 3));
    await until(
      () => valueOf('three'),
      (value) => value === 3,
    );
    expect(told).to.deep.equal([
      'is still being imported, for 10000 ms at most (plugins.maxImportTime)',
      'one',
      'one,ValueError: no (line 1)',
      'two',
      '',
    ]);
  });

  it('runs the file of a plugin anew for each call: nothing that it makes is shared or stale', async () => {
    const echo = createServer((socket) => socket.on('error', () => undefined).pipe(socket));
    await new Promise<void>((resolve) => echo.listen(0, '127.0.0.1', resolve));
    const address = echo.address();
    const port = typeof address === 'object' ? address?.port : undefined;
    const setting = folder().write('setting.txt', '5');
    folder().write(
      'shares.py',
      [
        'import os, random, socket',
        'setting = open("setting.txt")',
        `connection = socket.create_connection(("127.0.0.1", ${port}))`,
        'chance = random.Random()',
        'class shares:',
        '    def do_score(self, hosts, vm, args):',
        '        connection.sendall(args["n"].encode())',
        '        print([(hosts[0], int(connection.recv(9))), (hosts[1], int(setting.read())), (hosts[2], chance.getrandbits(31))])',
      ].join('\n'),
    );
    try {
      const host = await open();
      const valuesOf = async (n: number) => {
        const request = scoreRequest('shares', { properties: new Map([['n', String(n)]]) });
        return (await host.scoreHosts(request, call())).unitResults[0]?.value ?? [];
      };
      const numbers = Array.from({ length: 10 }, (_, n) => n);
      const answers = await Promise.all(numbers.map(valuesOf));
      expect(answers.map(([echoed]) => echoed)).to.deep.equal(numbers);
      expect(answers.map(([, read]) => read)).to.deep.equal(numbers.map(() => 5));
      expect(new Set(answers.map(([, , drawn]) => drawn)).size).to.be.greaterThan(1);
      writeFileSync(setting, '77');
      expect((await valuesOf(1)).slice(0, 2)).to.deep.equal([1, 77]);
    } finally {
      echo.close();
    }
  });

  for (const [title, before, imports, problems] of [
    ['keeps what a plugin imports from elsewhere loaded: tried once, loaded once, for 3 calls', '', 2, []],
    [
      'loads what a plugin imports from elsewhere in each call when it changes sys.path, and says so: 1 + 3',
      'import sys\nsys.path.append("/nowhere")\n',
      4,
      ['is slower than it could be: its import changes sys.path, so each call imports all it needs'],
    ],
  ] as const) {
    it(title, async () => {
      const count = join(notes().path, 'count');
      notes().write('some_sdk.py', `open(${JSON.stringify(count)}, "a").write("x")\nvalue = 7\n`);
      const plugin = scorer('one', 0).replace(', 0)', ', some_sdk.value)');
      folder().write('one.py', `${before}import some_sdk\n${plugin}`);
      const host = await open({ variables: { ...process.env, PYTHONPATH: notes().path } });
      for (let n = 0; n < 3; n++) expect(await valueOf('one')).to.equal(7);
      expect(readFileSync(count, 'utf8')).to.have.length(imports);
      expect(host.problems().map(({ reason }) => reason)).to.deep.equal(problems);
    });
  }

  it('lets the file that sorts first have a name, and logs the change as an error', async () => {
    folder().write('m.py', scorer('one', 1));
    const host = await open();
    expect(await valueOf('one')).to.equal(1);
    replace('a.py', scorer('one', 2));
    await until(
      () => valueOf('one'),
      (value) => value === 2,
    );
    expect(host.problems()).to.deep.equal([
      { file: 'm.py', reason: 'class one: a.py has a score of that name, which is used; rename one' },
    ]);
    rmSync(join(folder().path, 'a.py'));
    await until(
      () => valueOf('one'),
      (value) => value === 1,
    );
    const moved = log().lines.filter(({ event }) => event === 'unit changed its plugin');
    expect(moved.map(({ level, fields }) => [level, fields])).to.deep.equal([
      ['error', { unit: 'SCORE/one', from: 'm.py', to: 'a.py' }],
      ['error', { unit: 'SCORE/one', from: 'a.py', to: 'm.py' }],
    ]);
  });

  it('picks up a changed file that a plugin imports', async () => {
    folder().write('helper.py', 'value = 1\n');
    folder().write('one.py', `import helper\n${scorer('one', 0).replace(', 0)', ', helper.value)')}`);
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
      if (helper !== undefined) folder().write('helper.py', helper);
      folder().write('one.py', `import helper\n${scorer('one', 5)}`);
      // Without the retries.
      const host = await open({ after: (ms, run) => (ms === 10 ? nodeAfter(ms, run) : () => undefined) });
      expect(await valueOf('one')).to.equal('NOT_FOUND');
      replace('helper.py', 'value = 1\n');
      await until(
        () => valueOf('one'),
        (value) => value === 5,
      );
      await until(
        () => host.problems(),
        (problems) => problems.length === 0,
      );
    });
  }

  it('starts no process again when nothing has changed', async () => {
    folder().write('one.py', scorer('one', 1));
    folder().write('two.py', scorer('two', 2));
    await open();
    replace('one.py', scorer('one', 11));
    await until(
      () => valueOf('one'),
      (value) => value === 11,
    );
    const imported = log()
      .lines.filter(({ event }) => event === 'plugin imported')
      .map(({ fields }) => fields['plugin']);
    expect(imported.sort()).to.deep.equal(['one.py', 'one.py', 'two.py']);
  });

  it('ends calls in flight with the process of old, while new ones go to the new', async () => {
    folder().write('waits.py', WAITING);
    const host = await open();
    const answer = host.scoreHosts(waiting(), call());
    await begun(1);
    replace('waits.py', scorer('waits', 2));
    await until(
      () => valueOf('waits'),
      (value) => value === 2,
    );
    go();
    expect((await answer).unitResults[0]?.value).to.deep.equal([1, 1, 1]);
    const [old = 0] = pidsOf('plugin imported');
    await until(
      () => isAlive(old),
      (alive) => !alive,
    );
  });

  it('keeps units whose folder is away for a while, and says so, and when it is back', async () => {
    folder().write('one.py', scorer('one', 1));
    await open();
    const away = `${folder().path}-away`;
    renameSync(folder().path, away);
    const logged = (event: string) =>
      until(
        () => log().lines.map((line) => line.event),
        (events) => events.includes(event),
      );
    await logged('plugin folder unreadable');
    expect(await valueOf('one')).to.equal(1);
    renameSync(away, folder().path);
    await logged('plugin folder readable again');
  });

  it('answers 200 calls at once, 8 at a time, each its own', async () => {
    folder().write('echo.py', scorer('echo', 0).replace(', 0)', ', int(args["n"]))'));
    const host = await open({ settings: { maxConcurrentRuns: 8 } });
    const answers = await Promise.all(
      Array.from({ length: 200 }, async (_, n) =>
        host.scoreHosts(scoreRequest('echo', { properties: new Map([['n', String(n)]]) }), call()),
      ),
    );
    expect(answers.map((answer) => answer.unitResults[0]?.value?.[2])).to.deep.equal(
      Array.from({ length: 200 }, (_, n) => n),
    );
  });

  it('holds 12 plugins that one request asks at a time without a warning of Node', async () => {
    const warnings: Error[] = [];
    const onWarning = (warning: Error): void => void warnings.push(warning);
    process.on('warning', onWarning);
    const names = Array.from({ length: 12 }, (_, n) => `unit_${n}`);
    for (const name of names) folder().write(`${name}.py`, scorer(name, 1));
    const host = await open({ settings: { maxConcurrentRuns: 1 } });
    const units = names.map((name) => ({ name, weight: 1 }));
    const { scores } = await host.scoreHosts(scoreRequest('', { units }), call());
    expect(scores[0]?.score).to.equal(12 * 100);
    process.off('warning', onWarning);
    expect(warnings).to.deep.equal([]);
  });

  it('scores 10,000 hosts', async () => {
    folder().write(
      'one.py',
      scorer('one', 0).replace(', 0)', ', hosts.index(host) if len(hosts) < 5 else len(hosts))'),
    );
    const host = await open();
    const hosts = Array.from({ length: 10_000 }, (_, n) => hostId(n));
    const { unitResults } = await host.scoreHosts(scoreRequest('one', { hosts }), call());
    expect(new Set(unitResults[0]?.value)).to.deep.equal(new Set([10_000]));
    expect(unitResults[0]?.value).to.have.length(10_000);
  });

  it('counts waiting for the turn as time of the call', async () => {
    folder().write('waits.py', WAITING);
    folder().write('one.py', scorer('one', 1));
    const host = await open({ settings: { maxConcurrentRuns: 1, maxCallTime: 100 } });
    const first = host.scoreHosts(waiting(), call());
    const second = await host.scoreHosts(scoreRequest('one'), call());
    expect(second.unitResults[0]?.failure?.code).to.equal('DEADLINE_EXCEEDED');
    expect((await first).unitResults[0]?.failure?.code).to.equal('DEADLINE_EXCEEDED');
    expect(await valueOf('one'), 'the place is free again').to.equal(1);
  });

  it('answers before the deadline with what there is: late units are failures among the values', async () => {
    folder().write('waits.py', WAITING);
    folder().write('one.py', scorer('one', 1));
    const host = await open();
    const units = ['one', 'waits'].map((name) => ({ name, weight: 1 }));
    const deadline = Date.now() + 1000;
    const response = await host.scoreHosts(waiting({ units }), call({ deadline }));
    expect(response.unitResults.map(({ value, failure }) => value ?? failure.code)).to.deep.equal([
      [1, 1, 1],
      'DEADLINE_EXCEEDED',
    ]);
  });

  it('lets a process live that a call leaves running, also when its file changes', async () => {
    folder().write(
      'leaves.py',
      readFileSync(join(fixture('leaves-grandchild'), 'leaves_grandchild.py'), 'utf8'),
    );
    const host = await open();
    const pidFile = join(notes().path, 'pid');
    const request = scoreRequest('leaves_grandchild', { properties: new Map([['pid_file', pidFile]]) });
    const { unitResults } = await host.scoreHosts(request, call());
    const pid = Number(readFileSync(pidFile, 'utf8'));
    try {
      expect(unitResults[0]?.value).to.deep.equal([1, 1, 1]);
      const [first = 0] = pidsOf('plugin imported');
      replace('leaves.py', scorer('leaves', 2));
      await until(
        () => isAlive(first),
        (alive) => !alive,
      );
      expect(await valueOf('leaves')).to.equal(2);
      expect(isAlive(pid)).to.equal(true);
    } finally {
      kill(pid, 'SIGKILL');
    }
  });

  it('kills what a call has started with it at its deadline', async () => {
    const host = await open({ settings: { maxCallTime: 600 }, dir: fixture('leaves-grandchild') });
    const pidFile = join(notes().path, 'pid');
    const request = scoreRequest('hangs_with_grandchild', { properties: new Map([['pid_file', pidFile]]) });
    const { unitResults } = await host.scoreHosts(request, call());
    expect(unitResults[0]?.failure?.code).to.equal('DEADLINE_EXCEEDED');
    const pid = Number(readFileSync(pidFile, 'utf8'));
    expect(pid).to.be.greaterThan(1);
    await until(
      () => isAlive(pid),
      (alive) => !alive,
    );
  });

  it('kills a call whose caller goes away, with all that it has started', async () => {
    const host = await open({ dir: fixture('leaves-grandchild') });
    const gone = new AbortController();
    const pidFile = join(notes().path, 'pid');
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
      folder().write('waits.py', WAITING);
      const host = await open();
      const gone = new AbortController();
      const answer = host.scoreHosts(waiting(), call({ signal: gone.signal }));
      await begun(1);
      gone.abort(reason);
      await expectRejection(answer, reason === undefined ? 'CANCELLED' : 'INTERNAL');
      await host.close();
      expect(log().lines.filter(({ level }) => level === 'error')).to.deep.equal([]);
    });
  }

  it('close ends the processes and the calls, which fail', async () => {
    folder().write('waits.py', WAITING);
    const host = await open();
    const answer = host.scoreHosts(waiting(), call());
    await begun(1);
    const pids = [...pidsOf('plugin imported'), ...pidsBegun()];
    expect(pids.map(isAlive)).to.deep.equal([true, true]);
    await host.close();
    await until(
      () => pids.some(isAlive),
      (alive) => !alive,
    );
    expect((await answer).unitResults[0]?.failure?.code).to.equal('UNAVAILABLE');
    expect(await valueOf('waits')).to.equal('UNAVAILABLE');
  });

  it('close ends what a call has left running', async () => {
    folder().write(
      'leaves.py',
      readFileSync(join(fixture('leaves-grandchild'), 'leaves_grandchild.py'), 'utf8'),
    );
    const host = await open();
    const pidFile = join(notes().path, 'pid');
    const request = scoreRequest('leaves_grandchild', { properties: new Map([['pid_file', pidFile]]) });
    await host.scoreHosts(request, call());
    const pid = Number(readFileSync(pidFile, 'utf8'));
    expect(isAlive(pid)).to.equal(true);
    await host.close();
    await until(
      () => isAlive(pid),
      (alive) => !alive,
    );
  });

  it('serves what is there when imports take long, which join as they end, and names them meanwhile', async () => {
    const goFile = join(notes().path, 'go');
    const hangs = `import os, time\nwhile not os.path.exists(${JSON.stringify(goFile)}): time.sleep(0.005)\n`;
    folder().write('a_hangs.py', hangs + scorer('late', 9));
    folder().write('b_broken.py', 'import no_such_thing\n');
    folder().write('c_good.py', scorer('good', 1));
    folder().write('d_hangs.py', hangs + scorer('later', 8));
    // The clock of the wait goes on once the others are there, however long that takes.
    const settled = () =>
      log().lines.filter(({ event }) => /^plugin (not )?imported$/.test(event)).length === 2;
    const host = await open({
      after(ms, run) {
        if (ms !== IMPORT_WAIT_MS) return nodeAfter(ms, run);
        void until(settled, Boolean).then(run);
        return () => undefined;
      },
    });
    expect(await valueOf('good')).to.equal(1);
    const late = 'is still being imported, for 10000 ms at most (plugins.maxImportTime)';
    expect(host.problems()).to.deep.equal([
      { file: 'a_hangs.py', reason: late },
      { file: 'b_broken.py', reason: "ModuleNotFoundError: No module named 'no_such_thing' (line 1)" },
      { file: 'd_hangs.py', reason: late },
    ]);
    go();
    for (const [unit, wanted] of [
      ['late', 9],
      ['later', 8],
    ] as const) {
      await until(
        () => valueOf(unit),
        (value) => value === wanted,
      );
    }
    expect(host.problems().map(({ file }) => file)).to.deep.equal(['b_broken.py']);
  });

  it('its signal closes it, also in the middle of an import', async () => {
    const stop = new AbortController();
    const begun = join(notes().path, 'importing');
    folder().write(
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
});
