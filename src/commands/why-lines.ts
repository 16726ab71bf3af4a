import type { DecidedHost, Decision } from '../domain/decision.js';
import type {
  ExplainedHost,
  ExplainedRejection,
  Explanation,
  UnitLead,
  Versus,
} from '../engine-model/explain-decision.js';
import type { InternalUnits } from './engine-log.js';
import { weightLines } from './score-table.js';
import { alignedTable } from './table.js';
import type { Line } from './terminal-text.js';

/** Most rejections that are listed without a named host. */
const MAX_REJECTIONS = 20;

/** Hosts of a ranking whose reasons are kept, and missed where they were not: the best one and the one after it. */
const REASONED = 2;

/** Words for a unit's own words that nobody kept. */
const NOT_KEPT = 'reason not kept';

/** Parts of an explanation to show. */
export interface Shown {
  readonly decision: Decision;
  readonly explanation: Explanation;
  readonly internal: InternalUnits | undefined;
  /** Process that keeps the decision. */
  readonly process: string;
  /** Number of best hosts; all by default. */
  readonly top: number | undefined;
}

/** Returns an explanation for a person. */
export function whyLines(shown: Shown): readonly Line[] {
  const { decision, explanation } = shown;
  const { scale, failures, rejections, versus, isExact } = explanation;
  const name = namesIn(shown);
  return [
    ...headLines(shown),
    ...(scale === undefined ? [] : rankingLines(shown)),
    ...failures.map(({ unit, failure }) => ({
      text: `unit ${unit} failed and counted nowhere: ${failure.code}: ${failure.message}`,
      style: 'yellow' as const,
    })),
    ...(isExact ? [] : [warning('a sum leaves 32 bits, in which the engine counts: there it wraps around')]),
    ...decidedLines(explanation),
    ...shareLines(shown),
    ...(scale === undefined ? [] : weightLines(explanation.weights, (id) => name({ id }))),
    ...rejectedLines(rejections),
    ...(versus === undefined ? [] : versusLines(versus, shown)),
    ...outcomeLines(decision, name),
  ];
}

const RULES: Readonly<Record<NonNullable<Explanation['scale']>, string>> = {
  SCORES: 'the highest sum of weight x score wins; of equal sums the first host of the answer',
  RANKS:
    "RankSelector: the highest sum of factor x rank wins (rank = how many other hosts cost as much or more); of equal sums the first in the order of the engine's hash map",
  COSTS:
    "BasicWeighting: the lowest sum of factor x cost wins, shown with a minus so that higher is better; of equal sums the first in the order of the engine's hash map",
};

function headLines({ decision, explanation, internal, process }: Shown): readonly Line[] {
  const { id, time, method, vm, hosts, face, policy, policyHash, migration } = decision;
  const subject = vm === undefined ? '' : ` for VM ${vm.name ?? vm.id}`;
  const question = { FILTER: 'filters over', SCORE: 'scores of', BALANCE: 'balance over' }[method];
  const by = policy === undefined ? `policy ${policyHash}` : `policy ${policy} (${policyHash})`;
  const lines = [
    `${id} at ${new Date(time).toISOString()}: ${question} ${hosts.length} hosts${subject}`,
    `asked ${face === 'ENGINE' ? 'by the engine' : 'over gRPC'}, ${by}, answered by ${process}`,
  ];
  if (migration !== undefined) {
    const names = migration.candidateHostIds.map((host) => hosts.find(({ id }) => id === host)?.name ?? host);
    lines.push(`proposed to migrate VM ${migration.vmId} to ${names.join(' or ')}`);
  }
  if (explanation.scale !== undefined) lines.push(RULES[explanation.scale]);
  if (face === 'ENGINE' && method === 'SCORE' && internal === undefined)
    lines.push("the engine's own units are not part of this; --engine-log FILE adds them");
  return lines.map((text) => ({ text }));
}

function rankingLines({ explanation, top = Infinity }: Shown): readonly Line[] {
  const { ranking, units } = explanation;
  const best = ranking.slice(0, top);
  const [head, ...lines] = alignedTable(
    [
      { head: 'place', right: true },
      { head: 'sum', right: true },
      { head: 'host' },
      ...units.map(({ name, weight, internal }) => ({
        head: `${name} x${weight}${internal ? ' (engine)' : ''}`,
        right: true,
      })),
      { head: 'id' },
    ],
    best.map(({ host, total, values }, place) => [
      ...[String(place + 1), String(total), host.name ?? ''],
      ...[...values.map(String), host.id],
    ]),
  );
  const rows = best.flatMap((ranked, place): Line[] => [
    { text: lines[place] ?? '', style: place === 0 ? 'bold' : undefined },
    ...reasonLines(ranked, explanation, place < REASONED),
  ]);
  const more = ranking.length - best.length;
  return [
    { text: '' },
    { text: head },
    ...rows,
    ...(more > 0 ? [{ text: `       ${more} more; --top ${ranking.length} shows all` }] : []),
  ];
}

/** Returns the words of our units about a host, as far as they were kept; `isWanted` says so of those that were not. */
function reasonLines({ reasons }: ExplainedHost, { units }: Explanation, isWanted: boolean): readonly Line[] {
  return units.flatMap(({ name, internal }): readonly Line[] => {
    const text = reasons.find(({ unit }) => unit === name)?.text;
    if (internal || (text === undefined && !isWanted)) return [];
    return [{ text: `       ${name}: ${text ?? NOT_KEPT}`, style: 'dim' }];
  });
}

