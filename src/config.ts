import { z } from 'zod';
import { address, choice, duration, flag, integer, size, text } from './config-values.js';
import { LOG_FORMATS, LOG_LEVELS } from './log.js';
import { isLoopback } from './loopback.js';

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const MIB = 1024 ** 2;
const GIB = 1024 ** 3;

/** How to reach the oVirt engine whose hosts are scored. */
const engine = z.strictObject({
  url: text('Address of the engine, such as https://engine.example.com/ovirt-engine'),
  username: text('Account with an administrator role on the whole system, such as hostscore@internal'),
  passwordFile: text('File that holds the password of the account, and nothing else'),
  password: z
    .string()
    .min(1)
    .optional()
    .meta({ description: 'Password of the account, when there is no passwordFile', secret: true }),
  auth: choice(['oauth', 'basic'], 'oauth', 'How to authenticate: an SSO token, or HTTP Basic'),
  caFile: text('PEM file of the certificate authority that signed the certificate of the engine'),
  allowPlaintext: flag(false, 'Send the password over plain http to another machine'),
  lookupTimeout: duration(5 * SECOND, 10, MINUTE, 'Longest wait for the address of the engine from DNS'),
  connectTimeout: duration(5 * SECOND, 10, MINUTE, 'Longest wait for a connection to the engine'),
  tlsTimeout: duration(10 * SECOND, 10, MINUTE, 'Longest wait for the TLS handshake'),
  responseTimeout: duration(2 * MINUTE, 10, HOUR, 'Longest wait for the first byte of an answer'),
  idleTimeout: duration(30 * SECOND, 10, HOUR, 'Longest silence in the middle of an answer'),
  requestTimeout: duration(10 * MINUTE, 10, 24 * HOUR, 'Longest time for one whole answer'),
  retries: integer(
    2,
    0,
    10,
    'How often a GET is tried again after a network error or a 408, 429 or 5xx answer',
  ),
  loginPause: duration(
    MINUTE,
    0,
    24 * HOUR,
    'Pause after a refused login; doubled each time, up to maxLoginPause',
  ),
  maxLoginPause: duration(HOUR, 0, 24 * HOUR, 'Longest pause after refused logins'),
  maxBodySize: size(4 * GIB, 1024, 1024 * GIB, 'Largest answer that is read, decompressed'),
  maxObjectSize: size(MIB, 1024, 64 * MIB, 'Largest host or VM that is read'),
  maxObjects: integer(250_000, 1, 10_000_000, 'Most hosts, and most VMs, that are read'),
  maxDepth: integer(64, 8, 1000, 'How deeply the JSON of the engine may be nested'),
});

/** How the snapshot of the engine's hosts and VMs is kept fresh. */
const inventory = z.strictObject({
  refreshInterval: duration(30 * SECOND, 100, HOUR, 'Time from one reading of the engine to the next'),
  refreshJitter: duration(
    3 * SECOND,
    0,
    HOUR,
    'Longest random time by which a reading comes earlier or later, so that many services do not ask at once',
  ),
  failurePause: duration(
    SECOND,
    10,
    HOUR,
    'Pause after a reading that failed; doubled each time, up to the interval',
  ),
  maxStaleness: duration(5 * MINUTE, 100, 24 * HOUR, 'Age at which the snapshot is no longer used'),
  lookupTimeout: duration(
    2 * SECOND,
    10,
    MINUTE,
    'Longest time that a call waits for a host or VM that is not in the snapshot',
  ),
  unknownInterval: duration(
    SECOND,
    100,
    HOUR,
    'Shortest time between two readings, or two look-ups of one VM, for the sake of an unknown id',
  ),
  vmLookupTtl: duration(10 * SECOND, 0, HOUR, 'How long a stopped VM that was looked up is remembered'),
  maxVmLookups: integer(10_000, 1, 1_000_000, 'How many VMs that were looked up are remembered'),
  maxConcurrentLookups: integer(8, 1, 1000, 'How many VMs are looked up at the engine at the same time'),
  maxWaitingLookups: integer(1000, 0, 100_000, 'How many look-ups may wait for others to end'),
  answerMargin: duration(50, 0, MINUTE, 'What is left of the time of a call when a wait for the engine ends'),
  maxGuestReports: integer(
    200_000,
    0,
    10_000_000,
    'Of how many VMs the last report of the guest agent is remembered',
  ),
});

