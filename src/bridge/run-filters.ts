import type { PolicyUnitService, UnitResult } from '../domain/contract.js';
import { acceptedPlaces } from './accepted-places.js';
import type { FilterArguments } from './arguments.js';
import type { CallBudget, NamedRequest } from './call-budget.js';
import { hostList, type EngineReply } from './engine-reply.js';
import { failedAmong } from './failed-among.js';
import type { BridgeMethod } from './method.js';
import { createUnitResults, type UnitResultsOptions } from './unit-results.js';
import type { XmlRpcValue } from '../engine-model/value.js';

/** What runFilters works with. */
export interface RunFiltersOptions {
  readonly service: Pick<PolicyUnitService, 'filterHosts'>;
  readonly readArguments: (params: readonly XmlRpcValue[]) => FilterArguments;
  readonly budget: CallBudget;
  readonly results: UnitResultsOptions;
  readonly engineReply: EngineReply;
}

/** runFilters: the hosts that every answering filter accepts; all of them when no filter answers. */
export function createRunFilters(options: RunFiltersOptions): BridgeMethod {
  const { service, readArguments, budget, engineReply } = options;

  async function ask(
    { filters, hosts, vmId, properties }: FilterArguments,
    request: NamedRequest,
  ): Promise<readonly UnitResult<Readonly<Uint8Array>>[]> {
    const results = createUnitResults(options.results, {
      method: 'runFilters',
      type: 'FILTER',
      units: filters,
      requestId: request.requestId,
      vmId,
    });
    try {
      const { unitResults } = await budget(request, (call) =>
        service.filterHosts({ vmId, hosts: hosts.ids, units: filters, properties }, call),
      );
      return results.each(unitResults, (accepted: readonly string[]) => acceptedPlaces(hosts, accepted));
    } catch (thrown) {
      return results.none(thrown);
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
    async run(params, request) {
      const asked = readArguments(params);
      const { filters, hosts } = asked;
      const facts = { vm: asked.vmId, hosts: hosts.ids.length };
      // To a service, no filter means every one of its filters; to the engine, none.
      if (filters.length === 0 || hosts.ids.length === 0) {
        return {
          answer: engineReply(
            hostList(hosts, () => true),
            [],
          ),
          units: [],
          failed: [],
          facts,
        };
      }
      const results = await ask(asked, request);
      const failed = failedAmong(results);
      // No filter's word, so every host stays: an empty list would reject them all.
      const errors = failed.length === filters.length ? ['all filters failed'] : [];
      const answered = results.flatMap(({ value }) => (value === undefined ? [] : [value]));
      const accepted = hostList(hosts, (place) => answered.every((places) => places[place] === 1));
      return {
        answer: engineReply(accepted, failed, errors),
        units: filters,
        failed,
        facts: { ...facts, accepted: accepted.length },
      };
    },
  };
}
