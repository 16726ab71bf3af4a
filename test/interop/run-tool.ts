import { spawn } from 'node:child_process';

/** What came of a program. */
export interface ToolResult {
  /** Exit code; -1 when a signal ended it. */
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** What a program gets besides its arguments. */
export interface ToolInput {
  /** Text for its standard input; none by default. */
  readonly stdin?: string;
  /** Variables on top of those of the tests. */
  readonly env?: Readonly<Record<string, string>>;
}

/** No program here takes more than a few seconds; one that does hangs, and is ended. */
const LONGEST_RUN_MS = 30_000;

/** Runs a program to its end. */
export function runTool(file: string, args: readonly string[], input: ToolInput = {}): Promise<ToolResult> {
  return new Promise((resolve, reject) => {
    const child = spawn(file, args, {
      env: { ...process.env, ...input.env },
      timeout: LONGEST_RUN_MS,
      killSignal: 'SIGKILL',
    });
    const stdout: Buffer[] = [];
    const stderr: Buffer[] = [];
    child.stdout.on('data', (chunk: Buffer) => stdout.push(chunk));
    child.stderr.on('data', (chunk: Buffer) => stderr.push(chunk));
    child.on('error', reject);
    // Who doesn't read its input may close it early.
    child.stdin.on('error', () => undefined);
    child.stdin.end(input.stdin ?? '');
    child.on('close', (code) =>
      resolve({
        code: code ?? -1,
        stdout: Buffer.concat(stdout).toString(),
        stderr: Buffer.concat(stderr).toString(),
      }),
    );
  });
}

/** Runs a program that has to succeed, and returns what it printed. */
export async function outputOf(file: string, args: readonly string[], input?: ToolInput): Promise<string> {
  const { code, stdout, stderr } = await runTool(file, args, input);
  if (code !== 0) throw new Error(`${file} ${args.join(' ')} ended with ${code}: ${stderr}`);
  return stdout;
}

/** The path of a tool that scripts/interop.sh installs. */
export function toolPath(variable: string): string {
  const path = process.env[variable];
  if (path === undefined || path === '') {
    throw new Error(`${variable} is not set; run scripts/interop.sh, which installs the tool and sets it`);
  }
  return path;
}
