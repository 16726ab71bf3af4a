import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client';
import type { DecisionFace } from '../domain/decision.js';
import type { SchedulingErrorCode } from '../domain/errors.js';
import { createDecisionMetrics, type DecisionMetrics } from './decision-metrics.js';
import { VERSION } from './version.js';

/** Outcome of one reading of the engine. */
export interface RefreshOutcome {
  readonly ok: boolean;
  readonly durationMs: number;
}

/** A step of a reader's inventory that was taken over here. */
export interface StepFigures {
  /** Time from the change at the reader to the snapshot here, by the clocks of both. */
  readonly lagMs: number;
  /** Set when it is the whole inventory, or the first step of a watch that goes on where the last one ended. */
  readonly began: 'whole' | 'resumed' | undefined;
}

/** Figures of the inventory at the moment. */
export interface InventoryFigures {
  /** When the reading of the snapshot began, milliseconds since the epoch; undefined without a snapshot. */
  readonly snapshotTime: number | undefined;
  readonly hosts: number;
  readonly runningVms: number;
  /** True while the snapshot follows the events of the engine. */
  readonly followsEvents: boolean;
}

/** Number of VMs that count where the inventory does not show them yet. */
export interface ReservationFigures {
  readonly reserved: number;
  readonly predicted: number;
}

/** Outcome for the engine: a whole answer, one without some units, one without any, or a fault. */
export type BridgeOutcome = 'ok' | 'partial' | 'failed' | 'fault';

/** Outcome of a request to the bridge. */
export interface BridgeRequestFigures {
  /** Name of a method that there is; undefined for any other request, which counts as `(other)`. */
  readonly method: string | undefined;
  /** Status of HTTP; undefined: the caller went away before. */
  readonly status: number | undefined;
  readonly faultCode: number | undefined;
}

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

/** The end of a call. */
export interface CallFigures {
  readonly method: string;
  readonly code: 'OK' | SchedulingErrorCode;
  readonly durationMs: number;
}

/** The figures of a process, in Prometheus' terms. */
export interface Metrics extends DecisionMetrics {
  /** Counts a call by the name of its method in the contract, and what its caller was told. */
  readonly callEnded: (end: CallFigures) => void;
  /** Counts a gRPC call that ended before its message was whole. */
  readonly callIncomplete: (method: string) => void;
  /** Counts a connection that the gRPC server ended, or did not accept. */
  readonly connectionEnded: (reason: string) => void;
  /** Counts a failed unit; one that is not known under `(unknown)`, since callers make names up. */
  readonly unitFailed: (unit: string, code: SchedulingErrorCode) => void;
  readonly refreshed: (outcome: RefreshOutcome) => void;
  /** Counts events of the engine by the time until the snapshot had what they told of, in ms. */
  readonly eventsCounted: (lags: readonly number[]) => void;
  /** Counts objects that a full reading found changed without an event. */
  readonly healed: (objects: { readonly hosts: number; readonly vms: number }) => void;
  readonly stepTaken: (step: StepFigures) => void;
  /** Shows these figures at each scrape; none as long as there is no inventory. */
  readonly watchInventory: (read: () => InventoryFigures | undefined) => void;
  /** Counts the end of a prediction, such as `right` or `wrong`. */
  readonly predictionEnded: (end: string) => void;
  /** Shows these figures at each scrape; none as long as there is no inventory. */
  readonly watchReservations: (read: () => ReservationFigures | undefined) => void;
  /** Counts a call of the engine and for how long it held the cluster's scheduling lock. */
  readonly schedulingLockHeld: (method: string, outcome: BridgeOutcome, seconds: number) => void;
  /** Counts a request to the bridge, whatever came of it. */
  readonly bridgeRequestEnded: (end: BridgeRequestFigures) => void;
  /** Counts a connection to the bridge that was lost through no doing of its peer's. */
  readonly bridgeConnectionLost: (reason: string) => void;
  /** Counts a call to one service of the composite. */
  readonly serviceCalled: (end: CallFigures & { readonly service: string }) => void;
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
  readonly contentType: string;
  readonly scrape: () => Promise<string>;
}

