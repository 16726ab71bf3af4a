/** A scheduler asks about the same hosts again and again, and a list never changes once it is handed over. */
const distinctLists = new WeakMap<readonly string[], readonly string[]>();

/** The ids of a list, each once, where it stands first; the list itself when each stands there once anyway. */
export function distinctIds(ids: readonly string[]): readonly string[] {
  const known = distinctLists.get(ids);
  if (known !== undefined) return known;
  const set = new Set(ids);
  const distinct = set.size === ids.length ? ids : [...set];
  distinctLists.set(ids, distinct);
  return distinct;
}
