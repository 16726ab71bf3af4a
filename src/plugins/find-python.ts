import { execFile } from 'node:child_process';
import { SchedulingError } from '../domain/errors.js';

/** Minimum version of Python. */
export const OLDEST_PYTHON = [3, 9] as const;

/** The command that is looked for unless configured otherwise. */
export const DEFAULT_PYTHON = 'python3';

/** Names of Python beside an older {@link DEFAULT_PYTHON}, as in Enterprise Linux 8 and 9; the newest first. */
const PYTHONS_BESIDE = ['python3.12', 'python3.11', 'python3.9'];

/** Timeout of asking Python for its version, in milliseconds. */
export const PYTHON_VERSION_TIMEOUT_MS = 10_000;

/** A suitable Python. */
export interface Python {
  /** Absolute, so that it does not depend on the PATH of a plugin's process. */
  readonly path: string;
  readonly version: string;
}

const REMEDY = `plugins need Python ${OLDEST_PYTHON.join('.')} or later: install it, or say where it is (plugins.python)`;

/**
 * Finds Python by its name or path; for {@link DEFAULT_PYTHON}, which may be too old, by other names too. Rejects with
 * UNAVAILABLE and the remedy in one line.
 */
export async function findPython(command: string, variables: NodeJS.ProcessEnv): Promise<Python> {
  try {
    return await tryPython(command, variables);
  } catch (error) {
    for (const other of command === DEFAULT_PYTHON ? PYTHONS_BESIDE : []) {
      const found = await tryPython(other, variables).catch(() => undefined);
      if (found !== undefined) return found;
    }
    throw error;
  }
}

async function tryPython(command: string, variables: NodeJS.ProcessEnv): Promise<Python> {
  const answer = await askVersion(command, variables);
  const [, major = '0', minor = '0', patch = '0', path = ''] = /^(\d+) (\d+) (\d+) (.+)$/m.exec(answer) ?? [];
  if (path === '') throw unavailable(command, 'does not say its version');
  const version = `${major}.${minor}.${patch}`;
  const [oldestMajor, oldestMinor] = OLDEST_PYTHON;
  const old = Number(major) < oldestMajor || (Number(major) === oldestMajor && Number(minor) < oldestMinor);
  if (old) throw unavailable(command, `is Python ${version}`);
  return { path, version };
}

function askVersion(command: string, env: NodeJS.ProcessEnv): Promise<string> {
  // Python 2 runs this too.
  const script = 'import sys; print("%d %d %d %s" % (sys.version_info[:3] + (sys.executable,)))';
  return new Promise((resolve, reject) => {
    execFile(command, ['-c', script], { env, timeout: PYTHON_VERSION_TIMEOUT_MS }, (error, stdout) => {
      if (error === null) resolve(stdout);
      else if (error.code === 'ENOENT') reject(unavailable(command, 'is not there'));
      else reject(unavailable(command, error.killed === true ? 'does not answer' : 'can not be run', error));
    });
  });
}

function unavailable(command: string, problem: string, cause?: unknown): SchedulingError {
  return new SchedulingError('UNAVAILABLE', `${JSON.stringify(command)} ${problem}; ${REMEDY}`, { cause });
}
