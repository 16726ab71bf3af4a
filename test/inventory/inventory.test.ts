import { expect } from 'chai';
import type { Call } from '../../src/contract.js';
import { SchedulingError } from '../../src/errors.js';
import {
  createInventory,
  type EngineInventory,
  type InventoryOptions,
} from '../../src/inventory/inventory.js';
import { EngineFailure } from '../../src/inventory/engine-failure.js';
import { HOST, vmId } from './engine-world.js';
import { createFakeTime, settle } from './fake-time.js';
import { createRecordedLog } from './recorded-log.js';
import { createGate, createScriptedClient, scriptedHost, scriptedVm } from './scripted-client.js';

const SECOND_HOST = '00000000-0000-4000-8000-000000000002';

describe('createInventory', () => {
  let time: ReturnType<typeof createFakeTime>;
  let client: ReturnType<typeof createScriptedClient>;
  let log: ReturnType<typeof createRecordedLog>;
  const opened: EngineInventory[] = [];

  beforeEach(() => {
    time = createFakeTime();
    client = createScriptedClient();
    log = createRecordedLog();
  });

  afterEach(async () => {
    await Promise.all(opened.splice(0).map((inventory) => inventory.close()));
    expect(time.pending(), 'timers left behind').to.deep.equal([]);
  });

  function open(options: Partial<InventoryOptions> = {}): EngineInventory {
    const inventory = createInventory({
      client,
      log,
      clock: time.clock,
      after: time.after,
      random: () => 0.5,
      refreshInterval: 30_000,
      refreshJitter: 3_000,
      maxStaleness: 100_000,
      ...options,
    });
    opened.push(inventory);
    return inventory;
  }

  async function started(options: Partial<InventoryOptions> = {}): Promise<EngineInventory> {
    const inventory = open(options);
    inventory.start();
    await settle();
    return inventory;
  }

  function call(deadline = Infinity, signal = new AbortController().signal): Call {
    return { requestId: 'r', deadline, signal };
  }

  async function codeOf(promise: Promise<unknown>): Promise<string> {
    try {
      await promise;
    } catch (thrown) {
      return thrown instanceof SchedulingError ? `${thrown.code}: ${thrown.message}` : String(thrown);
    }
    return 'OK';
  }

  const breakEngine = (message = 'the engine is down') => {
    client.before = () => Promise.reject(new EngineFailure(message, { transient: true }));
  };
  const mendEngine = () => {
    client.before = () => Promise.resolve();
  };

  describe('reading', () => {
    it('gives a snapshot of hosts and running VMs, as old as the begin of its reading', async () => {
      const gate = createGate();
      client.before = (_method, signal) => gate.pass(signal);
      client.vms = [scriptedVm(1), scriptedVm(2, { hostId: undefined, status: 'down' })];
      const inventory = await started();
      const begin = time.clock.now();
      await time.advance(5_000);
      gate.open();
      await settle();
      const snapshot = inventory.current();
      expect(snapshot.time).to.equal(begin);
      expect(snapshot.host(HOST)?.vms.map(({ name }) => name)).to.deep.equal(['vm1']);
      expect(snapshot.vm(vmId(2))).to.equal(undefined);
      expect(inventory.state()).to.deep.include({
        available: true,
        hosts: 1,
        vms: 1,
        skipped: 0,
        failures: 0,
      });
    });

    it('reads again after each interval, jitter included', async () => {
      let random = 0;
      await started({ random: () => random });
      expect(time.pending()[0]).to.equal(27_000);
      random = 1;
      await time.advance(27_000);
      expect(client.calls).to.include({ hosts: 2, vms: 2 });
      expect(time.pending()[0]).to.equal(33_000);
    });

    it('reads again sooner after a failure, and ever later while it fails, up to the interval', async () => {
      breakEngine();
      await started({ random: () => 0.5, refreshJitter: 0 });
      const pauses: number[] = [];
      for (let nth = 0; nth < 8; nth += 1) {
        const [pause = 0] = time.pending();
        pauses.push(pause);
        await time.advance(pause);
      }
      // 1, 2, 4, ... s, an eighth more at random; 36 s is more than the interval.
      expect(pauses).to.deep.equal([1125, 2250, 4500, 9000, 18_000, 30_000, 30_000, 30_000]);
      mendEngine();
      await time.advance(30_000);
      expect(time.pending()[0]).to.equal(30_000);
    });

    it('shares what did not change with the snapshot before, and equal operating systems among VMs', async () => {
      client.vms = [scriptedVm(1), scriptedVm(2), scriptedVm(3)];
      const inventory = await started();
      const before = inventory.current();
      client.vms = [
        scriptedVm(1),
        scriptedVm(2, { name: 'renamed' }),
        scriptedVm(3, { hostId: SECOND_HOST }),
      ];
      await time.advance(30_000);
      const after = inventory.current();
      expect(after).not.to.equal(before);
      expect(after.vm(vmId(1))).to.equal(before.vm(vmId(1)));
      expect(after.vm(vmId(2))?.name).to.equal('renamed');
      expect(after.vm(vmId(3))?.hostId).to.equal(SECOND_HOST);
      expect(after.vm(vmId(2))?.os).to.equal(before.vm(vmId(3))?.os);
    });

    it('skips odd objects with a few log lines, and says so again only when they change', async () => {
      client.odd = Array.from({ length: 10 }, (_, index) => `vm ${index}: os: odd`);
      const inventory = await started();
      expect(inventory.state()).to.include({ available: true, vms: 1, skipped: 10 });
      expect(log.lines.filter(({ level }) => level === 'warn').map(({ fields }) => fields)).to.deep.equal([
        { kind: 'vm', reason: 'vm 0: os: odd' },
        { kind: 'vm', reason: 'vm 1: os: odd' },
        { kind: 'vm', reason: 'vm 2: os: odd' },
        { kind: 'vm', count: 10 },
      ]);
      await time.advance(30_000);
      expect(log.lines.filter(({ level }) => level === 'warn')).to.have.length(4);
      client.odd = [];
      await time.advance(30_000);
      expect(log.lines.at(-2)?.fields).to.deep.equal({ kind: 'vm', count: 0 });
    });

    const failing: readonly (readonly [string, () => void, RegExp])[] = [
      ['the engine lists no hosts', () => (client.hosts = []), /lists no hosts: .*ReadOnlyAdmin/],
      [
        'every VM is odd',
        () => {
          client.vms = [];
          client.odd = ['vm "a": os: odd', 'vm "b": os: odd'];
        },
        /none of the 2 VMs .* can be understood: vm "a": os: odd/,
      ],
      [
        'VMs run without a word on which host',
        () => (client.vms = [scriptedVm(1, { hostId: undefined }), scriptedVm(2, { hostId: undefined })]),
        /2 running VMs without their hosts: .*ReadOnlyAdmin/,
      ],
    ];
    for (const [what, prepare, message] of failing) {
      it(`fails when ${what}`, async () => {
        prepare();
        const inventory = await started();
        expect(() => inventory.current())
          .to.throw(message)
          .with.property('code', 'UNAVAILABLE');
        expect(await codeOf(inventory.ready())).to.match(message);
      });
    }

    it('takes an engine on which nothing runs', async () => {
      client.vms = [scriptedVm(1, { hostId: undefined, status: 'suspended' })];
      expect((await started()).current().host(HOST)?.vms).to.deep.equal([]);
    });

    it('ends the other listing when one fails, and keeps the reason', async () => {
      let ended: unknown;
      client.before = async (method, signal) => {
        if (method === 'hosts') throw new EngineFailure('no hosts today', { transient: true });
        await createGate()
          .pass(signal)
          .catch((thrown: unknown) => (ended = thrown));
      };
      const inventory = await started();
      expect(ended).to.be.instanceOf(Error);
      expect(() => inventory.current()).to.throw('the engine has not been read yet: no hosts today');
    });

    it('keeps a bug out of the answer and its stack in the log', async () => {
      client.before = () => Promise.reject(new TypeError('secret inner words'));
      const inventory = await started();
      expect(() => inventory.current())
        .to.throw(/internal error/)
        .and.not.match(/secret/);
      expect(log.lines.find(({ level }) => level === 'error')?.fields['stack']).to.include(
        'secret inner words',
      );
    });

    it('goes on when a listener throws', async () => {
      const inventory = await started({
        onRefresh: () => {
          throw new Error('listener');
        },
      });
      await time.advance(30_000);
      expect(inventory.state().available).to.equal(true);
      expect(client.calls.hosts).to.equal(2);
    });

    it('is ready with the first snapshot, or with the reason for which there is none', async () => {
      const inventory = open();
      expect(await codeOf(inventory.ready())).to.match(/UNAVAILABLE: .*not been read yet/);
      breakEngine('wrong password');
      inventory.start();
      expect(await codeOf(inventory.ready())).to.equal('UNAVAILABLE: wrong password');
      mendEngine();
      await time.advance(2_000);
      expect((await inventory.ready()).hosts).to.have.length(1);
    });

    it('ends a reading when it is closed, and reads no more', async () => {
      client.before = (_method, signal) => createGate().pass(signal);
      const inventory = await started();
      await inventory.close();
      await inventory.refreshed(call()).catch(() => undefined);
      expect(client.calls.hosts).to.equal(1);
    });
  });

  describe('staleness', () => {
    it('becomes unavailable by itself, and available again', async () => {
      const told: (readonly [number, boolean, string | undefined])[] = [];
      const begin = time.clock.now();
      const inventory = await started({
        onAvailability: (available, reason) => void told.push([time.clock.now() - begin, available, reason]),
      });
      breakEngine();
      await time.advance(99_999);
      expect(inventory.current().hosts).to.have.length(1);
      await time.advance(2);
      expect(() => inventory.current())
        .to.throw(
          /the inventory is 100 s old, and may be 100 s old at most; the last reading failed: the engine is down/,
        )
        .with.property('code', 'UNAVAILABLE');
      expect(inventory.state()).to.deep.include({
        available: false,
        lastFailure: { code: 'UNAVAILABLE', message: 'the engine is down' },
      });
      mendEngine();
      await time.advance(30_000);
      expect(inventory.current().time).to.be.greaterThan(begin);
      expect(told.map(([, available]) => available)).to.deep.equal([true, false, true]);
      expect(told[1]?.[0]).to.equal(100_001);
      expect(told[1]?.[2]).to.match(/the engine is down/);
    });

    it('says that nothing has been read yet while the first reading is under way', async () => {
      client.before = (_method, signal) => createGate().pass(signal);
      const inventory = await started();
      expect(() => inventory.current()).to.throw('has not been read yet: the first reading is under way');
    });

    it('does not take a snapshot that was too old when it came', async () => {
      const gate = createGate();
      client.before = (_method, signal) => gate.pass(signal);
      const inventory = await started();
      await time.advance(200_000);
      gate.open();
      await settle();
      expect(() => inventory.current()).to.throw(/200 s old/);
    });

    it('looks again when the clock was set back', async () => {
      const inventory = await started();
      breakEngine();
      time.set(time.clock.now() - 50_000);
      await time.advance(100_001);
      expect(inventory.current().hosts).to.have.length(1);
      await time.advance(50_000);
      expect(inventory.state().available).to.equal(false);
    });
  });

  describe('refreshed', () => {
    it('reads once for 50 callers at once', async () => {
      const inventory = await started();
      await time.advance(1_000);
      client.hosts = [scriptedHost(), scriptedHost({ id: SECOND_HOST, name: 'H2' })];
      const snapshots = await Promise.all(Array.from({ length: 50 }, () => inventory.refreshed(call())));
      expect(new Set(snapshots).size).to.equal(1);
      expect(snapshots[0]?.hosts).to.have.length(2);
      expect(client.calls).to.include({ hosts: 2, vms: 2 });
    });

    it('reads at most once a second for all callers together', async () => {
      const inventory = await started();
      const reads: number[] = [];
      for (let tenth = 0; tenth < 30; tenth += 1) {
        await inventory.refreshed(call());
        reads.push(client.calls.hosts);
        await time.advance(100);
      }
      expect([reads[0], reads[9], reads[10], reads[19], reads[20], reads[29]]).to.deep.equal([
        1, 1, 2, 2, 3, 3,
      ]);
    });

    it('rests as long as the last reading took', async () => {
      const gate = createGate();
      client.before = (_method, signal) => gate.pass(signal);
      const inventory = await started();
      await time.advance(8_000);
      gate.open();
      await settle();
      await time.advance(7_999);
      await inventory.refreshed(call());
      expect(client.calls.hosts).to.equal(1);
      await time.advance(1);
      await inventory.refreshed(call());
      expect(client.calls.hosts).to.equal(2);
    });

    it('joins the reading under way', async () => {
      const inventory = await started();
      const gate = createGate();
      client.before = (_method, signal) => gate.pass(signal);
      await time.advance(30_000);
      expect(inventory.state().refreshing).to.equal(true);
      const joined = inventory.refreshed(call());
      await settle();
      gate.open();
      expect((await joined).time).to.equal(time.clock.now());
      expect(client.calls.hosts).to.equal(2);
    });

    const patience: readonly (readonly [string, number, number])[] = [
      ['the lookup time', Infinity, 5_000],
      ['the time of the call, less what the answer needs', 2_000, 1_950],
      ['no time at all for a call that is as good as over', 20, 0],
    ];
    for (const [what, left, waits] of patience) {
      it(`waits ${waits} ms, ${what}, then answers with what there is`, async () => {
        const inventory = await started();
        await time.advance(1_000);
        client.before = (_method, signal) => createGate().pass(signal);
        let answered = false;
        const waiting = inventory.refreshed(call(time.clock.now() + left)).then(() => (answered = true));
        if (waits > 0) {
          await time.advance(waits - 1);
          expect(answered).to.equal(false);
        }
        await time.advance(1);
        expect(answered).to.equal(true);
        await waiting;
      });
    }

    it('answers with what there is when the reading fails', async () => {
      const inventory = await started();
      await time.advance(1_000);
      breakEngine();
      expect((await inventory.refreshed(call())).hosts).to.have.length(1);
    });

    it('lets one caller go without ending the reading', async () => {
      const inventory = await started();
      await time.advance(1_000);
      const gate = createGate();
      client.before = (_method, signal) => gate.pass(signal);
      const gone = new AbortController();
      const first = codeOf(inventory.refreshed(call(Infinity, gone.signal)));
      const second = inventory.refreshed(call());
      await settle();
      gone.abort();
      expect(await first).to.match(/^CANCELLED/);
      gate.open();
      expect((await second).time).to.equal(time.clock.now());
      expect(await codeOf(inventory.refreshed(call(Infinity, AbortSignal.abort())))).to.match(/^CANCELLED/);
    });
  });

  describe('findVm', () => {
    const stopped = scriptedVm(7, { hostId: undefined, status: 'down' });

    it('finds a stopped VM, asks once for many callers, and remembers it for a while', async () => {
      const inventory = await started({ vmLookupTtl: 10_000 });
      client.vms = [stopped];
      const found = await Promise.all(Array.from({ length: 50 }, () => inventory.findVm(vmId(7), call())));
      expect(found[0]).to.include({ id: vmId(7), name: 'vm7', hostId: undefined });
      expect(new Set(found).size).to.equal(1);
      await time.advance(9_999);
      await inventory.findVm(vmId(7), call());
      expect(client.calls.vm).to.have.length(1);
      await time.advance(1);
      await inventory.findVm(vmId(7), call());
      expect(client.calls.vm).to.have.length(2);
    });

    it('asks for a VM that the engine does not have, or can not tell of, at most once a second', async () => {
      const inventory = await started();
      const outcomes: (readonly [() => void, string])[] = [
        [mendEngine, 'OK'],
        [breakEngine, 'UNAVAILABLE: the engine is down'],
      ];
      for (const [prepare, expected] of outcomes) {
        prepare();
        await time.advance(1_000);
        const before = client.calls.vm.length;
        for (let tenth = 0; tenth < 10; tenth += 1) {
          expect(await codeOf(inventory.findVm(vmId(8), call()))).to.equal(expected);
          await time.advance(99);
        }
        expect(client.calls.vm.length - before).to.equal(1);
      }
    });

    it('gives a stopped VM the last report of its guest agent, and a running one its own only', async () => {
      const guest = { distribution: 'CentOS Linux', version: '7' };
      const family = { type: 'rhel', version: '8' };
      client.vms = [scriptedVm(7, { guest })];
      const inventory = await started({ vmLookupTtl: 0 });
      expect(inventory.current().vm(vmId(7))?.os.guest).to.deep.equal({ type: 'CentOS Linux', version: '7' });
      client.vms = [stopped];
      expect((await inventory.findVm(vmId(7), call()))?.os.guest).to.deep.equal({
        type: 'CentOS Linux',
        version: '7',
      });
      client.vms = [scriptedVm(7)];
      expect((await inventory.findVm(vmId(7), call()))?.os.guest).to.deep.equal(family);
      client.vms = [scriptedVm(9, { hostId: undefined })];
      expect((await inventory.findVm(vmId(9), call()))?.os.guest).to.deep.equal(family);
    });

    it('asks for few at once, queues a bounded number, and refuses more', async () => {
      const gate = createGate();
      const inventory = await started({ maxConcurrentLookups: 2, maxWaitingLookups: 3 });
      client.before = (_method, signal) => gate.pass(signal);
      const answers = Array.from({ length: 6 }, (_, nth) => codeOf(inventory.findVm(vmId(nth), call())));
      await settle();
      expect(client.calls.vm).to.deep.equal([vmId(0), vmId(1)]);
      expect(await answers[5]).to.match(/^RESOURCE_EXHAUSTED: vm .*5 lookups of VMs are under way/);
      gate.open();
      expect(await Promise.all(answers.slice(0, 5))).to.deep.equal(['OK', 'OK', 'OK', 'OK', 'OK']);
      expect(client.calls.vm).to.deep.equal([0, 1, 2, 3, 4].map(vmId));
    });

    it('does not wait longer than the lookup time, in the queue or for the engine', async () => {
      const inventory = await started({ maxConcurrentLookups: 1, lookupTimeout: 5_000 });
      client.before = (_method, signal) => createGate().pass(signal);
      const answers = [1, 2].map((nth) => codeOf(inventory.findVm(vmId(nth), call())));
      await time.advance(5_000);
      for (const answer of await Promise.all(answers)) {
        expect(answer).to.match(/^UNAVAILABLE: vm .* did not answer within 5000 ms/);
      }
      mendEngine();
      await time.advance(1_000);
      expect(await codeOf(inventory.findVm(vmId(1), call()))).to.equal('OK');
    });

    it("ends with the call's own signal, while others wait on", async () => {
      const inventory = await started();
      const gate = createGate();
      client.before = (_method, signal) => gate.pass(signal);
      const gone = new AbortController();
      const first = codeOf(inventory.findVm(vmId(1), call(Infinity, gone.signal)));
      const second = inventory.findVm(vmId(1), call());
      await settle();
      gone.abort(new DOMException('deadline', 'TimeoutError'));
      expect(await first).to.match(/^DEADLINE_EXCEEDED/);
      gate.open();
      expect((await second)?.name).to.equal('vm1');
      expect(client.calls.vm).to.have.length(1);
    });

    it('remembers no more answers than it may', async () => {
      const inventory = await started({ maxVmLookups: 2 });
      for (const nth of [1, 2, 3]) await inventory.findVm(vmId(nth), call());
      await settle();
      await inventory.findVm(vmId(3), call());
      expect(client.calls.vm).to.have.length(3);
      await inventory.findVm(vmId(1), call());
      expect(client.calls.vm).to.have.length(4);
    });

    it('waits for many VMs under one call without a warning', async () => {
      const warnings: unknown[] = [];
      const listen = (warning: unknown) => void warnings.push(warning);
      process.on('warning', listen);
      const inventory = await started();
      const one = call();
      await Promise.all(Array.from({ length: 100 }, (_, nth) => inventory.findVm(vmId(nth), one)));
      await settle();
      process.off('warning', listen);
      expect(warnings).to.deep.equal([]);
    });

    it('ends what is asked when it is closed', async () => {
      const inventory = await started();
      client.before = (_method, signal) => createGate().pass(signal);
      const answer = codeOf(inventory.findVm(vmId(1), call()));
      await settle();
      await inventory.close();
      expect(await answer).to.match(/^CANCELLED/);
    });
  });
});
