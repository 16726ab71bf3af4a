import type { Command } from 'commander';
import { policiesOf } from '../config/policies.js';
import type { PolicyUnit } from '../domain/contract.js';
import { checkUnitList } from '../domain/check-answer.js';
import type { Policy } from '../domain/policies.js';
import { addClientOptions, withClient, type ClientOptions } from './client.js';
import { CommandError, print, type Io } from './io.js';
import { configOf } from './options.js';
import { forgetRemembered, listRemembered, unitToForget } from './remembered-units.js';
import { terminalJson, terminalText } from './terminal-text.js';

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
    throw new CommandError('--service goes together with --forget');
  }
  if (forget !== undefined) await forgetRemembered(configOf({ ...options }, io), { ...forget, service }, io);
  else if (options.remembered === true) await listRemembered(configOf({ ...options }, io), { json }, io);
  else if (options.policies === true) listPolicies(options, io);
  else await listUnits(options, io);
}

async function listUnits(options: UnitsOptions, io: Io): Promise<void> {
  const { units, problems } = await withClient(options, io, async ({ client, call }) =>
    checkUnitList(await client.listPolicyUnits(call)),
  );
  if (options.json === true) {
    print(io, terminalJson(units));
    for (const { source, reason } of problems) io.stderr.write(`${terminalText(`${source}: ${reason}`)}\n`);
    return;
  }
  const wrong = problems.map(({ source, reason }) => `  ${source}: ${reason}`);
  const lines = [...units.flatMap(unitLines), ...(wrong.length === 0 ? [] : ['', 'Problems:', ...wrong])];
  print(io, ...lines.map(terminalText));
}

function unitLines({ type, name, direction, description, properties }: PolicyUnit): string[] {
  const order =
    direction === 'LOWER_IS_BETTER'
      ? ', lower is better'
      : direction === undefined
        ? ''
        : ', higher is better';
  return [
    `${name} (${type.toLowerCase()}${order})`,
    ...(description === '' ? [] : [`  ${description}`]),
    ...properties.flatMap((property) => [
      `  ${property.name}=${property.pattern}, default ${property.defaultValue}`,
      ...(property.description === '' ? [] : [`    ${property.description}`]),
    ]),
  ];
}

function listPolicies(options: UnitsOptions, io: Io): void {
  const policies = [...policiesOf(configOf({ ...options }, io).policies).values()];
  if (options.json === true) {
    print(io, terminalJson(policies.map(policyJson)));
  } else if (policies.length === 0) {
    print(io, 'The configuration has no policies.');
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
