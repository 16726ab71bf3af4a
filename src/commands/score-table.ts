import {
  MAX_SCORE,
  type ScoreHostsResponse,
  type UnitCounterfactual,
  type WeightedUnit,
  type WinningWeights,
} from '../domain/contract.js';
import type { ListedHost } from '../domain/inventory.js';
import { scoresOfCosts } from '../domain/score-sums.js';
import { alignedTable } from './table.js';
import type { Line } from './terminal-text.js';

/** Width of the longest bar, in characters. */
const BAR_WIDTH = 20;

/** Most hosts that are not up by name: more would hide the rest. */
const MAX_NOT_UP = 10;

/** Facts that a table shows besides the scores. */
export interface ScoreTableOptions {
  /** Weights of the units; undefined when only the server knows them: there is no maximum then, and the longest bar is the best host's. */
  readonly weights: readonly WeightedUnit[] | undefined;
  /** Services of units by name, as far as they are known. */
  readonly services: ReadonlyMap<string, string>;
  /** Hosts of the cluster; undefined when the hosts were named or nobody knows. */
  readonly cluster: readonly ListedHost[] | undefined;
  /** Number of best hosts to show. */
  readonly top: number;
  /** Milliseconds since the epoch, to say how old the snapshot is. */
  readonly now: number;
}

/** Returns scores as a table for a person: best first, equal scores share a rank, a column for each unit, reasons below each host. */
export function scoreTable(response: ScoreHostsResponse, options: ScoreTableOptions): readonly Line[] {
  const { scores, explanation } = response;
  const { weights, services, cluster = [], top } = options;
  const columns = unitColumns(response, weights);
  const names = new Map(cluster.map(({ id, name }) => [id, name]));
  const ranked = scores.map((row, place) => ({ ...row, place })).sort((a, b) => b.score - a.score);
  const max = maximumOf(columns);
  const longest = Math.max(max ?? ranked[0]?.score ?? 0, 1);
  const shown = ranked.slice(0, top);

  const [head, ...lines] = alignedTable(
    [
      { head: 'rank', right: true },
      { head: 'score', right: true },
      { head: '' },
      { head: 'host' },
      ...columns.map(({ unit, weight }) => ({
        head: weight === undefined ? unit : `${unit} x${weight}`,
        right: true,
      })),
      { head: 'id' },
    ],
    shown.map(({ hostId, score, place }, index) => [
      ranked[index - 1]?.score === score ? '=' : String(index + 1),
      max === undefined ? String(score) : `${score}/${max}`,
      '█'.repeat(Math.round((score / longest) * BAR_WIDTH)).padEnd(BAR_WIDTH, '·'),
      explanation?.hostName(place) ?? names.get(hostId) ?? '',
      ...columns.map(({ values }) => String(values[place] ?? '-')),
      hostId,
    ]),
  );
  const rows = shown.flatMap(({ place, score }, index): Line[] => [
    { text: lines[index] ?? '', style: score === ranked[0]?.score ? 'bold' : undefined },
    ...(explanation?.reasons(place) ?? []).map(({ unit, text }): Line => ({
      text: `      ${unit}: ${text}`,
      style: 'dim',
    })),
  ]);
  const left = ranked.length - shown.length;
  return [
    { text: head, style: 'dim' },
    ...(ranked.length === 0 ? [{ text: '      no hosts to score' }] : rows),
    ...(left > 0 ? [{ text: `      ${left} more; --top ${ranked.length} shows all` }] : []),
    { text: '' },
    ...notUpLines(cluster),
    ...serviceLines(columns, services),
    { text: `${ranked.length} hosts, ${snapshotWords(response.snapshotTime, options.now)}` },
  ];
}

/** A unit that answered, with what it adds to the sums before its weight. */
interface UnitColumn {
  readonly unit: string;
  readonly weight: number | undefined;
  readonly values: readonly number[];
}

function unitColumns(
  { unitResults }: ScoreHostsResponse,
  weights: readonly WeightedUnit[] | undefined,
): readonly UnitColumn[] {
  return unitResults.flatMap(({ unit, value, direction }) => {
    if (value === undefined) return [];
    const weight = weights?.find(({ name }) => name === unit)?.weight;
    return [{ unit, weight, values: direction === 'LOWER_IS_BETTER' ? scoresOfCosts(value) : value }];
  });
}

/** Returns the highest score that there can be, if all weights are known. */
function maximumOf(columns: readonly UnitColumn[]): number | undefined {
  return columns.reduce<number | undefined>(
    (sum, { weight }) => (sum === undefined || weight === undefined ? undefined : sum + weight * MAX_SCORE),
    0,
  );
}

function notUpLines(cluster: readonly ListedHost[]): readonly Line[] {
  const away = cluster.filter(({ status }) => status !== 'up');
  if (away.length === 0) return [];
  const named = away.slice(0, MAX_NOT_UP).map(({ name, status }) => `${name} (${status})`);
  const more = away.length > MAX_NOT_UP ? `, and ${away.length - MAX_NOT_UP} more` : '';
  return [{ text: `not up, so not scored: ${named.join(', ')}${more}` }];
}

function serviceLines(
  columns: readonly UnitColumn[],
  services: ReadonlyMap<string, string>,
): readonly Line[] {
  const known = columns.flatMap(({ unit }) => {
    const service = services.get(unit);
    return service === undefined ? [] : [`${unit} of ${service}`];
  });
  return known.length === 0 ? [] : [{ text: `units: ${known.join(', ')}` }];
}

function snapshotWords(time: number | undefined, now: number): string {
  if (time === undefined) return 'no snapshot';
  const age = Math.max(0, Math.round((now - time) / 1000));
  return `snapshot of ${new Date(time).toISOString()}, ${age}s old`;
}

/** Most ranges of weights that are told of one unit: more would hide the one that matters. */
const MAX_RANGES = 12;

/** Returns, for each unit, which weights make which host the best while all other weights stay. */
export function weightLines(
  units: readonly UnitCounterfactual[],
  nameOf: (hostId: string) => string,
): readonly Line[] {
  return [
    { text: '' },
    { text: 'if one weight were another:' },
    ...units.map((unit) => ({ text: `  ${sentenceOf(unit, nameOf)}` })),
  ];
}

function sentenceOf(
  { unit, weight, weights }: UnitCounterfactual,
  nameOf: (hostId: string) => string,
): string {
  const own = weights.find(({ from, to }) => from <= weight && weight <= to);
  const others = weights.filter((range) => range !== own);
  const told = others.slice(0, MAX_RANGES).map((range) => `${nameOf(range.hostId)} ${rangeOf(range)}`);
  const more = others.length > MAX_RANGES ? [`and ${others.length - MAX_RANGES} more ranges`] : [];
  const stays = own === undefined ? [] : [`${nameOf(own.hostId)} stays the best ${rangeOf(own)}`];
  return `${unit} x${weight}: ${[...stays, ...told, ...more].join('; ')}`;
}

function rangeOf({ from, to }: WinningWeights): string {
  if (to === Infinity) return from === 0 ? 'with any weight' : `from ${from} on`;
  return from === to ? `for weight ${from}` : `for weights ${from} to ${to}`;
}
