import type { PolicyUnitService } from '../domain/contract.js';
import { policyHash } from '../domain/policies.js';
import type { ArgumentReader, FilterArguments } from './arguments.js';
import type { Ask, BridgeMethod } from './method.js';
import { brokenUnit, engineReply, failedUnit, type FailedUnit } from './reply.js';

/** Options of runFilters. */
export interface RunFiltersOptions {
  readonly service: Pick<PolicyUnitService, 'filterHosts'>;
  readonly read: ArgumentReader['filters'];
}

interface Filtered {
  readonly hostIds: readonly string[];
  readonly failed: readonly FailedUnit[];
}

/** Creates runFilters, which returns the hosts that every answering filter accepts; all hosts when no filter answers. */
export function createRunFilters({ service, read }: RunFiltersOptions): BridgeMethod {
  async function filter(asked: FilterArguments, ask: Ask): Promise<Filtered> {
    const { filters, hosts, vmId, properties } = asked;
    try {
      const { hostIds, unitResults } = await ask((call) =>
        service.filterHosts({ vmId, hosts: hosts.ids, units: filters, properties }, call),
      );
      const failed = unitResults.flatMap(({ unit, failure }) =>
        failure === undefined ? [] : [failedUnit(unit, failure)],
      );
      return { hostIds, failed };
    } catch (thrown) {
      return { hostIds: hosts.ids, failed: filters.map((unit) => brokenUnit(unit, thrown)) };
    }
  }

  return {
    name: 'runFilters',
    help:
      'Keeps the hosts on which a VM may run. Arguments: names of filters, ids of hosts, id of the VM, properties of the ' +
      'scheduling policy. Answers {result_code, result: [host id], plugin_errors: {filter: [text]}, errors: [text]}.',
    signatures: [
      ['struct', 'array', 'array', 'string', 'struct'],
      ['struct', 'array', 'array', 'string', 'nil'],
    ],
    async run(params, ask, onVm) {
      const asked = read(params);
      const { filters, hosts, vmId, properties } = asked;
      onVm(vmId);
      const facts = () => ({
        vm: vmId,
        hosts: hosts.ids.length,
        policy: policyHash({ filters, scores: [], properties }),
      });
      // To a service, an empty list means all its filters; to the engine, none.
      if (filters.length === 0 || hosts.ids.length === 0) return { answer: engineReply(hosts.texts), facts };
      const { hostIds, failed } = await filter(asked, ask);
      // Without any verdict every host stays: an empty list would reject them all.
      const allFailed = failed.length === filters.length;
      const kept = new Set(allFailed ? hosts.ids : hostIds);
      const accepted = hosts.texts.filter((_, place) => kept.has(hosts.ids[place] ?? ''));
      return {
        answer: engineReply(accepted, failed, allFailed ? ['all filters failed'] : []),
        units: filters,
        failed,
        facts: () => ({ ...facts(), accepted: accepted.length }),
        // Of one host that is left, the engine asks for no costs.
        predictHost: () => (accepted.length === 1 ? hosts.ids.find((id) => kept.has(id)) : undefined),
      };
    },
  };
}
