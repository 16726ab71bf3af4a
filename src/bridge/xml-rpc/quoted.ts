/** Most characters of a caller's text that a message repeats. */
const MAX_QUOTED = 60;

/** A caller's text as a message shows it: in quotes, without control characters, and not too long. */
export function quoted(text: string): string {
  return text.length > MAX_QUOTED ? `${JSON.stringify(text.slice(0, MAX_QUOTED))}...` : JSON.stringify(text);
}
