import { z } from 'zod';
import { SchedulingError } from '../domain/errors.js';

/** What got's errors and Node's have in common; nothing else of them is looked at or kept: they hold the request. */
const THROWN = z.object({
  name: z.string().catch(''),
  code: z.string().catch('no code'),
});

const REASONS: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'refuses connections: nothing listens there; is it running, is the URL right?',
  ECONNRESET:
    'closed the connection before its answer was whole; is the URL right, and does it speak XML-RPC?',
  ENOTFOUND: 'has a name that is unknown; is the URL right?',
  EAI_AGAIN: 'has a name for which DNS does not answer',
  EHOSTUNREACH: 'is out of reach: there is no route to it',
  ENETUNREACH: 'is out of reach: there is no route to it',
  EPROTO: 'does not speak TLS; is the scheme of the URL right?',
  ERR_INVALID_URL: 'is no URL; one looks like http://127.0.0.1:18781/',
};

/** Puts what the HTTP client threw into words that say what to do. */
export function callFailure(
  thrown: unknown,
  { url, timeoutMs }: { readonly url: string; readonly timeoutMs: number },
): SchedulingError {
  const { name, code } = THROWN.catch({ name: '', code: 'no code' }).parse(thrown);
  if (name === 'TimeoutError' || code === 'ETIMEDOUT') {
    return new SchedulingError('DEADLINE_EXCEEDED', `${url} did not answer within ${timeoutMs} ms`);
  }
  if (code.startsWith('HPE_')) {
    return new SchedulingError('INTERNAL', `${url} does not speak HTTP (${code}); is the URL right?`);
  }
  const reason = REASONS[code];
  return new SchedulingError(
    'UNAVAILABLE',
    reason === undefined ? `the connection to ${url} failed (${code})` : `${url} ${reason} (${code})`,
  );
}
