import { expect } from 'chai';
import { createWorld } from '../../src/simulator/world.js';
import { call } from '../support/call.js';
import { startScoring, type Scoring } from '../support/scoring.js';
import { until } from '../support/until.js';
import { hostId, vmId } from '../support/world.js';

const [H1, H2, H3] = [hostId(1), hostId(2), hostId(3)];

/** Events are asked for twenty times a second. */
const RESTLESS = ['--inventory-event-interval', '50ms'];

describe('the outcome of a decision', function () {
  this.timeout(20_000);

  let scoring: Scoring;
  const world = createWorld({
    hosts: [1, 2, 3].map((n) => ({ id: hostId(n), name: `host-${n}` })),
    vms: [
      { id: vmId(1), name: 'one', osType: 'rhel_9x64', status: 'up', hostId: H1 },
      { id: vmId(2), name: 'two', osType: 'rhel_9x64', status: 'up', hostId: H2 },
      { id: vmId(3), name: 'three', osType: 'windows_2022', status: 'up', hostId: H2 },
      { id: vmId(4), name: 'starts', osType: 'rhel_9x64', status: 'down' },
    ],
  });

  before(async () => {
    scoring = await startScoring(world, { args: RESTLESS });
  });
  after(() => scoring.close());

  it('says that the VM started on our second host, 2 x 50 points behind the best, and so do the metrics', async () => {
    const { client, score, opsUrl } = scoring;
    const request = { hosts: [H1, H2, H3], units: [{ name: 'ksm_same_os_score', weight: 2 }] };
    const { scores } = await score(vmId(4), request);
    expect(scores.map((one) => one.score)).to.deep.equal([200, 100, 0]);
    world.startVm(vmId(4), H2);
    const { decisions } = await until(
      () => client.decisions.list({ vm_id: vmId(4) }, call({ deadline: Date.now() + 5000 })),
      ({ decisions: [newest] }) => newest?.outcome != null,
    );
    expect(decisions[0]?.outcome).to.include({ host_id: H2, rank: 2 });
    expect(Number(decisions[0]?.outcome?.regret)).to.equal(100);
    const metrics = await (await fetch(`${opsUrl}/metrics`)).text();
    expect(metrics).to.match(/^hostscore_outcomes_total\{rank="2-3"\} 1$/m);
    expect(metrics).to.match(/^hostscore_outcome_regret_points_sum 100$/m);
  });

  it('is the host to which a VM moves', async () => {
    const { client, score } = scoring;
    await score(vmId(1), { hosts: [H2, H3], units: [{ name: 'ksm_same_os_score', weight: 1 }] });
    world.migrateVm(vmId(1), H3);
    const { decisions } = await until(
      () => client.decisions.list({ vm_id: vmId(1) }, call({ deadline: Date.now() + 5000 })),
      ({ decisions: [newest] }) => newest?.outcome != null,
    );
    expect(decisions[0]?.outcome).to.include({ host_id: H3, rank: 2 });
  });

  it('is that the VM is gone when it is removed before it was seen anywhere', async () => {
    const { client, score } = scoring;
    await score(vmId(3), { hosts: [H1, H3], units: [{ name: 'ksm_same_os_score', weight: 1 }] });
    world.stopVm(vmId(3));
    world.removeVm(vmId(3));
    const { decisions } = await until(
      () => client.decisions.list({ vm_id: vmId(3) }, call({ deadline: Date.now() + 5000 })),
      ({ decisions: [newest] }) => newest?.outcome != null,
    );
    expect(decisions[0]?.outcome).to.include({ unmatched: 'UNMATCHED_REASON_VM_GONE' });
  });
});
