import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { ScoreHostsRequest } from '../../src/domain/contract.js';
import { startPluginHost, type PluginHost, type PluginHostOptions } from '../../src/plugins/host.js';
import { memoryLog } from '../support/log.js';
import { hostId, vmId } from '../support/world.js';

/** Describes what needs Python. On a machine that has none this is said, and nothing is described. */
export function describeWithPython(title: string, body: () => void): void {
  if (PYTHON !== undefined) describe(title, body);
  else console.log(`skipped: ${title}, since this machine has no Python 3.9 or later`);
}

/** Where Python is: what stands first in PATH may be a script that looks for it each time. */
export const PYTHON = (() => {
  try {
    const script = 'import sys; assert sys.version_info >= (3, 9); print(sys.executable)';
    return execFileSync('python3', ['-c', script], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    }).trim();
  } catch {
    return undefined;
  }
})();

/** The folder of plugins with one vice. */
export function fixture(vice: string): string {
  return fileURLToPath(new URL(`fixtures/${vice}`, import.meta.url));
}

/** Hosts the plugins of a fixture, with a log for the test. */
export async function hostFixture(
  vice: string,
  options: Partial<PluginHostOptions> = {},
): Promise<PluginHost> {
  return startPluginHost({
    dir: fixture(vice),
    log: memoryLog(),
    ...(PYTHON === undefined ? {} : { python: PYTHON }),
    ...options,
  });
}

/** Asks for scores of three hosts by one unit, unless said otherwise. */
export function scoreRequest(unit: string, part: Partial<ScoreHostsRequest> = {}): ScoreHostsRequest {
  return {
    vmId: vmId(1),
    hosts: [hostId(1), hostId(2), hostId(3)],
    units: [{ name: unit, weight: 1 }],
    properties: new Map(),
    assumedPlacements: [],
    explain: false,
    ...part,
  };
}
