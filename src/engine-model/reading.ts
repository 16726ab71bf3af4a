import { castToArray, castToInteger, castToStruct, castToText, EngineException } from './casts.js';
import { oneLine } from '../lib/text.js';
import { isArray, isStruct, typeNameOf, type XmlRpcValue } from './value.js';

/** What the engine makes of an answer. */
export interface EngineReading<Outcome> {
  /** What it does; undefined when it throws or refuses the answer. */
  readonly outcome: Outcome | undefined;
  /** Why it throws or refuses, and what becomes of it. */
  readonly exception: string | undefined;
  /** What it writes to its event log: failed plugins (10500) and other errors (10501). */
  readonly events: readonly string[];
  /** What is wrong with the answer or dangerous in it, one sentence each. */
  readonly complaints: readonly string[];
}

/** The answer's result, and where to put complaints. */
export interface AnswerPart {
  /** Undefined when it is missing; the engine can't tell that from nil. */
  readonly result: XmlRpcValue | undefined;
  readonly events: readonly string[];
  readonly complain: (text: string) => void;
}

/** Longest complaint, and longest event, that is shown: characters. */
const MAX_SHOWN_LENGTH = 500;

/** Most complaints about one answer: past it they only repeat each other. */
const MAX_COMPLAINTS = 50;

/** Runs a reading; what the engine would throw is part of it. `consequence` says what becomes of an exception. */
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
 * Takes an answer of runFilters, runCostFunctions or runLoadBalancing apart as the engine does
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
