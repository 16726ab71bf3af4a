import { z } from 'zod';
import {
  address,
  choice,
  duration,
  flag,
  GIB,
  HOUR,
  integer,
  MIB,
  MINUTE,
  SECOND,
  size,
  textOr,
} from './values.js';

/** How several scoring services answer as one. */
export const compositeSection = z.strictObject({
  relistInterval: duration(
    30 * SECOND,
    100,
    HOUR,
    'Time from one listing of the units of a service to the next',
  ),
  listTimeout: duration(5 * SECOND, 10, MINUTE, 'Longest wait for the list of units of a service'),
  discoverBudget: duration(
    30 * SECOND,
    0,
    2 * MINUTE,
    'Longest that a listing of all units waits for services that were never listed',
  ),
  patientListing: duration(
    SECOND,
    1,
    HOUR,
    'How long a caller who asks for all units has to wait in vain until missing ones are logged as an error',
  ),
  answerMargin: duration(25, 0, MINUTE, 'What is left of the time of a call when a wait for a service ends'),
  listRetry: duration(200, 10, HOUR, 'Pause after a first listing that failed; doubled each time'),
  maxListRetry: duration(5 * SECOND, 10, HOUR, 'Longest such pause'),
  maxUnits: integer(1000, 1, 100_000, 'Most units that one service may offer'),
  maxDepth: integer(4, 1, 100, 'Through how many composites a call may come; more is taken for a loop'),
  syncTimeout: duration(5 * SECOND, 10, HOUR, 'Longest wait for the disk of the catalogue'),
  breakerFailures: integer(3, 1, 1000, 'After how many failures in a row a service is no longer asked'),
  breakerPause: duration(
    SECOND,
    10,
    HOUR,
    'Pause until such a service is tried again, in the background; doubled each time',
  ),
  maxBreakerPause: duration(30 * SECOND, 10, HOUR, 'Longest such pause'),
});

/** The memory of what units there are. */
export const catalogueSection = z.strictObject({
  file: textOr(
    'hostscore-catalogue.json',
    'File in which the units of services are remembered, so that they are known after a restart while a service is down',
  ),
  maxSize: size(16 * MIB, 1024, GIB, 'Largest such file that is read'),
});

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
  answerMargin: duration(50, 0, MINUTE, 'What is left of the budget when a wait for services ends'),
  maxMessages: integer(
    100,
    1,
    10_000,
    'Most failed units that one answer names: each is an event in the engine',
  ),
  maxMessageLength: integer(500, 10, 100_000, 'Most characters in one such message'),
  maxDescriptionLength: integer(1000, 10, 100_000, 'Most characters of the description of a unit'),
  maxPatternLength: integer(
    1000,
    10,
    100_000,
    'Most characters in the pattern of a property; a longer one is left out',
  ),
  directionsTimeout: duration(
    100,
    1,
    MINUTE,
    'Longest wait for a list of units when one answered that no list has told of',
  ),
  directionsMaxAge: duration(
    MINUTE,
    100,
    24 * HOUR,
    'How long a list of units is believed until it is asked for again, beside a call',
  ),
  directionsInterval: duration(SECOND, 10, HOUR, 'Shortest time between two such lists'),
  failureLogInterval: duration(
    MINUTE,
    0,
    24 * HOUR,
    'How long a unit that fails in every call is not logged again as a warning',
  ),
  maxLoggedFailures: integer(1000, 1, 1_000_000, 'How many failing units are remembered for that'),
  maxHostIds: integer(10_000, 1, 1_000_000, 'Most host ids in one call'),
  maxUnits: integer(128, 1, 10_000, 'Most units in one call'),
  maxUnitNameLength: integer(128, 1, 10_000, 'Most characters in the name of a unit'),
  maxProperties: integer(256, 1, 10_000, 'Most properties in one call'),
  maxPropertyKeyLength: integer(128, 1, 10_000, 'Most characters in the key of a property'),
  maxPropertyValueLength: integer(4096, 1, 1_000_000, 'Most characters in the value of a property'),
  maxBodySize: size(8 * MIB, 1024, GIB, 'Largest body of a call'),
  maxDepth: integer(64, 8, 1000, 'How deeply the elements of a body may be nested'),
  maxElements: integer(500_000, 100, 100_000_000, 'Most elements in a body'),
  maxTextLength: integer(1_048_576, 1024, 100_000_000, 'Most characters in one text of a body'),
  maxNameLength: integer(
    1024,
    32,
    100_000,
    'Most characters in the name of a method or of the member of a struct',
  ),
  maxNamespaces: integer(16, 1, 1000, 'Most XML namespaces in force at one time'),
  maxConnections: integer(256, 1, 100_000, 'Most connections at the same time; others are closed at once'),
  maxConcurrentRequests: integer(64, 1, 10_000, 'Most calls at the same time; others get a fault'),
  backlog: integer(511, 1, 65_535, 'Most connections that wait to be accepted'),
  headersTimeout: duration(10 * SECOND, 100, HOUR, 'Longest time in which a client sends the head of a call'),
  requestTimeout: duration(30 * SECOND, 100, HOUR, 'Longest time in which a client sends a whole call'),
  sendTimeout: duration(30 * SECOND, 100, HOUR, 'Longest time in which a client fetches its answer'),
  idleTimeout: duration(MINUTE, 100, HOUR, 'How long a connection is kept after an answer'),
  linger: duration(
    SECOND,
    0,
    MINUTE,
    'How long the rest of a refused call is thrown away before its connection is closed',
  ),
});
