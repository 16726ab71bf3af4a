/** A number sent as `<double>` or `ex:float`. Wrapped, since the engine distinguishes it from an `<int>`. */
export interface XmlRpcDouble {
  readonly kind: 'double';
  readonly value: number;
}

/** A `<dateTime.iso8601>`, such as `19980717T14:08:55`: without a time zone, so it stays text. */
export interface XmlRpcDateTime {
  readonly kind: 'dateTime';
  readonly text: string;
}

/** A `<struct>`. A Map, so that no member's name can reach a prototype. */
export type XmlRpcStruct = ReadonlyMap<string, XmlRpcValue>;

/**
 * An XML-RPC value, including Apache's extension types.
 *
 * | here | on the wire |
 * |---|---|
 * | number, a signed 32-bit integer | `<int>`, `<i4>`, `ex:i1`, `ex:i2` |
 * | bigint, signed, 64 bits | `<i8>`, `ex:i8`, `ex:biginteger` |
 * | XmlRpcDouble | `<double>`, `ex:float`, `ex:bigdecimal` |
 * | boolean | `<boolean>` |
 * | string | `<string>`, or no type element |
 * | XmlRpcDateTime | `<dateTime.iso8601>`, `ex:dateTime` |
 * | Uint8Array | `<base64>` |
 * | null | `<nil/>`, `ex:nil` |
 * | array | `<array>` |
 * | Map | `<struct>` |
 */
export type XmlRpcValue =
  | number
  | bigint
  | XmlRpcDouble
  | boolean
  | string
  | XmlRpcDateTime
  | Uint8Array
  | null
  | readonly XmlRpcValue[]
  | XmlRpcStruct;

/** Reports whether a value is an `<array>`; `Array.isArray` alone does not narrow to a readonly array. */
export function isArray(value: XmlRpcValue | undefined): value is readonly XmlRpcValue[] {
  return Array.isArray(value);
}

/** Reports whether a value is a `<struct>`; with `instanceof` alone its members would be of any type. */
export function isStruct(value: XmlRpcValue | undefined): value is XmlRpcStruct {
  return value instanceof Map;
}

/** Returns the XML-RPC type of a value, for messages: `int`, `i8`, `double`, `string`, `array`, `struct`, `nil`, ... */
export function typeNameOf(value: XmlRpcValue): string {
  if (value === null) return 'nil';
  if (typeof value === 'number') return 'int';
  if (typeof value === 'bigint') return 'i8';
  if (typeof value === 'boolean') return 'boolean';
  if (typeof value === 'string') return 'string';
  if (isArray(value)) return 'array';
  if (isStruct(value)) return 'struct';
  if (value instanceof Uint8Array) return 'base64';
  return 'kind' in value && value.kind === 'double' ? 'double' : 'dateTime.iso8601';
}
