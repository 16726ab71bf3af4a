import type { PolicyUnitType } from '../domain/contract.js';
import { castToArray, castToStruct, castToText, EngineException } from './casts.js';
import { readAsEngine, type EngineReading } from './reading.js';
import { quoted } from '../lib/text.js';
import { isStruct, typeNameOf, type XmlRpcValue } from './value.js';

/** A unit that the engine enables. */
export interface DiscoveredUnit {
  readonly type: PolicyUnitType;
  readonly name: string;
  readonly description: string;
  /** `key=regex;key2=regex`, or ''. */
  readonly properties: string;
}

/** What the engine does after discover. */
export interface DiscoverOutcome {
  /** Every other external unit is disabled until the engine starts again. */
  readonly enabled: readonly DiscoveredUnit[];
}

const TYPES: ReadonlyMap<string, PolicyUnitType> = new Map([
  ['filters', 'FILTER'],
  ['scores', 'SCORE'],
  ['balance', 'BALANCE'],
]);

/** Longest name that the engine's database takes: varchar(128). */
const MAX_NAME_LENGTH = 128;

/** What the engine takes for properties, by CustomPropertiesUtils.VALIDATION_STR, one at a time. */
const PROPERTY = /^[a-zA-Z0-9_]+=[^;]*$/s;

/** Reads an answer of discover as the engine does (ExternalSchedulerDiscoveryResult.populate). */
export function readDiscoverAnswer(answer: XmlRpcValue): EngineReading<DiscoverOutcome> {
  const consequence =
    'the whole answer is lost, and every external unit stays disabled until the engine starts again';
  return readAsEngine(consequence, (_, complain) => {
    if (!isStruct(answer)) {
      throw new EngineException(
        `malformed: the answer is of type ${typeNameOf(answer)}, where the engine needs a struct`,
      );
    }
    const enabled: DiscoveredUnit[] = [];
    for (const [key, ofKey] of answer) {
      const type = TYPES.get(key);
      if (type === undefined) {
        throw new EngineException(
          `unknown type: ${quoted(key)}; the engine takes filters, scores and balance only`,
        );
      }
      for (const [name, entry] of castToStruct(ofKey, key)) {
        const parts = castToArray(entry, `the entry of ${quoted(name)} in ${key}`);
        if (parts.length < 2) {
          throw new EngineException(
            `ArrayIndexOutOfBoundsException: the entry of ${quoted(name)} in ${key} has fewer than two elements`,
          );
        }
        const [description, properties] = parts;
        const regex = castToText(properties, `the regex of ${quoted(name)} in ${key}`);
        if (!isPropertiesRegex(regex)) {
          complain(
            `${key}: the engine skips ${quoted(name)}, since its properties are no key=regex;key2=regex: ${quoted(regex)}`,
          );
          continue;
        }
        if (name === '') complain(`${key}: a unit without a name`);
        if (name.length > MAX_NAME_LENGTH) {
          complain(
            `${key}: the name ${quoted(name)} is longer than the ${MAX_NAME_LENGTH} characters of the engine's database`,
          );
        }
        enabled.push({
          type,
          name,
          description: castToText(description, `the description of ${quoted(name)} in ${key}`),
          properties: regex,
        });
      }
    }
    if (enabled.length === 0)
      complain('no unit is left: the engine disables every external unit until it starts again');
    return { enabled };
  });
}

function isPropertiesRegex(text: string): boolean {
  if (text === '') return true;
  const parts = text.split(';');
  if (parts.length > 1 && parts.at(-1) === '') parts.pop();
  return parts.every((part) => PROPERTY.test(part));
}
