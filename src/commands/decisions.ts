import { Option, type Command } from 'commander';
import type { ListDecisionsRequest } from '../gen/hostscore/v1/ListDecisionsRequest.js';
import type { ListDecisionsResponse__Output } from '../gen/hostscore/v1/ListDecisionsResponse.js';
import type { Decision__Output } from '../gen/hostscore/v1/Decision.js';
import { decisionJson } from '../rpc/contract-json.js';
import { decisionMethods } from '../rpc/proto.js';
import { addClientOptions, type Caller, type ClientOptions } from './client.js';
import { createAnonymiser, withoutNames } from './decision-export.js';
import {
  namesOf,
  outcomeText,
  pastTime,
  shadowText,
  timeCondition,
  timeText,
  vmCondition,
  vmText,
  withDecisions,
  word,
} from './decision-lines.js';
import { addAgreementCommand } from './decision-reports.js';
import { CommandError, print, type Io } from './io.js';
import { expectVm, hostIdOf, vmIdOf } from './names.js';
import { count, text } from './options.js';
import { alignedTable } from './table.js';
import { terminalJson, terminalText } from './terminal-text.js';

/** Decisions that are listed by default. */
const LISTED = 20;

/** Most decisions in one answer. */
const PAGE_SIZE = 1000;

/** Options that `list`, `tail` and `export` share. */
interface ConditionOptions extends ClientOptions {
  readonly vm?: string;
  readonly host?: string;
  readonly since?: number;
  readonly until?: number;
  readonly face?: string;
  readonly method?: string;
  readonly outcome?: string;
  readonly failed?: string;
  readonly json?: boolean;
}

interface ListOptions extends ConditionOptions {
  readonly limit: number;
}

interface ExportOptions extends ConditionOptions {
  readonly names?: boolean;
  readonly anonymise?: boolean;
}

/** Adds `hostscore decisions`, which shows what a server answered. */
export function addDecisionsCommand(program: Command, io: Io): void {
  const decisions = program
    .command('decisions')
    .description('show what a server answered, and what became of it');
  addConditions(addClientOptions(decisions.command('list')))
    .description('list decisions, the newest first')
    .option('--limit <n>', 'show so many', count, LISTED)
    .option('--json', 'print JSON')
    .action((options: ListOptions) => list(options, io));
  addClientOptions(decisions.command('show'))
    .description('show one decision, with the values of every unit')
    .argument('<id>', 'id of the decision', text)
    .option('--json', 'print JSON')
    .action((id: string, options: ClientOptions & { readonly json?: boolean }) => show(id, options, io));
  addKind(addClientOptions(decisions.command('tail')))
    .description('show decisions as they are made, and again when it is known what became of them')
    .option('--vm <name|id>', 'for this VM only', text)
    .option('--json', 'print JSON, a line each')
    .action((options: ConditionOptions) => tail(options, io));
  addConditions(addClientOptions(decisions.command('export')))
    .description('write whole decisions, each a line of JSON, the newest first')
    .option('--names', 'with the names of VMs and hosts, and words of units, which may hold names')
    .option('--anonymise', 'with other ids and words in place of those of VMs, hosts and operating systems')
    .option('--json', 'print JSON, a line each, as without it')
    .action((options: ExportOptions) => exportAll(options, io));
  addAgreementCommand(decisions, io);
}

function addConditions(command: Command): Command {
  return addKind(command)
    .option('--vm <name|id>', 'for this VM only, also one that was deleted', text)
    .option('--host <name|id>', 'with this host among the candidates only', text)
    .option('--since <time>', 'not older: a time, or how long ago, such as 7d', pastTime)
    .option('--until <time>', 'older than that', pastTime)
    .addOption(
      new Option('--outcome <state>', 'by what became of it').choices(['best', 'other', 'unmatched', 'none']),
    )
    .option('--failed <unit>', 'in which this unit failed only', text);
}

function addKind(command: Command): Command {
  return command
    .addOption(new Option('--face <face>', 'of calls at this face only').choices(['engine', 'grpc']))
    .addOption(
      new Option('--method <method>', 'of this question only').choices(['filter', 'score', 'balance']),
    );
}

async function list({ limit, json, ...options }: ListOptions, io: Io): Promise<void> {
  const { decisions, process } = await withDecisions(options, io, async (caller) => {
    const request = await requestOf(options, caller);
    const decisions: Decision__Output[] = [];
    let process = '';
    for await (const page of pagesOf(request, caller, options, limit)) {
      decisions.push(...page.decisions.slice(0, limit - decisions.length));
      process = page.process;
      if (decisions.length >= limit) break;
    }
    if (decisions.length === 0) await expectKnownNames(options, caller);
    return { decisions, process };
  });
  if (json === true) {
    const bytes = decisionMethods.ListDecisions.responseSerialize({ decisions, process });
    print(io, terminalJson(decisionJson('ListDecisionsResponse', bytes)));
  } else print(io, ...listLines(decisions).map(terminalText));
}

