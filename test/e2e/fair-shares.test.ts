import { expect } from 'chai';
import { callXmlRpc } from '../../src/bridge/client.js';
import { createWorld } from '../../src/simulator/world.js';
import { plain } from '../bridge/stage.js';
import { startScoring, type Scoring } from '../support/scoring.js';
import { until } from '../support/until.js';
import { hostId, vmId } from '../support/world.js';

describe('an engine beside gateways', () => {
  let scoring: Scoring;
  let bridgeUrl: string;
  afterEach(() => scoring.close());

  async function start(): Promise<void> {
    const stopped = Array.from({ length: 3 }, (_, nth) => ({ id: vmId(100 + nth) }));
    const world = createWorld({
      hosts: [{ id: hostId(1) }],
      vms: [{ id: vmId(1), hostId: hostId(1) }, ...stopped],
    });
    scoring = await startScoring(world, { args: ['--inventory-refresh-interval', '1m'] });
    const [, address = ''] = await scoring.program.written('stderr', /bridge listening address=(\S+)/);
    bridgeUrl = `http://${address}/`;
  }

  /** Asks as an engine does, with the default budget. */
  async function costs(vm: string, hosts: readonly string[]): Promise<unknown> {
    const limits = { url: bridgeUrl, timeoutMs: 5_000, signal: new AbortController().signal };
    const units = [['even_vm_distribution', 1]];
    const answer = await callXmlRpc(limits, 'runCostFunctions', [units, hosts, vm, new Map()]);
    return plain(answer);
  }

  it('gets its VM starts scored while 100 gateways make up ids of VMs', async () => {
    await start();
    scoring.simulator.faults.set({ latency: { path: '/api/vms/', ms: 150 } });
    const flood = { over: false };
    let nth = 1_000;
    const gateway = async () => {
      while (!flood.over) await scoring.score(vmId((nth += 1))).catch(() => undefined);
    };
    const gateways = Array.from({ length: 100 }, gateway);
    const asked = () => scoring.simulator.requests.latest().length;
    await until(asked, (requests) => requests > 20);
    const answers: unknown[] = [];
    for (let start = 0; start < 3; start += 1) answers.push(await costs(vmId(100 + start), [hostId(1)]));
    flood.over = true;
    scoring.simulator.faults.clear();
    await Promise.all(gateways);
    for (const answer of answers) expect(answer).to.deep.include({ plugin_errors: {}, errors: [] });
  });
});
