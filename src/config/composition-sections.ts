import { z } from 'zod';
import { address, choice, duration, flag, HOUR, integer, MINUTE, SECOND } from './values.js';

/** How several scoring services answer as one. */
export const compositeSection = z.strictObject({
  relistInterval: duration(
    30 * SECOND,
    100,
    HOUR,
    'Time from one listing of the units of a service to the next',
  ),
  discoverBudget: duration(
    30 * SECOND,
    0,
    2 * MINUTE,
    'Longest that a listing of all units waits for services that were never listed',
  ),
  breakerFailures: integer(3, 1, 1000, 'After how many failures in a row a service is no longer asked'),
  breakerPause: duration(
    SECOND,
    10,
    HOUR,
    'Pause until such a service is tried again, in the background; doubled each time, up to 30s',
  ),
});

/** Settings of the composite. */
export type CompositeSettings = z.output<typeof compositeSection>;

/** The XML-RPC server that the engine calls as its external scheduler. */
export const bridgeSection = z.strictObject({
  enabled: flag(true, 'Answer the calls of the engine in `serve`; `bridge` always does'),
  listen: address(
    '127.0.0.1:18781',
    'Where the engine calls (its ExternalSchedulerServiceURL); port 0 lets the system choose',
  ),
  allowPlaintext: flag(
    false,
    'Listen beyond loopback, which is always without TLS: the engine speaks plain HTTP',
  ),
  budget: duration(
    SECOND,
    10,
    2 * MINUTE,
    'Longest time for a whole call; the engine holds the scheduling lock of the cluster meanwhile',
  ),
  rows: choice(
    ['perUnit', 'summed'],
    'perUnit',
    'Rows of costs: one a unit and host, which the engine weighs by the factors of the policy; or sums, as of old',
  ),
  scores: choice(
    ['asCosts', 'raw'],
    'asCosts',
    'What the engine gets of a score: the cost 100 - score; or the number itself, as of old',
  ),
  maxHostIds: integer(10_000, 1, 1_000_000, 'Most host ids in one call'),
  maxConcurrentRequests: integer(64, 1, 10_000, 'Most calls at the same time; others get a fault'),
});

/** The settings of the bridge, validated, defaults filled in. */
export type BridgeSettings = z.output<typeof bridgeSection>;
