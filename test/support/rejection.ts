import { expect } from 'chai';
import { SchedulingError, type SchedulingErrorCode } from '../../src/domain/errors.js';

/** Expects a promise to reject with a SchedulingError of this code, whose message holds this text. Returns the error. */
export async function expectRejection(
  promise: Promise<unknown>,
  code: SchedulingErrorCode,
  text: string | RegExp = '',
): Promise<SchedulingError> {
  const outcome = await promise.then(
    (value) => ({ value }),
    (error: unknown) => ({ error }),
  );
  if (!('error' in outcome))
    throw new Error(`expected ${code}, got an answer: ${JSON.stringify(outcome.value)}`);
  const { error } = outcome;
  if (!(error instanceof SchedulingError)) throw new Error('expected a SchedulingError', { cause: error });
  expect(`${error.code}: ${error.message}`).to.match(new RegExp(`^${code}: `));
  if (typeof text === 'string') expect(error.message).to.include(text);
  else expect(error.message).to.match(text);
  return error;
}
