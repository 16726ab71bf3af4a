import { randomUUID } from 'node:crypto';
import type { BridgeSettings } from '../config/sections.js';
import { idsOf, type Call, type CallIds, type PolicyUnitService } from '../domain/contract.js';
import { SchedulingError } from '../domain/errors.js';
import type { FollowCall } from '../domain/inventory.js';
import type { CallSpan, Tracing } from '../domain/trace.js';
import { runWithin } from '../lib/deadline.js';
import { nodeAfter, type After, type Clock } from '../lib/timers.js';
import { quoted, stackOf } from '../lib/text.js';
import { createAnswerLog } from '../process/answer-log.js';
import type { Log } from '../process/log.js';
import type { BridgeOutcome } from '../process/call-metrics.js';
import type { Metrics } from '../process/metrics.js';
import { createArgumentReader } from './arguments.js';
import { createDiscover } from './discover.js';
import { methodNotFound, withIntrospection } from './introspection.js';
import type { Ask, BridgeMethod, MethodOutcome } from './method.js';
import type { FailedUnit } from './reply.js';
import { createRunCostFunctions } from './run-cost-functions.js';
import { createRunFilters } from './run-filters.js';
import { createRunLoadBalancing } from './run-load-balancing.js';
import type { Dispatch, ReceivedRequest, RequestEnd } from './request.js';
import type { LostConnection } from './server.js';
import { FAULT_CODES, XmlRpcFault } from './xml-rpc/fault.js';

/** Part of a budget reserved for writing the answer, in milliseconds. That takes 20 ms for 10,000 hosts. */
export const ANSWER_MARGIN_MS = 50;

/** Largest share of a short budget to reserve, so that services have nearly all of it. */
export const MAX_MARGIN_SHARE = 1 / 20;

/** The calls during which the engine holds the scheduling lock of a cluster (SchedulingManager.schedule). */
const HOLDS_LOCK: ReadonlySet<string> = new Set(['runFilters', 'runCostFunctions', 'runLoadBalancing']);

/** Options of a bridge. */
export interface BridgeOptions {
  /** `budget` limits a call from the head of its request on, in milliseconds: it holds its cluster's lock. */
  readonly settings: Pick<
    BridgeSettings,
    'rows' | 'scores' | 'predictions' | 'selector' | 'budget' | 'maxHostIds'
  >;
  /** Budget of discover, in milliseconds: the engine calls it from a separate thread and waits two minutes. */
  readonly discoverBudgetMs: number;
  readonly service: PolicyUnitService;
  /** Called with each call for a VM that is no dry run, to be told what host the engine presumably takes; nobody wants to know by default. */
  readonly followCall?: FollowCall | undefined;
  readonly log: Log;
  /** Traces calls; nothing is traced by default. */
  readonly tracing?: Tracing | undefined;
  readonly metrics: Pick<
    Metrics,
    'schedulingLockHeld' | 'unitFailed' | 'callRefused' | 'bridgeRequestEnded' | 'bridgeConnectionLost'
  >;
  /** Milliseconds since the epoch; Date by default. */
  readonly clock?: Clock;
  /** Node's own timer by default. */
  readonly after?: After;
  readonly makeRequestId?: () => string;
}

/** The engine's external scheduler, backed by a PolicyUnitService. */
export interface Bridge {
  /** Answers the requests from now on by these settings. */
  readonly configure: (settings: Pick<BridgeOptions, 'settings' | 'discoverBudgetMs'>) => void;
  /** Answers one call. Rejects only with an XmlRpcFault. */
  readonly dispatch: Dispatch;
  /** Counts and logs the end of a request. */
  readonly requestEnded: (end: RequestEnd) => void;
  /** Counts and logs a lost connection. */
  readonly connectionLost: (reason: LostConnection, detail: string | number) => void;
}

