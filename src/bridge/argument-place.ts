import { FAULT_CODES, XmlRpcFault } from './xml-rpc/fault.js';
import { typeNameOf, type XmlRpcValue } from '../engine-model/value.js';

/** Where an argument stands: for faults that name it. */
export interface ArgumentPlace {
  readonly method: string;
  /** Names of all arguments of the method, in their order. */
  readonly names: readonly string[];
  /** Which of them it is, from 0. */
  readonly index: number;
  /** The part of the argument that is meant, such as `[3]`; absent: all of it. */
  readonly part?: string;
}

/** The same argument, and a part of it. */
export function partOf(place: ArgumentPlace, part: string): ArgumentPlace {
  return { ...place, part: `${place.part ?? ''}${part}` };
}

/** The fault for an argument that is not what it has to be: names it, its position, what it is, what is expected. */
export function wrongArgument(place: ArgumentPlace, expected: string, got: string): XmlRpcFault {
  return new XmlRpcFault(FAULT_CODES.invalidArguments, `${nameOf(place)}: expected ${expected}, got ${got}`);
}

/** The fault for an argument of a wrong type. */
export function wrongType(place: ArgumentPlace, expected: string, got: XmlRpcValue): XmlRpcFault {
  return wrongArgument(place, expected, typeNameOf(got));
}

/** The fault for an argument that holds more than a limit allows. */
export function overLimit(
  place: ArgumentPlace,
  got: number,
  things: string,
  limit: string,
  max: number,
): XmlRpcFault {
  const text = `${nameOf(place)}: ${got} ${things}, at most ${max} are taken (${limit})`;
  return new XmlRpcFault(FAULT_CODES.invalidArguments, text);
}

/** Checks how many arguments there are, and says where each stands. Throws a fault for a missing or superfluous one. */
export function placesOf(
  method: string,
  params: readonly XmlRpcValue[],
  names: readonly string[],
): (index: number) => readonly [value: XmlRpcValue, place: ArgumentPlace] {
  const count = `${names.length} arguments${names.length > 0 ? ` (${names.join(', ')})` : ''}`;
  if (params.length > names.length) {
    throw new XmlRpcFault(
      FAULT_CODES.invalidArguments,
      `${method}: argument ${names.length + 1} is superfluous: expected ${count}, got ${params.length}`,
    );
  }
  return (index) => {
    const value = params[index];
    if (value === undefined) {
      throw new XmlRpcFault(
        FAULT_CODES.invalidArguments,
        `${nameOf({ method, names, index })} is missing: expected ${count}, got ${params.length}`,
      );
    }
    return [value, { method, names, index }];
  };
}

function nameOf({ method, names, index, part = '' }: ArgumentPlace): string {
  return `${method}: argument ${index + 1}, ${String(names[index])}${part}`;
}
