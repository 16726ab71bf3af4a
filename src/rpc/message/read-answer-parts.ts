import type { NotFoundSubject } from '../../domain/errors.js';
import type { UnitFailure } from '../../domain/contract.js';
import type { Timestamp__Output } from '../../gen/google/protobuf/Timestamp.js';
import type { Failure__Output } from '../../gen/hostscore/v1/Failure.js';
import { fromFailureCode } from '../status.js';
import { answerFault } from './answer-fault.js';
import { boundedText } from '../../lib/text.js';
import { quote } from './quote.js';
import { fromTimestamp } from './timestamp.js';
import { parseUuid } from '../../lib/uuid.js';

/** An id in an answer, in lower case. */
export function readAnsweredId(text: string, field: string): string {
  const id = parseUuid(text);
  if (id === undefined) throw answerFault(field, `expected a UUID, got ${quote(text)}`);
  return id;
}

/** Ids in an answer, each one that was asked for and each once. */
export function readSubset(
  texts: readonly string[],
  asked: ReadonlySet<string>,
  field: string,
): readonly string[] {
  const seen = new Set<string>();
  return texts.map((text, index) => {
    const id = readAnsweredId(text, `${field}[${index}]`);
    if (!asked.has(id)) throw answerFault(`${field}[${index}]`, `${id} was not asked for`);
    if (seen.has(id)) throw answerFault(`${field}[${index}]`, `${id} stands here twice`);
    seen.add(id);
    return id;
  });
}

/** Checks that the units answered are those asked for, in their order; none asked for: any, each once. */
export function checkUnits(answered: readonly { readonly unit: string }[], asked: readonly string[]): void {
  const seen = new Set<string>();
  for (const [index, { unit }] of answered.entries()) {
    const field = `unit_results[${index}].unit`;
    const expected = asked[index];
    if (asked.length > 0 && unit !== expected) {
      const wanted = expected === undefined ? 'no further unit' : quote(expected);
      throw answerFault(field, `expected ${wanted}, got ${quote(unit)}`);
    }
    if (unit === '') throw answerFault(field, 'expected a name, got ""');
    if (seen.has(unit)) throw answerFault(field, `${quote(unit)} stands here twice`);
    seen.add(unit);
  }
  const missing = asked[answered.length];
  if (missing !== undefined) throw answerFault('unit_results', `the result of ${quote(missing)} is missing`);
}

const SUBJECTS: ReadonlyMap<string | number, NotFoundSubject> = new Map([
  ['NOT_FOUND_SUBJECT_UNIT', 'UNIT'],
  ['NOT_FOUND_SUBJECT_VM', 'VM'],
]);

/** A failure that a service reports of a unit or of a streamed request. */
export function readFailure({ code, message, not_found }: Failure__Output): UnitFailure {
  const failure = { code: fromFailureCode(code), message: boundedText(message) };
  const subject = SUBJECTS.get(not_found);
  return subject === undefined ? failure : { ...failure, notFound: subject };
}

/** Reads the time of a service's snapshot; a service without an inventory has none. */
export function readSnapshotTime(timestamp: Timestamp__Output | null): { readonly snapshotTime?: number } {
  if (timestamp === null) return {};
  const snapshotTime = fromTimestamp(timestamp);
  if (snapshotTime !== undefined) return { snapshotTime };
  throw answerFault('snapshot_time', `expected a time, got ${timestamp.seconds} s and ${timestamp.nanos} ns`);
}
