import { idsOf, type Call, type PolicyUnitService, type UnitResult } from '../domain/contract.js';
import { policyHash, type Policies, type PolicyContent } from '../domain/policies.js';
import type { AnsweredCall } from './answer-log.js';
import type { LogFields } from './log.js';
import type { Metrics } from './metrics.js';

/** Log and metrics that observations go to. */
export interface Observers {
  readonly logAnswer: (call: AnsweredCall) => void;
  readonly metrics: Pick<Metrics, 'unitFailed'>;
  /** Policies that a request may name. */
  readonly policies: Policies;
}

/**
 * Returns a service that does what the given one does, counts each unit that failed, and logs each answer with the hash of
 * its policy, which a traced call's span gets too. Calls that fail are the business of who answers the caller.
 */
export function observe(
  service: PolicyUnitService,
  { logAnswer, metrics, policies }: Observers,
): PolicyUnitService {
  function answered(
    method: keyof PolicyUnitService,
    call: Call,
    facts: () => LogFields,
    results: readonly UnitResult<unknown>[] = [],
  ): void {
    const failed = results.flatMap(({ unit, failure }) => (failure === undefined ? [] : [{ unit, failure }]));
    for (const { unit, failure } of failed) metrics.unitFailed(unit, failure.code);
    call.span?.describe(facts);
    logAnswer({ ids: idsOf(call), method, units: results.map(({ unit }) => unit), failed, facts });
  }

  /** The hash of the policy that a request names, or of what it asks for in its place. */
  function policyFacts({ policy, ...content }: PolicyContent & { readonly policy?: string }): LogFields {
    if (policy === undefined) return { policy: policyHash(content) };
    return { policy: policies.get(policy)?.hash, policyName: policy };
  }

  return {
    async listPolicyUnits(call) {
      const listed = await service.listPolicyUnits(call);
      answered('listPolicyUnits', call, () => ({ units: listed.units.length }));
      return listed;
    },
    async scoreHosts(request, call) {
      const response = await service.scoreHosts(request, call);
      const { scores, unitResults, unknownHostIds } = response;
      const facts = () => ({
        vm: request.vmId,
        hosts: scores.length,
        unknownHosts: unknownHostIds.length,
        ...policyFacts({ ...request, filters: [], scores: request.units }),
      });
      answered('scoreHosts', call, facts, unitResults);
      return response;
    },
    async filterHosts(request, call) {
      const response = await service.filterHosts(request, call);
      const facts = () => ({
        vm: request.vmId,
        ...(request.hosts === 'ALL_UP' ? {} : { hosts: request.hosts.length }),
        accepted: response.hostIds.length,
        ...policyFacts({ ...request, filters: request.units, scores: [] }),
      });
      answered('filterHosts', call, facts, response.unitResults);
      return response;
    },
    async balanceHosts(request, call) {
      const response = await service.balanceHosts(request, call);
      answered('balanceHosts', call, () => ({ unit: request.unit, migratesVm: response.migration?.vmId }));
      return response;
    },
  };
}
