import { createBridge, type Bridge, type BridgeOptions } from '../../src/bridge/bridge.js';
import { callXmlRpc } from '../../src/bridge/client.js';
import type { ReceivedRequest } from '../../src/bridge/request.js';
import { startXmlRpcServer, type XmlRpcServer } from '../../src/bridge/server.js';
import { XmlRpcFault } from '../../src/bridge/xml-rpc/fault.js';
import { readResponse } from '../../src/bridge/xml-rpc/reader.js';
import { writeResponse, type WritableValue } from '../../src/bridge/xml-rpc/writer.js';
import { isArray, isStruct, type XmlRpcValue } from '../../src/engine-model/value.js';
import type {
  BalanceHostsRequest,
  Call,
  Direction,
  FilterHostsRequest,
  PolicyUnit,
  PolicyUnitService,
  ScoreHostsRequest,
  ScoreHostsResponse,
  ScoreUnitResult,
  UnitResult,
} from '../../src/domain/contract.js';
import type { SchedulingErrorCode } from '../../src/domain/errors.js';
import type { BridgeOutcome } from '../../src/process/call-metrics.js';
import { createFakeTime, type FakeTime } from '../inventory/fake-time.js';
import { memoryLog } from '../support/log.js';
import { unitList } from '../support/unit-list.js';
import { until } from '../support/until.js';
import { hostId, vmId } from '../support/world.js';

/** How a call ended, and how long it took from the head of its request on. */
export interface CallEnd {
  readonly method: string;
  readonly seconds: number;
  readonly outcome: BridgeOutcome;
}

/** A bridge over a service, on a clock that stands still. */
export interface Stage {
  /** Calls a method as if its request had just come in. */
  readonly call: (method: string, ...params: readonly XmlRpcValue[]) => Promise<XmlRpcValue>;
  readonly dispatch: (
    method: string,
    params: readonly XmlRpcValue[],
    request: Pick<ReceivedRequest, 'signal' | 'receivedAt'>,
  ) => Promise<XmlRpcValue>;
  /** Fulfilled when that many calls have come to the bridge. */
  readonly arrived: (count: number) => Promise<unknown>;
  /** Fulfilled with what is known of that many calls when they have ended. */
  readonly ended: (count: number) => Promise<readonly CallEnd[]>;
  /** Stops what was started for calls over HTTP. */
  readonly close: () => Promise<void>;
  readonly requestEnded: Bridge['requestEnded'];
  readonly connectionLost: Bridge['connectionLost'];
  readonly time: FakeTime;
  readonly log: ReturnType<typeof memoryLog>;
  readonly ends: readonly CallEnd[];
  /** The units that failed, each with its code. */
  readonly failures: readonly (readonly [unit: string, code: SchedulingErrorCode])[];
  /** The reasons of the requests that were refused. */
  readonly refusals: readonly string[];
}

/** What a stage may be told. */
export interface StageOptions extends Partial<BridgeOptions['settings']> {
  /** How calls come to the bridge: by its function, as by default, or over a socket, through the server and the codec. */
  readonly over?: 'dispatch' | 'http';
  /** Called for each unit that failed. */
  readonly onUnitFailure?: () => void;
  /** True for a log with the lines that a process writes at level debug; by default it has each line. */
  readonly isThrottled?: boolean;
  readonly tracing?: BridgeOptions['tracing'];
}

