import { expect } from 'chai';
import { writeCall } from '../../src/bridge/xml-rpc/writer.js';
import { readCostAnswer, readFilterAnswer } from '../../src/engine-model/read-answer.js';
import { selectByRank } from '../../src/engine-model/selectors.js';
import { createWorld, type World } from '../../src/simulator/world.js';
import { call } from '../support/call.js';
import { startScoring, type Scoring } from '../support/scoring.js';
import { until } from '../support/until.js';
import { hostId, vmId } from '../support/world.js';
import { postXmlRpc } from '../support/xml-rpc.js';

/** The engine is listed once. */
const RESTING = ['--inventory-refresh-interval', '1h', '--inventory-max-staleness', '24h'];

/** VMs that are started one right after the other. */
const BURST = 20;

const HOSTS = Array.from({ length: 10 }, (_, n) => hostId(n + 1));

/** Ten hosts with two VMs each, of the OS of the burst on every other host; twenty VMs to start. */
function burstWorld(): World {
  return createWorld({
    hosts: HOSTS.map((id, n) => ({ id, name: `h${String(n + 1).padStart(2, '0')}` })),
    vms: [
      ...HOSTS.flatMap((host, n) =>
        [0, 1].map((k) => ({
          id: vmId(1000 + 2 * n + k),
          hostId: host,
          osType: n % 2 === 0 ? 'rhel_9x64' : 'windows_2022',
        })),
      ),
      ...Array.from({ length: BURST }, (_, n) => ({ id: vmId(n + 1), osType: 'rhel_9x64' })),
    ],
  });
}

describe('twenty VMs that start at once', () => {
  let scoring: Scoring;
  let world: World;
  let url: string;
  afterEach(() => scoring.close());

  async function open(...args: readonly string[]): Promise<void> {
    world = burstWorld();
    scoring = await startScoring(world, { args: [...RESTING, ...args] });
    const [, address = ''] = await scoring.program.written('stderr', /bridge listening address=(\S+)/);
    url = `http://${address}/`;
  }

  /** Asks and picks a host as an engine with RankSelector does. Its choice shows nowhere yet. */
  async function schedule(
    vm: string,
    units: readonly (readonly [string, number])[],
    candidates = HOSTS,
  ): Promise<string> {
    const ask = (method: string, named: readonly unknown[], hosts: readonly string[]) =>
      postXmlRpc(url, writeCall(method, [named, hosts, vm, null] as never));
    const filters = { hostIds: candidates, units: ['max_vms'] };
    const accepted = readFilterAnswer(await ask('runFilters', filters.units, candidates), filters);
    const hostIds = accepted.outcome?.accepted ?? [];
    const asked = { hostIds, units: units.map(([name]) => name) };
    const { outcome } = readCostAnswer(await ask('runCostFunctions', units, hostIds), asked);
    const costs = outcome?.costs ?? [];
    const [winner = ''] = selectByRank({ costs, candidates: hostIds, factors: new Map(units) }).winners;
    return winner;
  }

  /** Starts them all, and returns how many each host gets, most first. */
  async function burst(units: readonly (readonly [string, number])[]): Promise<readonly number[]> {
    const chosen = new Map<string, string>();
    for (let n = 1; n <= BURST; n++) chosen.set(vmId(n), await schedule(vmId(n), units));
    for (const [vm, host] of chosen) world.startVm(vm, host);
    return spread(chosen);
  }

  const spread = (chosen: ReadonlyMap<string, string>) =>
    HOSTS.map((id) => [...chosen.values()].filter((host) => host === id).length)
      .sort((left, right) => right - left)
      .filter((count) => count > 0);

  const EVEN = [['even_vm_distribution', 1]] as const;
  const SAME_OS = [['ksm_same_os_score', 1]] as const;
  const BOTH = [...EVEN, ...SAME_OS];

  it('go two to each of ten hosts by even_vm_distribution, and all to one host without predictions', async () => {
    await open();
    expect(await burst(EVEN)).to.deep.equal(Array(10).fill(2));
    await scoring.close();
    await open('--bridge-predictions', 'false');
    expect(await burst(EVEN)).to.deep.equal([20]);
  });

  it('go to one host by ksm_same_os_score alone, which gathers them; with even_vm_distribution to four or more', async () => {
    await open();
    expect(await burst(SAME_OS)).to.deep.equal([20]);
    await scoring.close();
    await open();
    expect(await burst(BOTH)).to.have.length.at.least(4);
    await scoring.close();
    await open('--bridge-predictions', 'false');
    expect(await burst(BOTH)).to.deep.equal([20]);
  });

  it('end as predictions that were right, each found by a look-up', async () => {
    await open();
    await burst(EVEN);
    const metrics = async () => (await fetch(`${scoring.opsUrl}/metrics`)).text();
    const text = await until(metrics, (page) => page.includes(`hostscore_predictions_total{end="right"} 20`));
    expect(text).to.not.include('end="wrong"');
    expect(text).to.include('hostscore_reservations{kind="predicted"} 20');
  });

  it('go evenly to the nine others when each start on one host fails, and is scheduled again without it', async () => {
    await open();
    const [broken = ''] = HOSTS;
    const others = HOSTS.filter((id) => id !== broken);
    const chosen = new Map<string, string>();
    let failures = 0;
    for (let n = 1; n <= BURST; n++) {
      const first = await schedule(vmId(n), EVEN);
      if (first === broken) failures += 1;
      chosen.set(vmId(n), first === broken ? await schedule(vmId(n), EVEN, others) : first);
    }
    expect(spread(chosen)).to.deep.equal([3, 3, 2, 2, 2, 2, 2, 2, 2]);
    expect(failures).to.be.greaterThan(2);
  });

  for (const [how, flag, expected] of [
    ['three to two of the nine others, two to each of the rest', 'true', [3, 3, 2, 2, 2, 2, 2, 2, 2]],
    ['all to one without predictions', 'false', [20]],
  ] as const) {
    it(`migrate away from a host: ${how}`, async () => {
      await open('--bridge-predictions', flag);
      const [source = '', ...others] = HOSTS;
      for (let n = 1; n <= BURST; n++) world.startVm(vmId(n), source);
      // An unknown host makes it read the engine once more.
      const { snapshotTime } = await scoring.client.getInventory(call());
      await until(
        async () => {
          await scoring.score(vmId(1000), { hosts: [hostId(99)] });
          return scoring.client.getInventory(call());
        },
        (now) => now.snapshotTime > snapshotTime && now.runningVms === 40,
      );
      const chosen = new Map<string, string>();
      for (let n = 1; n <= BURST; n++) chosen.set(vmId(n), await schedule(vmId(n), EVEN, others));
      expect(spread(chosen)).to.deep.equal(expected);
    });
  }
});
