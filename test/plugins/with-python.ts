import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { ScoreHostsRequest } from '../../src/domain/contract.js';
import { pluginsSection, type PluginSettings } from '../../src/config/sections.js';
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

/** What a test says of a plugin host that it starts; the settings that it leaves out have their defaults. */
export type HostPart = Partial<Omit<PluginHostOptions, 'settings'>> & {
  readonly settings?: Partial<PluginSettings>;
};

/** Hosts the plugins of a folder, with a log for the test. */
export function openHost({ settings, ...part }: HostPart & { readonly dir: string }): Promise<PluginHost> {
  return startPluginHost({
    log: memoryLog(),
    variables: process.env,
    signal: new AbortController().signal,
    settings: { ...pluginsSection.parse({ python: PYTHON }), ...settings },
    ...part,
  });
}

/** Hosts the plugins of a fixture. */
export function hostFixture(vice: string, part: HostPart = {}): Promise<PluginHost> {
  return openHost({ dir: fixture(vice), ...part });
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
