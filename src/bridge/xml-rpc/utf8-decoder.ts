import { FAULT_CODES, XmlRpcFault } from './fault.js';

/** Turns bytes into text, chunk by chunk; a character may lie in two chunks. Both methods throw an XmlRpcFault. */
export interface Utf8Decoder {
  readonly decode: (chunk: Uint8Array) => string;
  /** Makes sure that no character was left unfinished. */
  readonly end: () => void;
}

const NO_BYTES = new Uint8Array(0);

/** The XML parser takes care of a byte order mark, so that only one at the very start is one. */
const strict = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/**
 * Creates a strict decoder of UTF-8. It holds back an unfinished character by itself, since a TextDecoder that is told to
 * stream takes eight times as long for the rest.
 */
export function createUtf8Decoder(): Utf8Decoder {
  let unfinished = NO_BYTES;

  return {
    decode(chunk) {
      const bytes = unfinished.length === 0 ? chunk : joined(unfinished, chunk);
      const end = bytes.length - unfinishedBytes(bytes);
      // Not `slice`, which shares its memory when the chunk is a Buffer.
      unfinished = end === bytes.length ? NO_BYTES : Uint8Array.from(bytes.subarray(end));
      try {
        return strict.decode(bytes.subarray(0, end));
      } catch {
        throw invalid();
      }
    },
    end() {
      if (unfinished.length > 0) throw invalid();
    },
  };
}

function invalid(): XmlRpcFault {
  return new XmlRpcFault(FAULT_CODES.invalidCharacter, 'the body is no valid UTF-8');
}

function joined(first: Uint8Array, second: Uint8Array): Uint8Array {
  const both = new Uint8Array(first.length + second.length);
  both.set(first);
  both.set(second, first.length);
  return both;
}

/** How many bytes at the end begin a character that is not complete, 0 to 3. */
function unfinishedBytes(bytes: Uint8Array): number {
  for (let count = 1; count <= 3; count += 1) {
    const byte = bytes.at(-count);
    if (byte === undefined || byte < 0x80) return 0;
    if (byte >= 0xc0) return count < lengthOfCharacter(byte) ? count : 0;
  }
  return 0;
}

function lengthOfCharacter(firstByte: number): number {
  if (firstByte >= 0xf0) return 4;
  return firstByte >= 0xe0 ? 3 : 2;
}
