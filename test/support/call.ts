import type { Call } from '../../src/domain/contract.js';

/** A call that nobody cancels, unless the test says so. */
export function call(options: Partial<Call> = {}): Call {
  return {
    requestId: 'test',
    signal: new AbortController().signal,
    deadline: Number.POSITIVE_INFINITY,
    ...options,
  };
}
