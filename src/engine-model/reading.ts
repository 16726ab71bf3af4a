import { oneLine, quoted } from '../lib/text.js';
import { isArray, isStruct, typeNameOf, type XmlRpcStruct, type XmlRpcValue } from './value.js';

/** An exception that the engine's Java code throws; the message begins with its class. */
export class EngineException extends Error {
  override readonly name = 'EngineException';
}

/** Casts to Object[] as the engine does. */
export function castToArray(value: XmlRpcValue | undefined, what: string): readonly XmlRpcValue[] {
  if (isArray(value)) return value;
  throw wrongCast(value, what, 'an array', 'an array');
}

/** Casts to HashMap as the engine does. */
export function castToStruct(value: XmlRpcValue | undefined, what: string): XmlRpcStruct {
  if (isStruct(value)) return value;
  throw wrongCast(value, what, 'a struct', 'a struct');
}

/** Casts to Integer as the engine does: of the numbers only `<int>` and `<i4>` pass. */
export function castToInteger(value: XmlRpcValue | undefined, what: string): number {
  if (typeof value === 'number') return value;
  throw wrongCast(value, what, 'an <int>', 'Integer: only <int> and <i4> pass');
}

function wrongCast(
  value: XmlRpcValue | undefined,
  what: string,
  needed: string,
  target: string,
): EngineException {
  return new EngineException(
    value == null
      ? `NullPointerException: ${what} is nil or missing, where the engine needs ${needed}`
      : `ClassCastException: ${what} is of type ${typeNameOf(value)}, where the engine casts to ${target}`,
  );
}

/** Returns a value as text, as toString of its Java class does. */
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

/** Parses an id as the engine's Guid does: '' is the id of zeros, other text goes through UUID.fromString. */
export function castToGuid(value: XmlRpcValue | undefined, what: string): string {
  const text = castToText(value, what);
  if (text === '') return '00000000-0000-0000-0000-000000000000';
  const parts = text.length <= 36 ? text.toLowerCase().split('-') : [];
  if (parts.length !== 5 || !parts.every((part) => /^[0-9a-f]{1,16}$/.test(part))) {
    throw new EngineException(`IllegalArgumentException: ${what} is ${quoted(text)}, which is no UUID`);
  }
  // UUID.fromString accepts short parts, and the last digits of long ones.
  return parts.map((part, index) => part.padStart(16, '0').slice(-(PART_LENGTHS[index] ?? 0))).join('-');
}

const PART_LENGTHS = [8, 4, 4, 4, 12];

/** Describes a value in a few words. */
export function inWords(value: XmlRpcValue | undefined): string {
  if (value == null) return 'nil';
  return isArray(value) || isStruct(value) ? `a ${typeNameOf(value)}` : oneLine(castToText(value, ''), 64);
}

/** The engine's interpretation of an answer. */
export interface EngineReading<Outcome> {
  /** Undefined when the engine throws or refuses the answer. */
  readonly outcome: Outcome | undefined;
  /** Reason why it throws or refuses, and the consequence. */
  readonly exception: string | undefined;
  /** Entries in its event log: failed plugins (10500) and other errors (10501). */
  readonly events: readonly string[];
  /** Mistakes and dangers in the answer, one sentence each. */
  readonly complaints: readonly string[];
}

/** The common fields of an answer, and a sink for complaints. */
export interface AnswerPart {
  /** Undefined when missing, which to the engine equals nil. */
  readonly result: XmlRpcValue | undefined;
  readonly events: readonly string[];
  readonly complain: (text: string) => void;
}

/** Longest complaint or event that is shown, in characters. */
const MAX_SHOWN_LENGTH = 500;

/** Most complaints about one answer; more only repeat each other. */
const MAX_COMPLAINTS = 50;

/** Reads an answer, catching what the engine would throw. `consequence` is the effect of an exception. */
export function readAsEngine<Outcome>(
  consequence: string,
  read: (events: string[], complain: AnswerPart['complain']) => Outcome,
): EngineReading<Outcome> {
  const events: string[] = [];
  const complaints: string[] = [];
  const complain = (text: string): void => {
    if (complaints.length < MAX_COMPLAINTS) complaints.push(oneLine(text, MAX_SHOWN_LENGTH));
    else if (complaints.length === MAX_COMPLAINTS) complaints.push('and more of the kind');
  };
  try {
    return { outcome: read(events, complain), exception: undefined, events, complaints };
  } catch (thrown) {
    if (!(thrown instanceof EngineException)) throw thrown;
    return { outcome: undefined, exception: `${thrown.message}; ${consequence}`, events, complaints };
  }
}

/**
 * Reads the common fields of an answer to runFilters, runCostFunctions or runLoadBalancing as the engine does
 * (ExternalSchedulerBrokerObjectBuilder.populateCommonFields).
 */
export function resultOf(
  answer: XmlRpcValue,
  events: string[],
  complain: AnswerPart['complain'],
): AnswerPart {
  if (isArray(answer)) {
    complain('the answer is a bare array, the old format: errors can not be told in it');
    return { result: answer, events, complain };
  }
  if (!isStruct(answer)) {
    complain(`the answer is of type ${typeNameOf(answer)}, no struct: the engine takes it for a nil result`);
    return { result: undefined, events, complain };
  }
  const code = castToInteger(answer.get('result_code'), 'result_code');
  const [pluginErrors, errors] = [answer.get('plugin_errors') ?? null, answer.get('errors') ?? null];
  if (code === 0) {
    if (isFilled(pluginErrors) || isFilled(errors)) {
      complain('result_code is 0, so the engine reads neither plugin_errors nor errors: nobody sees them');
    }
    return { result: answer.get('result'), events, complain };
  }
  if (pluginErrors !== null) {
    for (const [unit, messages] of castToStruct(pluginErrors, 'plugin_errors')) {
      for (const message of castToArray(messages, `plugin_errors of ${unit}`)) {
        const text = castToText(message, `a message in plugin_errors of ${unit}`);
        events.push(oneLine(`${unit}: ${text}`, MAX_SHOWN_LENGTH));
      }
    }
  }
  if (errors !== null) {
    for (const message of castToArray(errors, 'errors')) {
      if (message !== null && typeof message !== 'string') {
        throw new EngineException(
          `ClassCastException: an element of errors is of type ${typeNameOf(message)}, where the engine casts to String`,
        );
      }
      events.push(oneLine(String(message), MAX_SHOWN_LENGTH));
    }
  }
  if (events.length === 0) complain('result_code is not 0, yet there is no error to show');
  return { result: answer.get('result'), events, complain };
}

function isFilled(value: XmlRpcValue): boolean {
  return (isArray(value) && value.length > 0) || (isStruct(value) && value.size > 0);
}
