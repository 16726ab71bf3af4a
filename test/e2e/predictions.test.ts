import { expect } from 'chai';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { createBridge, type BridgeOptions } from '../../src/bridge/bridge.js';
import { balancingSection, bridgeSection, inventorySection } from '../../src/config/sections.js';
import { readCostAnswer } from '../../src/engine-model/read-answer.js';
import { createInventory, type EngineInventory } from '../../src/inventory/inventory.js';
import { FOLLOW_UP_TIMES, MAX_FOLLOWED } from '../../src/inventory/predictor.js';
import { PREDICTION_TTL_MS } from '../../src/inventory/reservations.js';
import { createScoringService } from '../../src/scoring/service.js';
import { units } from '../../src/scoring/units/index.js';
import { asRead } from '../bridge/stage.js';
import { createFakeTime, settle, type FakeTime } from '../inventory/fake-time.js';
import { vmId } from '../inventory/engine-world.js';
import {
  createGate,
  createScriptedClient,
  scriptedHost,
  scriptedVm,
  type ScriptedClient,
} from '../inventory/scripted-client.js';
import { memoryLog } from '../support/log.js';
import { hostId } from '../support/world.js';

const HOSTS = [1, 2, 3].map(hostId);
const FACTORS = new Map([['even_vm_distribution', 1]]);

