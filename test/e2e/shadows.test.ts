import { expect } from 'chai';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { call } from '../support/call.js';
import { startScoring, type Scoring } from '../support/scoring.js';
import { constantService, startScoringService, type ScoringService } from '../support/scoring-service.js';
import { temporaryFolder } from '../support/temporary-folder.js';
import { until } from '../support/until.js';
import { demoWorld } from '../../src/simulator/demo-world.js';

const BY_KSM = { units: [{ name: 'ksm_same_os_score', weight: 1 }] };

describe('shadows of a service that runs', function () {
  this.timeout(20_000);

  let next: ScoringService;
  let scoring: Scoring;

  const folder = temporaryFolder();
  const file = join(folder.path, 'hostscore.yaml');

  before(async () => {
    next = await startScoringService(constantService('ksm_same_os_score'));
    configure([
      { name: 'spread', policy: 'spread' },
      { name: 'next', target: next.target },
    ]);
    scoring = await startScoring(demoWorld(), { args: ['--config', file] });
  });
  after(async () => {
    await scoring.close();
    await next.stop();
    folder.remove();
  });

  function configure(shadow: readonly object[], spread = 1): void {
    const policies = {
      spread: { scores: { even_vm_distribution: spread } },
      same: { scores: { ksm_same_os_score: 7 } },
    };
    writeFileSync(file, JSON.stringify({ policies, shadow }));
  }

  it('stand in the decision, the report and the metrics: what the policy and the service would have chosen', async () => {
    const { client, score, opsUrl, simulator } = scoring;
    const [vmId = ''] = simulator.world.vms.keys();
    const spread = await score(vmId, { units: [{ name: 'even_vm_distribution', weight: 1 }], record: false });
    const best = Math.max(...spread.scores.map((one) => one.score));
    const chosen = spread.scores.find((one) => one.score === best)?.hostId;
    const answer = await score(vmId, BY_KSM);
    const ours = Math.max(...answer.scores.map((one) => one.score));
    const winner = answer.scores.find((one) => one.score === ours)?.hostId;

    const { decisions } = await until(
      () => client.decisions.list({ vm_id: vmId, full: true }, call({ deadline: Date.now() + 5000 })),
      ({ decisions: [newest] }) => newest?.shadows.length === 2,
    );
    const results = new Map(decisions[0]?.shadows.map((result) => [result.shadow, result]));
    expect(decisions[0]?.winner?.host_id).to.equal(winner);
    expect(results.get('spread')?.policy_hash).to.match(/^[0-9a-f]{12}$/);
    expect(results.get('next')?.policy_hash).to.equal('');
    expect(results.get('spread')).to.include({
      ...{ winner_host_id: chosen, winner_changed: chosen !== winner, failure: '' },
    });
    // All hosts have 40 there, so that the first is its best.
    expect(results.get('next')).to.include({ winner_host_id: answer.scores[0]?.hostId, failure: '' });
    const report = await client.decisions.shadows(
      { shadow: 'spread' },
      call({ deadline: Date.now() + 5000 }),
    );
    expect(report.shadows.map(({ shadow }) => shadow)).to.deep.equal(['spread']);
    const { compared, winner_changed } = report.shadows[0]?.total ?? {};
    expect({ compared, winner_changed }).to.deep.equal({
      compared: 2,
      winner_changed: Number(chosen !== winner),
    });
    const text = await until(
      async () => (await fetch(`${opsUrl}/metrics`)).text(),
      (text) => text.includes('hostscore_shadow_comparisons_total{shadow="next"'),
    );
    expect(text).to.match(/^hostscore_shadow_comparisons_total\{shadow="spread",method="score",/m);
    expect(text).to.not.include('hostscore_unit_failures_total{');
  });

  it('change with the configuration', async () => {
    const { client, score, simulator, program } = scoring;
    configure([{ name: 'same', policy: 'same' }]);
    program.reload();
    await program.written('stderr', / reloaded\n/);
    const [vmId = ''] = simulator.world.vms.keys();
    await score(vmId, BY_KSM);
    const { decisions } = await until(
      () => client.decisions.list({ vm_id: vmId }, call({ deadline: Date.now() + 5000 })),
      ({ decisions: [newest] }) => newest?.shadows[0]?.shadow === 'same',
    );
    expect(decisions[0]?.shadows).to.have.length(1);
    expect(decisions[0]?.shadows[0]).to.include({ winner_changed: false, tau: 1, failure: '' });
  });

  it('are reported by policy when one of theirs changes, the latest first, and the newest ones run', async () => {
    const { client, score, simulator, program } = scoring;
    const later = call({ deadline: Date.now() + 10_000 });
    const [vmId = ''] = simulator.world.vms.keys();
    configure([{ name: 'spread', policy: 'spread' }], 2);
    program.reload();
    await until(
      () => program.stderr().match(/ reloaded\n/g)?.length,
      (times) => times === 2,
    );
    await score(vmId, BY_KSM);
    const { shadows, running } = await until(
      () => client.decisions.shadows({ shadow: 'spread' }, later),
      (report) => report.shadows.length === 2,
    );
    expect(shadows.map(({ total }) => total?.compared)).to.deep.equal([1, 2]);
    expect(shadows[0]?.policy_hash).not.to.equal(shadows[1]?.policy_hash);
    expect(running).to.deep.equal(['spread']);
  });

  it('are refused with their key when they name no policy', async () => {
    const { program } = scoring;
    configure([{ name: 'gone', policy: 'gone' }]);
    program.reload();
    await program.written('stderr', / not reloaded [^\n]*shadow\[0\]\.policy: there is no policy/);
  });
});
