import { expect } from 'chai';
import { setTimeout } from 'node:timers/promises';
import { createRpcClient } from '../../src/rpc/client.js';
import { generatedWorld } from '../../src/simulator/generated-world.js';
import { SIMULATOR_ACCOUNT, startSimulator, type Simulator } from '../../src/simulator/simulator.js';
import { call } from '../support/call.js';
import { memoryLog } from '../support/log.js';
import { startProcess, type RunningProcess } from '../support/process.js';
import { FREE_PORTS } from '../support/scoring.js';
import { until } from '../support/until.js';

const [HOSTS, VMS] = [100, 3000];

/** Patience of the caller, in ms. */
const TIMEOUT_MS = 2000;

const EVEN = [{ name: 'even_vm_distribution', weight: 1 }];

describe('replicas under load', function () {
  this.timeout(120_000);

  let simulator: Simulator;
  const processes: RunningProcess[] = [];
  const closers: (() => unknown)[] = [];
  const world = generatedWorld({ hosts: HOSTS, vms: VMS, seed: 7 });
  const [vmId = '', stopping = ''] = world
    .vmsByName()
    .filter(({ hostId }) => hostId !== undefined)
    .map(({ id }) => id);

  before(async () => {
    simulator = await startSimulator({ world, log: memoryLog() });
  });
  after(async () => {
    for (const close of closers) await close();
    for (const { child } of processes) child.kill('SIGKILL');
    await Promise.all(processes.map(({ ended }) => ended));
    await simulator.close();
  });

  /** Starts `serve` at a free port, or at one that was taken before; resolves when it is ready. */
  async function serve(args: readonly string[], address = '127.0.0.1:0') {
    const started = startProcess(
      ['serve', ...FREE_PORTS, '--server-listen', address, '--state-dir', '/dev/null/none', ...args],
      { HOSTSCORE_ENGINE_PASSWORD: SIMULATOR_ACCOUNT.password },
    );
    processes.push(started);
    const [, ops = ''] = await started.written('stderr', /ops server listening address=(\S+)\n/);
    const [, taken = ''] = await started.written('stderr', /grpc server listening address=(\S+) /);
    await started.written('stdout', /^Scores hosts at /m);
    return { ...started, ops, address: taken };
  }

  const engine = () => ['--engine-url', simulator.url, '--engine-username', SIMULATOR_ACCOUNT.username];

  /** Calls a service again and again. */
  function callOn(target: string) {
    const client = createRpcClient({ target });
    const tally = { answers: 0, failures: [] as string[] };
    let isOver = false;
    const loop = async () => {
      const request = { vmId, hosts: 'ALL_UP' as const, units: EVEN, properties: new Map<string, string>() };
      while (!isOver) {
        await client
          .scoreHosts(
            { ...request, assumedPlacements: [], explain: false },
            call({ deadline: Date.now() + TIMEOUT_MS }),
          )
          .then(({ scores }) => {
            expect(scores).to.have.length.above(0);
            tally.answers += 1;
          })
          .catch((error: unknown) => tally.failures.push(String(error)));
        await setTimeout(2);
      }
    };
    const loops = [loop(), loop()];
    closers.push(async () => {
      isOver = true;
      await Promise.all(loops);
      client.close();
    });
    const more = async (count: number) => {
      const calls = () => tally.answers + tally.failures.length;
      const end = calls() + count;
      await until(calls, (now) => now >= end);
    };
    return { client, tally, more };
  }

  it('answer each call while their reader is killed and away, and take over everything from the next one', async () => {
    const first = await serve(engine());
    const here = await serve(['--inventory-from', first.address]);
    const { client, tally, more } = callOn(here.address);
    await more(100);
    const { runningVms } = await client.getInventory(call());
    first.child.kill('SIGKILL');
    await first.ended;
    await here.written('stderr', /inventory watch ended /);
    await more(500);
    world.stopVm(stopping);
    const next = await serve(engine(), first.address);
    await until(
      () => client.getInventory(call()),
      (now) => now.runningVms === runningVms - 1,
    );
    expect(await (await fetch(`http://${here.ops}/metrics`)).text()).to.include(
      'hostscore_replica_follows_total{began="whole"} 2\n',
    );
    const joined = await serve(['--inventory-from', next.address]);
    const other = callOn(joined.address);
    await Promise.all([more(200), other.more(200)]);
    expect((await other.client.getInventory(call())).runningVms).to.equal(runningVms - 1);
    expect(tally.failures).to.deep.equal([]);
    expect(other.tally.failures).to.deep.equal([]);
  });
});
