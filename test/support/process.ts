import { spawn, type ChildProcessByStdio } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { Readable } from 'node:stream';
import { ownStateDir } from './own-state-dir.js';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

/** What a process wrote and how it ended. */
export interface ProcessOutcome {
  readonly stdout: string;
  readonly stderr: string;
  /** Null when a signal ended it. */
  readonly code: number | null;
}

/** `hostscore` as a process of its own. */
export interface RunningProcess {
  readonly child: ChildProcessByStdio<null, Readable, Readable>;
  /** Waits until what it wrote matches. Rejects when it ends before. */
  readonly written: (stream: 'stdout' | 'stderr', pattern: RegExp) => Promise<RegExpExecArray>;
  readonly ended: Promise<ProcessOutcome>;
}

/** Starts `hostscore` from its source, with these variables and no others of its own, and options of Node. */
export function startProcess(
  args: readonly string[],
  variables: Readonly<Record<string, string>> = {},
  nodeOptions: readonly string[] = [],
): RunningProcess {
  return startNode([...nodeOptions, '--import', 'tsx', 'src/main.ts', ...args], variables);
}

/** Starts `node` with these arguments in the project's folder, as {@link startProcess} does. */
export function startNode(
  args: readonly string[],
  variables: Readonly<Record<string, string>> = {},
): RunningProcess {
  return startProgram(process.execPath, args, variables);
}

/** Starts a program with these arguments in the project's folder, as {@link startProcess} does. */
export function startProgram(
  program: string,
  args: readonly string[],
  variables: Readonly<Record<string, string>> = {},
): RunningProcess {
  const own = ownStateDir(args, variables);
  const child = spawn(program, [...args], {
    cwd: ROOT,
    // NODE_V8_COVERAGE is inherited unless it is empty, and what c8 merges of several processes marks lines as missed
    // that one of them ran.
    env: { PATH: process.env['PATH'], NODE_V8_COVERAGE: '', ...own.variables },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const text = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr'] as const) {
    child[name].setEncoding('utf8').on('data', (chunk: string) => (text[name] += chunk));
  }
  const ended = once(child, 'close')
    .then(() => ({ ...text, code: child.exitCode }))
    .finally(own.remove);

  return {
    child,
    ended,
    async written(name, pattern) {
      for (;;) {
        const match = pattern.exec(text[name]);
        if (match !== null) return match;
        const over = child.exitCode !== null || child.signalCode !== null;
        if (over) throw new Error(`ended without writing ${String(pattern)}: ${text.stderr}`);
        await Promise.race([once(child[name], 'data'), ended]);
      }
    },
  };
}

/** Runs `hostscore` to its end. */
export function runProcess(
  args: readonly string[],
  variables: Readonly<Record<string, string>> = {},
): Promise<ProcessOutcome> {
  return startProcess(args, variables).ended;
}
