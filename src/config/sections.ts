import { z } from 'zod';
import {
  address,
  choice,
  duration,
  flag,
  GIB,
  HOUR,
  integer,
  listenAddress,
  MIB,
  MINUTE,
  names,
  SECOND,
  size,
  text,
  textOr,
} from './values.js';
import { LOG_FORMATS, LOG_LEVELS } from '../process/log.js';

/** Connection to the oVirt engine whose hosts are scored. */
export const engineSection = z.strictObject({
  url: text('Address of the engine, such as https://engine.example.com/ovirt-engine'),
  username: text('Account with an administrator role on the whole system, such as hostscore@internal'),
  passwordFile: text('File that holds the password of the account, and nothing else'),
  password: z
    .string()
    .min(1, 'expected a password, got an empty value; set it, or engine.passwordFile')
    .optional()
    .meta({ description: 'Password of the account, when there is no passwordFile', secret: true }),
  auth: choice(['oauth', 'basic'], 'oauth', 'How to authenticate: an SSO token, or HTTP Basic'),
  caFile: text('PEM file of the certificate authority that signed the certificate of the engine'),
  allowPlaintext: flag(false, 'Send the password over plain http to another machine'),
  connectTimeout: duration(
    5 * SECOND,
    10,
    MINUTE,
    'Longest wait for the address of the engine from DNS, for a connection to it, and for the TLS handshake, each',
  ),
  responseTimeout: duration(MINUTE, 10, HOUR, 'Longest wait for the first byte of an answer'),
  requestTimeout: duration(
    90 * SECOND,
    10,
    24 * HOUR,
    'Longest time for one whole answer; at most a third of `inventory.maxStaleness`, in which a whole reading has to end',
  ),
  hostStatistics: flag(
    true,
    'Read the statistics of hosts with them: host_memory_balance needs their free memory',
  ),
});

/** {@link engineSection}, validated. */
export type EngineSettings = z.output<typeof engineSection>;

/** The snapshot of the engine's hosts and VMs: how it is read, or from where it is taken. */
export const inventorySection = z.strictObject({
  eventInterval: duration(
    SECOND,
    0,
    MINUTE,
    'Time from one request for the events of the engine, which say what changed, to the next; 0s: read everything each time',
  ),
  relistInterval: duration(
    10 * MINUTE,
    100,
    24 * HOUR,
    'Time from one reading of everything to the next while events are followed: it finds what they missed',
  ),
  refreshInterval: duration(
    30 * SECOND,
    100,
    HOUR,
    'The same while they are not; and in which the memory of all hosts is read anew while balance units are in use',
  ),
  maxStaleness: duration(5 * MINUTE, 100, 24 * HOUR, 'Age at which the snapshot is no longer used'),
  lookupTimeout: duration(
    2 * SECOND,
    10,
    MINUTE,
    'Longest time that a call waits for a host or VM that is not in the snapshot',
  ),
  from: text(
    'Service whose inventory is followed instead of reading an engine: any gRPC target, such as `dns:///reader:50051`',
  ),
  fromTls: flag(false, 'Follow it over TLS, trusting the authorities that Node trusts'),
  fromTlsCaFile: text('PEM file of the authority that signed its certificate; implies TLS'),
  fromTlsCertFile: text('PEM file of the certificate to show to it; implies TLS'),
  fromTlsKeyFile: text('PEM file of the private key of that certificate'),
  fromTokenFile: text('File of the token to show to it, and nothing else; sent over TLS or to this machine'),
});

/** {@link inventorySection}, validated. */
export type InventorySettings = z.output<typeof inventorySection>;

/**
 * Returns the longest time for a reading in ms, a third of the longest age of a snapshot: after one that hangs there is time
 * for the next before the snapshot is too old.
 */
export function readingLimit({ maxStaleness }: Pick<InventorySettings, 'maxStaleness'>): number {
  return Math.floor(maxStaleness / 3);
}

/** Limits on how often balance units move VMs. */
export const balancingSection = z.strictObject({
  cooldown: duration(
    5 * MINUTE,
    0,
    24 * HOUR,
    'How long a VM is not proposed for a migration again, from its proposal and from its arrival',
  ),
  settleTime: duration(
    MINUTE,
    0,
    HOUR,
    'How long the engine may take to show a migration; a VM that has not moved by then stays where it is',
  ),
  maxSnapshotAge: duration(
    2 * MINUTE,
    100,
    24 * HOUR,
    'Age of the snapshot from which no migration is proposed any more; or twice the time between readings, if that is longer',
  ),
});

/** Limits on how often balance units move VMs. Times in milliseconds. */
export type BalancingSettings = z.output<typeof balancingSection>;

