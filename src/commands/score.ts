import type { Command } from 'commander';
import { policiesOf } from '../config/policies.js';
import { checkScores } from '../domain/check-answer.js';
import type {
  AssumedPlacement,
  PolicyUnit,
  ScoreHostsRequest,
  ScoreHostsResponse,
  ScoreUnitResult,
  WeightedUnit,
} from '../domain/contract.js';
import { SchedulingError } from '../domain/errors.js';
import { hostListOf } from '../domain/host-list.js';
import type { ListedHost } from '../domain/inventory.js';
import { sumScores } from '../domain/score-sums.js';
import { scoresJson } from '../rpc/contract-json.js';
import { addClientOptions, withClient, type Caller, type ClientOptions } from './client.js';
import { CommandError, print, type Io } from './io.js';
import { hostIdOf, vmIdOf, type Directory } from './names.js';
import {
  configOf,
  count,
  placement,
  property,
  RECORD,
  requireVm,
  text,
  texts,
  weightedUnit,
} from './options.js';
import { unreadProperties } from './properties.js';
import { scoreTable, weightLines } from './score-table.js';
import { isTerminal, printLines, terminalJson, warn, type Line } from './terminal-text.js';

/** Options of `hostscore score`. */
interface ScoreOptions extends ClientOptions {
  readonly vm: string;
  /** Absent: all hosts that are up in the cluster of the VM. */
  readonly host?: readonly string[];
  /** Absent: the units of the policy, or every score unit of the server. */
  readonly unit?: readonly WeightedUnit[];
  readonly policy?: string;
  readonly top?: number | undefined;
  /** VMs and hosts by name or id. */
  readonly assume?: readonly (readonly [vm: string, host: string])[];
  readonly property?: ReadonlyMap<string, string>;
  readonly counterfactuals?: boolean;
  readonly record?: boolean;
  readonly json?: boolean;
}

/** Number of hosts that a terminal shows by default: with a reason for each of two units they fill a usual window. */
const TERMINAL_TOP = 20;

/** Adds `hostscore score`, which scores hosts for a VM and prints them ranked, with reasons. */
export function addScoreCommand(program: Command, io: Io): void {
  const command = addClientOptions(program.command('score'))
    .description('score hosts for a VM and rank them, with reasons')
    .option('--vm <name|id>', 'VM to schedule; required', text)
    .option(
      '--host <name|id>',
      "host to score, repeatable; all hosts that are up in the VM's cluster when none is named",
      texts,
    )
    .option(
      '--unit <name[=weight]>',
      'unit to run, repeatable; every score unit when none is named',
      weightedUnit,
    );
  command
    .addOption(
      command
        .createOption('--policy <name>', 'named policy of the server whose units are run')
        .argParser(text)
        .conflicts('unit'),
    )
    .option('--top <n>', `show the best N hosts only; ${TERMINAL_TOP} on a terminal by default`, count)
    .option('--assume <vm=host>', 'count a VM at a host, by names or ids, repeatable', placement)
    .option('--property <key=value>', 'property of the scheduling policy, repeatable', property)
    .option('--counterfactuals', 'say which weights would make another host the best')
    .option('--record', RECORD)
    .option('--json', 'print JSON')
    .action((options: ScoreOptions) => score({ ...options, vm: requireVm(options.vm, command) }, io));
}

/** Parts of the output, and what is asked for besides the scores to print them. */
interface Answer {
  readonly request: ScoreHostsRequest;
  readonly response: ScoreHostsResponse;
  /** Units of the server; undefined: they were not asked for, or could not be had. */
  readonly units: readonly PolicyUnit[] | undefined;
  /** Hosts of the VM's cluster; undefined likewise. */
  readonly cluster: readonly ListedHost[] | undefined;
}

async function score(options: ScoreOptions, io: Io): Promise<void> {
  const { json = false } = options;
  const top = options.top ?? (json || !isTerminal(io.stdout) ? undefined : TERMINAL_TOP);
  const answer = await withClient(options, io, (caller) => ask({ ...options, top }, caller));
  const { response, units, cluster } = answer;
  const isAnswered = response.unitResults.some(({ value }) => value !== undefined);
  if (json) print(io, terminalJson(scoresJson(response)));
  else if (isAnswered) {
    const services = new Map(
      (units ?? []).flatMap(({ type, name, service }) =>
        type === 'SCORE' && service !== undefined ? [[name, service] as const] : [],
      ),
    );
    const weights = weightsOf(answer, options, io);
    const shown = { weights, services, cluster, top: top ?? Infinity, now: Date.now() };
    printLines(io.stdout, [...scoreTable(response, shown), ...counterfactualLines(answer)]);
  }
  // JSON has the rest.
  warn(io.stderr, json ? unreadBy(answer) : [...failuresOf(answer), ...unreadBy(answer)]);
  if (!isAnswered) throw new CommandError('no unit answered, so there are no scores');
}

