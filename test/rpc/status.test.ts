import { status } from '@grpc/grpc-js';
import { expect } from 'chai';
import { fromStatus } from '../../src/rpc/status.js';

describe('fromStatus', () => {
  const cases: readonly (readonly [code: number, details: string, expected: string])[] = [
    [
      status.INTERNAL,
      'Received RST_STREAM with code 0 (Call ended without gRPC status)',
      'UNAVAILABLE: a:1: the connection was cut',
    ],
    [
      status.INTERNAL,
      'Received RST_STREAM with code 2 (Internal server error)',
      'UNAVAILABLE: a:1: the connection was cut',
    ],
    [status.INTERNAL, 'Received RST_STREAM with code 11', 'INTERNAL: Received RST_STREAM with code 11'],
    [status.INTERNAL, 'a bug', 'INTERNAL: a bug'],
    [status.UNAVAILABLE, 'no connection', 'UNAVAILABLE: a:1: no connection'],
    [
      status.UNAVAILABLE,
      'round_robin: No connection established. Last error: No connection established. Last error: Error: connect ECONNREFUSED 127.0.0.1:1. Resolution note: ',
      'UNAVAILABLE: a:1: it refuses connections (ECONNREFUSED); is it running, is the address right?',
    ],
    [
      status.UNAVAILABLE,
      'b:1: it refuses connections (ECONNREFUSED); is it running, is the address right?',
      'UNAVAILABLE: a:1: b:1: it refuses connections (ECONNREFUSED); is it running, is the address right?',
    ],
    [status.PERMISSION_DENIED, 'no', 'PERMISSION_DENIED: no'],
    [status.UNAUTHENTICATED, 'no', 'UNAUTHENTICATED: no'],
    [status.ABORTED, 'no', 'INTERNAL: a:1: ABORTED: no'],
  ];
  for (const [code, details, expected] of cases) {
    it(`reads ${status[code] ?? ''}, ${details} as ${expected}`, () => {
      const error = fromStatus({ code, details }, 'a:1');
      expect(`${error.code}: ${error.message}`).to.equal(expected);
    });
  }
});
