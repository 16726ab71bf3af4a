import { expect } from 'chai';
import { vmBalance } from '../../../src/scoring/units/vm-balance.js';
import { cluster, many, move, proposalOf, proposed, type TestHost } from './cluster.js';

describe('vm_balance', () => {
  const properties = { maximum_vm_count: '3' };

  const cases: readonly {
    readonly title: string;
    readonly hosts: readonly TestHost[];
    readonly asked?: readonly number[];
    readonly cooling?: readonly number[];
    readonly proposal: string;
  }[] = [
    {
      title: 'at the limit, 3 of 3: the smallest, not the first',
      hosts: [{ vms: [4096, 1024, 2048] }, { vms: [] }],
      proposal: 'VM 2 -> 2',
    },
    { title: 'below the limit, 2 of 3', hosts: [{ vms: [1, 1] }, { vms: [] }], proposal: 'nothing' },
    {
      title: 'from the host with the most, 5 of 3, 5, 4',
      hosts: [{ vms: many(3) }, { vms: many(5) }, { vms: many(4) }, { vms: [] }],
      proposal: 'VM 4 -> 4',
    },
    {
      title: 'to hosts that stay below 3 with it, fewest VMs first: 1 + 1 and 0 + 1, not 2 + 1',
      hosts: [{ vms: many(3) }, { vms: many(2) }, { vms: many(1) }, { vms: [] }],
      proposal: 'VM 1 -> 4, 3',
    },
    {
      title: 'not where it would be at the limit at once: 2 + 1 = 3',
      hosts: [{ vms: many(9) }, { vms: many(2) }],
      proposal: 'nothing',
    },
    { title: 'no host under it', hosts: [{ vms: many(4) }, { vms: many(3) }], proposal: 'nothing' },
    {
      title: 'equal VMs: the first by id',
      hosts: [{ vms: [] }, { vms: [512, 512, 512] }],
      proposal: 'VM 1 -> 1',
    },
    {
      title:
        'VMs that may not, or can not move: pinned, paused, migrating, without a status, of unknown memory',
      hosts: [
        {
          vms: [
            { mib: 1, migratable: false },
            { mib: 2, status: 'paused' },
            { mib: 3, status: 'powering_up' },
            { mib: 4, status: undefined },
            { mib: undefined },
            9000,
          ],
        },
        { vms: [] },
      ],
      proposal: 'VM 6 -> 2',
    },
    {
      title: 'a VM that migrates already is gone: 3 - 1 = 2 of 3',
      hosts: [{ vms: [1024, 1024, { mib: 1024, status: 'migrating' }] }, { vms: [] }],
      proposal: 'nothing',
    },
    {
      title: 'a VM that migrates still counts where VMs might go: 2 + 1 = 3 is full',
      hosts: [{ vms: [1, 1, 1] }, { vms: [1, { mib: 1, status: 'migrating' }] }],
      proposal: 'nothing',
    },
    {
      title: 'VMs that were proposed lately',
      hosts: [{ vms: [1, 2, 3] }, { vms: [] }],
      cooling: [1, 2],
      proposal: 'VM 3 -> 2',
    },
    {
      title: 'nothing that may move on the fullest host: the next one',
      hosts: [{ vms: Array(4).fill({ mib: 1, migratable: false }) }, { vms: many(3) }, { vms: [] }],
      proposal: 'VM 5 -> 3',
    },
    {
      title: 'hosts that are not up, neither from nor to',
      hosts: [
        { vms: many(9), status: 'maintenance' },
        { vms: many(3) },
        { vms: [], status: 'non_responsive' },
        { vms: many(1) },
      ],
      proposal: 'VM 10 -> 4',
    },
    {
      title: 'hosts that were not asked for, neither from nor to',
      hosts: [{ vms: many(9) }, { vms: many(3) }, { vms: [] }, { vms: many(1) }],
      asked: [2, 4],
      proposal: 'VM 10 -> 4',
    },
    {
      title: 'hosts without room for its 2048 MiB: 2047, and unknown',
      hosts: [
        { vms: [2048, 4096, 4096] },
        { vms: [], schedulableMiB: 2047 },
        { vms: [], schedulableMiB: undefined },
        { vms: [], schedulableMiB: 2048 },
      ],
      proposal: 'VM 1 -> 4',
    },
    {
      title: 'hosts of unknown free memory, which do not matter here',
      hosts: [{ vms: many(3) }, { vms: [], freeMiB: undefined }],
      proposal: 'VM 1 -> 2',
    },
  ];
  for (const { title, hosts, proposal, asked, cooling = [] } of cases) {
    it(`${title}: ${proposal}`, () => {
      const options = { properties, cooling, ...(asked === undefined ? {} : { hosts: asked }) };
      expect(proposed(vmBalance, cluster(hosts), options)).to.equal(proposal);
    });
  }

  describe('beside moves under way', () => {
    const hosts = [{ vms: many(4) }, { vms: many(1) }, { vms: [] }];

    it('moves on while the source has 4 - 1 = 3, and counts the VM at each host where it may go', () => {
      const snapshot = cluster(hosts);
      const underWay = [move(snapshot, 1, { from: 1, to: [2, 3] })];
      // 1 + 1 + 1 = 3 is the limit; 0 + 1 + 1 = 2 is below.
      expect(proposed(vmBalance, snapshot, { properties, cooling: [1], underWay })).to.equal('VM 2 -> 3');
    });

    it('does nothing once enough are leaving: 4 - 2 = 2', () => {
      const snapshot = cluster(hosts);
      const underWay = [move(snapshot, 1, { from: 1, to: [3] }), move(snapshot, 2, { from: 1, to: [3] })];
      expect(proposed(vmBalance, snapshot, { properties, cooling: [1, 2], underWay })).to.equal('nothing');
    });

    it('does not count a VM twice that is leaving and shown as migrating: 4 - 1 = 3', () => {
      const snapshot = cluster([{ vms: [{ mib: 1, status: 'migrating' }, 1, 1, 1] }, { vms: [] }]);
      const underWay = [move(snapshot, 1, { from: 1, to: [2] })];
      expect(proposed(vmBalance, snapshot, { properties, cooling: [1], underWay })).to.equal('VM 2 -> 2');
    });

    it('counts a VM once that has arrived, and leaves its memory out of the room: 3000 - 1024 < 2048', () => {
      const snapshot = cluster([{ vms: [2048, 2048, 2048] }, { vms: [1024], schedulableMiB: 3000 }]);
      const underWay = [move(snapshot, 4, { from: 1, to: [2], arrived: true })];
      expect(proposed(vmBalance, snapshot, { properties })).to.equal('VM 1 -> 2');
      expect(proposed(vmBalance, snapshot, { properties, underWay })).to.equal('nothing');
    });
  });

  describe('in words', () => {
    const words: readonly {
      readonly title: string;
      readonly hosts: readonly TestHost[];
      readonly cooling?: readonly number[];
      readonly text: string;
    }[] = [
      {
        title: 'a proposal',
        hosts: [{ vms: [4096, 1024, 2048] }, { vms: [1, 1] }, { vms: [1] }, { vms: [] }],
        text:
          'host-0001 has 3 VMs, where maximum_vm_count = 3; of its 3 VMs that may move 3 fit somewhere, and vm-2 of 1024 MiB is chosen; ' +
          '2 hosts stay below 3 VMs with it and have room for it, the first is host-0004',
      },
      {
        title: 'a proposal from the second host',
        hosts: [
          { vms: Array(4).fill({ mib: 1, migratable: false }) },
          { vms: [8, 9000, 9] },
          { vms: [], schedulableMiB: 10 },
        ],
        text:
          'host-0001 has 4 VMs, where maximum_vm_count = 3, but none of its 4 VMs may move (4 not free to migrate); ' +
          'host-0002 has 3 VMs, where maximum_vm_count = 3; of its 3 VMs that may move 2 fit somewhere, and vm-5 of 8 MiB is chosen; ' +
          '1 hosts stay below 3 VMs with it and have room for it, the first is host-0003',
      },
      {
        title: 'no full host',
        hosts: [{ vms: many(2) }, { vms: many(1) }, { vms: many(9), status: 'maintenance' }],
        text: 'no host that is up has maximum_vm_count = 3 VMs or more: the most on the 2 that are is 2',
      },
      {
        title: 'no host at all',
        hosts: [],
        text: 'no host that is up has maximum_vm_count = 3 VMs or more: the most on the 0 that are is 0',
      },
      {
        title: 'VMs that are leaving already: 3 - 1 = 2',
        hosts: [{ vms: [1, 1, { mib: 1, status: 'migrating' }] }, { vms: [] }],
        text: '1 hosts have maximum_vm_count = 3 VMs or more, but fewer without those that are leaving',
      },
      {
        title: 'no destination',
        hosts: [{ vms: many(4) }, { vms: many(5) }, { vms: many(2) }],
        text: 'host-0002 has 5 VMs, where maximum_vm_count = 3, but no host that is up stays below 3 with one more',
      },
      {
        title: 'VMs that stay, each for its reason',
        hosts: [
          {
            vms: [
              { mib: 1, status: 'paused' },
              { mib: 1, migratable: false },
              { mib: 1, status: undefined },
              { mib: undefined },
              5,
              6,
            ],
          },
          { vms: [] },
        ],
        cooling: [5, 6],
        text:
          'host-0001 has 6 VMs, where maximum_vm_count = 3, but none of its 6 VMs may move ' +
          '(2 not up, 1 not free to migrate, 1 of unknown memory, 2 cooling down)',
      },
      {
        title: 'no room',
        hosts: [{ vms: [2048, 4096, 4096] }, { vms: [], schedulableMiB: 2047 }],
        text:
          'host-0001 has 3 VMs, where maximum_vm_count = 3, but no host has room for its smallest VM that may move, ' +
          'vm-1 of 2048 MiB: the largest room is 2047 MiB',
      },
      {
        title: 'more hosts than anyone reads of: 5 - 3 = 2',
        hosts: [...Array<TestHost>(5).fill({ vms: Array(3).fill({ mib: undefined }) }), { vms: [] }],
        text:
          [1, 2, 3]
            .map(
              (n) =>
                `host-000${n} has 3 VMs, where maximum_vm_count = 3, but none of its 3 VMs may move (3 of unknown memory); `,
            )
            .join('') + '2 more hosts are passed over alike',
      },
    ];
    for (const { title, hosts, cooling = [], text } of words) {
      it(title, () => {
        expect(proposalOf(vmBalance, cluster(hosts), { properties, cooling }).explain()).to.equal(text);
      });
    }
  });
});
