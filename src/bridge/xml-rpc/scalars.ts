import type { XmlRpcValue } from '../../engine-model/value.js';

/** How the text of one type of value is read. */
export interface Scalar {
  /** What the text has to be, in words. */
  readonly expected: string;
  /** The value; undefined when the text is not as expected. */
  readonly read: (text: string) => XmlRpcValue | undefined;
}

const WHOLE = /^[+-]?\d{1,20}$/;
/** More than the specification's form: Java and Python write exponents. */
const DECIMAL = /^[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?$/;
/** `19980717T14:08:55`, and what is seen in the wild: with hyphens, a fraction, a zone. */
const DATE_TIME =
  /^\d{4}(-?)(?:0[1-9]|1[0-2])\1(?:0[1-9]|[12]\d|3[01])T(?:[01]\d|2[0-4]):[0-5]\d:(?:[0-5]\d|60)(?:\.\d{1,9})?(?:Z|[+-]\d{2}:?\d{2})?$/;
const BASE64 = /^[A-Za-z0-9+/]*={0,2}$/;

const integer = (bits: number): Scalar => {
  const end = 2 ** (bits - 1);
  return {
    expected: `an integer of ${bits} bits`,
    read(text) {
      if (!WHOLE.test(text)) return undefined;
      const value = Number(text);
      // The addition makes 0 of -0.
      return value >= -end && value < end ? value + 0 : undefined;
    },
  };
};

const longInteger: Scalar = {
  expected: 'an integer of 64 bits',
  read(text) {
    if (!WHOLE.test(text)) return undefined;
    const value = BigInt(text);
    return BigInt.asIntN(64, value) === value ? value : undefined;
  },
};

const decimal: Scalar = {
  expected: 'a finite decimal number',
  read(text) {
    const value = DECIMAL.test(text) ? Number(text) : Number.NaN;
    return Number.isFinite(value) ? { kind: 'double', value } : undefined;
  },
};

const dateTime: Scalar = {
  expected: 'a date and time such as 19980717T14:08:55',
  read: (text) => (DATE_TIME.test(text) ? { kind: 'dateTime', text } : undefined),
};

const nil: Scalar = { expected: 'nothing', read: (text) => (text === '' ? null : undefined) };

/** The types of XML-RPC without a namespace, and the two that others have added without one. */
export const SCALARS: ReadonlyMap<string, Scalar> = new Map<string, Scalar>([
  ['int', integer(32)],
  ['i4', integer(32)],
  ['i8', longInteger],
  [
    'boolean',
    { expected: '0 or 1', read: (text) => (text === '1' ? true : text === '0' ? false : undefined) },
  ],
  ['string', { expected: 'text', read: (text) => text }],
  ['double', decimal],
  ['dateTime.iso8601', dateTime],
  ['base64', { expected: 'base64', read: bytesOf }],
  ['nil', nil],
]);

/** The types of Apache's namespace of extensions, as far as they are values (TypeFactoryImpl of ws-xmlrpc 3.1.3). */
export const EXTENSION_SCALARS: ReadonlyMap<string, Scalar> = new Map<string, Scalar>([
  ['i1', integer(8)],
  ['i2', integer(16)],
  ['i8', longInteger],
  ['float', decimal],
  ['biginteger', longInteger],
  ['bigdecimal', decimal],
  ['dateTime', dateTime],
  ['nil', nil],
]);

/** White space may stand anywhere in base64, since many encoders break its lines. */
function bytesOf(text: string): Uint8Array | undefined {
  const digits = text.replace(/[ \t\r\n]+/g, '');
  if (digits.length % 4 !== 0 || !BASE64.test(digits)) return undefined;
  return Uint8Array.from(Buffer.from(digits, 'base64'));
}
