import type { Call, PolicyUnitService, UnitResult } from './contract.js';
import { SchedulingError } from './errors.js';
import type { Log, LogFields } from './log.js';
import type { Metrics } from './metrics.js';

/** Where what is observed goes. */
export interface Observers {
  readonly log: Log;
  readonly metrics: Pick<Metrics, 'callAnswered' | 'unitFailed'>;
  /** A clock in milliseconds that never goes back; `performance` by default. */
  readonly clock?: { readonly now: () => number };
}

/** A service that does what the given one does, and logs and counts each call and each failed unit. */
export function observe(
  service: PolicyUnitService,
  { log, metrics, clock = performance }: Observers,
): PolicyUnitService {
  async function watch<Response>(
    method: keyof PolicyUnitService,
    call: Call,
    run: () => Promise<Response>,
    facts: (response: Response) => LogFields,
  ): Promise<Response> {
    const begin = clock.now();
    try {
      const response = await run();
      const ms = clock.now() - begin;
      metrics.callAnswered(method, 'OK', ms / 1000);
      log.debug('call answered', { requestId: call.requestId, method, ms: round(ms), ...facts(response) });
      return response;
    } catch (thrown) {
      const error = SchedulingError.from(thrown);
      const ms = clock.now() - begin;
      metrics.callAnswered(method, error.code, ms / 1000);
      log.info('call failed', {
        requestId: call.requestId,
        method,
        ms: round(ms),
        code: error.code,
        reason: error.message,
      });
      throw thrown;
    }
  }

  function countFailures(call: Call, results: readonly UnitResult<unknown>[]): number {
    let failed = 0;
    for (const { unit, failure } of results) {
      if (failure === undefined) continue;
      failed += 1;
      metrics.unitFailed(unit, failure.code);
      log.warn('unit failed', {
        requestId: call.requestId,
        unit,
        code: failure.code,
        reason: failure.message,
      });
    }
    return failed;
  }

  return {
    listPolicyUnits: (call) =>
      watch(
        'listPolicyUnits',
        call,
        () => service.listPolicyUnits(call),
        (units) => ({ units: units.length }),
      ),
    scoreHosts: (request, call) =>
      watch(
        'scoreHosts',
        call,
        () => service.scoreHosts(request, call),
        ({ scores, unitResults, unknownHostIds }) => ({
          vm: request.vmId,
          hosts: scores.length,
          unknownHosts: unknownHostIds.length,
          units: unitResults.length,
          failedUnits: countFailures(call, unitResults),
        }),
      ),
    filterHosts: (request, call) =>
      watch(
        'filterHosts',
        call,
        () => service.filterHosts(request, call),
        ({ hostIds, unitResults }) => ({
          vm: request.vmId,
          accepted: hostIds.length,
          units: unitResults.length,
          failedUnits: countFailures(call, unitResults),
        }),
      ),
    balanceHosts: (request, call) =>
      watch(
        'balanceHosts',
        call,
        () => service.balanceHosts(request, call),
        ({ migration }) => ({ unit: request.unit, migratesVm: migration?.vmId }),
      ),
  };
}

function round(ms: number): number {
  return Math.round(ms * 100) / 100;
}