/** Creates a bridge. */
export function createBridge(options: BridgeOptions): Bridge {
  const { service, log, tracing, metrics, makeRequestId = randomUUID } = options;
  const logAnswer = createAnswerLog(log);
  let { settings, discoverBudgetMs } = options;
  let methods = methodsBy(settings);

  function methodsBy({
    rows,
    scores,
    selector,
    maxHostIds,
  }: BridgeOptions['settings']): Map<string, BridgeMethod> {
    const readers = createArgumentReader(maxHostIds);
    const all = withIntrospection([
      createDiscover({ service, log }),
      createRunFilters({ service, read: readers.filters }),
      createRunCostFunctions({ service, read: readers.costs, rows, scores, selector }),
      createRunLoadBalancing({ service, read: readers.balance }),
    ]);
    return new Map(all.map((method) => [method.name, method]));
  }

  function reportFault(method: string, ids: CallIds, thrown: unknown): XmlRpcFault {
    const fault = XmlRpcFault.from(thrown);
    const facts = { ...ids, method, code: fault.code, fault: fault.message };
    const about = `${method} ${fault.code}`;
    if (fault.cause === undefined) log.warn('fault sent', facts, about);
    else log.error('fault sent', { ...facts, stack: stackOf(fault.cause) }, about);
    return fault;
  }

  /** Logs answers that break the contract, once for an error that all units share. */
  function logInvalid(method: string, ids: CallIds, failed: readonly FailedUnit[]): void {
    let logged: SchedulingError | undefined;
    for (const { unit, error } of failed) {
      if (error?.code !== 'INTERNAL' || error === logged) continue;
      logged = error;
      const stack = error.cause === undefined ? {} : { stack: stackOf(error.cause) };
      const facts = { ...ids, method, unit, fault: error.message, ...stack };
      log.error('answer invalid', facts, `${method} ${unit}`);
    }
  }

  /** Runs what predictions need, whose failure is logged, and is none of the call. */
  function guarded<Result>(method: string, ids: CallIds, run: () => Result): Result | undefined {
    try {
      return run();
    } catch (thrown) {
      log.error('prediction failed', { ...ids, stack: stackOf(thrown) }, method);
      return undefined;
    }
  }

  /** Predicts the host of a VM. Returns what has it counted there, which holds nothing of the call but ids. */
  function predict(
    method: string,
    ids: CallIds,
    follow: ReturnType<FollowCall>,
    predictHost: MethodOutcome['predictHost'],
  ): (() => void) | undefined {
    if (follow === undefined || predictHost === undefined) return undefined;
    const hostId = guarded(method, ids, predictHost);
    if (hostId === undefined) return undefined;
    return () => {
      if (settings.predictions) guarded(method, ids, () => follow(hostId));
    };
  }

  function logRefused(reason: string, { method, status, faultCode, receivedBytes }: RequestEnd): void {
    const facts = {
      ...(method === undefined ? {} : { method: quoted(method) }),
      ...(status === undefined ? {} : { status }),
      ...(faultCode === undefined ? {} : { code: faultCode }),
      ...{ reason, receivedBytes },
    };
    log.warn('request refused', facts, String(faultCode ?? status ?? ''));
  }

  return {
    configure(next) {
      ({ settings, discoverBudgetMs } = next);
      methods = methodsBy(settings);
    },
    async dispatch(name, params, request) {
      const requestId = makeRequestId();
      const method = methods.get(name);
      const knownName = method?.name ?? '(unknown)';
      const span = tracing && spanOfRequest(tracing, knownName, request, requestId);
      const ids = idsOf({ requestId, span });
      try {
        if (method === undefined) throw methodNotFound(name, methods.values());
        const forEngine = HOLDS_LOCK.has(name);
        const budgetMs = forEngine ? settings.budget : discoverBudgetMs;
        const { dryRun, record = false } = request;
        const asked = { requestId, span, dryRun, record, forEngine, atEngineStart: !forEngine };
        const ask = askWithin(budgetMs, asked, request, options);
        let follow: ReturnType<FollowCall>;
        const onVm = (vmId: string) => {
          if (dryRun || !settings.predictions) return;
          follow = guarded(name, ids, () => options.followCall?.(vmId, requestId));
        };
        const ran = await method.run(params, ask, onVm);
        const { answer, units = [], failed = [], facts = () => ({}), predictHost } = ran;
        logInvalid(name, ids, failed);
        logAnswer({ ids, method: name, units, failed, facts });
        for (const { unit, failure } of failed) metrics.unitFailed(unit, failure.code);
        const afterAnswer = () => predict(name, ids, follow, predictHost);
        const outcome = outcomeOf(units, failed);
        span?.describe(facts);
        span?.end(outcome === 'failed' ? outcome : undefined, { 'hostscore.outcome': outcome });
        return { value: answer, outcome, afterAnswer };
      } catch (thrown) {
        const fault = reportFault(knownName, ids, thrown);
        span?.end(`fault ${fault.code}`);
        throw fault;
      }
    },
    requestEnded(end) {
      const { status, faultCode, outcome, refusal, durationMs } = end;
      const method = methods.get(end.method ?? '')?.name;
      metrics.bridgeRequestEnded({ method, status, faultCode });
      if (method !== undefined && outcome !== undefined && HOLDS_LOCK.has(method)) {
        metrics.schedulingLockHeld(method, outcome, durationMs / 1000);
      }
      if (refusal === undefined) return;
      metrics.callRefused('bridge', refusalReason(end));
      logRefused(refusal, end);
    },
    connectionLost(reason, detail) {
      metrics.bridgeConnectionLost(reason);
      log.warn('connection lost', { reason, detail }, reason);
    },
  };
}

