import { randomUUID } from 'node:crypto';
import { SchedulingError } from '../domain/errors.js';
import { createArgumentReader } from './arguments.js';
import { resolveBridgeLimits, type BridgeLimits } from './bridge-limits.js';
import {
  DEFAULT_BUDGET_MS,
  DEFAULT_DISCOVER_BUDGET_MS,
  type BridgeOptions,
  type CallEnd,
} from './bridge-options.js';
import { createCallBudget, type After, type BridgeRequest, type CallBudget } from './call-budget.js';
import { createDiscover } from './discover.js';
import { createEngineReply, type FailedUnit } from './engine-reply.js';
import { createFailureLog, type FailureLog } from './failure-log.js';
import { methodNotFound, withIntrospection } from './introspection.js';
import type { BridgeMethod } from './method.js';
import { createRunCostFunctions } from './run-cost-functions.js';
import { createRunFilters } from './run-filters.js';
import { createRunLoadBalancing } from './run-load-balancing.js';
import { createUnitDirectory, type UnitDirectory } from './unit-directory.js';
import { FAULT_CODES, XmlRpcFault } from './xml-rpc/fault.js';
import type { XmlRpcValue } from '../engine-model/value.js';

/** A twentieth of a budget is kept for sorting out and writing the answer. */
const MARGIN_SHARE = 0.05;

/** The engine's external-scheduler calls, answered by a PolicyUnitService. */
export interface Bridge {
  /** Answers one call. Rejects with an XmlRpcFault, and with nothing else. */
  readonly dispatch: (
    method: string,
    params: readonly XmlRpcValue[],
    request: BridgeRequest,
  ) => Promise<XmlRpcValue>;
  /** Names of the methods that there are. */
  readonly methods: ReadonlySet<string>;
  /**
   * Asks the service for its units in the background, so that the first runCostFunctions need not wait for them. For when
   * the service has just come to be there.
   */
  readonly warm: () => void;
}

/** Makes a bridge. Throws INVALID_ARGUMENT for options that can't work. */
export function createBridge(options: BridgeOptions): Bridge {
  const { log, makeRequestId = randomUUID, onCallEnd, onUnitFailure } = options;
  const parts = partsOf(options);
  const { directory, failureLog } = parts;
  const methods = new Map(methodsOf(options, parts).map((method) => [method.name, method]));

  function faulted(method: string, requestId: string, thrown: unknown): XmlRpcFault {
    const fault = faultOf(thrown);
    const stack = fault.cause instanceof Error ? fault.cause.stack : undefined;
    const facts = { requestId, method, code: fault.code, fault: fault.message };
    if (stack === undefined) log.warn('engine told of a fault', facts);
    else log.error('engine told of a fault', { ...facts, stack });
    return fault;
  }

  return {
    methods: new Set(methods.keys()),
    warm: () => directory.refresh(makeRequestId()),
    async dispatch(name, params, request) {
      const requestId = makeRequestId();
      const method = methods.get(name);
      const known = method?.name ?? '(unknown)';
      const ended = (end: Pick<CallEnd, 'outcome' | 'code'>): void =>
        request.whenEnded((elapsedMs) => onCallEnd?.({ method: known, seconds: elapsedMs / 1000, ...end }));
      try {
        if (method === undefined) throw methodNotFound(name, methods.values());
        const { answer, units, failed, facts = {} } = await method.run(params, { ...request, requestId });
        failureLog.answered({ requestId, method: known, units, failed, facts });
        for (const { unit, failure } of failed) onUnitFailure?.({ method: known, unit, code: failure.code });
        ended(endOf(units, failed));
        return answer;
      } catch (thrown) {
        const fault = faulted(known, requestId, thrown);
        ended({ outcome: 'fault', code: fault.code });
        throw fault;
      }
    },
  };
}

/** What the methods of one bridge share. */
interface BridgeParts {
  readonly limits: BridgeLimits;
  readonly clock: { readonly now: () => number };
  readonly after: After;
  readonly directory: UnitDirectory;
  readonly failureLog: FailureLog;
}

function partsOf({ service, log, clock = Date, timers, limits: given }: BridgeOptions): BridgeParts {
  const limits = resolveBridgeLimits(given);
  const after = timers?.after ?? afterReally;
  return {
    limits,
    clock,
    after,
    directory: createUnitDirectory({ service, limits, clock, after }),
    failureLog: createFailureLog({ log, clock, limits }),
  };
}

function methodsOf(options: BridgeOptions, parts: BridgeParts): readonly BridgeMethod[] {
  const { service, log, rows = 'perUnit', scores = 'asCosts' } = options;
  const { limits, directory } = parts;
  const readers = createArgumentReader(limits);
  const engineReply = createEngineReply(limits);
  const budget = budgetOf('budgetMs', options.budgetMs ?? DEFAULT_BUDGET_MS, options, parts);
  const discoverBudgetMs = options.discoverBudgetMs ?? DEFAULT_DISCOVER_BUDGET_MS;
  const discoverBudget = budgetOf('discoverBudgetMs', discoverBudgetMs, options, parts);
  const common = { service, budget, results: parts, engineReply };
  return withIntrospection([
    createDiscover({ service, budget: discoverBudget, directory, limits, log }),
    createRunFilters({ ...common, readArguments: readers.filters }),
    createRunCostFunctions({ ...common, readArguments: readers.costs, directory, rows, scores }),
    createRunLoadBalancing({ ...common, readArguments: readers.balance }),
  ]);
}

function budgetOf(
  name: string,
  budgetMs: number,
  options: Pick<BridgeOptions, 'marginMs'>,
  { clock, after }: BridgeParts,
): CallBudget {
  const marginMs = options.marginMs ?? Math.round(budgetMs * MARGIN_SHARE);
  if (!Number.isSafeInteger(budgetMs) || budgetMs < 1 || budgetMs > MAX_TIMER_MS) {
    throw invalidOption(name, `a whole number from 1 to ${MAX_TIMER_MS}`, budgetMs);
  }
  if (!(marginMs >= 0 && marginMs < budgetMs)) {
    throw invalidOption('marginMs', `0 or more, and less than ${name}, ${budgetMs}`, marginMs);
  }
  return createCallBudget({ budgetMs, marginMs, clock, after });
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

function endOf(units: readonly string[], failed: readonly FailedUnit[]): Pick<CallEnd, 'outcome' | 'code'> {
  const [first] = failed;
  if (first === undefined) return { outcome: 'ok' };
  return { outcome: failed.length === units.length ? 'failed' : 'partial', code: first.failure.code };
}
