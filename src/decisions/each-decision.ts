import type { Decision, DecisionPage, DecisionQuery } from '../domain/decision.js';
import type { Clock } from '../lib/timers.js';

/** Most decisions that a report looks at: the ten thousand a day of a large engine, for ten days. */
export const MAX_REPORTED_DECISIONS = 100_000;

/** Longest that a report takes, in ms, so that whoever waits for it gets a part rather than nothing. */
export const MAX_REPORT_MS = 20_000;

/** Time before the caller's deadline at which a report ends, in ms, so that it is there in time. */
const ANSWER_MARGIN_MS = 500;

/** Decisions that are looked at before others have their turn. */
const PAGE_SIZE = 100;

/** Decisions to be looked at page by page. */
export interface DecisionPages {
  readonly list: (
    query: DecisionQuery,
    page: { readonly size: number; readonly token?: string | undefined },
    signal: AbortSignal,
  ) => Promise<DecisionPage>;
  readonly clock?: Clock;
}

/** The decisions of a report. */
export interface Period extends Pick<DecisionQuery, 'from' | 'to' | 'face'> {
  readonly signal: AbortSignal;
  /** Time at which the caller stops waiting, in milliseconds since the epoch; Infinity for never. */
  readonly deadline: number;
}

/**
 * Calls `visit` with each decision of a period, the newest first. Returns true when it stopped before the last one, for
 * their number or the time.
 */
export async function eachDecision(
  { list, clock = Date }: DecisionPages,
  { signal, deadline, ...query }: Period,
  visit: (decision: Decision) => void,
): Promise<boolean> {
  const end = Math.min(clock.now() + MAX_REPORT_MS, deadline - ANSWER_MARGIN_MS);
  let left = MAX_REPORTED_DECISIONS;
  let token: string | undefined;
  do {
    if (left <= 0 || clock.now() >= end) return true;
    signal.throwIfAborted();
    const page = await list(query, { size: Math.min(PAGE_SIZE, left), token }, signal);
    page.decisions.forEach(visit);
    left -= page.decisions.length;
    token = page.nextPageToken;
  } while (token !== undefined);
  return false;
}