/** Creates the function that calls the service within the budget. The deadline leaves time to write the answer. */
function askWithin(
  budgetMs: number,
  facts: Pick<Call, 'requestId' | 'span' | 'dryRun' | 'record' | 'forEngine' | 'atEngineStart'>,
  { signal, receivedAt }: ReceivedRequest,
  { clock = Date, after = nodeAfter }: Pick<BridgeOptions, 'clock' | 'after'>,
): Ask {
  const late = () =>
    new SchedulingError('DEADLINE_EXCEEDED', `no answer within the budget of ${budgetMs} ms`);
  return async (task) => {
    const now = clock.now();
    // A clock set back must not extend the budget.
    const ms = Math.min(budgetMs, receivedAt + budgetMs - now);
    if (ms <= 0 && !signal.aborted) throw late();
    const deadline = now + ms - Math.min(ANSWER_MARGIN_MS, budgetMs * MAX_MARGIN_SHARE);
    const call = (own: AbortSignal): Call => ({ ...facts, signal: own, deadline });
    return runWithin((own) => task(call(own)), { signal, ms, after, late });
  };
}

function spanOfRequest(
  tracing: Tracing,
  method: string,
  { headers = {}, dryRun }: ReceivedRequest,
  requestId: string,
): CallSpan {
  return tracing.receive(method, headers, {
    'rpc.system': 'xmlrpc',
    'rpc.method': method,
    'hostscore.request_id': requestId,
    'hostscore.dry_run': dryRun,
  });
}

/** Reasons for which a request is refused, by the status of its answer. */
const REFUSALS: Readonly<Partial<Record<number, string>>> = {
  400: 'wrong_header',
  403: 'browser',
  404: 'wrong_path',
  405: 'not_post',
  408: 'late',
  413: 'too_large',
  415: 'wrong_type',
};

function refusalReason({ status, faultCode }: RequestEnd): string {
  if (faultCode !== undefined) return faultCode === FAULT_CODES.unavailable ? 'overloaded' : 'not_a_call';
  return status === undefined ? 'cut' : (REFUSALS[status] ?? 'other');
}

function outcomeOf(units: readonly string[], failed: readonly FailedUnit[]): BridgeOutcome {
  if (failed.length === 0) return 'ok';
  return failed.length === units.length ? 'failed' : 'partial';
}
