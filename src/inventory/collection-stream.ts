import { isUtf8 } from 'node:buffer';
import { isJsonObject } from '../lib/json.js';
import { lasting, passing, type EngineFailure } from './engine-failure.js';

/** Largest decompressed body, in bytes. 100,000 VMs are about 1 GB; a larger body is a bomb. */
export const MAX_BODY_BYTES = 4 * 1024 ** 3;

/** Largest object of a collection, in bytes. A VM with a certificate is about 10 KB. */
export const MAX_OBJECT_BYTES = 1024 ** 2;

/** Most objects of a collection: 2.5 times what an engine is built for, and what fits into 1 GB of memory. */
export const MAX_OBJECTS = 250_000;

/** Most bytes around the objects, counting a run of white space as one. An object needs three or four. */
export const MAX_SKELETON_BYTES = 2 * 1024 ** 2;

/** Deepest nesting of objects and arrays, the body being depth 1. A VM needs about 10. */
export const MAX_DEPTH = 64;

/** Options of a collection splitter. */
export interface CollectionSplitterOptions {
  /** Name of the collection in the body: `vm` for `{"vm": [{...}, ...]}`. */
  readonly key: string;
  /** Called with each parsed object, in order, as soon as its last byte is there. */
  readonly visit: (object: unknown) => void;
  /** Called with the reason for an object that is too large, in place of `seen` and `visit`. */
  readonly oversized: (reason: string) => void;
  /** Called first, with the bytes of each object. Returns true for known bytes, which are not parsed. */
  readonly seen?: ((bytes: Buffer) => boolean) | undefined;
}

/** Splitter of a collection that comes in chunks. Both methods throw an EngineFailure for a malformed body. */
export interface CollectionSplitter {
  /** Scans the next chunk, which must not be overwritten afterwards, since a part of it may be kept. */
  readonly write: (chunk: Buffer) => void;
  /** Ends the body. Returns the number of elements that are no objects, and so were not visited. */
  readonly end: () => { readonly others: number };
}

const SPACE = 0x20;
const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const OPEN_OBJECT = 0x7b;
const CLOSE_OBJECT = 0x7d;
const OPEN_ARRAY = 0x5b;
const CLOSE_ARRAY = 0x5d;
/** The body is depth 1, the collection's array 2, its objects 3. */
const ARRAY_DEPTH = 2;

/**
 * Creates a splitter of a streamed body `{"vm": [{...}, ...]}`, which never holds the body: it cuts out each object by its
 * braces and parses it alone. The skeleton around the objects, with an empty text for each, is parsed at the end, so that a body
 * that is cut or malformed anywhere is an error. `{}` is an empty collection.
 *
 * The scanner costs no more than one JSON.parse of the whole body, a third of streaming JSON parsers, which build every token.
 */