async function ask(options: ScoreOptions, { client, call }: Caller): Promise<Answer> {
  const { json = false, property } = options;
  const request = await requestOf(options, { inventory: client, call });
  const { vmId, hosts } = request;
  const [response, units, cluster] = await Promise.all([
    client.scoreHosts(request, call).then((response) => checkedScores(response, request)),
    json && property === undefined ? undefined : ifAnswered(client.listPolicyUnits(call)),
    json || hosts !== 'ALL_UP' ? undefined : ifAnswered(client.listHosts({ vmId }, call)),
  ]);
  return { request, response, units: units?.units, cluster: cluster?.hosts };
}

/** Lets a question fail whose answer is only shown beside the scores. */
async function ifAnswered<Value>(answer: Promise<Value>): Promise<Value | undefined> {
  return answer.catch((error: unknown) => {
    if (!(error instanceof SchedulingError)) throw error;
    return undefined;
  });
}

async function requestOf(options: ScoreOptions, directory: Directory): Promise<ScoreHostsRequest> {
  const { vm, host, unit = [], policy, top, assume = [], property = new Map() } = options;
  const { counterfactuals, record } = options;
  const [vmId, hosts, assumedPlacements] = await Promise.all([
    vmIdOf(vm, '--vm', directory),
    host === undefined
      ? ('ALL_UP' as const)
      : Promise.all(host.map((named) => hostIdOf(named, '--host', directory))),
    Promise.all(assume.map((placed) => placementOf(placed, directory))),
  ]);
  return {
    ...{ vmId, hosts, assumedPlacements, units: unit, properties: property, explain: true },
    ...(policy === undefined ? {} : { policy }),
    ...(top === undefined ? {} : { explainTop: top }),
    ...(counterfactuals === true ? { counterfactuals } : {}),
    ...(record === true ? { record } : {}),
  };
}

/** Returns which weights would make another host the best, as far as that was asked for and told. */
function counterfactualLines({ response, cluster = [] }: Answer): readonly Line[] {
  const { counterfactuals = [], scores, explanation } = response;
  if (counterfactuals.length === 0) return [];
  const names = new Map(cluster.map(({ id, name }) => [id, name]));
  for (const [place, { hostId }] of scores.entries()) {
    const name = explanation?.hostName(place);
    if (name !== undefined) names.set(hostId, name);
  }
  return weightLines(counterfactuals, (id) => names.get(id) ?? id);
}

async function placementOf(
  [vm, host]: readonly [vm: string, host: string],
  directory: Directory,
): Promise<AssumedPlacement> {
  const vmId = await vmIdOf(vm, '--assume', directory);
  return { vmId, hostId: await hostIdOf(host, '--assume', directory) };
}

function failuresOf({ response: { unitResults, unknownHostIds } }: Answer): readonly string[] {
  return [
    ...unitResults.flatMap(({ unit, failure }) =>
      failure === undefined ? [] : [`unit ${unit} failed: ${failure.code}: ${failure.message}`],
    ),
    ...unknownHostIds.map((id) => `host ${id} is unknown to the engine`),
  ];
}

/** Warns of properties that no unit of the request reads, as far as the units are known. */
function unreadBy({ request, response, units }: Answer): readonly string[] {
  const names = new Set(response.unitResults.map(({ unit }) => unit));
  const asked = units?.filter(({ type, name }) => type === 'SCORE' && names.has(name));
  return (asked === undefined ? [] : unreadProperties(request.properties.keys(), asked)).map(
    (text) => `warning: --property: no unit that was asked ${text}; it is ignored`,
  );
}

/** Takes an answer as far as it keeps the contract: the sums are made anew without the units that broke it. */
function checkedScores(response: ScoreHostsResponse, request: ScoreHostsRequest): ScoreHostsResponse {
  const { hosts, units, policy } = request;
  const asked = { hosts: hosts === 'ALL_UP' ? hosts : hostListOf(hosts), units };
  const checked = checkScores(response, asked);
  // The weights of a policy are known to the server alone.
  if (checked === response || policy !== undefined) return checked;
  const sums = sumsOf(checked, weighted(checked.unitResults, units));
  return { ...checked, scores: checked.scores.map((row, place) => ({ ...row, score: sums[place] ?? 0 })) };
}

function weighted(
  results: readonly ScoreUnitResult[],
  units: readonly WeightedUnit[],
): readonly WeightedUnit[] {
  return results.map(({ unit }) => units.find(({ name }) => name === unit) ?? { name: unit, weight: 1 });
}

function sumsOf({ unitResults, scores }: ScoreHostsResponse, weights: readonly WeightedUnit[]): Float64Array {
  return sumScores(unitResults, weights, scores.length);
}

/**
 * Returns the weights behind the sums. Those of a policy are the server's: taken from the configuration when that is the
 * server's too and the sums agree.
 */
function weightsOf(
  { response }: Answer,
  { policy, unit, server, ...options }: ScoreOptions,
  io: Io,
): readonly WeightedUnit[] | undefined {
  if (policy === undefined) return weighted(response.unitResults, unit ?? []);
  if (server !== undefined) return undefined;
  const known = policiesOf(configOf({ ...options }, io).policies).get(policy);
  if (known === undefined) return undefined;
  const weights = weighted(response.unitResults, known.scores);
  const sums = sumsOf(response, weights);
  return response.scores.every(({ score }, place) => score === sums[place]) ? weights : undefined;
}
