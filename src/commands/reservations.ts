import { InvalidArgumentError, type Command } from 'commander';
import { durationIn, formatDuration } from '../config/values.js';
import {
  MAX_RESERVATION_TTL_MS,
  MIN_RESERVATION_TTL_MS,
  RESERVATION_TTL_MS,
  type Reservation,
} from '../domain/inventory.js';
import { releasedJson, reservationsJson, reservedJson } from '../rpc/contract-json.js';
import { addClientOptions, type ClientOptions } from './client.js';
import { withDirectory } from './inventory.js';
import { print, type Io } from './io.js';
import { hostIdOf, vmIdOf, warnOfHostsNotUp } from './names.js';
import { alignedTable } from './table.js';
import { terminalJson, terminalText } from './terminal-text.js';

interface ReservationOptions extends ClientOptions {
  readonly json?: boolean;
}

interface ReleaseOptions extends ReservationOptions {
  readonly vm: string;
}

interface ReserveOptions extends ReleaseOptions {
  readonly host: string;
  readonly ttl: number;
}

/** Adds `hostscore reserve`, which counts a VM at a host until the engine shows it there. */
export function addReserveCommand(program: Command, io: Io): void {
  const command = addClientOptions(program.command('reserve'));
  command
    .description('count a VM at a host, in every later answer, until the engine shows it there')
    .requiredOption('--vm <name|id>', 'the VM; by its id if it does not run')
    .requiredOption('--host <name|id>', 'the host where it will be')
    .addOption(
      command
        .createOption('--ttl <duration>', 'longest time for which it counts there')
        .argParser(readTtl)
        .default(RESERVATION_TTL_MS, formatDuration(RESERVATION_TTL_MS)),
    )
    .option('--json', 'print JSON')
    .action((options: ReserveOptions) => reserve(options, io));
}

/** Adds `hostscore release`, which ends the reservation of a VM. */
export function addReleaseCommand(program: Command, io: Io): void {
  addClientOptions(program.command('release'))
    .description('end what is reserved or predicted for a VM')
    .requiredOption('--vm <name|id>', 'the VM; by its id if it does not run')
    .option('--json', 'print JSON')
    .action((options: ReleaseOptions) => release(options, io));
}

/** Adds `hostscore reservations`, which lists what is reserved and predicted. */
export function addReservationsCommand(program: Command, io: Io): void {
  addClientOptions(program.command('reservations'))
    .description('list the VMs that count at a host before the engine shows them there')
    .option('--json', 'print JSON')
    .action((options: ReservationOptions) => list(options, io));
}

async function reserve({ vm, host, ttl, json, ...options }: ReserveOptions, io: Io): Promise<void> {
  const reservation = await withDirectory(options, io, async (directory) => {
    const vmId = await vmIdOf(vm, '--vm', directory);
    const hostId = await hostIdOf(host, '--host', directory);
    await warnOfHostsNotUp([hostId], '--host', directory, io);
    return directory.inventory.reserve({ vmId, hostId, ttlMs: ttl }, { ...directory.call, dryRun: false });
  });
  if (json === true) print(io, terminalJson(reservedJson(reservation)));
  else print(io, terminalText(sentenceOf(reservation)));
}

async function release({ vm, json, ...options }: ReleaseOptions, io: Io): Promise<void> {
  const reservation = await withDirectory(options, io, async (directory) => {
    const vmId = await vmIdOf(vm, '--vm', directory);
    return directory.inventory.release(vmId, { ...directory.call, dryRun: false });
  });
  if (json === true) print(io, terminalJson(releasedJson(reservation)));
  else if (reservation === undefined) print(io, terminalText(`nothing was reserved for VM ${vm}`));
  else print(io, terminalText(`${vmNameOf(reservation)} counts at ${hostNameOf(reservation)} no longer`));
}

async function list({ json, ...options }: ReservationOptions, io: Io): Promise<void> {
  const reservations = await withDirectory(options, io, ({ inventory, call }) =>
    inventory.listReservations(call),
  );
  if (json === true) print(io, terminalJson(reservationsJson(reservations)));
  else print(io, ...linesOf(reservations).map(terminalText));
}

function linesOf(reservations: readonly Reservation[]): readonly string[] {
  if (reservations.length === 0) return ['no reservations'];
  return alignedTable(
    [{ head: 'VM' }, { head: 'host' }, { head: 'kind' }, { head: 'until' }, { head: 'id' }],
    reservations.map((one) => [
      vmNameOf(one),
      hostNameOf(one),
      one.predicted ? 'predicted' : 'reserved',
      new Date(one.endTime).toISOString(),
      one.vmId,
    ]),
  );
}

function sentenceOf(reservation: Reservation): string {
  const until = new Date(reservation.endTime).toISOString();
  return `${vmNameOf(reservation)} counts at ${hostNameOf(reservation)} until the engine shows it there, or until ${until}`;
}

const vmNameOf = ({ vmName, vmId }: Reservation) => vmName ?? vmId;
const hostNameOf = ({ hostName, hostId }: Reservation) => hostName ?? hostId;

const ttl = durationIn(MIN_RESERVATION_TTL_MS, MAX_RESERVATION_TTL_MS);

function readTtl(value: string): number {
  const { data, error } = ttl.safeParse(value);
  if (data !== undefined) return data;
  throw new InvalidArgumentError(`${error.issues[0]?.message ?? 'expected a duration'}.`);
}