function decidedLines({ ranking, leads }: Explanation): readonly Line[] {
  const [best, second] = ranking;
  if (best === undefined) return [];
  if (second === undefined) return [{ text: '' }, { text: `${nameOf(best.host)} was the only host` }];
  const points = best.total - second.total;
  const ahead =
    points === 0
      ? `${nameOf(best.host)} and ${nameOf(second.host)} have equal sums, and the rule for ties decided`
      : `what decided: ${nameOf(best.host)} leads ${nameOf(second.host)} by ${pointsText(points)}`;
  return [{ text: '' }, { text: `${ahead}${leadsText(leads)}` }];
}

function shareLines({ explanation, internal }: Shown): readonly Line[] {
  const { share, ranking } = explanation;
  if (internal === undefined) return [];
  const missing = internal.missing.map((unit) =>
    warning(`no row of the engine's table has the costs of ${unit}: it counted other ones, or none`),
  );
  if (share === undefined) return [...missing, { text: 'the engine had no units of its own in this choice' }];
  const [best] = ranking;
  const { ours, internal: theirs, winnerWithout } = share;
  const without =
    winnerWithout === undefined
      ? ''
      : winnerWithout.id === best?.host.id
        ? '; without our units the same host would have won'
        : `; without our units ${nameOf(winnerWithout)} would have won`;
  return [
    ...missing,
    { text: `of that lead our units give ${signed(ours)}, the engine's own ${signed(theirs)}${without}` },
  ];
}

function rejectedLines(rejections: readonly ExplainedRejection[]): readonly Line[] {
  if (rejections.length === 0) return [];
  const more = rejections.length - MAX_REJECTIONS;
  return [
    { text: '' },
    ...rejections.slice(0, MAX_REJECTIONS).map(rejectionLine),
    ...(more > 0 ? [{ text: `and ${more} more; --not HOST asks for one` }] : []),
  ];
}

function rejectionLine({ host, unit, reason }: ExplainedRejection): Line {
  return { text: `${nameOf(host)} was rejected by ${unit}: ${reason ?? NOT_KEPT}` };
}

function versusLines(
  { host, place, behind = 0, leads, changes, rejections }: Versus,
  shown: Shown,
): readonly Line[] {
  const { ranking, scale } = shown.explanation;
  const [best] = ranking;
  const told = rejections.map(rejectionLine);
  if (place === undefined || best === undefined) {
    const isCandidate = shown.decision.hosts.some(({ id }) => id === host.id);
    if (isCandidate && told.length > 0) return [{ text: '' }, ...told];
    const unrejected = told.length > 0 ? '' : ', and no call for filters within a minute before rejected it';
    const why = isCandidate
      ? 'was accepted by every filter'
      : `was not a candidate of this call${unrejected}`;
    return [{ text: '' }, { text: `${nameOf(host)} ${why}` }, ...told];
  }
  if (place === 1) return [{ text: '' }, { text: `${nameOf(host)} is the best host itself` }];
  const gap = behind === 0 ? 'with the same sum as' : `${pointsText(behind)} behind`;
  const table = alignedTable(
    [
      { head: '  unit' },
      { head: 'has', right: true },
      { head: 'would win with', right: true },
      { head: 'or with weight', right: true },
    ],
    changes.map(({ unit, value, neededValue, neededWeight }) => [
      `  ${unit}`,
      String(value),
      neededValue === undefined ? 'never' : `${neededValue} (${signed(neededValue - value)})`,
      neededWeight === undefined ? 'never' : String(neededWeight),
    ]),
  );
  const ranked = ranking[place - 1];
  const what = scale === 'RANKS' ? 'rank' : scale === 'COSTS' ? 'negated cost' : 'score';
  return [
    { text: '' },
    { text: `${nameOf(host)} is at place ${place}, ${gap} ${nameOf(best.host)}${leadsText(leads)}` },
    // Those of the best two stand in the ranking.
    ...(ranked === undefined || place <= Math.min(REASONED, shown.top ?? Infinity)
      ? []
      : reasonLines(ranked, shown.explanation, true)),
    { text: `one ${what} or one weight that alone makes it the best:` },
    ...table.map((text) => ({ text })),
    ...told,
  ];
}

function outcomeLines({ outcome, vm }: Decision, name: (host: DecidedHost) => string): readonly Line[] {
  if (outcome === undefined) return [];
  const subject = vm?.name ?? vm?.id ?? 'it';
  const at = new Date(outcome.time).toISOString();
  if ('unmatched' in outcome)
    return [
      { text: '' },
      { text: `what became of it: unknown (${outcome.unmatched.toLowerCase().replaceAll('_', ' ')})` },
    ];
  const { hostId, rank, regret = 0 } = outcome;
  const place =
    rank === undefined
      ? 'which was not among our hosts'
      : `our rank ${rank}, ${pointsText(regret)} behind our best`;
  return [
    { text: '' },
    { text: `what became of it: ${subject} was seen on ${name({ id: hostId })} at ${at}, ${place}` },
  ];
}

function namesIn({ decision, explanation }: Shown): (host: DecidedHost) => string {
  const hosts = [...decision.hosts, ...explanation.ranking.map(({ host }) => host)];
  const names = new Map(hosts.map(({ id, name }) => [id, name]));
  return ({ id, name }) => name ?? names.get(id) ?? id;
}

function nameOf({ id, name }: DecidedHost): string {
  return name ?? id;
}

function leadsText(leads: readonly UnitLead[]): string {
  return leads.length === 0
    ? ''
    : `: ${leads.map(({ unit, points }) => `${unit} ${signed(points)}`).join(', ')}`;
}

function pointsText(points: number): string {
  return points === 1 ? '1 point' : `${points} points`;
}

function signed(points: number): string {
  return points > 0 ? `+${points}` : String(points);
}

function warning(text: string): Line {
  return { text, style: 'yellow' };
}
