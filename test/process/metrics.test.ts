import { expect } from 'chai';
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

  it('shows the inventory as it is at each scrape', async () => {
    const metrics = createMetrics(() => false);
    let figures: { snapshotTime: number | undefined; hosts: number; runningVms: number } = {
      snapshotTime: undefined,
      hosts: 0,
      runningVms: 0,
    };
    metrics.watchInventory(() => figures);
    expect(await metrics.scrape()).not.to.match(/^hostscore_snapshot_timestamp_seconds /m);
    figures = { snapshotTime: 1500, hosts: 12, runningVms: 190 };
    const text = await metrics.scrape();
    expect(text).to.match(/^hostscore_snapshot_timestamp_seconds 1.5$/m);
    expect(text).to.match(/^hostscore_hosts 12$/m);
    expect(text).to.match(/^hostscore_running_vms 190$/m);
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

  it('shows the state of a breaker, and counts its openings: closed, open, half-open, open -> 2', async () => {
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
    expect(text).to.include('hostscore_service_breaker_state{service="gpu"} 2');
    expect(text).to.include('hostscore_service_breaker_openings_total{service="gpu"} 2');
    expect(text).to.include(
      'hostscore_service_call_seconds_count{service="gpu",method="scoreHosts",code="UNAVAILABLE"} 1',
    );
  });

  it('shows the units of services as they are at each scrape', async () => {
    const metrics = createMetrics(() => false);
    let units = 1;
    metrics.watchServices(() => [{ name: 'gpu', units, unitsRemembered: units - 1 }]);
    expect(await metrics.scrape()).to.include('hostscore_service_units{service="gpu"} 1');
    units = 3;
    expect(await metrics.scrape()).to.include('hostscore_service_units_remembered{service="gpu"} 2');
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
