import type { Call, UnitFailure } from '../domain/contract.js';
import { failureOf, type SchedulingError } from '../domain/errors.js';
import type { Question } from './ask-member.js';
import type { Attendant } from './attendant.js';
import { endOf } from './call-time.js';
import type { Route } from './arrange-units.js';
import type { MemberUnits, RoutedUnits } from './route-units.js';

/** What one member answered for its units. */
export interface FannedAnswer<Value> extends MemberUnits {
  /** The member's name. */
  readonly service: string;
  readonly value: Value;
}

/** What came of asking the members. */
export interface FannedOut<Value> {
  /** In the order of the members; those that answered. */
  readonly answers: readonly FannedAnswer<Value>[];
  /** Why units were not answered for, by their places in the request. */
  readonly failures: ReadonlyMap<number, UnitFailure>;
}

/**
 * Asks each member for its units, all at the same time; a member's failure is that of its units, with the member's name
 * before it. Rejects with why the caller's call ended; and with what is wrong with the request when every member that
 * was asked says that something is.
 */
export async function fanOut<Answer, Value>(
  members: readonly Attendant[],
  { groups, failures }: RoutedUnits,
  call: Call,
  until: number,
  questionFor: (service: string, routes: readonly Route[]) => Question<Answer, Value>,
): Promise<FannedOut<Value>> {
  const asked = groups.flatMap((group) => {
    const attendant = members[group.member];
    return attendant === undefined ? [] : [{ group, attendant, service: attendant.member.name }];
  });
  const ends = await Promise.all(
    asked.map(({ group, attendant, service }) =>
      attendant.asker.ask(questionFor(service, group.routes), call, until),
    ),
  );
  if (call.signal.aborted) throw endOf(call);

  const refusals = ends.flatMap((end) =>
    end.error !== undefined && isAboutRequest(end.error) ? end.error : [],
  );
  const [refusal] = refusals;
  const reached = ends.filter((end) => end.error === undefined || end.asked);
  if (refusal !== undefined && refusals.length === reached.length) throw refusal;

  const answers: FannedAnswer<Value>[] = [];
  const failed = new Map(failures);
  for (const [index, { group, service }] of asked.entries()) {
    const end = ends[index];
    if (end === undefined) continue;
    if (end.error === undefined) answers.push({ ...group, service, value: end.value });
    else for (const place of group.places) failed.set(place, failureFrom(service, end.error));
  }
  return { answers, failures: failed };
}

/** Says whether an error is about what was asked, not about who was asked. */
function isAboutRequest({ code }: SchedulingError): boolean {
  return code === 'NOT_FOUND' || code === 'INVALID_ARGUMENT';
}

function failureFrom(service: string, error: SchedulingError): UnitFailure {
  return { ...failureOf(error), message: `${service}: ${error.message}` };
}
