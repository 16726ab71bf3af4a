import { oneLine, quoted } from '../lib/text.js';
import { isArray, isStruct, typeNameOf, type XmlRpcStruct, type XmlRpcValue } from './value.js';

/** What Java throws at a value; the message begins with its class. */
export class EngineException extends Error {
  override readonly name = 'EngineException';
}

/** Casts as the engine does to Object[]. */
export function castToArray(value: XmlRpcValue | undefined, what: string): readonly XmlRpcValue[] {
  if (isArray(value)) return value;
  throw new EngineException(
    value == null
      ? `NullPointerException: ${what} is nil or missing, where the engine needs an array`
      : `ClassCastException: ${what} is of type ${typeNameOf(value)}, where the engine casts to an array`,
  );
}

/** Casts as the engine does to HashMap. */
export function castToStruct(value: XmlRpcValue | undefined, what: string): XmlRpcStruct {
  if (isStruct(value)) return value;
  throw new EngineException(
    value == null
      ? `NullPointerException: ${what} is nil or missing, where the engine needs a struct`
      : `ClassCastException: ${what} is of type ${typeNameOf(value)}, where the engine casts to a struct`,
  );
}

/** Casts as the engine does to Integer: of the numbers only `<int>` and `<i4>` pass. */
export function castToInteger(value: XmlRpcValue | undefined, what: string): number {
  if (typeof value === 'number') return value;
  throw new EngineException(
    value == null
      ? `NullPointerException: ${what} is nil or missing, where the engine needs an <int>`
      : `ClassCastException: ${what} is of type ${typeNameOf(value)}, where the engine casts to Integer: only <int> and <i4> pass`,
  );
}

/** The text of a value as toString of its Java class gives it. */
export function castToText(value: XmlRpcValue | undefined, what: string): string {
  if (value == null) {
    throw new EngineException(
      `NullPointerException: ${what} is nil or missing, where the engine calls toString`,
    );
  }
  if (typeof value === 'string') return value;
  if (typeof value === 'object') return `(${typeNameOf(value)})`;
  return String(value);
}

/** An id as the engine's Guid reads it: '' is the id of zeros, other text goes through UUID.fromString. */
export function castToGuid(value: XmlRpcValue | undefined, what: string): string {
  const text = castToText(value, what);
  if (text === '') return '00000000-0000-0000-0000-000000000000';
  const parts = text.length <= 36 ? text.toLowerCase().split('-') : [];
  if (parts.length !== 5 || !parts.every((part) => /^[0-9a-f]{1,16}$/.test(part))) {
    throw new EngineException(`IllegalArgumentException: ${what} is ${quoted(text)}, which is no UUID`);
  }
  // UUID.fromString takes parts that are short, and of long ones the last digits.
  return parts.map((part, index) => part.padStart(16, '0').slice(-(PART_LENGTHS[index] ?? 0))).join('-');
}

const PART_LENGTHS = [8, 4, 4, 4, 12];

/** A value in a few words, for a person. */
export function inWords(value: XmlRpcValue | undefined): string {
  if (value == null) return 'nil';
  return isArray(value) || isStruct(value) ? `a ${typeNameOf(value)}` : oneLine(castToText(value, ''), 64);
}
