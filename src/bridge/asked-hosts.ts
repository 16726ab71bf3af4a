import { parseUuid } from '../lib/uuid.js';
import { overLimit, partOf, wrongArgument, wrongType, type ArgumentPlace } from './argument-place.js';
import { quoted } from '../lib/text.js';
import { isArray, type XmlRpcValue } from '../engine-model/value.js';

/** The hosts that a call of the engine asks about, each once, in the order asked. */
export interface AskedHosts {
  /** Ids in lower case, as services get them. */
  readonly ids: readonly string[];
  /** The engine's own text of each, aligned with `ids`: what it gets back. */
  readonly texts: readonly string[];
  /** Place of a host among `ids` by its id in lower case, or undefined for one that was not asked about. */
  readonly placeOf: (id: string) => number | undefined;
}

/** How many lists a reader remembers: an engine asks for few clusters at one time. */
const REMEMBERED_LISTS = 4;

/**
 * Makes a reader of lists of host ids. It remembers the last few lists, since an engine asks about the hosts of a cluster
 * again and again: the same ids give the same object, for which a service may remember what it found. Throws a fault for
 * what is no list of UUIDs.
 */
export function createHostListReader(
  maxHostIds: number,
): (value: XmlRpcValue, place: ArgumentPlace) => AskedHosts {
  const remembered: { readonly list: readonly string[]; readonly hosts: AskedHosts }[] = [];
  return (value, place) => {
    if (!isArray(value)) throw wrongType(place, 'an array of host ids', value);
    if (value.length > maxHostIds) throw overLimit(place, value.length, 'host ids', 'maxHostIds', maxHostIds);
    const known = remembered.find(({ list }) => sameList(list, value));
    if (known !== undefined) return known.hosts;
    const list = value.map((id, index) => {
      if (typeof id !== 'string') throw wrongType(partOf(place, `[${index}]`), 'a string with a UUID', id);
      return id;
    });
    const hosts = askedHosts(list, place);
    remembered.unshift({ list, hosts });
    remembered.length = Math.min(remembered.length, REMEMBERED_LISTS);
    return hosts;
  };
}

function askedHosts(list: readonly string[], place: ArgumentPlace): AskedHosts {
  const places = new Map<string, number>();
  const texts: string[] = [];
  for (const [index, text] of list.entries()) {
    const id = parseUuid(text);
    if (id === undefined) throw wrongArgument(partOf(place, `[${index}]`), 'a UUID', quoted(text));
    if (places.has(id)) continue;
    places.set(id, texts.length);
    texts.push(text);
  }
  return { ids: [...places.keys()], texts, placeOf: (id) => places.get(id) };
}

function sameList(list: readonly string[], value: readonly XmlRpcValue[]): boolean {
  return list.length === value.length && list.every((id, index) => id === value[index]);
}
