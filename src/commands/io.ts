import { statSync } from 'node:fs';
import { ConfigError, readNamedFile } from '../config/load.js';
import { SchedulingError } from '../domain/errors.js';
import { utf8Text } from '../lib/text.js';
import type { Log } from '../process/log.js';

/** Parts of the process that a command uses: streams, variables, and the signal to end. */
export interface Io {
  readonly stdout: NodeJS.WritableStream;
  readonly stderr: NodeJS.WritableStream;
  readonly variables: Readonly<Record<string, string | undefined>>;
  /** Aborts when the process is asked to end. */
  readonly signal: AbortSignal;
  /** Calls `listener` with each warning of Node from now on, in place of a text on standard error. */
  readonly onWarning?: (listener: (warning: Error) => void) => void;
  /** Calls `listener` each time that the process is asked to read its configuration again, which else ends it. */
  readonly onReload?: (listener: () => void) => void;
  /** Calls `listener` with the reason for which the process ends, if it fails, in place of a text on standard error. */
  readonly onFatal?: (listener: (reason: string) => void) => void;
}

/** Ends a command with one clear text on standard error and an exit code other than 0. */
export class CommandError extends Error {
  override readonly name = 'CommandError';
}

/** Writes lines to standard output. */
export function print(io: Pick<Io, 'stdout'>, ...lines: readonly string[]): void {
  io.stdout.write(lines.map((line) => `${line}\n`).join(''));
}

/**
 * Returns the content of a file that a setting names, if it names one, without its byte order mark. Throws a ConfigError that
 * names the setting.
 */
export function readConfiguredFile(setting: string, file: string): string;
export function readConfiguredFile(setting: string, file: string | undefined): string | undefined;
export function readConfiguredFile(setting: string, file: string | undefined): string | undefined {
  if (file === undefined) return undefined;
  return readBytes(setting, file)
    .toString('utf8')
    .replace(/^\ufeff/, '');
}

/** Mode of a file that users read who neither own it nor are in its group. */
const OTHERS_READ = 0o004;

/**
 * Warns of a file that holds a secret and that every user of this machine can read. Not of one that its group can read:
 * that is how a file of root reaches a service that is not root.
 */
export function warnOfOpenSecret(setting: string, file: string | undefined, log: Pick<Log, 'warn'>): void {
  const mode = file === undefined ? 0 : (statSync(file, { throwIfNoEntry: false })?.mode ?? 0);
  if ((mode & OTHERS_READ) === 0) return;
  log.warn('secret readable by every user', { setting, file, remedy: `chmod o= ${String(file)}` });
}

/** Returns what `open` returns. Throws a ConfigError in place of a SchedulingError, whose message names the setting. */
export function openConfigured<Opened>(open: () => Opened): Opened {
  try {
    return open();
  } catch (error) {
    throw error instanceof SchedulingError ? new ConfigError(error.message) : error;
  }
}

/** Returns the password in a file that a setting names. Throws a ConfigError that names the setting. */
export function readPassword(setting: string, file: string): string {
  const text = utf8Text(readBytes(setting, file));
  if (text === undefined) throw new ConfigError(`${setting}: ${file} is not UTF-8; save it as UTF-8`);
  return onlyLine(setting, file, text);
}

/** Longest password, in characters: several times the longest that directories take, and far from the limit of a header. */
export const MAX_PASSWORD_LENGTH = 1024;

/**
 * Returns a password without the line breaks that editors and tools put behind it; spaces are part of it. Throws a ConfigError
 * for one that is empty, too long, or has a further line or another control character, which HTTP can't carry (RFC 7617).
 */
export function onlyLine(setting: string, where: string, text: string): string {
  const line = text.replace(/[\r\n]+$/, '');
  const problem = passwordProblem(line);
  if (problem !== undefined) throw new ConfigError(`${setting}: ${where} ${problem}`);
  return line;
}

function passwordProblem(line: string): string | undefined {
  if (line === '') return 'is empty';
  if (/[\r\n]/.test(line)) return 'holds more than one line; keep the password alone';
  if (/\p{Cc}/u.test(line)) return 'holds a tab or another control character; keep the password alone';
  if (line.length <= MAX_PASSWORD_LENGTH) return undefined;
  return `holds more than ${MAX_PASSWORD_LENGTH} characters; keep the password alone`;
}

function readBytes(setting: string, file: string): Buffer {
  return readNamedFile(file, (reason) => `${setting}: can't read ${file}: ${reason}`);
}
