import type { PolicyUnitService, UnitResult } from '../contract.js';
import { SchedulingError } from '../errors.js';
import type { Log } from '../log.js';
import type { BalanceArguments } from './arguments.js';
import type { CallBudget, NamedRequest } from './call-budget.js';
import { engineReply, migrationPair } from './engine-reply.js';
import { failedAmong } from './failed-among.js';
import type { BridgeMethod } from './method.js';
import { createUnitResults, unitNotFoundText } from './unit-results.js';
import type { XmlRpcValue } from './xml-rpc/value.js';

/** What runLoadBalancing works with. */
export interface RunLoadBalancingOptions {
  readonly service: Pick<PolicyUnitService, 'balanceHosts'>;
  readonly readArguments: (params: readonly XmlRpcValue[]) => BalanceArguments;
  readonly budget: CallBudget;
  readonly log: Log;
}

/** runLoadBalancing: one migration, or `['', []]`. */
export function createRunLoadBalancing(options: RunLoadBalancingOptions): BridgeMethod {
  const { service, readArguments, budget, log } = options;

  async function ask(
    { balancer, hosts, properties }: BalanceArguments,
    request: NamedRequest,
  ): Promise<UnitResult<readonly XmlRpcValue[]>> {
    const results = createUnitResults({ units: [balancer], requestId: request.requestId, log });
    try {
      const { migration } = await budget(request, (call) =>
        service.balanceHosts({ unit: balancer, hostIds: hosts.ids, properties }, call),
      );
      return results.contain(balancer, () => migrationPair(hosts, migration));
    } catch (thrown) {
      // The call names no VM, so what is not found is the unit.
      if (thrown instanceof SchedulingError && thrown.code === 'NOT_FOUND') {
        return { unit: balancer, failure: { code: thrown.code, message: unitNotFoundText(balancer) } };
      }
      return results.contain(balancer, () => {
        throw thrown;
      });
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
      if (hosts.ids.length === 0) return { answer: engineReply(nothing, []), units: 0, failed: [] };
      const result = await ask(asked, request);
      const failed = failedAmong([result]);
      return {
        answer: engineReply(result.value ?? nothing, failed),
        units: 1,
        failed,
        facts: { unit: asked.balancer, hosts: hosts.ids.length },
      };
    },
  };
}
