import { MAX_SCORE, type ScoreHostsResponse } from '../domain/contract.js';

/** Width of the longest bar, in characters. */
const BAR_WIDTH = 20;

/** Facts that a table shows besides the scores. */
export interface ScoreTableOptions {
  /** Sum of the weights: the longest bar stands for this many times 100. Undefined: for the highest score. */
  readonly weightSum: number | undefined;
  /** Names of hosts by id, for those that are not explained. */
  readonly hostNames: ReadonlyMap<string, string>;
  /** Milliseconds since the epoch, to say how old the snapshot is. */
  readonly now: number;
}

/** Scores as a table for a person: best first, equal scores share a rank, reasons below each host. */
export function scoreTable(
  response: ScoreHostsResponse,
  { weightSum, hostNames, now }: ScoreTableOptions,
): string[] {
  const { explanation, snapshotTime } = response;
  const ranked = response.scores
    .map((row, place) => ({
      ...row,
      hostName: explanation?.hostName(place) ?? hostNames.get(row.hostId) ?? '',
      reasons: explanation?.reasons(place) ?? [],
    }))
    .sort((a, b) => b.score - a.score);
  const best = Math.max(weightSum === undefined ? (ranked[0]?.score ?? 0) : weightSum * MAX_SCORE, 1);
  const digits = Math.max(5, ...ranked.map(({ score }) => String(score).length));
  const nameWidth = Math.max(4, ...ranked.map(({ hostName }) => hostName.length));

  const lines = [
    `rank  ${'score'.padStart(digits)}  ${''.padEnd(BAR_WIDTH)}  ${'host'.padEnd(nameWidth)}  id`,
  ];
  ranked.forEach(({ hostId, hostName, score, reasons }, index) => {
    const rank = ranked.findIndex((other) => other.score === score) + 1;
    const repeated = index > 0 && ranked[index - 1]?.score === score;
    const bar = '█'.repeat(Math.round((score / best) * BAR_WIDTH)).padEnd(BAR_WIDTH, '·');
    lines.push(
      `${(repeated ? '=' : String(rank)).padStart(4)}  ${String(score).padStart(digits)}  ${bar}  ${hostName.padEnd(nameWidth)}  ${hostId}`,
    );
    for (const { unit, text } of reasons) lines.push(`${' '.repeat(6)}${unit}: ${text}`);
  });
  if (ranked.length === 0) lines.push('      no hosts to score');
  lines.push('', `${ranked.length} hosts, ${snapshotWords(snapshotTime, now)}`);
  return lines;
}

function snapshotWords(time: number | undefined, now: number): string {
  if (time === undefined) return 'no snapshot';
  const age = Math.max(0, Math.round((now - time) / 1000));
  return `snapshot of ${new Date(time).toISOString()}, ${age} s old`;
}
