import type { Call, UnitFailure } from '../domain/contract.js';
import { endOfCall, failureOf, type SchedulingError } from '../domain/errors.js';
import type { Endpoint, MemberAnswer, Question } from './endpoint.js';
import type { Route } from './registry.js';

/** The units of a request that one member serves. */
export interface MemberUnits {
  /** The member's name. */
  readonly service: string;
  /** Indexes of the units in the request. */
  readonly places: readonly number[];
  readonly routes: readonly Route[];
}

/** A member's answer for its units. */
export interface FannedAnswer<Value> extends MemberUnits {
  readonly value: Value;
}

/** The answers of a fan-out, and the failures. */
export interface FannedOut<Value> {
  /** Of the members that answered, in their order. */
  readonly answers: readonly FannedAnswer<Value>[];
  /** Of the other units, by index in the request. */
  readonly failures: ReadonlyMap<number, UnitFailure>;
}

/** A request to fan out. */
export interface FanOut<Answer, Value> {
  readonly endpoints: readonly Endpoint[];
  /** Known units, by name. */
  readonly routes: ReadonlyMap<string, Route>;
  /** Names of the requested units. */
  readonly units: readonly string[];
  readonly call: Call;
  /** Time by which members have to answer, in ms since the epoch. */
  readonly until: number;
  /** Returns the error for a unit that no member has. */
  readonly missing: (unit: string) => SchedulingError;
  /** Returns the call of a member for its units. */
  readonly question: (units: MemberUnits) => Question<Answer, Value>;
}

/**
 * Calls each member for its units, in parallel. A member's failure fails its units, prefixed with the member's name.
 * Rejects if the caller's call ended, or if every member that was reached refuses the request as invalid.
 */
export async function fanOut<Answer, Value>(options: FanOut<Answer, Value>): Promise<FannedOut<Value>> {
  const { endpoints, routes, units, call, until, missing, question } = options;
  const groups = new Map<number, { service: string; places: number[]; routes: Route[] }>();
  const failures = new Map<number, UnitFailure>();
  for (const [place, name] of units.entries()) {
    const route = routes.get(name);
    if (route === undefined) {
      failures.set(place, failureOf(missing(name)));
      continue;
    }
    const service = endpoints[route.member]?.member.name ?? '';
    const group = groups.get(route.member) ?? { service, places: [], routes: [] };
    groups.set(route.member, group);
    group.places.push(place);
    group.routes.push(route);
  }
  const asked = endpoints.flatMap((endpoint, member) => {
    const group = groups.get(member);
    return group === undefined ? [] : [{ endpoint, group }];
  });
  const ends = await Promise.all(
    asked.map(({ endpoint, group }) => endpoint.ask(question(group), call, until)),
  );
  if (call.signal.aborted) throw endOfCall(call.signal);
  throwIfRefused(ends);

  const answers: FannedAnswer<Value>[] = [];
  for (const [index, { group }] of asked.entries()) {
    const end = ends[index];
    if (end === undefined) continue;
    if (end.error === undefined) {
      answers.push({ ...group, value: end.value });
      continue;
    }
    const failure = { ...failureOf(end.error), message: `${group.service}: ${end.error.message}` };
    for (const place of group.places) failures.set(place, failure);
  }
  return { answers, failures };
}

function throwIfRefused(ends: readonly MemberAnswer<unknown>[]): void {
  const reached = ends.filter((end) => end.error === undefined || end.asked);
  const isRefusal = ({ error }: MemberAnswer<unknown>) =>
    error?.code === 'NOT_FOUND' || error?.code === 'INVALID_ARGUMENT';
  const [first] = reached;
  if (first?.error !== undefined && reached.every(isRefusal)) throw first.error;
}
