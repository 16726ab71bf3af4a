import { Option, type Command } from 'commander';
import type { AgreementCounts__Output } from '../gen/hostscore/v1/AgreementCounts.js';
import type { ReportAgreementResponse__Output } from '../gen/hostscore/v1/ReportAgreementResponse.js';
import type { ReportShadowsResponse__Output } from '../gen/hostscore/v1/ReportShadowsResponse.js';
import type { ShadowCounts__Output } from '../gen/hostscore/v1/ShadowCounts.js';
import { decisionJson } from '../rpc/contract-json.js';
import { decisionMethods } from '../rpc/proto.js';
import { addClientOptions, type ClientOptions } from './client.js';
import { pastTime, timeCondition, withDecisions } from './decision-lines.js';
import { CommandError, print, type Io } from './io.js';
import { text } from './options.js';
import { alignedTable } from './table.js';
import { terminalJson, terminalText } from './terminal-text.js';

interface ReportOptions extends ClientOptions {
  readonly since?: number;
  readonly until?: number;
  readonly json?: boolean;
}

interface AgreementOptions extends ReportOptions {
  readonly face?: string;
}

interface ShadowOptions extends ReportOptions {
  readonly shadow?: string;
}

const FACES: Readonly<Record<string, 'DECISION_FACE_ENGINE' | 'DECISION_FACE_GRPC'>> = {
  engine: 'DECISION_FACE_ENGINE',
  grpc: 'DECISION_FACE_GRPC',
};

/** Adds `hostscore decisions agreement`, which says how far callers follow the answers. */
export function addAgreementCommand(decisions: Command, io: Io): void {
  addTimes(addClientOptions(decisions.command('agreement')))
    .description('say how far callers follow the answers, by policy and by unit')
    .addOption(new Option('--face <face>', 'of calls at this face only').choices(['engine', 'grpc']))
    .action((options: AgreementOptions) => agreement(options, io));
}

/** Adds `hostscore shadow report`, which says what shadows would have chosen. */
export function addShadowCommand(program: Command, io: Io): void {
  const shadow = program.command('shadow').description('compare answers with those of shadows');
  addTimes(addClientOptions(shadow.command('report')))
    .description('say what shadows would have chosen, by operating system and cluster')
    .option('--shadow <name>', 'of this shadow only', text)
    .action((options: ShadowOptions) => shadows(options, io));
}

function addTimes(command: Command): Command {
  return command
    .option('--since <time>', 'not older: a time, or how long ago (default: 7d)', pastTime)
    .option('--until <time>', 'older than that', pastTime)
    .option('--json', 'print JSON');
}

async function agreement({ since, until, face, json, ...options }: AgreementOptions, io: Io): Promise<void> {
  const request = {
    ...timeCondition(since, until),
    ...(face === undefined ? {} : { face: FACES[face] }),
  };
  const report = await withDecisions(options, io, ({ client, call }) =>
    client.decisions.agreement(request, call),
  );
  if (json === true) {
    const bytes = decisionMethods.ReportAgreement.responseSerialize(report);
    print(io, terminalJson(decisionJson('ReportAgreementResponse', bytes)));
  } else print(io, ...agreementLines(report).map(terminalText));
}

function agreementLines({
  total,
  policies,
  units,
  partial,
}: ReportAgreementResponse__Output): readonly string[] {
  if (total === null || total.landed + total.unmatched === 0) return ['no outcomes'];
  const columns = ['landed', 'on best', 'on best 3', 'unranked', 'points lost', 'not seen', 'superseded'];
  return [
    ...alignedTable(
      [{ head: 'policy' }, ...columns.map((head) => ({ head, right: true }))],
      [
        ['all', ...cellsOfOutcomes(total)],
        ...policies.flatMap(({ policy, policy_hash, counts }) =>
          counts === null
            ? []
            : [[[policy, policy_hash].filter(Boolean).join(' '), ...cellsOfOutcomes(counts)]],
        ),
      ],
    ),
    '',
    ...alignedTable(
      [
        { head: 'unit' },
        ...['decisions', 'on its best', 'by chance'].map((head) => ({ head, right: true })),
        { head: '' },
      ],
      units.map(({ unit, decisions, best, expected_by_chance, never_followed }) => [
        ...[unit, String(decisions), shareOf(best, decisions), shareOf(expected_by_chance, decisions)],
        never_followed ? 'never followed' : '',
      ]),
    ),
    ...partialLines(partial),
  ];
}