function listLines(decisions: readonly Decision__Output[]): readonly string[] {
  if (decisions.length === 0) return ['no decisions'];
  return alignedTable(
    [
      ...['time', 'id', 'face', 'question', 'VM'].map((head) => ({ head })),
      { head: 'hosts', right: true },
      { head: 'best' },
      { head: 'outcome' },
    ],
    decisions.map(cellsOf),
  );
}

function cellsOf(decision: Decision__Output): readonly string[] {
  const { id, time, face, method, host_count = 0, winner } = decision;
  const best = winner === null ? '' : namesOf(decision)(winner.host_id);
  return [
    ...[timeText(time), id, word(face), word(method), vmText(decision), String(host_count), best],
    outcomeText(decision),
  ];
}

async function show(
  id: string,
  { json, ...options }: ClientOptions & { readonly json?: boolean },
  io: Io,
): Promise<void> {
  const answer = await withDecisions(options, io, ({ client, call }) => client.decisions.get({ id }, call));
  const { decision, process } = answer;
  if (json === true || decision === null) {
    print(
      io,
      terminalJson(
        decisionJson('GetDecisionResponse', decisionMethods.GetDecision.responseSerialize(answer)),
      ),
    );
  } else print(io, ...showLines(decision, process).map(terminalText));
}

function showLines(decision: Decision__Output, process: string): readonly string[] {
  const { units, hosts, reasons, properties, snapshots, migration, winner, runner_up, duration } = decision;
  const nameOf = namesOf(decision);
  const facts: readonly (readonly [string, string])[] = [
    ['id', decision.id],
    ['time', timeText(decision.time)],
    ['took', duration === null ? '' : `${duration.seconds * 1000 + duration.nanos / 1e6} ms`],
    ['process', process],
    ['call', `${word(decision.method)}, ${word(decision.face)}, request ${decision.request_id}`],
    ['VM', [vmText(decision), decision.vm_id, decision.vm_os].filter(Boolean).join(' ')],
    ['policy', [decision.policy, decision.policy_hash].filter(Boolean).join(' ')],
    [
      'properties',
      Object.entries(properties)
        .map(([key, value]) => `${key}=${value}`)
        .join(' '),
    ],
    [
      'snapshot',
      snapshots
        .map(({ service, snapshot_time }) => [service, timeText(snapshot_time)].filter(Boolean).join(' '))
        .join(', '),
    ],
    [
      'migration',
      migration === null
        ? ''
        : `${migration.vm_id} to ${migration.candidate_host_ids.map(nameOf).join(', ')}`,
    ],
    ['unknown', decision.unknown_host_ids.join(', ')],
    ['winner', winner === null ? '' : nameOf(winner.host_id)],
    ['runner-up', runner_up === null ? '' : nameOf(runner_up.host_id)],
    ['outcome', outcomeText(decision)],
    ...decision.shadows.map((result) => ['shadow', shadowText(result, decision)] as const),
  ];
  const failed = units.flatMap(({ unit, failure }) =>
    failure == null ? [] : [`unit ${unit} failed: ${failure.code}: ${failure.message}`],
  );
  const answered = units.filter(({ failure }) => failure == null);
  const costs = answered.filter(({ scores }) => scores?.direction === 'DIRECTION_LOWER_IS_BETTER');
  const lowest =
    costs.length === 0 ? '' : `; of ${costs.map(({ unit }) => unit).join(', ')} the lowest is best`;
  const legend = answered.some(({ scores }) => scores != null)
    ? [`values as the units gave them, before weights${lowest}`]
    : [];
  const table = alignedTable(
    [
      { head: 'host' },
      ...answered.map(({ unit, weight = 1, scores }) => ({
        head: scores == null ? unit : `${unit} x${weight}`,
        right: true,
      })),
      { head: 'id' },
    ],
    hosts.map(({ host_id, host_name }, place) => [
      host_name,
      ...answered.map(({ scores, filtered }) =>
        scores == null
          ? filtered?.accepted[place] === true
            ? 'yes'
            : 'no'
          : String(scores.values[place] ?? '-'),
      ),
      host_id,
    ]),
  );
  return [
    ...facts.filter(([, value]) => value !== '').map(([name, value]) => `${name.padEnd(11)}${value}`),
    ...failed,
    '',
    ...legend,
    ...table,
    ...reasons.map(
      ({ unit, host_id, text }) => `  ${host_id === '' ? '' : `${nameOf(host_id)}: `}${unit}: ${text}`,
    ),
  ];
}

