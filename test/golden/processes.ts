import { spawn } from 'node:child_process';
import { createRequire } from 'node:module';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** The folder of the repository. */
export const ROOT = join(import.meta.dirname, '../..');

const TSX = createRequire(import.meta.url).resolve('tsx');

const LISTENING = {
  bridge: /bridge listening address=(\S+)/,
  grpc: /grpc server listening address=(\S+)/,
} as const;

/** A listener of hostscore. */
export type Listener = keyof typeof LISTENING;

/** A hostscore in a process of its own. */
export interface Hostscore {
  /** Waits until the listener is there, and returns its address as host:port. Rejects when the process ends before. */
  readonly address: (listener: Listener) => Promise<string>;
  /** Ends the process at once, and deletes what it left behind. */
  readonly stop: () => Promise<void>;
}

/** Starts `hostscore COMMAND FLAGS` from its source in an empty folder, with a configuration file of this text. */
export async function start(
  command: string,
  flags: readonly string[],
  configuration: string,
): Promise<Hostscore> {
  const folder = await mkdtemp(join(tmpdir(), 'hostscore-golden-'));
  const file = join(folder, 'config.yaml');
  await writeFile(file, configuration);
  const child = spawn(
    process.execPath,
    ['--import', TSX, join(ROOT, 'src/main.ts'), command, '--config', file, ...flags],
    {
      cwd: folder,
      env: { PATH: process.env['PATH'], NODE_V8_COVERAGE: '' },
      stdio: ['ignore', 'ignore', 'pipe'],
    },
  );
  // A run of tests that is broken off leaves no server behind.
  const kill = () => child.kill('SIGKILL');
  process.once('exit', kill);

  let log = '';
  let over = false;
  const waiting = new Set<() => void>();
  const wake = () => {
    for (const look of waiting) look();
  };
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    log += text;
    wake();
  });
  const ended = new Promise<void>((resolve) => {
    child.once('close', () => {
      over = true;
      wake();
      resolve();
    });
  });

  return {
    address: (listener) =>
      new Promise((resolve, reject) => {
        const look = () => {
          const address = LISTENING[listener].exec(log)?.[1];
          if (address === undefined && !over) return;
          waiting.delete(look);
          if (address !== undefined) resolve(address);
          else reject(new Error(`hostscore ${command} ended early: ${log}`));
        };
        waiting.add(look);
        look();
      }),
    async stop() {
      kill();
      await ended;
      process.off('exit', kill);
      await rm(folder, { recursive: true, force: true });
    },
  };
}
