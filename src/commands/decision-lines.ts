import { InvalidArgumentError } from 'commander';
import { durationIn, HOUR } from '../config/values.js';
import type { Decision__Output } from '../gen/hostscore/v1/Decision.js';
import type { ShadowResult__Output } from '../gen/hostscore/v1/ShadowResult.js';
import type { Timestamp__Output } from '../gen/google/protobuf/Timestamp.js';
import { SchedulingError } from '../domain/errors.js';
import { parseUuid } from '../lib/uuid.js';
import { withClient, type Caller, type ClientOptions } from './client.js';
import { CommandError, type Io } from './io.js';
import { toTimestamp } from '../rpc/message/write-response.js';

/** Longest time back that an option names: longer than any decision is kept. */
const MAX_BACK_MS = 24 * HOUR * 3650;

const back = durationIn(0, MAX_BACK_MS);

/** Reads a time, or how long ago it is, such as `7d` or `90m`, for commander; in milliseconds since the epoch. */
export function pastTime(value: string): number {
  const days = /^(\d{1,4})d$/.exec(value)?.[1];
  const { data } = back.safeParse(days === undefined ? value : `${Number(days) * 24}h`);
  if (data !== undefined) return Date.now() - data;
  const time = /^\d{4}-\d\d-\d\d/.test(value) ? Date.parse(value) : Number.NaN;
  if (Number.isFinite(time)) return time;
  throw new InvalidArgumentError(
    'expected a time such as 2026-01-31T12:00:00Z, or how long ago: 7d, 12h, 30m.',
  );
}

/** Returns the condition of a request for the VM that an option names: one that was deleted goes by its name too. */
export function vmCondition(named: string | undefined): {
  readonly vm_id?: string;
  readonly vm_name?: string;
} {
  if (named === undefined) return {};
  const id = parseUuid(named);
  return id === undefined ? { vm_name: named } : { vm_id: id };
}

/** Returns the condition of a request for a time. */
export function timeCondition(since: number | undefined, until: number | undefined) {
  return {
    ...(since === undefined ? {} : { start_time: toTimestamp(since) }),
    ...(until === undefined ? {} : { end_time: toTimestamp(until) }),
  };
}

/** Runs with a server that keeps decisions. Rejects with a CommandError when it keeps none. */
export async function withDecisions<Result>(
  options: ClientOptions,
  io: Io,
  run: (caller: Caller) => Promise<Result>,
): Promise<Result> {
  return withClient(options, io, async (caller) => {
    try {
      return await run(caller);
    } catch (error) {
      if (!(error instanceof SchedulingError) || error.code !== 'UNIMPLEMENTED') throw error;
      throw new CommandError(`${caller.target} keeps no decisions: ${error.message}`, { cause: error });
    }
  });
}

/** Returns a word of the contract without its prefix, as a person writes it. */
export function word(name: string | number): string {
  return String(name)
    .replace(/^(?:DECISION_FACE|DECISION_METHOD|UNMATCHED_REASON)_/, '')
    .replace(/_HOSTS$/, '')
    .toLowerCase()
    .replaceAll('_', ' ');
}

/** Returns a time as text. */
export function timeText(time: Timestamp__Output | null): string {
  return time === null ? '' : new Date(time.seconds * 1000 + time.nanos / 1e6).toISOString();
}

/** Returns what became of a decision, in words; empty as long as that is unknown. */
export function outcomeText(decision: Decision__Output, nameOf = namesOf(decision)): string {
  const { outcome } = decision;
  if (outcome === null) return '';
  if (outcome.host_id === '') return `unmatched: ${word(outcome.unmatched)}`;
  const { rank, regret } = outcome;
  const place =
    rank === undefined
      ? 'not ranked here'
      : `our rank ${rank}${regret === undefined || regret === 0 ? '' : `, ${regret} points behind the best`}`;
  return `landed on ${nameOf(outcome.host_id)}: ${place}`;
}

/** Returns what a shadow would have answered, in words. */
export function shadowText(result: ShadowResult__Output, decision: Decision__Output): string {
  const { shadow, policy_hash, winner_host_id, winner_changed, tau, top_overlap, regret } = result;
  const name = policy_hash === '' ? shadow : `${shadow} (${policy_hash})`;
  if (result.failure !== '') return `${name}: failed: ${result.failure}`;
  const other = result.other_snapshot ? ['from another snapshot'] : [];
  if (decision.method === 'DECISION_METHOD_FILTER_HOSTS')
    return [`${name}: leaves ${winner_changed ? 'other' : 'the same'} hosts`, ...other].join(', ');
  const best = winner_host_id === '' ? 'none' : namesOf(decision)(winner_host_id);
  return [
    `${name}: best ${best}${winner_changed ? '' : ', the same'}`,
    ...(regret === undefined ? [] : [`${regret} points behind`]),
    ...(tau === undefined ? [] : [`tau ${tau.toFixed(2)}`]),
    ...(top_overlap === undefined ? [] : [`${top_overlap} of the best 5`]),
    ...other,
  ].join(', ');
}

/** Returns a function that gives the name of a host as far as a decision has it, else its id. */
export function namesOf({ hosts, winner, runner_up }: Decision__Output): (hostId: string) => string {
  const known = [...hosts, ...[winner, runner_up].filter((host) => host !== null)];
  const names = new Map(
    known.flatMap(({ host_id, host_name }) => (host_name === '' ? [] : [[host_id, host_name]])),
  );
  return (id) => names.get(id) ?? id;
}

/** Returns the name of a decision's VM, else its id. */
export function vmText({ vm_name, vm_id }: Decision__Output): string {
  return vm_name === '' ? vm_id : vm_name;
}
