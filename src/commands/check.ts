import type { Command } from 'commander';
import { once } from 'node:events';
import { randomUUID } from 'node:crypto';
import { parse } from 'yaml';
import { problemOf, routeUnits, unitIdentity, type RoutedMember } from '../composite/registry.js';
import type { RememberedService } from '../composite/registry-file.js';
import { ConfigError, redact } from '../config/load.js';
import { LOCAL_SERVICE, PLUGIN_SERVICE, type ServiceConfig } from '../config/services.js';
import type { Config } from '../config/schema.js';
import { checkScores, checkUnitList } from '../domain/check-answer.js';
import type {
  Call,
  PolicyUnit,
  PolicyUnitService,
  ScoreHostsRequest,
  UnitProblem,
} from '../domain/contract.js';
import { SchedulingError } from '../domain/errors.js';
import { hostListOf } from '../domain/host-list.js';
import { reasonOf } from '../lib/text.js';
import { createLog, type Log } from '../process/log.js';
import { units as nativeUnits } from '../scoring/units/index.js';
import { addAccessOptions, configuredServer, openClient, type AccessOptions } from './client.js';
import { CommandError, print, type Io } from './io.js';
import { openEngineClient, openInventory, openReplica } from './open-engine.js';
import { openPlugins, openReaderClient, openServiceClient, routedService } from './members.js';
import { openTokens } from './start-grpc.js';
import { addConfigOptions, configOf } from './options.js';
import { unreadProperties } from './properties.js';
import { terminalJson, terminalText } from './terminal-text.js';

/** Adds `hostscore check`, which prints the effective configuration, tries everything in it, and says what is wrong. */
export function addCheckCommand(program: Command, io: Io): void {
  const command = addAccessOptions(addConfigOptions(program.command('check')))
    .description('print the effective configuration, try everything in it, and say what is wrong')
    .option('--json', 'print JSON')
    .action((options: CheckOptions) => check(configOf(command.opts(), io), options, io));
}

/** Options of `hostscore check`; how the server is reached that runs by the configuration, if one does. */
interface CheckOptions extends AccessOptions {
  readonly json?: boolean;
}

/** A part of the configuration that offers units, and how it is tried. */
interface Part {
  readonly member: RoutedMember;
  /** True when it is no fault that another part already has one of its units. */
  readonly yields?: boolean;
  /** Rejects with a CommandError that says what is wrong and what to do. */
  readonly run: () => Promise<Finding>;
}

/** Report of one part. */
interface Finding {
  readonly line: string;
  readonly units: readonly PolicyUnit[];
  /** Listed units and properties that can't be used. */
  readonly faults?: readonly UnitProblem[];
}

/** Words for a configuration in which nothing answers. */
const NOTHING_CONFIGURED = `no engine, plugins or services are configured, so there is nothing to try. Set, as a variable or by a flag:
  HOSTSCORE_ENGINE_URL=https://engine.example.com/ovirt-engine
  HOSTSCORE_ENGINE_USERNAME=hostscore@internal
  HOSTSCORE_ENGINE_PASSWORD_FILE=/etc/hostscore/password
  HOSTSCORE_ENGINE_CA_FILE=/etc/pki/ovirt-engine/ca.pem`;

async function check(config: Config, options: CheckOptions, io: Io): Promise<void> {
  const log = createLog({ ...config.log, level: 'warn', stream: io.stderr });
  try {
    await tryParts(config, options, log, io);
  } finally {
    log.flush();
  }
}

async function tryParts(
  config: Config,
  { json = false, ...access }: CheckOptions,
  log: Log,
  io: Io,
): Promise<void> {
  const parts = partsOf(config, log, io);
  const configuration = redact(config).trimEnd();
  const findings: string[] = [];
  const wrong: string[] = [];
  const tellJson = () => {
    const effective: unknown = parse(configuration);
    if (json) print(io, terminalJson({ configuration: effective, findings, problems: wrong }));
  };
  if (parts.length === 0) {
    wrong.push(NOTHING_CONFIGURED);
    tellJson();
    throw new ConfigError(NOTHING_CONFIGURED);
  }
  if (!json) print(io, '# effective configuration', configuration, '');
  const tell = (...lines: readonly string[]) => {
    findings.push(...lines);
    if (!json) print(io, ...lines.map(linesOfTerminal));
  };
  const registry = new Map<string, RememberedService>();
  for (const { member, run } of parts) {
    try {
      const { line, units, faults = [] } = await run();
      tell(line);
      wrong.push(...faults.map((fault) => `service ${member.name}: ${problemText(fault)}`));
      registry.set(member.name, { listedAt: 0, units, gone: [] });
    } catch (error) {
      if (!(error instanceof CommandError)) throw error;
      wrong.push(error.message);
    }
  }
  const members = parts.map(({ member }) => member);
  const table = routeUnits(members, registry, 0);
  const conflicts = table.conflicts
    .filter(({ loser }) => parts[loser.member]?.yields !== true)
    .map((conflict) => problemOf(conflict, members));
  wrong.push(...conflicts.map(problemText), ...policyProblems(config, table.units));
  const { notes, faults } = await askServer(config, access, io);
  tell(...notes);
  wrong.push(...faults, ...tokenFaults(config, log));
  tellJson();
  if (wrong.length > 0) throw new CommandError(wrong.map(linesOfTerminal).join('\n'));
}

