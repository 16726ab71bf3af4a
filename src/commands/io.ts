import { readFileSync } from 'node:fs';
import { ConfigError } from '../config/load.js';
import { reasonOf } from '../lib/text.js';

/** Parts of the process that a command uses: streams, variables, and the signal to end. */
export interface Io {
  readonly stdout: NodeJS.WritableStream;
  readonly stderr: NodeJS.WritableStream;
  readonly variables: Readonly<Record<string, string | undefined>>;
  /** Aborts when the process is asked to end. */
  readonly signal: AbortSignal;
  /** Calls `listener` with each warning of Node from now on, in place of a text on standard error. */
  readonly onWarning?: (listener: (warning: Error) => void) => void;
}

/** Ends a command with one clear text on standard error and an exit code other than 0. */
export class CommandError extends Error {
  override readonly name = 'CommandError';
}

/** Writes lines to standard output. */
export function print(io: Pick<Io, 'stdout'>, ...lines: readonly string[]): void {
  io.stdout.write(lines.map((line) => `${line}\n`).join(''));
}

/** Returns the content of a file that a setting names, if it names one. Throws a ConfigError that names the setting. */
export function readConfiguredFile(setting: string, file: string): string;
export function readConfiguredFile(setting: string, file: string | undefined): string | undefined;
export function readConfiguredFile(setting: string, file: string | undefined): string | undefined {
  if (file === undefined) return undefined;
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    throw new ConfigError(`${setting}: can't read ${file}: ${reasonOf(error)}`);
  }
}
