import { InvalidArgumentError } from 'commander';
import { join } from 'node:path';
import {
  forget,
  formatForgetRequest,
  MAX_REGISTRY_BYTES,
  parseForgetAnswer,
  parseRegistry,
  readRegistry,
  REGISTRY_FILE,
  writeRegistry,
  type ForgetAnswer,
  type ForgetRequest,
  type Registry,
  type RememberedService,
} from '../composite/registry-file.js';
import type { Config } from '../config/schema.js';
import type { PolicyUnit } from '../domain/contract.js';
import { reasonOf } from '../lib/text.js';
import { createLog } from '../process/log.js';
import { askOwner, COMMAND_TIMEOUT_MS } from '../process/owner-socket.js';
import { openStateDir, readAtMost } from '../process/state-dir.js';
import { CommandError, print, type Io } from './io.js';
import { terminalJson, terminalText } from './terminal-text.js';

/** Parses what `--forget` names, such as `score/old_unit`. Throws an InvalidArgumentError. */
export function unitToForget(value: string): Pick<ForgetRequest, 'type' | 'name'> {
  const [, type = '', name = ''] = /^(filter|score|balance)\/(.+)$/is.exec(value) ?? [];
  const known = (['FILTER', 'SCORE', 'BALANCE'] as const).find((one) => one === type.toUpperCase());
  if (known === undefined)
    throw new InvalidArgumentError('expected a type and a name, such as score/old_unit.');
  return { type: known, name };
}

/** Prints the units that are remembered in `state.dir`, service by service. Rejects with a CommandError. */
export async function listRemembered(
  { state }: Pick<Config, 'state'>,
  { json }: { readonly json: boolean },
  io: Io,
): Promise<void> {
  const services = [...(await readRemembered(state.dir))];
  if (json) print(io, terminalJson({ services: services.map(asJson) }));
  else if (services.length === 0) print(io, `${state.dir} remembers no service.`);
  else print(io, ...services.flatMap(serviceLines).map(terminalText));
}

/**
 * Forgets a unit that no service lists any more: asks the process that owns `state.dir`, or edits the file when none
 * does. Rejects with a CommandError when nobody is remembered to have it, and when it stays anywhere.
 */
export async function forgetRemembered(
  config: Pick<Config, 'state' | 'log'>,
  { json, ...request }: ForgetRequest & { readonly json: boolean },
  io: Io,
): Promise<void> {
  const { dir } = config.state;
  const unit = shown(request);
  const line = await askOwner(dir, formatForgetRequest(request), {
    timeoutMs: COMMAND_TIMEOUT_MS,
    signal: io.signal,
  });
  const { forgotten, listed } =
    line === undefined ? await forgetHere(config, request, io) : answerOf(line, dir);
  if (json) print(io, terminalJson({ forgotten, listed }));
  if (forgotten.length + listed.length === 0) {
    throw new CommandError(
      terminalText(`no service is remembered to have ${unit}; see what is: hostscore units --remembered`),
    );
  }
  const lines = [
    ...forgotten.map((service) => `forgot ${unit} of ${service}`),
    ...(line === undefined ? ['No hostscore runs: the unit comes back if its service still lists it.'] : []),
  ];
  if (!json) print(io, ...lines.map(terminalText));
  if (listed.length === 0) return;
  const stays = `${listed.join(', ')}: lists ${unit} now, so it stays; leave it out with services[].units instead`;
  throw new CommandError(terminalText(stays));
}

async function forgetHere(
  { state, log }: Pick<Config, 'state' | 'log'>,
  request: ForgetRequest,
  io: Io,
): Promise<ForgetAnswer> {
  // Looked at before the folder is opened, which would make one, and set aside what a person may want to look at.
  await readRemembered(state.dir);
  const ownLog = createLog({ ...log, level: 'error', stream: io.stderr });
  const stateDir = await openStateDir({ dir: state.dir, log: ownLog });
  try {
    const { registry, answer } = forget(await readRegistry(stateDir), request, () => false);
    if (answer.forgotten.length > 0 && !(await writeRegistry(stateDir, registry))) {
      const [problem] = stateDir.problems();
      throw new CommandError(problem?.reason ?? `${state.dir}: can't be written`);
    }
    return answer;
  } finally {
    await stateDir.close();
    ownLog.flush();
  }
}

function answerOf(line: string, dir: string): ForgetAnswer {
  try {
    return parseForgetAnswer(line);
  } catch (error) {
    throw new CommandError(
      terminalText(`the process that owns ${dir} did not forget it: ${reasonOf(error)}`),
    );
  }
}

async function readRemembered(dir: string): Promise<Registry> {
  const path = join(dir, REGISTRY_FILE);
  try {
    const text = await readAtMost(path, MAX_REGISTRY_BYTES);
    if (text !== undefined) return parseRegistry(text);
  } catch (error) {
    throw new CommandError(terminalText(`${path}: ${reasonOf(error)}`));
  }
  throw new CommandError(`${path}: there is no such file; nothing is remembered`);
}

function serviceLines([service, { listedAt, units, gone }]: [string, RememberedService]): string[] {
  return [
    `${service}, listed ${timeOf(listedAt)}`,
    ...units.map((unit) => `  ${shown(unit)}${described(unit)}`),
    ...gone.map(({ unit, since }) => `  ${shown(unit)}, gone since ${timeOf(since)}`),
  ];
}

function asJson([service, { listedAt, units, gone }]: [string, RememberedService]): object {
  return {
    service,
    listedAt: timeOf(listedAt),
    units,
    gone: gone.map(({ unit, since }) => ({ unit, since: timeOf(since) })),
  };
}

const shown = ({ type, name }: Pick<PolicyUnit, 'type' | 'name'>) => `${type.toLowerCase()}/${name}`;

const described = ({ description }: PolicyUnit) => (description === '' ? '' : `: ${description}`);

const timeOf = (ms: number) => new Date(ms).toISOString();
