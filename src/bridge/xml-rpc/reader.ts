import { SaxesParser } from 'saxes';
import { isStruct, type XmlRpcValue } from '../../engine-model/value.js';
import { quoted } from '../../lib/text.js';
import { elementOf, EXTENSIONS_NAMESPACE, type Content, type ElementType } from './elements.js';
import { FAULT_CODES, XmlRpcFault } from './fault.js';

/** Deepest nesting of elements, the root being depth 1. An array in an array takes three; nobody nests 19 of them. */
export const MAX_DEPTH = 64;

/** Most elements and attributes of a document: an answer of five units with 10,000 rows of three, with some margin. */
export const MAX_ELEMENTS = 500_000;

/** Longest name of a method or member, in characters: eight times that of a unit. */
export const MAX_NAME_LENGTH = 1024;

/** Longest text that may be held as the parser made it, in characters; an id has 36, and a copy of each would be felt. */
const MAX_UNCOPIED_LENGTH = 64;

/** Most prefixes in scope at one place. A client needs one, and each element that declares one copies the others. */
export const MAX_NAMESPACES = 16;

/**
 * Returns a copy of a text, for what outlives the document that it is from. V8 holds a joined text as a tree of its pieces,
 * 32 bytes for each, and one that was cut out as a view, with which all of the document stays in memory.
 */
export function flatCopy(text: string): string {
  // Cutting makes V8 write the joined text out, which costs half of what a Buffer does.
  return ` ${text}`.slice(1);
}

/** A call of a method. */
export interface MethodCall {
  readonly method: string;
  readonly params: readonly XmlRpcValue[];
}

/** A server's response. A fault in it is data, so that it is not confused with a thrown parse error. */
export type MethodResponse =
  | { readonly value: XmlRpcValue; readonly fault?: never }
  | { readonly fault: XmlRpcFault; readonly value?: never };

/** Parses the body of a call. Throws an XmlRpcFault with the problem and its position. */
export function readCall(body: Uint8Array): MethodCall {
  const { method, values } = readDocument(body, 'methodCall');
  return { method, params: values };
}

/** Parses the body of a response. Throws an XmlRpcFault for anything else. */
export function readResponse(body: Uint8Array): MethodResponse {
  const { values, isFault } = readDocument(body, 'methodResponse');
  const [value] = values;
  if (value === undefined || values.length > 1) {
    throw invalid(`expected one <param> in the answer, got ${values.length}`);
  }
  return isFault ? { fault: sentFault(value) } : { value };
}

function sentFault(value: XmlRpcValue): XmlRpcFault {
  const code = isStruct(value) ? value.get('faultCode') : undefined;
  const text = isStruct(value) ? value.get('faultString') : undefined;
  if (typeof code !== 'number' || typeof text !== 'string') {
    throw invalid('expected a struct of an int faultCode and a string faultString in <fault>');
  }
  return new XmlRpcFault(code, text);
}

/** The content of a document: a call has a method, a response values or a fault. */
interface XmlRpcDocument {
  readonly method: string;
  /** The parameters; in a fault, its one value. */
  readonly values: readonly XmlRpcValue[];
  readonly isFault: boolean;
}

/** Namespaces by prefix, '' being the default. */
type Namespaces = ReadonlyMap<string, string>;

/** An open element and the values of its children so far. */
interface Frame {
  readonly element: ElementType;
  readonly namespaces: Namespaces;
  children: number;
  name: string;
  value: XmlRpcValue;
  items: XmlRpcValue[];
  readonly members: Map<string, XmlRpcValue> | undefined;
}

const NO_NAMESPACES: Namespaces = new Map();
const NO_ITEMS: XmlRpcValue[] = [];
const WHITE_SPACE = /^[ \t\r\n]*$/;
const NAMESPACE_DECLARATION = /^xmlns(?::(?!xml)([^:]+))?$/;
/** Names of methods that the specification allows. */
export const METHOD_NAME = /^[\w.:/]+$/;
/** Longest part of the parser's message to repeat, in characters: it may quote the caller. */
const MAX_PROBLEM_LENGTH = 100;

/**
 * Decoders by the name of an encoding in lower case: UTF-8 and those that contain ASCII, which clients in other languages
 * declare by default. They leave a byte order mark to the parser, which accepts one only at the very start.
 */
const UTF8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
const WINDOWS_1252 = new TextDecoder('windows-1252', { ignoreBOM: true });
const DECODERS = new Map([
  ...['utf-8', 'utf8', 'us-ascii', 'ascii'].map((name) => [name, UTF8] as const),
  ...['iso-8859-1', 'iso8859-1', 'latin1', 'windows-1252', 'cp1252'].map(
    (name) => [name, WINDOWS_1252] as const,
  ),
]);

/** Reports whether bodies in this encoding are read, by its name in any case. */
export function isReadEncoding(name: string): boolean {
  return DECODERS.has(name.toLowerCase());
}

/** Longest XML declaration that is looked into for an encoding, in bytes: three times the usual one. */
const MAX_DECLARATION = 128;
const DECLARED_ENCODING = /^<\?xml[^>]*?\sencoding\s*=\s*["']([^"']*)["']/;

