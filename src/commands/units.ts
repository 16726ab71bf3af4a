import type { Command } from 'commander';
import { ConfigError } from '../config/load.js';
import { policiesOf } from '../config/policies.js';
import type { PolicyUnit } from '../domain/contract.js';
import { checkUnitList } from '../domain/check-answer.js';
import type { Policy } from '../domain/policies.js';
import { unitsJson } from '../rpc/contract-json.js';
import { addClientOptions, withClient, type ClientOptions } from './client.js';
import { print, type Io } from './io.js';
import { configOf } from './options.js';
import { forgetRemembered, listRemembered, unitToForget } from './remembered-units.js';
import { printLines, terminalJson, type Line } from './terminal-text.js';

interface UnitsOptions extends ClientOptions {
  readonly policies?: boolean;
  readonly remembered?: boolean;
  readonly forget?: ReturnType<typeof unitToForget>;
  readonly service?: string;
  readonly json?: boolean;
}

/**
 * Adds `hostscore units`, which lists what a server offers, the named policies of the configuration, or what is remembered
 * of the units of services.
 */
export function addUnitsCommand(program: Command, io: Io): void {
  addClientOptions(program.command('units'))
    .description('list the policy units of a server')
    .option('--policies', 'list the named policies instead; they are read from the configuration')
    .option('--remembered', 'list the units that are remembered in state.dir instead')
    .option('--forget <type/name>', 'forget a remembered unit, such as score/old_unit', unitToForget)
    .option('--service <name>', 'with --forget: of this service only')
    .option('--state-dir <value>', 'folder of what is remembered (HOSTSCORE_STATE_DIR)')
    .option('--json', 'print JSON')
    .action((options: UnitsOptions) => units(options, io));
}

async function units(options: UnitsOptions, io: Io): Promise<void> {
  const { forget, service, json = false } = options;
  if (forget === undefined && service !== undefined) {
    throw new ConfigError('--service goes together with --forget');
  }
  if (forget !== undefined)
    await forgetRemembered(configOf({ ...options }, io), { ...forget, service, json }, io);
  else if (options.remembered === true) await listRemembered(configOf({ ...options }, io), { json }, io);
  else if (options.policies === true) listPolicies(options, io);
  else await listUnits(options, io);
}

async function listUnits(options: UnitsOptions, io: Io): Promise<void> {
  const list = await withClient(options, io, async ({ client, call }) =>
    checkUnitList(await client.listPolicyUnits(call)),
  );
  if (options.json === true) {
    print(io, terminalJson(unitsJson(list)));
    return;
  }
  const wrong = list.problems.map(({ source, reason }): Line => ({
    text: `  ${source}: ${reason}`,
    style: 'yellow',
  }));
  printLines(io.stdout, [
    ...list.units.flatMap(unitLines),
    ...(wrong.length === 0 ? [] : [{ text: '' }, { text: 'Problems:' }, ...wrong]),
  ]);
}

function unitLines({ type, name, direction, description, properties, service }: PolicyUnit): Line[] {
  const order =
    direction === 'LOWER_IS_BETTER'
      ? ', lower is better'
      : direction === undefined
        ? ''
        : ', higher is better';
  const owner = service === undefined ? '' : `, of ${service}`;
  const details = [
    ...(description === '' ? [] : [`  ${description}`]),
    ...properties.flatMap((property) => [
      `  ${property.name}=${property.pattern}, default ${property.defaultValue}`,
      ...(property.description === '' ? [] : [`    ${property.description}`]),
    ]),
  ];
  return [
    { text: `${name} (${type.toLowerCase()}${order}${owner})`, style: 'bold' },
    ...details.map((text) => ({ text })),
  ];
}

function listPolicies(options: UnitsOptions, io: Io): void {
  const policies = [...policiesOf(configOf({ ...options }, io).policies).values()];
  if (options.json === true) {
    print(io, terminalJson({ policies: policies.map(policyJson) }));
  } else if (policies.length === 0) {
    print(
      io,
      'The configuration has no policies; --config FILE or HOSTSCORE_CONFIG names that of the server.',
    );
  } else {
    print(io, ...policies.flatMap(policyLines));
  }
}

function policyLines({ name, hash, filters, scores, properties }: Policy): string[] {
  return [
    `${name} (${hash})`,
    ...filters.map((unit) => `  filter ${unit}`),
    ...scores.map((unit) => `  score ${unit.name} x${unit.weight}`),
    ...[...properties].map(([key, value]) => `  ${key}=${value}`),
  ];
}

function policyJson({ scores, properties, ...rest }: Policy): object {
  return {
    ...rest,
    scores: Object.fromEntries(scores.map(({ name, weight }) => [name, weight])),
    properties: Object.fromEntries(properties),
  };
}
