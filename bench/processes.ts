import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A process under measurement. */
export interface Measured {
  /** What the awaited line of its output held. */
  readonly found: string;
  /** CPU time of its living threads since its start, user and system, in milliseconds. */
  readonly cpuMs: () => number;
  /** Resident memory now and at its highest, in MiB. */
  readonly memory: () => { readonly now: number; readonly highest: number };
  readonly stop: () => Promise<void>;
}

/** A scoring service under measurement. */
export interface MeasuredService extends Measured {
  /** Where its bridge answers XML-RPC. */
  readonly bridge: string;
}

const children = new Set<ChildProcess>();
const folders: string[] = [];
process.once('exit', () => {
  for (const child of children) child.kill('SIGKILL');
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
});

/** Kills a child when this process ends before it: a run that fails leaves no processes behind. */
export function endWithUs(child: ChildProcess): void {
  children.add(child);
  child.once('exit', () => children.delete(child));
}

/** Starts `node ARGS` and waits until its output matches; the groups are what was found. */
export async function start(
  args: readonly string[],
  awaited: RegExp,
  env: Readonly<Record<string, string>> = {},
): Promise<Measured> {
  const child = spawn(process.execPath, [...args], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { ...process.env, ...env },
  });
  endWithUs(child);
  const found = await outputOf(child, awaited);
  const { pid } = child;
  if (pid === undefined) throw new Error('the process has no id');
  return {
    found,
    cpuMs: () => cpuMsOf(pid),
    memory() {
      const status = readFileSync(`/proc/${pid}/status`, 'utf8');
      const mib = (key: string) =>
        Math.round(Number(new RegExp(`${key}:\\s+(\\d+)`).exec(status)?.[1]) / 1024);
      return { now: mib('VmRSS'), highest: mib('VmHWM') };
    },
    async stop() {
      const ended = once(child, 'exit');
      child.kill('SIGTERM');
      await ended;
    },
  };
}

/** Returns the CPU time of a process's living threads, in milliseconds: nanoseconds at its source, unlike /proc/PID/stat. */
export function cpuMsOf(pid: number): number {
  let nanoseconds = 0;
  for (const thread of readdirSync(`/proc/${pid}/task`)) {
    try {
      nanoseconds += Number(readFileSync(`/proc/${pid}/task/${thread}/schedstat`, 'utf8').split(' ')[0]);
    } catch {
      // The thread has ended.
    }
  }
  return nanoseconds / 1e6;
}

const TICK_MS = 10;

/** Returns the CPU time of the children of this process that have ended, in milliseconds, in steps of 10 ms. */
export function endedChildrenCpuMs(): number {
  // proc(5): user and system time of the children that it waited for.
  const fields = readFileSync('/proc/self/stat', 'utf8').split(') ')[1]?.split(' ') ?? [];
  return TICK_MS * (Number(fields[13]) + Number(fields[14]));
}

/** Waits until the output matches; the groups, separated by spaces. */
function outputOf({ stdout }: ChildProcess, awaited: RegExp): Promise<string> {
  if (stdout === null) throw new Error('the process has no output');
  return new Promise((resolve, reject) => {
    let text = '';
    stdout.setEncoding('utf8').on('data', (chunk: string) => {
      const match = awaited.exec((text += chunk));
      if (match !== null) resolve(match.slice(1).join(' ') || match[0]);
    });
    stdout.on('end', () => reject(new Error(`the process ended before it printed ${String(awaited)}`)));
  });
}

/** Starts a pretend engine in a process of its own; `found` is its address. */
export function startEngine(world: string): Promise<Measured> {
  const args = ['dist/main.js', 'simulate', '--world', world, '--listen', '127.0.0.1:0'];
  return start(args, /pretend engine at (http:\S+?):?\s/);
}

/**
 * Starts the service over a pretend engine in a process of its own; `found` is its gRPC address once it has a snapshot. `main` may be
 * that of another build.
 */
export async function startService(
  engineUrl: string,
  flags: readonly string[] = [],
  env: Readonly<Record<string, string>> = {},
  main = 'dist/main.js',
): Promise<MeasuredService> {
  const args = [
    ...[main, 'serve', '--engine-url', engineUrl, '--engine-username', 'admin@internal'],
    ...FREE_PORTS,
    ...['--state-dir', stateDir()],
    ...flags,
  ];
  const both = /Scores hosts at (\S+:\d+)[.;][^]*at http:\/\/(\S+?)\/\./;
  const service = await start(args, both, { HOSTSCORE_ENGINE_PASSWORD: 'simulator', ...env });
  const [found = '', bridge = ''] = service.found.split(' ');
  return { ...service, found, bridge };
}

/** Makes a folder for the state of one process, and removes it at the end of this one. */
function stateDir(): string {
  const path = mkdtempSync(join(tmpdir(), 'hostscore-bench-'));
  folders.push(path);
  return path;
}

/** Starts a bridge in a process of its own; `found` is where it answers XML-RPC. */
export function startBridge(flags: readonly string[]): Promise<Measured> {
  const args = ['dist/main.js', 'bridge', ...FREE_PORTS, '--state-dir', '/dev/null/none', ...flags];
  return start(args, /at http:\/\/(\S+?)\/\./);
}

const FREE_PORTS = [
  ...['--server-listen', '127.0.0.1:0', '--ops-listen', '127.0.0.1:0', '--bridge-listen', '127.0.0.1:0'],
  ...['--log-level', 'warn'],
];

/** The value below which this share of the sorted values lies. */
export function quantile(sorted: readonly number[], share: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
}
