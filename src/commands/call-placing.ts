import { SchedulingError } from '../domain/errors.js';
import { parseUuid } from '../lib/uuid.js';
import type { Placing } from './call-methods.js';
import { SERVER_TIMEOUT_MS, withClient, type ServerOptions } from './client.js';
import { CommandError, type Io } from './io.js';
import { hostIdOf, vmIdOf, warnOfHostsNotUp, type Directory } from './names.js';

/** Options that name a VM and hosts, and the server that knows their names. */
export interface PlacingOptions extends ServerOptions {
  readonly vm?: string;
  /** Absent: every host that is up in the cluster of the VM. */
  readonly host?: readonly string[];
  readonly property?: ReadonlyMap<string, string>;
}

/** Returns the ids of what options name. Asks the server only for names, and for the hosts of a cluster. Rejects with a CommandError. */
export async function placingOf(options: PlacingOptions, io: Io): Promise<Placing> {
  const { vm, host, property: properties = new Map<string, string>(), ...server } = options;
  const [vmId, hostIds] = [vm === undefined ? '' : parseUuid(vm), host?.map(parseUuid)];
  if (vmId !== undefined && hostIds?.every((id) => id !== undefined) === true) {
    return { vmId, hostIds, names: new Map(), properties };
  }
  try {
    return await withClient({ ...server, timeout: SERVER_TIMEOUT_MS }, io, async ({ client, call }) => ({
      ...(await lookUp(vm, host, { inventory: client, call }, io)),
      properties,
    }));
  } catch (error) {
    if (!(error instanceof SchedulingError) || error.code === 'CANCELLED') throw error;
    if (vm !== undefined && error.code === 'NOT_FOUND') {
      const text = `--vm ${vm}: the engine has no VM of this id; "hostscore vms" lists those that run`;
      throw new CommandError(text, { cause: error });
    }
    const text = `names, and the hosts of a cluster, are looked up at the gRPC server (--server): ${error.message}; or pass ids`;
    throw new CommandError(text, { cause: error });
  }
}

async function lookUp(
  vm: string | undefined,
  host: readonly string[] | undefined,
  directory: Directory,
  io: Io,
): Promise<Omit<Placing, 'properties'>> {
  const vmId = vm === undefined ? '' : await vmIdOf(vm, '--vm', directory);
  if (host === undefined) {
    const { hosts } = await directory.inventory.listHosts({ vmId }, directory.call);
    const up = hosts.filter(({ status }) => status === 'up');
    return { vmId, hostIds: up.map(({ id }) => id), names: new Map(up.map(({ id, name }) => [id, name])) };
  }
  const hostIds = await Promise.all(host.map((named) => hostIdOf(named, '--host', directory)));
  await warnOfHostsNotUp(hostIds, '--host', directory, io);
  const names = host.flatMap((named, place): [string, string][] =>
    parseUuid(named) === undefined ? [[hostIds[place] ?? '', named]] : [],
  );
  return { vmId, hostIds, names: new Map(names) };
}
