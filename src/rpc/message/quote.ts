import { boundedText } from '../../lib/text.js';

/** Longest piece of a caller's text that a message repeats: characters. */
export const MAX_QUOTED_LENGTH = 64;

/** Puts a caller's text into a message: in quotes, on one line, and cut when it is long. */
export function quote(text: string): string {
  return JSON.stringify(boundedText(text, MAX_QUOTED_LENGTH));
}
