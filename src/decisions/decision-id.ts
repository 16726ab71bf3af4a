import type { DecisionFace } from '../domain/decision.js';

/** Digits of ids: base 32 without letters that are read as digits, in the order of their codes, so that texts sort by time. */
const DIGITS = '0123456789abcdefghjkmnpqrstvwxyz';

/** Digits of the time, in ms: 45 bits, until the year 3084. */
const TIME_DIGITS = 9;

/** Digits after the time: 25 bits, so that two processes of one millisecond hardly ever make the same id. */
const SEQUENCE_DIGITS = 5;

/** Characters of an id. */
export const ID_LENGTH = 1 + TIME_DIGITS + SEQUENCE_DIGITS;

const ID = new RegExp(`^[eg]([${DIGITS}]{${TIME_DIGITS}})[${DIGITS}]{${SEQUENCE_DIGITS}}$`);

/** Makes the id of a decision from its face and its time, in ms since the epoch. */
export type MakeDecisionId = (face: DecisionFace, time: number) => string;

/**
 * Creates a maker of ids. An id is `e` or `g` for the face, then the time, then a random number, which the ids of one
 * millisecond count on from.
 */
export function createDecisionIds(): MakeDecisionId {
  let last = -1;
  let sequence = 0;
  let timeText = '';
  return (face, time) => {
    if (time === last) sequence++;
    else {
      sequence = Math.floor(Math.random() * (32 ** SEQUENCE_DIGITS / 2));
      timeText = base32(time, TIME_DIGITS);
    }
    last = time;
    return `${face === 'ENGINE' ? 'e' : 'g'}${timeText}${base32(sequence, SEQUENCE_DIGITS)}`;
  };
}

/** Returns the face at which the call of a decision came, by its id. */
export function faceOfDecisionId(id: string): DecisionFace {
  return id.startsWith('e') ? 'ENGINE' : 'GRPC';
}

/** Returns the time in an id, in ms since the epoch, or undefined for any other text. */
export function timeOfDecisionId(id: string): number | undefined {
  const digits = ID.exec(id)?.[1];
  if (digits === undefined) return undefined;
  let time = 0;
  for (const digit of digits) time = time * 32 + DIGITS.indexOf(digit);
  return time;
}

function base32(number: number, length: number): string {
  let text = '';
  for (let rest = number; text.length < length; rest = Math.floor(rest / 32))
    text = `${DIGITS[rest % 32] ?? ''}${text}`;
  return text;
}
