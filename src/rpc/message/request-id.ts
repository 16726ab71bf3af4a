import { SchedulingError } from '../../domain/errors.js';
import { quote } from './quote.js';

const REQUEST_ID = /^[ -~]{1,128}$/;

/** Says whether a text may be a request's id: 1 to 128 printable ASCII characters. */
export function isRequestId(text: string): boolean {
  return REQUEST_ID.test(text);
}

/** The id that a request brings, or undefined for none. Throws INVALID_ARGUMENT for one that can't be logged safely. */
export function readRequestId(text: string): string | undefined {
  if (text === '') return undefined;
  if (isRequestId(text)) return text;
  throw new SchedulingError(
    'INVALID_ARGUMENT',
    `request_id: expected up to 128 printable ASCII characters, got ${quote(text)}`,
  );
}