/**
 * Parses the XML that XML-RPC needs: UTF-8 or an encoding that contains ASCII, version 1.0, no DTD, no processing instructions, no entities but XML's five, no
 * attributes but namespace declarations; CDATA and comments are allowed. The parser could resolve namespaces too, but
 * searches every open element for each new one: a common call would take a third longer. Listens to six kinds of events at
 * most: from the eighth on, V8 treats the parser as a dictionary, and it runs six times slower.
 */
function readDocument(body: Uint8Array, root: 'methodCall' | 'methodResponse'): XmlRpcDocument {
  const parser = new SaxesParser({
    xmlns: false,
    position: false,
    forceXMLVersion: true,
    defaultXMLVersion: '1.0',
  });
  const outer: Frame[] = [];
  let frame: Frame | undefined;
  let elements = 0;
  let text = '';
  let isFault = false;
  let document: XmlRpcDocument | undefined;

  parser.on('opentag', ({ name, attributes }) => {
    const before = takeText();
    const depth = outer.length + (frame === undefined ? 1 : 2);
    if (depth === 1) expectPlain(parser.xmlDecl);
    if (depth > MAX_DEPTH) throw overLimit(`elements are nested more than ${MAX_DEPTH} deep`);
    count();
    const namespaces = declared(attributes, frame?.namespaces ?? NO_NAMESPACES);
    const colon = name.indexOf(':');
    const namespace = namespaces.get(colon < 0 ? '' : name.slice(0, colon));
    if (namespace === undefined && colon >= 0) {
      throw invalid(`the prefix of the element ${quoted(name)} is not declared`);
    }
    open(namespace ?? '', name.slice(colon + 1), namespaces, before);
  });
  parser.on('closetag', () => close(takeText()));
  parser.on('text', addText);
  parser.on('cdata', addText);
  parser.on('doctype', () => {
    throw invalid('a document type declaration is not allowed');
  });
  parser.on('processinginstruction', () => {
    throw invalid('a processing instruction is not allowed');
  });

  function addText(more: string): void {
    text = text === '' ? more : text + more;
  }

  function takeText(): string {
    const taken = text;
    text = '';
    return taken.length > MAX_UNCOPIED_LENGTH ? flatCopy(taken) : taken;
  }

  function count(): void {
    elements += 1;
    if (elements > MAX_ELEMENTS) throw overLimit(`there are more than ${MAX_ELEMENTS} elements`);
  }

  function declared(attributes: Readonly<Record<string, string>>, inherited: Namespaces): Namespaces {
    let namespaces: Map<string, string> | undefined;
    for (const attribute in attributes) {
      count();
      const match = NAMESPACE_DECLARATION.exec(attribute);
      if (match === null) {
        throw invalid(`expected no attribute but namespace declarations, got ${quoted(attribute)}`);
      }
      const [prefix, namespace] = [match[1] ?? '', attributes[attribute] ?? ''];
      if (prefix !== '' && namespace === '') {
        throw invalid(`the prefix ${quoted(prefix)} stands for no namespace`);
      }
      namespaces ??= new Map(inherited);
      namespaces.set(prefix, namespace);
      if (namespaces.size > MAX_NAMESPACES) {
        throw overLimit(`more than ${MAX_NAMESPACES} namespaces are declared at one place`);
      }
    }
    return namespaces ?? inherited;
  }

  function open(namespace: string, local: string, namespaces: Namespaces, before: string): void {
    const element = elementOf(namespace, local);
    if (frame === undefined) {
      if (element?.name !== root)
        throw invalid(`expected <${root}> as the root, got ${shown(namespace, local)}`);
    } else {
      const { content } = frame.element;
      const place = content?.repeats === true ? 0 : frame.children;
      if (element === undefined || content?.places[place]?.includes(element.role) !== true) {
        const expected = content === undefined ? 'text' : namesOf(content, place);
        throw invalid(
          `expected ${expected} in <${frame.element.name}>, got ${shown(namespace, local)}${hintOf(namespace, local)}`,
        );
      }
      expectNoText(frame, before);
      frame.children += 1;
      outer.push(frame);
    }
    frame = frameOf(element, namespaces);
  }

  function close(inside: string): void {
    if (frame === undefined) return;
    const closed = frame;
    frame = outer.pop();
    const value = valueOf(closed, inside);
    if (frame === undefined) document = { method: closed.name, values: closed.items, isFault };
    else store(frame, closed, value);
  }

  /** Stores the value of a closed element in its parent. */
  function store(parent: Frame, { element, name, items }: Frame, value: XmlRpcValue): void {
    if (element.role === 'name' || element.role === 'methodName') {
      parent.name = typeof value === 'string' ? value : '';
    } else if (element.role === 'member') {
      if (parent.members?.has(name) === true) {
        throw invalid(`duplicate member ${quoted(name)} in a <struct>`);
      }
      parent.members?.set(name, value);
    } else if (parent.element.role === 'data' || parent.element.role === 'params') {
      parent.items.push(value);
    } else if (element.role === 'params') {
      parent.items = items;
    } else if (element.role === 'fault') {
      isFault = true;
      parent.items = [value];
    } else {
      parent.value = value;
    }
  }

  const xml = decoded(body);
  try {
    parser.write(xml).close();
  } catch (thrown) {
    const { code, message } = faultOf(thrown);
    throw new XmlRpcFault(code, `${message} at ${parser.line}:${parser.column}`);
  }
  // The parser has thrown for a document without a root; this one is another element.
  if (document === undefined) throw invalid(`expected <${root}>`);
  return document;
}

