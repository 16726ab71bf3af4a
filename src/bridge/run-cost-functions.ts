import type { PolicyUnitService, UnitResult } from '../domain/contract.js';
import type { CostArguments } from './arguments.js';
import { contractViolation } from '../domain/errors.js';
import type { CallBudget, NamedRequest } from './call-budget.js';
import { costsOf, sumCosts, type Cost, type ScoreMode } from '../engine-model/costs.js';
import { sumRows, unitRows, type EngineReply } from './engine-reply.js';
import { failedAmong } from './failed-among.js';
import type { BridgeMethod, MethodOutcome } from './method.js';
import { placeHosts } from './place-hosts.js';
import type { UnitDirectory } from './unit-directory.js';
import { createUnitResults, type UnitResultsOptions } from './unit-results.js';
import type { XmlRpcValue } from '../engine-model/value.js';

/**
 * How costs are sent. `perUnit`: rows of three, unweighted, which the engine books under their unit and multiplies by its
 * factor. `summed`: rows of two, weighted and summed, as the old proxy sent them.
 */
export type RowMode = 'perUnit' | 'summed';

/** What runCostFunctions works with. */
export interface RunCostFunctionsOptions {
  readonly service: Pick<PolicyUnitService, 'scoreHosts'>;
  readonly readArguments: (params: readonly XmlRpcValue[]) => CostArguments;
  readonly budget: CallBudget;
  readonly directory: Pick<UnitDirectory, 'lookUp' | 'doubt'>;
  readonly rows: RowMode;
  readonly scores: ScoreMode;
  readonly results: UnitResultsOptions;
  readonly engineReply: EngineReply;
}

interface UnitCosts {
  readonly costs: readonly Cost[];
  readonly rows: readonly XmlRpcValue[];
}

/** runCostFunctions: what each host costs, by each score unit that answered for every host. */
export function createRunCostFunctions(options: RunCostFunctionsOptions): BridgeMethod {
  const { service, readArguments, budget, directory, rows, scores, engineReply } = options;

  async function ask(
    { functions, hosts, vmId, properties }: CostArguments,
    request: NamedRequest,
  ): Promise<readonly UnitResult<UnitCosts>[]> {
    const units = [...functions.keys()];
    const results = createUnitResults(options.results, {
      method: 'runCostFunctions',
      type: 'SCORE',
      units,
      requestId: request.requestId,
      vmId,
    });
    // The factor stays here: a service is asked for values, and weighs nothing.
    const scoring = {
      vmId,
      hosts: hosts.ids,
      units: units.map((name) => ({ name, weight: 1 })),
      properties,
      assumedPlacements: [],
      explain: false,
    };
    try {
      return await budget(request, async (call) => {
        const lookUp = directory.lookUp(units, call);
        const response = await service.scoreHosts(scoring, call);
        const answered = response.unitResults.filter(({ failure }) => failure === undefined);
        await lookUp.known(answered.map(({ unit }) => unit));
        const places = placeHosts(hosts, response);
        return results.each(response.unitResults, (values: readonly number[], unit) => {
          const direction = lookUp.of(unit);
          if (values.length !== response.scores.length) {
            throw contractViolation(
              `expected ${response.scores.length} values, one a host, got ${values.length}`,
            );
          }
          const costs = doubting(unit, () => costsOf({ values, direction, places, mode: scores }));
          return { costs, rows: rows === 'perUnit' ? unitRows(unit, hosts, costs) : [] };
        });
      });
    } catch (thrown) {
      return results.none(thrown);
    }
  }

  /** Values outside a unit's range may be those of a unit that has changed its direction. */
  function doubting<Value>(unit: string, run: () => Value): Value {
    try {
      return run();
    } catch (thrown) {
      directory.doubt(unit);
      throw thrown;
    }
  }

  return {
    name: 'runCostFunctions',
    help:
      'Says what hosts cost for a VM; the lowest cost wins. Arguments: [unit, factor] pairs, ids of hosts, id of the VM, ' +
      'properties of the scheduling policy. Answers {result_code, result: [[host id, cost, unit]], plugin_errors: ' +
      '{unit: [text]}, errors: [text]}; with summed rows each is [host id, sum of factor x cost].',
    signatures: [
      ['struct', 'array', 'array', 'string', 'struct'],
      ['struct', 'array', 'array', 'string', 'nil'],
    ],
    async run(params, request): Promise<MethodOutcome> {
      const asked = readArguments(params);
      const { functions, hosts } = asked;
      const facts = { vm: asked.vmId, hosts: hosts.ids.length };
      // To a service, no unit means every one of its units; to the engine, none.
      if (functions.size === 0 || hosts.ids.length === 0) {
        return { answer: engineReply([], []), units: [], failed: [], facts };
      }
      const results = await ask(asked, request);
      const failed = failedAmong(results);
      const errors = failed.length === functions.size ? ['all cost functions failed'] : [];
      const answered = results.flatMap(({ unit, value }) =>
        value === undefined ? [] : [{ unit, ...value }],
      );
      const sent = { units: [...functions.keys()], failed, facts };
      if (rows === 'perUnit') {
        const rowsOfAll: XmlRpcValue[] = [];
        return {
          ...sent,
          answer: engineReply(rowsOfAll.concat(...answered.map(({ rows }) => rows)), failed, errors),
        };
      }
      if (answered.length === 0) return { ...sent, answer: engineReply([], failed, errors) };
      const weighted = answered.map(({ unit, costs }) => ({ costs, factor: functions.get(unit) ?? 0 }));
      const { sums, clamped } = sumCosts(weighted, hosts.ids.length);
      if (clamped > 0)
        errors.push(`the sums of ${clamped} hosts left 32 bits and were cut; use smaller factors`);
      return { ...sent, answer: engineReply(sumRows(hosts, sums), failed, errors) };
    },
  };
}
