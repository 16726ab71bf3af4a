import { expect } from 'chai';
import { readFileSync } from 'node:fs';
import { parse } from 'yaml';
import { z } from 'zod';
import type { InventoryFigures } from '../../src/process/inventory-metrics.js';
import { MAX_UNIT_LABELS } from '../../src/process/call-metrics.js';
import { createMetrics } from '../../src/process/metrics.js';

describe('metrics', () => {
  it('labels known units only, since callers make names up', async () => {
    const metrics = createMetrics((name) => name === 'ksm_same_os_score');
    for (let n = 0; n < 300; n += 1) metrics.unitFailed(`made-up-${n}`, 'NOT_FOUND');
    metrics.unitFailed('ksm_same_os_score', 'INVALID_ARGUMENT');
    const lines = (await metrics.scrape())
      .split('\n')
      .filter((line) => line.startsWith('hostscore_unit_failures_total{'));
    expect(lines).to.deep.equal([
      'hostscore_unit_failures_total{unit="(unknown)",code="NOT_FOUND"} 300',
      'hostscore_unit_failures_total{unit="ksm_same_os_score",code="INVALID_ARGUMENT"} 1',
    ]);
  });

  it('labels the first 1,000 units that ran, and the two after them as (other)', async () => {
    const metrics = createMetrics(() => true);
    for (let n = 0; n < MAX_UNIT_LABELS + 2; n += 1) {
      metrics.unitRan(`unit-${n}`, 3);
      metrics.unitFailed(`unit-${n}`, 'INTERNAL');
    }
    metrics.unitRan('unit-0', 3);
    const lines = (await metrics.scrape()).split('\n');
    const counts = lines.filter((line) => line.startsWith('hostscore_unit_seconds_count{'));
    expect(counts).to.have.length(1001);
    expect(counts).to.include.members([
      'hostscore_unit_seconds_count{unit="unit-0"} 2',
      'hostscore_unit_seconds_count{unit="unit-999"} 1',
      'hostscore_unit_seconds_count{unit="(other)"} 2',
    ]);
    expect(lines).to.include('hostscore_unit_failures_total{unit="(other)",code="INTERNAL"} 2');
    expect(lines).to.include('hostscore_unit_seconds_bucket{le="0.005",unit="unit-0"} 2');
  });

  it('shows problems of plugins and ends of certificates at each scrape, and none where there are none', async () => {
    const metrics = createMetrics(() => false);
    const plugins: { problems?: number } = {};
    let certificates = [{ setting: 'engine.caFile', endsAt: 1_800_000_000_000 }];
    metrics.watchPlugins(() => plugins.problems);
    metrics.watchCertificates(() => certificates);
    const before = await metrics.scrape();
    expect(before).not.to.match(/^hostscore_plugin_problems/m);
    expect(before).to.include(
      'hostscore_certificate_end_timestamp_seconds{setting="engine.caFile"} 1800000000',
    );
    plugins.problems = 2;
    certificates = [];
    const text = await metrics.scrape();
    expect(text).to.match(/^hostscore_plugin_problems 2$/m);
    expect(text).not.to.include('engine.caFile');
  });

  it('shows the inventory as it is at each scrape', async () => {
    const metrics = createMetrics(() => false);
    let figures: InventoryFigures = {
      followsEvents: false,
      snapshotTime: undefined,
      hosts: 0,
      runningVms: 0,
    };
    metrics.watchInventory(() => figures);
    expect(await metrics.scrape()).to.match(/^hostscore_snapshot_timestamp_seconds 0$/m);
    figures = { snapshotTime: 1500, hosts: 12, runningVms: 190, followsEvents: true };
    const text = await metrics.scrape();
    expect(text).to.match(/^hostscore_snapshot_timestamp_seconds 1.5$/m);
    expect(text).to.match(/^hostscore_hosts 12$/m);
    expect(text).to.match(/^hostscore_running_vms 190$/m);
  });

  it('shows what is reserved and predicted at each scrape, and counts how predictions end', async () => {
    const metrics = createMetrics(() => false);
    metrics.watchReservations(() => ({ reserved: 0, predicted: 7 }));
    for (const end of ['right', 'wrong', 'right']) metrics.predictionEnded(end);
    const text = await metrics.scrape();
    expect(text).to.match(/^hostscore_reservations\{kind="reserved"\} 0$/m);
    expect(text).to.match(/^hostscore_reservations\{kind="predicted"\} 7$/m);
    expect(text).to.match(/^hostscore_predictions_total\{end="right"\} 2$/m);
    expect(text).to.match(/^hostscore_predictions_total\{end="wrong"\} 1$/m);
  });

  it('counts what the engine waited for, by method and outcome', async () => {
    const metrics = createMetrics(() => false);
    metrics.schedulingLockHeld('runFilters', 'ok', 0.004);
    metrics.schedulingLockHeld('runCostFunctions', 'partial', 0.9);
    const text = await metrics.scrape();
    expect(text).to.include('hostscore_scheduling_lock_seconds_sum{method="runFilters",outcome="ok"} 0.004');
    expect(text).to.include(
      'hostscore_scheduling_lock_seconds_bucket{le="1",method="runCostFunctions",outcome="partial"} 1',
    );
  });

  it('counts where VMs landed by our rank of the host, points lost, and why nothing was seen', async () => {
    const metrics = createMetrics(() => false);
    const time = 1;
    for (const rank of [1, 1, 2, 3, 4, 10, 11, 500])
      metrics.outcomeKnown({ time, hostId: 'h', rank, regret: rank - 1 });
    metrics.outcomeKnown({ time, hostId: 'h' });
    for (const reason of ['TIMED_OUT', 'SUPERSEDED', 'SUPERSEDED', 'VM_GONE'] as const)
      metrics.outcomeKnown({ time, unmatched: reason });
    const text = await metrics.scrape();
    const ofOutcomes = text.split('\n').filter((line) => /^hostscore_outcomes_\w*total\{/.test(line));
    expect(ofOutcomes).to.have.members([
      'hostscore_outcomes_total{rank="1"} 2',
      'hostscore_outcomes_total{rank="2-3"} 2',
      'hostscore_outcomes_total{rank="4-10"} 2',
      'hostscore_outcomes_total{rank="11+"} 2',
      'hostscore_outcomes_total{rank="unranked"} 1',
      'hostscore_outcomes_unmatched_total{reason="timed_out"} 1',
      'hostscore_outcomes_unmatched_total{reason="superseded"} 2',
      'hostscore_outcomes_unmatched_total{reason="vm_gone"} 1',
    ]);
    expect(text).to.match(/^hostscore_outcome_regret_points_bucket\{le="0"\} 2$/m);
    expect(text).to.match(/^hostscore_outcome_regret_points_bucket\{le="10"\} 7$/m);
    expect(text).to.match(/^hostscore_outcome_regret_points_count 8$/m);
  });

  it('counts what shadows chose, how their orders differ, and what they had no time for', async () => {
    const metrics = createMetrics(() => false);
    const common = { shadow: 's', topOverlap: 3 };
    metrics.shadowCompared({ ...common, winnerChanged: true, tau: 0.2 }, 'SCORE');
    metrics.shadowCompared({ ...common, winnerChanged: false, tau: 1 }, 'SCORE');
    metrics.shadowCompared({ ...common, winnerChanged: false }, 'FILTER');
    metrics.shadowCompared({ ...common, winnerChanged: false, failure: 'INTERNAL: x' }, 'SCORE');
    metrics.shadowDropped('s');
    const text = await metrics.scrape();
    expect(text).to.match(/^hostscore_shadow_comparisons_total\{.*method="score",choice="changed"\} 1$/m);
    expect(text).to.match(/^hostscore_shadow_comparisons_total\{.*method="score",choice="same"\} 1$/m);
    expect(text).to.match(/^hostscore_shadow_comparisons_total\{.*method="filter",choice="same"\} 1$/m);
    expect(text).to.match(/^hostscore_shadow_comparisons_total\{.*method="score",choice="failed"\} 1$/m);
    expect(text).to.match(/^hostscore_shadow_tau_bucket\{le="0.25",shadow="s"\} 1$/m);
    expect(text).to.match(/^hostscore_shadow_tau_count\{shadow="s"\} 2$/m);
    expect(text).to.match(/^hostscore_shadow_dropped_total\{shadow="s"\} 1$/m);
  });

  it('counts requests to the bridge, by method, status and fault', async () => {
    const metrics = createMetrics(() => false);
    metrics.bridgeRequestEnded({ method: 'runFilters', status: 200, faultCode: undefined });
    metrics.bridgeRequestEnded({ method: 'runFilters', status: 200, faultCode: -32500 });
    metrics.bridgeRequestEnded({ method: undefined, status: 404, faultCode: undefined });
    metrics.bridgeRequestEnded({ method: undefined, status: undefined, faultCode: undefined });
    const lines = (await metrics.scrape())
      .split('\n')
      .filter((line) => line.startsWith('hostscore_bridge_requests_total{'));
    expect(lines).to.deep.equal([
      'hostscore_bridge_requests_total{method="runFilters",status="200",fault=""} 1',
      'hostscore_bridge_requests_total{method="runFilters",status="200",fault="-32500"} 1',
      'hostscore_bridge_requests_total{method="(other)",status="404",fault=""} 1',
      'hostscore_bridge_requests_total{method="(other)",status="",fault=""} 1',
    ]);
  });

  it('counts connections to the bridge that were lost, by reason', async () => {
    const metrics = createMetrics(() => false);
    for (const reason of ['answer not read', 'too many connections', 'answer not read'])
      metrics.bridgeConnectionLost(reason);
    const text = await metrics.scrape();
    expect(text).to.include('hostscore_bridge_connections_lost_total{reason="answer not read"} 2');
    expect(text).to.include('hostscore_bridge_connections_lost_total{reason="too many connections"} 1');
  });

  it('counts the openings of a breaker: closed, open, half-open, open -> 2', async () => {
    const metrics = createMetrics(() => false);
    for (const state of ['closed', 'open', 'half-open', 'open'] as const)
      metrics.breakerChanged({ service: 'gpu', state });
    metrics.serviceCalled({
      service: 'gpu',
      method: 'scoreHosts',
      code: 'UNAVAILABLE',
      durationMs: 100,
    });
    const text = await metrics.scrape();
    expect(text).to.include('hostscore_service_breaker_openings_total{service="gpu"} 2');
    expect(text).to.include(
      'hostscore_service_call_seconds_count{service="gpu",method="scoreHosts",code="UNAVAILABLE"} 1',
    );
  });

  it('shows the units of services as they are at each scrape', async () => {
    const metrics = createMetrics(() => false);
    let units = 1;
    metrics.watchServices(() => [{ name: 'gpu', breaker: 'open', units, unitsRemembered: units - 1 }]);
    expect(await metrics.scrape()).to.include('hostscore_service_units{service="gpu"} 1');
    units = 3;
    const text = await metrics.scrape();
    expect(text).to.include('hostscore_service_units_remembered{service="gpu"} 2');
    expect(text).to.include('hostscore_service_breaker_state{service="gpu"} 2');
  });

  it('shows no state and no units of a service that is there no longer', async () => {
    const metrics = createMetrics(() => false);
    let names = ['gpu', 'cpu'];
    metrics.watchServices(() =>
      names.map((name) => ({ name, breaker: 'closed', units: 1, unitsRemembered: 0 })),
    );
    await metrics.scrape();
    names = ['cpu'];
    const text = await metrics.scrape();
    expect(text).to.include('hostscore_service_units{service="cpu"} 1');
    expect(text).not.to.include('gpu');
  });

  it('counts refreshes by outcome', async () => {
    const metrics = createMetrics(() => false);
    metrics.refreshed({ ok: true, durationMs: 40 });
    metrics.refreshed({ ok: false, durationMs: 40 });
    const text = await metrics.scrape();
    expect(text).to.include('hostscore_refresh_seconds_count{outcome="ok"} 1');
    expect(text).to.include('hostscore_refresh_seconds_count{outcome="failed"} 1');
  });
});

describe('events of the engine', () => {
  it('are counted by their lag, and what they missed by kind', async () => {
    const metrics = createMetrics(() => false);
    metrics.eventsCounted([400, 1900, 2100]);
    metrics.healed({ hosts: 0, vms: 3 });
    const text = await metrics.scrape();
    expect(text).to.include('hostscore_event_lag_seconds_bucket{le="2"} 2');
    expect(text).to.include('hostscore_event_lag_seconds_count 3');
    expect(text).to.include('hostscore_events_missed_total{kind="host"} 0');
    expect(text).to.include('hostscore_events_missed_total{kind="vm"} 3');
  });
});

const DEPLOY = new URL('../../deploy/', import.meta.url);

/** The rules for alerts. */
const rules = z
  .object({
    groups: z.array(
      z.object({
        rules: z.array(
          z.object({
            ...{ alert: z.string(), expr: z.string() },
            annotations: z.object({ summary: z.string(), runbook: z.string() }),
          }),
        ),
      }),
    ),
  })
  .transform(({ groups }) => groups.flatMap((group) => group.rules));

describe('documented figures', () => {
  const read = (page: string) => readFileSync(new URL(`../../docs/${page}`, import.meta.url), 'utf8');
  const operations = read('operations.md');

  /** The figures of a process with an engine and two services, of which something has been counted. */
  async function scraped(snapshotTime: number | undefined): Promise<string> {
    const metrics = createMetrics(() => true);
    metrics.watchInventory(() => ({ snapshotTime, hosts: 0, runningVms: 0, followsEvents: false }));
    metrics.watchReservations(() => ({ reserved: 0, predicted: 0 }));
    metrics.watchDecisions(() => ({ decisions: 0, bytes: 0 }));
    metrics.watchPlugins(() => 0);
    metrics.watchCertificates(() => [{ setting: 'engine.caFile', endsAt: 0 }]);
    metrics.watchServices(() => [
      { name: 'gpu', breaker: 'open', units: 1, unitsRemembered: 0 },
      { name: 'cpu', breaker: 'closed', units: 1, unitsRemembered: 0 },
    ]);
    for (const service of ['gpu', 'cpu']) metrics.breakerChanged({ service, state: 'closed' });
    metrics.breakerChanged({ service: 'gpu', state: 'open' });
    metrics.schedulingLockHeld('runFilters', 'ok', 0.2);
    return metrics.scrape();
  }

  const namesIn = (text: string, pattern: RegExp) => [...new Set(text.match(pattern) ?? [])].sort();
  const withoutSuffix = (name: string) => name.replace(/_(bucket|sum|count)$/, '');

  it('are all there, and are all documented', async () => {
    const text = await scraped(0);
    const there = [...text.matchAll(/^# TYPE (\S+)/gm)].map(([, name = '']) => name);
    const pages = ['operations.md', 'bridge.md', 'composition.md'].map(read).join('\n');
    const documented = namesIn(pages, /\bhostscore_[a-z_]+/g).map(withoutSuffix);
    expect(there).to.include.members(documented);
    const ours = there.filter((name) => /^(hostscore|grpc_server)_/.test(name));
    expect(namesIn(operations, /\b(hostscore|grpc_server)_[a-z_]+/g)).to.include.members(ours);
  });

  it('of the process have the names that every exporter has', async () => {
    const text = await scraped(0);
    expect(text).to.match(/^process_cpu_seconds_total \d/m);
    expect(text).to.match(/^process_resident_memory_bytes \d/m);
    expect(text).to.match(/^nodejs_eventloop_lag_seconds /m);
    expect(text).to.match(/^hostscore_build_info\{version="\d+\.\d+\.\d+",node="v\d+\.\d+\.\d+"\} 1$/m);
  });

  const alerts = rules.parse(parse(readFileSync(new URL('prometheus/rules.yaml', DEPLOY), 'utf8')));

  it('that an alert or the dashboard reads are all there', async () => {
    const text = await scraped(0);
    const dashboard = readFileSync(new URL('grafana/hostscore.json', DEPLOY), 'utf8');
    const read = [...alerts.map(({ expr }) => expr), dashboard].join('\n');
    const names = namesIn(read, /\b(hostscore|grpc_server)_[a-z_]+/g).map(withoutSuffix);
    const there = [...text.matchAll(/^# TYPE (\S+)/gm)].map(([, name = '']) => name);
    const missing = names.filter((name) => !there.includes(name));
    expect(missing).to.deep.equal([]);
    expect(names).to.have.length.above(20);
  });

  it('have an alert each that says what to do: each of the rules has a row, and each row a rule', () => {
    const rows = [...operations.matchAll(/^\| `(Hostscore\w+)` \| \S/gm)].map(([, alert]) => alert);
    expect(rows).to.deep.equal(alerts.map(({ alert }) => alert));
    expect(operations).to.include('\n## Alerts\n');
    for (const { annotations } of alerts)
      expect(annotations.runbook).to.equal('/usr/share/doc/hostscore/docs/operations.md#alerts');
  });

  it('a counter of a service starts at 0, so that its first step is a rise', async () => {
    expect(await scraped(0)).to.include('hostscore_service_breaker_openings_total{service="cpu"} 0');
  });
});
