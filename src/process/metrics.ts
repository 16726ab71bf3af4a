import { collectDefaultMetrics, Counter, Gauge, Registry } from 'prom-client';
import type { DecisionFace } from '../domain/decision.js';
import type { SchedulingErrorCode } from '../domain/errors.js';
import { addCallMetrics, createBoundedLabel, MAX_UNIT_LABELS, type CallMetrics } from './call-metrics.js';
import { addDecisionMetrics, type DecisionMetrics } from './decision-metrics.js';
import { addGauge } from './gauge.js';
import { addInventoryMetrics, type InventoryMetrics } from './inventory-metrics.js';
import { VERSION } from './version.js';

/** State of a circuit breaker. Closed: calls pass. Half-open: one, as a trial. Open: none. */
export type BreakerState = 'closed' | 'half-open' | 'open';

/** Figures of a service of the composite. */
export interface ServiceFigures {
  readonly name: string;
  readonly breaker: BreakerState;
  /** Number of units that it has here. */
  readonly units: number;
  /** Number of them that it has not listed since the start, or lists no longer. */
  readonly unitsRemembered: number;
}

/** The end of a certificate. */
export interface CertificateEnd {
  /** Setting that names its file. */
  readonly setting: string;
  /** Milliseconds since the epoch. */
  readonly endsAt: number;
}

/** The figures of a process, in Prometheus' terms. */
export interface Metrics extends CallMetrics, InventoryMetrics, DecisionMetrics {
  /** Counts a failed unit; one that is not known under `(unknown)`, since callers make names up. */
  readonly unitFailed: (unit: string, code: SchedulingErrorCode) => void;
  /** Counts how often the breaker of a service of the composite opened. */
  readonly breakerChanged: (change: { readonly service: string; readonly state: BreakerState }) => void;
  /** Shows, for each service of the composite, the state of its breaker and how many units it has here, at each scrape. */
  readonly watchServices: (read: () => readonly ServiceFigures[]) => void;
  /** Counts a decision that was not kept. */
  readonly decisionDropped: (face: DecisionFace) => void;
  /** Shows how many decisions of each face are kept, and their size on the disk, at each scrape. */
  readonly watchDecisions: (
    read: (face: DecisionFace) => { readonly decisions: number; readonly bytes: number },
  ) => void;
  /** Shows the number of plugins, and units of theirs, that can't be used, at each scrape; none without plugins. */
  readonly watchPlugins: (read: () => number | undefined) => void;
  /** Shows when certificates end, at each scrape. */
  readonly watchCertificates: (read: () => readonly CertificateEnd[]) => void;
  readonly contentType: string;
  readonly scrape: () => Promise<string>;
}

const FACES: readonly DecisionFace[] = ['ENGINE', 'GRPC'];

const BREAKER_FIGURES: Readonly<Record<BreakerState, number>> = { closed: 0, 'half-open': 1, open: 2 };

/** Sums of others of Node's figures, whose names promtool takes for those of counters. */
const MISNAMED = ['handles', 'requests', 'resources'].map((what) => `nodejs_active_${what}_total`);

/** Opens a registry of its own, so that two services in one process don't mix. Known units get labels of their own. */
export function createMetrics(isKnownUnit: (name: string) => boolean): Metrics {
  const registry = new Registry();
  const registers = [registry];
  collectDefaultMetrics({ register: registry });
  for (const name of MISNAMED) registry.removeSingleMetric(name);
  new Gauge({
    name: 'hostscore_build_info',
    help: 'Always 1, with the versions of hostscore and of Node as labels.',
    labelNames: ['version', 'node'],
    registers,
  }).set({ version: VERSION, node: process.version }, 1);
  const failures = new Counter({
    name: 'hostscore_unit_failures_total',
    help: 'Units that had no result, by unit and code.',
    labelNames: ['unit', 'code'],
    registers,
  });
  const openings = new Counter({
    name: 'hostscore_service_breaker_openings_total',
    help: 'How often a service of the composite was given up for a while.',
    labelNames: ['service'],
    registers,
  });
  const droppedDecisions = new Counter({
    name: 'hostscore_decisions_dropped_total',
    help: 'Decisions that were not kept, since the disk failed or too many came at once, by who asked: engine or grpc.',
    labelNames: ['face'],
    registers,
  });

  const unitLabel = createBoundedLabel(MAX_UNIT_LABELS);
  return {
    ...addCallMetrics(registers),
    ...addInventoryMetrics(registers),
    unitFailed: (unit, code) =>
      failures.inc({ unit: isKnownUnit(unit) ? unitLabel(unit) : '(unknown)', code }),
    breakerChanged({ service, state }) {
      // A counter that starts at 0 shows its first step as a rise.
      openings.inc({ service }, state === 'open' ? 1 : 0);
    },
    watchServices(read) {
      const figure = (name: string, help: string, value: (figures: ServiceFigures) => number) =>
        addGauge(
          registers,
          name,
          help,
          (shown) => {
            // Those of a service that is no longer configured go.
            shown.reset();
            for (const figures of read()) shown.set({ service: figures.name }, value(figures));
          },
          ['service'],
        );
      figure(
        'hostscore_service_breaker_state',
        'Whether a service of the composite is asked: 0 yes, 1 for one call as a trial, 2 no.',
        ({ breaker }) => BREAKER_FIGURES[breaker],
      );
      figure(
        'hostscore_service_units',
        'Units that a service of the composite has here.',
        ({ units }) => units,
      );
      figure(
        'hostscore_service_units_remembered',
        'Those that it has not listed since the start, or lists no longer.',
        ({ unitsRemembered }) => unitsRemembered,
      );
    },
    decisionDropped: (face) => droppedDecisions.inc({ face: face.toLowerCase() }),
    watchDecisions(read) {
      for (const face of FACES) droppedDecisions.inc({ face: face.toLowerCase() }, 0);
      const figure = (name: string, help: string, key: 'decisions' | 'bytes') =>
        addGauge(
          registers,
          name,
          help,
          (shown) => {
            for (const face of FACES) shown.set({ face: face.toLowerCase() }, read(face)[key]);
          },
          ['face'],
        );
      figure('hostscore_decisions', 'Decisions that are kept, by who asked: engine or grpc.', 'decisions');
      figure('hostscore_decisions_bytes', 'Size of the decisions that are kept, on the disk.', 'bytes');
    },
    ...addDecisionMetrics(registers),
    watchPlugins(read) {
      addGauge(
        registers,
        'hostscore_plugin_problems',
        'Plugins that could not be imported or are being imported, and units of plugins that were left out.',
        (shown) => {
          const problems = read();
          if (problems === undefined) shown.remove();
          else shown.set(problems);
        },
      );
    },
    watchCertificates(read) {
      addGauge(
        registers,
        'hostscore_certificate_end_timestamp_seconds',
        'When a certificate ends, by the setting that names its file: of a chain the first, of authorities the last.',
        (shown) => {
          shown.reset();
          for (const { setting, endsAt } of read()) shown.set({ setting }, endsAt / 1000);
        },
        ['setting'],
      );
    },
    contentType: registry.contentType,
    scrape: () => registry.metrics(),
  };
}
