import { EXTENSIONS_NAMESPACE } from './elements.js';
import type { XmlRpcFault } from './fault.js';
import { isStruct, type XmlRpcValue } from '../../engine-model/value.js';

const DECLARATION = '<?xml version="1.0" encoding="UTF-8"?>\n';

/** Returns the body of a call. Throws a RangeError for a number that is no 32-bit integer and for a double that is not finite. */
export function writeCall(method: string, params: readonly XmlRpcValue[]): string {
  const list = params.map((param) => `<param>${valueText(param)}</param>`).join('');
  return `${DECLARATION}<methodCall><methodName>${escaped(method)}</methodName><params>${list}</params></methodCall>\n`;
}

/** Returns the body of a response. Throws like {@link writeCall}. */
export function writeResponse(value: XmlRpcValue): string {
  return `${DECLARATION}<methodResponse><params><param>${valueText(value)}</param></params></methodResponse>\n`;
}

/** Returns the body of a fault. Throws a RangeError for a code that is no 32-bit integer. */
export function writeFault(fault: Pick<XmlRpcFault, 'code' | 'message'>): string {
  const value = new Map<string, XmlRpcValue>([
    ['faultCode', fault.code],
    ['faultString', fault.message],
  ]);
  return `${DECLARATION}<methodResponse><fault>${valueText(value)}</fault></methodResponse>\n`;
}

/** Returns a `value` element. Apache's client reads nil and long integers in its own namespace only. */
function valueText(value: XmlRpcValue): string {
  if (typeof value === 'string') return `<value><string>${escaped(value)}</string></value>`;
  if (typeof value === 'number') return `<value><int>${int32(value)}</int></value>`;
  if (value === null) return `<value><ex:nil xmlns:ex="${EXTENSIONS_NAMESPACE}"/></value>`;
  if (typeof value === 'boolean') return `<value><boolean>${value ? 1 : 0}</boolean></value>`;
  if (typeof value === 'bigint') {
    return `<value><ex:i8 xmlns:ex="${EXTENSIONS_NAMESPACE}">${int64(value)}</ex:i8></value>`;
  }
  if (isStruct(value)) {
    let members = '';
    for (const [name, member] of value) {
      members += `<member><name>${escaped(name)}</name>${valueText(member)}</member>`;
    }
    return `<value><struct>${members}</struct></value>`;
  }
  if (value instanceof Uint8Array) {
    return `<value><base64>${Buffer.from(value).toString('base64')}</base64></value>`;
  }
  if ('kind' in value) {
    return value.kind === 'double'
      ? `<value><double>${finite(value.value)}</double></value>`
      : `<value><dateTime.iso8601>${escaped(value.text)}</dateTime.iso8601></value>`;
  }
  let items = '';
  for (const item of value) items += valueText(item);
  return `<value><array><data>${items}</data></array></value>`;
}

function int32(value: number): number {
  if ((value | 0) === value) return value;
  throw new RangeError(`an XML-RPC <int> holds an integer of 32 bits, not ${value}`);
}

function int64(value: bigint): bigint {
  if (BigInt.asIntN(64, value) === value) return value;
  throw new RangeError(`an XML-RPC <i8> holds an integer of 64 bits, not ${value}`);
}

function finite(value: number): string {
  // String() drops the sign of -0.
  if (Number.isFinite(value)) return Object.is(value, -0) ? '-0' : String(value);
  throw new RangeError(`an XML-RPC <double> is finite, not ${value}`);
}

/** Characters that need an escape. */
const SPECIAL = /[&<>\ufffe\uffff]|(?![\t\n\x7f-\x9f])[\p{Cc}\p{Surrogate}]/u;
const SPECIALS = new RegExp(SPECIAL, 'gu');

const REPLACEMENTS: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  // Forbidden only after `]]`.
  '>': '&gt;',
  // Readers turn a bare one into a line feed.
  '\r': '&#13;',
};

/** Texts without escapes, such as ids and names of units, recognized at a third of the cost. */
const PLAIN = /^[\t\n -%'-;=?-~]*$/;

/** Escapes a text. Characters that XML can't hold become U+FFFD. */
function escaped(text: string): string {
  if (PLAIN.test(text)) return text;
  return SPECIAL.test(text) ? text.replace(SPECIALS, (found) => REPLACEMENTS[found] ?? '\ufffd') : text;
}
