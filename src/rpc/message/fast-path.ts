/**
 * Encoding and decoding a thousand small messages one by one is the largest part of the cost of a call
 * (docs/decisions/0011-scores-encoded-by-hand.md). So the lists that grow with the number of hosts are written and read by
 * hand here, in the plain form that nearly every call has; any other form is left to the library.
 */
import protobuf from 'protobufjs/minimal.js';
import type { Direction, HostScore, ScoreExplanation } from '../../domain/contract.js';
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

/** Bytes of one score before its number: two tags and lengths, the id and a tag. */
const SCORE_HEAD_BYTES = 2 + 2 + ID_LENGTH + 1;

/** Most bytes of a varint of 31 bits, and the largest number that takes one byte. */
const MAX_VARINT_BYTES = 5;
const MAX_ONE_BYTE = 127;

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

/** Tag of field 1 of those requests, a text; and the length from which a text needs a longer length. */
const FIRST_TAG = (1 << 3) | 2;
const LONG_TEXT = 128;

/** A list of ids, and its {@link encodeHostIds}. */
export interface EncodedList {
  readonly ids: string[];
  readonly encoded: Buffer | undefined;
}

/**
 * Decodes a request by `decode`, but for `host_ids` that follow on field 1, or on nothing, and are those of a list which
 * `listFrom` returns for the first of them: then the message has that very list.
 */
export function decodeWithHostIds<Message extends { host_ids: string[] }>(
  bytes: Buffer,
  decode: (bytes: Buffer) => Message,
  listFrom: (firstId: string) => EncodedList | undefined,
): Message {
  const [tag, length = LONG_TEXT] = bytes;
  const start = tag === FIRST_TAG && length < LONG_TEXT ? 2 + length : 0;
  if (bytes[start] !== HOST_IDS_TAG) return decode(bytes);
  const { ids, encoded } = listFrom(bytes.toString('latin1', start + 2, start + ENCODED_ID_LENGTH)) ?? {};
  if (ids === undefined || encoded === undefined) return decode(bytes);
  const end = start + encoded.length;
  if (end > bytes.length || encoded.compare(bytes, start, end) !== 0) return decode(bytes);
  const message = decode(Buffer.concat([bytes.subarray(0, start), bytes.subarray(end)]));
  if (message.host_ids.length > 0) return decode(bytes);
  message.host_ids = ids;
  return message;
}

/** The fields of a score that are encoded here. A new field of a score fails to compile until it is encoded, too. */
type Encoded<Field extends 'hostId' | 'score'> = Field;

type PlainScores = readonly Pick<HostScore, Encoded<keyof HostScore>>[];

/**
 * Encodes the `scores` field of a ScoreHostsResponse, to be followed by the message without scores. Returns undefined, for
 * the library to encode, if a score is negative or its id is not ASCII. Scores of `asked`, one for each, take a fifth of the
 * time once that list was encoded.
 */
export function encodeScores(scores: PlainScores, asked?: readonly string[]): Buffer | undefined {
  const known = asked && encodeOneByteScores(scores, asked);
  if (known !== undefined) return known;
  const bytes = Buffer.allocUnsafe(scores.length * (SCORE_HEAD_BYTES + MAX_VARINT_BYTES));
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
    at = writeVarint(bytes, score, at + 1);
    bytes[lengthAt] = at - lengthAt - 1;
  }
  return bytes.subarray(0, at);
}

/** Encoded scores of 0 by the array of their ids, which must be a remembered one. */
const encodedZeros = new WeakMap<readonly string[], Buffer>();

/** Encodes scores of one byte for all hosts of a list whose ids are encoded. Returns undefined for any others. */
function encodeOneByteScores(scores: PlainScores, asked: readonly string[]): Buffer | undefined {
  if (!encodedLists.has(asked) || scores.length !== asked.length) return undefined;
  const zeros = encodedZeros.get(asked) ?? encodeScores(asked.map((hostId) => ({ hostId, score: 0 })));
  if (zeros === undefined) return undefined;
  encodedZeros.set(asked, zeros);
  const bytes = Buffer.from(zeros);
  let place = 0;
  for (const { hostId, score } of scores) {
    if (hostId !== asked[place] || !(score >= 0 && score <= MAX_ONE_BYTE)) return undefined;
    place += 1;
    bytes[place * (SCORE_HEAD_BYTES + 1) - 1] = score;
  }
  return bytes;
}

/** Writes a number of 0 or more as a varint. Returns the index behind it. */
function writeVarint(bytes: Uint8Array, value: number, start: number): number {
  let at = start;
  let rest = value;
  for (; rest > MAX_ONE_BYTE; rest >>>= 7) {
    bytes[at] = (rest & MAX_ONE_BYTE) | 128;
    at += 1;
  }
  bytes[at] = rest;
  return at + 1;
}

/** Field 2 of ScoreHostsResponse, 1, 2 and 4 of ScoreUnitResult, and 1 of UnitScores: a direction is a varint. */
const UNIT_RESULTS_TAG = (2 << 3) | 2;
const RESULT_UNIT_TAG = (1 << 3) | 2;
const RESULT_SCORES_TAG = (2 << 3) | 2;
const RESULT_DIRECTION_TAG = 4 << 3;
const VALUES_TAG = (1 << 3) | 2;

const DIRECTIONS: Readonly<Record<Direction, number>> = { HIGHER_IS_BETTER: 1, LOWER_IS_BETTER: 2 };

/**
 * Encodes the values of a unit as one of the `unit_results` of a ScoreHostsResponse. Returns undefined, for the library to
 * encode, if a value is negative.
 */
export function encodeUnitScores(
  unit: string,
  values: readonly number[],
  direction: Direction | undefined,
): Uint8Array | undefined {
  const packed = Buffer.allocUnsafe(values.length * MAX_VARINT_BYTES);
  let end = 0;
  for (const value of values) {
    if (!(value >= 0)) return undefined;
    end = writeVarint(packed, value, end);
  }
  const writer = protobuf.Writer.create().uint32(UNIT_RESULTS_TAG).fork();
  writer.uint32(RESULT_UNIT_TAG).string(unit).uint32(RESULT_SCORES_TAG).fork();
  if (end > 0) writer.uint32(VALUES_TAG).bytes(packed.subarray(0, end));
  writer
    .ldelim()
    .uint32(RESULT_DIRECTION_TAG)
    .int32(direction === undefined ? 0 : DIRECTIONS[direction]);
  return writer.ldelim().finish();
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
  scores: PlainScores,
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
