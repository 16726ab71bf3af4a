import { setImmediate } from 'node:timers/promises';

/** Characters in one piece of a listing. Making one takes well under a millisecond. */
export const LISTING_CHUNK = 65_536;

/**
 * Writes a collection piece by piece, object by object, so that neither memory nor the event loop feels its size: `{ }`
 * for an empty one, else `{ "key" : [ ... ] }`. `render` is given each item with its index, and writes it at depth 1.
 */
export async function* listing<Item>(
  key: string,
  items: readonly Item[],
  render: (item: Item, index: number) => string,
): AsyncGenerator<string> {
  if (items.length === 0) {
    yield '{ }';
    return;
  }
  let text = `{\n  "${key}" : [ `;
  for (const [index, item] of items.entries()) {
    text += index === 0 ? render(item, index) : `, ${render(item, index)}`;
    if (text.length < LISTING_CHUNK) continue;
    yield text;
    text = '';
    // A reader that is always ready would otherwise keep this loop, and nothing else, running.
    await setImmediate();
  }
  yield `${text} ]\n}`;
}
