import { hash, randomBytes, timingSafeEqual } from 'node:crypto';
import { SchedulingError } from '../domain/errors.js';
import { reasonOf, utf8Text } from '../lib/text.js';
import type { Clock } from '../lib/timers.js';
import { followFiles, readBounded } from './files.js';
import type { Log } from './log.js';

/** Random bytes of a token. Nobody guesses 256 bits, so its hash need not be slow, and a fast one costs a call nothing. */
const TOKEN_BYTES = 32;

/** Beginning of each token that is made here, by which scanners for leaked secrets know one. */
const TOKEN_PREFIX = 'hostscore_';

/** Longest header with a token, in characters: ten times one that is made here, and hashed in a few microseconds. */
export const MAX_AUTHORIZATION_LENGTH = 512;

/** Shortest time between two readings of a file with tokens, in ms: a revoked one ends within it, and calls need no disk. */
export const TOKENS_REREAD_MS = 1000;

/** A token as RFC 6750 has it. */
const TOKEN = /^[A-Za-z0-9._~+/-]+=*$/;

const BEARER = /^Bearer +(\S+)$/i;

/** A name of a token, as of other parts of the configuration. */
export const TOKEN_NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/;

const DIGEST = /^sha256:([0-9a-f]{64})$/;

/** All methods and pages, `ScoreHosts`, `hostscore.v1.PolicyUnitService/*`, one method of a service, or a page such as `/metrics`. */
export const METHOD_PATTERN = /^(?:\*|\/[a-z]+|\w+|[\w.]+\/(?:\*|\w+))$/;

/** Beginning of the digest of a token by which it is looked up, in hexadecimal digits: 64 of its 256 bits. */
const KEY_LENGTH = 16;

/** A token that a server takes, as its file has it. */
export interface KnownToken {
  readonly name: string;
  /** SHA-256 of the token. */
  readonly digest: Buffer;
  /** Patterns of what it allows. */
  readonly allowed: ReadonlySet<string>;
}

/** A new token, and its line for the file of the server. */
export interface NewToken {
  readonly token: string;
  readonly line: string;
}

/** A caller, as far as its token goes. */
export interface Presented {
  /** Value of the header `authorization`; undefined without one. */
  readonly authorization: string | undefined;
  /** Says that nobody else could read it: it came over TLS, or from this machine. */
  readonly isPrivate: boolean;
}

/**
 * Checks the token of a call for `package.Service/Method`, or for a page such as `/metrics`. Returns the name of the token.
 * Throws UNAUTHENTICATED, or PERMISSION_DENIED for one that does not allow it.
 */
export type Authorize = (presented: Presented, target: string) => string;

/** Creates a random token of that name, which allows these patterns. */
export function createToken(name: string, allowed: readonly string[]): NewToken {
  const token = TOKEN_PREFIX + randomBytes(TOKEN_BYTES).toString('base64url');
  return { token, line: [name, `sha256:${digestOf(token).toString('hex')}`, ...allowed].join(' ') };
}

/** Parses the tokens of a server, a line each. Throws an Error that names the line, and never repeats it. */
export function parseTokens(text: string): readonly KnownToken[] {
  const names = new Set<string>();
  const byKey = new Map<string, KnownToken>();
  if (text !== '' && !text.endsWith('\n')) {
    throw new Error('its last line has no line break: it may be half written; end it with one');
  }
  for (const [index, line] of text.split('\n').entries()) {
    const words = line.trim().split(/\s+/);
    if (words[0] === '' || line.startsWith('#')) continue;
    const at = `line ${index + 1}`;
    const token = parseLine(words);
    if (token === undefined) {
      throw new Error(
        `${at}: expected NAME sha256:DIGITS METHOD..., as "hostscore token create NAME --allow METHOD" prints it`,
      );
    }
    const { name, digest } = token;
    if (names.has(name)) throw new Error(`${at}: ${name} has a line already; choose another name`);
    const same = byKey.get(keyOf(digest));
    if (same !== undefined) {
      throw new Error(`${at}: ${name} is the same token as ${same.name}; keep one of them`);
    }
    names.add(name);
    byKey.set(keyOf(digest), token);
  }
  return [...byKey.values()];
}

function parseLine([name = '', sum = '', ...allowed]: readonly string[]): KnownToken | undefined {
  const hex = DIGEST.exec(sum)?.[1];
  if (hex === undefined || !TOKEN_NAME.test(name) || allowed.length === 0) return undefined;
  if (!allowed.every((pattern) => METHOD_PATTERN.test(pattern))) return undefined;
  return { name, digest: Buffer.from(hex, 'hex'), allowed: new Set(allowed) };
}

/** Options of a file that is followed. */
interface FollowOptions {
  readonly log: Pick<Log, 'info' | 'warn'>;
  /** Monotonic clock; `performance` by default. */
  readonly steady?: Clock | undefined;
}

