import { expect } from 'chai';
import { createBackendReference, type Backend } from '../../src/commands/backend.js';
import { createSharedParts } from '../../src/commands/kept-parts.js';
import { createReloader, READY_WAIT_MS } from '../../src/commands/reload.js';
import { ConfigError } from '../../src/config/load.js';
import type { PolicyUnitService } from '../../src/domain/contract.js';
import { createFakeTime } from '../inventory/fake-time.js';
import { call } from '../support/call.js';
import { memoryLog } from '../support/log.js';
import { constantService } from '../support/scoring-service.js';
import { testBackend } from '../support/test-backend.js';

const GRACE_MS = 10_000;

const never = new Promise<never>(() => undefined);

/** A reloader whose backends are named by their number; the first is in place. */
function stage(
  firstAnswer: () => Promise<unknown> = () => Promise.resolve(),
  isReady: (name: string) => boolean = () => true,
) {
  const time = createFakeTime();
  const log = memoryLog();
  const backends = createBackendReference();
  const closed: string[] = [];
  const placed: string[] = [];
  let opened = 0;
  const stageOf = {
    problem: undefined as Error | undefined,
    inPlace: (name: string) => void placed.push(name),
    units: ['a', 'b'],
  };
  const backendOf = (name: string, service: PolicyUnitService = constantService(name)): Backend =>
    testBackend(service, {
      firstAnswer: firstAnswer(),
      readiness: () => (isReady(name) ? { ready: true } : { ready: false, reason: 'no snapshot' }),
      inPlace: () => stageOf.inPlace(name),
      unitNames: (
        (units) => () =>
          units
      )(stageOf.units),
      close: () => Promise.resolve(void closed.push(name)),
    });
  const put = (service?: PolicyUnitService) => backends.swap(backendOf('0', service));
  put();
  const reloader = createReloader({
    started: Promise.resolve(),
    ...{ backends, log, graceMs: GRACE_MS, after: time.after },
    open() {
      if (stageOf.problem !== undefined) return Promise.reject(stageOf.problem);
      opened += 1;
      return Promise.resolve({ backend: backendOf(String(opened)), swapped: () => undefined });
    },
  });
  const current = async () => (await backends.service.listPolicyUnits(call())).units[0]?.name;
  const events = () => log.lines.map(({ event }) => event);
  return {
    ...{ time, log, backends, closed, placed, put, reloader, current, events, stageOf },
    opened: () => opened,
  };
}

