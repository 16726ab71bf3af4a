import { Counter, Histogram, type Registry } from 'prom-client';
import { addGauge } from './gauge.js';
import { CALL_BUCKETS } from './call-metrics.js';

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

/** The figures of an inventory. */
export interface InventoryMetrics {
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
}

const REFRESH_BUCKETS = [0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120];

/** Around the 2 seconds after which an event that can be read is in every score. */
const EVENT_BUCKETS = [0.1, 0.25, 0.5, 1, 1.5, 2, 3, 5, 10, 30, 60];

/** Adds the figures of an inventory to the registers. */
export function addInventoryMetrics(registers: Registry[]): InventoryMetrics {
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
  return {
    refreshed: ({ ok, durationMs }) =>
      refreshes.observe({ outcome: ok ? 'ok' : 'failed' }, durationMs / 1000),
    eventsCounted: (lags) => lags.forEach((ms) => eventLags.observe(ms / 1000)),
    healed({ hosts, vms }) {
      healedObjects.inc({ kind: 'host' }, hosts);
      healedObjects.inc({ kind: 'vm' }, vms);
    },
    predictionEnded: (end) => predictions.inc({ end }),
    watchReservations(read) {
      addGauge(
        registers,
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
        addGauge(registers, name, help, (shown) => {
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
  };
}
