import { expect } from 'chai';
import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  closeSync,
  constants,
  mkdirSync,
  openSync,
  chownSync,
  existsSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { MAX_HOSTS } from '../../src/decisions/host-dictionary.js';
import {
  MAX_PENDING_BYTES,
  openDecisionLog,
  RETRY_MS,
  type DecisionLogOptions,
  type OpenDecisionLog,
} from '../../src/decisions/log.js';
import type { Decision } from '../../src/domain/decision.js';
import { DISK_TIMEOUT_MS } from '../../src/process/disk.js';
import { createFakeTime, type FakeTime } from '../inventory/fake-time.js';
import { memoryLog } from '../support/log.js';
import { expectRejection } from '../support/rejection.js';
import { temporaryFolder, type TemporaryFolder } from '../support/temporary-folder.js';
import { until } from '../support/until.js';
import { decisionAt, everyPage, hostsNamed, scoreUnit } from './sample.js';

const NOW = Date.parse('2026-01-02T03:04:05.678Z');
const DAY_MS = 24 * 60 * 60 * 1000;
const { signal } = new AbortController();

describe('log of decisions, on a disk that fails', () => {
  let folder: TemporaryFolder;
  let dir: string;
  let time: FakeTime;
  const opened: OpenDecisionLog[] = [];
  beforeEach(() => {
    folder = temporaryFolder();
    dir = join(folder.path, 'engine');
    time = createFakeTime(NOW);
  });
  afterEach(async () => {
    for (const log of opened.splice(0)) await log.close();
    folder.remove();
  });

  function open(options: Partial<DecisionLogOptions> = {}) {
    const lines = memoryLog();
    const log = openDecisionLog({
      ...{ dir, maxBytes: 2 ** 30, maxAgeMs: 400 * DAY_MS, owns: () => true, log: lines },
      ...{ clock: time.clock, after: time.after },
      ...options,
    });
    opened.push(log);
    return { log, events: () => lines.lines.map(({ level, event }) => `${level} ${event}`) };
  }

  const idsOf = (decisions: readonly Decision[]) => decisions.map(({ id }) => id);
  const pathOf = (name: string) => join(dir, name);

  it('keeps what waits until it can be written, says so once, and goes on', async () => {
    writeFileSync(dir, 'a file where the folder is to be');
    const { log, events } = open();
    const decisions = [decisionAt(NOW), decisionAt(NOW + 1)];
    for (const decision of decisions) log.append(decision);
    expect([await log.flush(), await log.flush()]).to.deep.equal([false, false]);
    await expectRejection(log.list({}, { size: 1 }, signal), 'UNAVAILABLE', dir);
    expect(events()).to.deep.equal(['warn decisions not kept']);
    expect(log.problems().map(({ source, reason }) => `${source} ${reason}`)[0]).to.include(
      `decisions ${dir}: `,
    );
    rmSync(dir);
    await time.advance(RETRY_MS);
    await until(
      () => log.figures().written,
      (count) => count === 2,
    );
    expect(events()).to.deep.equal(['warn decisions not kept', 'info decisions kept again']);
    expect(log.problems()).to.deep.equal([]);
    expect(idsOf(await everyPage(log))).to.deep.equal(idsOf(decisions.toReversed()));
  });

  it(`keeps ${MAX_PENDING_BYTES / 2 ** 20} MiB in memory, and counts what comes beyond`, async () => {
    writeFileSync(dir, '');
    let dropped = 0;
    const { log } = open({ onDropped: () => (dropped += 1) });
    // 8 bytes a host, its value in base64, and about 700 for the rest: 80,000 + 13,336 + 700.
    const hosts = hostsNamed(10_000);
    const units = [scoreUnit('u', 10_000)];
    const fits = Math.floor(MAX_PENDING_BYTES / 94_036);
    for (let n = 0; n < fits + 3; n++) log.append(decisionAt(NOW + n, { hosts, units }));
    expect([log.figures().pending, log.figures().dropped, dropped]).to.deep.equal([fits, 3, 3]);
    rmSync(dir);
    expect(await log.flush()).to.equal(true);
    expect(log.figures()).to.include({ written: fits, dropped: 3, pending: 0 });
    log.append(decisionAt(NOW));
    expect(await log.flush()).to.equal(true);
  });

  it('that is full takes the same lines at the same place once there is room', async () => {
    const { log, events } = open();
    const first = decisionAt(NOW);
    log.append(first);
    await log.flush();
    const size = readFileSync(pathOf('00000001.log')).length;
    const more = [decisionAt(NOW + 1), decisionAt(NOW + 2)];
    await withFullDisk(size + 100, async () => {
      for (const decision of more) log.append(decision);
      expect(await log.flush()).to.equal(false);
      expect(events()).to.deep.equal(['warn decisions not kept']);
      expect(readFileSync(pathOf('00000001.log')).length).to.equal(size + 100);
      expect(idsOf(await everyPage(log))).to.deep.equal([first.id]);
    });
    log.append(decisionAt(NOW + 3));
    expect(await log.flush()).to.equal(true);
    await log.close();
    const again = open().log;
    expect(idsOf(await everyPage(again)).slice(1)).to.deep.equal(idsOf([...more.toReversed(), first]));
    expect(again.figures()).to.include({ torn: 0, decisions: 4 });
  });

  it('that nobody may write is read, and what is appended waits', async () => {
    const { log } = open();
    log.append(decisionAt(NOW));
    await log.close();
    await asNobody(folder.path, async () => {
      chmodSync(pathOf('00000001.log'), 0o444);
      chmodSync(dir, 0o555);
      const { log: again } = open();
      again.append(decisionAt(NOW + 1));
      expect(await again.flush()).to.equal(false);
      expect((await everyPage(again)).length).to.equal(1);
      expect(again.problems()[0]?.reason).to.include('EACCES');
      chmodSync(dir, 0o755);
      expect(await again.flush()).to.equal(true);
      expect((await everyPage(again)).length).to.equal(2);
      expect(existsSync(pathOf('00000002.log'))).to.equal(true);
      await again.close();
    });
  });

  it(`that hangs is waited for ${DISK_TIMEOUT_MS} ms, and then for no longer before it goes on`, async () => {
    mkdirSync(dir);
    execFileSync('mkfifo', [pathOf('00000001.log')]);
    const { log, events } = open();
    log.append(decisionAt(NOW));
    const flushed = log.flush();
    await until(time.pending, (timers) => timers.includes(DISK_TIMEOUT_MS));
    // Until the pipe is opened, which is what hangs.
    await setTimeout(50);
    await time.advance(DISK_TIMEOUT_MS);
    expect(await flushed).to.equal(false);
    expect(await log.flush()).to.equal(false);
    expect(log.problems()[0]?.reason).to.include(`the disk did not answer within ${DISK_TIMEOUT_MS} ms`);
    log.append(decisionAt(NOW + 1));
    expect(log.figures()).to.include({ pending: 2, dropped: 0 });
    renameSync(pathOf('00000001.log'), join(folder.path, 'pipe'));
    closeSync(openSync(join(folder.path, 'pipe'), constants.O_WRONLY | constants.O_NONBLOCK));
    await until(log.flush, (isWritten) => isWritten);
    expect(events()).to.deep.equal(['warn decisions not kept', 'info decisions kept again']);
    expect((await everyPage(log)).length).to.equal(2);
  });

  for (const [title, remove] of [
    ['removed', () => rmSync(dir, { recursive: true })],
    ['moved away', () => renameSync(dir, `${dir}.old`)],
    ['emptied', () => rmSync(pathOf('00000001.log'))],
  ] as const)
    it(`begins anew when its folder is ${title}, with what waits`, async () => {
      const { log } = open();
      log.append(decisionAt(NOW));
      await log.flush();
      remove();
      const decision = decisionAt(NOW + 1);
      log.append(decision);
      expect(await log.flush()).to.equal(true);
      expect(idsOf(await everyPage(log))).to.deep.equal([decision.id]);
      expect(existsSync(pathOf('00000001.log'))).to.equal(true);
      await log.close();
      expect(idsOf(await everyPage(open().log))).to.deep.equal([decision.id]);
    });

  it('writes nothing to a folder of another process; what waits is written once it is ours', async () => {
    let owned = false;
    const owns = () => owned;
    const { log } = open({ owns });
    const mine = decisionAt(NOW + 5);
    log.append(mine);
    expect([await log.flush(), existsSync(dir), log.figures().pending]).to.deep.equal([false, false, 1]);
    expect(log.problems()[0]?.reason).to.include('belongs to another process');
    await expectRejection(log.list({}, { size: 1 }, signal), 'UNAVAILABLE', 'belongs to another process');
    await expectRejection(log.get(mine.id, signal), 'UNAVAILABLE', 'belongs to another process');

    const other = open();
    const theirs = decisionAt(NOW);
    other.log.append(theirs);
    await other.log.close();
    owned = true;
    await time.advance(RETRY_MS);
    await until(
      () => log.figures().written,
      (count) => count === 1,
    );
    expect(idsOf(await everyPage(log))).to.deep.equal([mine.id, theirs.id]);

    owned = false;
    log.append(decisionAt(NOW + 6));
    expect(await log.flush()).to.equal(false);
    expect(readFileSync(pathOf('00000001.log'), 'utf8').trimEnd().split('\n').length).to.equal(5);
  });

  it('keeps each decision where the clock was set back, in the order in which they were made', async () => {
    const { log } = open();
    const decisions = [0, 1000, -3_600_000, -3_599_999, 2000].map((ms) => decisionAt(NOW + ms));
    for (const decision of decisions) {
      time.set(decision.time);
      log.append(decision);
      await log.flush();
    }
    await log.close();
    const again = open().log;
    expect(idsOf(await everyPage(again, {}, 2))).to.deep.equal(idsOf(decisions.toReversed()));
    for (const { id } of decisions) expect((await again.get(id, signal))?.id).to.equal(id);
    const early = await everyPage(again, { from: NOW - DAY_MS, to: NOW });
    expect(idsOf(early)).to.deep.equal([decisions[3]?.id, decisions[2]?.id]);
  });

  it('loses values that are none, and a list that is too long, alone', async () => {
    const { log } = open();
    const good = [decisionAt(NOW), decisionAt(NOW + 9)];
    const unit = { name: 'u', weight: 1, direction: 'HIGHER_IS_BETTER' } as const;
    const bad = [
      decisionAt(NOW + 1, { units: [{ ...unit, values: [1, 2] }] }),
      decisionAt(NOW + 2, { units: [{ ...unit, values: [1, 2, 0.5] }] }),
      decisionAt(NOW + 3, { units: [{ ...unit, values: [1, 2, NaN] }] }),
      decisionAt(NOW + 4, { units: [{ ...unit, values: [1, 2, 2 ** 31] }] }),
      decisionAt(NOW + 5, { hosts: hostsNamed(MAX_HOSTS + 1), units: [] }),
    ];
    for (const decision of [good[0], ...bad, good[1]]) if (decision !== undefined) log.append(decision);
    expect(await log.flush()).to.equal(true);
    expect(log.figures()).to.include({ written: 2, dropped: 5 });
    expect(idsOf(await everyPage(log))).to.deep.equal(idsOf(good.toReversed()));
  });
});

/** Runs with files of at most that size, as this process finds them on a full disk: what does not fit is refused. */
async function withFullDisk(bytes: number, run: () => Promise<void>): Promise<void> {
  const limit = (value: string) =>
    execFileSync('prlimit', ['--pid', String(process.pid), `--fsize=${value}`]);
  // Instead of the error, the process would get this signal and end.
  const ignore = () => undefined;
  process.on('SIGXFSZ', ignore);
  limit(`${bytes}:`);
  try {
    await run();
  } finally {
    limit('unlimited:');
    process.off('SIGXFSZ', ignore);
  }
}

/** Runs as a user to whom permissions apply, which they don't to root; a folder and what is in it becomes that user's. */
async function asNobody(path: string, run: () => Promise<void>): Promise<void> {
  if (process.geteuid?.() !== 0) return run();
  const nobody = 65_534;
  for (const name of ['', ...readdirSync(path, { recursive: true, encoding: 'utf8' })])
    chownSync(join(path, name), nobody, nobody);
  process.seteuid?.(nobody);
  try {
    await run();
  } finally {
    process.seteuid?.(0);
  }
}
