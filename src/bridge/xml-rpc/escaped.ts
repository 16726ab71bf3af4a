/** Whatever can't stand in a text as it is; most texts have none of it. */
const SPECIAL = /[&<>\ufffe\uffff]|(?![\t\n\x7f-\x9f])[\p{Cc}\p{Surrogate}]/u;
const SPECIALS = new RegExp(SPECIAL, 'gu');

const REPLACEMENTS: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  // Only after `]]` is it forbidden.
  '>': '&gt;',
  // A reader turns a bare one into a line feed.
  '\r': '&#13;',
};

/** Texts of which each character can stand as it is, and can be told to at a third of the cost: ids and names of units. */
const PLAIN = /^[\t\n -%'-;=?-~]*$/;

/** Text as it stands in a document. Characters that XML can't hold at all become U+FFFD. */
export function escaped(text: string): string {
  if (PLAIN.test(text)) return text;
  return SPECIAL.test(text) ? text.replace(SPECIALS, (found) => REPLACEMENTS[found] ?? '\ufffd') : text;
}
