import type { PolicyUnitType, UnitResult } from '../domain/contract.js';
import { failureOf, SchedulingError } from '../domain/errors.js';
import type { Log } from '../process/log.js';
import { AnswerError } from './answer-error.js';
import type { AskedHosts } from './asked-hosts.js';
import { METHOD_OF, type Catalogue } from './catalogue.js';
import { failureText } from './failure-text.js';
import type { PluginLimits } from './limits.js';
import type { Plugin } from './plugin.js';
import type { RunOrder, RunOutcome } from './plugin-process.js';
import type { RunQueue } from './run-queue.js';

/** One unit to run, and how its answer is read. */
export interface UnitRun<Value> {
  readonly type: PolicyUnitType;
  readonly unit: string;
  readonly hosts: AskedHosts;
  /** What follows the hosts, as a JSON array, shared by the units of one request. */
  readonly arguments: Buffer;
  /** Reads what was printed; throws an AnswerError. */
  readonly read: (output: Buffer) => Value;
}

/** What runs units, and what they are run with. */
export interface UnitRunner {
  /** Runs a unit in its turn. Whatever goes wrong is its failure; this never rejects. */
  readonly run: <Value>(
    run: UnitRun<Value>,
    time: { readonly requestId: string; readonly signal: AbortSignal },
  ) => Promise<UnitResult<Value>>;
}

/** Makes a runner over the units that are there at the time of each run. */
export function createUnitRunner(options: {
  readonly catalogue: () => Catalogue;
  readonly queue: RunQueue;
  readonly limits: PluginLimits;
  readonly log: Log;
}): UnitRunner {
  const { catalogue, queue, limits, log } = options;

  /** Takes a turn for a call. Rejects as soon as the signal aborts; the place is taken until the call is killed. */
  function runInTurn(plugin: Plugin, order: RunOrder, signal: AbortSignal): Promise<RunOutcome> {
    return new Promise((resolve, reject) => {
      const giveUp = () => reject(SchedulingError.from(signal.reason));
      const begin = () => {
        signal.addEventListener('abort', giveUp, { once: true });
        return plugin.run(order, signal);
      };
      void queue
        .run(plugin.file, begin, signal)
        .then(resolve, reject)
        .finally(() => signal.removeEventListener('abort', giveUp));
    });
  }

  return {
    async run({ type, unit, hosts, arguments: given, read }, { requestId, signal }) {
      const plugins = catalogue().plugins[type];
      const plugin = plugins.get(unit);
      try {
        if (plugin === undefined) throw unitNotFound(type, unit, plugins.keys());
        const order = { unit, method: METHOD_OF[type], hosts, arguments: given };
        const outcome = await runInTurn(plugin, order, signal);
        if (signal.aborted) throw SchedulingError.from(signal.reason);
        if (outcome.stderr.length > 0) {
          const stderr = outcome.stderr.toString('utf8', 0, limits.maxFailureLength);
          log.warn('plugin stderr', { requestId, plugin: plugin.file, unit, stderr });
        }
        checkOutcome(outcome, limits);
        return { unit, value: read(outcome.stdout) };
      } catch (thrown) {
        const error =
          thrown instanceof AnswerError
            ? new SchedulingError('INTERNAL', thrown.message)
            : SchedulingError.from(thrown);
        // A caller that went away, or a host that closes, is the reason of the signal and no bug.
        const isBug = error.code === 'INTERNAL' && error.cause !== signal.reason;
        if (isBug && error.cause instanceof Error)
          log.error('unit failed', { requestId, unit, stack: error.cause.stack });
        const message = plugin === undefined ? error.message : `plugin ${plugin.file}: ${error.message}`;
        return { unit, failure: { ...failureOf(error), message } };
      }
    },
  };
}

function checkOutcome({ code, signal, overflow, stderr }: RunOutcome, limits: PluginLimits): void {
  if (overflow === 'stdout') {
    const limit = `${limits.maxOutputBytes} bytes (limits.maxOutputBytes)`;
    throw new SchedulingError('RESOURCE_EXHAUSTED', `it printed more than ${limit}, and was killed`);
  }
  const words = failureText(stderr.toString(), limits.maxFailureLength);
  const said = words === '' ? '' : `: ${words}`;
  if (overflow === 'stderr') {
    const limit = `${limits.maxErrorBytes} bytes (limits.maxErrorBytes)`;
    throw new SchedulingError(
      'RESOURCE_EXHAUSTED',
      `it wrote more than ${limit} to stderr, and was killed${said}`,
    );
  }
  if (signal !== null) throw new SchedulingError('INTERNAL', `it was ended by signal ${signal}${said}`);
  if (code !== 0) throw new SchedulingError('INTERNAL', `it ended with exit code ${String(code)}${said}`);
  if (stderr.length > 0) throw new SchedulingError('INTERNAL', `it wrote to stderr${said}`);
}

/** The error for a unit that was asked for and isn't there. */
export function unitNotFound(type: PolicyUnitType, name: string, known: Iterable<string>): SchedulingError {
  const names = [...known].join(', ') || 'none';
  const quoted = JSON.stringify(name.slice(0, 128));
  return new SchedulingError(
    'NOT_FOUND',
    `no ${type.toLowerCase()} unit named ${quoted}; the plugins have: ${names}`,
    { notFound: 'UNIT' },
  );
}
