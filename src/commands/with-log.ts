import type { Command } from 'commander';
import { wantsJsonLog } from '../config/load.js';
import type { Config } from '../config/schema.js';
import { createLog, type LevelLog, type LogOptions } from '../process/log.js';
import type { Io } from './io.js';
import { configOf, sourcesOf } from './options.js';

/**
 * Sets what a command that lasts does with its configuration, which it may read again, and its log. Where the log is JSON, so is the line that says why
 * the process ends.
 */
export function addDaemonAction(
  command: Command,
  io: Io,
  run: (config: Config, log: LevelLog, readAgain: () => Config) => Promise<void>,
): void {
  const wantsJson = () => wantsJsonLog(sourcesOf(command.opts(), io));
  const reportFatal = (reason: string) =>
    createLog({ level: 'error', format: 'json', stream: io.stderr }).error('fatal error', { reason });
  command
    .configureOutput({
      outputError: (text, write) => (wantsJson() ? reportFatal(text.trimEnd()) : write(text)),
    })
    .action(async () => {
      if (wantsJson()) io.onFatal?.(reportFatal);
      const read = () => configOf(command.opts(), io);
      const config = read();
      await withLog(config.log, io, (log) => run(config, log, read));
    });
}

/**
 * Runs a command that lasts with its log on standard error, where Node's own warnings go too. It goes on when nobody takes
 * its standard output. Writes what the log held back when the command ends.
 */
export async function withLog<Value>(
  options: Pick<LogOptions, 'level' | 'format'>,
  { stdout, stderr, onWarning, onFatal }: Io,
  run: (log: LevelLog) => Promise<Value>,
): Promise<Value> {
  const log = createLog({ ...options, stream: stderr });
  if (options.format === 'json') onFatal?.((reason) => log.error('fatal error', { reason }));
  // A command that ends by itself ends at once when nobody reads what it prints.
  stdout.removeAllListeners('error');
  stdout.on('error', () => undefined);
  stdout.once('error', ({ code }: NodeJS.ErrnoException) => log.warn('output lost', { code }));
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
