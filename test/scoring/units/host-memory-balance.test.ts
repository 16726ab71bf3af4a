import { expect } from 'chai';
import { hostMemoryBalance } from '../../../src/scoring/units/host-memory-balance.js';
import { cluster, move, proposalOf, proposed, type TestHost } from './cluster.js';

/** A host of 100,000 MiB, whose statistics go in steps of 1,000 MiB. */
const host = (
  freeMiB: number | undefined,
  vms: TestHost['vms'] = [],
  more: Partial<TestHost> = {},
): TestHost => ({
  totalMiB: 100_000,
  freeMiB,
  schedulableMiB: 50_000,
  vms,
  ...more,
});

describe('host_memory_balance', () => {
  const cases: readonly {
    readonly title: string;
    readonly hosts: readonly TestHost[];
    readonly minimum?: string;
    readonly cooling?: readonly number[];
    readonly asked?: readonly number[];
    /** What is proposed with safe_selection True. */
    readonly safe: string;
    /** And with False; the same by default. */
    readonly unsafe?: string;
  }[] = [
    { title: '500 of 500 MiB free', hosts: [host(500, [1024]), host(9000)], safe: 'nothing' },
    { title: '499 of 500 MiB free', hosts: [host(499, [1024]), host(9000)], safe: 'VM 1 -> 2' },
    {
      title: '3000 MiB short, VMs of 4096, 1024, 3072, 8192: the smallest; the smallest of 3000 or more',
      hosts: [host(1000, [4096, 1024, 3072, 8192]), host(40_000)],
      minimum: '4000',
      safe: 'VM 2 -> 2',
      unsafe: 'VM 3 -> 2',
    },
    {
      title: '3000 MiB short, a VM of 3000',
      hosts: [host(1000, [2999, 3000, 3001]), host(40_000)],
      minimum: '4000',
      safe: 'VM 1 -> 2',
      unsafe: 'VM 2 -> 2',
    },
    {
      title: '3000 MiB short, none so large: the largest',
      hosts: [host(1000, [512, 2048, 1024]), host(40_000)],
      minimum: '4000',
      safe: 'VM 1 -> 2',
      unsafe: 'VM 2 -> 2',
    },
    {
      title: 'room for 8000 - 4000 - 1000 = 3000: the largest that fits, although one would free all',
      hosts: [host(500, [3001, 3000, 2000, 5000]), host(8000)],
      minimum: '4000',
      safe: 'VM 3 -> 2',
      unsafe: 'VM 2 -> 2',
    },
    {
      title: 'room for 2999: nothing fits',
      hosts: [host(500, [3000, 4000]), host(7999)],
      minimum: '4000',
      safe: 'nothing',
    },
    {
      title: 'only the hosts that have room for that VM, most room first: 5000, 4000, not 999',
      hosts: [host(100, [1000]), host(2499), host(5500), host(6500), host(300, [])],
      safe: 'VM 1 -> 4, 3',
    },
    {
      title: 'hosts that are lent nothing more by the engine: 1023 MiB schedulable, and unknown',
      hosts: [
        host(100, [1024]),
        host(90_000, [], { schedulableMiB: 1023 }),
        host(90_000, [], { schedulableMiB: undefined }),
        host(90_000, [], { schedulableMiB: 1024 }),
      ],
      safe: 'VM 1 -> 4',
    },
    {
      title: 'the host most short: 400 and not 300',
      hosts: [host(200, [10]), host(100, [20]), host(90_000)],
      safe: 'VM 2 -> 3',
    },
    {
      title: 'nothing free at all',
      hosts: [host(0, [10]), host(90_000)],
      safe: 'VM 1 -> 2',
    },
    {
      title: 'nothing that may move on the host most short: the next one',
      hosts: [host(100, [{ mib: 10, migratable: false }]), host(200, [20]), host(90_000)],
      safe: 'VM 2 -> 3',
    },
    {
      title: 'nothing that fits on the host most short: the next one',
      hosts: [host(100, [60_000]), host(200, [20]), host(90_000)],
      safe: 'VM 2 -> 3',
    },
    {
      title: 'a host of unknown free memory, neither from nor to',
      hosts: [host(undefined, [10]), host(100, [20]), host(undefined), host(90_000)],
      safe: 'VM 2 -> 4',
    },
    {
      title: 'a host of unknown total memory, not to',
      hosts: [host(100, [10]), host(90_000, [], { totalMiB: undefined })],
      safe: 'nothing',
    },
    {
      title: 'hosts that are not up, neither from nor to',
      hosts: [
        host(0, [10], { status: 'maintenance' }),
        host(100, [20]),
        host(90_000, [], { status: 'connecting' }),
        host(80_000),
      ],
      safe: 'VM 2 -> 4',
    },
    {
      title: 'hosts that were not asked for, neither from nor to',
      hosts: [host(0, [10]), host(100, [20]), host(90_000), host(80_000)],
      asked: [2, 4],
      safe: 'VM 2 -> 4',
    },
    {
      title: 'VMs that may not, or can not move',
      hosts: [
        host(100, [
          { mib: 10, migratable: false },
          { mib: 11, status: 'paused' },
          { mib: 12, status: undefined },
          { mib: undefined },
          13,
        ]),
        host(90_000),
      ],
      safe: 'VM 5 -> 2',
    },
    {
      title: 'VMs that were proposed lately',
      hosts: [host(100, [10, 20, 30]), host(90_000)],
      cooling: [1, 3],
      safe: 'VM 2 -> 2',
    },
    {
      title: 'a VM that migrates already frees the shortfall: 100 + 400 = 500',
      hosts: [host(100, [{ mib: 400, status: 'migrating' }, 20]), host(90_000)],
      safe: 'nothing',
    },
  ];
  for (const { title, hosts, minimum = '500', cooling = [], asked, ...expected } of cases) {
    for (const [safe, proposal] of [
      ['True', expected.safe],
      ['False', expected.unsafe ?? expected.safe],
    ] as const) {
      it(`${title}; safe_selection ${safe}: ${proposal}`, () => {
        const properties = { minimum_host_memoryMB: minimum, safe_selection: safe };
        const options = { properties, cooling, ...(asked === undefined ? {} : { hosts: asked }) };
        expect(proposed(hostMemoryBalance, cluster(hosts), options)).to.equal(proposal);
      });
    }
  }

  describe('beside moves under way', () => {
    it('counts what is leaving as free: 100 + 300 is short still, 100 + 400 is not', () => {
      for (const [leaving, proposal] of [
        [300, 'VM 2 -> 2'],
        [400, 'nothing'],
      ] as const) {
        const snapshot = cluster([host(100, [leaving, 20]), host(90_000)]);
        const underWay = [move(snapshot, 1, { from: 1, to: [2] })];
        expect(proposed(hostMemoryBalance, snapshot, { cooling: [1], underWay })).to.equal(proposal);
      }
    });

    it('takes what may come from the room of every host where it may go: 5500 - 4000 - 1500 < 100', () => {
      const snapshot = cluster([host(0, [4000, 100]), host(5500), host(5500), host(9000)]);
      const underWay = [move(snapshot, 1, { from: 1, to: [2, 3] })];
      expect(proposed(hostMemoryBalance, snapshot, { cooling: [1], underWay })).to.equal('nothing');
      // The source has 0 + 4000 then; with a higher minimum it is short still, and host 4 has room.
      const properties = { minimum_host_memoryMB: '4100' };
      expect(proposed(hostMemoryBalance, snapshot, { cooling: [1], underWay, properties })).to.equal(
        'VM 2 -> 4',
      );
    });

    it('counts the memory of a VM that has arrived until the statistics had their time', () => {
      const snapshot = cluster([host(100, [20]), host(3000, [1400])]);
      const underWay = [move(snapshot, 2, { from: 1, to: [2], arrived: true })];
      // Without a word of it the source is short, and host 2 has room for 3000 - 1500.
      expect(proposed(hostMemoryBalance, snapshot)).to.equal('VM 1 -> 2');
      expect(proposed(hostMemoryBalance, snapshot, { underWay })).to.equal('nothing');
    });
  });

  describe('in words', () => {
    const words: readonly {
      readonly title: string;
      readonly hosts: readonly TestHost[];
      readonly safe?: string;
      readonly cooling?: readonly number[];
      readonly text: string;
    }[] = [
      {
        title: 'a proposal, 4000 - 1000 = 3000 MiB short',
        hosts: [host(1000, [4096, 1024, 3072, 8192]), host(9096), host(40_000)],
        text:
          'host-0001 is short of 3000 MiB of free memory, where minimum_host_memoryMB = 4000; ' +
          'of its 4 VMs that may move 4 fit somewhere, and vm-2 of 1024 MiB is chosen; ' +
          '2 hosts stay above 4000 MiB with it and have room for it, the first is host-0003',
      },
      {
        title: 'a proposal that frees as much as fits: 8000 - 4000 - 1000 = 3000',
        hosts: [host(500, [3001, 3000, 2000]), host(8000)],
        safe: 'False',
        text:
          'host-0001 is short of 3500 MiB of free memory, where minimum_host_memoryMB = 4000; ' +
          'of its 3 VMs that may move 2 fit somewhere, and vm-2 of 3000 MiB is chosen; ' +
          '1 hosts stay above 4000 MiB with it and have room for it, the first is host-0002',
      },
      {
        title: 'no host that is short',
        hosts: [host(4000), host(5000)],
        text: 'no host that is up has less free memory than minimum_host_memoryMB = 4000',
      },
      {
        title: 'hosts of unknown memory',
        hosts: [host(4000), host(undefined), host(undefined, [], { status: 'maintenance' })],
        text: 'no host that is up has less free memory than minimum_host_memoryMB = 4000; of 1 of the 2 that are it is unknown',
      },
      {
        title: 'a VM that is leaving frees enough: 3000 + 1000 = 4000',
        hosts: [host(3000, [{ mib: 1000, status: 'migrating' }]), host(40_000)],
        text: '1 hosts have less free memory than minimum_host_memoryMB = 4000, but not once the VMs that are leaving are gone',
      },
      {
        title: 'no destination: 5000 - 4000 - 1000 = 0',
        hosts: [host(1000, [10]), host(5000), host(90_000, [], { status: 'maintenance' })],
        text:
          'host-0001 is short of 3000 MiB of free memory, where minimum_host_memoryMB = 4000, ' +
          'but no host that is up has known memory to spare above that',
      },
      {
        title: 'VMs that are cooling down',
        hosts: [host(1000, [10, 20]), host(40_000)],
        cooling: [1, 2],
        text:
          'host-0001 is short of 3000 MiB of free memory, where minimum_host_memoryMB = 4000, ' +
          'but none of its 2 VMs may move (2 cooling down)',
      },
      {
        title: 'no VMs at all',
        hosts: [host(1000), host(40_000)],
        text:
          'host-0001 is short of 3000 MiB of free memory, where minimum_host_memoryMB = 4000, ' +
          'but none of its 0 VMs may move',
      },
    ];
    for (const { title, hosts, safe = 'True', cooling = [], text } of words) {
      it(title, () => {
        const properties = { minimum_host_memoryMB: '4000', safe_selection: safe };
        const { explain } = proposalOf(hostMemoryBalance, cluster(hosts), { properties, cooling });
        expect(explain()).to.equal(text);
      });
    }
  });
});