function decoded(body: Uint8Array): string {
  const start = Buffer.from(body.subarray(0, MAX_DECLARATION)).toString('latin1');
  const encoding = DECLARED_ENCODING.exec(start)?.[1] ?? 'utf-8';
  try {
    // The parser comes upon an unknown encoding, and names it with its place.
    const decoder = DECODERS.get(encoding.toLowerCase()) ?? UTF8;
    // Node 20 decodes windows-1252 as Latin-1 unless it streams; no byte of it waits for another.
    return decoder.decode(body, { stream: decoder === WINDOWS_1252 });
  } catch {
    throw new XmlRpcFault(FAULT_CODES.invalidCharacter, 'the body is no valid UTF-8');
  }
}

function frameOf(element: ElementType, namespaces: Namespaces): Frame {
  return {
    element,
    namespaces,
    children: 0,
    name: '',
    value: null,
    items: element.role === 'data' || element.role === 'params' ? [] : NO_ITEMS,
    members: element.name === 'struct' ? new Map() : undefined,
  };
}

/** Returns the value of a closed element. */
function valueOf(closed: Frame, text: string): XmlRpcValue {
  const { name, content, scalar } = closed.element;
  if (scalar !== undefined) {
    const value = scalar.read(text);
    if (value === undefined) throw invalid(`expected ${scalar.expected} in <${name}>, got ${quoted(text)}`);
    return value;
  }
  if (content === undefined) return nameOf(name, text);
  // A value without a type is a string, even if it is all white space.
  if (name === 'value' && closed.children === 0) return text;
  expectNoText(closed, text);
  if (closed.children < content.least) {
    throw invalid(`expected ${namesOf(content, closed.children)} in <${name}>, got its end`);
  }
  if (name === 'data') return closed.items;
  return closed.members ?? closed.value;
}

function nameOf(element: string, text: string): string {
  if (text.length > MAX_NAME_LENGTH) {
    throw overLimit(`a <${element}> has more than ${MAX_NAME_LENGTH} characters`);
  }
  if (element === 'methodName' && !METHOD_NAME.test(text)) {
    throw invalid(`expected the name of a method in <methodName>, got ${quoted(text)}`);
  }
  return flatCopy(text);
}

function expectNoText({ element }: Frame, text: string): void {
  if (text === '' || WHITE_SPACE.test(text)) return;
  throw invalid(`expected no text beside the elements of <${element.name}>, got ${quoted(text.trim())}`);
}

function expectPlain({ version = '1.0', encoding = 'UTF-8' }: SaxesParser['xmlDecl']): void {
  if (version !== '1.0') throw invalid(`expected version 1.0 in the XML declaration, got ${quoted(version)}`);
  if (isReadEncoding(encoding)) return;
  throw new XmlRpcFault(
    FAULT_CODES.unsupportedEncoding,
    `expected the encoding UTF-8, or one that contains ASCII (US-ASCII, ISO-8859-1, windows-1252), in the XML declaration, got ${quoted(encoding)}`,
  );
}

/** Names the elements allowed at an index of the content. */
function namesOf({ places }: Content, place: number): string {
  const names = places[place];
  if (names === undefined) return 'nothing more';
  return names.map((name) => (name === 'type' ? 'the element of a type' : `<${name}>`)).join(' or ');
}

function shown(namespace: string, local: string): string {
  const name = `<${local.slice(0, 40)}>`;
  return namespace === '' ? name : `${name} of the namespace ${quoted(namespace)}`;
}

function hintOf(namespace: string, local: string): string {
  if (namespace !== EXTENSIONS_NAMESPACE || (local !== 'dom' && local !== 'serializable')) return '';
  return `, a type that holds objects of a Java program, which this service does not read`;
}

/** Converts the parser's plain Error for malformed XML. Anything else is a bug, and is rethrown. */
function faultOf(thrown: unknown): XmlRpcFault {
  if (thrown instanceof XmlRpcFault) return thrown;
  if (!(thrown instanceof Error) || Object.getPrototypeOf(thrown) !== Error.prototype) throw thrown;
  const problem = thrown.message.replace(/\.$/, '').slice(0, MAX_PROBLEM_LENGTH);
  return new XmlRpcFault(FAULT_CODES.notWellFormed, `the XML is not well-formed: ${problem}`);
}

function invalid(problem: string): XmlRpcFault {
  return new XmlRpcFault(FAULT_CODES.invalidXmlRpc, problem);
}

function overLimit(problem: string): XmlRpcFault {
  return new XmlRpcFault(FAULT_CODES.unavailable, `${problem}, the limit of this service,`);
}
