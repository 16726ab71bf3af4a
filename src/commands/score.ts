import type { Command } from 'commander';
import { checkScores } from '../domain/check-answer.js';
import type {
  Call,
  ScoreHostsRequest,
  ScoreHostsResponse,
  ScoreUnitResult,
  WeightedUnit,
} from '../domain/contract.js';
import { SchedulingError } from '../domain/errors.js';
import { hostListOf } from '../domain/host-list.js';
import type { InventoryService } from '../domain/inventory.js';
import { sumScores } from '../domain/score-sums.js';
import { parseUuid } from '../lib/uuid.js';
import { addClientOptions, withClient, type ClientOptions } from './client.js';
import { CommandError, print, type Io } from './io.js';
import { count, property, texts, weightedUnit } from './options.js';
import { scoreTable } from './score-table.js';
import { terminalJson, terminalText } from './terminal-text.js';

/** Options of `hostscore score`. */
interface ScoreOptions extends ClientOptions {
  readonly vm: string;
  /** Absent: all hosts that are up in the cluster of the VM. */
  readonly host?: readonly string[];
  /** Absent: the units of the policy, or every score unit of the server. */
  readonly unit?: readonly WeightedUnit[];
  readonly policy?: string;
  readonly top?: number;
  readonly property?: ReadonlyMap<string, string>;
  readonly json?: boolean;
}

/** Adds `hostscore score`, which scores hosts for a VM and prints them ranked, with reasons. */
export function addScoreCommand(program: Command, io: Io): void {
  const command = addClientOptions(program.command('score'))
    .description('score hosts for a VM and rank them, with reasons')
    .requiredOption('--vm <name|id>', 'VM to schedule')
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
        .conflicts('unit'),
    )
    .option('--top <n>', 'explain the best N hosts only', count)
    .option('--property <key=value>', 'property of the scheduling policy, repeatable', property)
    .option('--json', 'print JSON')
    .action((options: ScoreOptions) => score(options, io));
}

async function score(options: ScoreOptions, io: Io): Promise<void> {
  const { response, hostNames } = await withClient(options, io, async ({ client, call }) => {
    const request = await requestOf(options, client, call);
    const response = checkedScores(await client.scoreHosts(request, call), request);
    const isNameless =
      options.json !== true && options.top !== undefined && options.top < response.scores.length;
    return { response, hostNames: isNameless ? await hostNamesOf(request, client, call) : new Map() };
  });
  if (options.json === true) {
    print(io, terminalJson(scoreJson(response)));
    return;
  }
  const weightSum = options.policy === undefined ? weightSumOf(response, options.unit) : undefined;
  print(io, ...scoreTable(response, { weightSum, hostNames, now: Date.now() }).map(terminalText));
  for (const { unit, failure } of response.unitResults) {
    if (failure !== undefined) {
      io.stderr.write(`${terminalText(`unit ${unit} failed: ${failure.code}: ${failure.message}`)}\n`);
    }
  }
  for (const id of response.unknownHostIds) io.stderr.write(`host ${id} is unknown to the engine\n`);
  if (response.unitResults.every(({ value }) => value === undefined)) {
    throw new CommandError('no unit answered, so the scores above are not worth anything');
  }
}

async function requestOf(
  { vm, host, unit = [], policy, top, property }: ScoreOptions,
  inventory: InventoryService,
  call: Call,
): Promise<ScoreHostsRequest> {
  return {
    vmId: await vmIdOf(vm, inventory, call),
    hosts:
      host === undefined
        ? 'ALL_UP'
        : await Promise.all(host.map((named) => hostIdOf(named, inventory, call))),
    units: unit,
    properties: property ?? new Map<string, string>(),
    assumedPlacements: [],
    explain: true,
    ...(policy === undefined ? {} : { policy }),
    ...(top === undefined ? {} : { explainTop: top }),
  };
}