/** From half a millisecond to the tens of seconds after which an engine gives up. */
const CALL_BUCKETS = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30];

const REFRESH_BUCKETS = [0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120];

/** Around the 2 seconds after which an event that can be read is in every score. */
const EVENT_BUCKETS = [0.1, 0.25, 0.5, 1, 1.5, 2, 3, 5, 10, 30, 60];

const FACES: readonly DecisionFace[] = ['ENGINE', 'GRPC'];

const BREAKER_FIGURES: Readonly<Record<BreakerState, number>> = { closed: 0, 'half-open': 1, open: 2 };

/** Opens a registry of its own, so that two services in one process don't mix. Known units get labels of their own. */
export function createMetrics(isKnownUnit: (name: string) => boolean): Metrics {
  const registry = new Registry();
  const registers = [registry];
  collectDefaultMetrics({ register: registry });
  new Gauge({
    name: 'hostscore_build_info',
    help: 'Always 1, with the versions of hostscore and of Node as labels.',
    labelNames: ['version', 'node'],
    registers,
  }).set({ version: VERSION, node: process.version }, 1);
  const calls = new Histogram({
    name: 'hostscore_call_seconds',
    help: 'Time to answer a call, by method and gRPC status code.',
    labelNames: ['method', 'code'],
    buckets: CALL_BUCKETS,
    registers,
  });
  const incompleteCalls = new Counter({
    name: 'hostscore_calls_incomplete_total',
    help: 'gRPC calls that ended before their message was whole: too long, cancelled or late, by method.',
    labelNames: ['method'],
    registers,
  });
  const connectionEnds = new Counter({
    name: 'hostscore_connections_ended_total',
    help: 'Connections that the gRPC server ended or did not accept, by reason.',
    labelNames: ['reason'],
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
  const eventLags = new Histogram({
    name: 'hostscore_event_lag_seconds',
    help: 'Time from an event, by the clock of the engine, until the snapshot had what it told of.',
    buckets: EVENT_BUCKETS,
    registers,
  });
  const healedObjects = new Counter({
    name: 'hostscore_events_missed_total',
    help: 'Hosts and VMs that a full reading found changed without an event, by kind.',
    labelNames: ['kind'],
    registers,
  });
  const predictions = new Counter({
    name: 'hostscore_predictions_total',
    help: 'Predictions of where the engine puts a VM, by their end: right, wrong, unseen in time, or dropped before.',
    labelNames: ['end'],
    registers,
  });
  const stepLags = new Histogram({
    name: 'hostscore_replica_lag_seconds',
    help: 'Time from a change at the reader to the snapshot here, by the clocks of both.',
    buckets: CALL_BUCKETS,
    registers,
  });
  const follows = new Counter({
    name: 'hostscore_replica_follows_total',
    help: 'How often the inventory of the reader was taken over whole, or followed on after a break.',
    labelNames: ['began'],
    registers,
  });
  const locks = new Histogram({
    name: 'hostscore_scheduling_lock_seconds',
    help: 'Time for which a call of the engine held the scheduling lock of a cluster, by method and outcome.',
    labelNames: ['method', 'outcome'],
    buckets: CALL_BUCKETS,
    registers,
  });
  const bridgeRequests = new Counter({
    name: 'hostscore_bridge_requests_total',
    help: 'Requests to the bridge, by method, HTTP status and code of the fault.',
    labelNames: ['method', 'status', 'fault'],
    registers,
  });
  const bridgeConnections = new Counter({
    name: 'hostscore_bridge_connections_lost_total',
    help: 'Connections to the bridge that it closed to make room or for an answer that was not read, or could not accept, by reason.',
    labelNames: ['reason'],
    registers,
  });
  const serviceCalls = new Histogram({
    name: 'hostscore_service_call_seconds',
    help: 'Time that a service of the composite took, by service, method and code.',
    labelNames: ['service', 'method', 'code'],
    buckets: CALL_BUCKETS,
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

  /** Adds a figure that is looked up at each scrape. */
  function gauge(
    name: string,
    help: string,
    show: (shown: Gauge) => void,
    labelNames: readonly string[] = [],
  ): void {
    new Gauge({
      name,
      help,
      labelNames,
      registers,
      collect() {
        show(this);
      },
    });
  }

  return {
    callEnded: ({ method, code, durationMs }) => calls.observe({ method, code }, durationMs / 1000),
    callIncomplete: (method) => incompleteCalls.inc({ method }),
    connectionEnded: (reason) => connectionEnds.inc({ reason }),
    unitFailed: (unit, code) => failures.inc({ unit: isKnownUnit(unit) ? unit : '(unknown)', code }),
    schedulingLockHeld: (method, outcome, seconds) => locks.observe({ method, outcome }, seconds),
    bridgeRequestEnded: ({ method = '(other)', status = '', faultCode = '' }) =>
      bridgeRequests.inc({ method, status, fault: faultCode }),
    bridgeConnectionLost: (reason) => bridgeConnections.inc({ reason }),
    serviceCalled: ({ service, method, code, durationMs }) =>
      serviceCalls.observe({ service, method, code }, durationMs / 1000),
    breakerChanged({ service, state }) {
      // A counter that starts at 0 shows its first step as a rise.
      openings.inc({ service }, state === 'open' ? 1 : 0);
    },
    refreshed: ({ ok, durationMs }) =>
      refreshes.observe({ outcome: ok ? 'ok' : 'failed' }, durationMs / 1000),
    eventsCounted: (lags) => lags.forEach((ms) => eventLags.observe(ms / 1000)),
    healed({ hosts, vms }) {
      healedObjects.inc({ kind: 'host' }, hosts);
      healedObjects.inc({ kind: 'vm' }, vms);
    },
    predictionEnded: (end) => predictions.inc({ end }),
    watchReservations(read) {
      gauge(
        'hostscore_reservations',
        'VMs that count at a host before the engine shows them there, by kind: reserved or predicted.',
        (shown) => {
          const { reserved, predicted } = read() ?? {};
          if (reserved !== undefined) shown.set({ kind: 'reserved' }, reserved);
          if (predicted !== undefined) shown.set({ kind: 'predicted' }, predicted);
        },
        ['kind'],
      );
    },
    stepTaken({ lagMs, began }) {
      stepLags.observe(Math.max(0, lagMs) / 1000);
      if (began !== undefined) follows.inc({ began });
    },
    watchInventory(read) {
      const figure = (name: string, help: string, value: (figures: InventoryFigures) => number) =>
        gauge(name, help, (shown) => {
          const figures = read();
          if (figures === undefined) shown.remove();
          else shown.set(value(figures));
        });
      figure(
        'hostscore_snapshot_timestamp_seconds',
        'When the reading of the snapshot began; 0 as long as there is none, so that its age is beyond any limit.',
        ({ snapshotTime = 0 }) => snapshotTime / 1000,
      );
      figure('hostscore_hosts', 'Hosts in the snapshot.', ({ hosts }) => hosts);
      figure(
        'hostscore_events_followed',
        'Whether the snapshot follows the events of the engine: 1 or 0.',
        ({ followsEvents }) => Number(followsEvents),
      );
      figure('hostscore_running_vms', 'Running VMs in the snapshot.', ({ runningVms }) => runningVms);
    },
    watchServices(read) {
      const figure = (name: string, help: string, value: (figures: ServiceFigures) => number) =>
        gauge(
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
        gauge(
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
    ...createDecisionMetrics(registers),
    contentType: registry.contentType,
    scrape: () => registry.metrics(),
  };
}
