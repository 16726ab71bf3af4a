import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client';
import type { SchedulingErrorCode } from './errors.js';

/** What came of one reading of the engine. */
export interface RefreshOutcome {
  readonly ok: boolean;
  readonly durationMs: number;
}

/** What the inventory holds at the moment. */
export interface InventoryFigures {
  /** When the reading of the snapshot began, milliseconds since the epoch; undefined without a snapshot. */
  readonly snapshotTime: number | undefined;
  readonly hosts: number;
  readonly runningVms: number;
}

/** The figures of a process, in Prometheus' terms. */
export interface Metrics {
  /** Counts a call by the name of its method in the contract, and what its caller was told. */
  readonly callEnded: (method: string, code: 'OK' | SchedulingErrorCode, seconds: number) => void;
  /** Counts a failed unit; one that is not among `knownUnits` under `(unknown)`, since callers make names up. */
  readonly unitFailed: (unit: string, code: SchedulingErrorCode) => void;
  readonly refreshed: (outcome: RefreshOutcome) => void;
  /** Shows these figures at each scrape. */
  readonly watchInventory: (read: () => InventoryFigures) => void;
  readonly contentType: string;
  readonly scrape: () => Promise<string>;
}

/** From half a millisecond to the tens of seconds after which an engine gives up. */
const CALL_BUCKETS = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30];

const REFRESH_BUCKETS = [0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120];

/** Opens a registry of its own, so that two services in one process don't mix. `knownUnits` get labels of their own. */
export function createMetrics(knownUnits: Iterable<string>): Metrics {
  const registry = new Registry();
  const registers = [registry];
  collectDefaultMetrics({ register: registry, prefix: 'hostscore_' });
  const calls = new Histogram({
    name: 'hostscore_call_seconds',
    help: 'Time to answer a call, by method and gRPC status code.',
    labelNames: ['method', 'code'],
    buckets: CALL_BUCKETS,
    registers,
  });
  const failures = new Counter({
    name: 'hostscore_unit_failures_total',
    help: 'Units that had no result, by unit and code.',
    labelNames: ['unit', 'code'],
    registers,
  });
  const refreshes = new Histogram({
    name: 'hostscore_refresh_seconds',
    help: 'Time to read the hosts and running VMs of the engine, by outcome.',
    labelNames: ['outcome'],
    buckets: REFRESH_BUCKETS,
    registers,
  });
  const known = new Set(knownUnits);

  return {
    callEnded: (method, code, seconds) => calls.observe({ method, code }, seconds),
    unitFailed: (unit, code) => failures.inc({ unit: known.has(unit) ? unit : '(unknown)', code }),
    refreshed: ({ ok, durationMs }) =>
      refreshes.observe({ outcome: ok ? 'ok' : 'failed' }, durationMs / 1000),
    watchInventory(read) {
      const figures: readonly [
        name: string,
        help: string,
        value: (figures: InventoryFigures) => number | undefined,
      ][] = [
        [
          'hostscore_snapshot_timestamp_seconds',
          'When the reading of the snapshot began.',
          (f) => seconds(f.snapshotTime),
        ],
        ['hostscore_hosts', 'Hosts in the snapshot.', (f) => f.hosts],
        ['hostscore_running_vms', 'Running VMs in the snapshot.', (f) => f.runningVms],
      ];
      for (const [name, help, value] of figures) {
        new Gauge({
          name,
          help,
          registers,
          collect() {
            const current = value(read());
            if (current === undefined) this.remove();
            else this.set(current);
          },
        });
      }
    },
    contentType: registry.contentType,
    scrape: () => registry.metrics(),
  };
}

function seconds(ms: number | undefined): number | undefined {
  return ms === undefined ? undefined : ms / 1000;
}