export function createCollectionSplitter({
  key,
  visit,
  oversized,
  seen,
}: CollectionSplitterOptions): CollectionSplitter {
  const skeleton = createSkeleton();
  let bodyBytes = 0;
  let depth = 0;
  let inString = false;
  let escaped = false;
  // Offsets in the skeleton of the last string of depth 1, the key of an array that follows.
  let keyStart = 0;
  let keyEnd = 0;
  let collections = 0;
  let inCollection = false;
  let inObject = false;
  let objects = 0;
  // Parts of the current object in earlier chunks.
  let parts: Buffer[] = [];
  let partBytes = 0;

  function write(chunk: Buffer): void {
    bodyBytes += chunk.length;
    if (bodyBytes > MAX_BODY_BYTES) throw tooBig(`has more than ${MAX_BODY_BYTES} bytes`);
    let at = 0;
    while (at < chunk.length) at = inObject ? scanObject(chunk, at) : scanSkeleton(chunk, at);
  }

  /** Scans up to the brace of the next object, or the end of the chunk. */
  function scanSkeleton(chunk: Buffer, start: number): number {
    for (let at = start; at < chunk.length; at += 1) {
      const byte = chunk[at] ?? 0;
      if (inString) {
        skeleton.add(byte);
        if (escaped) escaped = false;
        else if (byte === BACKSLASH) escaped = true;
        else if (byte === QUOTE) {
          inString = false;
          if (depth === 1) keyEnd = skeleton.size();
        }
        continue;
      }
      if (byte === OPEN_OBJECT && inCollection && depth === ARRAY_DEPTH) {
        objects += 1;
        if (objects > MAX_OBJECTS) throw tooBig(`has more than ${MAX_OBJECTS} elements`);
        // An empty text in its place: a number would make one with digits beside it.
        skeleton.add(QUOTE);
        skeleton.add(QUOTE);
        inObject = true;
        return at;
      }
      if (byte === QUOTE) {
        inString = true;
        if (depth === 1) keyStart = skeleton.size();
      } else if (byte === OPEN_OBJECT || byte === OPEN_ARRAY) {
        if (byte === OPEN_ARRAY && depth === 1) openArray();
        enter();
      } else if (byte === CLOSE_OBJECT || byte === CLOSE_ARRAY) {
        depth -= 1;
        if (depth < 0) throw malformed('a bracket closes that was never opened');
        if (depth < ARRAY_DEPTH) inCollection = false;
      }
      if (inString) skeleton.add(byte);
      else skeleton.addOutsideString(byte);
    }
    return chunk.length;
  }

  /** Scans an object up to its closing brace, or the end of the chunk. */
  function scanObject(chunk: Buffer, start: number): number {
    const length = chunk.length;
    let at = start;
    while (at < length) {
      if (escaped) {
        escaped = false;
        at += 1;
        continue;
      }
      if (inString) {
        while (at < length && chunk[at] !== QUOTE && chunk[at] !== BACKSLASH) at += 1;
        if (at === length) break;
        if (chunk[at] === QUOTE) inString = false;
        else escaped = true;
        at += 1;
        continue;
      }
      const byte = chunk[at];
      at += 1;
      if (byte === QUOTE) inString = true;
      else if (byte === OPEN_OBJECT || byte === OPEN_ARRAY) enter();
      else if (byte === CLOSE_OBJECT || byte === CLOSE_ARRAY) {
        depth -= 1;
        if (depth > ARRAY_DEPTH) continue;
        inObject = false;
        finishObject(chunk, start, at);
        return at;
      }
    }
    keepPart(chunk.subarray(start));
    return length;
  }

  function enter(): void {
    depth += 1;
    if (depth > MAX_DEPTH) throw tooBig(`is nested more than ${MAX_DEPTH} deep`);
  }

  function openArray(): void {
    if (!skeleton.holdsString(keyStart, keyEnd, key)) return;
    collections += 1;
    if (collections > 1) throw malformed(`${JSON.stringify(key)} is there twice`);
    inCollection = true;
  }

  function keepPart(part: Buffer): void {
    partBytes += part.length;
    if (partBytes > MAX_OBJECT_BYTES) parts = [];
    else parts.push(part);
  }

  function finishObject(chunk: Buffer, start: number, end: number): void {
    let bytes = chunk.subarray(start, end);
    if (partBytes + bytes.length > MAX_OBJECT_BYTES) {
      parts = [];
      partBytes = 0;
      oversized(`${key} number ${objects} has more than ${MAX_OBJECT_BYTES} bytes`);
      return;
    }
    if (parts.length > 0) {
      bytes = Buffer.concat([...parts, bytes]);
      parts = [];
      partBytes = 0;
    }
    if (seen?.(bytes) !== true) visit(parse(bytes, `element ${objects}`));
  }

  function parse(bytes: Buffer, what: string): unknown {
    if (!isUtf8(bytes)) throw malformed(`${what} is not UTF-8`);
    try {
      return JSON.parse(bytes.toString('utf8'));
    } catch {
      throw malformed(`${what} is not JSON`);
    }
  }

  function tooBig(problem: string): EngineFailure {
    return lasting(`the engine's list of ${key}s ${problem}, the limit of this service`);
  }

  function malformed(problem: string): EngineFailure {
    return passing(`the engine's list of ${key}s is malformed: ${problem}`);
  }

  return {
    write,
    end() {
      if (inObject || inString || depth > 0 || skeleton.size() === 0) {
        throw passing(
          `the engine's list of ${key}s was cut after ${bodyBytes} bytes, in or after element ${objects}`,
        );
      }
      const body = parse(skeleton.bytes(), 'what surrounds the elements');
      if (!isJsonObject(body)) throw malformed('it is no object');
      const collection: unknown = Object.hasOwn(body, key) ? body[key] : [];
      if (collection === null) return { others: 0 };
      if (!Array.isArray(collection)) throw malformed(`${JSON.stringify(key)} is no array`);
      return { others: collection.length - objects };
    },
  };
}

/** Bytes around the objects of a collection. */
interface Skeleton {
  readonly add: (byte: number) => void;
  /** Adds a byte outside of strings, of a run of white space only the first. */
  readonly addOutsideString: (byte: number) => void;
  readonly size: () => number;
  /** Reports whether a range is the JSON string of `text`. */
  readonly holdsString: (start: number, end: number, text: string) => boolean;
  readonly bytes: () => Buffer;
}

function createSkeleton(): Skeleton {
  let buffer = Buffer.alloc(1024);
  let size = 0;

  function add(byte: number): void {
    if (size === buffer.length) {
      if (size >= MAX_SKELETON_BYTES) {
        throw lasting(
          `the engine's list has more than ${MAX_SKELETON_BYTES} bytes around its elements, the limit of this service`,
        );
      }
      const bigger = Buffer.alloc(size * 2);
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
