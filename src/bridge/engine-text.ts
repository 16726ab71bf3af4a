/** What XML can't hold, or what would break a line: controls, line separators, lone surrogates, noncharacters. */
const UNPRINTABLE = /[\p{Cc}\p{Cs}\u2028\u2029\ufffe\uffff]/u;

const UNPRINTABLES = new RegExp(`${UNPRINTABLE.source}+`, 'gu');

/** The text on one line, of at most that many characters, and free of what XML can't hold. A cut text ends in three dots, for which there is always room. */
export function engineText(text: string, maxLength: number): string {
  const cut = text.length > maxLength ? `${text.slice(0, Math.max(0, maxLength - 3))}...` : text;
  return cut.replace(UNPRINTABLES, ' ').trim();
}

/** Says whether a text may be sent as it is. */
export function isPrintable(text: string): boolean {
  return !UNPRINTABLE.test(text);
}
