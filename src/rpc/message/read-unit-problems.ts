import type { UnitProblem } from '../../domain/contract.js';
import type { ListPolicyUnitsResponse__Output } from '../../gen/hostscore/v1/ListPolicyUnitsResponse.js';
import { boundedText } from '../../lib/text.js';

/** Reads what a remote service lists as no units; of more than the limit the first ones. */
export function readUnitProblems(
  { problems }: ListPolicyUnitsResponse__Output,
  maxProblems: number,
): readonly UnitProblem[] {
  return problems
    .slice(0, maxProblems)
    .map(({ source, reason }) => ({ source: boundedText(source), reason: boundedText(reason) }));
}