async function tail({ vm, json, ...options }: ConditionOptions, io: Io): Promise<void> {
  await withDecisions(options, io, async ({ client, call }) => {
    const vm_id = vm === undefined ? '' : await vmIdOf(vm, '--vm', { inventory: client, call });
    try {
      await client.decisions.watch({ vm_id, ...kindCondition(options) }, call, (told) => {
        const { decision, missed } = told;
        if (json === true) {
          const bytes = decisionMethods.WatchDecisions.responseSerialize(told);
          print(io, terminalJson(decisionJson('WatchDecisionsResponse', bytes), 0));
          return;
        }
        if (missed > 0) print(io, `(${missed} more were missed)`);
        if (decision !== null) print(io, terminalText(cellsOf(decision).filter(Boolean).join('  ')));
      });
    } catch (error) {
      if (!io.signal.aborted) throw error;
    }
  });
}

async function exportAll(options: ExportOptions, io: Io): Promise<void> {
  const { names = false, anonymise = false } = options;
  const anonymous = createAnonymiser();
  await withDecisions(options, io, async (caller) => {
    const request = { ...(await requestOf(options, caller)), full: true };
    let isEmpty = true;
    for await (const { decisions } of pagesOf(request, caller, options)) {
      for (const decision of decisions) {
        isEmpty = false;
        const bytes = decisionMethods.GetDecision.responseSerialize({ decision });
        const whole: unknown = Object.values(decisionJson('GetDecisionResponse', bytes))[0];
        const told = names ? whole : withoutNames(whole);
        print(io, terminalJson(anonymise ? anonymous(told) : told, 0));
      }
    }
    if (isEmpty) await expectKnownNames(options, caller);
  });
}

/** Rejects with a CommandError when there are no decisions since nobody knows the VM or the unit that an option names. */
async function expectKnownNames({ vm, failed, ...options }: ConditionOptions, caller: Caller): Promise<void> {
  const { client, call } = caller;
  const isKept = async (request: ListDecisionsRequest) => {
    for await (const { decisions } of pagesOf(request, caller, options, 1))
      if (decisions.length > 0) return true;
    return false;
  };
  if (vm !== undefined && !(await isKept(vmCondition(vm))))
    await expectVm(vm, '--vm', { inventory: client, call });
  if (failed === undefined || (await isKept({ failed_unit: failed }))) return;
  const { units } = await client.listPolicyUnits(call);
  if (units.some(({ name }) => name === failed)) return;
  throw new CommandError(
    `--failed ${failed}: nobody offers a unit of this name, and none failed; "hostscore units" lists them`,
  );
}

/** Yields the answers to a request, page after page; each has the time that a command has. */
async function* pagesOf(
  request: ListDecisionsRequest,
  { client, call }: Caller,
  { timeout }: ClientOptions,
  limit = PAGE_SIZE,
): AsyncGenerator<ListDecisionsResponse__Output> {
  const page_size = Math.min(limit, PAGE_SIZE);
  for (let page_token = ''; ;) {
    const deadline = Date.now() + timeout;
    const page = await client.decisions.list({ ...request, page_size, page_token }, { ...call, deadline });
    yield page;
    page_token = page.next_page_token;
    if (page_token === '') return;
  }
}

async function requestOf(
  { vm, host, since, until, outcome, failed, ...options }: ConditionOptions,
  { client, call }: Caller,
): Promise<ListDecisionsRequest> {
  return {
    ...vmCondition(vm),
    ...(host === undefined ? {} : { host_id: await hostIdOf(host, '--host', { inventory: client, call }) }),
    ...timeCondition(since, until),
    ...kindCondition(options),
    ...(outcome === undefined ? {} : { outcome: OUTCOMES[outcome] }),
    ...(failed === undefined ? {} : { failed_unit: failed }),
  };
}

function kindCondition({ face, method }: Pick<ConditionOptions, 'face' | 'method'>) {
  return {
    ...(face === undefined ? {} : { face: FACES[face] }),
    ...(method === undefined ? {} : { method: METHODS[method] }),
  };
}

const FACES: Readonly<Record<string, 'DECISION_FACE_ENGINE' | 'DECISION_FACE_GRPC'>> = {
  engine: 'DECISION_FACE_ENGINE',
  grpc: 'DECISION_FACE_GRPC',
};

const METHODS: Readonly<
  Record<
    string,
    'DECISION_METHOD_FILTER_HOSTS' | 'DECISION_METHOD_SCORE_HOSTS' | 'DECISION_METHOD_BALANCE_HOSTS'
  >
> = {
  filter: 'DECISION_METHOD_FILTER_HOSTS',
  score: 'DECISION_METHOD_SCORE_HOSTS',
  balance: 'DECISION_METHOD_BALANCE_HOSTS',
};

const OUTCOMES: Readonly<
  Record<
    string,
    'OUTCOME_STATE_BEST' | 'OUTCOME_STATE_OTHER' | 'OUTCOME_STATE_UNMATCHED' | 'OUTCOME_STATE_NONE'
  >
> = {
  best: 'OUTCOME_STATE_BEST',
  other: 'OUTCOME_STATE_OTHER',
  unmatched: 'OUTCOME_STATE_UNMATCHED',
  none: 'OUTCOME_STATE_NONE',
};
