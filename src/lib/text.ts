/** Longest text of one peer that is passed on to another, in characters. */
export const MAX_TEXT_LENGTH = 1000;

/** Longest piece of foreign text that a message quotes, in characters. */
const MAX_QUOTED_LENGTH = 60;

/** Characters that break a line or are invalid in XML: controls, line separators, lone surrogates, noncharacters. */
const UNPRINTABLE = /[\p{Cc}\p{Cs}\u2028\u2029\ufffe\uffff]/u;
const UNPRINTABLES = new RegExp(UNPRINTABLE.source, 'gu');
const UNPRINTABLE_RUNS = new RegExp(`${UNPRINTABLE.source}+`, 'gu');

/** Cuts a text to a length, ending in `...`, and replaces lone surrogates, which a gRPC status can't encode. */
export function boundedText(text: string, limit = MAX_TEXT_LENGTH): string {
  const cut = text.length > limit ? `${text.slice(0, limit)}...` : text;
  return cut.replace(/\p{Surrogate}/gu, '\ufffd');
}

/** Returns a text as one line that XML can hold, cut to a length, ending in `...`. */
export function oneLine(text: string, maxLength: number): string {
  const cut = text.length > maxLength ? `${text.slice(0, Math.max(0, maxLength - 3))}...` : text;
  return cut.replace(UNPRINTABLE_RUNS, ' ').trim();
}

/** Quotes foreign text for a message, on one line and cut when it is long. */
export function quoted(text: string): string {
  const shown = JSON.stringify(text.slice(0, MAX_QUOTED_LENGTH)).replace(UNPRINTABLES, '\ufffd');
  return text.length > MAX_QUOTED_LENGTH ? `${shown}...` : shown;
}

/**
 * Characters that move a terminal's cursor, or change its colors or the order of its letters: controls of ASCII and of ISO 6429, line
 * separators, marks of bidirectional text, lone surrogates.
 */
export const TERMINAL_CONTROLS = /[\p{Cc}\p{Cs}\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/gu;

/** Writes what JSON leaves as it is and a terminal obeys as `\u` escapes, but for the breaks between its lines. */
export function escapedControls(json: string): string {
  return json.replace(TERMINAL_CONTROLS, (found) =>
    found === '\n' ? found : `\\u${found.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

/** Reports whether a text fits on one line and into XML unchanged. */
export function isPrintable(text: string): boolean {
  return !UNPRINTABLE.test(text);
}

/** Decodes UTF-8, without its byte order mark. Returns undefined for bytes that are anything else, such as Latin-1. */
export function utf8Text(bytes: Uint8Array): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    return undefined;
  }
}

/** Returns the message of an error, or any other thrown value as text. */
export function reasonOf(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : String(thrown);
}

/** Returns the stack of a thrown value. For the log only: a stack never reaches a caller. */
export function stackOf(thrown: unknown): string {
  return thrown instanceof Error ? (thrown.stack ?? thrown.message) : String(thrown);
}
