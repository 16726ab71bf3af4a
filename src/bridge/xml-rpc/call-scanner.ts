import type { XmlRpcValue } from '../../engine-model/value.js';
import { EXTENSIONS_NAMESPACE } from './elements.js';
import { flatCopy, MAX_ELEMENTS, MAX_NAME_LENGTH, METHOD_NAME, readCall, type MethodCall } from './reader.js';

/** Longest body to scan, in bytes: one with more than {@link MAX_ELEMENTS} is longer, since each takes 10 bytes and more. */
export const MAX_SCANNED_BYTES = 10 * MAX_ELEMENTS;

/** Deepest nesting of arrays and structs to scan, twice that of the engine's calls. */
export const MAX_SCANNED_DEPTH = 4;

/** Number of remembered lists: an engine asks about few clusters at a time. */
export const MAX_REMEMBERED_LISTS = 4;

/** Longest list to remember, in bytes: 20,000 ids. */
export const MAX_REMEMBERED_BYTES = 1024 ** 2;

/** Length of a UUID, which the id of a host is. */
const ID_LENGTH = 36;

/** A list of ids, and the bytes of the array element that it was read from. */
interface RememberedList {
  readonly ids: readonly string[];
  readonly bytes: Buffer;
}

const DECLARATION = '<?xml version="1.0" encoding="UTF-8"?>';
const WITH_EXTENSIONS = `<methodCall xmlns:ex="${EXTENSIONS_NAMESPACE}">`;
const END = /^<\/params><\/methodCall>\n?$/;

/** Text that stands for itself: ASCII without markup. */
const PLAIN = /^[ -%'-;=?-~]*$/;
const INTEGER = /^-?\d{1,9}$/;

/**
 * Creates a reader of calls. It scans calls in the form in which the engine's client library writes them, at a fraction of the
 * cost of {@link readCall}, and leaves all others to that, malformed ones too. The ids of a list whose bytes equal those of a
 * recent one are the same array as then, by which others cache.
 */
export function createCallReader(): (body: Uint8Array) => MethodCall {
  const scan = createCallScanner();
  return (body) => scan(body) ?? readCall(body);
}

/** Creates a scanner of calls. It returns undefined for a body in another form, and otherwise what {@link readCall} does. */
export function createCallScanner(): (body: Uint8Array) => MethodCall | undefined {
  const remembered: RememberedList[] = [];
  return (body) =>
    body.length <= MAX_SCANNED_BYTES
      ? scanCall(Buffer.from(body.buffer, body.byteOffset, body.length), remembered)
      : undefined;
}

function scanCall(body: Buffer, remembered: RememberedList[]): MethodCall | undefined {
  const xml = body.toString('latin1');
  let at = 0;
  if (take(DECLARATION)) take('\n');
  const hasExtensions = take(WITH_EXTENSIONS);
  if (!hasExtensions && !take('<methodCall>')) return undefined;
  const method = take('<methodName>') ? takeText('</methodName>') : undefined;
  if (method === undefined || method.length > MAX_NAME_LENGTH || !METHOD_NAME.test(method)) return undefined;
  const params: XmlRpcValue[] = [];
  if (!take('<params>')) return undefined;
  while (take('<param>')) {
    const param = takeValue(0);
    if (param === undefined || !take('</param>')) return undefined;
    params.push(param);
  }
  return END.test(xml.slice(at)) ? { method: flatCopy(method), params } : undefined;

  function take(token: string): boolean {
    if (!xml.startsWith(token, at)) return false;
    at += token.length;
    return true;
  }

  /** Takes the text before an end tag, with that tag. */
  function takeText(endTag: string): string | undefined {
    const end = xml.indexOf('<', at);
    const text = xml.slice(at, end);
    at = end;
    return end >= 0 && take(endTag) && PLAIN.test(text) ? text : undefined;
  }

  function takeValue(depth: number): XmlRpcValue | undefined {
    if (!take('<value>')) return undefined;
    if (xml[at] !== '<' || xml[at + 1] === '/') return takeText('</value>');
    const value = takeTyped(depth);
    return take('</value>') ? value : undefined;
  }

  function takeTyped(depth: number): XmlRpcValue | undefined {
    if (take('<string>')) return takeText('</string>');
    if (take('<array><data>')) return depth === 0 ? takeList() : takeItems(depth);
    if (take('<i4>')) return integerOf(takeText('</i4>'));
    if (take('<int>')) return integerOf(takeText('</int>'));
    if (take('<struct>')) return takeMembers(depth);
    if (take('<struct/>')) return new Map();
    return hasExtensions && take('<ex:nil/>') ? null : undefined;
  }

  function takeItems(depth: number): readonly XmlRpcValue[] | undefined {
    const items: XmlRpcValue[] = [];
    while (!take('</data></array>')) {
      const item = depth < MAX_SCANNED_DEPTH ? takeValue(depth + 1) : undefined;
      if (item === undefined) return undefined;
      items.push(item);
    }
    return items;
  }

  /** Takes the items of a parameter. Ids are remembered. */
  function takeList(): readonly XmlRpcValue[] | undefined {
    const known = remembered.find(({ bytes }) => bytes.equals(body.subarray(at, at + bytes.length)));
    if (known !== undefined) {
      at += known.bytes.length;
      return known.ids;
    }
    const first = at;
    const items = takeItems(0);
    if (items === undefined || at - first > MAX_REMEMBERED_BYTES || !items.every(isId)) return items;
    const ids = items.map(flatCopy);
    remembered.unshift({ ids, bytes: Buffer.from(body.subarray(first, at)) });
    remembered.length = Math.min(remembered.length, MAX_REMEMBERED_LISTS);
    return ids;
  }

  function takeMembers(depth: number): XmlRpcValue | undefined {
    const members = new Map<string, XmlRpcValue>();
    while (!take('</struct>')) {
      const name = take('<member><name>') ? takeText('</name>') : undefined;
      if (name === undefined || name.length > MAX_NAME_LENGTH || members.has(name)) return undefined;
      const value = depth < MAX_SCANNED_DEPTH ? takeValue(depth + 1) : undefined;
      if (value === undefined || !take('</member>')) return undefined;
      members.set(flatCopy(name), value);
    }
    return members;
  }
}

function isId(item: XmlRpcValue): item is string {
  return typeof item === 'string' && item.length === ID_LENGTH;
}

function integerOf(text: string | undefined): number | undefined {
  // Adding 0 turns -0 into 0.
  return text !== undefined && INTEGER.test(text) ? Number(text) + 0 : undefined;
}
