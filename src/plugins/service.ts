import type {
  Call,
  FilterHostsRequest,
  FilterHostsResponse,
  HostSelection,
  PolicyUnitService,
  PolicyUnitType,
  ScoreHostsRequest,
  ScoreHostsResponse,
} from '../domain/contract.js';
import { SchedulingError } from '../domain/errors.js';
import type { Catalogue, PluginProblem } from './catalogue.js';
import { limitTime } from './limit-time.js';
import type { PluginLimits } from './limits.js';
import { readAcceptedHosts } from './read-accepted-hosts.js';
import { readMigration } from './read-migration.js';
import { readScores } from './read-scores.js';
import { createRecentHosts } from './recent-hosts.js';
import { unitNotFound, type UnitRunner } from './run-unit.js';
import { sumScores } from '../domain/score-sums.js';
import { explainScores } from './explain-scores.js';
import type { After, Clock } from '../lib/timers.js';

/** What the service of plugins works with. */
export interface PluginServiceOptions {
  readonly catalogue: () => Catalogue;
  readonly problems: () => readonly PluginProblem[];
  readonly runner: UnitRunner;
  readonly limits: PluginLimits;
  readonly clock: Clock;
  readonly after: After;
}

/**
 * The units of plugins as a PolicyUnitService. It knows no inventory: every host and VM that is asked for is taken to
 * exist, and assumed placements are not counted, since a plugin asks the engine itself.
 */
export function createPluginService(options: PluginServiceOptions): PolicyUnitService {
  const { catalogue, problems, runner, limits, clock, after } = options;
  const hostsOf = createRecentHosts();

  /** Runs something within the call's time, and rejects when the call has ended meanwhile. */
  async function within<Value>(
    call: Call,
    run: (time: { readonly requestId: string; readonly signal: AbortSignal }) => Promise<Value>,
  ): Promise<Value> {
    throwIfAborted(call);
    const left = call.deadline - clock.now();
    if (left <= 0) throw new SchedulingError('DEADLINE_EXCEEDED', 'the deadline passed');
    // A unit that is late must not cost the caller the values of the others.
    const margin = Math.min(limits.answerMarginMs, left / 10);
    const time = limitTime(Math.ceil(Math.min(limits.maxCallMs, left - margin)), call.signal, after);
    try {
      const value = await run({ requestId: call.requestId, signal: time.signal });
      throwIfAborted(call);
      return value;
    } finally {
      time.lift();
    }
  }

  const namesOf = (type: PolicyUnitType): string[] =>
    catalogue().units.flatMap((unit) => (unit.type === type ? [unit.name] : []));

  async function scoreHosts(request: ScoreHostsRequest, call: Call): Promise<ScoreHostsResponse> {
    const asked = hostsOf(named(request.hosts));
    const wanted =
      request.units.length > 0 ? request.units : namesOf('SCORE').map((name) => ({ name, weight: 1 }));
    const { directionOf } = catalogue();
    const args = encodeArguments(request.vmId, Object.fromEntries(request.properties));
    const results = await within(call, (time) =>
      Promise.all(
        wanted.map(({ name }) => {
          const read = (output: Buffer) => readScores(output, asked, directionOf(name));
          return runner.run({ type: 'SCORE', unit: name, hosts: asked, arguments: args, read }, time);
        }),
      ),
    );
    const unitResults = results.map((result) =>
      result.value === undefined ? result : { ...result, direction: directionOf(result.unit) },
    );
    const sums = sumScores(unitResults, wanted, asked.ids.length);
    return {
      scores: asked.ids.map((hostId, place) => ({ hostId, score: sums[place] ?? 0 })),
      unitResults,
      ...(request.explain ? { explanation: explainScores(unitResults) } : {}),
      unknownHostIds: [],
    };
  }

  async function filterHosts(request: FilterHostsRequest, call: Call): Promise<FilterHostsResponse> {
    const asked = hostsOf(named(request.hosts));
    const wanted = request.units.length > 0 ? request.units : namesOf('FILTER');
    const args = encodeArguments(request.vmId, Object.fromEntries(request.properties));
    const read = (output: Buffer) => readAcceptedHosts(output.toString(), asked);
    const unitResults = await within(call, (time) =>
      Promise.all(
        wanted.map((unit) => runner.run({ type: 'FILTER', unit, hosts: asked, arguments: args, read }, time)),
      ),
    );
    const accepted = unitResults.flatMap(({ value }) => (value === undefined ? [] : [new Set(value)]));
    return {
      hostIds: asked.ids.filter((id) => accepted.every((ids) => ids.has(id))),
      unitResults,
    };
  }

  return {
    listPolicyUnits: () =>
      Promise.resolve({
        units: catalogue().units,
        problems: problems().map(({ file, reason }) => ({ source: file, reason })),
        hasInventory: false,
      }),
    scoreHosts,
    filterHosts,
    async balanceHosts(request, call) {
      const plugins = catalogue().plugins.BALANCE;
      if (!plugins.has(request.unit)) throw unitNotFound('BALANCE', request.unit, plugins.keys());
      const asked = hostsOf(request.hostIds);
      const args = encodeArguments(Object.fromEntries(request.properties));
      const read = (output: Buffer) => readMigration(output.toString(), asked);
      const { value, failure } = await within(call, (time) =>
        runner.run({ type: 'BALANCE', unit: request.unit, hosts: asked, arguments: args, read }, time),
      );
      if (failure !== undefined)
        throw new SchedulingError(failure.code, `unit ${request.unit}: ${failure.message}`);
      return value === undefined ? {} : { migration: value };
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
