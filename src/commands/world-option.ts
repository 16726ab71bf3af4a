import { statSync } from 'node:fs';
import { ConfigError } from '../config/load.js';
import { SchedulingError } from '../domain/errors.js';
import { demoWorld } from '../simulator/demo-world.js';
import { generatedWorld } from '../simulator/generated-world.js';
import { recordedWorld } from '../simulator/recorded-world.js';
import type { World } from '../simulator/world.js';

/** What `--world` takes, for help texts. */
export const WORLD_HELP =
  'demo; HOSTSxVMS or HOSTSxVMS:SEED for a generated one, such as 1000x20000:7; or a folder of recorded answers';

/** Makes the world that `--world` names. Throws a ConfigError when it names none, or one that can't be made. */
export function worldOf(text: string): World {
  try {
    return makeWorld(text);
  } catch (error) {
    if (error instanceof SchedulingError) throw new ConfigError(`--world ${text}: ${error.message}`);
    throw error;
  }
}

function makeWorld(text: string): World {
  if (text === 'demo') return demoWorld();
  const groups = /^(?<hosts>\d+)x(?<vms>\d+)(?::(?<seed>\d+))?$/.exec(text)?.groups;
  if (groups !== undefined) {
    return generatedWorld({
      hosts: Number(groups['hosts']),
      vms: Number(groups['vms']),
      seed: Number(groups['seed'] ?? 1),
    });
  }
  if (!statSync(text, { throwIfNoEntry: false })?.isDirectory()) {
    throw new ConfigError(`--world: expected ${WORLD_HELP}; got ${JSON.stringify(text)}`);
  }
  return recordedWorld(text);
}
