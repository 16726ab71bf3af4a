import { expect } from 'chai';
import type { ScoreHostsResponse } from '../../src/domain/contract.js';
import { createWorld, type World } from '../../src/simulator/world.js';
import { call } from '../support/call.js';
import { expectRejection } from '../support/rejection.js';
import { byHost, startScoring, type Scoring } from '../support/scoring.js';
import { until } from '../support/until.js';
import { hostId, vmId } from '../support/world.js';

/** The engine is read again right after it was read. */
const RESTLESS = ['--inventory-refresh-interval', '100ms'];

/** The engine is read once, and then when there is a reason. */
const RESTING = [
  ...['--inventory-refresh-interval', '1h', '--inventory-max-staleness', '24h'],
  ...['--inventory-event-interval', '0s'],
];

/** At most so often, in milliseconds, is the engine read again for hosts that are unknown. */
const UNKNOWN_INTERVAL_MS = 1000;

const [H1, H2, STRANGER] = [hostId(1), hostId(2), hostId(99)] as const;

/** VM 1 runs rhel_9x64 on host 1, VM 2 runs windows_2022 on host 2, VM 3 is stopped and rhel_9x64. */
function smallWorld(): World {
  return createWorld({
    hosts: [
      { id: H1, name: 'one' },
      { id: H2, name: 'two' },
    ],
    vms: [
      { id: vmId(1), hostId: H1, osType: 'rhel_9x64' },
      { id: vmId(2), hostId: H2, osType: 'windows_2022' },
      {
        id: vmId(3),
        osType: 'rhel_9x64',
        guestOs: {
          family: 'Linux',
          distribution: 'Rocky Linux',
          version: '9.4',
          codename: '',
          kernel: '5.14.0',
        },
      },
    ],
  });
}

