import type {
  BalanceHostsRequest,
  Call,
  FilterHostsRequest,
  PolicyUnitService,
  ScoreHostsRequest,
} from '../../src/domain/contract.js';
import { fieldsOf, type Log, type LogFacts, type LogFields } from '../../src/process/log.js';
import { createRpcClient, type RpcClient, type RpcClientOptions } from '../../src/rpc/client.js';
import { startRpcServer, type RpcServer, type RpcServerOptions } from '../../src/rpc/server.js';
import { serverSettings } from '../support/server-settings.js';
import { unitList } from '../support/unit-list.js';

/** A UUID whose last digits are this number. */
export function uuid(n: number): string {
  return `00000000-0000-4000-8000-${n.toString(16).padStart(12, '0')}`;
}

/** The moment at which every fake service read its inventory. */
export const SNAPSHOT_TIME = 1_700_000_000_123;

/** A call that nobody cancels, with a deadline that a broken test meets before mocha gives up. */
export function aCall(call: Partial<Call> = {}): Call {
  return {
    requestId: 'call-1',
    signal: new AbortController().signal,
    deadline: Date.now() + 5000,
    ...call,
  };
}

/** A request for scores of hosts 1 and 2. */
export function aScoreRequest(request: Partial<ScoreHostsRequest> = {}): ScoreHostsRequest {
  return {
    vmId: uuid(0xa),
    hosts: [uuid(1), uuid(2)],
    units: [{ name: 'even', weight: 1 }],
    properties: new Map(),
    assumedPlacements: [],
    explain: false,
    ...request,
  };
}

/** A request to filter hosts 1 and 2. */
export function aFilterRequest(request: Partial<FilterHostsRequest> = {}): FilterHostsRequest {
  return { vmId: uuid(0xa), hosts: [uuid(1), uuid(2)], units: [], properties: new Map(), ...request };
}

/** A request to balance hosts 1 and 2. */
export function aBalanceRequest(request: Partial<BalanceHostsRequest> = {}): BalanceHostsRequest {
  return { unit: 'level', hostIds: [uuid(1), uuid(2)], properties: new Map(), ...request };
}

/** What reached a fake service: the method, the request and the call. */
export interface Received {
  readonly method: keyof PolicyUnitService;
  readonly request?: unknown;
  readonly call: Call;
}

/**
 * A service that scores a host 10 x its place in the request, accepts every host, proposes nothing, and writes down what
 * it is asked. Methods can be replaced.
 */
export function fakeService(
  methods: Partial<PolicyUnitService> = {},
): PolicyUnitService & { readonly received: readonly Received[] } {
  const received: Received[] = [];
  const service: PolicyUnitService = {
    listPolicyUnits: () => Promise.resolve(unitList([])),
    scoreHosts: ({ hosts, units }) => {
      const ids = hosts === 'ALL_UP' ? [uuid(1)] : [...new Set(hosts)];
      const values = ids.map((_, index) => (index % 10) * 10);
      const weight = units.reduce((sum, unit) => sum + unit.weight, 0);
      return Promise.resolve({
        scores: ids.map((hostId, index) => ({ hostId, score: weight * (values[index] ?? 0) })),
        unitResults: units.map(({ name }) => ({ unit: name, value: values })),
        unknownHostIds: [],
        snapshotTime: SNAPSHOT_TIME,
      });
    },
    filterHosts: ({ hosts }) =>
      Promise.resolve({
        hostIds: hosts === 'ALL_UP' ? [] : [...new Set(hosts)],
        unitResults: [],
        snapshotTime: SNAPSHOT_TIME,
      }),
    balanceHosts: () => Promise.resolve({ snapshotTime: SNAPSHOT_TIME }),
    ...methods,
  };
  return {
    received,
    listPolicyUnits: (call) => {
      received.push({ method: 'listPolicyUnits', call });
      return service.listPolicyUnits(call);
    },
    scoreHosts: (request, call) => {
      received.push({ method: 'scoreHosts', request, call });
      return service.scoreHosts(request, call);
    },
    filterHosts: (request, call) => {
      received.push({ method: 'filterHosts', request, call });
      return service.filterHosts(request, call);
    },
    balanceHosts: (request, call) => {
      received.push({ method: 'balanceHosts', request, call });
      return service.balanceHosts(request, call);
    },
  };
}

/** A log that keeps its lines. */
export function memoryLog(): Log & {
  readonly lines: readonly (LogFields & { level: string; event: string })[];
} {
  const lines: (LogFields & { level: string; event: string })[] = [];
  const at =
    (level: string) =>
    (event: string, facts: LogFacts = {}) => {
      lines.push({ ...fieldsOf(facts), level, event });
    };
  return { lines, debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') };
}

/** What a test's server has otherwise than by default. */
export type ServeOptions = Partial<Omit<RpcServerOptions, 'settings'>> & {
  readonly settings?: Partial<RpcServerOptions['settings']>;
};

/** Servers and clients of one test, closed together. */
export interface Loopback {
  readonly serve: (options?: ServeOptions) => Promise<RpcServer>;
  readonly connect: (server: { readonly address: string }, options?: Partial<RpcClientOptions>) => RpcClient;
  /** Closed with the others: clients before servers. */
  readonly onClose: (close: () => unknown) => void;
  readonly close: () => Promise<void>;
}

/** Opens servers on free ports of the loopback address. */
export function createLoopback(): Loopback {
  const closers: (() => unknown)[] = [];
  return {
    async serve(options = {}) {
      const { settings, ...rest } = options;
      const server = await startRpcServer({
        service: fakeService(),
        settings: serverSettings(settings),
        log: memoryLog(),
        ...rest,
      });
      closers.unshift(() => server.close(0));
      return server;
    },
    connect({ address }, options = {}) {
      const client = createRpcClient({ target: address, ...options });
      closers.unshift(() => client.close());
      return client;
    },
    onClose: (close) => closers.unshift(close),
    async close() {
      for (const close of closers.splice(0)) await close();
    },
  };
}

/** The error with which a promise rejects. Fails when it doesn't. */
export async function rejection(promise: Promise<unknown>): Promise<unknown> {
  const outcome = await promise.then(
    () => undefined,
    (error: unknown) => ({ error }),
  );
  if (outcome === undefined) throw new Error('expected a rejection');
  return outcome.error;
}

/** A promise that is fulfilled from outside. */
export function deferred<Value>(): {
  readonly promise: Promise<Value>;
  readonly resolve: (value: Value) => void;
} {
  let settle: ((value: Value) => void) | undefined;
  const promise = new Promise<Value>((resolve) => (settle = resolve));
  return { promise, resolve: (value) => settle?.(value) };
}