/** Returns the names of hosts by id: only those explained come with their names. None if the server knows no names. */
async function hostNamesOf(
  { vmId, hosts }: ScoreHostsRequest,
  inventory: InventoryService,
  call: Call,
): Promise<ReadonlyMap<string, string>> {
  try {
    const listed = await inventory.listHosts(hosts === 'ALL_UP' ? { vmId } : {}, call);
    return new Map(listed.hosts.map(({ id, name }) => [id, name]));
  } catch (error) {
    if (!(error instanceof SchedulingError)) throw error;
    return new Map();
  }
}

/** Most things of one name that an error lists. */
const MAX_LISTED = 5;

async function vmIdOf(named: string, inventory: InventoryService, call: Call): Promise<string> {
  const search = async () => {
    const { vms } = await inventory.listVms({ name: named, pageSize: MAX_LISTED + 1 }, call);
    return vms;
  };
  return parseUuid(named) ?? (await onlyOne('--vm', 'VM that runs', named, search));
}

async function hostIdOf(named: string, inventory: InventoryService, call: Call): Promise<string> {
  const search = async () => (await inventory.listHosts({ name: named }, call)).hosts;
  return parseUuid(named) ?? (await onlyOne('--host', 'host', named, search));
}

/** Returns the id of the only thing of a name; one whose letters are the same, of several that differ in case only. */
async function onlyOne(
  option: string,
  what: string,
  name: string,
  search: () => Promise<readonly { readonly id: string; readonly name: string }[]>,
): Promise<string> {
  // An asterisk would find whatever fits.
  if (name.includes('*')) throw new CommandError(`${option} ${name}: expected a whole name, or an id`);
  const found = await search().catch((error: unknown) => {
    if (!(error instanceof SchedulingError) || error.code !== 'UNIMPLEMENTED') throw error;
    throw new CommandError(`${option} ${name}: this server knows no names; pass the id`, { cause: error });
  });
  const exact = found.filter((one) => one.name === name);
  const candidates = exact.length === 0 ? found : exact;
  const [first] = candidates;
  if (first === undefined) throw new CommandError(`${option} ${name}: no ${what} has this name; pass its id`);
  if (candidates.length === 1) return first.id;
  const listed = candidates.slice(0, MAX_LISTED).map(({ id }) => id);
  const more = candidates.length > MAX_LISTED ? ', ...' : '';
  throw new CommandError(
    `${option} ${name}: several have this name; pass the id of one: ${listed.join(', ')}${more}`,
  );
}

/** Takes an answer as far as it keeps the contract: the sums are made anew without the units that broke it. */
function checkedScores(response: ScoreHostsResponse, request: ScoreHostsRequest): ScoreHostsResponse {
  const { hosts, units, policy } = request;
  const asked = { hosts: hosts === 'ALL_UP' ? hosts : hostListOf(hosts), units };
  const checked = checkScores(response, asked);
  // The weights of a policy are known to the server alone.
  if (checked === response || policy !== undefined) return checked;
  const weights = checked.unitResults.map(({ unit }) => ({ name: unit, weight: weightOf(unit, units) }));
  const sums = sumScores(checked.unitResults, weights, checked.scores.length);
  return { ...checked, scores: checked.scores.map((row, place) => ({ ...row, score: sums[place] ?? 0 })) };
}

function weightOf(unit: string, units: readonly WeightedUnit[]): number {
  return units.find(({ name }) => name === unit)?.weight ?? 1;
}

/** The weights of the units that answered: what the highest score there can be is a multiple of. */
function weightSumOf({ unitResults }: ScoreHostsResponse, units: readonly WeightedUnit[] = []): number {
  const answered = unitResults.filter(({ value }: ScoreUnitResult) => value !== undefined);
  return answered.reduce((sum, { unit }) => sum + weightOf(unit, units), 0);
}

function scoreJson({ scores, explanation, snapshotTime, ...rest }: ScoreHostsResponse): object {
  return {
    scores: scores.map((row, place) => ({
      ...row,
      hostName: explanation?.hostName(place),
      reasons: explanation?.reasons(place),
    })),
    ...rest,
    ...(snapshotTime === undefined ? {} : { snapshotTime: new Date(snapshotTime).toISOString() }),
  };
}
