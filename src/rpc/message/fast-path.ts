/**
 * Encoding and decoding a thousand small messages one by one is the largest part of the cost of a call
 * (docs/decisions/0011-scores-encoded-by-hand.md). So the lists that grow with the number of hosts are written and read by
 * hand here, in the plain form that nearly every call has; any other form is left to the library.
 */
import protobuf from 'protobufjs/minimal.js';
import type { HostScore, ScoreExplanation } from '../../domain/contract.js';
import { boundedText } from '../../lib/text.js';

/** Length of a UUID as text. */
const ID_LENGTH = 36;

/** Field 2 of ScoreHostsRequest, FilterHostsRequest and BalanceHostsRequest: length-delimited. */
const HOST_IDS_TAG = (2 << 3) | 2;

/** Bytes of one encoded id: a tag, a length, and the id. */
const ENCODED_ID_LENGTH = 2 + ID_LENGTH;

/** Field 1 of ScoreHostsResponse and field 1 of HostScore, length-delimited; field 2 of HostScore, varint. */
const SCORES_TAG = (1 << 3) | 2;
const HOST_ID_TAG = (1 << 3) | 2;
const SCORE_TAG = 2 << 3;

/** Most bytes of one score: two tags and lengths, the id, a tag and a varint of 31 bits. */
const MAX_SCORE_BYTES = 2 + 2 + ID_LENGTH + 1 + 5;

/** Encoded ids by array: a scheduler asks about the same hosts again and again, and a list never changes. */
const encodedLists = new WeakMap<readonly string[], Buffer>();

/**
 * Encodes the `host_ids` field of a request, to be appended to the message without host ids: protobuf merges concatenated
 * messages. Returns undefined, for the library to encode, if an id is not 36 ASCII characters.
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

/** The fields of a score that are encoded here. A new field of a score fails to compile until it is encoded, too. */
type Encoded<Field extends 'hostId' | 'score'> = Field;

/**
 * Encodes the `scores` field of a ScoreHostsResponse, to be followed by the message without scores. Returns undefined, for
 * the library to encode, if a score is negative or its id is not ASCII.
 */
export function encodeScores(
  scores: readonly Pick<HostScore, Encoded<keyof HostScore>>[],
): Buffer | undefined {
  const bytes = Buffer.allocUnsafe(scores.length * MAX_SCORE_BYTES);
  let at = 0;
  for (const { hostId, score } of scores) {
    if (hostId.length !== ID_LENGTH || !(score >= 0)) return undefined;
    bytes[at] = SCORES_TAG;
    const lengthAt = at + 1;
    bytes[at + 2] = HOST_ID_TAG;
    bytes[at + 3] = ID_LENGTH;
    at += 4;
    // Other characters take more bytes, for which there is room: that of the score.
    if (bytes.write(hostId, at, 'utf8') !== ID_LENGTH) return undefined;
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

/** Fields 3 and 4 of HostScore, and 1 and 2 of Reason, length-delimited. */
const HOST_NAME_TAG = (3 << 3) | 2;
const REASONS_TAG = (4 << 3) | 2;
const UNIT_TAG = (1 << 3) | 2;
const TEXT_TAG = (2 << 3) | 2;

/**
 * Encodes the `scores` field of a ScoreHostsResponse, to be followed by the message without scores, with names and reasons
 * for the best `top` hosts. Of equal scores the first ranks higher.
 */
export function encodeExplainedScores(
  scores: readonly Pick<HostScore, Encoded<keyof HostScore>>[],
  { hostName, reasons }: ScoreExplanation,
  top = scores.length,
): Uint8Array {
  const ranked = scores.map((_, place) => place);
  if (top < scores.length) ranked.sort((a, b) => (scores[b]?.score ?? 0) - (scores[a]?.score ?? 0) || a - b);
  const best = new Set(ranked.slice(0, top));
  const writer = protobuf.Writer.create();
  scores.forEach(({ hostId, score }, place) => {
    writer.uint32(SCORES_TAG).fork();
    writer.uint32(HOST_ID_TAG).string(hostId).uint32(SCORE_TAG).int32(score);
    if (best.has(place)) {
      const name = hostName(place);
      if (name !== undefined) writer.uint32(HOST_NAME_TAG).string(name);
      for (const { unit, text } of reasons(place)) {
        writer.uint32(REASONS_TAG).fork();
        writer.uint32(UNIT_TAG).string(unit).uint32(TEXT_TAG).string(boundedText(text)).ldelim();
      }
    }
    writer.ldelim();
  });
  return writer.finish();
}

/** Fields 1 and 2 of StreamScoreHostsResponse, length-delimited. */
const REQUEST_ID_TAG = (1 << 3) | 2;
const RESPONSE_TAG = (2 << 3) | 2;

/** Encodes a StreamScoreHostsResponse as far as its `response`, to be followed by that many bytes of a ScoreHostsResponse. */
export function encodeStreamedHead(requestId: string, length: number): Uint8Array {
  const writer = protobuf.Writer.create();
  return writer.uint32(REQUEST_ID_TAG).string(requestId).uint32(RESPONSE_TAG).uint32(length).finish();
}

/** The scores at the beginning of a ScoreHostsResponse, and the offset of the rest. */
export interface DecodedScores {
  readonly scores: readonly HostScore[];
  readonly end: number;
}

/**
 * Decodes the plain scores at the beginning of a ScoreHostsResponse, in the order of the requested hosts, whose strings it
 * reuses as ids. Returns undefined, for the library to decode, if a score is anything else: with a name or reasons, absent,
 * negative or of another host.
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
    // Only three bits of the fifth byte belong to a score; more make it negative or invalid.
    if (byte > (shift === 28 ? 7 : 127)) return undefined;
    score |= byte << shift;
    at += 1;
    if (at !== end || at > bytes.length) return undefined;
    scores.push({ hostId, score });
  }
  return { scores, end: at };
}

/** Compares ids as bytes, several times faster than as slices of a long text. */
function isSameId(bytes: Uint8Array, at: number, ids: Uint8Array, idAt: number): boolean {
  for (let index = 0; index < ID_LENGTH; index += 1) {
    if (bytes[at + index] !== ids[idAt + index]) return false;
  }
  return true;
}
