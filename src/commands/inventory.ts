import type { Command } from 'commander';
import { ConfigError } from '../config/load.js';
import type { ListedHost, ListedVm, ListHostsRequest } from '../domain/inventory.js';
import { hostsJson, vmsJson } from '../rpc/contract-json.js';
import { addClientOptions, withClient, type ClientOptions } from './client.js';
import { CommandError, print, type Io } from './io.js';
import { allVms, hostIdOf, isWithoutInventory, vmIdOf, type Directory } from './names.js';
import { id, text } from './options.js';
import { alignedTable } from './table.js';
import { terminalJson, terminalText } from './terminal-text.js';

/** Options that `hosts` and `vms` share. */
interface ListingOptions extends ClientOptions {
  readonly cluster?: string;
  readonly json?: boolean;
}

/** Adds `hostscore hosts`, which lists the hosts that a server knows. */
export function addHostsCommand(program: Command, io: Io): void {
  addListing(program, 'hosts', 'list the hosts that a server knows')
    .option('--vm <name|id>', 'of the cluster of this VM only', text)
    .action((name: string | undefined, options: ListingOptions & { readonly vm?: string }) =>
      listHosts(name, options, io),
    );
}

/** Adds `hostscore vms`, which lists the VMs that run. */
export function addVmsCommand(program: Command, io: Io): void {
  addListing(program, 'vms', 'list the VMs that run')
    .option('--host <name|id>', 'on this host only', text)
    .action((name: string | undefined, options: ListingOptions & { readonly host?: string }) =>
      listVms(name, options, io),
    );
}

function addListing(program: Command, command: string, description: string): Command {
  return addClientOptions(program.command(command))
    .description(description)
    .argument('[name]', 'of this name only, or of a pattern such as "web-*"', text)
    .option('--cluster <id>', 'of this cluster only', id)
    .option('--json', 'print JSON');
}

async function listHosts(
  name: string | undefined,
  { vm, cluster, json, ...options }: ListingOptions & { readonly vm?: string },
  io: Io,
): Promise<void> {
  if ([name, vm, cluster].filter((given) => given !== undefined).length > 1) {
    throw new ConfigError('give at most one of a name, --vm and --cluster');
  }
  const listed = await withDirectory(options, io, async (directory) => {
    const request: ListHostsRequest = {
      ...(name === undefined ? {} : { name }),
      ...(cluster === undefined ? {} : { clusterId: cluster }),
      ...(vm === undefined ? {} : { vmId: await vmIdOf(vm, '--vm', directory) }),
    };
    return directory.inventory.listHosts(request, directory.call);
  });
  if (json === true) print(io, terminalJson(hostsJson(listed)));
  else print(io, ...hostLines(listed.hosts).map(terminalText));
}

function hostLines(hosts: readonly ListedHost[]): readonly string[] {
  if (hosts.length === 0) return ['no hosts'];
  return alignedTable(
    [{ head: 'name' }, { head: 'status' }, { head: 'VMs', right: true }, { head: 'id' }, { head: 'cluster' }],
    hosts.map(({ name, status, runningVms, id, clusterId = '' }) => [
      name,
      status,
      String(runningVms),
      id,
      clusterId,
    ]),
  );
}

async function listVms(
  name: string | undefined,
  { host, cluster, json, ...options }: ListingOptions & { readonly host?: string },
  io: Io,
): Promise<void> {
  const { listed, hosts } = await withDirectory(options, io, async (directory) => {
    const request = {
      ...(name === undefined ? {} : { name }),
      ...(cluster === undefined ? {} : { clusterId: cluster }),
      ...(host === undefined ? {} : { hostId: await hostIdOf(host, '--host', directory) }),
    };
    const listed = await allVms(request, directory);
    const hosts = json === true ? [] : (await directory.inventory.listHosts({}, directory.call)).hosts;
    return { listed, hosts };
  });
  if (json === true) print(io, terminalJson(vmsJson(listed)));
  else print(io, ...vmLines(listed.vms, new Map(hosts.map((one) => [one.id, one.name]))).map(terminalText));
}

function vmLines(vms: readonly ListedVm[], hostNames: ReadonlyMap<string, string>): readonly string[] {
  if (vms.length === 0) return ['no VMs that run'];
  return alignedTable(
    [{ head: 'name' }, { head: 'status' }, { head: 'host' }, { head: 'OS' }, { head: 'id' }],
    vms.map(({ name, status = '', hostId = '', osType = '', id }) => [
      name,
      status,
      hostNames.get(hostId) ?? hostId,
      osType,
      id,
    ]),
  );
}

/** Runs with a server that knows hosts and VMs. Rejects with a CommandError when it knows none. */
export async function withDirectory<Result>(
  options: ClientOptions,
  io: Io,
  run: (directory: Directory) => Promise<Result>,
): Promise<Result> {
  return withClient(options, io, async ({ client, target, call }) => {
    try {
      return await run({ inventory: client, call });
    } catch (error) {
      if (!isWithoutInventory(error)) throw error;
      throw new CommandError(`${target} knows no hosts and VMs: ${error.message}`, { cause: error });
    }
  });
}