/** The host of old Python plugins. */
export const pluginsSection = z.strictObject({
  dir: text('Folder whose `*.py` are imported; set, `serve` and `bridge` offer their units too'),
  python: textOr(
    'python3',
    'Python 3.9 or later, by name or path; where `python3` is older, `python3.12`, `python3.11` and `python3.9` are tried',
  ),
  direction: choice(
    ['cost', 'score'],
    'cost',
    'What plugins print: costs, of which the engine takes the lowest, as of old; or scores of 0 to 100',
  ),
  scoreUnits: names('Names of those units that print scores where the others print costs'),
  pollInterval: duration(2 * SECOND, 100, HOUR, 'How often the folder is looked at for changed files'),
  maxCallTime: duration(30 * SECOND, 10, HOUR, 'Longest time for one call of a plugin, waiting included'),
  maxMemory: size(GIB, 16 * MIB, 1024 * GIB, 'Address space of the process of a plugin, and of each call'),
  maxImportTime: duration(10 * SECOND, 100, HOUR, 'Longest time for importing one file'),
  maxConcurrentRuns: integer(
    0,
    0,
    10_000,
    'Most calls of plugins at the same time; 0: twice the number of processors, 8 at least',
  ),
});

/** Settings of the host of plugins. */
export type PluginSettings = z.output<typeof pluginsSection>;

/** Composition of several scoring services into one. */
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
  predictions: flag(
    true,
    'Count each VM at the host that the engine presumably took, by the last answer, until the engine shows where it is',
  ),
  selector: choice(
    ['rank', 'weight'],
    'rank',
    'How the engine picks a host, for that: RankSelector, as by default; or BasicWeighting',
  ),
  maxHostIds: integer(10_000, 1, 1_000_000, 'Most host ids in one call'),
  maxConcurrentRequests: integer(64, 1, 10_000, 'Most calls at the same time; others get a fault'),
});

/** The settings of the bridge, validated, defaults filled in. */
export type BridgeSettings = z.output<typeof bridgeSection>;

/** The gRPC server. */
export const serverSection = z.strictObject({
  listen: listenAddress(
    '127.0.0.1:50051',
    'Where the gRPC server listens; port 0 lets the system choose; `unix:PATH` for a socket of its user and group',
  ),
  allowPlaintext: flag(false, 'Listen beyond loopback without TLS'),
  tlsCertFile: text('PEM file of the certificate of the server, chain included'),
  tlsKeyFile: text('PEM file of the private key of the server'),
  tlsClientCaFile: text(
    'PEM file of the authority whose clients are let in; set, it demands client certificates',
  ),
  tokensFile: text(
    'File of the tokens that are taken, as `hostscore token create` prints them; set, calls, `/metrics` and `/config` need one',
  ),
  maxHostIds: integer(10_000, 1, 1_000_000, 'Most host ids in one call'),
  maxMessageSize: size(
    MIB,
    1024,
    256 * MIB,
    'Largest message that is received; as many as maxConcurrentCalls may be under way at the same time',
  ),
  maxConcurrentCalls: integer(
    256,
    1,
    100_000,
    'Most calls at the same time; streams, health checks and reflection have limits of their own',
  ),
  maxConnections: integer(
    1024,
    1,
    100_000,
    'Most connections at the same time; for a further one the longest silent one is closed',
  ),
  maxConnectionAge: duration(
    5 * MINUTE,
    0,
    24 * HOUR,
    'Age, a tenth more or less, at which a client is told to connect anew, so that it finds replicas that were added; 0: never',
  ),
});

/** The settings of the gRPC server. */
export type ServerSettings = z.output<typeof serverSection>;

/** State that is remembered over a restart. */
export const stateSection = z.strictObject({
  dir: textOr(
    'hostscore-state',
    'Folder of what is remembered over a restart, such as the units of a service that is down; on a disk of this machine',
  ),
});

/** The record of what was answered, in a folder of `state.dir`. */
export const decisionsSection = z.strictObject({
  enabled: flag(true, 'Remember each answer, so that anyone can ask why a VM landed where it did'),
  engineMaxDays: integer(400, 1, 3650, 'How long answers to the engine are kept, in days'),
  engineMaxSize: size(GIB, 16 * MIB, 1024 * GIB, 'Most space of these; the oldest are removed'),
  grpcMaxDays: integer(30, 1, 3650, 'How long answers to gRPC callers are kept, in days'),
  grpcMaxSize: size(256 * MIB, 16 * MIB, 1024 * GIB, 'Most space of these; the oldest are removed'),
  grpcRate: integer(
    10,
    0,
    100_000,
    'Unary gRPC calls a second that are remembered in full; of the others one in a hundred is, and of the requests of streams',
  ),
});

/** {@link decisionsSection}, validated. */
export type DecisionsSettings = z.output<typeof decisionsSection>;

/** The HTTP server for probes and metrics. */
export const opsSection = z.strictObject({
  enabled: flag(true, 'Serve /livez, /readyz, /metrics and /config over HTTP'),
  listen: address('127.0.0.1:9180', 'Where they are served; port 0 lets the system choose'),
  tls: flag(false, 'Serve them over TLS, with the certificate of the gRPC server'),
  allowPlaintext: flag(false, 'Serve them beyond loopback without TLS'),
});

/** The log, on standard error. */
export const logSection = z.strictObject({
  level: choice(LOG_LEVELS, 'info', 'How much is logged'),
  format: choice(LOG_FORMATS, 'text', 'One line of text, or one JSON object a line'),
});
