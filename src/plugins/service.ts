import type { PluginSettings } from '../config/sections.js';
import {
  idsOf,
  type Call,
  type FilterUnitResult,
  type HostSelection,
  type Migration,
  type PolicyUnitService,
  type PolicyUnitType,
  type ScoreExplanation,
  type ScoreUnitResult,
  type UnitResult,
} from '../domain/contract.js';
import { failureOf, SchedulingError } from '../domain/errors.js';
import { rangeOf, scoresOfCosts, sumScores } from '../domain/score-sums.js';
import { runWithin } from '../lib/deadline.js';
import { stackOf } from '../lib/text.js';
import type { After, Clock } from '../lib/timers.js';
import type { Log } from '../process/log.js';
import { readAcceptedHosts, readMigration, readScores } from './answers.js';
import { METHOD_OF, type Catalogue } from './catalogue.js';
import { createRecentHosts, type AskedHosts } from './host-lists.js';
import type { Plugin } from './plugin.js';
import {
  failureText,
  MAX_ERROR_BYTES,
  MAX_FAILURE_LENGTH,
  MAX_OUTPUT_BYTES,
  type RunOutcome,
} from './plugin-process.js';
import type { RunQueue } from './run-queue.js';

/**
 * Time between the end of a plugin's call and the caller's deadline, in milliseconds, so that the values of the other units
 * still reach the caller; at most a tenth of the time left.
 */
export const ANSWER_MARGIN_MS = 100;

/** Options of the plugin service. */
export interface PluginServiceOptions {
  readonly catalogue: () => Catalogue;
  /** Returns the reason why no plugin can run. */
  readonly failure: () => SchedulingError | undefined;
  readonly queue: RunQueue;
  readonly settings: Pick<PluginSettings, 'maxCallTime'>;
  readonly log: Log;
  readonly clock: Clock;
  readonly after: After;
  /** Called with the time that each run of a unit took, in milliseconds, its wait for a turn not included. Must not throw. */
  readonly onUnitRun?: ((unit: string, durationMs: number) => void) | undefined;
}

/** The common part of the unit runs of one request. */
interface UnitRun<Value> {
  readonly type: PolicyUnitType;
  readonly hosts: AskedHosts;
  /** Arguments after the hosts, as a JSON array. */
  readonly arguments: Buffer;
  /** Parses the plugin's output. Throws INTERNAL for an invalid one. */
  readonly read: (output: Buffer, unit: string) => Value;
}

/**
 * Creates the service of plugin units. It has no inventory: every requested host and VM is assumed to exist, and assumed
 * placements are ignored, since a plugin asks the engine itself.
 */
