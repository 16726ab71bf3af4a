/** Longest text of one peer that is repeated to another: characters. */
export const MAX_TEXT_LENGTH = 1000;

/** Longest piece of someone else's text that a message quotes: characters. */
const MAX_QUOTED_LENGTH = 60;

/** Characters that break a line or that XML can't hold: controls, line separators, lone surrogates, noncharacters. */
const UNPRINTABLE = /[\p{Cc}\p{Cs}\u2028\u2029\ufffe\uffff]/u;
const UNPRINTABLES = new RegExp(UNPRINTABLE.source, 'gu');
const UNPRINTABLE_RUNS = new RegExp(`${UNPRINTABLE.source}+`, 'gu');

/**
 * Cuts a text to a length, and replaces lone surrogates, at which the encoding of a gRPC status throws. A cut text ends in
 * three dots.
 */
export function boundedText(text: string, limit = MAX_TEXT_LENGTH): string {
  const cut = text.length > limit ? `${text.slice(0, limit)}...` : text;
  return cut.replace(/\p{Surrogate}/gu, '\ufffd');
}

/** Returns a text on one line, of at most that many characters, free of what XML can't hold. A cut text ends in three dots. */
export function oneLine(text: string, maxLength: number): string {
  const cut = text.length > maxLength ? `${text.slice(0, Math.max(0, maxLength - 3))}...` : text;
  return cut.replace(UNPRINTABLE_RUNS, ' ').trim();
}

/** Returns someone else's text as a message shows it: in quotes, on one line, and cut when it is long. */
export function quoted(text: string): string {
  const shown = JSON.stringify(text.slice(0, MAX_QUOTED_LENGTH)).replace(UNPRINTABLES, '\ufffd');
  return text.length > MAX_QUOTED_LENGTH ? `${shown}...` : shown;
}

/** Reports whether a text can stand in a line, and in XML, as it is. */
export function isPrintable(text: string): boolean {
  return !UNPRINTABLE.test(text);
}

/** Returns what was thrown in words: the message of an error, or the value as text. */
export function reasonOf(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : String(thrown);
}

/** Returns the stack of what was thrown, for the log only: a stack never reaches a caller. */
export function stackOf(thrown: unknown): string {
  return thrown instanceof Error ? (thrown.stack ?? thrown.message) : String(thrown);
}
