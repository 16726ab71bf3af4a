import type { Call, PolicyUnitService, UnitResult } from '../domain/contract.js';
import type { Log, LogFields } from './log.js';
import type { Metrics } from './metrics.js';

/** Where what is observed goes. */
export interface Observers {
  readonly log: Log;
  readonly metrics: Pick<Metrics, 'unitFailed'>;
}

/** Most failed units that one log line names. */
const MAX_NAMED = 8;

/**
 * A service that does what the given one does, counts each unit that failed, and logs each answer: at level debug, or, when
 * units failed, at level warn. Calls that fail are the business of who answers the caller.
 */
export function observe(service: PolicyUnitService, { log, metrics }: Observers): PolicyUnitService {
  function answered(
    method: keyof PolicyUnitService,
    { requestId }: Call,
    facts: LogFields,
    results: readonly UnitResult<unknown>[] = [],
  ): void {
    const failed = results.flatMap(({ unit, failure }) =>
      failure === undefined ? [] : [{ unit, ...failure }],
    );
    for (const { unit, code } of failed) metrics.unitFailed(unit, code);
    if (failed.length === 0) {
      log.debug('call answered', { requestId, method, ...facts });
    } else {
      const reasons = failed
        .slice(0, MAX_NAMED)
        .map(({ unit, code, message }) => `${unit}: ${code}: ${message}`);
      log.warn('units failed', { requestId, method, ...facts, failed: failed.length, reasons });
    }
  }

  return {
    async listPolicyUnits(call) {
      const listed = await service.listPolicyUnits(call);
      answered('listPolicyUnits', call, { units: listed.units.length });
      return listed;
    },
    async scoreHosts(request, call) {
      const response = await service.scoreHosts(request, call);
      const { scores, unitResults, unknownHostIds } = response;
      const facts = { vm: request.vmId, hosts: scores.length, unknownHosts: unknownHostIds.length };
      answered('scoreHosts', call, facts, unitResults);
      return response;
    },
    async filterHosts(request, call) {
      const response = await service.filterHosts(request, call);
      const asked = request.hosts === 'ALL_UP' ? {} : { hosts: request.hosts.length };
      const facts = { vm: request.vmId, ...asked, accepted: response.hostIds.length };
      answered('filterHosts', call, facts, response.unitResults);
      return response;
    },
    async balanceHosts(request, call) {
      const response = await service.balanceHosts(request, call);
      answered('balanceHosts', call, { unit: request.unit, migratesVm: response.migration?.vmId });
      return response;
    },
  };
}