/** Sets a bridge up. */
export function createStage(service: PolicyUnitService, stageOptions: StageOptions = {}): Stage {
  const {
    over = 'dispatch',
    onUnitFailure = () => undefined,
    isThrottled = false,
    tracing,
    ...settings
  } = stageOptions;
  // Far ahead, so that a service with a clock of its own sees no deadline pass.
  const time = createFakeTime(Date.UTC(2100, 0));
  const log = isThrottled ? memoryLog(time) : memoryLog();
  const ends: CallEnd[] = [];
  const refusals: string[] = [];
  const failures: (readonly [unit: string, code: SchedulingErrorCode])[] = [];
  let calls = 0;
  const bridge = createBridge({
    settings: {
      rows: 'perUnit',
      scores: 'asCosts',
      selector: 'rank',
      predictions: true,
      budget: 1000,
      maxHostIds: 10_000,
      ...settings,
    },
    discoverBudgetMs: 35_000,
    service,
    log,
    tracing,
    metrics: {
      unitFailed(unit, code) {
        failures.push([unit, code]);
        onUnitFailure();
      },
      schedulingLockHeld: () => undefined,
      callRefused: (_, reason) => void refusals.push(reason),
      bridgeRequestEnded: () => undefined,
      bridgeConnectionLost: () => undefined,
    },
    clock: time.clock,
    after: time.after,
    makeRequestId: () => `r-${++calls}`,
  });
  const { signal } = new AbortController();
  let arrived = 0;
  let served: Promise<XmlRpcServer> | undefined;

  const dispatch: Stage['dispatch'] = async (method, params, request) => {
    arrived += 1;
    let outcome: BridgeOutcome = 'fault';
    try {
      const dispatched = await bridge.dispatch(method, params, { ...request, dryRun: false });
      ({ outcome } = dispatched);
      return asRead(dispatched.value);
    } finally {
      ends.push({ method, seconds: (time.clock.now() - request.receivedAt) / 1000, outcome });
    }
  };

  const serve = (): Promise<XmlRpcServer> =>
    startXmlRpcServer({
      listen: { host: '127.0.0.1', port: 0 },
      maxConcurrentRequests: 64,
      dispatch(method, params, context) {
        arrived += 1;
        return bridge.dispatch(method, params, context);
      },
      onRequestEnd({ method = '', durationMs, outcome = 'fault' }) {
        ends.push({ method, seconds: durationMs / 1000, outcome });
      },
      log,
      clock: time.clock,
      steadyClock: time.clock,
    });

  return {
    dispatch,
    async call(method, ...params) {
      if (over === 'dispatch') return dispatch(method, params, { signal, receivedAt: time.clock.now() });
      const { address } = await (served ??= serve());
      return callXmlRpc({ url: `http://${address}/`, timeoutMs: 10_000, signal }, method, params);
    },
    arrived: (count) =>
      until(
        () => arrived,
        (now) => now >= count,
      ),
    ended: (count) =>
      until(
        () => ends,
        ({ length }) => length >= count,
      ),
    close: async () => (await served)?.close(0),
    requestEnded: bridge.requestEnded,
    connectionLost: bridge.connectionLost,
    time,
    log,
    ends,
    failures,
    refusals,
  };
}

/** What a pretended service was asked. */
export interface Asked {
  readonly method: keyof PolicyUnitService;
  readonly request: ScoreHostsRequest | FilterHostsRequest | BalanceHostsRequest | undefined;
  readonly call: Call;
}

/** A service that answers what the test says, and keeps what it was asked. */
export function pretend(
  answers: Partial<PolicyUnitService>,
): PolicyUnitService & { readonly asked: readonly Asked[] } {
  const asked: Asked[] = [];
  const none = () => Promise.reject(new Error('not part of this test'));
  const { listPolicyUnits = none, scoreHosts = none, filterHosts = none, balanceHosts = none } = answers;
  return {
    asked,
    listPolicyUnits(call) {
      asked.push({ method: 'listPolicyUnits', request: undefined, call });
      return listPolicyUnits(call);
    },
    scoreHosts(request, call) {
      asked.push({ method: 'scoreHosts', request, call });
      return scoreHosts(request, call);
    },
    filterHosts(request, call) {
      asked.push({ method: 'filterHosts', request, call });
      return filterHosts(request, call);
    },
    balanceHosts(request, call) {
      asked.push({ method: 'balanceHosts', request, call });
      return balanceHosts(request, call);
    },
  };
}

const NO_SUCH_UNIT = { code: 'NOT_FOUND', message: 'no such unit', notFound: 'UNIT' } as const;

/** A unit as a service lists it. */
export function policyUnit(name: string, part: Partial<PolicyUnit> = {}): PolicyUnit {
  return { name, type: 'SCORE', description: '', properties: [], ...part };
}

