import type { HostScore } from '../../domain/contract.js';

/** Length of an id: a UUID as text. */
const ID_LENGTH = 36;

/** Bytes of one score at most: two tags and lengths, the id, a tag and a varint of 31 bits. */
const MAX_SCORE_BYTES = 2 + 2 + ID_LENGTH + 1 + 5;

/** Field 1 of ScoreHostsResponse and field 1 of HostScore, length-delimited; field 2 of HostScore, varint. */
const SCORES_TAG = (1 << 3) | 2;
const HOST_ID_TAG = (1 << 3) | 2;
const SCORE_TAG = 2 << 3;

/**
 * Encodes the `scores` field of a ScoreHostsResponse, for scores without names and reasons; undefined when one isn't
 * an ASCII id with a score of 0 or more. What comes after is to be encoded as a message without scores and
 * appended: protobuf reads messages in a row as one.
 *
 * Encoding a thousand small messages one by one is the largest part of what a call costs, several times this
 * (docs/decisions/0011-scores-encoded-by-hand.md).
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
