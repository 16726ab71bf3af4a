import { EXTENSIONS_NAMESPACE, elementOf, type Content, type ElementType } from './elements.js';
import { FAULT_CODES, XmlRpcFault } from './fault.js';
import { XML_RPC_LIMITS, type XmlRpcLimits } from './limits.js';
import type { ExpandedName } from './namespaces.js';
import { quoted } from '../../lib/text.js';
import type { XmlRpcValue } from '../../engine-model/value.js';
import { createXmlReader } from './xml-reader.js';

/** What a document holds: a call has a method, an answer either values or a fault. */
export interface XmlRpcDocument {
  /** Name of the method, or '' in an answer. */
  readonly method: string;
  /** The parameters; in a fault, its one value. */
  readonly values: readonly XmlRpcValue[];
  readonly isFault: boolean;
}

/** Takes a document chunk by chunk. `write` and `end` throw an XmlRpcFault that says what is wrong, and where. */
export interface DocumentReader {
  /** Takes the next bytes; they may be written over afterwards. */
  readonly write: (chunk: Uint8Array) => void;
  /** The name of the method, as soon as it was read. */
  readonly method: () => string | undefined;
  /** Ends the document. */
  readonly end: () => XmlRpcDocument;
}

/** An open element, and what its children have come to so far. */
interface Frame {
  readonly element: ElementType;
  children: number;
  name: string;
  value: XmlRpcValue;
  items: XmlRpcValue[];
  readonly members: Map<string, XmlRpcValue> | undefined;
}

const NO_ITEMS: XmlRpcValue[] = [];
const WHITE_SPACE = /^[ \t\r\n]*$/;
/** What the specification allows in the name of a method. */
const METHOD_NAME = /^[\w.:/]+$/;

/** Creates a reader of one document, which must have that root. */
export function createDocumentReader(
  root: 'methodCall' | 'methodResponse',
  limits: Partial<XmlRpcLimits> = {},
): DocumentReader {
  const bounds = { ...XML_RPC_LIMITS, ...limits };
  const xml = createXmlReader(bounds, { open, close });
  const outer: Frame[] = [];
  let frame: Frame | undefined;
  let isFault = false;
  let document: XmlRpcDocument | undefined;
  let methodName: string | undefined;

  function open(name: ExpandedName, before: string): void {
    const element = elementOf(name);
    if (frame === undefined) {
      if (element?.name !== root) throw invalid(`expected <${root}> as the root, got ${shown(name)}`);
    } else {
      expectChild(frame, name, element);
      expectNoText(frame, before);
      frame.children += 1;
      outer.push(frame);
    }
    frame = frameOf(element);
  }

  function close(text: string): void {
    if (frame === undefined) return;
    const closed = frame;
    frame = outer.pop();
    const value = valueOf(closed, text);
    if (frame === undefined) document = { method: closed.name, values: closed.items, isFault };
    else give(frame, closed, value);
  }

  /** What a closed element has come to; for a name, the name. */
  function valueOf(closed: Frame, text: string): XmlRpcValue {
    const { element } = closed;
    if (element.kind === 'scalar') {
      const value = element.scalar.read(text);
      if (value !== undefined) return value;
      throw invalid(`expected ${element.scalar.expected} in <${element.name}>, got ${quoted(text)}`);
    }
    if (element.kind === 'name') return nameOf(element.name, text);
    // A value without a type is a string, of white space too.
    if (element.name === 'value' && closed.children === 0) return text;
    expectNoText(closed, text);
    if (closed.children < element.content.least) {
      throw invalid(
        `expected ${namesOf(element.content, closed.children)} in <${element.name}>, got its end`,
      );
    }
    if (element.name === 'data') return closed.items;
    return closed.members ?? closed.value;
  }

  function nameOf(element: string, text: string): string {
    if (text.length > bounds.maxNameLength) {
      throw new XmlRpcFault(
        FAULT_CODES.unavailable,
        `a <${element}> has more than ${bounds.maxNameLength} characters, the limit of this service,`,
      );
    }
    if (element === 'methodName' && !METHOD_NAME.test(text)) {
      throw invalid(`expected the name of a method in <methodName>, got ${quoted(text)}`);
    }
    return text;
  }

  /** Hands what a closed element has come to on to the element that it stands in. */
  function give(parent: Frame, closed: Frame, value: XmlRpcValue): void {
    const { element } = closed;
    if (element.kind === 'name') {
      parent.name = typeof value === 'string' ? value : '';
      if (element.name === 'methodName') methodName = parent.name;
    } else if (element.name === 'member') {
      if (parent.members?.has(closed.name) === true) {
        throw invalid(`the member ${quoted(closed.name)} stands twice in a <struct>`);
      }
      parent.members?.set(closed.name, value);
    } else if (parent.element.name === 'data' || parent.element.name === 'params') {
      parent.items.push(value);
    } else if (element.name === 'params') {
      parent.items = closed.items;
    } else if (element.name === 'fault') {
      isFault = true;
      parent.items.push(value);
    } else {
      parent.value = value;
    }
  }

  return {
    write: xml.write,
    method: () => methodName,
    end() {
      xml.end();
      // A document without a root is not well-formed, so there is one here.
      if (document === undefined) throw invalid(`expected <${root}>`);
      return document;
    },
  };
}

function frameOf(element: ElementType | undefined): Frame {
  if (element === undefined) throw new TypeError('an element that is not allowed was let in');
  const { name, kind } = element;
  const gathers = kind === 'structure' && (name === 'data' || name === 'params' || name.startsWith('method'));
  return {
    element,
    children: 0,
    name: '',
    value: null,
    items: gathers ? [] : NO_ITEMS,
    members: name === 'struct' ? new Map() : undefined,
  };
}

function expectChild(
  { element, children }: Frame,
  name: ExpandedName,
  child: ElementType | undefined,
): asserts child is ElementType {
  if (element.kind !== 'structure') throw invalid(`expected text in <${element.name}>, got ${shown(name)}`);
  const { content } = element;
  if (child !== undefined && content.places[content.repeats ? 0 : children]?.includes(child.role) === true)
    return;
  throw invalid(
    `expected ${namesOf(content, children)} in <${element.name}>, got ${shown(name)}${hintOf(name)}`,
  );
}

function expectNoText({ element }: Frame, text: string): void {
  if (text === '' || WHITE_SPACE.test(text)) return;
  throw invalid(`expected no text beside the elements of <${element.name}>, got ${quoted(text.trim())}`);
}

/** What may stand at a place, in words. */
function namesOf({ places, repeats }: Content, place: number): string {
  const names = places[repeats ? 0 : place];
  if (names === undefined) return 'nothing more';
  return names.map((name) => (name === 'type' ? 'the element of a type' : `<${name}>`)).join(' or ');
}

function shown({ namespace, local }: ExpandedName): string {
  const name = `<${local.slice(0, 40)}>`;
  return namespace === '' ? name : `${name} of the namespace ${quoted(namespace)}`;
}

function hintOf({ namespace, local }: ExpandedName): string {
  if (namespace !== EXTENSIONS_NAMESPACE || (local !== 'dom' && local !== 'serializable')) return '';
  return `, a type that holds objects of a Java program, which this service does not read`;
}

function invalid(problem: string): XmlRpcFault {
  return new XmlRpcFault(FAULT_CODES.invalidXmlRpc, problem);
}
