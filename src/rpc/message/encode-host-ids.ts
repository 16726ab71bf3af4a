/** Field 2 of ScoreHostsRequest, FilterHostsRequest and BalanceHostsRequest: length-delimited. */
const HOST_IDS_TAG = (2 << 3) | 2;

/** Length of an id: a UUID as text. */
const ID_LENGTH = 36;

/** Bytes of one encoded id: a tag, a length, and the id. */
export const ENCODED_ID_LENGTH = 2 + ID_LENGTH;

const NO_IDS = Buffer.alloc(0);

/** A scheduler asks about the same hosts again and again, and a list never changes once it is handed over. */
const encodedLists = new WeakMap<readonly string[], Buffer>();

/**
 * Encodes the `host_ids` field of a request: field 2 in each of them. What comes before is to be encoded as a message
 * without host ids: protobuf reads messages in a row as one. Undefined for a list in which an id is not 36 characters of
 * ASCII: that is the library's to encode.
 */
export function encodeHostIds(ids: readonly string[]): Buffer | undefined {
  if (ids.length === 0) return NO_IDS;
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
