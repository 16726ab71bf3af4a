import type { PolicyUnitService, UnitResult } from '../domain/contract.js';
import type { BalanceArguments } from './arguments.js';
import type { CallBudget, NamedRequest } from './call-budget.js';
import { migrationPair, type EngineReply } from './engine-reply.js';
import { failedAmong } from './failed-among.js';
import type { BridgeMethod } from './method.js';
import { createUnitResults, type UnitResultsOptions } from './unit-results.js';
import type { XmlRpcValue } from '../engine-model/value.js';

/** What runLoadBalancing works with. */
export interface RunLoadBalancingOptions {
  readonly service: Pick<PolicyUnitService, 'balanceHosts'>;
  readonly readArguments: (params: readonly XmlRpcValue[]) => BalanceArguments;
  readonly budget: CallBudget;
  readonly results: UnitResultsOptions;
  readonly engineReply: EngineReply;
}

/** runLoadBalancing: one migration, or `['', []]`. */
export function createRunLoadBalancing(options: RunLoadBalancingOptions): BridgeMethod {
  const { service, readArguments, budget, engineReply } = options;

  async function ask(
    { balancer, hosts, properties }: BalanceArguments,
    request: NamedRequest,
  ): Promise<UnitResult<readonly XmlRpcValue[]>> {
    const results = createUnitResults(options.results, {
      method: 'runLoadBalancing',
      type: 'BALANCE',
      units: [balancer],
      requestId: request.requestId,
    });
    try {
      const { migration } = await budget(request, (call) =>
        service.balanceHosts({ unit: balancer, hostIds: hosts.ids, properties }, call),
      );
      return results.contain(balancer, () => migrationPair(hosts, migration));
    } catch (thrown) {
      return results.failed(balancer, thrown);
    }
  }

  return {
    name: 'runLoadBalancing',
    help:
      'Proposes a migration that balances the load. Arguments: name of a balance unit, ids of hosts, properties of the ' +
      "scheduling policy. Answers {result_code, result: [VM id, [host id]], plugin_errors, errors}; ['', []]: nothing to do.",
    signatures: [
      ['struct', 'string', 'array', 'struct'],
      ['struct', 'string', 'array', 'nil'],
    ],
    async run(params, request) {
      const asked = readArguments(params);
      const { hosts } = asked;
      const nothing = migrationPair(hosts, undefined);
      if (hosts.ids.length === 0) return { answer: engineReply(nothing, []), units: [], failed: [] };
      const result = await ask(asked, request);
      const failed = failedAmong([result]);
      return {
        answer: engineReply(result.value ?? nothing, failed),
        units: [asked.balancer],
        failed,
        facts: { unit: asked.balancer, hosts: hosts.ids.length },
      };
    },
  };
}