describe('a reloader', () => {
  it('puts the new backend in place, and closes the old one', async () => {
    const { reloader, time, current, closed, events } = stage();
    reloader.request();
    await time.advance(0);
    expect([await current(), closed]).to.deep.equal(['1', ['0']]);
    expect(events()).to.deep.equal(['reloading', 'reloaded']);
  });

  it('waits 30 s for the first answers, while the old backend answers, and no longer', async () => {
    expect(READY_WAIT_MS).to.equal(30_000);
    const { reloader, time, current, events } = stage(() => never);
    reloader.request();
    await time.advance(READY_WAIT_MS - 1);
    expect(await current()).to.equal('0');
    await time.advance(1);
    expect(await current()).to.equal('1');
    expect(events()).to.include('reloaded before all answers');
  });

  it('waits on while the new backend can answer nothing and the old one can, and says so every 30 s', async () => {
    const ready = { 0: true, 1: false };
    const { reloader, time, current, log, closed } = stage(
      () => never,
      (name) => ready[name === '0' ? 0 : 1],
    );
    reloader.request();
    await time.advance(3 * READY_WAIT_MS);
    expect(await current()).to.equal('0');
    const waits = log.lines.filter(({ event }) => event === 'reload waits');
    expect(waits.map(({ fields }) => fields['reason'])).to.deep.equal(Array(3).fill('no snapshot'));
    ready[0] = false;
    await time.advance(READY_WAIT_MS);
    expect([await current(), closed]).to.deep.equal(['1', ['0']]);
  });

  it('takes the new backend after that wait once it can answer, though a part of it has not yet', async () => {
    const ready = { 0: true, 1: false };
    const { reloader, time, current } = stage(
      () => never,
      (name) => ready[name === '0' ? 0 : 1],
    );
    reloader.request();
    await time.advance(READY_WAIT_MS);
    ready[1] = true;
    await time.advance(READY_WAIT_MS - 1);
    expect(await current()).to.equal('0');
    await time.advance(1);
    expect(await current()).to.equal('1');
  });

  it('ends such a wait for the next request', async () => {
    const { reloader, time, current, opened } = stage(
      () => never,
      (name) => name === '0',
    );
    reloader.request();
    await time.advance(2 * READY_WAIT_MS);
    reloader.request();
    await time.advance(0);
    expect([opened(), await current()]).to.deep.equal([2, '0']);
    await reloader.stop();
  });

  it('takes a part that failed at once for one that waits no longer than the bound', async () => {
    const { reloader, time, current } = stage(() => Promise.reject(new Error('closed')));
    reloader.request();
    await time.advance(0);
    expect(await current()).to.equal('1');
  });

  it('closes the old backend when its last call has ended', async () => {
    const { reloader, time, backends, closed, put } = stage();
    let release: () => void = () => undefined;
    const held = new Promise<void>((resolve) => (release = resolve));
    const slow = constantService('held');
    put({ ...slow, listPolicyUnits: (asked) => held.then(() => slow.listPolicyUnits(asked)) });
    const answers = [1, 2].map(() => backends.service.listPolicyUnits(call()));
    reloader.request();
    await time.advance(GRACE_MS - 1);
    expect(closed).to.deep.equal([]);
    release();
    await Promise.all(answers);
    await time.advance(0);
    expect(closed).to.deep.equal(['0']);
  });

  it('closes it when the time of grace is over, 10 s, and says so', async () => {
    const { reloader, time, backends, closed, put, events } = stage();
    put({ ...constantService('held'), listPolicyUnits: () => never });
    void backends.service.listPolicyUnits(call());
    reloader.request();
    await time.advance(GRACE_MS - 1);
    expect(closed).to.deep.equal([]);
    await time.advance(1);
    expect(closed).to.deep.equal(['0']);
    expect(events()).to.include('calls cut by reload');
  });

  it('reloads once more for three requests during a reload, whose wait they end', async () => {
    let isFirst = true;
    const { reloader, time, current, closed, placed, opened, events } = stage(() => {
      const answer = isFirst ? Promise.resolve() : never;
      isFirst = false;
      return answer;
    });
    reloader.request();
    await time.advance(1000);
    for (let n = 0; n < 3; n++) reloader.request();
    await time.advance(1000);
    expect([opened(), await current(), closed]).to.deep.equal([2, '0', ['1']]);
    expect(events()).to.deep.equal(['reloading', 'reload called off', 'reloading']);
    await time.advance(READY_WAIT_MS);
    expect([opened(), await current(), placed]).to.deep.equal([2, '2', ['2']]);
  });

  it('says each thing that is wrong with a configuration, keeps the old backend, and takes the next request', async () => {
    const { reloader, time, current, log, stageOf } = stage();
    stageOf.problem = new ConfigError('log.level: expected a level\nengine.url: is required');
    reloader.request();
    await time.advance(0);
    expect(await current()).to.equal('0');
    const refused = log.lines.filter(({ event }) => event === 'not reloaded');
    expect(refused.map(({ level, fields }) => [level, fields['reason']])).to.deep.equal([
      ['error', 'log.level: expected a level'],
      ['error', 'engine.url: is required'],
    ]);
    stageOf.problem = undefined;
    reloader.request();
    await time.advance(0);
    expect(await current()).to.equal('1');
  });

  it('says that the new configuration answers when a part fails after it took its place, and closes the old one', async () => {
    const { reloader, time, current, closed, log, stageOf } = stage();
    stageOf.inPlace = () => {
      throw new Error('the disk is full');
    };
    reloader.request();
    await time.advance(0);
    expect([await current(), closed]).to.deep.equal(['1', ['0']]);
    const [level, event, { reason, consequence }] = (({ level, event, fields }) =>
      [level, event, fields] as const)(log.lines.at(-1) ?? expect.fail('nothing logged'));
    expect([level, event, reason]).to.deep.equal(['error', 'reloaded in part', 'the disk is full']);
    expect(consequence).to.match(/^the new configuration answers calls/);
  });

  it('names the units that came and went', async () => {
    const { reloader, time, log, stageOf } = stage();
    stageOf.units = ['a', 'c', 'd'];
    reloader.request();
    await time.advance(0);
    expect(log.lines.at(-1)).to.deep.include({
      event: 'reloaded',
      fields: { unitsAdded: 'c d', unitsRemoved: 'b' },
    });
  });

  it('calls a reload off when the process ends, and starts none then', async () => {
    const { reloader, time, current, closed, opened } = stage(() => never);
    reloader.request();
    await time.advance(1000);
    await reloader.stop();
    expect([await current(), closed]).to.deep.equal(['0', ['1']]);
    reloader.request();
    await time.advance(1000);
    expect(opened()).to.equal(1);
  });
});

describe('shared parts', () => {
  const open = (closed: string[], name: string) => () => ({ name, close: () => void closed.push(name) });

  it('are one for equal settings, and closed when the last holder lets go', async () => {
    const closed: string[] = [];
    const parts = createSharedParts<{ readonly name: string; readonly close: () => void }>();
    const first = parts.hold({ url: 'a' }, open(closed, 'first'));
    const second = parts.hold({ url: 'a' }, open(closed, 'second'));
    expect(second.part).to.equal(first.part);
    const other = parts.hold({ url: 'b' }, open(closed, 'other'));
    await first.release();
    expect(closed).to.deep.equal([]);
    await other.release();
    await second.release();
    expect(closed).to.deep.equal(['other', 'first']);
    expect(parts.hold({ url: 'a' }, open(closed, 'third')).part.name).to.equal('third');
  });
});
