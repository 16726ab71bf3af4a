import { once } from 'node:events';
import { setTimeout } from 'node:timers/promises';
import { isatty } from 'node:tty';
import { CommandError } from './commands/io.js';
import { runProgram, UsageError } from './commands/program.js';
import { ConfigError } from './config/load.js';
import { SchedulingError } from './domain/errors.js';
import { stackOf } from './lib/text.js';

/** Time for a slow reader to take what was written, once the process is asked to end: ms. */
const FLUSH_MS = 1000;

/** Exit codes: done; failed; the command line was wrong. */
const EXIT = { done: 0, failed: 1, usage: 2 } as const;

const ending = new AbortController();

/** npm passes a signal on to a process that the terminal has told already; a person needs longer to ask again. */
const REPEATED_WITHIN_MS = 300;

let askedAt = 0;
for (const signal of ['SIGTERM', 'SIGINT'] as const) {
  process.on(signal, () => {
    // Whoever asks twice wants it now.
    if (ending.signal.aborted && performance.now() - askedAt > REPEATED_WITHIN_MS) process.exit(EXIT.failed);
    if (!ending.signal.aborted) askedAt = performance.now();
    ending.abort();
  });
}

const startedAtTerminal = isatty(process.stdin.fd);

/** Reason of an end because the terminal hung up. */
const HANG_UP = 'hang-up';

/** Calls a listener at each SIGHUP that is no hang-up of the terminal: that one ends the process as SIGTERM does. */
function hearReloads(listener: () => void): void {
  process.on('SIGHUP', () => {
    if (startedAtTerminal && !isatty(process.stdin.fd)) ending.abort(HANG_UP);
    else listener();
  });
}

// A reader that went away (`hostscore units | head`) is no error.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit(EXIT.done);
  reportFatal(`can't write to standard output: ${error.message}`);
  process.exit(EXIT.failed);
});
// A log that nobody reads any more must not end the service.
process.stderr.on('error', () => undefined);

let reportFatal = (reason: string): void => void process.stderr.write(`hostscore: ${reason}\n`);
process.on('uncaughtException', (error) => {
  reportFatal(stackOf(error));
  void written(process.stderr).then(() => process.exit(EXIT.failed));
});

/** Calls a listener with each warning of Node, in place of the listener that Node starts with and any before. */
function hearWarnings(listener: (warning: Error) => void): void {
  process.removeAllListeners('warning');
  process.on('warning', (warning) => {
    // grpc-js sends the address of a server as the name that it asks for, and nobody here can change that.
    if (!('code' in warning && warning.code === 'DEP0123')) listener(warning);
  });
}

hearWarnings(({ name, message }) => process.stderr.write(`hostscore: ${name}: ${message}\n`));

async function run(): Promise<number> {
  try {
    await runProgram(process.argv.slice(2), {
      stdout: process.stdout,
      stderr: process.stderr,
      variables: process.env,
      signal: ending.signal,
      onWarning: hearWarnings,
      onReload: hearReloads,
      onFatal(listener) {
        reportFatal = listener;
      },
    });
    return EXIT.done;
  } catch (error) {
    if (error instanceof UsageError) return EXIT.usage;
    reportFatal(textOf(error));
    return error instanceof ConfigError ? EXIT.usage : EXIT.failed;
  }
}

/** One clear line for what a person can mend; the stack for a bug. */
function textOf(error: unknown): string {
  if (error instanceof CommandError || error instanceof ConfigError) return error.message;
  if (error instanceof SchedulingError) return `${error.code}: ${error.message}`;
  return stackOf(error);
}

/** Waits until what was written has left the process: on its exit the rest would be lost to a slow reader. */
async function written(stream: NodeJS.WriteStream): Promise<void> {
  await new Promise<void>((resolve) => stream.write('', () => resolve()));
}

const code = await run();
// Whoever asked for the end waits for no reader that has stopped.
const cut = ending.signal.aborted ? Promise.resolve() : once(ending.signal, 'abort');
await Promise.race([
  Promise.all([written(process.stdout), written(process.stderr)]),
  cut.then(() => setTimeout(FLUSH_MS)),
]);
if (ending.signal.reason === HANG_UP) {
  // An exit of Node would fail to reset the terminal that is gone.
  process.removeAllListeners('SIGHUP');
  process.kill(process.pid, 'SIGHUP');
}
// A health watcher or a bare TCP connection must not keep the process alive once everything is stopped.
process.exit(code);