/** Scores of hosts 1, 2, ... by unit, of a service that knows them all but those named. */
export function scoring(
  units: Readonly<Record<string, readonly number[] | UnitResult<never>['failure']>>,
  options: {
    readonly unknown?: readonly number[];
    readonly directions?: Readonly<Record<string, Direction>>;
    readonly change?: (response: ScoreHostsResponse) => ScoreHostsResponse;
  } = {},
): ReturnType<typeof pretend> {
  const { unknown = [], directions = {}, change = (response) => response } = options;
  const listed = Object.keys(units).map((name) =>
    policyUnit(name, { direction: directions[name] ?? 'HIGHER_IS_BETTER' }),
  );
  return pretend({
    listPolicyUnits: () => Promise.resolve(unitList(listed)),
    scoreHosts(request) {
      const hosts = request.hosts === 'ALL_UP' ? [] : request.hosts;
      const unknownHostIds = hosts.filter((id) => unknown.map(hostId).includes(id));
      const known = hosts.filter((id) => !unknownHostIds.includes(id));
      const response: ScoreHostsResponse = {
        scores: known.map((id) => ({ hostId: id, score: 0 })),
        unitResults: request.units.map(({ name }): ScoreUnitResult => {
          const answer = units[name];
          if (answer === undefined) return { unit: name, failure: NO_SUCH_UNIT };
          if ('code' in answer) return { unit: name, failure: answer };
          const direction = directions[name] ?? 'HIGHER_IS_BETTER';
          return { unit: name, value: answer.slice(0, known.length), direction };
        }),
        unknownHostIds,
        snapshotTime: 0,
      };
      return Promise.resolve(change(response));
    },
  });
}

/** What is accepted, as hosts' numbers, by filter. */
export function filtering(
  filters: Readonly<Record<string, readonly number[] | UnitResult<never>['failure']>>,
): ReturnType<typeof pretend> {
  return pretend({
    filterHosts({ hosts: selected, units }) {
      const asked = selected === 'ALL_UP' ? [] : selected;
      const unitResults = units.map((unit): UnitResult<readonly string[]> => {
        const answer = filters[unit];
        if (answer === undefined) return { unit, failure: NO_SUCH_UNIT };
        return 'code' in answer ? { unit, failure: answer } : { unit, value: answer.map(hostId) };
      });
      const hostIds = asked.filter((id) => unitResults.every(({ value }) => value?.includes(id) !== false));
      return Promise.resolve({ hostIds, unitResults, snapshotTime: 0 });
    },
  });
}

/** Ids of hosts by their numbers. */
export const hosts = (...numbers: readonly number[]): readonly string[] => numbers.map(hostId);

/** Calls runCostFunctions for VM 1. */
export async function costs(
  stage: Pick<Stage, 'call'>,
  units: Readonly<Record<string, number>>,
  ids: readonly string[],
): Promise<unknown> {
  return plain(await stage.call('runCostFunctions', Object.entries(units), ids, vmId(1), new Map()));
}

/** Calls runFilters for VM 1. */
export async function filters(
  stage: Pick<Stage, 'call'>,
  names: readonly string[],
  ids: readonly string[],
): Promise<unknown> {
  return plain(await stage.call('runFilters', names, ids, vmId(1), new Map()));
}

/** Calls runLoadBalancing without properties. */
export async function balance(
  stage: Pick<Stage, 'call'>,
  name: string,
  ids: readonly string[],
): Promise<unknown> {
  return plain(await stage.call('runLoadBalancing', name, ids, null));
}

/** Calls discover. */
export async function discover(stage: Pick<Stage, 'call'>): Promise<unknown> {
  return plain(await stage.call('discover'));
}

/** The answer that these parts make, as plain data. */
export function reply(
  result: unknown,
  plugin_errors: Readonly<Record<string, string>> = {},
  errors: readonly string[] = [],
): unknown {
  return {
    result_code: Object.keys(plugin_errors).length + errors.length > 0 ? 1 : 0,
    result,
    plugin_errors: Object.fromEntries(Object.entries(plugin_errors).map(([unit, text]) => [unit, [text]])),
    errors,
  };
}

/** A value as the engine reads it. */
export function asRead(value: WritableValue): XmlRpcValue {
  const response = readResponse(writeResponse(value));
  if (response.fault !== undefined) throw response.fault;
  return response.value;
}

/** A value with its structs as objects, so that a test shows how two differ. */
export function plain(value: XmlRpcValue): unknown {
  if (isStruct(value)) return Object.fromEntries([...value].map(([key, member]) => [key, plain(member)]));
  return isArray(value) ? value.map(plain) : value;
}

/** The fault with which a call ends. */
export async function faultOf(call: Promise<unknown>): Promise<XmlRpcFault> {
  const outcome = await call.then(
    (value) => ({ value }),
    (error: unknown) => ({ error }),
  );
  if ('error' in outcome && outcome.error instanceof XmlRpcFault) return outcome.error;
  throw new Error('expected a fault', { cause: outcome });
}
