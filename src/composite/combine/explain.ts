import type { HostScore, Reason, ScoreExplanation } from '../../domain/contract.js';
import type { CombinedHosts } from './hosts.js';
import type { Column, ScoreAnswer } from './score-answer.js';

/**
 * Explains combined scores: a name from the first member that knows the host, the reasons of all units that answered, in
 * the order asked and under their names here.
 */
export function explainScores(
  hosts: CombinedHosts,
  answers: readonly ScoreAnswer[],
  columns: readonly Column[],
): ScoreExplanation {
  /** Place of a host in one member's answer; undefined: that member lacks it. */
  const placeIn = (answer: number, place: number): number | undefined => {
    const there = hosts.places[answer]?.[place] ?? place;
    return there < 0 ? undefined : there;
  };
  return {
    hostName(place) {
      for (const [index, { response }] of answers.entries()) {
        const there = placeIn(index, place);
        const name = there === undefined ? undefined : response.explanation?.hostName(there);
        if (name !== undefined) return name;
      }
      return undefined;
    },
    reasons(place) {
      const rows = answers.map(({ response }, index) => {
        const there = placeIn(index, place);
        return there === undefined
          ? undefined
          : { row: response.scores[there], reasons: response.explanation?.reasons(there) ?? [] };
      });
      return columns.map((column) => reasonOf(column, rows[column.answer], answers[column.answer]));
    },
  };
}

function reasonOf(
  { unit, index }: Column,
  known: { readonly row: HostScore | undefined; readonly reasons: readonly Reason[] } | undefined,
  answer: ScoreAnswer | undefined,
): Reason {
  if (known?.row === undefined) {
    return { unit, text: `${answer?.service ?? 'the service'} does not know this host: the worst score` };
  }
  const offeredName = answer?.response.unitResults[index]?.unit;
  // Reasons stand in the order of the units; behind one that failed they have moved up and are looked for.
  const there = known.reasons[index];
  const reason =
    there?.unit === offeredName ? there : known.reasons.find((other) => other.unit === offeredName);
  return { unit, text: reason?.text ?? '' };
}
