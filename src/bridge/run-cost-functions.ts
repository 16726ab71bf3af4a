import type { EngineSelector, HostScore, PolicyUnitService, ScoreUnitResult } from '../domain/contract.js';
import { contractViolation } from '../domain/errors.js';
import { policyHash } from '../domain/policies.js';
import { costsOf, sumCosts, type Cost, type ScoreMode } from '../engine-model/costs.js';
import { selectFrom, type CostTable } from '../engine-model/selectors.js';
import type { ArgumentReader, CostArguments } from './arguments.js';
import type { Ask, BridgeMethod } from './method.js';
import { brokenUnit, engineReply, failedUnit, type FailedUnit } from './reply.js';
import { FAULT_CODES, XmlRpcFault } from './xml-rpc/fault.js';

/**
 * The format of the rows. `perUnit`: rows of three, unweighted, which the engine books by unit and multiplies by its
 * factor. `summed`: rows of two, weighted and summed, as the old proxy sent them.
 */
export type RowMode = 'perUnit' | 'summed';

/** Most rows in one answer: those of five functions for 10,000 hosts, 9 MB and a tenth of a second of work. */
export const MAX_ROWS = 50_000;

/** Options of runCostFunctions. */
export interface RunCostFunctionsOptions {
  readonly service: Pick<PolicyUnitService, 'scoreHosts'>;
  readonly read: ArgumentReader['costs'];
  readonly rows: RowMode;
  readonly scores: ScoreMode;
  readonly selector: EngineSelector;
}

interface UnitCosts {
  readonly unit: string;
  /** One for each requested host. */
  readonly costs: readonly Cost[];
}

/** Creates runCostFunctions, which returns the cost of each host by each score unit that answered. */
export function createRunCostFunctions(options: RunCostFunctionsOptions): BridgeMethod {
  const { service, read, rows, scores: mode, selector } = options;

  async function unitCosts(
    { functions, hosts, vmId, properties }: CostArguments,
    ask: Ask,
  ): Promise<readonly (UnitCosts | FailedUnit)[]> {
    const names = [...functions.keys()];
    // Factors are not sent: a service is asked for unweighted values.
    const units = names.map((name) => ({ name, weight: 1 }));
    const request = { vmId, hosts: hosts.ids, units, properties, assumedPlacements: [], explain: false };
    // Summed rows are booked under no unit: the engine takes the host of the lowest sum, by whatever selector.
    const ranksBy = rows === 'summed' ? 'weight' : selector;
    const engine = { factors: functions, selector: ranksBy, rawScores: mode === 'raw' } as const;
    try {
      const { scores, unitResults } = await ask((call) => service.scoreHosts(request, { ...call, engine }));
      const places = placesIn(scores, hosts.ids);
      return names.map((unit, index) => costsOfUnit(unit, unitResults[index], places));
    } catch (thrown) {
      return names.map((unit) => brokenUnit(unit, thrown));
    }
  }

  function costsOfUnit(
    unit: string,
    result: ScoreUnitResult | undefined,
    places: readonly number[],
  ): UnitCosts | FailedUnit {
    try {
      if (result === undefined) throw contractViolation('it has no result of this unit');
      const { value: values, direction, failure } = result;
      if (failure !== undefined) return failedUnit(unit, failure);
      if (direction === undefined) {
        throw contractViolation('direction: is missing, so its values may be scores or raw costs');
      }
      return { unit, costs: costsOf({ values, direction, mode }, places) };
    } catch (thrown) {
      return brokenUnit(unit, thrown);
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
    async run(params, ask, onVm) {
      const asked = read(params);
      const { functions, hosts, vmId, properties } = asked;
      onVm(vmId);
      if (rows === 'perUnit') expectFewRows(functions.size, hosts.ids.length);
      const facts = () => {
        const scores = [...functions].map(([name, weight]) => ({ name, weight }));
        const policy = policyHash({ filters: [], scores, properties });
        return { vm: vmId, hosts: hosts.ids.length, policy };
      };
      // To a service, an empty list means all its units; to the engine, none.
      if (functions.size === 0 || hosts.ids.length === 0) return { answer: engineReply([]), facts };
      const results = await unitCosts(asked, ask);
      const failed = results.filter((result) => 'failure' in result);
      const answered = results.filter((result) => 'costs' in result);
      const errors = answered.length === 0 ? ['all cost functions failed'] : [];
      let booked: CostTable['units'] = answered;
      if (rows === 'summed' && answered.length > 0) {
        const weighted = answered.map(({ unit, costs }) => ({ costs, factor: functions.get(unit) ?? 0 }));
        const { sums, clamped } = sumCosts(weighted, hosts.ids.length);
        booked = [{ costs: sums }];
        if (clamped > 0) {
          errors.push(`the sums of ${clamped} hosts left 32 bits and were cut; use smaller factors`);
        }
      }
      const columns = booked.map(({ unit, costs }) => ({ name: unit, ints: costs }));
      return {
        answer: engineReply({ kind: 'rows', texts: hosts.texts, columns }, failed, errors),
        units: [...functions.keys()],
        failed,
        facts,
        predictHost: () =>
          booked.length === 0
            ? undefined
            : selectFrom({ hostIds: hosts.ids, units: booked }, functions, selector),
      };
    },
  };
}

/** Throws an invalidArguments fault for more rows than an answer may have. */
function expectFewRows(functions: number, hosts: number): void {
  const rows = functions * hosts;
  if (rows <= MAX_ROWS) return;
  const text = `${functions} functions for ${hosts} hosts need ${rows} rows, at most ${MAX_ROWS} are sent`;
  const remedy = 'put fewer external units into the scheduling policy, or set bridge.rows to summed';
  throw new XmlRpcFault(FAULT_CODES.invalidArguments, `runCostFunctions: ${text}; ${remedy}`);
}

/** Returns the index of each requested host in the scores, which are in the order asked; -1 for an unknown host. */
function placesIn(scores: readonly HostScore[], hostIds: readonly string[]): readonly number[] {
  let next = 0;
  return hostIds.map((id) => (scores[next]?.hostId === id ? next++ : -1));
}
