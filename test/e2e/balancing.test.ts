import { expect } from 'chai';
import type { BalanceHostsRequest } from '../../src/domain/contract.js';
import { createWorld, type World } from '../../src/simulator/world.js';
import { call } from '../support/call.js';
import { byHost, startScoring, type Scoring } from '../support/scoring.js';
import { until } from '../support/until.js';

const GIB = 2 ** 30;
const hostId = (n: number) => `a0000000-0000-4000-8000-${String(n).padStart(12, '0')}`;
const vmId = (n: number) => `b0000000-0000-4000-8000-${String(n).padStart(12, '0')}`;

/**
 * Host 1 has 5 VMs and 1 % of its 64 GiB free, host 2 has 2 VMs, host 3 none and is up, host 4 does not respond and, as an
 * engine has it, has all of its memory free. VM 1 is the smallest and pinned, VM 2 paused.
 */
function crowded(): World {
  const world = createWorld();
  for (const n of [1, 2, 3, 4]) {
    world.addHost({ id: hostId(n), memory: 64 * GIB, ...(n === 4 ? { status: 'non_responsive' } : {}) });
  }
  const add = (n: number, on: number, gib: number, more = {}) =>
    world.addVm({ id: vmId(n), hostId: hostId(on), memory: gib * GIB, ...more });
  add(1, 1, 1, { affinity: 'pinned' });
  add(2, 1, 2, { status: 'paused' });
  add(3, 1, 10);
  add(4, 1, 4);
  add(5, 1, 46.5);
  add(6, 2, 16);
  add(7, 2, 16);
  return world;
}

describe('balancing over a pretend engine', () => {
  let world: World;
  let scoring: Scoring;
  before(async () => {
    world = crowded();
    scoring = await startScoring(world, { args: ['--inventory-refresh-interval', '100ms'] });
  });
  after(() => scoring.close());

  const all = [1, 2, 3, 4].map(hostId);
  const ask = (unit: string, properties: Readonly<Record<string, string>>) => {
    const request: BalanceHostsRequest = {
      unit,
      hostIds: all,
      properties: new Map(Object.entries(properties)),
    };
    return scoring.client.balanceHosts(request, call());
  };

  it('filters by number of VMs: fewer than 5, fewer than 2', async () => {
    for (const [maximum, accepted] of [
      ['5', [2, 3, 4]],
      ['2', [3, 4]],
    ] as const) {
      const { hostIds } = await scoring.client.filterHosts(
        {
          vmId: vmId(1),
          hosts: all,
          units: ['max_vms'],
          properties: new Map([['maximum_vm_count', maximum]]),
        },
        call(),
      );
      expect(hostIds).to.deep.equal(accepted.map(hostId));
    }
  });

  it('scores by number of VMs: 100 x (5 - 2) / 5 = 60', async () => {
    const units = [{ name: 'even_vm_distribution', weight: 1 }];
    expect(byHost(await scoring.score(vmId(1), { hosts: all, units }))).to.deep.equal({
      [hostId(1)]: 0,
      [hostId(2)]: 60,
      [hostId(3)]: 100,
      [hostId(4)]: 100,
    });
  });

  it('leaves 64 GiB x 1 % = 655 MiB alone where 655 are asked for', async () => {
    expect(await ask('host_memory_balance', { minimum_host_memoryMB: '655' })).not.to.have.property(
      'migration',
    );
  });

  it('moves the smallest VM that frees the shortfall: 10,240 - 655 MiB is short, VM 3 of 10,240 MiB frees it', async () => {
    // Of 64 GiB host 2 has 50 % in use, host 3 1 %: room for 32,768 - 10,240 - 656 and for 64,880 - 10,240 - 656 MiB.
    const { migration } = await ask('host_memory_balance', {
      minimum_host_memoryMB: '10240',
      safe_selection: 'False',
    });
    expect(migration).to.deep.equal({ vmId: vmId(3), candidateHostIds: [hostId(3), hostId(2)] });
  });

  it('then moves another VM for the number of VMs: VM 3 is on its way, 5 - 1 = 4 of 4', async () => {
    // Host 2 may get VM 3: 2 + 1 + 1 is the limit. Host 3 as well: 0 + 1 + 1 is below.
    const { migration } = await ask('vm_balance', { maximum_vm_count: '4' });
    expect(migration).to.deep.equal({ vmId: vmId(4), candidateHostIds: [hostId(3)] });
  });

  it('does nothing while both are on their way, nor when they have arrived', async () => {
    expect(await ask('vm_balance', { maximum_vm_count: '4' })).not.to.have.property('migration');
    world.migrateVm(vmId(3), hostId(3));
    world.migrateVm(vmId(4), hostId(3));
    const units = [{ name: 'even_vm_distribution', weight: 1 }];
    const scores = () => scoring.score(vmId(1), { hosts: all, units }).then(byHost);
    // They have 3, 2, 2, and no VMs now: 100 x (3 - 2) / 3 = 33.
    await until(scores, (now) => now[hostId(3)] === 33);
    expect(await ask('vm_balance', { maximum_vm_count: '4' })).not.to.have.property('migration');
    expect(await ask('host_memory_balance', {})).not.to.have.property('migration');
  });

  it('fails with the property, the value and the pattern', async () => {
    const answer = ask('vm_balance', { maximum_vm_count: 'few' }).catch((error: unknown) => error);
    expect(await answer)
      .to.be.an('error')
      .with.property('code', 'INVALID_ARGUMENT');
    expect(String(await answer)).to.include(
      'property maximum_vm_count: got "few", expected a value that matches',
    );
  });
});
