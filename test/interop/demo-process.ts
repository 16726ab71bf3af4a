import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';

/** A built hostscore that runs in a process of its own, on the embedded engine. */
export interface DemoProcess {
  /** Where it listens, as host:port. */
  readonly address: string;
  /** Where it answers an engine, as host:port. */
  readonly bridgeAddress: string;
  /** Where it serves its metrics, as host:port. */
  readonly opsAddress: string;
  /** The command line that it tells its user to try. */
  readonly tryLine: string;
  /** Ends it as an operator does; throws unless it ends with exit code 0. */
  stop(): Promise<void>;
}

const ROOT = join(import.meta.dirname, '../..');
const TRY_LINES = /^ {2}(grpcurl .* (127\.0\.0\.1:\d+) \S+)$[^]*^ {2}curl .* http:\/\/(127\.0\.0\.1:\d+)\/$/m;

/** The n-th host of the demo world. */
export function demoHost(n: number): string {
  return `a0000000-0000-4000-8000-${String(n).padStart(12, '0')}`;
}

/** The n-th VM of the demo world. */
export function demoVm(n: number): string {
  return `b0000000-0000-4000-8000-${String(n).padStart(12, '0')}`;
}

/** Starts `serve --demo` on ports that the system chooses, with further flags, and waits until it answers. */
export async function startDemo(flags: readonly string[] = []): Promise<DemoProcess> {
  const ports = ['--server-listen', '--ops-listen', '--bridge-listen'].flatMap((flag) => [
    flag,
    '127.0.0.1:0',
  ]);
  const args = ['serve', '--demo', ...ports, ...flags];
  const child = spawn(process.execPath, [join(ROOT, 'dist/main.js'), ...args], {
    env: withoutSettings(process.env),
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const ended = once(child, 'exit').then(([code, signal]: unknown[]) => String(code ?? signal));
  // A run of tests that is broken off leaves no server behind.
  const kill = () => child.kill('SIGKILL');
  process.once('exit', kill);

  let stderr = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  const ready = new Promise<RegExpExecArray>((resolve) => {
    let stdout = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      const match = TRY_LINES.exec((stdout += text));
      if (match !== null) resolve(match);
    });
  });
  const [, tryLine = '', address = '', bridgeAddress = ''] = await Promise.race([
    ready,
    ended.then((code) => {
      throw new Error(`serve --demo ended early with ${code}: ${stderr}`);
    }),
  ]);
  return {
    address,
    bridgeAddress,
    opsAddress: /ops server listening address=(\S+)/.exec(stderr)?.[1] ?? '',
    tryLine,
    async stop() {
      child.kill('SIGTERM');
      const code = await ended;
      process.off('exit', kill);
      if (code !== '0') throw new Error(`serve --demo ended with ${code}: ${stderr}`);
    },
  };
}

/** What whoever runs the tests has configured must not change what they see. */
function withoutSettings(variables: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(variables).filter(([name]) => !name.startsWith('HOSTSCORE_')));
}
