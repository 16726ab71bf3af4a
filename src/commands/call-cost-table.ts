import {
  selectByRank,
  selectByWeight,
  type Selection,
  type SelectorInput,
} from '../engine-model/selectors.js';
import { alignedTable } from './table.js';
import type { Line } from './terminal-text.js';

/** Returns costs as a table for a person, hosts by units, and whom each of the engine's selectors picks. */
export function callCostTable(input: SelectorInput, names: ReadonlyMap<string, string>): readonly Line[] {
  const labelOf = (id: string) => names.get(id) ?? id;
  const { costs, candidates, factors } = input;
  if (costs.length === 0) return [{ text: "No external costs: the engine's own units decide alone." }];
  const byRank = selectByRank(input);
  const byWeight = selectByWeight(input);
  const units = [...new Set(costs.map(({ unit }) => unit))];
  const hosts = [...new Set([...candidates, ...costs.map(({ hostId }) => hostId)])];
  const costOf = new Map(costs.map(({ unit, hostId, cost }) => [`${hostId} ${unit ?? ''}`, cost]));

  const [head, ...rows] = alignedTable(
    [
      { head: 'host' },
      ...[
        ...units.map((unit) => (unit === undefined ? '(no unit) x1' : `${unit} x${factors.get(unit) ?? 1}`)),
        'ranks',
        'costs',
      ].map((head) => ({ head, right: true })),
    ],
    hosts.map((id) => [
      labelOf(id),
      ...units.map((unit) => shown(costOf.get(`${id} ${unit ?? ''}`))),
      shown(byRank.totals.get(id)),
      shown(byWeight.totals.get(id)),
    ]),
  );
  return [
    { text: 'costs as the engine gets them, the lowest is best; then its sums over factors' },
    { text: head, style: 'dim' },
    ...rows.map((text) => ({ text })),
    { text: '' },
    picked('RankSelector', byRank, 'sum of factor x rank, highest wins', labelOf),
    picked('BasicWeighting', byWeight, 'sum of factor x cost, lowest wins', labelOf),
    { text: "The engine's own units add to these sums." },
  ];
}

function picked(
  selector: string,
  { winners, totals }: Selection,
  rule: string,
  labelOf: (id: string) => string,
): Line {
  const [first = ''] = winners;
  const total = shown(totals.get(first));
  const text =
    winners.length === 1
      ? `${selector} picks ${labelOf(first)}: ${total} (${rule})`
      : `${selector} picks any of ${winners.length} hosts that tie at ${total} (${rule}): ${winners.map(labelOf).join(', ')}`;
  return { text, style: 'bold' };
}

function shown(value: number | undefined): string {
  return value === undefined ? '-' : String(value);
}