export function createPluginService(options: PluginServiceOptions): PolicyUnitService {
  const { catalogue, failure: failureOfAll, queue, settings, log, clock, after } = options;
  const { onUnitRun = () => undefined } = options;
  const hostsOf = createRecentHosts();

  const namesOf = (type: PolicyUnitType): string[] =>
    catalogue().units.flatMap((unit) => (unit.type === type ? [unit.name] : []));

  /** Runs units concurrently. An error of one is its failure; rejects when the call itself has ended. */
  async function runUnits<Value>(
    units: readonly string[],
    run: UnitRun<Value>,
    call: Call,
  ): Promise<UnitResult<Value>[]> {
    throwIfAborted(call);
    const left = call.deadline - clock.now();
    if (left <= 0) throw new SchedulingError('DEADLINE_EXCEEDED', 'the deadline passed');
    const margin = Math.min(ANSWER_MARGIN_MS, left / 10);
    const ms = Math.ceil(Math.min(settings.maxCallTime, left - margin));
    const results = await Promise.all(units.map((unit) => runUnit(unit, run, ms, call)));
    throwIfAborted(call);
    return results;
  }

  async function runUnit<Value>(
    unit: string,
    run: UnitRun<Value>,
    ms: number,
    call: Call,
  ): Promise<UnitResult<Value>> {
    const plugins = catalogue().plugins[run.type];
    const plugin = plugins.get(unit);
    const span =
      plugin &&
      call.span?.start('internal', `unit ${unit}`, {
        'hostscore.unit': unit,
        'hostscore.plugin': plugin.file,
      });
    try {
      if (plugin === undefined) throw failureOfAll() ?? unitNotFound(run.type, unit, plugins.keys());
      const outcome = await runQueued(plugin, unit, run, ms, call);
      if (outcome.stderr.length > 0) {
        const stderr = outcome.stderr.toString('utf8', 0, MAX_FAILURE_LENGTH);
        log.warn(
          'plugin stderr',
          { ...idsOf(call), plugin: plugin.file, unit, stderr },
          `${plugin.file} ${unit}`,
        );
      }
      throwIfKilled(outcome);
      if (run.type !== 'BALANCE' || outcome.stdout.length === 0) throwIfComplaining(outcome);
      const value = run.read(outcome.stdout, unit);
      span?.end();
      return { unit, value };
    } catch (thrown) {
      const error = SchedulingError.from(thrown);
      span?.end(error.code);
      // The abort reason of a caller that disconnected is no bug.
      if (error.code === 'INTERNAL' && error.cause !== undefined && !call.signal.aborted)
        log.error('unit failed', { ...idsOf(call), unit, stack: stackOf(error.cause) }, unit);
      const message = plugin === undefined ? error.message : `plugin ${plugin.file}: ${error.message}`;
      return { unit, failure: { ...failureOf(error), message } };
    }
  }

  /** Runs a unit within the time limit. A late call keeps its slot until it is killed, without delaying the result. */
  function runQueued(
    plugin: Plugin,
    unit: string,
    { type, hosts, arguments: given }: UnitRun<unknown>,
    ms: number,
    { signal: gone, forEngine = false }: Call,
  ): Promise<RunOutcome> {
    let begun = false;
    const late = () =>
      begun
        ? `did not end within ${ms} ms, and was killed`
        : `waited ${ms} ms for its turn, ${queue.limitText(forEngine)}`;
    return runWithin(
      (signal) =>
        queue.run(
          { owner: plugin.file, forEngine },
          () => {
            begun = true;
            const start = performance.now();
            return plugin
              .run({ unit, method: METHOD_OF[type], hosts, arguments: given }, signal)
              .finally(() => onUnitRun(unit, performance.now() - start));
          },
          signal,
        ),
      { signal: gone, ms, after, late: () => new SchedulingError('DEADLINE_EXCEEDED', late()) },
    );
  }

  return {
    listPolicyUnits: () =>
      Promise.resolve({
        units: catalogue().units,
        problems: catalogue().problems.map(({ file, reason }) => ({ source: file, reason })),
        hasInventory: false,
      }),

    async scoreHosts(request, call) {
      const hosts = hostsOf(named(request.hosts));
      const units =
        request.units.length > 0 ? request.units : namesOf('SCORE').map((name) => ({ name, weight: 1 }));
      const { directionOf } = catalogue();
      const results = await runUnits(
        units.map(({ name }) => name),
        {
          type: 'SCORE',
          hosts,
          arguments: encodeArguments(request.vmId, Object.fromEntries(request.properties)),
          read: (output, unit) => readScores(output, hosts, directionOf(unit)),
        },
        call,
      );
      const unitResults = results.map((result) =>
        result.value === undefined ? result : { ...result, direction: directionOf(result.unit) },
      );
      const sums = sumScores(unitResults, units, hosts.ids.length);
      return {
        scores: hosts.ids.map((hostId, place) => ({ hostId, score: sums[place] ?? 0 })),
        unitResults,
        ...(request.explain ? { explanation: explainScores(unitResults) } : {}),
        unknownHostIds: [],
      };
    },

    async filterHosts(request, call) {
      const hosts = hostsOf(named(request.hosts));
      const unitResults = await runUnits(
        request.units.length > 0 ? request.units : namesOf('FILTER'),
        {
          type: 'FILTER',
          hosts,
          arguments: encodeArguments(request.vmId, Object.fromEntries(request.properties)),
          read: (output) => readAcceptedHosts(output, hosts),
        },
        call,
      );
      const accepted = unitResults.flatMap(({ value }) => (value === undefined ? [] : [new Set(value)]));
      return {
        hostIds: hosts.ids.filter((id) => accepted.every((ids) => ids.has(id))),
        unitResults:
          request.explain === true ? unitResults.map((result) => explainFilter(result, hosts)) : unitResults,
      };
    },

    async balanceHosts(request, call) {
      const { unit, properties, explain = false } = request;
      const plugins = catalogue().plugins.BALANCE;
      if (!plugins.has(unit)) throw failureOfAll() ?? unitNotFound('BALANCE', unit, plugins.keys());
      const hosts = hostsOf(request.hostIds);
      const [result] = await runUnits(
        [unit],
        {
          type: 'BALANCE',
          hosts,
          arguments: encodeArguments(Object.fromEntries(properties)),
          read: (output) => readMigration(output, hosts),
        },
        call,
      );
      const { value: migration, failure } = result ?? {};
      if (failure !== undefined) throw new SchedulingError(failure.code, `unit ${unit}: ${failure.message}`);
      return {
        ...(migration === undefined || migration.candidateHostIds.length === 0 ? {} : { migration }),
        ...(explain ? { explanation: explainMigration(migration) } : {}),
      };
    },
  };
}

