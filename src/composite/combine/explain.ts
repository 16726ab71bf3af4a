import type { HostScore, Reason } from '../../domain/contract.js';
import type { CombinedHosts } from './hosts.js';
import type { Column, ScoreAnswer } from './score-answer.js';

/**
 * The scores with names of hosts and reasons: a name from the first member that knows the host, the reasons of all units
 * that answered, in the order asked and under their names here.
 */
export function explainScores(
  hosts: CombinedHosts,
  sums: Float64Array,
  answers: readonly ScoreAnswer[],
  columns: readonly Column[],
): readonly HostScore[] {
  return hosts.ids.map((hostId, place) => {
    // A place of -1 finds no row: that member lacks the host.
    const rows = answers.map(
      ({ response }, answer) => response.scores[hosts.places[answer]?.[place] ?? place],
    );
    const hostName = rows.find((row) => row?.hostName !== undefined)?.hostName;
    return {
      hostId,
      score: sums[place] ?? 0,
      ...(hostName === undefined ? {} : { hostName }),
      reasons: columns.map((column) => reasonOf(column, rows[column.answer], answers[column.answer])),
    };
  });
}

function reasonOf(
  { unit, index }: Column,
  row: HostScore | undefined,
  answer: ScoreAnswer | undefined,
): Reason {
  if (row === undefined) {
    return { unit, text: `${answer?.service ?? 'the service'} does not know this host: the worst score` };
  }
  const offeredName = answer?.response.unitResults[index]?.unit;
  // Reasons stand in the order of the units; behind one that failed they have moved up and are looked for.
  const there = row.reasons?.[index];
  const reason =
    there?.unit === offeredName ? there : row.reasons?.find((other) => other.unit === offeredName);
  return { unit, text: reason?.text ?? '' };
}