/** Returns lines from elsewhere as they may stand in a terminal. */
function linesOfTerminal(text: string): string {
  return text.split('\n').map(terminalText).join('\n');
}

/** In the order in which they come first when two offer the same unit. */
function partsOf(config: Config, log: Log, io: Io): readonly Part[] {
  const { engine, inventory, services, plugins } = config;
  const { dir } = plugins;
  const local: Part = {
    member: { name: LOCAL_SERVICE },
    run: () => checkEngine(config, log, io.signal),
  };
  return [
    ...(engine.url === undefined && inventory.from === undefined ? [] : [local]),
    ...(dir === undefined
      ? []
      : [
          {
            member: { name: PLUGIN_SERVICE },
            yields: true,
            run: () => checkPlugins(config, dir, log, io),
          },
        ]),
    ...services.map((service, index) => ({
      member: routedService(service),
      run: () => checkService(service, index, log, io.signal),
    })),
  ];
}

/** Reads the engine, or takes over the inventory of the reader, once and says what it shows. */
async function checkEngine(config: Config, log: Log, signal: AbortSignal): Promise<Finding> {
  const { from } = config.inventory;
  const place = from === undefined ? 'engine' : `inventory.from ${from}`;
  const { client, inventory } = from === undefined ? engineOf(config, log) : replicaOf(config, log);
  try {
    inventory.start();
    const snapshot = await Promise.race([inventory.ready(), rejectionAt(place, signal)]);
    const up = snapshot.hosts.filter(({ status }) => status === 'up').length;
    const vms = snapshot.hosts.reduce((sum, host) => sum + host.vms.length, 0);
    const line = `${place}: ok: ${snapshot.hosts.length} hosts, ${up} of them up, ${vms} running VMs`;
    return { line, units: nativeUnits };
  } catch (error) {
    if (error instanceof CommandError) throw error;
    throw new CommandError(`${place}: ${SchedulingError.from(error).message}`);
  } finally {
    await inventory.close();
    await client.close();
  }
}

function engineOf(config: Config, log: Log) {
  const client = openEngineClient(config, log);
  return { client, inventory: openInventory(config, client, log) };
}

function replicaOf(config: Config, log: Log) {
  const client = openReaderClient(config, log);
  return { client, inventory: openReplica(config, client, log) };
}

async function rejectionAt(place: string, signal: AbortSignal): Promise<never> {
  if (!signal.aborted) await once(signal, 'abort');
  throw new CommandError(`${place}: stopped before it answered`);
}

/** Longest wait for the list of units of a service or a server: milliseconds. */
const LIST_TIMEOUT_MS = 5000;

/** Most score units that a service is asked for at once: what servers take. */
const MOST_UNITS = 100;

/** Lists the units of one configured service, has it score one host, and says how many units there are. */
async function checkService(
  service: ServiceConfig,
  index: number,
  log: Log,
  signal: AbortSignal,
): Promise<Finding> {
  const client = openServiceClient(service, index, log);
  try {
    const { units, faults } = checkUnitList(await client.listPolicyUnits(checkCall(signal)));
    await checkScoring(client, units, signal);
    return { line: `service ${service.name}: ok: ${namesOf(units)}`, units, faults };
  } catch (error) {
    throw new CommandError(`service ${service.name}: ${SchedulingError.from(error).message}`);
  } finally {
    client.close();
  }
}

/** Asks a service for the scores of a host that nobody knows, as a dry run. Rejects when the answer can't be used. */
async function checkScoring(
  client: PolicyUnitService,
  offered: readonly PolicyUnit[],
  signal: AbortSignal,
): Promise<void> {
  const units = offered.filter(({ type }) => type === 'SCORE').slice(0, MOST_UNITS);
  if (units.length === 0) return;
  const hosts = [randomUUID()];
  const request: ScoreHostsRequest = {
    vmId: randomUUID(),
    hosts,
    units: units.map(({ name }) => ({ name, weight: 1 })),
    properties: new Map(),
    assumedPlacements: [],
    explain: false,
  };
  try {
    const answer = await client.scoreHosts(request, checkCall(signal));
    const { unitResults } = checkScores(answer, { hosts: hostListOf(hosts), units });
    const broken = unitResults.find((result, place) => result !== answer.unitResults[place]);
    if (broken?.failure !== undefined) throw new SchedulingError(broken.failure.code, broken.failure.message);
  } catch (error) {
    // A service with an inventory knows no such VM.
    if (!(error instanceof SchedulingError && error.code === 'NOT_FOUND')) throw error;
  }
}

