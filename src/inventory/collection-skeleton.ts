import { EngineFailure } from './engine-failure.js';

/** A growing, bounded run of bytes: what surrounds the objects of a collection. */
export interface Skeleton {
  /** Adds a byte as it is. Throws an EngineFailure when there are too many. */
  readonly add: (byte: number) => void;
  /** Adds a byte that stands outside of strings: of a run of white space only the first counts. */
  readonly addOutsideString: (byte: number) => void;
  readonly size: () => number;
  /** Says whether this range is the JSON string of that text. */
  readonly holdsString: (start: number, end: number, text: string) => boolean;
  readonly bytes: () => Buffer;
}

const SPACE = 0x20;
const FIRST_CAPACITY = 1024;

/** Starts a skeleton of at most that many bytes. */
export function createSkeleton(maxBytes: number): Skeleton {
  let buffer = Buffer.alloc(Math.min(FIRST_CAPACITY, maxBytes));
  let size = 0;

  function add(byte: number): void {
    if (size === buffer.length) {
      if (size >= maxBytes) {
        throw new EngineFailure(
          `the engine's list has more than ${maxBytes} bytes around its elements, the limit of this service`,
          { transient: false },
        );
      }
      const bigger = Buffer.alloc(Math.min(maxBytes, size * 2));
      buffer.copy(bigger);
      buffer = bigger;
    }
    buffer[size] = byte;
    size += 1;
  }

  return {
    add,
    addOutsideString(byte) {
      const space = byte === SPACE || (byte >= 0x09 && byte <= 0x0d && byte !== 0x0b && byte !== 0x0c);
      if (!space) add(byte);
      else if (size > 0 && buffer[size - 1] !== SPACE) add(SPACE);
    },
    size: () => size,
    holdsString(start, end, text) {
      try {
        return JSON.parse(buffer.toString('utf8', start, end)) === text;
      } catch {
        return false;
      }
    },
    bytes: () => buffer.subarray(0, size),
  };
}
