import { randomUUID } from 'node:crypto';
import { SchedulingError } from '../errors.js';
import { resolveArgumentLimits } from './argument-limits.js';
import { createArgumentReader } from './arguments.js';
import { DEFAULT_BUDGET_MS, DEFAULT_DISCOVER_BUDGET_MS, type BridgeOptions } from './bridge-options.js';
import { createCallBudget, type After, type BridgeRequest } from './call-budget.js';
import { createDirections } from './directions.js';
import { createDiscover } from './discover.js';
import type { FailedUnit } from './engine-reply.js';
import { methodNotFound, withIntrospection } from './introspection.js';
import type { BridgeMethod, MethodOutcome } from './method.js';
import { createRunCostFunctions } from './run-cost-functions.js';
import { createRunFilters } from './run-filters.js';
import { createRunLoadBalancing } from './run-load-balancing.js';
import { FAULT_CODES, XmlRpcFault } from './xml-rpc/fault.js';
import type { XmlRpcValue } from './xml-rpc/value.js';

/** A twentieth of a budget is kept for sorting out and writing the answer. */
const MARGIN_SHARE = 0.05;

/** Most failed units that one log line names. */
const MAX_NAMED = 8;

/** The engine's external-scheduler calls, answered by a PolicyUnitService. */
export interface Bridge {
  /** Answers one call. Rejects with an XmlRpcFault, and with nothing else. */
  readonly dispatch: (
    method: string,
    params: readonly XmlRpcValue[],
    request: BridgeRequest,
  ) => Promise<XmlRpcValue>;
}

/** Makes a bridge. Throws INVALID_ARGUMENT for options that can't work. */
export function createBridge(options: BridgeOptions): Bridge {
  const { log, clock = Date, makeRequestId = randomUUID, onCallEnd, onUnitFailure } = options;
  const methods = new Map(methodsOf(options).map((method) => [method.name, method]));

  function answered(method: string, requestId: string, seconds: number, outcome: MethodOutcome): void {
    const { units, failed, facts } = outcome;
    for (const { unit, failure } of failed) onUnitFailure?.({ method, unit, code: failure.code });
    const [first] = failed;
    if (first === undefined) {
      log.debug('engine answered', { requestId, method, ...facts });
      onCallEnd?.({ method, seconds, outcome: 'ok' });
      return;
    }
    log.warn('engine told of failures', {
      requestId,
      method,
      ...facts,
      failed: failed.length,
      reasons: reasonsOf(failed),
    });
    const all = failed.length === units;
    onCallEnd?.({ method, seconds, outcome: all ? 'failed' : 'partial', code: first.failure.code });
  }

  function faulted(method: string, requestId: string, seconds: number, thrown: unknown): XmlRpcFault {
    const fault = faultOf(thrown);
    const stack = fault.cause instanceof Error ? fault.cause.stack : undefined;
    const facts = { requestId, method, code: fault.code, fault: fault.message };
    if (stack === undefined) log.warn('engine told of a fault', facts);
    else log.error('engine told of a fault', { ...facts, stack });
    onCallEnd?.({ method, seconds, outcome: 'fault', code: fault.code });
    return fault;
  }

  return {
    async dispatch(name, params, request) {
      const requestId = makeRequestId();
      const method = methods.get(name);
      const secondsSince = () => Math.max(0, clock.now() - request.receivedAt) / 1000;
      try {
        if (method === undefined) throw methodNotFound(name, methods.values());
        const outcome = await method.run(params, { ...request, requestId });
        answered(name, requestId, secondsSince(), outcome);
        return outcome.answer;
      } catch (thrown) {
        throw faulted(method?.name ?? '(unknown)', requestId, secondsSince(), thrown);
      }
    },
  };
}

function methodsOf(options: BridgeOptions): readonly BridgeMethod[] {
  const { service, log, clock = Date, rows = 'perUnit', scores = 'asCosts' } = options;
  const limits = resolveArgumentLimits(options.limits);
  const readers = createArgumentReader(limits);
  const directions = createDirections(service, clock);
  const budget = budgetOf('budgetMs', options.budgetMs ?? DEFAULT_BUDGET_MS, options);
  const discoverBudgetMs = options.discoverBudgetMs ?? DEFAULT_DISCOVER_BUDGET_MS;
  const discoverBudget = budgetOf('discoverBudgetMs', discoverBudgetMs, options);
  return withIntrospection([
    createDiscover({ service, budget: discoverBudget, directions, log }),
    createRunFilters({ service, readArguments: readers.filters, budget, log }),
    createRunCostFunctions({ service, readArguments: readers.costs, budget, directions, rows, scores, log }),
    createRunLoadBalancing({ service, readArguments: readers.balance, budget, log }),
  ]);
}

function budgetOf(
  name: string,
  budgetMs: number,
  options: BridgeOptions,
): ReturnType<typeof createCallBudget> {
  const { clock = Date, timers = { after: afterReally } } = options;
  const marginMs = options.marginMs ?? Math.round(budgetMs * MARGIN_SHARE);
  if (!Number.isSafeInteger(budgetMs) || budgetMs < 1 || budgetMs > MAX_TIMER_MS) {
    throw invalidOption(name, `a whole number from 1 to ${MAX_TIMER_MS}`, budgetMs);
  }
  if (!(marginMs >= 0 && marginMs < budgetMs)) {
    throw invalidOption('marginMs', `0 or more, and less than ${name}, ${budgetMs}`, marginMs);
  }
  return createCallBudget({ budgetMs, marginMs, clock, after: timers.after });
}

/** Longest time that a timer of Node can wait, in milliseconds. */
const MAX_TIMER_MS = 2 ** 31 - 1;

const afterReally: After = (ms, run) => {
  const timer = setTimeout(run, ms);
  return () => clearTimeout(timer);
};

function invalidOption(name: string, expected: string, got: number): SchedulingError {
  return new SchedulingError('INVALID_ARGUMENT', `${name}: expected ${expected}, got ${got}`);
}

function faultOf(thrown: unknown): XmlRpcFault {
  if (thrown instanceof XmlRpcFault) return thrown;
  const { message, cause } = SchedulingError.from(thrown);
  return new XmlRpcFault(FAULT_CODES.internal, message, { cause: cause ?? thrown });
}

function reasonsOf(failed: readonly FailedUnit[]): readonly string[] {
  return failed.slice(0, MAX_NAMED).map(({ unit, failure }) => `${unit}: ${failure.message}`);
}
