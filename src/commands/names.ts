import { ConfigError } from '../config/load.js';
import type { Call } from '../domain/contract.js';
import { SchedulingError } from '../domain/errors.js';
import type { InventoryService, ListedHost, ListedVm } from '../domain/inventory.js';
import { parseUuid } from '../lib/uuid.js';
import { CommandError, type Io } from './io.js';
import { warn } from './terminal-text.js';

/** A server that knows hosts and VMs, and the call with which it is asked. */
export interface Directory {
  readonly inventory: InventoryService;
  readonly call: Call;
}

/** Most things of one name that an error lists. */
const MAX_LISTED = 5;

/** Most VMs in one page of a listing: as many as the contract allows. */
const PAGE_SIZE = 1000;

/** Returns the id of the VM that an option names, which runs if it is not named by its id. Rejects with a CommandError. */
export function vmIdOf(named: string, option: string, { inventory, call }: Directory): Promise<string> {
  return idOf(named, option, {
    absent:
      'no VM that runs has this name; "hostscore vms" lists them, and one that is stopped goes by its id',
    search: async (name) => (await allVms({ name }, { inventory, call })).vms.map(vmCandidate),
  });
}

/** Rejects with a CommandError when a server that knows VMs has none of a name, or id. */
export async function expectVm(named: string, option: string, directory: Directory): Promise<void> {
  const vmId = parseUuid(named);
  if (vmId === undefined) {
    await vmIdOf(named, option, directory);
    return;
  }
  const { inventory, call } = directory;
  await inventory.listVms({ vmId, pageSize: 1 }, call).catch((error: unknown) => {
    if (isWithoutInventory(error)) return;
    if (!(error instanceof SchedulingError) || error.code !== 'NOT_FOUND') throw error;
    throw new CommandError(`${option} ${named}: the engine has no VM of this id`, { cause: error });
  });
}

/** Returns the id of the host that an option names. Rejects with a CommandError. */
export function hostIdOf(named: string, option: string, { inventory, call }: Directory): Promise<string> {
  return idOf(named, option, {
    absent: 'no host has this name; "hostscore hosts" lists them',
    search: async (name) => (await inventory.listHosts({ name }, call)).hosts.map(hostCandidate),
  });
}

/** Warns of hosts, named by an option, that are not up: an engine asks about no others. */
export async function warnOfHostsNotUp(
  hostIds: readonly string[],
  option: string,
  { inventory, call }: Directory,
  { stderr }: Pick<Io, 'stderr'>,
): Promise<void> {
  const { hosts } = await inventory.listHosts({}, call);
  const down = hosts.filter(({ id, status }) => hostIds.includes(id) && status !== 'up');
  warn(
    stderr,
    down.map(
      ({ name, status }) => `${option} ${name}: is ${status}; the engine places VMs on hosts that are up`,
    ),
  );
}

/** A thing that has the name, and words that tell it from others of the same name. */
interface Candidate {
  readonly id: string;
  readonly name: string;
  readonly facts: string;
}

function vmCandidate({ id, name, status = 'no status', hostId }: ListedVm): Candidate {
  return { id, name, facts: hostId === undefined ? status : `${status}, on host ${hostId}` };
}

function hostCandidate({ id, name, status, clusterId }: ListedHost): Candidate {
  return { id, name, facts: clusterId === undefined ? status : `${status}, in cluster ${clusterId}` };
}

/** Returns the id of the only thing of a name; one whose letters are the same, of several that differ in case only. */
async function idOf(
  named: string,
  option: string,
  sought: {
    readonly absent: string;
    readonly search: (name: string) => Promise<readonly Candidate[]>;
  },
): Promise<string> {
  const id = parseUuid(named);
  if (id !== undefined) return id;
  // An asterisk would find whatever fits.
  if (named.includes('*')) throw new ConfigError(`${option} ${named}: expected a whole name, or an id`);
  const found = await sought.search(named).catch((error: unknown) => {
    if (!isWithoutInventory(error)) throw error;
    throw new CommandError(`${option} ${named}: this server knows no names; pass the id`, { cause: error });
  });
  const exact = found.filter(({ name }) => name === named);
  const candidates = exact.length === 0 ? found : exact;
  const [first] = candidates;
  if (first === undefined) throw new CommandError(`${option} ${named}: ${sought.absent}`);
  if (candidates.length === 1) return first.id;
  const listed = candidates
    .slice(0, MAX_LISTED)
    .map(({ id, name, facts }) => `\n  ${id}  ${name} (${facts})`);
  const more = candidates.length > MAX_LISTED ? '\n  ...' : '';
  throw new CommandError(
    `${option} ${named}: several have this name; pass the id of one:${listed.join('')}${more}`,
  );
}

/** Reports whether an error says that a server knows no hosts and VMs at all. */
export function isWithoutInventory(error: unknown): error is SchedulingError {
  return error instanceof SchedulingError && error.code === 'UNIMPLEMENTED';
}

/** Returns all pages of a listing of VMs as one. */
export async function allVms(
  request: Omit<Parameters<InventoryService['listVms']>[0], 'pageSize' | 'pageToken'>,
  { inventory, call }: Directory,
): Promise<{ readonly vms: readonly ListedVm[]; readonly snapshotTime: number }> {
  const vms: ListedVm[] = [];
  let pageToken: string | undefined;
  for (;;) {
    const page = await inventory.listVms(
      { ...request, pageSize: PAGE_SIZE, ...(pageToken === undefined ? {} : { pageToken }) },
      call,
    );
    vms.push(...page.vms);
    pageToken = page.nextPageToken;
    if (pageToken === undefined) return { vms, snapshotTime: page.snapshotTime };
  }
}
