import type { Command } from 'commander';
import { ConfigError } from '../config/load.js';
import type { Decision } from '../domain/decision.js';
import { SchedulingError } from '../domain/errors.js';
import { explainDecision, type Explanation } from '../engine-model/explain-decision.js';
import type { ExplainDecisionResponse__Output } from '../gen/hostscore/v1/ExplainDecisionResponse.js';
import { reasonOf } from '../lib/text.js';
import { parseUuid } from '../lib/uuid.js';
import { decisionJson } from '../rpc/contract-json.js';
import { writeExplainedDecision } from '../rpc/message/decision-reports.js';
import { readDecidedHost, readDecision } from '../rpc/message/read-decision.js';
import { addClientOptions, type Caller, type ClientOptions } from './client.js';
import { vmCondition, withDecisions } from './decision-lines.js';
import { internalUnitsOf, type InternalUnits } from './engine-log.js';
import { CommandError, print, type Io } from './io.js';
import { hostIdOf, type Directory } from './names.js';
import { count, text } from './options.js';
import { isTerminal, printLines, terminalJson } from './terminal-text.js';
import { whyLines } from './why-lines.js';

/** Options of `hostscore why`. */
interface WhyOptions extends ClientOptions {
  readonly vm?: string;
  /** Host to compare with the winner, by name or id. */
  readonly not?: string;
  readonly engineLog?: string;
  readonly top?: number;
  readonly json?: boolean;
}

/** Number of hosts that a terminal shows by default. */
const TERMINAL_TOP = 20;

/** Adds `hostscore why`, which explains a decision. */
export function addWhyCommand(program: Command, io: Io): void {
  addClientOptions(program.command('why'))
    .description('explain a decision: what decided, and which weights would have changed it')
    .argument('[decision]', 'id of the decision; see "hostscore decisions list"', text)
    .option('--vm <name|id>', 'the last scores of this VM, also of one that was deleted', text)
    .option('--not <name|id>', 'and what this host lacked', text)
    .option('--engine-log <file>', "log of the engine at level DEBUG, for the engine's own units", text)
    .option('--top <n>', `show the best N hosts only; ${TERMINAL_TOP} on a terminal by default`, count)
    .option('--json', 'print JSON')
    .action((id: string | undefined, options: WhyOptions) => why(id, options, io));
}

async function why(id: string | undefined, options: WhyOptions, io: Io): Promise<void> {
  const { vm, json = false, engineLog } = options;
  if (id === undefined && vm === undefined) throw new ConfigError('which decision? give its id, or --vm VM');
  if (id !== undefined && vm !== undefined)
    throw new ConfigError('give the id of a decision, or --vm, and not both');
  const answer = await withDecisions(options, io, (caller) => ask(id, options, caller));
  if (answer.decision === null) throw new CommandError('the server explained no decision');
  const decision = readDecision(answer.decision);
  const internal = engineLog === undefined ? undefined : await readEngineLog(decision, engineLog);
  const explanation = explanationOf(decision, answer, internal);
  const top = options.top ?? (json || !isTerminal(io.stdout) ? undefined : TERMINAL_TOP);
  if (!json) {
    printLines(io.stdout, whyLines({ decision, explanation, internal, process: answer.process, top }));
    return;
  }
  const bytes = writeExplainedDecision({ decision, explanation }, answer.process, top);
  print(
    io,
    terminalJson({
      ...decisionJson('ExplainDecisionResponse', bytes),
      ...(internal === undefined ? {} : { engine: engineJson(explanation, internal) }),
    }),
  );
}

/** Returns, for JSON, the part that the engine's own units have in a choice. */
function engineJson({ share }: Explanation, { table, units, missing }: InternalUnits): object {
  const { ours = 0, internal = 0, winnerWithout } = share ?? {};
  return {
    ...{ ourLead: ours, internalLead: internal, winnerWithoutUs: winnerWithout?.id },
    ...{ internalUnits: units.map(({ name }) => name), unitsNotFound: missing },
    correlationId: table.correlationId,
  };
}

/** Asks for an explanation; a host by its name is looked for among the decision's hosts first, since it may be gone. */
async function ask(
  id: string | undefined,
  { vm, not }: WhyOptions,
  { client, call }: Caller,
): Promise<ExplainDecisionResponse__Output> {
  const named = id === undefined ? vmCondition(vm) : { id };
  if (not === undefined) return client.decisions.explain(named, call);
  const known = parseUuid(not);
  if (known !== undefined) {
    const answer = await client.decisions.explain({ ...named, versus_host_id: known }, call);
    const host = answer.explanation?.versus?.host;
    if (host?.host_name === '') host.host_name = await nameOfHost(known, { inventory: client, call });
    return answer;
  }
  const { decision } = await client.decisions.explain({ ...named, top: 1 }, call);
  const wanted = not.toLowerCase();
  const found = decision?.hosts.find(({ host_name }) => host_name.toLowerCase() === wanted);
  const versus_host_id = found?.host_id ?? (await hostIdOf(not, '--not', { inventory: client, call }));
  const answer = await client.decisions.explain({ id: decision?.id ?? '', versus_host_id }, call);
  const host = answer.explanation?.versus?.host;
  if (host?.host_name === '') host.host_name = not;
  return answer;
}

/** Returns the name of a host that no decision names; empty where that is unknown. */
async function nameOfHost(hostId: string, { inventory, call }: Directory): Promise<string> {
  const { hosts } = await inventory.listHosts({}, call).catch((error: unknown) => {
    if (!(error instanceof SchedulingError)) throw error;
    return { hosts: [] };
  });
  return hosts.find(({ id }) => id === hostId)?.name ?? '';
}

/** Explains a decision here, where the engine's own units may be known; rejections before it are the server's to know. */
function explanationOf(
  decision: Decision,
  { explanation }: ExplainDecisionResponse__Output,
  internal: InternalUnits | undefined,
): Explanation {
  const told = explanation?.versus ?? null;
  const versus = told?.host == null ? undefined : readDecidedHost(told.host);
  const own = explainDecision(decision, { versus: versus?.id, internalUnits: internal?.units });
  if (own.versus === undefined || versus === undefined || told === null) return own;
  const rejections = told.rejections.map(({ host, unit, reason }) => ({
    host: host === null ? versus : readDecidedHost(host),
    unit,
    reason: reason === '' ? undefined : reason,
  }));
  const host = own.versus.host.name === undefined ? versus : own.versus.host;
  return { ...own, versus: { ...own.versus, host, rejections } };
}

async function readEngineLog(decision: Decision, file: string): Promise<InternalUnits> {
  if (decision.selector !== 'rank')
    throw new CommandError(
      '--engine-log: this call was not ranked by RankSelector, which alone writes its table',
    );
  const found = await internalUnitsOf(decision, file).catch((error: unknown) => {
    throw new ConfigError(`--engine-log ${file}: ${reasonOf(error)}`, { cause: error });
  });
  if (found !== undefined) return found;
  throw new CommandError(
    `--engine-log ${file}: no table of RankSelector over these hosts within ten minutes of the answer; is the level DEBUG (CORE_BLL_LOG_LEVEL in engine.conf.d), is it the file of that day?`,
  );
}
