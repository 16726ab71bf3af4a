import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { outputOf } from './run-tool.js';

const PROTO = join(import.meta.dirname, '../../proto');
const SERVICE = join(import.meta.dirname, 'scoring_service.py');

/** Code that grpcio-tools generated from the contract. */
export interface GeneratedCode {
  /** Variables with which a program finds it. */
  readonly env: Readonly<Record<string, string>>;
  readonly remove: () => Promise<void>;
}

/** Generates Python code from the contract, into a folder of its own. */
export async function generateCode(python: string): Promise<GeneratedCode> {
  const folder = await mkdtemp(join(tmpdir(), 'hostscore-python-'));
  await outputOf(python, [
    ...['-m', 'grpc_tools.protoc', `--proto_path=${PROTO}`],
    ...[`--python_out=${folder}`, `--pyi_out=${folder}`, `--grpc_python_out=${folder}`],
    'hostscore/v1/policy_unit_service.proto',
    'hostscore/v1/inventory_service.proto',
    'hostscore/v1/decision_service.proto',
  ]);
  return {
    env: { PYTHONPATH: folder, PYTHONDONTWRITEBYTECODE: '1' },
    remove: () => rm(folder, { recursive: true, force: true }),
  };
}

/** A scoring service in Python, in a process of its own. */
export interface PythonService {
  /** Where it listens, as host:port. */
  readonly address: string;
  /** Ends it at once, as a crash would. */
  readonly kill: () => Promise<void>;
}

/** Starts it at this address; port 0 takes a free one. */
export async function startPythonService(
  python: string,
  { env }: GeneratedCode,
  listen = '127.0.0.1:0',
): Promise<PythonService> {
  const child = spawn(python, [SERVICE, listen], {
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const ended = once(child, 'close');
  // A run of tests that is broken off leaves no server behind.
  const killChild = () => child.kill('SIGKILL');
  process.once('exit', killChild);
  let stderr = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  const listening = new Promise<string>((resolve) => {
    let stdout = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      const match = /^listening on (\S+)\n/m.exec((stdout += text));
      if (match !== null) resolve(match[1] ?? '');
    });
  });
  const address = await Promise.race([
    listening,
    ended.then(() => {
      throw new Error(`the scoring service in Python ended early: ${stderr}`);
    }),
  ]);
  return {
    address,
    async kill() {
      process.off('exit', killChild);
      killChild();
      await ended;
    },
  };
}
