import {
  selectByRank,
  selectByWeight,
  type Selection,
  type SelectorInput,
} from '../engine-model/selectors.js';

/** Returns costs as a table for a person, hosts by units, and whom each of the engine's selectors picks. */
export function callCostTable(input: SelectorInput): string[] {
  const { costs, candidates, factors } = input;
  if (costs.length === 0) return ['No external costs: the internal units of the policy decide alone.'];
  const byRank = selectByRank(input);
  const byWeight = selectByWeight(input);
  const units = [...new Set(costs.map(({ unit }) => unit))];
  const hosts = [...new Set([...candidates, ...costs.map(({ hostId }) => hostId)])];
  const costOf = new Map(costs.map(({ unit, hostId, cost }) => [`${hostId} ${unit ?? ''}`, cost]));

  return [
    ...aligned([
      [
        'host',
        ...units.map((unit) => (unit === undefined ? '(no unit) x1' : `${unit} x${factors.get(unit) ?? 1}`)),
        'ranks',
        'costs',
      ],
      ...hosts.map((id) => [
        id,
        ...units.map((unit) => shown(costOf.get(`${id} ${unit ?? ''}`))),
        shown(byRank.totals.get(id)),
        shown(byWeight.totals.get(id)),
      ]),
    ]),
    '',
    picked('RankSelector', byRank, 'sum of factor x rank, highest wins'),
    picked('BasicWeighting', byWeight, 'sum of factor x cost, lowest wins'),
    "The policy's internal units add to these sums.",
  ];
}

function picked(selector: string, { winners, totals }: Selection, rule: string): string {
  const [first = ''] = winners;
  const total = shown(totals.get(first));
  if (winners.length === 1) return `${selector} picks ${first}: ${total} (${rule})`;
  return `${selector} picks any of ${winners.length} hosts that tie at ${total} (${rule}): ${winners.join(', ')}`;
}

function aligned(rows: readonly (readonly string[])[]): string[] {
  const widths = (rows[0] ?? []).map((_, column) => widest(rows, column));
  return rows.map((row) =>
    row
      .map((cell, column) => {
        const width = widths[column] ?? 0;
        return column === 0 ? cell.padEnd(width) : cell.padStart(width);
      })
      .join('  '),
  );
}

/** Goes through the rows one by one: there may be more of them than one call takes arguments. */
function widest(rows: readonly (readonly string[])[], column: number): number {
  return rows.reduce((width, row) => Math.max(width, row[column]?.length ?? 0), 0);
}

function shown(value: number | undefined): string {
  return value === undefined ? '-' : String(value);
}