function named(hosts: HostSelection): readonly string[] {
  if (hosts !== 'ALL_UP') return hosts;
  throw new SchedulingError(
    'INVALID_ARGUMENT',
    'all_hosts: plugins know no inventory; name the hosts in host_ids, or ask a service that has one',
  );
}

function throwIfAborted({ signal }: Call): void {
  if (signal.aborted) throw SchedulingError.from(signal.reason);
}

function encodeArguments(...values: readonly unknown[]): Buffer {
  return Buffer.from(JSON.stringify(values));
}

function throwIfKilled({ signal, overflow, stderr }: RunOutcome): void {
  const said = saidOn(stderr);
  if (overflow === 'stdout') throw overLimit(`printed more than ${MAX_OUTPUT_BYTES} bytes, and was killed`);
  if (overflow === 'stderr')
    throw overLimit(`wrote more than ${MAX_ERROR_BYTES} bytes to stderr, and was killed${said}`);
  if (signal !== null) throw new SchedulingError('INTERNAL', `it was ended by signal ${signal}${said}`);
}

/** Throws for an exit code or stderr that the old proxy took for a failure: of a filter or a score, not of a balancer. */
function throwIfComplaining({ code, stderr }: RunOutcome): void {
  const said = saidOn(stderr);
  if (code !== 0) throw new SchedulingError('INTERNAL', `it ended with exit code ${String(code)}${said}`);
  if (stderr.length > 0) throw new SchedulingError('INTERNAL', `it wrote to stderr${said}`);
}

function saidOn(stderr: Buffer): string {
  const words = failureText(stderr.toString());
  return words === '' ? '' : `: ${words}`;
}

function overLimit(what: string): SchedulingError {
  return new SchedulingError('RESOURCE_EXHAUSTED', `it ${what}`);
}

function unitNotFound(type: PolicyUnitType, name: string, known: Iterable<string>): SchedulingError {
  const names = [...known].join(', ') || 'none';
  return new SchedulingError(
    'NOT_FOUND',
    `no ${type.toLowerCase()} unit named ${JSON.stringify(name.slice(0, 128))}; the plugins have: ${names}`,
    { notFound: 'UNIT' },
  );
}

function explainScores(results: readonly ScoreUnitResult[]): ScoreExplanation {
  const reasons = results.flatMap(({ unit, value, direction }) => {
    if (value === undefined) return [];
    if (direction === 'HIGHER_IS_BETTER')
      return [{ unit, text: (place: number) => `the plugin gave ${value[place] ?? 0}` }];
    const { min, max } = rangeOf(value);
    const scores = scoresOfCosts(value);
    const text = (place: number) =>
      `cost ${value[place] ?? 0} among ${min} to ${max}, the lowest is best: ${scores[place] ?? 0}`;
    return [{ unit, text }];
  });
  return {
    hostName: () => undefined,
    reasons: (place) => reasons.map(({ unit, text }) => ({ unit, text: text(place) })),
  };
}

/** Adds the rejections of a filter. A plugin prints the accepted hosts, without reasons for the others. */
function explainFilter(result: UnitResult<readonly string[]>, { ids }: AskedHosts): FilterUnitResult {
  if (result.value === undefined) return result;
  const accepted = new Set(result.value);
  const rejected = ids.filter((id) => !accepted.has(id));
  const reason = 'the plugin does not accept it, and gives no reason';
  return { ...result, rejections: rejected.map((hostId) => ({ hostId, reason })) };
}

function explainMigration(migration: Migration | undefined): string {
  if (migration === undefined) return 'the plugin proposes nothing';
  const { vmId, candidateHostIds } = migration;
  const hosts = candidateHostIds.length;
  if (hosts === 0) return `the plugin names VM ${vmId}, and none of the hosts it was asked about`;
  return `the plugin proposes to move VM ${vmId} to ${hosts === 1 ? 'one host' : `one of ${hosts} hosts`}, and gives no reason`;
}
