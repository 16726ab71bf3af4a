import { selectByRank, selectByWeight, type Ballot } from '../engine-model/selectors.js';
import { readCostAnswer, type CostOutcome } from '../engine-model/read-answer.js';
import { callCostTable } from './call-cost-table.js';
import type { OpenXmlRpcCaller } from './call-client.js';
import { exchange } from './call-exchange.js';
import type { CallCostsOptions } from './call-options.js';
import type { Io } from './io.js';

/** `hostscore call costs`: what each host costs, and which one each of the engine's selectors would pick. */
export function callCosts(options: CallCostsOptions, io: Io, open: OpenXmlRpcCaller): Promise<void> {
  const { host, vm, unit, property = new Map<string, string>() } = options;
  const factors = new Map(unit.map(({ name, weight }) => [name, weight]));
  const ballotOf = ({ costs }: CostOutcome): Ballot => ({ costs, candidates: [...new Set(host)], factors });
  return exchange(
    {
      method: 'runCostFunctions',
      params: [unit.map(({ name, weight }) => [name, weight]), host, vm, property],
      read: (answer) => readCostAnswer(answer, { hostIds: [...new Set(host)], units: [...factors.keys()] }),
      withoutAnswer: 'the engine goes on without external costs (event 9920)',
      lines: (outcome) => callCostTable(ballotOf(outcome)),
      facts: (outcome) => ({
        rankSelector: election(selectByRank(ballotOf(outcome))),
        basicWeighting: election(selectByWeight(ballotOf(outcome))),
      }),
    },
    options,
    io,
    open,
  );
}

function election({ winners, totals }: ReturnType<typeof selectByRank>): Readonly<Record<string, unknown>> {
  return { winners, totals: Object.fromEntries(totals) };
}