/**
 * Opens the tokens of a server in a file, which is read anew when it changes; the last good ones stay while it can't be used.
 * The log says of each token when it is used first. Throws INVALID_ARGUMENT, naming the setting, if it can't be used now.
 */
export function followTokens(setting: string, file: string, { log, steady }: FollowOptions): Authorize {
  const read = () => readText(setting, file);
  const make = (text: string) => createAuthorize(tokensOf(setting, file, text), log);
  const current = followFiles(read, make, { files: [file], log, restMs: TOKENS_REREAD_MS, steady });
  return (presented, target) => current()(presented, target);
}

/** Throws for an empty file too: it is one that is being written, and would refuse every call. */
function tokensOf(setting: string, file: string, text: string): readonly KnownToken[] {
  try {
    const tokens = parseTokens(text);
    if (tokens.length === 0) throw new Error('it has no token');
    return tokens;
  } catch (error) {
    throw invalid(`${setting}: ${file}: ${reasonOf(error)}`);
  }
}

function createAuthorize(tokens: readonly KnownToken[], log: Pick<Log, 'info'>): Authorize {
  const byKey = new Map(tokens.map((token) => [keyOf(token.digest), token]));
  const used = new Set<string>();
  return (presented, target) => {
    const token = find(presented);
    if (!isAllowed(token, target)) {
      throw new SchedulingError(
        'PERMISSION_DENIED',
        `token ${token.name} does not allow ${target}; it allows ${[...token.allowed].join(' ')} (server.tokensFile)`,
      );
    }
    if (!used.has(token.name)) {
      used.add(token.name);
      log.info('token used', { token: token.name, target }, token.name);
    }
    return token.name;
  };

  function find({ authorization, isPrivate }: Presented): KnownToken {
    if (authorization === undefined) {
      throw unauthenticated(
        'this server takes calls with a token only, and none came; send one as authorization: Bearer TOKEN (--token-file FILE; services[].tokenFile, inventory.fromTokenFile)',
      );
    }
    if (!isPrivate) {
      throw unauthenticated(
        'a token is taken over TLS or on the machine of the server only, and this one came in clear text: replace it, and serve over TLS (server.tlsCertFile; ops.tls)',
      );
    }
    const text =
      authorization.length > MAX_AUTHORIZATION_LENGTH ? undefined : BEARER.exec(authorization)?.[1];
    const digest = digestOf(text ?? '');
    const token = byKey.get(keyOf(digest));
    if (text !== undefined && token !== undefined && timingSafeEqual(token.digest, digest)) return token;
    throw unauthenticated('the token is none of this server; was it replaced? (server.tokensFile)');
  }
}

function isAllowed({ allowed }: KnownToken, target: string): boolean {
  if (allowed.has('*') || allowed.has(target)) return true;
  const slash = target.lastIndexOf('/');
  return slash > 0 && (allowed.has(`${target.slice(0, slash)}/*`) || allowed.has(target.slice(slash + 1)));
}

function unauthenticated(message: string): SchedulingError {
  return new SchedulingError('UNAUTHENTICATED', message);
}

/**
 * Opens the token that a client sends, in a file, which is read anew when it changes; the last good one stays while it can't be
 * used. Throws INVALID_ARGUMENT, naming the setting, if it can't be used now.
 */
export function followToken(
  setting: string,
  file: string,
  { log = NO_LOG, steady }: Partial<FollowOptions> = {},
): () => string {
  const read = () => tokenOf(setting, file);
  return followFiles(read, (token) => token, { files: [file], log, restMs: TOKENS_REREAD_MS, steady });
}

/** For a caller without a log: when the last good token is not taken any more, calls say so. */
const NO_LOG = { info: () => undefined, warn: () => undefined };

function tokenOf(setting: string, file: string): string {
  const token = readText(setting, file).trim();
  if (TOKEN.test(token) && token.length < MAX_AUTHORIZATION_LENGTH - 'Bearer '.length) return token;
  throw invalid(
    `${setting}: ${file} holds no token: expected the one line that "hostscore token create" printed, and nothing else`,
  );
}

function readText(setting: string, file: string): string {
  let bytes: Buffer;
  try {
    bytes = readBounded(file);
  } catch (error) {
    throw invalid(`${setting}: can't read ${file}: ${reasonOf(error)}`);
  }
  const text = utf8Text(bytes);
  if (text === undefined) throw invalid(`${setting}: ${file} is not UTF-8; save it as UTF-8`);
  return text;
}

function digestOf(token: string): Buffer {
  return hash('sha256', token, 'buffer');
}

function keyOf(digest: Buffer): string {
  return digest.toString('hex', 0, KEY_LENGTH / 2);
}

function invalid(message: string): SchedulingError {
  return new SchedulingError('INVALID_ARGUMENT', message);
}