/** The gRPC server. */
const server = z.strictObject({
  listen: address('127.0.0.1:50051', 'Where the gRPC server listens; port 0 lets the system choose'),
  allowPlaintext: flag(false, 'Listen beyond loopback without TLS'),
  tlsCertFile: text('PEM file of the certificate of the server, chain included'),
  tlsKeyFile: text('PEM file of the private key of the server'),
  tlsClientCaFile: text(
    'PEM file of the authority whose clients are let in; set, it demands client certificates',
  ),
  maxHostIds: integer(10_000, 1, 1_000_000, 'Most host ids in one call'),
  maxUnits: integer(64, 1, 10_000, 'Most units in one call'),
  maxProperties: integer(256, 1, 10_000, 'Most properties in one call'),
  maxPropertyKeyLength: integer(128, 1, 10_000, 'Most characters in the key of a property'),
  maxPropertyValueLength: integer(4096, 1, 1_000_000, 'Most characters in the value of a property'),
  maxAssumedPlacements: integer(1000, 1, 100_000, 'Most assumed placements in one call'),
  maxMessageSize: size(4 * MIB, 1024, 256 * MIB, 'Largest message that is received'),
  maxConcurrentCalls: integer(256, 1, 100_000, 'Most calls at the same time; a stream counts as one'),
  maxConcurrentStreams: integer(
    128,
    1,
    10_000,
    'Most calls at the same time on one connection; others wait in the client',
  ),
  maxConnections: integer(1024, 1, 100_000, 'Most connections at the same time; others are closed at once'),
});

/** The HTTP server for probes and metrics. */
const ops = z.strictObject({
  enabled: flag(true, 'Serve /livez, /readyz and /metrics over HTTP'),
  listen: address('127.0.0.1:9180', 'Where they are served; port 0 lets the system choose'),
  allowPlaintext: flag(false, 'Serve them beyond loopback, which is always without TLS'),
});

/** The log, on standard error. */
const log = z.strictObject({
  level: choice(LOG_LEVELS, 'info', 'How much is logged'),
  format: choice(LOG_FORMATS, 'text', 'One line of text, or one JSON object a line'),
});

/** The whole configuration: every key with its default. An unknown key is an error. */
export const configSchema = z
  .strictObject({
    engine: engine.prefault({}),
    inventory: inventory.prefault({}),
    server: server.prefault({}),
    ops: ops.prefault({}),
    log: log.prefault({}),
    shutdownGrace: duration(10 * SECOND, 0, 10 * MINUTE, 'Longest wait for calls in flight at shutdown'),
  })
  .superRefine((config, context) => {
    const complain = (path: string, message: string) => {
      context.addIssue({ code: 'custom', path: path.split('.'), message });
    };
    const { engine, server, inventory, ops } = config;
    if (engine.url !== undefined && !isHttpUrl(engine.url)) {
      complain(
        'engine.url',
        `expected an http or https address without credentials and query, got "${withoutCredentials(engine.url)}"`,
      );
    }
    const plaintextTo = engine.url === undefined ? undefined : plaintextHost(engine.url);
    if (plaintextTo !== undefined && !engine.allowPlaintext) {
      complain(
        'engine.url',
        `plain http would send the password to ${plaintextTo} in clear text; write https, or set engine.allowPlaintext: true`,
      );
    }
    if (engine.url !== undefined && engine.username === undefined)
      complain('engine.username', 'is required with engine.url');
    if (engine.password !== undefined && engine.passwordFile !== undefined) {
      complain('engine.passwordFile', 'is set together with a password; keep one of them');
    }
    if (engine.url !== undefined && engine.password === undefined && engine.passwordFile === undefined) {
      complain(
        'engine.passwordFile',
        'is required with engine.url, or the variable HOSTSCORE_ENGINE_PASSWORD',
      );
    }
    if ((server.tlsCertFile === undefined) !== (server.tlsKeyFile === undefined)) {
      complain('server.tlsKeyFile', 'goes together with server.tlsCertFile; set both or neither');
    }
    if (server.tlsClientCaFile !== undefined && server.tlsCertFile === undefined) {
      complain('server.tlsClientCaFile', 'needs server.tlsCertFile and server.tlsKeyFile');
    }
    if (!isLoopback(server.listen.host) && server.tlsCertFile === undefined && !server.allowPlaintext) {
      complain(
        'server.listen',
        `${server.listen.host} is beyond loopback; set server.tlsCertFile and server.tlsKeyFile, or server.allowPlaintext: true`,
      );
    }
    if (ops.enabled && !isLoopback(ops.listen.host) && !ops.allowPlaintext) {
      complain(
        'ops.listen',
        `${ops.listen.host} is beyond loopback; set ops.allowPlaintext: true if that is meant`,
      );
    }
    if (inventory.maxStaleness <= inventory.refreshInterval + inventory.refreshJitter) {
      complain(
        'inventory.maxStaleness',
        'has to be longer than inventory.refreshInterval and inventory.refreshJitter together, or no snapshot lasts until the next',
      );
    }
  });

/** The configuration of a process, validated, defaults filled in. Times are milliseconds, sizes are bytes. */
export type Config = z.output<typeof configSchema>;

function isHttpUrl(value: string): boolean {
  if (!URL.canParse(value)) return false;
  const { protocol, username, password, search, hash } = new URL(value);
  return (
    ['http:', 'https:'].includes(protocol) && [username, password, search, hash].every((part) => part === '')
  );
}

/** The host beyond loopback to which an address leads without TLS. */
function plaintextHost(value: string): string | undefined {
  if (!URL.canParse(value)) return undefined;
  const { protocol, hostname } = new URL(value);
  return protocol === 'http:' && !isLoopback(hostname) ? hostname : undefined;
}

function withoutCredentials(value: string): string {
  return value.replace(/\/\/[^/]*@/, '//***@').replace(/[?#].*$/, '?***');
}
