import { EXTENSIONS_NAMESPACE } from './elements.js';
import type { XmlRpcFault } from './fault.js';
import type { XmlRpcValue } from '../../engine-model/value.js';

/**
 * An array of rows `[text, int]`, or `[text, int, name]`: for each column in turn, one for each text. They are written from
 * columns at a quarter of the cost of as many arrays.
 */
export interface XmlRpcRows {
  readonly kind: 'rows';
  /** The same array from answer to answer, as far as possible: what it needs is made once. */
  readonly texts: readonly string[];
  readonly columns: readonly {
    readonly name?: string | undefined;
    /** One for each text. */
    readonly ints: readonly number[];
  }[];
}

/** A value of an answer. */
export type WritableValue =
  XmlRpcValue | XmlRpcRows | readonly WritableValue[] | ReadonlyMap<string, WritableValue>;

const DECLARATION = '<?xml version="1.0" encoding="UTF-8"?>\n';

/** Returns the body of a call. Throws a RangeError for a number that is no 32-bit integer and for a double that is not finite. */
export function writeCall(method: string, params: readonly XmlRpcValue[]): string {
  const list = params.map((param) => `<param>${valueText(param)}</param>`).join('');
  return `${DECLARATION}<methodCall><methodName>${escaped(method)}</methodName><params>${list}</params></methodCall>\n`;
}

/** Returns the body of a response. Throws like {@link writeCall}. */
export function writeResponse(value: WritableValue): Buffer {
  const rows: Buffer[] = [];
  const text = `${DECLARATION}<methodResponse><params><param>${valueText(value, rows)}</param></params></methodResponse>\n`;
  if (rows.length === 0) return Buffer.from(text);
  return Buffer.concat(
    text.split(ROWS).flatMap((part, place) => [Buffer.from(part), rows[place] ?? NOTHING]),
  );
}

/** Stands in a text for the next rows, which are bytes; no text has it as it is. */
const ROWS = '\0';
const NOTHING = Buffer.alloc(0);

/** Returns the body of a fault. Throws a RangeError for a code that is no 32-bit integer. */
export function writeFault(fault: Pick<XmlRpcFault, 'code' | 'message'>): string {
  const value = new Map<string, XmlRpcValue>([
    ['faultCode', fault.code],
    ['faultString', fault.message],
  ]);
  return `${DECLARATION}<methodResponse><fault>${valueText(value)}</fault></methodResponse>\n`;
}

/** Returns a `value` element. Apache's client reads nil and long integers in its own namespace only. */
function valueText(value: WritableValue, rows: Buffer[] = []): string {
  if (typeof value === 'string') return `<value><string>${escaped(value)}</string></value>`;
  if (typeof value === 'number') return `<value><int>${int32(value)}</int></value>`;
  if (value === null) return `<value><ex:nil xmlns:ex="${EXTENSIONS_NAMESPACE}"/></value>`;
  if (typeof value === 'boolean') return `<value><boolean>${value ? 1 : 0}</boolean></value>`;
  if (typeof value === 'bigint') {
    return `<value><ex:i8 xmlns:ex="${EXTENSIONS_NAMESPACE}">${int64(value)}</ex:i8></value>`;
  }
  if (hasMembers(value)) {
    let members = '';
    for (const [name, member] of value) {
      members += `<member><name>${escaped(name)}</name>${valueText(member, rows)}</member>`;
    }
    return `<value><struct>${members}</struct></value>`;
  }
  if (value instanceof Uint8Array) {
    return `<value><base64>${Buffer.from(value).toString('base64')}</base64></value>`;
  }
  if ('kind' in value) {
    if (value.kind === 'rows') {
      rows.push(rowsOf(value));
      return `<value><array><data>${ROWS}</data></array></value>`;
    }
    return value.kind === 'double'
      ? `<value><double>${finite(value.value)}</double></value>`
      : `<value><dateTime.iso8601>${escaped(value.text)}</dateTime.iso8601></value>`;
  }
  let items = '';
  for (const item of value) items += valueText(item, rows);
  return `<value><array><data>${items}</data></array></value>`;
}

function hasMembers(value: WritableValue): value is ReadonlyMap<string, WritableValue> {
  return value instanceof Map;
}

/** The rows of some texts up to their numbers, one after the other. */
interface RowStarts {
  readonly bytes: Buffer;
  /** End of each. */
  readonly ends: readonly number[];
}

/** Starts by texts: the hosts of an engine are the same from answer to answer. */
const rowStarts = new WeakMap<readonly string[], RowStarts>();

function rowStartsOf(texts: readonly string[]): RowStarts {
  const known = rowStarts.get(texts);
  if (known !== undefined) return known;
  let end = 0;
  const parts = texts.map((text) => Buffer.from(`<value><array><data>${valueText(text)}<value><int>`));
  const starts = { bytes: Buffer.concat(parts), ends: parts.map(({ length }) => (end += length)) };
  rowStarts.set(texts, starts);
  return starts;
}

/** Most characters of a number. */
const INT_LENGTH = '-2147483648'.length;
const DIGIT_0 = 48;

function rowsOf({ texts, columns }: XmlRpcRows): Buffer {
  const { bytes, ends } = rowStartsOf(texts);
  const withEnds = columns.map(({ name, ints }) => {
    const last = name === undefined ? '' : valueText(name);
    return { ints, rowEnd: Buffer.from(`</int></value>${last}</data></array></value>`) };
  });
  const most = withEnds.reduce(
    (sum, { rowEnd }) => sum + bytes.length + texts.length * (INT_LENGTH + rowEnd.length),
    0,
  );
  const rows = Buffer.allocUnsafeSlow(most);
  let at = 0;
  for (const { ints, rowEnd } of withEnds) {
    let start = 0;
    for (const [place, end] of ends.entries()) {
      at += bytes.copy(rows, at, start, end);
      start = end;
      const int = int32(ints[place] ?? Number.NaN);
      if (int >= 0 && int < 10) rows[at++] = DIGIT_0 + int;
      else at += rows.write(String(int), at, 'latin1');
      at += rowEnd.copy(rows, at);
    }
  }
  return rows.subarray(0, at);
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
