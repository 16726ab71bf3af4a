import type { XmlRpcValue } from '../../engine-model/value.js';

/** Namespace of Apache's extension types; clients bind any prefix to it. */
export const EXTENSIONS_NAMESPACE = 'http://ws.apache.org/xmlrpc/namespaces/extensions';

/** The content model of an element with child elements. */
export interface Content {
  /** Elements allowed for each child, by index; `type` is an array, a struct or a scalar. */
  readonly places: readonly (readonly string[])[];
  /** True for any number of children, each as allowed for the first. */
  readonly repeats: boolean;
  /** Least number of children. */
  readonly least: number;
}

/** A parser of one scalar type. */
export interface Scalar {
  /** Description of a valid text, for messages. */
  readonly expected: string;
  /** Returns the value, or undefined for an invalid text. */
  readonly read: (text: string) => XmlRpcValue | undefined;
}

/** An element of XML-RPC: one with children, a scalar, or `methodName` or `name`, whose text is no value. */
export interface ElementType {
  /** Name in messages. */
  readonly name: string;
  /** Role in its parent. */
  readonly role: string;
  readonly content?: Content;
  readonly scalar?: Scalar;
}

const WHOLE = /^[+-]?\d{1,20}$/;
/** Decimals, with the exponents that Java and Python write though the specification has none. */
const DECIMAL = /^[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?$/;
/** `19980717T14:08:55`, and variants seen in the wild: with hyphens, a fraction, a zone. */
const DATE_TIME =
  /^\d{4}(-?)(?:0[1-9]|1[0-2])\1(?:0[1-9]|[12]\d|3[01])T(?:[01]\d|2[0-4]):[0-5]\d:(?:[0-5]\d|60)(?:\.\d{1,9})?(?:Z|[+-]\d{2}:?\d{2})?$/;
const BASE64 = /^[A-Za-z0-9+/]*={0,2}$/;

const integer = (bits: number): Scalar => {
  const end = 2 ** (bits - 1);
  return {
    expected: `an integer of ${bits} bits`,
    read(text) {
      const value = WHOLE.test(text) ? Number(text) : Number.NaN;
      // Adding 0 turns -0 into 0.
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

const boolean: Scalar = {
  expected: '0 or 1',
  read: (text) => (text === '1' ? true : text === '0' ? false : undefined),
};

/** Base64 with white space anywhere, since many encoders break lines. */
const base64: Scalar = {
  expected: 'base64',
  read(text) {
    const digits = text.replace(/[ \t\r\n]+/g, '');
    if (digits.length % 4 !== 0 || !BASE64.test(digits)) return undefined;
    return new Uint8Array(Buffer.from(digits, 'base64'));
  },
};

const string: Scalar = { expected: 'text', read: (text) => text };

const nil: Scalar = { expected: 'nothing', read: (text) => (text === '' ? null : undefined) };

/** The scalar types of XML-RPC, and two common additions without a namespace. */
const SCALARS: Readonly<Record<string, Scalar>> = {
  int: integer(32),
  i4: integer(32),
  i8: longInteger,
  boolean,
  string,
  double: decimal,
  'dateTime.iso8601': dateTime,
  base64,
  nil,
};

/** The scalar types of Apache's extensions (TypeFactoryImpl of ws-xmlrpc 3.1.3). */
const EXTENSION_SCALARS: Readonly<Record<string, Scalar>> = {
  i1: integer(8),
  i2: integer(16),
  i8: longInteger,
  float: decimal,
  biginteger: longInteger,
  bigdecimal: decimal,
  dateTime,
  nil,
};

const one = (...roles: readonly string[]): Content => ({ places: [roles], repeats: false, least: 1 });
const many = (role: string): Content => ({ places: [[role]], repeats: true, least: 0 });

const CONTENTS: Readonly<Record<string, Content>> = {
  methodCall: { places: [['methodName'], ['params']], repeats: false, least: 1 },
  methodResponse: one('params', 'fault'),
  params: many('param'),
  param: one('value'),
  fault: one('value'),
  value: { ...one('type'), least: 0 },
  array: one('data'),
  data: many('value'),
  struct: many('member'),
  member: { places: [['name'], ['value']], repeats: false, least: 2 },
};

const scalarsOf = (prefix: string, scalars: Readonly<Record<string, Scalar>>): [string, ElementType][] =>
  Object.entries(scalars).map(([local, scalar]) => [
    local,
    { name: `${prefix}${local}`, role: 'type', scalar },
  ]);

const PLAIN: ReadonlyMap<string, ElementType> = new Map([
  ...['methodName', 'name'].map((name): [string, ElementType] => [name, { name, role: name }]),
  ...Object.entries(CONTENTS).map(([name, content]): [string, ElementType] => [
    name,
    { name, role: name === 'array' || name === 'struct' ? 'type' : name, content },
  ]),
  ...scalarsOf('', SCALARS),
]);

const EXTENSIONS: ReadonlyMap<string, ElementType> = new Map(scalarsOf('ex:', EXTENSION_SCALARS));

/** Returns the element of that name, or undefined for one that is unknown or unsupported. */
export function elementOf(namespace: string, local: string): ElementType | undefined {
  if (namespace === '') return PLAIN.get(local);
  return namespace === EXTENSIONS_NAMESPACE ? EXTENSIONS.get(local) : undefined;
}
