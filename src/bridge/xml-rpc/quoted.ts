/** Most characters of someone else's text that a message repeats. */
const MAX_QUOTED = 60;

/** What JSON leaves as it is, and a line of text, or XML, does not hold. */
const UNPRINTABLES = /[\p{Cc}\u2028\u2029\ufffe\uffff]/gu;

/** Someone else's text as a message shows it: in quotes, on one line, without control characters, and not too long. */
export function quoted(text: string): string {
  const shown = JSON.stringify(text.slice(0, MAX_QUOTED)).replace(UNPRINTABLES, '\ufffd');
  return text.length > MAX_QUOTED ? `${shown}...` : shown;
}
