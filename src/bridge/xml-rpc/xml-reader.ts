import { SaxesParser } from 'saxes';
import { FAULT_CODES, XmlRpcFault } from './fault.js';
import type { XmlRpcLimits } from './limits.js';
import { createNamespaces, type ExpandedName } from './namespaces.js';
import { quoted } from '../../lib/text.js';
import { createUtf8Decoder } from './utf8-decoder.js';

/** Who is told of the elements of a document. What these functions throw ends the reading. */
export interface XmlVisitor {
  /** An element begins; `before`: the text since the last tag. */
  readonly open: (name: ExpandedName, before: string) => void;
  /** The newest open element ends; `before`: the text since the last tag. */
  readonly close: (before: string) => void;
}

/** Takes a document chunk by chunk. Both methods throw an XmlRpcFault, and after one they throw it again. */
export interface XmlReader {
  readonly write: (chunk: Uint8Array) => void;
  /** Ends the document; throws when it is not complete. */
  readonly end: () => void;
}

/** Characters that the parser gets at once; the length of what it is in the middle of is looked at after each. */
const PIECE = 64 * 1024;

/** Characters of markup that may stand around a text, such as those of CDATA. */
const MARKUP = 16;

/** Longest part of the parser's own words that a message repeats: they may hold a tag of the caller. */
const MAX_PROBLEM = 100;

/**
 * Reads XML as far as XML-RPC needs it: UTF-8, version 1.0, no DTD, no processing instructions, no entities but the five
 * of XML, no attributes but namespace declarations. CDATA and comments may stand wherever XML lets them. The message of a
 * fault ends with line and column up to which the document was read.
 */
export function createXmlReader(limits: XmlRpcLimits, { open, close }: XmlVisitor): XmlReader {
  const parser = new SaxesParser({
    xmlns: false,
    position: false,
    forceXMLVersion: true,
    defaultXMLVersion: '1.0',
  });
  const decoder = createUtf8Decoder();
  const namespaces = createNamespaces(limits);
  let depth = 0;
  let elements = 0;
  let text = '';
  /** Where the newest complete piece of the document ended, in characters. */
  let pieceEnd = 0;
  let written = 0;
  let failure: XmlRpcFault | undefined;

  // Six of the parser's events at most: from the eighth on, V8 keeps the parser as a dictionary, and all is six times slower.
  parser.on('opentag', ({ name, attributes }) => {
    endPiece();
    if (depth === 0) expectPlain(parser.xmlDecl);
    depth += 1;
    if (depth > limits.maxDepth) throw tooBig(`elements are nested more than ${limits.maxDepth} deep`);
    count();
    for (const attribute in attributes) {
      count();
      namespaces.declare(attribute, attributes[attribute] ?? '', depth);
    }
    const before = text;
    text = '';
    open(namespaces.resolve(name), before);
  });
  parser.on('closetag', () => {
    endPiece();
    namespaces.leave(depth);
    depth -= 1;
    const before = text;
    text = '';
    close(before);
  });
  const addText = (more: string) => {
    endPiece();
    text = text === '' ? more : text + more;
    if (text.length > limits.maxTextLength) throw tooLong();
  };
  parser.on('text', addText);
  parser.on('cdata', addText);
  parser.on('doctype', () => {
    throw invalid('a document type declaration is not allowed');
  });
  parser.on('processinginstruction', () => {
    throw invalid('a processing instruction is not allowed');
  });

  function count(): void {
    elements += 1;
    if (elements > limits.maxElements) throw tooBig(`there are more than ${limits.maxElements} elements`);
  }

  function endPiece(): void {
    boundPiece(parser.position);
    pieceEnd = parser.position;
  }

  /** Bounds what the parser gathers before it tells: a rope of single characters takes twenty times their space. */
  function boundPiece(position: number): void {
    if (position - pieceEnd > limits.maxTextLength + MARKUP) throw tooLong();
  }

  function tooLong(): XmlRpcFault {
    return tooBig(`a text has more than ${limits.maxTextLength} characters`);
  }

  function guarded(step: () => void): void {
    if (failure !== undefined) throw failure;
    try {
      step();
    } catch (error) {
      const { code, message } = faultOf(error);
      failure = new XmlRpcFault(code, `${message} at ${parser.line}:${parser.column}`);
      throw failure;
    }
  }

  return {
    write: (chunk) =>
      guarded(() => {
        const decoded = decoder.decode(chunk);
        for (let start = 0; start < decoded.length; start += PIECE) {
          const piece = decoded.slice(start, start + PIECE);
          parser.write(piece);
          // Between two writes the parser's own position is wrong.
          written += piece.length;
          boundPiece(written);
        }
      }),
    end: () =>
      guarded(() => {
        decoder.end();
        parser.close();
      }),
  };
}

function expectPlain({ version = '1.0', encoding = 'UTF-8' }: SaxesParser['xmlDecl']): void {
  if (version !== '1.0') throw invalid(`expected version 1.0 in the XML declaration, got ${quoted(version)}`);
  if (encoding.toLowerCase() === 'utf-8') return;
  throw new XmlRpcFault(
    FAULT_CODES.unsupportedEncoding,
    `expected the encoding UTF-8 in the XML declaration, got ${quoted(encoding)}`,
  );
}

/** The parser throws a plain Error when the XML is not well-formed; anything else is a bug, and thrown again. */
function faultOf(thrown: unknown): XmlRpcFault {
  if (thrown instanceof XmlRpcFault) return thrown;
  if (!(thrown instanceof Error) || Object.getPrototypeOf(thrown) !== Error.prototype) throw thrown;
  const problem = thrown.message.replace(/\.$/, '').slice(0, MAX_PROBLEM);
  return new XmlRpcFault(FAULT_CODES.notWellFormed, `the XML is not well-formed: ${problem}`);
}

function invalid(problem: string): XmlRpcFault {
  return new XmlRpcFault(FAULT_CODES.invalidXmlRpc, problem);
}

function tooBig(problem: string): XmlRpcFault {
  return new XmlRpcFault(FAULT_CODES.unavailable, `${problem}, the limit of this service,`);
}
