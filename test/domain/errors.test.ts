import { expect } from 'chai';
import { INTERNAL_ERROR_TEXT, SchedulingError } from '../../src/domain/errors.js';

describe('SchedulingError.from', () => {
  const itself = new SchedulingError('NOT_FOUND', 'no VM');
  const cases: readonly (readonly [title: string, thrown: unknown, code: string, message: string])[] = [
    ['itself', itself, 'NOT_FOUND', 'no VM'],
    ['an aborted signal', AbortSignal.abort().reason, 'CANCELLED', 'the call was cancelled'],
    [
      'a signal that timed out',
      new DOMException('x', 'TimeoutError'),
      'DEADLINE_EXCEEDED',
      'the answer was not there in time',
    ],
    ['any error', new Error('password is hunter2'), 'INTERNAL', INTERNAL_ERROR_TEXT],
    ['anything', 'password is hunter2', 'INTERNAL', INTERNAL_ERROR_TEXT],
    ['nothing', undefined, 'INTERNAL', INTERNAL_ERROR_TEXT],
  ];
  for (const [title, thrown, code, message] of cases) {
    it(`makes ${code} of ${title}`, () => {
      const error = SchedulingError.from(thrown);
      expect([error.code, error.message]).to.deep.equal([code, message]);
      if (thrown !== itself) expect(error.cause).to.equal(thrown);
    });
  }
});
