import type { HostScore } from '../../domain/contract.js';
import { encodeHostIds, ENCODED_ID_LENGTH } from './encode-host-ids.js';

/** Length of an id: a UUID as text. */
const ID_LENGTH = 36;

/** Field 1 of ScoreHostsResponse and field 1 of HostScore, length-delimited; field 2 of HostScore, varint. */
const SCORES_TAG = (1 << 3) | 2;
const HOST_ID_TAG = (1 << 3) | 2;
const SCORE_TAG = 2 << 3;

/** The `scores` field at the beginning of a ScoreHostsResponse, and where the rest of the message begins. */
export interface DecodedScores {
  readonly scores: readonly HostScore[];
  readonly end: number;
}

/**
 * Decodes the plain scores at the beginning of a ScoreHostsResponse, of hosts that were asked for and in that order; their
 * ids are the very strings of the request. Undefined when a score is anything else (with a name or reasons, below 0, of
 * another host): the whole message is the library's to decode, and to judge.
 *
 * Decoding a thousand small messages and ids one by one is the largest part of what a call costs its caller, several times
 * this (docs/decisions/0011-scores-encoded-by-hand.md).
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
