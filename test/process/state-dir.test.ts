import { expect } from 'chai';
import { execFileSync } from 'node:child_process';
import {
  chownSync,
  closeSync,
  existsSync,
  lstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { open as openFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { DISK_TIMEOUT_MS } from '../../src/process/disk.js';
import {
  LEFTOVER_AGE_MS,
  openStateDir,
  OWNERSHIP_INTERVAL_MS,
  type StateDir,
} from '../../src/process/state-dir.js';
import { MAX_SOCKET_PATH_BYTES } from '../../src/lib/address.js';
import { askOwner, COMMAND_TIMEOUT_MS, OWNER_SOCKET } from '../../src/process/owner-socket.js';
import { createFakeTime, type FakeTime } from '../inventory/fake-time.js';
import { memoryLog } from '../support/log.js';
import { expectRejection } from '../support/rejection.js';
import { temporaryFolder, type TemporaryFolder } from '../support/temporary-folder.js';
import { until } from '../support/until.js';

const NOW = Date.parse('2026-01-02T03:04:05.678Z');
const ASIDE = 'a.json.corrupt-2026-01-02T03-04-05-678Z';
const KIB = 1024;
const { signal } = new AbortController();
const ASK = { timeoutMs: 5000, signal };

describe('state folder', () => {
  let folder: TemporaryFolder;
  let dir: string;
  let time: FakeTime;
  let opened: StateDir[];
  beforeEach(() => {
    folder = temporaryFolder();
    dir = join(folder.path, 'state');
    time = createFakeTime(NOW);
    opened = [];
  });
  afterEach(async () => {
    for (const state of opened) await state.close();
    folder.remove();
  });

  async function open(at = dir) {
    const log = memoryLog();
    const state = await openStateDir({ dir: at, log, clock: { now: () => NOW }, after: time.after });
    opened.push(state);
    return { state, log, events: () => log.lines.map(({ level, event }) => `${level} ${event}`) };
  }

  /** Waits until each folder that is open waits for its next look, and for nothing else. */
  async function idle(): Promise<void> {
    const isIdle = (timers: readonly number[]) =>
      timers.length === opened.length && timers.every((ms) => ms <= OWNERSHIP_INTERVAL_MS);
    await until(time.pending, isIdle);
  }

  /** Lets time pass until each open folder was looked at again. */
  async function look(): Promise<void> {
    await idle();
    await time.advance(OWNERSHIP_INTERVAL_MS);
    await idle();
  }

  async function close(state: StateDir): Promise<void> {
    await state.close();
    opened = opened.filter((other) => other !== state);
  }

  const namesIn = (at = dir) => readdirSync(at).filter((name) => name !== OWNER_SOCKET);
  const textOf = (name: string) => readFileSync(join(dir, name), 'utf8');

  describe('files', () => {
    it('makes a folder for its user alone, and says nothing', async () => {
      const { state, log } = await open(join(dir, 'deep'));
      expect([state.owns(), state.problems(), log.lines]).to.deep.equal([true, [], []]);
      expect(statSync(join(dir, 'deep')).mode & 0o777).to.equal(0o700);
      expect(await state.read('a.json', KIB)).to.equal(undefined);
    });

    it('reads what it wrote, also the next process, in files for its user alone', async () => {
      const { state } = await open();
      expect(await state.write('a.json', 'one')).to.equal(true);
      expect(await state.write('a.json', 'zwei ä')).to.equal(true);
      expect(await state.read('a.json', KIB)).to.equal('zwei ä');
      expect(statSync(state.path('a.json')).mode & 0o777).to.equal(0o600);
      await close(state);
      expect(await (await open()).state.read('a.json', KIB)).to.equal('zwei ä');
      expect(namesIn()).to.deep.equal(['a.json']);
    });

    // Others can't give files away.
    if (process.getuid?.() === 0) {
      it('leaves to the user of the folder what root writes', async () => {
        mkdirSync(dir);
        chownSync(dir, 1234, 4321);
        const { state } = await open();
        await state.write('a.json', 'one');
        const { uid, gid, mode } = statSync(join(dir, 'a.json'));
        expect([uid, gid, mode & 0o777]).to.deep.equal([1234, 4321, 0o600]);
      });
    }

    it('writes one at a time, of those that wait the newest', async () => {
      const { state } = await open();
      const texts = Array.from({ length: 20 }, (_, n) => `text ${n}`);
      const results = await Promise.all(texts.map((text) => state.write('a.json', text)));
      expect(new Set(results)).to.deep.equal(new Set([true]));
      expect(textOf('a.json')).to.equal('text 19');
      expect(namesIn()).to.deep.equal(['a.json']);
    });

    it('writes what waits before it closes', async () => {
      const { state } = await open();
      void state.write('a.json', 'first');
      void state.write('a.json', 'last');
      await state.close();
      expect(textOf('a.json')).to.equal('last');
      expect(existsSync(join(dir, OWNER_SOCKET))).to.equal(false);
    });

    it('replaces a link, and leaves alone what it leads to', async () => {
      const { state } = await open();
      const elsewhere = folder.write('elsewhere', 'old');
      symlinkSync(elsewhere, state.path('a.json'));
      expect(await state.write('a.json', 'new')).to.equal(true);
      expect(readFileSync(elsewhere, 'utf8')).to.equal('old');
      expect(lstatSync(state.path('a.json')).isSymbolicLink()).to.equal(false);
    });

    it('sets a corrupt file aside before it writes another, and keeps it', async () => {
      mkdirSync(dir);
      writeFileSync(join(dir, 'a.json'), 'oops');
      const { state, log } = await open();
      state.setAside('a.json', 'no JSON');
      expect([namesIn(), textOf('a.json')]).to.deep.equal([['a.json'], 'oops']);
      expect(await state.write('a.json', 'new')).to.equal(true);
      const fields = { path: state.path('a.json'), reason: 'no JSON' };
      expect(log.lines).to.deep.equal([
        { level: 'warn', event: 'state file unusable', fields },
        { level: 'warn', event: 'state file set aside', fields: { ...fields, aside: join(dir, ASIDE) } },
      ]);
      expect([namesIn(), textOf('a.json'), textOf(ASIDE)]).to.deep.equal([['a.json', ASIDE], 'new', 'oops']);
    });

    const unreadable: readonly (readonly [title: string, reason: string, make: (path: string) => void])[] = [
      [
        '1025 bytes where 1024 are read',
        'it has 1025 bytes, at most 1024 are read',
        (path) => {
          writeFileSync(path, '');
          truncateSync(path, KIB + 1);
        },
      ],
      ['an endless device behind a link', 'it is no regular file', (path) => symlinkSync('/dev/zero', path)],
      ['a named pipe', 'it is no regular file', (path) => execFileSync('mkfifo', [path])],
      ['a folder', 'it is no regular file', (path) => mkdirSync(join(path, 'x'), { recursive: true })],
      ['a link to itself', 'ELOOP', (path) => symlinkSync(path, path)],
    ];
    for (const [title, reason, make] of unreadable) {
      it(`warns of ${title}, and sets it aside before it writes another`, async () => {
        mkdirSync(dir);
        make(join(dir, 'a.json'));
        const { state, log, events } = await open();
        expect(await state.read('a.json', KIB)).to.equal(undefined);
        expect(log.lines[0]?.fields['reason']).to.include(reason);
        expect(namesIn()).to.deep.equal(['a.json']);
        expect(await state.write('a.json', 'new')).to.equal(true);
        expect([namesIn(), textOf('a.json')]).to.deep.equal([['a.json', ASIDE], 'new']);
        expect(events()).to.deep.equal(['warn state file unusable', 'warn state file set aside']);
      });
    }

    it('reads a file of just as many bytes as it may have', async () => {
      const { state } = await open();
      await state.write('a.json', 'x'.repeat(KIB));
      expect(await state.read('a.json', KIB)).to.equal('x'.repeat(KIB));
    });

    it('writes no more than it may read again', async () => {
      const { state, log } = await open();
      await state.write('a.json', 'old', KIB);
      expect(await state.write('a.json', 'x'.repeat(KIB + 1), KIB)).to.equal(false);
      expect(log.lines[0]?.fields['reason']).to.equal('a.json would have more than 1024 bytes');
      expect([namesIn(), textOf('a.json')]).to.deep.equal([['a.json'], 'old']);
      expect(await state.write('a.json', 'x'.repeat(KIB), KIB)).to.equal(true);
      expect(state.problems()).to.deep.equal([]);
    });

    it('removes what killed writers left a minute ago, and nothing else', async () => {
      mkdirSync(dir);
      const [old, young] = ['0123abcd.state.tmp', '89ab4567.state.tmp'];
      const others = ['x.tmp', '0123abcd.tmp', 'a.json'];
      for (const name of [old, young, ...others]) writeFileSync(join(dir, name), '');
      for (const name of [old, ...others])
        utimesSync(join(dir, name), NOW / 1000, (NOW - LEFTOVER_AGE_MS - 1) / 1000);
      utimesSync(join(dir, young), NOW / 1000, (NOW - LEFTOVER_AGE_MS + 1) / 1000);
      await open();
      expect(namesIn()).to.have.members([young, ...others]);
    });
  });

  describe('ownership', () => {
    it('is the first process’s; a second one reads, writes nothing, and says so', async () => {
      const first = await open();
      await first.state.write('a.json', 'one');
      const second = await open();
      expect([first.state.owns(), second.state.owns()]).to.deep.equal([true, false]);
      expect(await second.state.read('a.json', KIB)).to.equal('one');
      expect(await second.state.write('a.json', 'two')).to.equal(false);
      second.state.setAside('a.json', 'no JSON');
      expect([namesIn(), textOf('a.json')]).to.deep.equal([['a.json'], 'one']);
      expect(second.events()).to.deep.equal([
        'warn state owned by another process',
        'warn state file unusable',
      ]);
      expect(second.state.problems()).to.deep.equal([
        {
          source: 'state.dir',
          reason: `${dir} belongs to another process; this one writes nothing there until that one ends; set state.dir to a folder of its own if both are to stay`,
        },
      ]);
    });

    it('passes to the second process 3000 ms after the end of the first at the latest', async () => {
      const first = await open();
      const second = await open();
      let owned = 0;
      second.state.onOwned(() => (owned += 1));
      await look();
      await close(first.state);
      await time.advance(OWNERSHIP_INTERVAL_MS - 1);
      await idle();
      expect([second.state.owns(), owned]).to.deep.equal([false, 0]);
      await time.advance(1);
      await until(second.state.owns, Boolean);
      expect(owned).to.equal(1);
      expect(second.state.problems()).to.deep.equal([]);
      expect(second.events()).to.deep.equal(['warn state owned by another process', 'info state taken over']);
      expect(await second.state.write('a.json', 'two')).to.equal(true);
    });

    it('writes after a take-over only what is handed over then', async () => {
      const first = await open();
      const second = await open();
      await second.state.write('a.json', 'stale');
      await first.state.write('a.json', 'fresh');
      await close(first.state);
      await look();
      expect(second.state.owns()).to.equal(true);
      expect(textOf('a.json')).to.equal('fresh');
    });

    it('is no one’s where a killed process left its socket', async () => {
      mkdirSync(dir);
      await leaveSocket(join(dir, OWNER_SOCKET));
      const { state, log } = await open();
      expect([state.owns(), log.lines]).to.deep.equal([true, []]);
      expect(namesIn()).to.deep.equal([]);
    });

    for (const [title, make] of [
      ['a file', (path: string) => writeFileSync(path, '')],
      ['a link to nowhere', (path: string) => symlinkSync('/nowhere/x', path)],
    ] as const) {
      it(`replaces ${title} in the place of the socket`, async () => {
        mkdirSync(dir);
        make(join(dir, OWNER_SOCKET));
        expect((await open()).state.owns()).to.equal(true);
      });
    }

    it('is one process’s of ten that start at once over a stale socket, as soon as each has looked again', async () => {
      mkdirSync(dir);
      await leaveSocket(join(dir, OWNER_SOCKET));
      const ten = await Promise.all(Array.from({ length: 10 }, () => open()));
      await time.advance(OWNERSHIP_INTERVAL_MS);
      const owners = () => ten.filter(({ state }) => state.owns());
      await until(
        () => owners().length,
        (count) => count === 1,
      );
      const texts = await Promise.all(ten.map(({ state }, n) => state.write('a.json', `text ${n}`)));
      expect(texts.filter(Boolean).length).to.equal(1);
      expect(textOf('a.json')).to.equal(`text ${texts.indexOf(true)}`);
      expect(namesIn()).to.deep.equal(['a.json']);
    });

    it('is lost to a process that took the socket for stale: the next write says so and writes nothing', async () => {
      const first = await open();
      await first.state.write('a.json', 'one');
      renameSync(join(dir, OWNER_SOCKET), join(folder.path, 'moved'));
      const second = await open();
      expect(second.state.owns()).to.equal(true);
      expect(await first.state.write('a.json', 'two')).to.equal(false);
      expect(first.state.problems()[0]?.reason).to.include('another process owns it now');
      await look();
      expect(first.state.owns()).to.equal(false);
      expect(first.state.problems()[0]?.reason).to.include('belongs to another process');
      await close(first.state);
      // Closing removes no socket but one's own.
      expect(await second.state.write('a.json', 'three')).to.equal(true);
      expect([namesIn(), textOf('a.json')]).to.deep.equal([['a.json'], 'three']);
    });

    it('is taken again by the owner when someone removed the socket or the folder', async () => {
      const { state } = await open();
      rmSync(dir, { recursive: true });
      expect(await state.write('a.json', 'one')).to.equal(false);
      await look();
      expect([state.owns(), textOf('a.json')]).to.deep.equal([true, 'one']);
      expect((await open()).state.owns()).to.equal(false);
    });
  });

  describe('a disk that fails', () => {
    it('is warned of once, is a problem, and is written to when it can be again', async () => {
      writeFileSync(dir, 'no folder');
      const { state, events } = await open();
      expect([state.owns(), await state.read('a.json', KIB)]).to.deep.equal([false, undefined]);
      expect(await state.write('a.json', 'one')).to.equal(false);
      expect(state.problems()[0]?.reason).to.match(
        /\/state: EEXIST.*; what is learned now is lost when the process ends; make the folder writable, or set state\.dir/,
      );
      for (let n = 0; n < 3; n++) await look();
      let owned = 0;
      state.onOwned(() => (owned += 1));
      rmSync(dir);
      await look();
      expect([state.owns(), state.problems()]).to.deep.equal([true, []]);
      expect([owned, await state.write('a.json', 'two')]).to.deep.equal([1, true]);
      expect(events()).to.deep.equal([
        'warn state not kept',
        'warn state file unusable',
        'info state kept again',
      ]);
    });

    it('is tried again with the newest text until it takes it', async () => {
      const { state, events } = await open();
      // A file can't be renamed over a folder that isn't empty.
      mkdirSync(join(state.path('a.json'), 'x'), { recursive: true });
      for (const text of ['one', 'two']) expect(await state.write('a.json', text)).to.equal(false);
      await look();
      expect([state.owns(), state.problems().length, namesIn()]).to.deep.equal([true, 1, ['a.json']]);
      rmSync(state.path('a.json'), { recursive: true });
      await look();
      expect(textOf('a.json')).to.equal('two');
      expect(events()).to.deep.equal(['warn state not kept', 'info state kept again']);
    });

    it('is waited for 5000 ms when it hangs, and then for no longer before it goes on', async () => {
      const { state, events } = await open();
      await state.write('a.json', 'old');
      const resume = hangFiles();
      const first = state.write('a.json', 'one');
      await time.advance(DISK_TIMEOUT_MS - 1);
      expect(state.problems()).to.deep.equal([]);
      await time.advance(1);
      expect(await first).to.equal(false);
      expect([await state.write('a.json', 'two'), await state.read('a.json', KIB)]).to.deep.equal([
        false,
        undefined,
      ]);
      expect(state.problems()[0]?.reason).to.include('the disk did not answer within 5000 ms');
      await time.advance(3 * OWNERSHIP_INTERVAL_MS);
      resume();
      await until(
        () => textOf('a.json'),
        (text) => text === 'one',
      );
      // The folder is synced after the text can be read.
      await until(
        () => look().then(state.problems),
        (problems) => problems.length === 0,
      );
      expect([state.problems(), textOf('a.json'), textOf(ASIDE)]).to.deep.equal([[], 'two', 'one']);
      expect(events()).to.deep.equal([
        'warn state not kept',
        'warn state file unusable',
        'warn state file set aside',
        'info state kept again',
      ]);
    });

    it('that hangs from the start is waited for 5000 ms, and owned once it goes on', async () => {
      mkdirSync(dir);
      writeFileSync(join(dir, 'a.json'), 'old');
      const resume = hangFiles();
      const opening = open();
      await until(time.pending, ({ length }) => length === 1);
      await time.advance(DISK_TIMEOUT_MS);
      const { state } = await opening;
      expect([state.owns(), await state.read('a.json', KIB)]).to.deep.equal([false, undefined]);
      let owned = 0;
      state.onOwned(() => (owned += 1));
      resume();
      await until(state.owns, Boolean);
      await look();
      expect([owned, state.problems()]).to.deep.equal([1, []]);
      expect(await state.write('a.json', 'new')).to.equal(true);
      expect([textOf('a.json'), textOf(ASIDE)]).to.deep.equal(['new', 'old']);
    });

    it('refuses a folder whose path is too long for a socket, naming the setting and the remedy', async () => {
      const name = '/01234567.state.tmp'.length;
      const fits = join(dir, 'x'.repeat(MAX_SOCKET_PATH_BYTES - dir.length - 1 - name));
      expect((await open(fits)).state.problems()).to.deep.equal([]);
      const { state, events } = await open(`${fits}x`);
      expect(state.problems()[0]?.reason).to.include(
        'has 104 bytes, at most 103 are possible; choose a shorter path, or one relative to the working directory',
      );
      expect(events()).to.deep.equal(['warn state not kept']);
      expect(await state.read('a.json', KIB)).to.equal(undefined);
    });
  });

  /** Makes every work on files hang, as a dead disk does, until the result is called: each thread waits for a writer. */
  function hangFiles(): () => void {
    const pipes = Array.from({ length: 4 }, (_, n) => join(folder.path, `pipe-${n}`));
    execFileSync('mkfifo', pipes);
    const readers = pipes.map((pipe) => openFile(pipe, 'r'));
    return () => {
      for (const pipe of pipes) closeSync(openSync(pipe, 'w'));
      for (const reader of readers) void reader.then((file) => file.close());
    };
  }

  describe('a line to the owner', () => {
    it('is answered with a line, by the handler that was set last', async () => {
      const { state } = await open();
      state.onCommand(() => Promise.resolve('never'));
      state.onCommand((line) => Promise.resolve(`<${line}>`));
      expect(await askOwner(dir, '{"ä":1}', ASK)).to.equal('<{"ä":1}>');
      expect(await Promise.all(['a', 'b', 'c'].map((line) => askOwner(dir, line, ASK)))).to.deep.equal([
        '<a>',
        '<b>',
        '<c>',
      ]);
    });

    it('has 1 MiB at most, its end included, and so has its answer', async () => {
      const { state } = await open();
      const fits = 'x'.repeat(1024 ** 2 - 1);
      state.onCommand((line) => Promise.resolve(line === 'long' ? `${fits}x` : line));
      expect(await askOwner(dir, fits, ASK)).to.equal(fits);
      await expectRejection(askOwner(dir, `${fits}x`, ASK), 'UNAVAILABLE', 'gave no answer');
      await expectRejection(askOwner(dir, 'long', ASK), 'UNAVAILABLE', 'gave no answer');
    });

    it('goes to nobody where nobody owns the folder', async () => {
      expect(await askOwner(dir, 'a', ASK)).to.equal(undefined);
      mkdirSync(dir);
      await leaveSocket(join(dir, OWNER_SOCKET));
      expect(await askOwner(dir, 'a', ASK)).to.equal(undefined);
    });

    it('is refused in words where no socket can be', async () => {
      const long = join(dir, 'x'.repeat(MAX_SOCKET_PATH_BYTES));
      await expectRejection(askOwner(long, 'a', ASK), 'INVALID_ARGUMENT', 'state.dir: the path');
      await expectRejection(askOwner(folder.write('file', ''), 'a', ASK), 'UNAVAILABLE', 'ENOTDIR');
    });

    it('fails in words when the owner has no answer, or none in time', async () => {
      const { state } = await open();
      await expectRejection(
        askOwner(dir, 'a', ASK),
        'UNAVAILABLE',
        `owns ${dir} gave no answer: the other side ended without a line`,
      );
      state.onCommand(() => Promise.reject(new Error('broken')));
      await expectRejection(askOwner(dir, 'a', ASK), 'UNAVAILABLE', 'gave no answer');
      state.onCommand(() => new Promise(() => undefined));
      await expectRejection(
        askOwner(dir, 'a', { timeoutMs: 20, signal }),
        'DEADLINE_EXCEEDED',
        'did not answer within 20 ms',
      );
    });

    it('is ended after 10000 ms, and by the end of the owner', async () => {
      const { state } = await open();
      let asked = 0;
      state.onCommand(() => {
        asked += 1;
        return new Promise(() => undefined);
      });
      const ended: string[] = [];
      const ask = (name: string) => void askOwner(dir, 'a', ASK).then(undefined, () => void ended.push(name));
      ask('late');
      await until(
        () => asked,
        (count) => count === 1,
      );
      await time.advance(COMMAND_TIMEOUT_MS);
      await until(
        () => ended,
        ({ length }) => length === 1,
      );
      ask('closed');
      await until(
        () => asked,
        (count) => count === 2,
      );
      await state.close();
      await until(
        () => ended,
        ({ length }) => length === 2,
      );
      expect(ended).to.deep.equal(['late', 'closed']);
    });
  });
});

/** Leaves a socket on which nobody listens, as a killed process does. */
async function leaveSocket(path: string): Promise<void> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(`${path}.bound`, resolve));
  renameSync(`${path}.bound`, path);
  await new Promise((resolve) => server.close(resolve));
}
