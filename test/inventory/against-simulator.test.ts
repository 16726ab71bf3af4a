import { readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import { randomUUID } from 'node:crypto';
import { inventorySection } from '../../src/config/sections.js';
import type { Call } from '../../src/domain/contract.js';
import { createEngineClient, type EngineClient } from '../../src/inventory/engine-client.js';
import { IDLE_TIMEOUT } from '../../src/inventory/engine-http.js';
import { createInventory, type EngineInventory } from '../../src/inventory/inventory.js';
import type { FaultsInput } from '../../src/simulator/faults.js';
import { generatedWorld } from '../../src/simulator/generated-world.js';
import { recordedWorld } from '../../src/simulator/recorded-world.js';
import { SIMULATOR_ACCOUNT, startSimulator, type Simulator } from '../../src/simulator/simulator.js';
import { createWorld, type World } from '../../src/simulator/world.js';
import { nodeAfter } from '../../src/lib/timers.js';
import { until } from '../support/until.js';
import { createRecordedLog } from './recorded-log.js';
import { hastily, settingsOf } from './wire.js';

const DAY = 86_400_000;
const RECORDED = fileURLToPath(new URL('../fixtures/recorded', import.meta.url));

/** How an inventory is opened, otherwise than by default. */
interface Opening {
  readonly auth?: 'oauth' | 'basic';
  readonly suffix?: string;
  /** Time of silence, before or within an answer, after which the engine is given up, in ms. */
  readonly patience?: number;
}

/** Gives an engine that is silent on purpose up soon; any other has long enough on the busiest machine. */
const patienceWith = ({ hang, cut }: FaultsInput): Opening =>
  hang !== undefined || cut !== undefined ? { patience: 500 } : {};

describe('createInventory against the simulated engine', () => {
  let simulator: Simulator;
  let client: EngineClient;
  let inventory: EngineInventory;
  let log: ReturnType<typeof createRecordedLog>;
  let told: boolean[];

  /** Opens both with pauses and ages that pass a hundred times as fast. */
  async function open(
    world: World,
    { auth = 'oauth', suffix = '', patience = 10_000 }: Opening = {},
  ): Promise<void> {
    log = createRecordedLog();
    told = [];
    simulator = await startSimulator({ world, log });
    client = createEngineClient({
      settings: settingsOf(simulator.url + suffix, {
        auth,
        responseTimeout: patience,
        username: SIMULATOR_ACCOUNT.username,
        password: () => SIMULATOR_ACCOUNT.password,
      }),
      after: (ms, run) => (ms === IDLE_TIMEOUT ? nodeAfter(patience, run) : hastily(ms, run)),
      log,
    });
    inventory = createInventory({
      settings: {
        ...inventorySection.parse({}),
        eventInterval: 0,
        refreshInterval: DAY / 2,
        maxStaleness: DAY,
        lookupTimeout: DAY / 24,
      },
      client,
      log,
      steady: { now: () => performance.now() * 100 },
      after: hastily,
      onAvailability: (available) => void told.push(available),
    });
    inventory.start();
    await inventory.ready();
  }

  afterEach(async () => {
    await inventory.close();
    await client.close();
    await simulator.close();
  });

  const call = (): Call => ({
    requestId: 'r',
    deadline: Infinity,
    signal: new AbortController().signal,
    forEngine: true,
  });

  const hostReadings = () =>
    simulator.requests.count('/api/hosts') + simulator.requests.count('/api/v4/hosts');

  /** Reads again until the engine has really been asked: right after a reading the inventory rests. */
  async function readAgain(): Promise<ReturnType<EngineInventory['current']>> {
    const before = hostReadings();
    for (;;) {
      const { snapshot } = await inventory.refreshed([randomUUID()], call());
      if (hostReadings() > before) return snapshot;
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  }

  /** What a snapshot should show of a world. */
  function shown(world: World): Record<string, string[]> {
    const running = [...world.vms.values()].filter(({ hostId }) => hostId !== undefined);
    return Object.fromEntries(
      [...world.hosts.values()].map(({ id }) => [
        id,
        running.flatMap((vm) => (vm.hostId === id ? [`${vm.id} ${vm.osType}`] : [])).sort(),
      ]),
    );
  }

  function seen(snapshot: ReturnType<EngineInventory['current']>): Record<string, string[]> {
    return Object.fromEntries(
      snapshot.hosts.map(({ id, vms }) => [
        id,
        vms.map((vm) => `${vm.id} ${vm.os.configured.type ?? ''}`).sort(),
      ]),
    );
  }

  for (const auth of ['oauth', 'basic'] as const) {
    it(`reads a world of 20 hosts and 500 VMs with ${auth}, in one request a listing`, async () => {
      const world = generatedWorld({ hosts: 20, vms: 500, stoppedVms: 50, seed: 7 });
      await open(world, { auth });
      expect(seen(inventory.current())).to.deep.equal(shown(world));
      expect(inventory.state()).to.include({ hosts: 20, vms: 450, skipped: 0 });
      expect(hostReadings()).to.equal(1);
      expect(simulator.requests.count('/api/vms')).to.equal(1);
    });
  }

  for (const folder of readdirSync(RECORDED, { withFileTypes: true }).filter((entry) =>
    entry.isDirectory(),
  )) {
    it(`reads what a real engine answered: ${folder.name}`, async () => {
      const world = recordedWorld(`${RECORDED}/${folder.name}`);
      await open(world);
      expect(seen(inventory.current())).to.deep.equal(shown(world));
      expect(inventory.state().skipped).to.equal(0);
    });
  }

  it('reads the memory of hosts and VMs, and which VMs may migrate', async () => {
    const GIB = 2 ** 30;
    const hosts = [
      { name: 'alpha', memory: 100 * GIB },
      { name: 'beta', memory: 64 * GIB, status: 'non_responsive' },
      { name: 'gamma', memory: 0 },
      { name: 'delta', memory: 50 * GIB },
    ];
    const world = createWorld({ hosts });
    const idOf = (wanted: string) => world.hostsByName().find(({ name }) => name === wanted)?.id;
    world.addVm({ name: 'a', hostId: idOf('alpha'), memory: 10.5 * GIB });
    world.addVm({ name: 'b', hostId: idOf('alpha'), memory: 15 * GIB, affinity: 'pinned', status: 'paused' });
    await open(world);
    const snapshot = inventory.current();
    // 25.5 of 100 GiB are in use, that is 25 %; of what is not up the engine knows no use, and delta is up: 1 % at least.
    expect(Object.fromEntries(snapshot.hosts.map(({ name, memory }) => [name, memory]))).to.deep.equal({
      alpha: { totalMiB: 102_400, freeMiB: 76_800, schedulableMiB: 76_288 },
      beta: { totalMiB: 65_536, freeMiB: undefined, schedulableMiB: 65_536 },
      gamma: { totalMiB: undefined, freeMiB: undefined, schedulableMiB: undefined },
      delta: { totalMiB: 51_200, freeMiB: 50_688, schedulableMiB: 51_200 },
    });
    expect(
      snapshot.host(idOf('alpha') ?? '')?.vms.map((vm) => [vm.name, vm.status, vm.memoryMiB, vm.migratable]),
    ).to.deep.equal([
      ['a', 'up', 10_752, true],
      ['b', 'paused', 15_360, false],
    ]);
  });

  it('follows a VM that stops, with the last report of its guest agent, and one that is new', async () => {
    const world = generatedWorld({ hosts: 3, vms: 200, seed: 3 });
    await open(world);
    const before = [...world.vms.values()]
      .map(({ id }) => inventory.current().vm(id))
      .find((vm) => vm !== undefined && vm.os.guest.type !== vm.os.family.type);
    if (before === undefined) throw new Error('this world has no VM with a guest agent');
    world.stopVm(before.id);
    const host = world.addHost();
    expect((await readAgain()).host(host.id)?.vms).to.deep.equal([]);
    expect(inventory.current().vm(before.id)).to.equal(undefined);
    const stopped = await inventory.findVm(before.id, call());
    expect(stopped).to.deep.equal({ ...before, hostId: undefined, status: 'down' });
    world.removeVm(before.id);
    // What was found is remembered for 10 s.
    while ((await inventory.findVm(before.id, call())) !== undefined)
      await new Promise((resolve) => setTimeout(resolve, 5));
  });

  const small = () => generatedWorld({ hosts: 3, vms: 20, seed: 1 });

  const passing: readonly FaultsInput[] = [
    { status: { code: 503, path: '/api', requests: 1 } },
    { reset: { path: '/api', requests: 1 } },
    { hang: { path: '/api/vms', requests: 1 } },
    { cut: { path: '/api/vms', how: 'close', requests: 1 } },
    { cut: { path: '/api/vms', how: 'end', requests: 1 } },
    { cut: { path: '/api/vms', how: 'stall', requests: 1 } },
    { body: { kind: 'invalid_json', path: '/api/vms', requests: 1 } },
    { expiredTokens: { requests: 1 } },
    { latency: { ms: 30 } },
    { drip: { bytes: 2_000, everyMs: 1, path: '/api/vms' } },
    { oddVms: { set: { host: 5 }, count: 2 } },
  ];
  for (const faults of passing) {
    it(`gets over ${JSON.stringify(faults)} within one reading`, async () => {
      await open(small(), patienceWith(faults));
      simulator.faults.set(faults);
      await readAgain();
      expect(inventory.state()).to.include({ available: true, failures: 0, hosts: 3 });
      expect(inventory.state().vms + inventory.state().skipped).to.equal(20);
    });
  }

  const lasting: readonly (readonly [FaultsInput, RegExp])[] = [
    [{ status: { code: 503, path: '/api' } }, /answered 503/],
    [{ status: { code: 403, path: '/api' } }, /administrator role/],
    [{ reset: { path: '/api' } }, /ended the connection \(ECONNRESET\); does it want https/],
    [{ hang: { path: '/api/hosts' } }, /phase response/],
    [{ cut: { path: '/api/vms', how: 'stall' } }, /phase idle|phase response/],
    [
      { redirect: { location: 'https://elsewhere.example.com/x' } },
      /points to https:\/\/elsewhere\.example\.com\/x/,
    ],
    [{ body: { kind: 'html', path: '/api' } }, /instead of JSON/],
    [{ body: { kind: 'invalid_json', path: '/api' } }, /malformed|cut/],
    [{ body: { kind: 'empty_object', path: '/api/hosts' } }, /lists no hosts/],
    [{ oldSearch: {} }, /the hosts say that \d+ VMs run, and the engine lists none/],
    [{ expiredTokens: {} }, /refuses a token that it has just given/],
    [{ oddHosts: { remove: ['id'], count: 3 } }, /none of the 3 hosts .* can be understood: host ".*": id: /],
    [{ oddVms: { set: { host: 7 }, count: 20 } }, /none of the 20 VMs/],
  ];
  for (const [faults, message] of lasting) {
    it(`keeps the last snapshot through ${JSON.stringify(faults)}, says why, and comes back by itself`, async () => {
      await open(small(), patienceWith(faults));
      const before = inventory.current();
      simulator.faults.set(faults);
      expect(await readAgain()).to.equal(before);
      const failed = await until(
        () => log.lines.filter(({ event }) => event === 'engine refresh failed'),
        ({ length }) => length > 0,
      );
      expect(failed[0]?.fields['reason']).to.match(message);
      expect(inventory.current()).to.equal(before);
      simulator.faults.clear();
      while (inventory.state().failures > 0) await new Promise((resolve) => setTimeout(resolve, 5));
      expect(inventory.current()).not.to.equal(before);
      expect(told).to.deep.equal([true]);
    });
  }

  for (const suffix of ['', '/api', '/api/v4']) {
    it(`reads an engine whose default API is version 3, at .../ovirt-engine${suffix}`, async () => {
      await open(small(), { suffix });
      const before = inventory.current();
      simulator.faults.set({ apiVersion3: {} });
      const after = await readAgain();
      expect(after).not.to.equal(before);
      expect(inventory.state()).to.include({ failures: 0, hosts: before.hosts.length, skipped: 0 });
    });
  }

  it('counts a VM of which the engine says no more than its id and its host', async () => {
    const world = createWorld({ hosts: [{}], vms: [] });
    const [host] = world.hostsByName();
    const { id } = world.addVm({ hostId: host?.id });
    await open(world);
    const described = [
      'name',
      'status',
      'cluster',
      'os',
      'memory',
      'placement_policy',
      'guest_operating_system',
    ];
    simulator.faults.set({ oddVms: { remove: described } });
    const snapshot = await readAgain();
    expect(snapshot.host(host?.id ?? '')?.vms.map((vm) => [vm.id, vm.name])).to.deep.equal([[id, id]]);
    expect(inventory.state()).to.include({ failures: 0, vms: 1, skipped: 0 });
  });

  it('leaves no session behind, and shows the password nowhere', async () => {
    await open(small());
    expect(simulator.sessions.size()).to.equal(1);
    await inventory.close();
    await client.close();
    expect(simulator.sessions.size()).to.equal(0);
    expect(JSON.stringify(log.lines)).not.to.include(`"${SIMULATOR_ACCOUNT.password}"`);
  });
});
