/**
 * Characters that move a terminal's cursor, or change its colors or the order of its letters: controls of ASCII and of ISO 6429, line
 * separators, marks of bidirectional text, lone surrogates.
 */
const UNPRINTABLES = /[\p{Cc}\p{Cs}\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/gu;

/** Returns a line of text from elsewhere as it may stand in a terminal, and as long as before, so that columns stay. */
export function terminalText(line: string): string {
  return line.replace(UNPRINTABLES, '\ufffd');
}

/** A value as JSON that may stand in a terminal: what JSON leaves as it is and a terminal obeys is written as `\u` escapes. */
export function terminalJson(value: unknown): string {
  const text = JSON.stringify(value, null, 2);
  return text.replace(UNPRINTABLES, (found) => (found === '\n' ? found : escapeOf(found)));
}

function escapeOf(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
}