describe('scores of a world that changes', () => {
  let world: World;
  let scoring: Scoring;
  beforeEach(() => {
    world = smallWorld();
  });
  afterEach(() => scoring.close());

  /** Steers the engine as an administrator would. */
  async function steer(vm: string, action: string, body: unknown = {}): Promise<void> {
    const response = await fetch(`${scoring.simulator.controlUrl}/vms/${vm}/${action}`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify(body),
    });
    expect(response.status).to.equal(200);
  }

  /** Waits until the reading at the start, which is over, is long enough ago for another one. */
  async function rested(): Promise<void> {
    const start = Date.now();
    await until(Date.now, (now) => now - start > UNKNOWN_INTERVAL_MS);
  }

  const scoresOf = (vm: string): Promise<Record<string, number>> => scoring.score(vm).then(byHost);

  const same =
    (expected: Readonly<Record<string, number>>) =>
    (scores: Readonly<Record<string, number>>): boolean =>
      JSON.stringify(scores) === JSON.stringify(expected);

  it('follows a VM that is started, migrated and stopped: 1 of 2 -> 50, 1 of 1 -> 100', async () => {
    scoring = await startScoring(world, { args: RESTLESS });
    expect(await scoresOf(vmId(1))).to.deep.equal({ [H1]: 100, [H2]: 0 });
    await steer(vmId(3), 'start', { host_id: H2 });
    await until(() => scoresOf(vmId(1)), same({ [H1]: 100, [H2]: 50 }));
    await steer(vmId(1), 'migrate', { host_id: H2 });
    await until(() => scoresOf(vmId(1)), same({ [H1]: 0, [H2]: 66 }));
    await steer(vmId(2), 'stop');
    await until(() => scoresOf(vmId(1)), same({ [H1]: 0, [H2]: 100 }));
  });

  it('keeps the last report of the guest agent of a VM that stops', async () => {
    scoring = await startScoring(world, { args: RESTLESS });
    // Like VM 3, and never started.
    const { id: silent } = world.addVm({ ...world.vms.get(vmId(3)), id: vmId(4) });
    const asGuest = (vm = vmId(3)) =>
      scoring.score(vm, {
        hosts: [H1],
        properties: new Map([['os_identity', 'guest']]),
        explain: true,
      });
    const reasonOf = ({ explanation }: ScoreHostsResponse) => explanation?.reasons(0)[0]?.text ?? '';
    expect(reasonOf(await asGuest(silent))).to.include('(rhel 9)');
    await steer(vmId(3), 'start', { host_id: H1 });
    await until(
      () => asGuest(),
      (response) => reasonOf(response).startsWith('2 VMs'),
    );
    await steer(vmId(3), 'stop');
    const stopped = await until(
      () => asGuest(),
      (response) => reasonOf(response).startsWith('1 VMs'),
    );
    expect(reasonOf(stopped)).to.include('(Rocky Linux 9.4)');
  });

  it('reads a stopped VM by itself, once while it is remembered, and lists nothing for it', async () => {
    scoring = await startScoring(world, { args: RESTING });
    const { requests } = scoring.simulator;
    requests.reset();
    await Promise.all(Array.from({ length: 20 }, () => scoring.score(vmId(3))));
    expect(await scoresOf(vmId(3))).to.deep.equal({ [H1]: 100, [H2]: 0 });
    expect(requests.latest().map(({ path }) => path)).to.deep.equal([`/api/vms/${vmId(3)}`]);
  });

  it('answers NOT_FOUND for a VM that the engine lacks, and names it', async () => {
    scoring = await startScoring(world, { args: RESTING });
    await expectRejection(scoring.score(vmId(404)), 'NOT_FOUND', vmId(404));
  });

  it('reads the engine once for 50 callers who name a new host, and not again for one that stays unknown', async () => {
    scoring = await startScoring(world, { args: RESTING });
    const { requests } = scoring.simulator;
    await rested();
    const added = world.addHost({ name: 'new' });
    requests.reset();
    const answers = await Promise.all(
      Array.from({ length: 50 }, () => scoring.score(vmId(1), { hosts: [H1, added.id, STRANGER] })),
    );
    for (const answer of answers) {
      expect(byHost(answer)).to.deep.equal({ [H1]: 100, [added.id]: 0 });
      expect(answer.unknownHostIds).to.deep.equal([STRANGER]);
    }
    expect([requests.count('/api/hosts'), requests.count('/api/vms')]).to.deep.equal([1, 1]);
    await Promise.all(Array.from({ length: 50 }, () => scoring.score(vmId(1), { hosts: [STRANGER] })));
    expect([requests.count('/api/hosts'), requests.count('/api/vms')]).to.deep.equal([1, 1]);
  });

  it('answers from the snapshot when the reading for an unknown host takes too long', async () => {
    scoring = await startScoring(world, { args: [...RESTING, '--inventory-lookup-timeout', '50ms'] });
    const { snapshotTime } = await scoring.score(vmId(1));
    await rested();
    scoring.simulator.faults.set({ hang: {} });
    const answer = await scoring.score(vmId(1), { hosts: [H1, STRANGER] });
    expect(byHost(answer)).to.deep.equal({ [H1]: 100 });
    expect(answer).to.deep.include({ unknownHostIds: [STRANGER], snapshotTime });
  });

  it('gives UNAVAILABLE for a VM that the engine does not tell of in time, and goes on answering for others', async () => {
    scoring = await startScoring(world, { args: [...RESTING, '--inventory-lookup-timeout', '50ms'] });
    scoring.simulator.faults.set({ hang: {} });
    await expectRejection(scoring.score(vmId(3)), 'UNAVAILABLE', 'lookupTimeout');
    expect(await scoresOf(vmId(1))).to.deep.equal({ [H1]: 100, [H2]: 0 });
  });

  it('honours the deadline of a call that waits for the engine', async () => {
    scoring = await startScoring(world, { args: RESTING });
    scoring.simulator.faults.set({ hang: {} });
    const request = {
      vmId: vmId(3),
      hosts: [H1],
      units: [],
      properties: new Map<string, string>(),
      assumedPlacements: [],
      explain: false,
    };
    const waiting = scoring.client.scoreHosts(request, call({ deadline: Date.now() + 100 }));
    await expectRejection(waiting, 'DEADLINE_EXCEEDED');
  });
});
