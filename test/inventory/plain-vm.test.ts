import { expect } from 'chai';
import fc from 'fast-check';
import { judgeVm, parseVm } from '../../src/inventory/engine-json.js';
import { readPlainVm } from '../../src/inventory/plain-vm.js';
import { vmId } from '../support/world.js';

const odd = fc.constantFrom(undefined, null, '', 5, true, [], ['x'], {}, { id: 'x' }, 'x');
const id = fc.oneof({ weight: 6, arbitrary: fc.uuid() }, fc.constant(vmId(1).toUpperCase()), odd);
const words = fc.oneof(
  { weight: 4, arbitrary: fc.constantFrom('rhel_8x64', 'up', 'CentOS Linux', '7.9') },
  odd,
);
const version = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({ full_version: words, major: words, minor: words }, { requiredKeys: [] }),
  },
  odd,
);
const vms = fc.record(
  {
    id,
    name: words,
    status: words,
    cluster: fc.oneof({ weight: 4, arbitrary: fc.record({ id }) }, odd),
    host: fc.oneof({ weight: 4, arbitrary: fc.record({ id }) }, odd),
    os: fc.oneof({ weight: 4, arbitrary: fc.record({ type: words, version }, { requiredKeys: [] }) }, odd),
    guest_operating_system: fc.oneof(
      { weight: 4, arbitrary: fc.record({ distribution: words, version }, { requiredKeys: [] }) },
      odd,
    ),
    memory: fc.oneof(fc.constantFrom<unknown>('1073741824', 7, -1, '0'), odd),
    placement_policy: fc.oneof(
      fc.record({ affinity: fc.oneof(fc.constantFrom('migratable', 'pinned'), odd) }),
      odd,
    ),
  },
  { requiredKeys: ['id', 'name'] },
);

describe('readPlainVm', () => {
  const usual = {
    id: vmId(1),
    name: 'vm-1',
    status: 'up',
    cluster: { id: vmId(3), href: '/y' },
    host: { id: vmId(2), href: '/x' },
    os: { type: 'rhel_8x64', boot: {} },
    guest_operating_system: { distribution: 'CentOS Linux', version: { full_version: '7', major: '7' } },
    memory: '1073741824',
    placement_policy: { affinity: 'migratable' },
  };

  it('reads a VM as engines write it', () => {
    expect(readPlainVm(usual)).to.deep.equal({
      id: vmId(1),
      name: 'vm-1',
      status: 'up',
      clusterId: vmId(3),
      hostId: vmId(2),
      memoryMiB: 1024,
      migratable: true,
      os: { type: 'rhel_8x64', version: undefined },
      guest: { distribution: 'CentOS Linux', version: '7' },
    });
  });

  for (const [title, part] of [
    ['an OS version', { os: { type: 'rhel', version: { major: '8' } } }],
    ['an id in upper case', { id: vmId(1).toUpperCase() }],
    [
      'a guest without a full version',
      { guest_operating_system: { distribution: 'x', version: { major: '7' } } },
    ],
  ] as const) {
    it(`leaves ${title} to the schema`, () => {
      expect(readPlainVm({ ...usual, ...part })).to.equal(undefined);
      expect(parseVm({ ...usual, ...part })).to.deep.equal(judgeVm({ ...usual, ...part }));
    });
  }

  it('reads whatever it reads as the schema does', () => {
    let read = 0;
    fc.assert(
      fc.property(vms, (object) => {
        const plain = readPlainVm(object);
        if (plain === undefined) return;
        read += 1;
        expect({ record: plain }).to.deep.equal(judgeVm(object));
      }),
      { numRuns: 5000 },
    );
    expect(read).to.be.above(50);
  });
});