describe('placements that are predicted', () => {
  let time: FakeTime;
  let client: ScriptedClient;
  let inventory: EngineInventory;
  let ends: string[];
  const opened: EngineInventory[] = [];

  async function openInventory(eventInterval: string): Promise<void> {
    inventory = createInventory({
      settings: inventorySection.parse({ eventInterval, refreshInterval: '1h', maxStaleness: '24h' }),
      client,
      log: memoryLog(),
      ...{ clock: time.clock, steady: time.clock, after: time.after, random: () => 0.5 },
      onPredictionEnd: (end) => void ends.push(end),
    });
    opened.push(inventory);
    inventory.start();
    await settle();
  }

  /** Starts with VM 1 on host 1 and VMs 2 to 9 stopped; the engine is listed now and in an hour. */
  beforeEach(async () => {
    time = createFakeTime();
    client = createScriptedClient();
    client.hosts = HOSTS.map((id, index) => scriptedHost({ id, name: `h${index + 1}` }));
    client.vms = [
      scriptedVm(1, { hostId: hostId(1) }),
      ...[2, 3, 4, 5, 6, 7, 8, 9].map((n) => scriptedVm(n, { hostId: undefined, status: 'down' })),
    ];
    ends = [];
    await openInventory('0s');
    client.calls.vm.length = 0;
  });
  afterEach(async () => {
    await Promise.all(opened.splice(0).map((one) => one.close()));
    await settle();
    expect(time.pending(), 'timers left behind').to.deep.equal([]);
  });

  /** The engine of the test moves or starts a VM. */
  function place(n: number, on: number): void {
    client.vms = client.vms.map((vm) =>
      vm.id === vmId(n) ? { ...vm, hostId: hostId(on), status: 'up' } : vm,
    );
  }

  const openService = () =>
    createScoringService({
      ...{ units, inventory, log: memoryLog(), clock: time.clock },
      balancing: balancingSection.parse({}),
    });

  function openBridge(
    settings: { readonly selector?: 'rank' | 'weight'; readonly rows?: 'summed' } = {},
    parts: Partial<BridgeOptions> = {},
  ) {
    return createBridge({
      settings: { ...bridgeSection.parse({}), ...settings },
      discoverBudgetMs: 1000,
      service: openService(),
      followCall: inventory.followCall,
      log: memoryLog(),
      metrics: {
        unitFailed: () => undefined,
        schedulingLockHeld: () => undefined,
        callRefused: () => undefined,
        bridgeRequestEnded: () => undefined,
        bridgeConnectionLost: () => undefined,
      },
      ...{ clock: time.clock, after: time.after },
      ...parts,
    });
  }

  /** Schedules a VM as the engine does, which gets the answer. Returns the numbers of VMs that the answer counted. */
  async function schedule(
    n: number,
    { dryRun = false, hosts = HOSTS, isSent = true, factors = FACTORS, bridge = openBridge() } = {},
  ): Promise<readonly number[]> {
    const params = [[...factors], hosts, vmId(n), null];
    const request = { signal: new AbortController().signal, receivedAt: time.clock.now(), dryRun };
    const { value, afterAnswer } = await bridge.dispatch('runCostFunctions', params, request);
    const whenFetched = afterAnswer?.();
    if (isSent) whenFetched?.();
    await settle();
    const { outcome } = readCostAnswer(asRead(value), { hostIds: hosts, units: [...factors.keys()] });
    return outcome?.costs.map(({ cost }) => cost) ?? [];
  }

  /** The numbers of VMs on each host, for a VM that nobody places. */
  const counts = () => schedule(9, { dryRun: true });

  const predicted = () =>
    inventory.reservations
      .list()
      .map(({ vm, hostName, predicted }) => [Number(vm.name.slice(2)), hostName, predicted]);

  it('count in the next call, each at the host that the engine takes: 1 0 0, 1 1 0, 1 1 1, 1 2 1 or 2 1 1', async () => {
    expect(await schedule(2)).to.deep.equal([1, 0, 0]);
    const [[, first]] = predicted() as [[number, string, boolean]];
    expect(await schedule(3)).to.deep.equal(first === 'h2' ? [1, 1, 0] : [1, 0, 1]);
    expect(await schedule(4)).to.deep.equal([1, 1, 1]);
    expect((await counts()).reduce((sum, count) => sum + count, 0)).to.equal(4);
    expect(predicted().map(([n, , isPredicted]) => [n, isPredicted])).to.deep.equal([
      [2, true],
      [3, true],
      [4, true],
    ]);
  });

  it('are those of the selector: ranks 0 + 1 < 2 + 0, costs 2 x 3 + 0 < 0 + 100', async () => {
    for (const n of [2, 3]) place(n, 1);
    await time.advance(3_600_000);
    const factors = new Map([
      ['even_vm_distribution', 2],
      ['ksm_same_os_score', 1],
    ]);
    for (const [settings, host] of [
      [{}, 'h2'],
      [{ selector: 'weight' }, 'h1'],
      [{ rows: 'summed' }, 'h1'],
    ] as const) {
      await schedule(4, { hosts: HOSTS.slice(0, 2), factors, bridge: openBridge(settings) });
      expect(predicted(), JSON.stringify(settings)).to.deep.equal([[4, host, true]]);
    }
  });

  it('are made of the one host that a filter leaves, and of none of several', async () => {
    const filter = async (maximum: string) => {
      const params = [['max_vms'], HOSTS.slice(0, 2), vmId(2), new Map([['maximum_vm_count', maximum]])];
      const request = {
        ...{ signal: new AbortController().signal, receivedAt: time.clock.now(), dryRun: false },
      };
      (await openBridge().dispatch('runFilters', params, request)).afterAnswer?.()?.();
      await settle();
      return predicted();
    };
    expect(await filter('2')).to.deep.equal([]);
    expect(await filter('1')).to.deep.equal([[2, 'h2', true]]);
    expect(await filter('2'), 'the next call drops it').to.deep.equal([]);
  });

  it('are not made by a dry run, nor when the answer was not sent', async () => {
    await schedule(2, { dryRun: true });
    await schedule(2, { isSent: false });
    expect(predicted()).to.deep.equal([]);
    expect(client.calls.vm).to.deep.equal([vmId(2)]);
  });

  it(`are looked up at ${FOLLOW_UP_TIMES.join(', ')} ms, and no more`, async () => {
    await schedule(2);
    client.calls.vm.length = 0;
    const looked: number[] = [];
    for (let at = 100; at <= 10_000; at += 100) {
      await time.advance(100);
      for (const id of client.calls.vm.splice(0)) {
        expect(id).to.equal(vmId(2));
        looked.push(at);
      }
    }
    expect(looked).to.deep.equal(FOLLOW_UP_TIMES);
  });

  it('end when a look-up shows the VM there, which is looked up no more and goes on counting until a listing has it', async () => {
    await schedule(2, { hosts: HOSTS.slice(0, 2) });
    place(2, 2);
    await time.advance(500);
    expect(ends).to.deep.equal(['right']);
    client.calls.vm.length = 0;
    await time.advance(10_000);
    expect(client.calls.vm).to.deep.equal([]);
    expect(await counts()).to.deep.equal([1, 1, 0]);
    await time.advance(3_600_000);
    expect(predicted()).to.deep.equal([]);
    expect(await counts()).to.deep.equal([1, 1, 0]);
  });

  it('end with the snapshot that a look-up brought about, also when the event was missed', async () => {
    await openInventory('1s');
    await schedule(2, { hosts: HOSTS.slice(0, 2) });
    place(2, 2);
    await time.advance(500);
    expect(predicted()).to.have.length(1);
    await time.advance(1500);
    expect(predicted()).to.deep.equal([]);
    expect(inventory.current().vm(vmId(2))?.hostId).to.equal(hostId(2));
    expect(await counts()).to.deep.equal([1, 1, 0]);
  });

  it('count where a look-up shows the VM when they were wrong, and are counted as wrong', async () => {
    await schedule(2, { hosts: HOSTS.slice(0, 2) });
    place(2, 3);
    expect(await counts()).to.deep.equal([1, 1, 0]);
    await time.advance(500);
    expect(await counts()).to.deep.equal([1, 0, 1]);
    expect(ends).to.deep.equal(['wrong']);
  });

  it('of a migration count at the target, and last while the VM is where it was', async () => {
    await schedule(1, { hosts: [hostId(2)] });
    expect(await counts()).to.deep.equal([0, 1, 0]);
    await time.advance(2000);
    expect(await counts()).to.deep.equal([0, 1, 0]);
    place(1, 2);
    await time.advance(3000);
    expect(ends).to.deep.equal(['right']);
    expect(await counts()).to.deep.equal([0, 1, 0]);
  });

  it('of a VM that is scheduled again after a failed start are dropped: it counts where it goes next, and once', async () => {
    await schedule(2, { hosts: HOSTS.slice(0, 2) });
    expect(await counts()).to.deep.equal([1, 1, 0]);
    expect(await schedule(2, { hosts: [hostId(1), hostId(3)] }), 'not its own').to.deep.equal([1, 0]);
    expect(ends).to.deep.equal(['dropped']);
    expect(await counts()).to.deep.equal([1, 0, 1]);
  });

  it('are looked up no more once the next call for the VM has come', async () => {
    await schedule(2);
    await schedule(2, { isSent: false });
    client.calls.vm.length = 0;
    await time.advance(10_000);
    expect(client.calls.vm).to.deep.equal([]);
  });

  it('of a VM that migrates right after its start begin where a look-up saw it', async () => {
    await schedule(2, { hosts: HOSTS.slice(0, 2) });
    place(2, 2);
    await time.advance(500);
    await schedule(2, { hosts: [hostId(3)] });
    expect(await counts()).to.deep.equal([1, 0, 1]);
    await time.advance(500);
    expect(ends, 'host 2 is where it was').to.deep.equal(['right']);
    place(2, 3);
    await time.advance(500);
    expect(ends).to.deep.equal(['right', 'right']);
  });

  for (const [status, last] of [
    ['down', FOLLOW_UP_TIMES.at(-1) ?? 0],
    ['suspended', FOLLOW_UP_TIMES.at(-1) ?? 0],
    ['image_locked', PREDICTION_TTL_MS],
    ['wait_for_launch', PREDICTION_TTL_MS],
  ] as const) {
    it(`end unseen after ${last} ms when the VM is ${status} and on no host`, async () => {
      client.vms = client.vms.map((vm) => (vm.id === vmId(2) ? { ...vm, status } : vm));
      await schedule(2, { hosts: HOSTS.slice(0, 2) });
      await time.advance(last - 1);
      expect(await counts()).to.deep.equal([1, 1, 0]);
      await time.advance(1);
      expect(await counts()).to.deep.equal([1, 0, 0]);
      expect(ends).to.deep.equal(['unseen']);
    });
  }

  it('hold nothing of a call but ids until its answer is fetched', async () => {
    setFlagsFromString('--expose-gc');
    const asked: WeakRef<object>[] = [];
    const service = openService();
    const bridge = openBridge(
      {},
      {
        service: {
          ...service,
          scoreHosts(request, call) {
            asked.push(new WeakRef(request.properties));
            return service.scoreHosts(request, call);
          },
        },
      },
    );
    const send = async () => {
      const params = [[...FACTORS], HOSTS.slice(0, 2), vmId(2), null];
      const request = { signal: new AbortController().signal, receivedAt: time.clock.now(), dryRun: false };
      return (await bridge.dispatch('runCostFunctions', params, request)).afterAnswer?.();
    };
    const whenFetched = await send();
    await settle();
    runInNewContext('gc()');
    expect(asked.map((ref) => ref.deref())).to.deep.equal([undefined]);
    whenFetched?.();
    await settle();
    expect(predicted()).to.deep.equal([[2, 'h2', true]]);
  });

  it('are no reason for a call to fail: the answer is the same, and the log has the stack', async () => {
    const log = memoryLog();
    const followers: readonly BridgeOptions['followCall'][] = [
      () => {
        throw new Error('no memory left');
      },
      () => () => {
        throw new Error('no memory left');
      },
    ];
    for (const followCall of followers)
      expect(await schedule(2, { bridge: openBridge({}, { log, followCall }) })).to.deep.equal([1, 0, 0]);
    const failed = log.lines.filter(({ event }) => event === 'prediction failed');
    expect(failed.map(({ fields }) => String(fields['stack']).split('\n')[0])).to.deep.equal(
      followers.map(() => 'Error: no memory left'),
    );
  });

  it('are dropped when they are switched off, those of calls under way and look-ups too', async () => {
    await schedule(2, { hosts: HOSTS.slice(0, 2) });
    const bridge = openBridge();
    const params = [[...FACTORS], HOSTS.slice(0, 2), vmId(3), null];
    const request = { signal: new AbortController().signal, receivedAt: time.clock.now(), dryRun: false };
    const whenFetched = (await bridge.dispatch('runCostFunctions', params, request)).afterAnswer?.();
    bridge.configure({
      settings: { ...bridgeSection.parse({}), predictions: false },
      discoverBudgetMs: 1000,
    });
    inventory.dropPredictions();
    whenFetched?.();
    await settle();
    client.calls.vm.length = 0;
    await time.advance(10_000);
    expect([predicted(), ends, client.calls.vm]).to.deep.equal([[], ['dropped'], []]);
  });

  it('end when the engine has the VM no more', async () => {
    await schedule(2);
    client.vms = client.vms.filter(({ id }) => id !== vmId(2));
    await time.advance(500);
    expect(predicted()).to.deep.equal([]);
  });

  it('outlast look-ups that fail', async () => {
    await schedule(2, { hosts: HOSTS.slice(0, 2) });
    client.before = () => Promise.reject(new Error('the engine is down'));
    await time.advance(500);
    expect(predicted()).to.have.length(1);
    client.before = () => Promise.resolve();
    place(2, 2);
    await time.advance(500);
    expect(ends).to.deep.equal(['right']);
  });

  it('end with a listing that begins after the call, and with none that began before', async () => {
    const gate = createGate();
    client.before = (method, signal) => (method === 'vm' ? Promise.resolve() : gate.pass(signal));
    await time.advance(3_600_000);
    await schedule(2, { hosts: HOSTS.slice(0, 2) });
    const stopped = client.vms;
    place(2, 2);
    client.before = () => Promise.resolve();
    const started = client.vms;
    client.vms = stopped;
    gate.open();
    await settle();
    expect(predicted()).to.have.length(1);
    client.vms = started;
    await time.advance(3_600_000);
    expect(predicted()).to.deep.equal([]);
    expect(await counts()).to.deep.equal([1, 1, 0]);
  });

  it(`are made for ${MAX_FOLLOWED} VMs that are followed at a time, and no more`, async () => {
    client.vms = Array.from({ length: MAX_FOLLOWED + 1 }, (_, n) =>
      scriptedVm(n, { hostId: undefined, status: 'down' }),
    );
    const bridge = openBridge();
    for (let n = 0; n <= MAX_FOLLOWED; n++) await schedule(n, { bridge });
    expect(predicted()).to.have.length(MAX_FOLLOWED);
  }).timeout(10_000);
});
