import { readdirSync, readFileSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { kill } from 'node:process';
import type { ScoreHostsRequest } from '../../src/domain/contract.js';
import type { PluginHost } from '../../src/plugins/host.js';
import { call } from '../support/call.js';
import { memoryLog } from '../support/log.js';
import { temporaryFolder } from '../support/temporary-folder.js';
import { until } from '../support/until.js';
import { openHost, scoreRequest, type HostPart } from './with-python.js';

/** Returns the source of a plugin that prints one value for every host. */
export const scorer = (name: string, value: number) =>
  `class ${name}:\n    def do_score(self, hosts, vm, args):\n        print([(host, ${value}) for host in hosts])\n`;

/** The source of a plugin that says that it runs, and waits until a file is there. */
export const WAITING = [
  'import os, time',
  'class waits:',
  '    def do_score(self, hosts, vm, args):',
  '        open(args["begun"] + str(os.getpid()), "w").close()',
  '        while not os.path.exists(args["go"]): time.sleep(0.005)',
  '        print([(host, 1) for host in hosts])',
].join('\n');

/** A plugin host over a folder that a test writes, and one for notes of its plugins, anew for each test. */
export function folderHost() {
  let folder = temporaryFolder();
  folder.remove();
  let notes = folder;
  let log = memoryLog();
  let host: PluginHost | undefined;
  beforeEach(() => {
    folder = temporaryFolder();
    notes = temporaryFolder();
    log = memoryLog();
    host = undefined;
  });
  afterEach(async () => {
    await host?.close();
    folder.remove();
    notes.remove();
  });

  const pidsBegun = (): number[] =>
    readdirSync(notes.path)
      .filter((name) => name.startsWith('begun-'))
      .map((name) => Number(name.slice('begun-'.length)));

  return {
    folder: () => folder,
    notes: () => notes,
    log: () => log,
    open: async ({ settings, ...part }: HostPart = {}): Promise<PluginHost> => {
      host = await openHost({ dir: folder.path, log, settings: { pollInterval: 10, ...settings }, ...part });
      return host;
    },
    /** Asks a unit for a value, or its failure's code. */
    valueOf: async (unit: string): Promise<number | string | undefined> => {
      const result = (await host?.scoreHosts(scoreRequest(unit), call()))?.unitResults[0];
      return result?.value?.[0] ?? result?.failure?.code;
    },
    /** Puts a file in place whole at once, as an editor does it. */
    replace: (name: string, content: string): void => {
      renameSync(notes.write(name, content), join(folder.path, name));
    },
    pidsOf: (event: string): number[] =>
      log.lines.filter((line) => line.event === event).map(({ fields }) => Number(fields['pid'])),
    pidsBegun,
    /** Waits until so many calls of WAITING run. */
    begun: (count: number) =>
      until(
        () => pidsBegun().length,
        (begun) => begun === count,
      ),
    /** Asks WAITING. */
    waiting: (part: Partial<ScoreHostsRequest> = {}) =>
      scoreRequest('waits', {
        properties: new Map([
          ['begun', join(notes.path, 'begun-')],
          ['go', join(notes.path, 'go')],
        ]),
        ...part,
      }),
    /** Lets the calls of WAITING go on. */
    go: () => void notes.write('go', ''),
  };
}

/** Reports whether a process lives. A zombie, whose parent has not asked for it yet, does nothing any more. */
export function isAlive(pid: number): boolean {
  try {
    kill(pid, 0);
    return !/^\d+ \(.*\) Z /.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));
  } catch {
    return false;
  }
}