function cellsOfOutcomes(counts: AgreementCounts__Output): readonly string[] {
  const { landed, best, top_three, unranked, regret, unmatched, superseded } = counts;
  const ranked = landed - unranked;
  return [
    ...[String(landed), shareOf(best, ranked), shareOf(top_three, ranked), String(unranked)],
    ...[ranked === 0 ? '-' : (regret / ranked).toFixed(1), String(unmatched - superseded)],
    String(superseded),
  ];
}

async function shadows(
  { since, until, shadow = '', json, ...options }: ShadowOptions,
  io: Io,
): Promise<void> {
  const report = await withDecisions(options, io, ({ client, call }) =>
    client.decisions.shadows({ ...timeCondition(since, until), shadow }, call),
  );
  expectShadow(shadow, report);
  if (json === true) {
    const bytes = decisionMethods.ReportShadows.responseSerialize(report);
    print(io, terminalJson(decisionJson('ReportShadowsResponse', bytes)));
  } else print(io, ...shadowLines(report).map(terminalText));
}

/** Throws a CommandError for the name of a shadow that neither runs nor has results in the time of a report. */
function expectShadow(name: string, { shadows, running }: ReportShadowsResponse__Output): void {
  if (name === '' || shadows.length > 0 || running.includes(name)) return;
  const known = running.length === 0 ? 'none' : running.join(', ');
  throw new CommandError(
    terminalText(
      `--shadow ${name}: none runs that is called so (running: ${known}), and none had results in this time`,
    ),
  );
}

function shadowLines({ shadows, partial }: ReportShadowsResponse__Output): readonly string[] {
  if (shadows.length === 0) return ['no comparisons'];
  const columns = [
    'scored',
    'other winner',
    'tau',
    'of best 5',
    'points lost',
    'filtered',
    'other hosts',
    'failed',
  ];
  const tables = shadows.flatMap(({ shadow, policy_hash, total, by_os, by_cluster }) => {
    const groups = [
      { name: 'all', counts: total },
      ...by_os.map(({ name, counts }) => ({ name: `OS ${name === '' ? 'unknown' : name}`, counts })),
      ...by_cluster.map(({ name, counts }) => ({
        name: `cluster ${name === '' ? 'unknown' : name}`,
        counts,
      })),
    ];
    return [
      ...alignedTable(
        [
          { head: [shadow, policy_hash].filter(Boolean).join(' ') },
          ...columns.map((head) => ({ head, right: true })),
        ],
        groups.flatMap(({ name, counts }) => (counts === null ? [] : [[name, ...cellsOfShadow(counts)]])),
      ),
      '',
    ];
  });
  return [
    ...tables,
    'Calls of an engine are compared by its selector over our units: what its own units add has no part in it.',
    ...partialLines(partial),
  ];
}

function cellsOfShadow(counts: ShadowCounts__Output): readonly string[] {
  const { compared, winner_changed, mean_tau, mean_top_overlap, mean_regret, failed } = counts;
  const { filters_compared, filters_changed } = counts;
  const mean = (value: number | undefined, digits: number) => value?.toFixed(digits) ?? '-';
  return [
    ...[String(compared), shareOf(winner_changed, compared), mean(mean_tau, 2), mean(mean_top_overlap, 1)],
    ...[mean(mean_regret, 1), String(filters_compared), shareOf(filters_changed, filters_compared)],
    String(failed),
  ];
}

function partialLines(partial: boolean): readonly string[] {
  return partial ? ['These are the newest decisions only; name a later --since for all of a time.'] : [];
}

/** Writes a part of a whole as a percentage. */
function shareOf(part: number, whole: number): string {
  return whole === 0 ? '-' : `${((100 * part) / whole).toFixed(0)} %`;
}
