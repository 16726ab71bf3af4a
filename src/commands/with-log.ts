import { createLog, type Log, type LogOptions } from '../process/log.js';
import type { Io } from './io.js';

/**
 * Runs a command that lasts with its log on standard error, where Node's own warnings go too. Writes what the log held back
 * when the command ends.
 */
export async function withLog<Value>(
  options: Pick<LogOptions, 'level' | 'format'>,
  { stderr, onWarning }: Pick<Io, 'stderr' | 'onWarning'>,
  run: (log: Log) => Promise<Value>,
): Promise<Value> {
  const log = createLog({ ...options, stream: stderr });
  onWarning?.((warning) => {
    const { name, message, stack } = warning;
    const code = 'code' in warning ? String(warning.code) : undefined;
    log.warn('node warning', { name, code, reason: message, stack }, `${name} ${code}`);
  });
  try {
    return await run(log);
  } finally {
    log.flush();
  }
}
