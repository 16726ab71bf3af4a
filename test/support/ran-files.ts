import { fork } from 'node:child_process';
import { once } from 'node:events';
import { createRequire } from 'node:module';
import { setTimeout } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import { until } from './until.js';

const MAIN = fileURLToPath(new URL('../../src/main.ts', import.meta.url));
const TSX = createRequire(import.meta.url).resolve('tsx');
const PRELOAD = new URL('ran-files-preload.ts', import.meta.url).href;

/** A process in which nothing of src/ ran for this long is idle. */
const IDLE_MS = 200;
const MOST_LOOKS = 50;

const MESSAGE = z.tuple([z.array(z.string())]).rest(z.unknown());

/** `hostscore` as a process of its own that tells which files of src/ ran. */
export interface WatchedProcess {
  /** Waits until its log matches, and returns the first group. Rejects when the process ends before. */
  readonly logged: (pattern: RegExp) => Promise<string>;
  /** Waits until nothing of src/ has run for a while. Rejects when something always does. */
  readonly idle: () => Promise<void>;
  /** Starts to watch. */
  readonly watch: () => Promise<void>;
  /** Ends the watch, and returns the files of src/, sorted, of which a function was called meanwhile. */
  readonly ranFiles: () => Promise<readonly string[]>;
  /** Ends it at once, and waits until it is gone. */
  readonly kill: () => Promise<void>;
}

/** Starts `hostscore` from its source in this folder, where it leaves its files, with no variables of its own. */
export function startWatched(folder: string, args: readonly string[]): WatchedProcess {
  const child = fork(MAIN, args, {
    cwd: folder,
    execArgv: ['--import', TSX, '--import', PRELOAD],
    // NODE_V8_COVERAGE is inherited unless it is empty, and would take the counts away.
    env: { PATH: process.env['PATH'], NODE_V8_COVERAGE: '' },
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
  });
  const ended = once(child, 'exit');
  let log = '';
  child.stderr?.setEncoding('utf8').on('data', (text: string) => (log += text));

  const isOver = (): boolean => child.exitCode !== null || child.signalCode !== null;

  async function order(word: 'start' | 'take'): Promise<readonly string[]> {
    const answered = once(child, 'message');
    child.send(word);
    const [files] = MESSAGE.parse(await answered);
    return files;
  }

  async function watch(): Promise<void> {
    await order('start');
  }

  return {
    watch,
    ranFiles: () => order('take'),
    async logged(pattern) {
      const match = await until(
        () => pattern.exec(log),
        (found) => found !== null || isOver(),
      );
      if (match?.[1] === undefined) throw new Error(`ended without logging ${String(pattern)}: ${log}`);
      return match[1];
    },
    async idle() {
      let ran: readonly string[] = [];
      for (let look = 0; look < MOST_LOOKS; look++) {
        await watch();
        await setTimeout(IDLE_MS);
        ran = await order('take');
        if (ran.length === 0) return;
      }
      throw new Error(`never idle: ${ran.join(', ')}`);
    },
    async kill() {
      child.kill('SIGKILL');
      await ended;
    },
  };
}
