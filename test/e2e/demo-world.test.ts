import { expect } from 'chai';
import type { ScoreHostsRequest } from '../../src/domain/contract.js';
import { demoWorld } from '../../src/simulator/demo-world.js';
import { call } from '../support/call.js';
import { blocksOf } from '../support/doc-blocks.js';
import { runToEnd } from '../support/program.js';
import { byHost, startScoring, type Scoring } from '../support/scoring.js';

const hostId = (n: number): string => `a0000000-0000-4000-8000-${String(n).padStart(12, '0')}`;
const vmId = (n: number): string => `b0000000-0000-4000-8000-${String(n).padStart(12, '0')}`;

describe('scores of the demo world', () => {
  const world = demoWorld();
  let scoring: Scoring;
  before(async () => {
    scoring = await startScoring(world);
  });
  after(() => scoring.close());

  // Their VMs: host 1 has 14, of which rhel_9x64 5, rhel_8x64 2, rhel_7x64 1, rhel_6x64 1; host 3 has 21, of which
  // rhel_9x64 9, rhel_8x64 1; host 9 has 17, of which rhel_8x64 6; host 11 has 9, of which rhel_9x64 3.
  const cases: readonly {
    readonly title: string;
    readonly vm: number;
    readonly request: Partial<ScoreHostsRequest>;
    readonly scores: readonly (readonly [host: number, score: number])[];
  }[] = [
    {
      title:
        'VM 10, rhel_9x64 and stopped: 500 / 14 = 35, 900 / 21 = 42, 300 / 9 = 33, none in maintenance -> 0',
      vm: 10,
      request: { hosts: [1, 3, 11, 12].map(hostId) },
      scores: [
        [1, 35],
        [3, 42],
        [11, 33],
        [12, 0],
      ],
    },
    {
      title: 'VM 10 as family, rhel 9: (5 x 100 + 4 x 20) / 14 = 41, (9 x 100 + 1 x 20) / 21 = 43',
      vm: 10,
      request: { hosts: [1, 3].map(hostId), properties: new Map([['os_identity', 'family']]) },
      scores: [
        [1, 41],
        [3, 43],
      ],
    },
    {
      title: 'VM 1, rhel_8x64 on host 9: 600 / 17 = 35',
      vm: 1,
      request: { hosts: [hostId(9)] },
      scores: [[9, 35]],
    },
    {
      title: 'VM 1, itself not counted: 500 / 16 = 31',
      vm: 1,
      request: { hosts: [hostId(9)], properties: new Map([['count_self', 'false']]) },
      scores: [[9, 31]],
    },
  ];
  for (const { title, vm, request, scores } of cases) {
    it(title, async () => {
      const expected = scores.map(([host, score]) => ({ hostId: hostId(host), score }));
      expect((await scoring.score(vmId(vm), request)).scores).to.deep.equal(expected);
    });
  }

  it('gives every VM, running or not, the share of its os.type on every host that is up', async () => {
    const running = [...world.vms.values()].filter(({ hostId }) => hostId !== undefined);
    const up = world.hostsByName().filter(({ status }) => status === 'up');
    expect([up.length, running.length, world.vms.size]).to.deep.equal([11, 180, 200]);
    for (const { id, osType } of world.vms.values()) {
      const expected = up.map((host): [string, number] => {
        const tenants = running.filter(({ hostId }) => hostId === host.id);
        const equal = tenants.filter((tenant) => tenant.osType === osType);
        return [host.id, Math.floor((100 * equal.length) / tenants.length)];
      });
      expect(byHost(await scoring.score(id))).to.deep.equal(Object.fromEntries(expected));
    }
  });

  it('asks the engine nothing for scores, filters and units of what the snapshot holds', async () => {
    const { simulator, client, score } = scoring;
    simulator.requests.reset();
    await score(vmId(1), { explain: true });
    await score(vmId(2), { hosts: [hostId(1), hostId(12)] });
    await client.filterHosts({ vmId: vmId(1), hosts: [hostId(1)], units: [], properties: new Map() }, call());
    await client.listPolicyUnits(call());
    expect(simulator.requests.latest()).to.deep.equal([]);
  });

  for (const page of ['docs/first-score.md', 'docs/concepts.md']) {
    const blocks = blocksOf(page);
    const answered = blocks.filter((_, at) => blocks[at + 1]?.language === 'text');
    for (const { line, language, text } of answered) {
      it(`${page}: the command of line ${line} answers what stands below it`, async () => {
        expect(language).to.equal('sh');
        const [, ...args] = text.replaceAll('\\\n', '').trim().split(/\s+/);
        const { stdout } = await runToEnd([...args, '--server', scoring.address]);
        const block = blocks.find((block) => block.language === 'text' && block.line > line);
        const shown = (block?.text ?? '').replace(/\.\.\.\n$/, '');
        expect(stdout.slice(0, shown.length)).to.equal(shown);
      });
    }
  }
});
