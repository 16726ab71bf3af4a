import { createLog, type Log, type LogOptions } from '../process/log.js';
import type { Io } from './io.js';

/**
 * Runs a command that lasts with its log on standard error. Writes what the log held back
 * when the command ends.
 */
export async function withLog<Value>(
  options: Pick<LogOptions, 'level' | 'format'>,
  { stderr }: Pick<Io, 'stderr'>,
  run: (log: Log) => Promise<Value>,
): Promise<Value> {
  const log = createLog({ ...options, stream: stderr });
  try {
    return await run(log);
  } finally {
    log.flush();
  }
}
