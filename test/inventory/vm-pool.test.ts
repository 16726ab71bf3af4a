import { expect } from 'chai';
import type { GuestOs } from '../../src/domain/os-identity.js';
import {
  createVmPool,
  MAX_GUEST_REPORTS,
  MAX_POOLED,
  MAX_POOLED_CHARACTERS,
  type VmPool,
} from '../../src/inventory/vm-pool.js';
import { hostId, snapshotOf } from '../support/world.js';
import { scriptedVm } from './scripted-client.js';

describe('createVmPool', () => {
  /** Lists objects whose bytes are these texts. */
  function list(pool: VmPool, texts: readonly string[], commit = true) {
    const listing = pool.begin(undefined);
    const vms = texts.map((text) => {
      const known = listing.find(Buffer.from(text));
      return { known: known !== undefined, vm: known ?? listing.make(scriptedVm(1, { name: text })) };
    });
    if (commit) listing.commit();
    return vms;
  }

  it('finds a VM again by its very bytes', () => {
    const pool = createVmPool();
    const first = list(pool, ['a', 'b']);
    const second = list(pool, ['b', 'a ', 'a']);
    expect(second.map(({ known }) => known)).to.deep.equal([true, false, true]);
    expect(second[0]?.vm).to.equal(first[1]?.vm);
  });

  it('knows nothing of a listing that failed', () => {
    const pool = createVmPool();
    list(pool, ['a'], false);
    expect(list(pool, ['a'])[0]?.known).to.equal(false);
  });

  it('forgets what the last listing no longer had', () => {
    const pool = createVmPool();
    for (const texts of [['a', 'b'], ['a'], ['a']]) list(pool, texts);
    expect(list(pool, ['a', 'b']).map(({ known }) => known)).to.deep.equal([true, false]);
  });

  for (const [what, more] of [
    ['its name', { name: 'other' }],
    ['its cluster', { clusterId: hostId(9) }],
    ['its host', { hostId: hostId(9) }],
    ['its status', { status: 'paused' }],
    ['its memory', { memoryMiB: 2048 }],
    ['its leave to migrate', { migratable: false }],
    ['its operating system', { os: { type: 'debian_9', version: undefined } }],
    ['what its guest agent says', { guest: { distribution: 'Debian', version: '12' } }],
  ] as const) {
    it(`makes another VM of one that changed ${what}, and the same of one that did not`, () => {
      const pool = createVmPool();
      const before = pool.begin(undefined).make(scriptedVm(1));
      const listing = pool.begin(snapshotOf([], [before]));
      expect(listing.make(scriptedVm(1))).to.equal(before);
      expect(listing.make(scriptedVm(1, more))).not.to.deep.equal(before);
      expect(pool.lookedUp(scriptedVm(1), before)).to.equal(before);
      expect(pool.lookedUp(scriptedVm(1, more), before)).not.to.deep.equal(before);
    });
  }

  it('makes the right VMs of more hosts than it shares', () => {
    const listing = createVmPool().begin(undefined);
    for (let nth = 0; nth <= MAX_POOLED; nth += 1) {
      expect(listing.make(scriptedVm(1, { hostId: hostId(nth) })).hostId).to.equal(hostId(nth));
    }
  });

  const osOf = (type: string) => scriptedVm(1, { os: { type, version: undefined } });

  it(`knows ${MAX_POOLED} operating systems, takes more for unknown, and starts anew with the next listing`, () => {
    const pool = createVmPool();
    const first = pool.begin(undefined);
    for (let nth = 0; nth < MAX_POOLED; nth += 1) {
      expect(first.make(osOf(`os${nth}`)).os.configured.type).to.equal(`os${nth}`);
    }
    expect(first.make(osOf('more')).os.configured.type).to.equal(undefined);
    expect(first.make(osOf('os0')).os.configured.type).to.equal('os0');
    expect(pool.begin(undefined).make(osOf('more')).os.configured.type).to.equal('more');
  });

  it(`holds ${MAX_POOLED_CHARACTERS} characters of operating systems, and of statuses: 4096 of 1,024`, () => {
    const listing = createVmPool().begin(undefined);
    const text = (nth: number) => String(nth).padEnd(1024);
    const known = Array.from({ length: 5000 }, (_, nth) => nth).filter((nth) => {
      const vm = listing.make({ ...osOf(text(nth)), status: text(nth) });
      expect(vm.status === text(nth)).to.equal(nth < 4096);
      return vm.os.configured.type === text(nth);
    });
    // A key is its four texts as JSON: 1,024 characters, and 19 around them.
    expect(known.length).to.equal(Math.ceil(MAX_POOLED_CHARACTERS / (1024 + 19)));
  });

  it('remembers no guest report beyond what it holds', () => {
    const pool = createVmPool();
    const text = (nth: number) => String(nth).padEnd(1024);
    for (let nth = 0; nth < 5000; nth += 1) {
      pool.lookedUp(scriptedVm(nth, { guest: { distribution: text(nth), version: undefined } }));
    }
    pool.begin(undefined);
    const reported = (nth: number) => pool.lookedUp(scriptedVm(nth, { hostId: undefined })).os.guest.type;
    expect([reported(0), reported(4999)]).to.deep.equal([text(0), 'rhel']);
  });

  it('remembers what 250,000 guest agents said, and forgets the one that was heard of longest ago', () => {
    const pool = createVmPool();
    const distributions = Array.from({ length: 3 }, (_, nth): GuestOs => ({
      distribution: `d${nth}`,
      version: '1',
    }));
    for (let nth = 0; nth <= MAX_GUEST_REPORTS; nth += 1)
      pool.lookedUp(scriptedVm(nth, { guest: distributions[nth % 3] }));
    const reported = (nth: number) => pool.lookedUp(scriptedVm(nth, { hostId: undefined })).os.guest.type;
    expect([0, 1, MAX_GUEST_REPORTS].map(reported)).to.deep.equal(['rhel', 'd1', 'd1']);
  });
});
