/** Longest message that the engine is sent, in characters: each becomes an event in its log. */
export const MAX_MESSAGE_LENGTH = 500;

/** What XML can't hold, or what would break a line: controls, line separators, lone surrogates, noncharacters. */
const UNPRINTABLE = /[\p{Cc}\p{Cs}\u2028\u2029\ufffe\uffff]/u;

const UNPRINTABLES = new RegExp(`${UNPRINTABLE.source}+`, 'gu');

/** The text on one line, bounded, and free of what XML can't hold. A cut text ends in three dots. */
export function engineText(text: string, limit = MAX_MESSAGE_LENGTH): string {
  const cut = text.length > limit ? `${text.slice(0, limit - 3)}...` : text;
  return cut.replace(UNPRINTABLES, ' ').trim();
}

/** Says whether a text may be sent as it is. */
export function isPrintable(text: string): boolean {
  return !UNPRINTABLE.test(text);
}
