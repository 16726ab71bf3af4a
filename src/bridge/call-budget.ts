import type { Call } from '../domain/contract.js';
import { SchedulingError } from '../domain/errors.js';

/** Runs something once after that many milliseconds; calling the result calls it off. */
export type After = (ms: number, run: () => void) => () => void;

/** A call of the engine as it came in. */
export interface BridgeRequest {
  /** Aborts when the engine went away. */
  readonly signal: AbortSignal;
  /** When the head of the request came in, by the bridge's clock: milliseconds since the epoch. */
  readonly receivedAt: number;
  /**
   * Has something run once when the answer is sent, or nobody waits for it any more; at once when that is over. It is given
   * the milliseconds since the head of the request came in, by a clock that nobody sets.
   */
  readonly whenEnded: (run: (elapsedMs: number) => void) => void;
}

/** A call of the engine, with the id under which everything that it reaches is logged. */
export interface NamedRequest extends BridgeRequest {
  readonly requestId: string;
}

/** How long a call may take, and what tells the time. */
export interface CallBudgetOptions {
  /** From the head of the request to the answer, in milliseconds. */
  readonly budgetMs: number;
  /** How much earlier a service has to answer, so that what it has gets sorted out and written: milliseconds. */
  readonly marginMs: number;
  readonly clock: { readonly now: () => number };
  readonly after: After;
}

/**
 * Runs what asks a service, within the budget of a request. The call's deadline is the margin before the budget's end, so
 * that a service which answers with what it has by then is heard; at the end of the budget, or when the engine goes away,
 * the call's signal aborts and the result rejects, whatever the service does.
 */
export type CallBudget = <Answer>(
  request: Omit<NamedRequest, 'whenEnded'>,
  ask: (call: Call) => Promise<Answer>,
) => Promise<Answer>;

/** Makes a budget for calls. */
export function createCallBudget(options: CallBudgetOptions): CallBudget {
  const { budgetMs, marginMs, clock, after } = options;
  const tooLate = () =>
    new SchedulingError('DEADLINE_EXCEEDED', `no answer within the budget of ${budgetMs} ms`);

  return async ({ requestId, signal, receivedAt }, ask) => {
    // A clock that was set back must not make the budget longer.
    const left = Math.min(budgetMs, receivedAt + budgetMs - clock.now());
    if (signal.aborted) throw SchedulingError.from(signal.reason);
    if (left <= 0) throw tooLate();
    const controller = new AbortController();
    const deadline = clock.now() + left - marginMs;
    return new Promise((resolve, reject) => {
      const settle = (): void => {
        stopTimer();
        signal.removeEventListener('abort', onGone);
      };
      const giveUp = (error: SchedulingError): void => {
        settle();
        controller.abort(error);
        reject(error);
      };
      const onGone = (): void => giveUp(SchedulingError.from(signal.reason));
      const stopTimer = after(left, () => giveUp(tooLate()));
      signal.addEventListener('abort', onGone, { once: true });
      askAsync(ask, { requestId, signal: controller.signal, deadline }).then(resolve, reject).finally(settle);
    });
  };
}

/** A service that throws where it should reject fails like any other. */
async function askAsync<Answer>(ask: (call: Call) => Promise<Answer>, call: Call): Promise<Answer> {
  return ask(call);
}
