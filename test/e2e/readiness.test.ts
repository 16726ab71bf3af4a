import { expect } from 'chai';
import type { FaultsInput } from '../../src/simulator/faults.js';
import { createWorld } from '../../src/simulator/world.js';
import { call } from '../support/call.js';
import { expectRejection } from '../support/rejection.js';
import { startScoring, type Scoring } from '../support/scoring.js';
import { until } from '../support/until.js';
import { hostId, vmId } from '../support/world.js';

/** Short times, so that the states follow each other quickly. */
const QUICK = [
  ...['--inventory-refresh-interval', '100ms', '--inventory-max-staleness', '1500ms'],
  ...['--engine-response-timeout', '100ms', '--inventory-event-interval', '0s'],
];

/** How a service looks from outside. */
interface Shown {
  readonly ready: number;
  readonly reason: string;
  readonly health: string;
}

describe('readiness', () => {
  let scoring: Scoring;
  afterEach(() => scoring.close());

  const world = () => createWorld({ hosts: [{ id: hostId(1) }], vms: [{ id: vmId(1), hostId: hostId(1) }] });

  async function shown(): Promise<Shown> {
    const [response, health] = await Promise.all([
      fetch(`${scoring.opsUrl}/readyz`),
      scoring.client.health('', call()),
    ]);
    return { ready: response.status, reason: (await response.text()).trim(), health };
  }

  const isReady = ({ ready, health }: Shown): boolean => ready === 200 && health === 'SERVING';
  const isAway = ({ ready, health }: Shown): boolean => ready === 503 && health === 'NOT_SERVING';

  const faults: readonly (readonly [FaultsInput, RegExp])[] = [
    [{ hang: {} }, /took longer than 0\.5 s for a reading|a reading is under way/],
    // Its retries take longer than a reading may.
    [{ status: { code: 503 } }, /503|took longer than 0\.5 s for a reading/],
    [{ body: { kind: 'empty_object', path: '/api/hosts' } }, /lists no hosts/],
    [{ oldSearch: {} }, /the hosts say that 1 VMs run, and the engine lists none of them: .*older than 4\.2/],
  ];
  for (const [fault, why] of faults) {
    it(`is gone while ${JSON.stringify(fault)} outlasts maxStaleness, and comes back by itself`, async () => {
      scoring = await startScoring(world(), { args: QUICK });
      await until(shown, isReady);
      scoring.simulator.faults.set(fault);
      const away = await until(shown, isAway);
      expect(away.reason).to.match(/^the inventory is [\d.]+ s old, and may be 1\.5 s old at most; /);
      expect(away.reason).to.match(why);
      await expectRejection(scoring.score(vmId(1)), 'UNAVAILABLE', 'the inventory is');
      expect((await fetch(`${scoring.opsUrl}/livez`)).status).to.equal(200);
      scoring.simulator.faults.clear();
      await until(shown, isReady);
      const answered = await until(
        () => scoring.score(vmId(1)).catch(() => undefined),
        (response) => response !== undefined,
      );
      expect(answered?.scores).to.deep.equal([{ hostId: hostId(1), score: 100 }]);
    });
  }

  it('begins with the first snapshot, however long the engine is away', async () => {
    scoring = await startScoring(world(), {
      args: QUICK,
      prepare: ({ faults }) => faults.set({ hang: {} }),
      ready: false,
    });
    expect(await shown()).to.deep.include({ ready: 503, health: 'NOT_SERVING' });
    expect((await shown()).reason).to.not.equal('');
    expect(await scoring.client.health('hostscore.v1.PolicyUnitService', call())).to.equal('NOT_SERVING');
    await expectRejection(scoring.score(vmId(1)), 'UNAVAILABLE', 'has not been read yet');
    await scoring.program.written('stderr', /engine refresh failed .*did not begin to answer/);
    expect(scoring.program.stdout()).to.equal('');
    scoring.simulator.faults.clear();
    await until(shown, isReady);
    expect(await scoring.client.health('hostscore.v1.PolicyUnitService', call())).to.equal('SERVING');
    await scoring.program.written('stdout', /Scores hosts at/);
  });

  it('says why there is no first snapshot: a refused login', async () => {
    scoring = await startScoring(world(), {
      args: QUICK,
      variables: { HOSTSCORE_ENGINE_PASSWORD: 'wrong' },
      ready: false,
    });
    const refused = await until(shown, ({ reason }) => !reason.includes('under way'));
    expect(refused).to.deep.include({ ready: 503, health: 'NOT_SERVING' });
    expect(refused.reason).to.match(/^the engine has not been read yet: .*refused.*; check the password/);
  });

  it('goes on answering while the engine is away for less than maxStaleness', async () => {
    scoring = await startScoring(world(), {
      args: [...QUICK, '--inventory-max-staleness', '1m'],
    });
    scoring.simulator.faults.set({ reset: {} });
    await scoring.program.written('stderr', /engine refresh failed/);
    expect((await scoring.score(vmId(1))).scores).to.have.length(1);
    expect(isReady(await shown())).to.equal(true);
  });

  it('counts readings and calls in its metrics', async () => {
    scoring = await startScoring(world());
    await scoring.score(vmId(1));
    await expectRejection(scoring.score(vmId(2)), 'NOT_FOUND');
    const metrics = await (await fetch(`${scoring.opsUrl}/metrics`)).text();
    expect(metrics).to.match(/^hostscore_call_seconds_count\{.*method="ScoreHosts",code="OK".*\} 1$/m);
    expect(metrics).to.match(/^hostscore_call_seconds_count\{.*method="ScoreHosts",code="NOT_FOUND".*\} 1$/m);
    expect(metrics).to.match(/^hostscore_hosts 1$/m);
    expect(metrics).to.match(/^hostscore_running_vms 1$/m);
  });
});
