import type { Command } from 'commander';
import { randomUUID } from 'node:crypto';
import type { ConformOptions } from '../conformance/cases.js';
import { conform, type Conformance, type Tested, type Violation } from '../conformance/conform.js';
import { ConfigError } from '../config/load.js';
import { SchedulingError } from '../domain/errors.js';
import { createClient, type CallOptions, type Client } from '../rpc/contract-client.js';
import { addAccessOptions, clientTls, SERVER_TIMEOUT_MS, type AccessOptions } from './client.js';
import { CommandError, print, type Io } from './io.js';
import { addTimeoutOption, id } from './options.js';
import { terminalJson, terminalText } from './terminal-text.js';

interface Options extends AccessOptions {
  readonly target: string;
  readonly vm?: string;
  readonly host?: readonly string[];
  readonly inventory?: boolean;
  readonly balance?: boolean;
  readonly json?: boolean;
  readonly timeout: number;
}

/** Adds `hostscore conform`, which calls a scoring service in the ways of the contract and names what breaks it. */
export function addConformCommand(program: Command, io: Io): void {
  const command = program.command('conform');
  addAccessOptions(addTimeoutOption(command, SERVER_TIMEOUT_MS))
    .description('call a scoring service in the ways of the contract, and name every field that breaks it')
    .requiredOption('--target <target>', 'gRPC target of the service; required')
    .option(
      '--vm <id>',
      'VM to ask about; one of its InventoryService, or a random id, when it is not given',
      id,
    )
    .option('--host <id>', 'host to ask about; repeat it; found in the same way when it is not given', ids)
    .option('--inventory', 'demand what takes an inventory, and every field that a service may leave out')
    .option('--balance', 'call BalanceHosts too, as a dry run like all calls')
    .option('--json', 'print JSON')
    .action((options: Options) => run(options, io));
}

async function run(options: Options, io: Io): Promise<void> {
  const { target, inventory = false, balance = false } = options;
  const client = openClient(options);
  const call: CallOptions = { timeoutMs: options.timeout, signal: io.signal, dryRun: true };
  try {
    const subjects = await subjectsOf(options, client, call);
    const tested: Tested = {
      listPolicyUnits: () => client.listPolicyUnits({}, call),
      scoreHosts: (request) => client.scoreHosts(request, call),
      filterHosts: (request) => client.filterHosts(request, call),
      balanceHosts: (request) => client.balanceHosts(request, call),
    };
    tell(await conform(tested, { ...subjects, inventory, balance }), subjects, options, io);
  } catch (error) {
    if (!(error instanceof SchedulingError)) throw error;
    throw new CommandError(`${target}: can't be tried: ${error.code}: ${error.message}`);
  } finally {
    client.close();
  }
}

function openClient(options: Options): Client {
  try {
    return createClient(options.target, { tls: clientTls(options), tokenFile: options.tokenFile });
  } catch (error) {
    if (!(error instanceof SchedulingError)) throw error;
    throw new ConfigError(`--target, --token-file, --ca, --cert, --key: ${error.message}`);
  }
}

/** The VM and hosts to ask about. */
interface Subjects extends Pick<ConformOptions, 'vmId' | 'hostIds'> {
  /** Their origin, in words. */
  readonly origin: string;
}

/** Number of random hosts: enough for an order. */
const RANDOM_HOSTS = 3;

/** Most hosts of an inventory that are asked about. */
const MOST_HOSTS = 10;

/** Returns what is given, else what the service's own inventory has, else random ids. */
async function subjectsOf({ vm, host }: Options, client: Client, call: CallOptions): Promise<Subjects> {
  if (vm !== undefined && host !== undefined) {
    return { vmId: vm, hostIds: [...new Set(host)], origin: 'as given' };
  }
  try {
    const vmId = vm ?? (await client.listVms({ page_size: 1 }, call)).vms[0]?.id;
    if (vmId !== undefined) {
      const { hosts } = await client.listHosts({ vm_id: vmId }, call);
      const hostIds = host ?? hosts.slice(0, MOST_HOSTS).map((one) => one.id);
      if (hostIds.length > 0) return { vmId, hostIds: [...new Set(hostIds)], origin: 'of its inventory' };
    }
  } catch (error) {
    if (!(error instanceof SchedulingError && error.code === 'UNIMPLEMENTED')) throw error;
  }
  const random = Array.from({ length: RANDOM_HOSTS }, () => randomUUID());
  return {
    vmId: vm ?? randomUUID(),
    hostIds: host === undefined ? random : [...new Set(host)],
    origin: host === undefined ? 'random ids: --host names hosts that it knows' : 'hosts as given',
  };
}

function tell(outcome: Conformance, subjects: Subjects, { target, balance, json }: Options, io: Io): void {
  const { units, calls, violations } = outcome;
  if (json === true) {
    print(io, terminalJson({ calls: Object.fromEntries(calls), violations }));
  } else {
    const asked = `VM ${subjects.vmId}, ${subjects.hostIds.length} hosts, ${subjects.origin}`;
    const made = [...calls].map(([method, count]) => `${count} ${method}`).join(', ');
    const hasBalance = units.some(({ type }) => type === 'POLICY_UNIT_TYPE_BALANCE');
    const lines = [
      `${target}: ${units.length} units: ${units.map(({ name }) => name).join(', ') || 'none'}`,
      `asked about: ${asked}`,
      `calls: ${made}`,
      ...(hasBalance && balance !== true ? ['BalanceHosts was not called: pass --balance'] : []),
      ...grouped(violations),
    ];
    print(io, ...lines.map(terminalText));
  }
  if (violations.length > 0)
    throw new CommandError(`${target} breaks the contract: ${violations.length} times`);
  if (json !== true) print(io, 'it keeps the contract');
}

/** One line for each field and rule, with the first call that shows it. */
function grouped(violations: readonly Violation[]): string[] {
  const groups = new Map<string, { readonly first: Violation; count: number }>();
  for (const violation of violations) {
    const { method, field, rule } = violation;
    const key = JSON.stringify([method, field, rule]);
    const group = groups.get(key) ?? { first: violation, count: 0 };
    group.count += 1;
    groups.set(key, group);
  }
  return [...groups.values()].map(({ first: { method, call, field, rule }, count }) => {
    const more = count === 1 ? '' : ` (and in ${count - 1} more calls)`;
    return `${method}, ${call}: ${field}: ${rule}${more}`;
  });
}

/** Reads an id of the engine; for commander, which gathers repeated options. */
function ids(value: string, gathered: readonly string[] = []): string[] {
  return [...gathered, id(value)];
}
