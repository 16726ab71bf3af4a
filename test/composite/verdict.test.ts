import { expect } from 'chai';
import type { Verdict } from '../../src/composite/circuit-breaker.js';
import { verdictOf, type MemberCall } from '../../src/composite/endpoint.js';

/** How a call of a member ended. */
interface MemberCallEnd {
  readonly method: string;
  readonly code: MemberCall['code'];
  /** How long the member was given, and the longest that a call waits for it: milliseconds. */
  readonly givenMs: number;
  readonly deadlineMs: number;
}

const late = { code: 'DEADLINE_EXCEEDED', deadlineMs: 1000 } as const;

const table: readonly (readonly [title: string, end: Partial<MemberCallEnd>, verdict: Verdict])[] = [
  ['an answer', { code: 'OK' }, 'good'],
  ['a VM or unit that the service lacks', { code: 'NOT_FOUND' }, 'good'],
  ['a bad request', { code: 'INVALID_ARGUMENT' }, 'good'],
  ['a method that it does not allow', { code: 'PERMISSION_DENIED' }, 'good'],
  ['a method that the service lacks', { code: 'UNIMPLEMENTED' }, 'good'],
  ['a service that is away', { code: 'UNAVAILABLE' }, 'bad'],
  ['a bug or a lie', { code: 'INTERNAL' }, 'bad'],
  ['a bug of the one unit of balanceHosts', { code: 'INTERNAL', method: 'balanceHosts' }, 'neutral'],
  ['a hang of the one unit of balanceHosts', { ...late, givenMs: 1000, method: 'balanceHosts' }, 'neutral'],
  ['a bug of its inventory', { code: 'INTERNAL', method: 'listVms' }, 'neutral'],
  ['an inventory that is away with it', { code: 'UNAVAILABLE', method: 'listHosts' }, 'bad'],
  ['a limit', { code: 'RESOURCE_EXHAUSTED' }, 'neutral'],
  ['late after 1000 of 1000 ms', { ...late, givenMs: 1000 }, 'bad'],
  ['late after a tenth: 100 of 1000 ms', { ...late, givenMs: 100 }, 'bad'],
  ['late after less than a tenth: 99 of 1000 ms', { ...late, givenMs: 99 }, 'neutral'],
  [
    'late after 1000 ms where the usual 1000 ms are less than its 30,000',
    { ...late, givenMs: 1000, deadlineMs: 30_000 },
    'bad',
  ],
  [
    'late after 99 ms where the usual 1000 ms are less than its 30,000',
    { ...late, givenMs: 99, deadlineMs: 30_000 },
    'neutral',
  ],
  ['late after 100 ms without a deadline', { ...late, givenMs: 100, deadlineMs: Infinity }, 'bad'],
];

describe('the verdict on a member', () => {
  for (const [title, end, verdict] of table) {
    it(`of ${title} is ${verdict}`, () => {
      const usual = { method: 'scoreHosts', code: 'OK', givenMs: 500, deadlineMs: 1000 } as const;
      const { method, code, givenMs, deadlineMs } = { ...usual, ...end };
      expect(verdictOf(method, code, givenMs, deadlineMs)).to.equal(verdict);
    });
  }
});
