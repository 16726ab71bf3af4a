import { SchedulingError } from '../../domain/errors.js';
import { parseUuid } from '../../lib/uuid.js';
import { quote } from './quote.js';

/** How many lists of ids a reader remembers: about one for each cluster that asks. */
const REMEMBERED_LISTS = 16;

/** The id in lower case. Throws INVALID_ARGUMENT naming the field for what is no UUID. */
export function readUuid(text: string, field: string): string {
  const id = parseUuid(text);
  if (id === undefined)
    throw new SchedulingError('INVALID_ARGUMENT', `${field}: expected a UUID, got ${quote(text)}`);
  return id;
}

/**
 * Reads a list of ids: every one a UUID in lower case, or INVALID_ARGUMENT naming `field[index]`. The list is taken over;
 * when it is equal to one read before, that one is the answer.
 */
export type UuidListReader = (texts: string[], field: string) => readonly string[];

/**
 * Makes a reader of lists that remembers the last ones, by their first id.
 *
 * A scheduler asks for the same hosts again and again. Comparing an id with the remembered one costs a ninth of checking
 * it, and a list that is the very one that was read before spares whoever looks its ids up to look again: for 1,000 ids
 * both together are more than a tenth of what the whole call costs.
 */
export function createUuidListReader(): UuidListReader {
  const remembered = new Map<string, readonly string[]>();
  return (texts, field) => {
    const first = texts[0];
    if (first === undefined) return texts;
    const known = remembered.get(first) ?? [];
    let same = known.length === texts.length;
    for (let index = 0; index < texts.length; index++) {
      const text = texts[index] ?? '';
      const before = known[index];
      if (text === before) texts[index] = before;
      else {
        texts[index] = readUuid(text, `${field}[${index}]`);
        same = false;
      }
    }
    const read = same ? known : texts;
    remembered.delete(first);
    remembered.set(first, read);
    if (remembered.size > REMEMBERED_LISTS) {
      for (const oldest of remembered.keys()) {
        remembered.delete(oldest);
        break;
      }
    }
    return read;
  };
}
