import { expect } from 'chai';
import { createWorld } from '../../src/simulator/world.js';
import { errorText, runToEnd } from '../support/program.js';
import { startScoring, type Scoring } from '../support/scoring.js';
import { hostId, vmId } from '../support/world.js';

const [H1, H2, H3] = [hostId(1), hostId(2), hostId(3)] as const;

/** Three VMs: two on host one, and one on host two; host three is away. */
const world = createWorld({
  hosts: [
    { id: H1, name: 'one' },
    { id: H2, name: 'two' },
    { id: H3, name: 'three', status: 'maintenance' },
  ],
  vms: [
    { id: vmId(1), hostId: H1, osType: 'rhel_8x64', name: 'web-1' },
    { id: vmId(2), hostId: H1, osType: 'rhel_8x64', name: 'web-2' },
    { id: vmId(3), hostId: H2, osType: 'rhel_9x64', name: 'db-1' },
  ],
});

describe('names of hosts and VMs', () => {
  let scoring: Scoring;
  let url: string;
  before(async () => {
    scoring = await startScoring(world);
    const [, address = ''] = await scoring.program.written('stderr', /bridge listening address=(\S+)/);
    url = `http://${address}/`;
  });
  after(() => scoring.close());

  const run = (command: string, ...args: string[]) =>
    runToEnd([command, ...args, '--server', scoring.address]);
  const call = (command: string, ...args: string[]) =>
    runToEnd(['call', command, ...args, '--server', scoring.address, '--url', url]);
  const words = (text: string) =>
    text
      .trim()
      .split('\n')
      .map((line) => line.split(/ +/));

  const listings: readonly (readonly [args: readonly [string, ...string[]], names: readonly string[]])[] = [
    [['hosts'], ['one', 'three', 'two']],
    [
      ['hosts', 't*'],
      ['three', 'two'],
    ],
    [
      ['hosts', '--vm', 'WEB-1'],
      ['one', 'three', 'two'],
    ],
    [['hosts', '--cluster', hostId(77)], []],
    [['vms'], ['db-1', 'web-1', 'web-2']],
    [
      ['vms', 'web-*'],
      ['web-1', 'web-2'],
    ],
    [['vms', '--host', 'two'], ['db-1']],
    [['vms', 'web-1', '--host', H2], []],
  ];
  for (const [args, names] of listings) {
    it(`${args.join(' ')}: ${names.join(', ') || 'none'}`, async () => {
      const outcome = await run(...args);
      expect(errorText(outcome)).to.equal('');
      const [, ...rows] = words(outcome.stdout);
      expect(rows.map(([name]) => name)).to.deep.equal(names);
    });
  }

  it('lists what tells them apart', async () => {
    const [head, row] = words((await run('hosts')).stdout);
    expect(head).to.deep.equal(['name', 'status', 'VMs', 'id', 'cluster']);
    expect(row?.slice(0, 4)).to.deep.equal(['one', 'up', '2', H1]);
    expect(words((await run('vms', 'db-1')).stdout)).to.deep.equal([
      ['name', 'status', 'host', 'OS', 'id'],
      ['db-1', 'up', 'two', 'rhel_9x64', vmId(3)],
    ]);
  });

  it('prints the JSON of the contract: what has its default is left out, and what has presence is not', async () => {
    const hosts: unknown = JSON.parse((await run('hosts', 'three', '--json')).stdout);
    expect(hosts).to.have.deep.nested.property('hosts[0].runningVms', 0);
    expect(hosts).to.have.nested.property('hosts[0].status', 'maintenance');
    expect(hosts)
      .to.have.property('snapshotTime')
      .that.matches(/^\d{4}-.*Z$/);
    const none: unknown = JSON.parse((await run('vms', 'nobody', '--json')).stdout);
    expect(none).to.have.all.keys('snapshotTime');
  });

  it('takes one condition on hosts at most, as the contract does', async () => {
    expect(errorText(await run('hosts', 'one', '--vm', 'web-1'))).to.equal(
      'ConfigError: give at most one of a name, --vm and --cluster',
    );
  });

  describe('call', () => {
    it('finds the VM and the hosts by name, and shows the names: 100 - 100 = 0 and 100 - 0 = 100', async () => {
      const args = ['--vm', 'web-1', '--host', 'one', '--host', 'two', '--unit', 'ksm_same_os_score'];
      const { stdout } = await call('costs', ...args);
      expect(stdout).to.include('\none                      0 ').and.include('\ntwo                    100 ');
      expect(stdout).to.include('RankSelector picks one: 1 ');
    });

    it('asks about all hosts that are up in the cluster of the VM when none is named', async () => {
      const { stdout } = await call('filters', '--vm', 'web-1', '--unit', 'accept_all_hosts');
      expect(stdout).to.equal('keeps    one\nkeeps    two\n');
    });

    for (const command of ['costs', 'filters', 'schedule']) {
      it(`${command}: says what lists VMs when an id is of none`, async () => {
        const args = ['--vm', vmId(99), ...(command === 'schedule' ? [] : ['--unit', 'a'])];
        expect(errorText(await call(command, ...args))).to.equal(
          `CommandError: --vm ${vmId(99)}: the engine has no VM of this id; "hostscore vms" lists those that run`,
        );
      });
    }

    it('says where it looks names up when nobody is there', async () => {
      const args = [
        'call',
        'filters',
        '--vm',
        'web-1',
        '--unit',
        'a',
        '--server',
        '127.0.0.1:1',
        '--url',
        url,
      ];
      expect(errorText(await runToEnd(args))).to.match(
        /^CommandError: names, and the hosts of a cluster, are looked up at the gRPC server \(--server\): 127\.0\.0\.1:1: .*; or pass ids$/,
      );
    });
  });

  describe('call schedule', () => {
    const cases: readonly {
      readonly title: string;
      readonly args: readonly string[];
      readonly lines: readonly string[];
    }[] = [
      {
        title: 'filters, then costs, then the pick, for hosts that are up: 0 x 2 = 0 beats 100 x 2 = 200',
        args: ['--filter', 'accept_all_hosts', '--unit', 'ksm_same_os_score=2'],
        lines: [
          'filters: accept_all_hosts',
          'keeps    one',
          'keeps    two',
          '',
          'costs as the engine gets them, the lowest is best; then its sums over factors',
          'host  ksm_same_os_score x2  ranks  costs',
          'one                    100      0    200',
          'two                      0      2      0',
          '',
          'RankSelector picks two: 2 (sum of factor x rank, highest wins)',
          'BasicWeighting picks two: 0 (sum of factor x cost, lowest wins)',
          "The engine's own units add to these sums.",
        ],
      },
      {
        title: 'takes the only host that is left without asking what it costs: 2 VMs are not below 2, 1 is',
        args: ['--filter', 'max_vms', '--property', 'maximum_vm_count=2'],
        lines: [
          'filters: max_vms',
          'keeps    two',
          'rejects  one',
          '',
          'The engine picks two, the only host that is left.',
        ],
      },
      {
        title: 'says when no host is left: 1 VM is not below 1',
        args: ['--filter', 'max_vms', '--property', 'maximum_vm_count=1'],
        lines: [
          'filters: max_vms',
          'rejects  one',
          'rejects  two',
          'No host is left, so the VM does not start or migrate.',
        ],
      },
    ];
    for (const { title, args, lines } of cases) {
      it(title, async () => {
        const outcome = await call('schedule', '--vm', 'db-1', ...args);
        expect(errorText(outcome)).to.equal('');
        expect(outcome.stdout.trimEnd().split('\n')).to.deep.equal(lines);
      });
    }

    it('runs every filter and cost function that discover lists, and prints JSON', async () => {
      const { stdout } = await call('schedule', '--vm', 'web-1', '--json');
      expect(JSON.parse(stdout)).to.deep.include({
        hosts: [
          { id: H1, name: 'one' },
          { id: H2, name: 'two' },
        ],
        left: [H1, H2],
      });
      expect(JSON.parse(stdout)).to.have.nested.property('filters.outcome.accepted').with.length(2);
      expect(JSON.parse(stdout)).to.have.nested.property('costs.outcome.costs').with.length(4);
    });

    it('goes on as the engine does when filters fail, and fails at the end', async () => {
      const outcome = await runToEnd([
        ...['call', 'schedule', '--vm', 'web-1', '--server', scoring.address, '--url', 'http://127.0.0.1:1/'],
        ...['--filter', 'a', '--unit', 'b'],
      ]);
      expect(errorText(outcome)).to.match(/^CommandError: runFilters: .*keeps every host \(event 9920\)$/);
    });
  });
});
