import { InvalidArgumentError, type Command } from 'commander';
import { forgetUnits } from '../composite/forget-units.js';
import { readCatalogue } from '../composite/read-catalogue.js';
import { formatValue } from '../config/values.js';
import type { Config } from '../config/schema.js';
import { addConfigOptions, configOf } from './config-options.js';
import { CommandError, print, type Io } from './io.js';

/** What to forget, from the command line. */
interface ForgetOptions {
  readonly service?: string;
  /** `TYPE/name`, the type in capitals. */
  readonly unit?: string;
}

/** Adds `hostscore catalogue`, which shows and edits what is remembered of the units of services. */
export function addCatalogueCommand(program: Command, io: Io): void {
  const catalogue = program
    .command('catalogue')
    .description('show or edit what is remembered of the units of services');

  const list = addConfigOptions(catalogue.command('list'))
    .description('list the remembered units, service by service')
    .action(() => listUnits(configOf(list, io), io));

  const forget = addConfigOptions(catalogue.command('forget'))
    .description('forget units that their service no longer offers')
    .option('--service <name>', 'forget all units of this service, or the one named by --unit')
    .option('--unit <type/name>', 'unit to forget, such as score/ksm_same_os_score', unitIdentity)
    .action((options: ForgetOptions) => forgetThem(configOf(forget, io), options, io));
}

async function listUnits({ catalogue }: Config, io: Io): Promise<void> {
  const services = await readCatalogue(catalogue.file, { maxBytes: catalogue.maxSize });
  if (services.size === 0) print(io, `${catalogue.file} remembers no service.`);
  for (const [service, { listedAt, units }] of services) {
    print(io, `${service}, listed ${new Date(listedAt).toISOString()}`);
    for (const { type, name, description } of units) {
      print(io, `  ${type.toLowerCase()}/${name}${description === '' ? '' : `: ${description}`}`);
    }
  }
}

async function forgetThem({ catalogue, composite }: Config, options: ForgetOptions, io: Io): Promise<void> {
  const { service, unit } = options;
  if (service === undefined && unit === undefined) {
    throw new CommandError('nothing to forget: name --service, --unit, or both');
  }
  const forgotten = await forgetUnits({
    path: catalogue.file,
    maxBytes: catalogue.maxSize,
    ...(service === undefined ? {} : { service }),
    ...(unit === undefined ? {} : { unit }),
  });
  for (const { service, unit } of forgotten) print(io, `forgot ${unit} of ${service}`);
  if (forgotten.length === 0) print(io, 'forgot the service, which had no units');
  const interval = String(formatValue('duration', composite.relistInterval));
  print(
    io,
    `A running hostscore follows within ${interval}. A unit that its service still offers comes back; leave such a one out with services[].units.`,
  );
}

function unitIdentity(value: string): string {
  const [, type = '', name = ''] = /^(filter|score|balance)\/(.+)$/is.exec(value) ?? [];
  if (name === '')
    throw new InvalidArgumentError('expected a type and a name, such as score/ksm_same_os_score.');
  return `${type.toUpperCase()}/${name}`;
}
