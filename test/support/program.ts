import { PassThrough } from 'node:stream';
import { runProgram } from '../../src/commands/program.js';
import { ownStateDir } from './own-state-dir.js';

/** What a command wrote and how it ended. */
export interface ProgramOutcome {
  readonly stdout: string;
  readonly stderr: string;
  /** What it threw; undefined when it succeeded. */
  readonly error: unknown;
}

/** A command that runs in this process. */
export interface RunningProgram {
  readonly stdout: () => string;
  readonly stderr: () => string;
  /** Waits until what it wrote matches. Rejects when it ends before. */
  readonly written: (stream: 'stdout' | 'stderr', pattern: RegExp) => Promise<RegExpExecArray>;
  /** Fulfilled when it ended, however it did. */
  readonly ended: Promise<ProgramOutcome>;
  /** Asks it to read its configuration again, as SIGHUP would. */
  readonly reload: () => void;
  /** Asks it to end, as a signal to its process would. */
  readonly end: () => Promise<ProgramOutcome>;
}

/** Variables that a command of a test sees; nothing of the test's own process. */
export type Variables = Readonly<Record<string, string>>;

/** Starts a command, through the same entrance as the process does. */
export function startProgram(args: readonly string[], variables: Variables = {}): RunningProgram {
  const ending = new AbortController();
  const own = ownStateDir(args, variables);
  const stdout = collect();
  const stderr = collect();
  let reload: () => void = () => undefined;
  const io = {
    ...{ stdout: stdout.stream, stderr: stderr.stream, variables: own.variables, signal: ending.signal },
    onReload: (listener: () => void) => void (reload = listener),
  };
  const ended = runProgram(args, io)
    .then(() => ({ error: undefined }))
    .catch((error: unknown) => ({ error }))
    .then(({ error }) => ({ stdout: stdout.text(), stderr: stderr.text(), error }))
    .finally(own.remove);

  return {
    stdout: stdout.text,
    stderr: stderr.text,
    async written(name, pattern) {
      const { text, stream } = name === 'stdout' ? stdout : stderr;
      for (;;) {
        const match = pattern.exec(text());
        if (match !== null) return match;
        const outcome = await Promise.race([
          ended,
          new Promise<void>((more) => stream.once('data', () => more())),
        ]);
        if (outcome !== undefined && pattern.exec(text()) === null) {
          throw new Error(`ended without writing ${String(pattern)}: ${outcome.stderr}`, {
            cause: outcome.error,
          });
        }
      }
    },
    ended,
    reload: () => reload(),
    end() {
      ending.abort();
      return ended;
    },
  };
}

/** Runs a command that ends by itself. */
export function runToEnd(args: readonly string[], variables: Variables = {}): Promise<ProgramOutcome> {
  return startProgram(args, variables).ended;
}

/** Name and message of what was thrown; empty when nothing was. */
export function errorText({ error }: Pick<ProgramOutcome, 'error'>): string {
  if (error === undefined) return '';
  if (!(error instanceof Error)) throw new TypeError('something was thrown that is no error');
  return `${error.name}: ${error.message}`;
}

function collect(): { readonly stream: PassThrough; readonly text: () => string } {
  const stream = new PassThrough();
  let written = '';
  stream.setEncoding('utf8').on('data', (chunk: string) => (written += chunk));
  return { stream, text: () => written };
}
