import { expect } from 'chai';
import { randomUUID } from 'node:crypto';
import type { Call } from '../../src/domain/contract.js';
import { passing } from '../../src/inventory/engine-failure.js';
import { MAX_UNKNOWN_HOSTS } from '../../src/inventory/unknown-hosts.js';
import { HOST, vmId } from './engine-world.js';
import { settle } from './fake-time.js';
import { createGate, scriptedHost, scriptedVm } from './scripted-client.js';
import { call, codeOf, engineCall, useStage } from './stage.js';

const SECOND_HOST = '00000000-0000-4000-8000-000000000002';
const THIRD_HOST = '00000000-0000-4000-8000-000000000003';

describe('createInventory', () => {
  const stage = useStage();

  describe('reading', () => {
    it('gives a snapshot of hosts and running VMs, as old as the begin of its reading', async () => {
      const gate = createGate();
      stage.client.before = (_method, signal) => gate.pass(signal);
      stage.client.vms = [scriptedVm(1), scriptedVm(2, { hostId: undefined, status: 'down' })];
      const inventory = await stage.started();
      const begin = stage.time.clock.now();
      await stage.time.advance(5_000);
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

    it('reads again after each interval, up to a tenth of it earlier or later', async () => {
      let random = 0;
      await stage.started({ random: () => random });
      expect(stage.time.pending()[0]).to.equal(27_000);
      random = 1;
      await stage.time.advance(27_000);
      expect(stage.client.calls).to.include({ hosts: 2, vms: 2 });
      expect(stage.time.pending()[0]).to.equal(33_000);
    });

    it('reads again sooner after a failure, and ever later while it fails, up to the interval', async () => {
      stage.breakEngine();
      await stage.started();
      const pauses: number[] = [];
      for (let nth = 0; nth < 8; nth += 1) {
        const [pause = 0] = stage.time.pending();
        pauses.push(pause);
        await stage.time.advance(pause);
      }
      // 1, 2, 4, ... s, an eighth more at random; 36 s is more than the interval.
      expect(pauses).to.deep.equal([1125, 2250, 4500, 9000, 18_000, 30_000, 30_000, 30_000]);
      stage.mendEngine();
      await stage.time.advance(30_000);
      expect(stage.time.pending()[0]).to.equal(30_000);
    });

    it('shares what did not change with the snapshot before, and equal operating systems among VMs', async () => {
      stage.client.vms = [scriptedVm(1), scriptedVm(2), scriptedVm(3)];
      const inventory = await stage.started();
      const before = inventory.current();
      stage.client.vms = [
        scriptedVm(1),
        scriptedVm(2, { name: 'renamed' }),
        scriptedVm(3, { hostId: SECOND_HOST }),
      ];
      await stage.time.advance(30_000);
      const after = inventory.current();
      expect(after).not.to.equal(before);
      expect(after.vm(vmId(1))).to.equal(before.vm(vmId(1)));
      expect(after.vm(vmId(2))?.name).to.equal('renamed');
      expect(after.vm(vmId(3))?.hostId).to.equal(SECOND_HOST);
      expect(after.vm(vmId(2))?.os).to.equal(before.vm(vmId(3))?.os);
    });

    it('skips odd objects with a few log lines, and says so again only when they change', async () => {
      stage.client.odd = Array.from({ length: 10 }, (_, index) => `vm ${index}: os: odd`);
      const inventory = await stage.started();
      expect(inventory.state()).to.include({ available: true, vms: 1, skipped: 10 });
      expect(
        stage.log.lines.filter(({ level }) => level === 'warn').map(({ fields }) => fields),
      ).to.deep.equal([
        { kind: 'vm', reason: 'vm 0: os: odd' },
        { kind: 'vm', reason: 'vm 1: os: odd' },
        { kind: 'vm', reason: 'vm 2: os: odd' },
        { kind: 'vm', count: 10 },
      ]);
      await stage.time.advance(30_000);
      expect(stage.log.lines.filter(({ level }) => level === 'warn')).to.have.length(4);
      stage.client.odd = [];
      await stage.time.advance(30_000);
      expect(stage.log.lines.at(-2)?.fields).to.deep.equal({ kind: 'vm', count: 0 });
    });

    const failing: readonly (readonly [string, () => void, RegExp])[] = [
      ['the engine lists no hosts', () => (stage.client.hosts = []), /lists no hosts: .*ReadOnlyAdmin/],
      [
        'every VM is odd',
        () => {
          stage.client.vms = [];
          stage.client.odd = ['vm "a": os: odd', 'vm "b": os: odd'];
        },
        /none of the 2 VMs .* can be understood: vm "a": os: odd/,
      ],
      [
        'VMs run without a word on which host',
        () =>
          (stage.client.vms = [scriptedVm(1, { hostId: undefined }), scriptedVm(2, { hostId: undefined })]),
        /2 running VMs without their hosts: .*ReadOnlyAdmin/,
      ],
    ];
    for (const [what, prepare, message] of failing) {
      it(`fails when ${what}`, async () => {
        prepare();
        const inventory = await stage.started();
        expect(() => inventory.current())
          .to.throw(message)
          .with.property('code', 'UNAVAILABLE');
        expect(await codeOf(inventory.ready())).to.match(message);
      });
    }

    it('takes an engine on which nothing runs', async () => {
      stage.client.vms = [scriptedVm(1, { hostId: undefined, status: 'suspended' })];
      expect((await stage.started()).current().host(HOST)?.vms).to.deep.equal([]);
    });

    it('ends the other listing when one fails, and keeps the reason', async () => {
      let ended: unknown;
      stage.client.before = async (method, signal) => {
        if (method === 'hosts') throw passing('no hosts today');
        await createGate()
          .pass(signal)
          .catch((thrown: unknown) => (ended = thrown));
      };
      const inventory = await stage.started();
      expect(ended).to.be.instanceOf(Error);
      expect(() => inventory.current()).to.throw('the engine has not been read yet: no hosts today');
    });

    it('keeps a bug out of the answer and its stack in the log', async () => {
      stage.client.before = () => Promise.reject(new TypeError('secret inner words'));
      const inventory = await stage.started();
      expect(() => inventory.current())
        .to.throw(/internal error/)
        .and.not.match(/secret/);
      expect(stage.log.lines.find(({ level }) => level === 'error')?.fields['stack']).to.include(
        'secret inner words',
      );
    });

    it('goes on when a listener throws', async () => {
      const inventory = await stage.started({
        onRefresh: () => {
          throw new Error('listener');
        },
      });
      await stage.time.advance(30_000);
      expect(inventory.state().available).to.equal(true);
      expect(stage.client.calls.hosts).to.equal(2);
    });

    it('is ready with the first snapshot, or with the reason for which there is none', async () => {
      const inventory = stage.open();
      expect(await codeOf(inventory.ready())).to.match(/UNAVAILABLE: .*not been read yet/);
      stage.breakEngine('wrong password');
      inventory.start();
      expect(await codeOf(inventory.ready())).to.equal('UNAVAILABLE: wrong password');
      stage.mendEngine();
      await stage.time.advance(2_000);
      expect((await inventory.ready()).hosts).to.have.length(1);
    });

    it('ends a reading when it is closed, and reads no more', async () => {
      stage.client.before = (_method, signal) => createGate().pass(signal);
      const inventory = await stage.started();
      await inventory.close();
      await inventory.refreshed([SECOND_HOST], call()).catch(() => undefined);
      expect(stage.client.calls.hosts).to.equal(1);
    });
  });

  describe('refreshed', () => {
    it('reads once for 50 callers at once', async () => {
      const inventory = await stage.started();
      await stage.time.advance(1_000);
      stage.client.hosts = [scriptedHost(), scriptedHost({ id: SECOND_HOST, name: 'H2' })];
      const snapshots = await Promise.all(
        Array.from({ length: 50 }, () => inventory.refreshed([SECOND_HOST], call())),
      );
      expect(new Set(snapshots.map(({ snapshot }) => snapshot)).size).to.equal(1);
      expect(snapshots.every(({ looked }) => looked)).to.equal(true);
      expect(snapshots[0]?.snapshot.hosts).to.have.length(2);
      expect(stage.client.calls).to.include({ hosts: 2, vms: 2 });
    });

    it('reads at most once a second for an engine, and once in 10 s for gateways, whatever ids they make up', async () => {
      const inventory = await stage.started();
      const readings = async (ask: () => Call, tenths: number) => {
        const before = stage.client.calls.hosts;
        for (let tenth = 0; tenth < tenths; tenth += 1) {
          await stage.time.advance(100);
          await inventory.refreshed([randomUUID()], ask());
        }
        return stage.client.calls.hosts - before;
      };
      // The first one is due a second after the usual reading.
      expect(await readings(engineCall, 30)).to.equal(3);
      await stage.time.advance(1_000);
      expect(await readings(call, 100)).to.equal(1);
      expect(await readings(call, 100)).to.equal(1);
      expect(await readings(engineCall, 30)).to.equal(3);
    });

    it('does not read again for 30 s for a host that the engine did not have', async () => {
      const inventory = await stage.started();
      await stage.time.advance(1_000);
      const reads: number[] = [];
      const looked: boolean[] = [];
      for (let second = 0; second <= 30; second += 1) {
        looked.push((await inventory.refreshed([SECOND_HOST], engineCall())).looked);
        reads.push(stage.client.calls.hosts);
        // The usual reading, every 30 s, is none of these.
        if (second < 28) await stage.time.advance(1_000);
        else stage.time.set(stage.time.clock.now() + 1_000);
      }
      expect(looked).not.to.include(false);
      expect([reads[0], reads[29], reads[30]]).to.deep.equal([2, 2, 3]);
    });

    it('reads for a host that is new although another is known to be none', async () => {
      const inventory = await stage.started();
      await stage.time.advance(1_000);
      await inventory.refreshed([SECOND_HOST], engineCall());
      await stage.time.advance(1_000);
      stage.client.hosts = [scriptedHost(), scriptedHost({ id: THIRD_HOST, name: 'H3' })];
      const { snapshot } = await inventory.refreshed([SECOND_HOST, THIRD_HOST], engineCall());
      expect(snapshot.host(THIRD_HOST)?.name).to.equal('H3');
    });

    it('remembers 10,000 unknown hosts, and forgets the one that was asked for longest ago', async () => {
      const inventory = await stage.started();
      const ids = Array.from({ length: MAX_UNKNOWN_HOSTS + 1 }, (_, nth) => vmId(nth));
      await stage.time.advance(1_000);
      await inventory.refreshed(ids, engineCall());
      await stage.time.advance(1_000);
      await inventory.refreshed(ids.slice(1), engineCall());
      expect(stage.client.calls.hosts).to.equal(2);
      await inventory.refreshed(ids.slice(0, 1), engineCall());
      expect(stage.client.calls.hosts).to.equal(3);
    });

    it('rests as long as the last reading took', async () => {
      const gate = createGate();
      stage.client.before = (_method, signal) => gate.pass(signal);
      const inventory = await stage.started();
      await stage.time.advance(8_000);
      gate.open();
      await settle();
      await stage.time.advance(7_999);
      await inventory.refreshed([SECOND_HOST], engineCall());
      expect(stage.client.calls.hosts).to.equal(1);
      await stage.time.advance(1);
      await inventory.refreshed([SECOND_HOST], engineCall());
      expect(stage.client.calls.hosts).to.equal(2);
    });

    it('joins the reading under way', async () => {
      const inventory = await stage.started();
      const gate = createGate();
      stage.client.before = (_method, signal) => gate.pass(signal);
      await stage.time.advance(30_000);
      expect(stage.client.calls.hosts).to.equal(2);
      const joined = inventory.refreshed([SECOND_HOST], call());
      await settle();
      gate.open();
      expect((await joined).snapshot.time).to.equal(stage.time.clock.now());
      expect(stage.client.calls.hosts).to.equal(2);
    });

    const patience: readonly (readonly [string, number, number])[] = [
      ['the lookup time', Infinity, 2_000],
      ['a tenth of the time of the call', 1_000, 100],
      ['no time at all for a call that is over', 0, 0],
    ];
    for (const [what, left, waits] of patience) {
      it(`waits ${waits} ms, ${what}, then answers with what there is, while the reading goes on`, async () => {
        const inventory = await stage.started();
        await stage.time.advance(1_000);
        const gate = createGate();
        stage.client.before = (_method, signal) => gate.pass(signal);
        stage.client.hosts = [scriptedHost(), scriptedHost({ id: SECOND_HOST, name: 'H2' })];
        let answered: boolean | undefined;
        const waiting = inventory
          .refreshed([SECOND_HOST], engineCall(stage.time.clock.now() + left))
          .then(({ looked }) => (answered = looked));
        if (waits > 0) {
          await stage.time.advance(waits - 1);
          expect(answered).to.equal(undefined);
        }
        await stage.time.advance(1);
        expect(answered).to.equal(false);
        await waiting;
        gate.open();
        await settle();
        expect(inventory.current().host(SECOND_HOST)?.name).to.equal('H2');
      });
    }

    it('does not wait at all for an engine that takes longer than that', async () => {
      const gate = createGate();
      stage.client.before = (_method, signal) => gate.pass(signal);
      const inventory = await stage.started();
      await stage.time.advance(101);
      gate.open();
      await stage.time.advance(1_000);
      stage.client.before = (_method, signal) => createGate().pass(signal);
      const { looked } = await inventory.refreshed([SECOND_HOST], engineCall(stage.time.clock.now() + 1_000));
      expect(looked).to.equal(false);
      expect(stage.client.calls.hosts).to.equal(2);
    });

    it('answers with what there is when the reading fails, and says that it could not look', async () => {
      const inventory = await stage.started();
      await stage.time.advance(1_000);
      stage.breakEngine();
      const { snapshot, looked } = await inventory.refreshed([SECOND_HOST], call());
      expect(snapshot.hosts).to.have.length(1);
      expect(looked).to.equal(false);
    });

    it('lets one caller go without ending the reading', async () => {
      const inventory = await stage.started();
      await stage.time.advance(1_000);
      const gate = createGate();
      stage.client.before = (_method, signal) => gate.pass(signal);
      const gone = new AbortController();
      const first = codeOf(inventory.refreshed([SECOND_HOST], call(Infinity, gone.signal)));
      const second = inventory.refreshed([SECOND_HOST], call());
      await settle();
      gone.abort();
      expect(await first).to.match(/^CANCELLED/);
      gate.open();
      expect((await second).snapshot.time).to.equal(stage.time.clock.now());
      expect(await codeOf(inventory.refreshed([SECOND_HOST], call(Infinity, AbortSignal.abort())))).to.match(
        /^CANCELLED/,
      );
    });
  });
});
