/**
 * Encoding and decoding a thousand small messages and ids one by one is the largest part of what a call costs, several
 * times this (docs/decisions/0011-scores-encoded-by-hand.md). So the lists of a call that grow with the number of hosts
 * are written and read here by hand, in the plain form that nearly every call has; any other form is the library's.
 */
import type { HostScore } from '../../domain/contract.js';

/** Length of an id: a UUID as text. */
const ID_LENGTH = 36;

/** Field 2 of ScoreHostsRequest, FilterHostsRequest and BalanceHostsRequest: length-delimited. */
const HOST_IDS_TAG = (2 << 3) | 2;

/** Bytes of one encoded id: a tag, a length, and the id. */
const ENCODED_ID_LENGTH = 2 + ID_LENGTH;

/** Field 1 of ScoreHostsResponse and field 1 of HostScore, length-delimited; field 2 of HostScore, varint. */
const SCORES_TAG = (1 << 3) | 2;
const HOST_ID_TAG = (1 << 3) | 2;
const SCORE_TAG = 2 << 3;

/** Bytes of one score at most: two tags and lengths, the id, a tag and a varint of 31 bits. */
const MAX_SCORE_BYTES = 2 + 2 + ID_LENGTH + 1 + 5;

/** A scheduler asks about the same hosts again and again, and a list never changes once it is handed over. */
const encodedLists = new WeakMap<readonly string[], Buffer>();

/**
 * Encodes the `host_ids` field of a request: field 2 in each of them. What comes before is to be encoded as a message
 * without host ids: protobuf reads messages in a row as one. Undefined for a list in which an id is not 36 characters of
 * ASCII: that is the library's to encode.
 */
export function encodeHostIds(ids: readonly string[]): Buffer | undefined {
  const known = encodedLists.get(ids);
  if (known !== undefined) return known;
  const bytes = Buffer.allocUnsafeSlow(ids.length * ENCODED_ID_LENGTH);
  let at = 0;
  for (const id of ids) {
    if (id.length !== ID_LENGTH) return undefined;
    bytes[at] = HOST_IDS_TAG;
    bytes[at + 1] = ID_LENGTH;
    at += 2;
    let codes = 0;
    for (let index = 0; index < ID_LENGTH; index += 1) {
      const code = id.charCodeAt(index);
      codes |= code;
      bytes[at + index] = code;
    }
    if (codes > 127) return undefined;
    at += ID_LENGTH;
  }
  encodedLists.set(ids, bytes);
  return bytes;
}

/**
 * Encodes the `scores` field of a ScoreHostsResponse, for scores without names and reasons; undefined when one isn't
 * an ASCII id with a score of 0 or more. What comes after is to be encoded as a message without scores and appended.
 */
export function encodeScores(scores: readonly HostScore[]): Buffer | undefined {
  const bytes = Buffer.allocUnsafe(scores.length * MAX_SCORE_BYTES);
  let at = 0;
  for (const { hostId, score } of scores) {
    if (hostId.length !== ID_LENGTH || !(score >= 0)) return undefined;
    bytes[at] = SCORES_TAG;
    const lengthAt = at + 1;
    bytes[at + 2] = HOST_ID_TAG;
    bytes[at + 3] = ID_LENGTH;
    at += 4;
    // Written out, since a function for it costs a seventh more.
    let codes = 0;
    for (let index = 0; index < ID_LENGTH; index += 1) {
      const code = hostId.charCodeAt(index);
      codes |= code;
      bytes[at + index] = code;
    }
    if (codes > 127) return undefined;
    at += ID_LENGTH;
    bytes[at] = SCORE_TAG;
    at += 1;
    let rest = score;
    for (; rest > 127; rest >>>= 7) {
      bytes[at] = (rest & 127) | 128;
      at += 1;
    }
    bytes[at] = rest;
    at += 1;
    bytes[lengthAt] = at - lengthAt - 1;
  }
  return bytes.subarray(0, at);
}

/** The `scores` field at the beginning of a ScoreHostsResponse, and where the rest of the message begins. */
export interface DecodedScores {
  readonly scores: readonly HostScore[];
  readonly end: number;
}

/**
 * Decodes the plain scores at the beginning of a ScoreHostsResponse, of hosts that were asked for and in that order; their
 * ids are the very strings of the request. Undefined when a score is anything else (with a name or reasons, absent, below
 * 0, of another host): the whole message is the library's to decode.
 */
export function decodeScores(bytes: Uint8Array, asked: readonly string[]): DecodedScores | undefined {
  const ids = encodeHostIds(asked);
  if (ids === undefined) return undefined;
  const scores: HostScore[] = [];
  let at = 0;
  let next = 0;
  while (bytes[at] === SCORES_TAG) {
    const end = at + 2 + (bytes[at + 1] ?? 0);
    if (bytes[at + 2] !== HOST_ID_TAG || bytes[at + 3] !== ID_LENGTH) return undefined;
    at += 4;
    while (next < asked.length && !isSameId(bytes, at, ids, (next + 1) * ENCODED_ID_LENGTH - ID_LENGTH))
      next += 1;
    const hostId = asked[next];
    if (hostId === undefined) return undefined;
    next += 1;
    at += ID_LENGTH;
    if (bytes[at] !== SCORE_TAG) return undefined;
    at += 1;
    let score = 0;
    let shift = 0;
    let byte = bytes[at] ?? 0;
    for (; byte > 127 && shift < 28; byte = bytes[at] ?? 0) {
      score |= (byte & 127) << shift;
      shift += 7;
      at += 1;
    }
    // Of the fifth byte three bits belong to a score; more make it negative, or no score.
    if (byte > (shift === 28 ? 7 : 127)) return undefined;
    score |= byte << shift;
    at += 1;
    if (at !== end || at > bytes.length) return undefined;
    scores.push({ hostId, score });
  }
  return { scores, end: at };
}

/** Compares bytes: an id that is a slice of a long text takes several times as long to compare character by character. */
function isSameId(bytes: Uint8Array, at: number, ids: Uint8Array, idAt: number): boolean {
  for (let index = 0; index < ID_LENGTH; index += 1) {
    if (bytes[at + index] !== ids[idAt + index]) return false;
  }
  return true;
}
