import { Counter, Histogram, type Registry } from 'prom-client';
import type { SchedulingErrorCode } from '../domain/errors.js';

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

/** The end of a call. */
export interface CallFigures {
  readonly method: string;
  readonly code: 'OK' | SchedulingErrorCode;
  readonly durationMs: number;
}

/** The end of a gRPC call of any service, by the convention of gRPC's own exporters. */
export interface HandledCall {
  readonly method: {
    readonly grpc_type: string;
    readonly grpc_service: string;
    readonly grpc_method: string;
  };
  /** Number of its status code. */
  readonly code: number;
  readonly durationMs: number;
}

/** The figures of the calls of a process: to its two faces, and to the services behind it. */
export interface CallMetrics {
  /** Counts a call by the name of its method in the contract, and what its caller was told. */
  readonly callEnded: (end: CallFigures) => void;
  /** Counts a gRPC call by the convention of gRPC's own exporters. */
  readonly callHandled: (end: HandledCall) => void;
  /** Counts a call that was refused before it was computed, by the face that it came to. */
  readonly callRefused: (face: 'grpc' | 'bridge', reason: string) => void;
  /** Counts a gRPC call that ended before its message was whole. */
  readonly callIncomplete: (method: string) => void;
  /** Counts a connection that the gRPC server ended, or did not accept. */
  readonly connectionEnded: (reason: string) => void;
  /** Counts a call and for how long it held the cluster's scheduling lock. */
  readonly schedulingLockHeld: (method: string, outcome: BridgeOutcome, seconds: number) => void;
  /** Counts a request to the bridge, whatever came of it. */
  readonly bridgeRequestEnded: (end: BridgeRequestFigures) => void;
  /** Counts a connection to the bridge that was lost through no doing of its peer's. */
  readonly bridgeConnectionLost: (reason: string) => void;
  /** Counts a run of a unit of this process, native or of a plugin, and the time that it took. */
  readonly unitRan: (unit: string, durationMs: number) => void;
  /** Counts a call to one service of the composite. */
  readonly serviceCalled: (end: CallFigures & { readonly service: string }) => void;
}

/** From half a millisecond to the tens of seconds after which an engine gives up. */
export const CALL_BUCKETS = [
  0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30,
];

/** From a tenth of a millisecond, which a native unit takes, to the longest that a plugin may. */
const UNIT_BUCKETS = [0.0001, 0.0005, 0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5, 30];

/**
 * Most names of units that have labels of their own, several times what an installation has: a folder of plugins may name
 * them anew with every change, and what was counted once stays.
 */
export const MAX_UNIT_LABELS = 1000;

/** Creates a function that returns a label for a value: itself for the first `max` values that differ, `(other)` from then on. */
export function createBoundedLabel(max: number): (value: string) => string {
  const known = new Set<string>();
  return (value) => {
    if (known.has(value)) return value;
    if (known.size >= max) return '(other)';
    known.add(value);
    return value;
  };
}

/** The names of gRPC's status codes, by number, as its exporters write them. */
const GRPC_CODES = [
  'OK',
  'Canceled',
  'Unknown',
  'InvalidArgument',
  'DeadlineExceeded',
  'NotFound',
  'AlreadyExists',
  'PermissionDenied',
  'ResourceExhausted',
  'FailedPrecondition',
  'Aborted',
  'OutOfRange',
  'Unimplemented',
  'Internal',
  'Unavailable',
  'DataLoss',
  'Unauthenticated',
];

/** Adds the figures of calls to the registers. */
export function addCallMetrics(registers: Registry[]): CallMetrics {
  const calls = new Histogram({
    name: 'hostscore_call_seconds',
    help: 'Time to answer a call, by method and gRPC status code.',
    labelNames: ['method', 'code'],
    buckets: CALL_BUCKETS,
    registers,
  });
  const handled = new Counter({
    name: 'grpc_server_handled_total',
    help: 'gRPC calls that ended, by type, service, method and status code; those of methods that there are not as unknown.',
    labelNames: ['grpc_type', 'grpc_service', 'grpc_method', 'grpc_code'],
    registers,
  });
  const handling = new Histogram({
    name: 'grpc_server_handling_seconds',
    help: 'Time from the head of a gRPC call to its status, by type, service and method.',
    labelNames: ['grpc_type', 'grpc_service', 'grpc_method'],
    buckets: CALL_BUCKETS,
    registers,
  });
  const refusals = new Counter({
    name: 'hostscore_refusals_total',
    help: 'Calls that were refused before they were computed, by face, grpc or bridge, and reason.',
    labelNames: ['face', 'reason'],
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
  const unitLabel = createBoundedLabel(MAX_UNIT_LABELS);
  const unitRuns = new Histogram({
    name: 'hostscore_unit_seconds',
    help: 'Time that a run of a unit of this process took, native or of a plugin, by unit.',
    labelNames: ['unit'],
    buckets: UNIT_BUCKETS,
    registers,
  });
  const serviceCalls = new Histogram({
    name: 'hostscore_service_call_seconds',
    help: 'Time that a service of the composite took, by service, method and code.',
    labelNames: ['service', 'method', 'code'],
    buckets: CALL_BUCKETS,
    registers,
  });
  return {
    callEnded: ({ method, code, durationMs }) => calls.observe({ method, code }, durationMs / 1000),
    callHandled({ method, code, durationMs }) {
      handled.inc({ ...method, grpc_code: GRPC_CODES[code] ?? 'Unknown' });
      handling.observe({ ...method }, durationMs / 1000);
    },
    callRefused: (face, reason) => refusals.inc({ face, reason }),
    callIncomplete: (method) => incompleteCalls.inc({ method }),
    connectionEnded: (reason) => connectionEnds.inc({ reason }),
    schedulingLockHeld: (method, outcome, seconds) => locks.observe({ method, outcome }, seconds),
    bridgeRequestEnded: ({ method = '(other)', status = '', faultCode = '' }) =>
      bridgeRequests.inc({ method, status, fault: faultCode }),
    bridgeConnectionLost: (reason) => bridgeConnections.inc({ reason }),
    unitRan: (unit, durationMs) => unitRuns.observe({ unit: unitLabel(unit) }, durationMs / 1000),
    serviceCalled: ({ service, method, code, durationMs }) =>
      serviceCalls.observe({ service, method, code }, durationMs / 1000),
  };
}
