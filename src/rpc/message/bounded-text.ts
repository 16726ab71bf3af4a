/** Longest text that one side repeats of the other, or sends in a status: characters. */
export const MAX_TEXT_LENGTH = 1000;

/**
 * The text, cut to a length and free of lone surrogates, at which the encoding of a gRPC status throws. A cut text ends
 * in three dots.
 */
export function boundedText(text: string, limit = MAX_TEXT_LENGTH): string {
  const cut = text.length > limit ? `${text.slice(0, limit)}...` : text;
  return cut.replace(/\p{Surrogate}/gu, '\ufffd');
}
