import { expect } from 'chai';
import { setTimeout } from 'node:timers/promises';
import { inventorySection, type InventorySettings } from '../../src/config/sections.js';
import type { Snapshot } from '../../src/domain/snapshot.js';
import { createEngineClient, type EngineClient } from '../../src/inventory/engine-client.js';
import { createInventory, type EngineInventory } from '../../src/inventory/inventory.js';
import type { ObjectCounts } from '../../src/inventory/refresher.js';
import type { FaultsInput } from '../../src/simulator/faults.js';
import { generatedWorld } from '../../src/simulator/generated-world.js';
import { SIMULATOR_ACCOUNT, startSimulator, type Simulator } from '../../src/simulator/simulator.js';
import type { World } from '../../src/simulator/world.js';
import { until } from '../support/until.js';
import { createRecordedLog } from './recorded-log.js';
import { settingsOf } from './wire.js';

/** Fast, so that a test need not wait. */
const INTERVAL_MS = 20;

describe('following the events of the simulated engine', () => {
  let world: World;
  let simulator: Simulator;
  let client: EngineClient;
  let inventory: EngineInventory;
  let healed: ObjectCounts[];

  async function open(settings: Partial<InventorySettings> = {}): Promise<void> {
    const log = createRecordedLog();
    healed = [];
    world = generatedWorld({ hosts: 10, vms: 200, stoppedVms: 50, seed: 3 });
    simulator = await startSimulator({ world, log });
    client = createEngineClient({
      settings: settingsOf(simulator.url, {
        username: SIMULATOR_ACCOUNT.username,
        password: () => SIMULATOR_ACCOUNT.password,
        responseTimeout: 250,
      }),
      log,
    });
    inventory = createInventory({
      settings: { ...inventorySection.parse({}), eventInterval: INTERVAL_MS, ...settings },
      client,
      log,
      onHealed: (objects) => healed.push(objects),
    });
    inventory.start();
    await inventory.ready();
  }

  afterEach(async () => {
    await inventory.close();
    await client.close();
    await simulator.close();
  });

  const fullReadings = () => simulator.requests.count('/api/vms');
  const eventPolls = () => simulator.requests.count('/api/events');

  /** Host, status and hosts' statuses of everything that runs, as a snapshot or the world has them. */
  const shown = (vms: Iterable<{ id: string; hostId?: string | undefined; status?: string | undefined }>) =>
    [...vms]
      .filter(({ hostId }) => hostId !== undefined)
      .map(({ id, hostId, status }) => `${id} ${String(hostId)} ${String(status)}`)
      .sort();
  const statuses = (hosts: Iterable<{ id: string; status: string }>) =>
    [...hosts].map(({ id, status }) => `${id} ${status}`).sort();
  const isAsWorld = (snapshot: Snapshot) =>
    String([shown(snapshot.vms()), statuses(snapshot.hosts)]) ===
    String([shown(world.vms.values()), statuses(world.hosts.values())]);

  const nth = <Item>(items: Iterable<Item>, n: number): Item => {
    const all = [...items];
    return all[n % all.length] ?? expect.fail('nothing there');
  };
  const running = () => [...world.vms.values()].filter(({ status }) => status === 'up');

  const stopped = () => [...world.vms.values()].filter(({ status }) => status === 'down');
  const upHosts = () => [...world.hosts.values()].filter(({ status }) => status === 'up');

  /** Moves a running VM to another host. */
  function migrate(n: number): void {
    const { id, hostId } = nth(running(), n);
    world.migrateVm(
      id,
      nth(
        upHosts().filter((host) => host.id !== hostId),
        n,
      ).id,
    );
  }

  it('shows 60 changes of VMs and hosts, with no full reading but the first', async () => {
    await open();
    for (let n = 0; n < 10; n += 1) {
      migrate(7 * n);
      world.stopVm(nth(running(), 3 * n).id);
      world.startVm(nth(stopped(), n).id, nth(upHosts(), n).id);
      world.pauseVm(nth(running(), 5 * n).id);
      world.removeVm(nth(stopped(), n).id);
      world.addHost();
      await setTimeout(INTERVAL_MS);
    }
    world.setHostStatus(nth(upHosts(), 18).id, 'maintenance');
    world.removeHost(nth(upHosts(), 18).id);
    await until(inventory.current, isAsWorld);
    expect(fullReadings()).to.equal(1);
  });

  it('asks with one constant search text, never for a number of the events after an id, and reads objects by their path', async () => {
    await open();
    migrate(1);
    await until(inventory.current, isAsWorld);
    const asked = simulator.requests.latest().filter(({ path }) => path === '/api/events');
    const queries = asked.map(({ search }) => new URLSearchParams(search));
    expect(
      new Set(queries.filter((query) => query.has('from')).map((query) => query.get('search'))),
    ).to.have.property('size', 1);
    expect(queries.filter((query) => query.has('from') && query.has('max'))).to.deep.equal([]);
    expect([...simulator.requests.traffic().keys()]).to.include('/api/vms/ID');
  });

  it('heals with the next full reading what no event told of, and counts it', async () => {
    await open({ relistInterval: 300 });
    simulator.faults.set({ missingEvents: {} });
    migrate(1);
    migrate(2);
    await until(inventory.current, isAsWorld);
    await until(() => healed.some(({ vms }) => vms === 2), Boolean);
    expect(healed.reduce((sum, { hosts, vms }) => sum + hosts + vms, 0)).to.equal(2);
  });

  for (const [title, faults] of [
    ['that can be read late', { lateEvents: { ms: 300, every: 2 } }],
    ['with gaps in their ids', { idGaps: { ids: 1000 } }],
  ] as const satisfies readonly (readonly [string, FaultsInput])[]) {
    it(`follows events ${title} without a full reading`, async () => {
      await open();
      simulator.faults.set(faults);
      for (let n = 0; n < 6; n += 1) {
        migrate(11 * n);
        await setTimeout(INTERVAL_MS);
      }
      await until(inventory.current, isAsWorld);
      expect(fullReadings()).to.equal(1);
    });
  }

  it('reads everything when the ids jump back', async () => {
    await open();
    migrate(1);
    await until(inventory.current, isAsWorld);
    simulator.faults.set({ missingEvents: {} });
    migrate(2);
    world.events.restore(0);
    simulator.faults.clear();
    await until(inventory.current, isAsWorld);
    expect(fullReadings()).to.equal(2);
    migrate(3);
    await until(inventory.current, isAsWorld);
    expect(fullReadings()).to.equal(2);
  });

  for (const faults of [
    { cut: { path: '/api/events', afterBytes: 20, requests: 2 } },
    { cut: { path: '/api/events', how: 'end', afterBytes: 20, requests: 2 } },
    { hang: { path: '/api/events', requests: 2 } },
    { status: { path: '/api/events', code: 500, requests: 2 } },
    { body: { path: '/api/events', kind: 'html', requests: 1 } },
    { status: { path: '/api/vms/', code: 503, requests: 2 } },
  ] as const satisfies readonly FaultsInput[]) {
    it(`reads everything after ${JSON.stringify(faults)}, and follows events again`, async () => {
      await open();
      // No VM is read yet, which would take a share of the faults.
      await until(eventPolls, (polls) => polls > 2);
      simulator.faults.set(faults);
      migrate(2);
      await until(fullReadings, (readings) => readings > 1);
      await until(inventory.current, isAsWorld);
      await until(() => inventory.state().followsEvents, Boolean);
      const readings = fullReadings();
      migrate(3);
      await until(inventory.current, isAsWorld);
      expect(fullReadings()).to.equal(readings);
    });
  }

  it('reads everything in the interval of engines without events while they are refused, and follows them once they are not', async () => {
    await open({ refreshInterval: 200 });
    simulator.faults.set({ status: { path: '/api/events', code: 403 } });
    await until(
      () => inventory.state().followsEvents,
      (follows) => !follows,
    );
    migrate(1);
    await until(inventory.current, isAsWorld);
    expect(inventory.state()).to.include({ failures: 0, available: true });
    simulator.faults.clear();
    await until(() => inventory.state().followsEvents, Boolean);
    const [readings, polls] = [fullReadings(), eventPolls()];
    await until(eventPolls, (now) => now > polls + 20);
    expect(fullReadings()).to.equal(readings);
  });
});