/** Imports the plugins of a folder and says which units they are, and what is wrong with others. */
async function checkPlugins(config: Config, dir: string, log: Log, io: Io): Promise<Finding> {
  const plugins = openPlugins(config, dir, { log, variables: io.variables });
  try {
    const host = await plugins.started;
    const failure = host.failure();
    if (failure !== undefined) throw new CommandError(failure.message);
    const { units, problems } = await host.listPolicyUnits({ ...checkCall(io.signal), deadline: Infinity });
    const wrong = problems.map((problem) => `\n  ${problemText(problem)}`);
    return { line: `plugins: ok: ${namesOf(units)}${wrong.join('')}`, units };
  } finally {
    await plugins.close();
  }
}

/** Says which units of named policies nobody offers, and which properties their units don't read or accept. */
function policyProblems({ policies }: Config, offered: readonly PolicyUnit[]): string[] {
  const byIdentity = new Map(offered.map((unit) => [unitIdentity(unit), unit]));
  return Object.entries(policies).flatMap(([policy, { filters, scores, properties }]) => {
    const named = [
      ...filters.map((name) => ({ type: 'FILTER' as const, name })),
      ...Object.keys(scores).map((name) => ({ type: 'SCORE' as const, name })),
    ];
    const units = named.flatMap((one) => byIdentity.get(unitIdentity(one)) ?? []);
    const missing = named.filter((one) => !byIdentity.has(unitIdentity(one)));
    return [
      ...missing.map(({ type, name }) =>
        type === 'FILTER'
          ? `policies.${policy}.filters: nobody offers a filter ${name}`
          : `policies.${policy}.scores: nobody offers a score unit ${name}`,
      ),
      // What a unit reads that nobody offers now is not known.
      ...(missing.length > 0 ? [] : unreadProperties(Object.keys(properties), units)).map(
        (text) => `policies.${policy}.properties: no unit of the policy ${text}`,
      ),
      ...refusedProperties(policy, properties, units),
    ];
  });
}

function refusedProperties(
  policy: string,
  properties: Readonly<Record<string, string>>,
  units: readonly PolicyUnit[],
): string[] {
  return units.flatMap((unit) =>
    unit.properties.flatMap(({ name, pattern }) => {
      const value = properties[name];
      if (value === undefined || matches(value, pattern)) return [];
      const text = `${unit.name} expects ${pattern}, got ${JSON.stringify(value)}`;
      return [`policies.${policy}.properties.${name}: ${text}`];
    }),
  );
}

/** Tells whether a value matches a pattern as a whole; true for a pattern that is none here, which is for its service to read. */
function matches(value: string, pattern: string): boolean {
  try {
    return new RegExp(`^(?:${pattern})$`).test(value);
  } catch {
    return true;
  }
}

/** Says why the file of the tokens can't be used. */
function tokenFaults(config: Config, log: Log): string[] {
  try {
    openTokens(config, log);
    return [];
  } catch (error) {
    return [reasonOf(error)];
  }
}

/** Messages of a call where nothing listens. */
const NOBODY_THERE = /E(CONNREFUSED|HOSTUNREACH|NETUNREACH|ADDRNOTAVAIL|NOENT)/;

/** Asks the server that runs with this configuration, if one does, what is wrong with units there. */
async function askServer(
  config: Config,
  access: AccessOptions,
  { signal }: Io,
): Promise<{ readonly notes: readonly string[]; readonly faults: readonly string[] }> {
  const { listen } = config.server;
  if ('port' in listen && listen.port === 0) return { notes: [], faults: [] };
  const { tlsClientCaFile, tokensFile } = config.server;
  const place = configuredServer(config);
  const client = openClient({ ...access, ...place });
  const here = `server ${place.target}`;
  try {
    const { units, problems } = await client.listPolicyUnits(checkCall(signal));
    const textOf = (problem: UnitProblem) => `${here}: ${problemText(problem)}`;
    const notes = problems.filter(isNoFault).map(textOf);
    const faults = problems.filter((problem) => !isNoFault(problem)).map(textOf);
    return { notes: [`${here}: ok: ${namesOf(units)}`, ...notes], faults };
  } catch (error) {
    const { message } = SchedulingError.from(error);
    if (NOBODY_THERE.test(message)) return { notes: [], faults: [] };
    if (tlsClientCaFile !== undefined || tokensFile !== undefined) {
      return { notes: [`${here}: not asked: ${message}`], faults: [] };
    }
    const text = `${here} (server.listen): something listens there that does not answer as hostscore does, and serve can't: ${message}`;
    return { notes: [], faults: [text] };
  } finally {
    client.close();
  }
}

/** A plugin that can't be imported costs itself only, and a second process beside the one that remembers is meant to be. */
function isNoFault({ source }: UnitProblem): boolean {
  return source === 'state.dir' || source.startsWith(`${PLUGIN_SERVICE}: `);
}

function problemText({ source, reason }: UnitProblem): string {
  return `${source}: ${reason}`;
}

function checkCall(signal: AbortSignal): Call {
  return { requestId: randomUUID(), signal, deadline: Date.now() + LIST_TIMEOUT_MS, dryRun: true };
}

function namesOf(units: readonly PolicyUnit[]): string {
  const names = new Set(units.map(({ name }) => name));
  return units.length === 0 ? 'no units' : `${units.length} units: ${[...names].join(', ')}`;
}
