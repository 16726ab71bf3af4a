import type { Call, UnitFailure } from '../domain/contract.js';
import { failureOf, type SchedulingError } from '../domain/errors.js';
import { endOf, type Endpoint, type MemberAnswer, type Question } from './endpoint.js';
import type { Route } from './registry.js';

/** The units of one request that one member has. */
export interface MemberUnits {
  /** The member's name. */
  readonly service: string;
  /** Places of the units in the request. */
  readonly places: readonly number[];
  readonly routes: readonly Route[];
}

/** What one member answered for its units. */
export interface FannedAnswer<Value> extends MemberUnits {
  readonly value: Value;
}

/** What came of asking the members. */
export interface FannedOut<Value> {
  /** In the order of the members; those that answered. */
  readonly answers: readonly FannedAnswer<Value>[];
  /** Why units were not answered for, by their places in the request. */
  readonly failures: ReadonlyMap<number, UnitFailure>;
}

/** Whom to ask, and for what. */
export interface FanOut<Answer, Value> {
  readonly endpoints: readonly Endpoint[];
  /** Which units there are. */
  readonly routes: ReadonlyMap<string, Route>;
  /** Names of the units of the request. */
  readonly units: readonly string[];
  readonly call: Call;
  /** When members have to have answered: milliseconds since the epoch. */
  readonly until: number;
  /** Returns the error for a unit that no member has. */
  readonly missing: (unit: string) => SchedulingError;
  /** Returns what to ask a member for its units. */
  readonly question: (units: MemberUnits) => Question<Answer, Value>;
}

/**
 * Asks each member for its units, all at the same time; a member's failure is that of its units, with the member's name
 * before it. Rejects with why the caller's call ended; and with what is wrong with the request when every member that
 * was asked says that something is.
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
  if (call.signal.aborted) throw endOf(call);
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

/** Throws the first refusal when every member that was asked says that something is wrong with the request. */
function throwIfRefused(ends: readonly MemberAnswer<unknown>[]): void {
  const reached = ends.filter((end) => end.error === undefined || end.asked);
  const isRefusal = ({ error }: MemberAnswer<unknown>) =>
    error?.code === 'NOT_FOUND' || error?.code === 'INVALID_ARGUMENT';
  const [first] = reached;
  if (first?.error !== undefined && reached.every(isRefusal)) throw first.error;
}
