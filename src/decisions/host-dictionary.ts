import { z } from 'zod';
import type { DecidedHost } from '../domain/decision.js';

/** Most hosts of a dictionary: a caller that makes ids up must not fill the memory. Their numbers fit into 16 bits. */
export const MAX_HOSTS = 32_768;

/**
 * Most lists of a dictionary. An engine's candidates are subsequences of a list a cluster, so that few are needed; callers
 * that shuffle their hosts at each call must not fill the memory.
 */
export const MAX_LISTS = 256;

/** A line of a segment that says which number a host has from here on. */
const hostsSchema = z.strictObject({
  kind: z.literal('hosts'),
  /** Number of the first one; the others count on. */
  from: z.int().nonnegative(),
  hosts: z.array(z.union([z.tuple([z.string()]), z.tuple([z.string(), z.string()])])),
});

/** A line of a segment with a list of hosts in an order: 16 bits a number, in base64. */
const listSchema = z.strictObject({
  kind: z.literal('list'),
  list: z.int().nonnegative(),
  order: z.base64(),
});

/** Schema of the lines of a dictionary. */
export const dictionaryRecordSchema = z.discriminatedUnion('kind', [hostsSchema, listSchema]);

/** A line of a dictionary, parsed. */
export type DictionaryRecord = z.output<typeof dictionaryRecordSchema>;

/** Schema of the hosts of a decision: those of a list, the ones that a bitmap picks from it, or numbers like a list's own. */
export const storedHostsSchema = z.union([
  z.strictObject({ list: z.int().nonnegative(), of: z.base64().exactOptional() }),
  z.strictObject({ order: z.base64() }),
]);

/** The hosts of a decision as its line has them. */
export type StoredHosts = z.output<typeof storedHostsSchema>;

/** The hosts and the lists of hosts of a segment: each host stands in it once, and each order of candidates. */
export interface HostDictionary {
  /** Returns what stands for hosts in a line. Calls `emit` with the lines that must come before it. */
  readonly encode: (hosts: readonly DecidedHost[], emit: (record: DictionaryRecord) => void) => StoredHosts;
  /** Returns the hosts that a line means. Throws for numbers that are not there. */
  readonly decode: (stored: StoredHosts) => readonly DecidedHost[];
  /** Takes a line over. Throws for a line that does not follow on those before it. */
  readonly add: (record: DictionaryRecord) => void;
  /** Returns the lines that make the same dictionary. */
  readonly records: () => readonly DictionaryRecord[];
  /** Reports whether that many more hosts fit in. */
  readonly hasRoomFor: (hosts: number) => boolean;
}

interface HostOrder {
  readonly numbers: Uint16Array;
  /** Place + 1 by the number of a host; made when it is first searched. */
  places?: Uint32Array;
  /** Made when it is first read. */
  hosts?: readonly DecidedHost[];
}

/** Creates an empty dictionary. */
export function createHostDictionary(): HostDictionary {
  const hosts: DecidedHost[] = [];
  const numberOfId = new Map<string, number>();
  const lists: HostOrder[] = [];
  // A scheduler asks about the same hosts again and again.
  const encoded = new WeakMap<readonly DecidedHost[], StoredHosts>();

  function addHost(host: DecidedHost): number {
    const number = hosts.push(host) - 1;
    numberOfId.set(host.id, number);
    return number;
  }

  function numbersOf(decided: readonly DecidedHost[], emit: (record: DictionaryRecord) => void): Uint16Array {
    const from = hosts.length;
    const numbers = Uint16Array.from(decided, ({ id, name }) => {
      const number = numberOfId.get(id);
      return number !== undefined && hosts[number]?.name === name ? number : addHost({ id, name });
    });
    if (hosts.length > from) emit(hostsRecord(from, hosts.slice(from)));
    return numbers;
  }

  function hostsAt(numbers: ArrayLike<number>): readonly DecidedHost[] {
    return Array.from(numbers, (number) => {
      const host = hosts[number];
      if (host === undefined) throw new Error(`no host ${number}`);
      return host;
    });
  }

  return {
    encode(decided, emit) {
      const known = encoded.get(decided);
      if (known !== undefined) return known;
      const numbers = numbersOf(decided, emit);
      const stored = findList(lists, numbers) ?? addList(numbers);
      encoded.set(decided, stored);
      return stored;

      function addList(order: Uint16Array): StoredHosts {
        if (lists.length >= MAX_LISTS) return { order: base64Of(order) };
        const list = lists.push({ numbers: order }) - 1;
        emit({ kind: 'list', list, order: base64Of(order) });
        return { list };
      }
    },
    decode(stored) {
      if ('order' in stored) return hostsAt(numbersIn(stored.order));
      const list = lists[stored.list];
      if (list === undefined) throw new Error(`no list ${stored.list}`);
      list.hosts ??= hostsAt(list.numbers);
      if (stored.of === undefined) return list.hosts;
      const bits = unpackBits(stored.of, list.hosts.length);
      return list.hosts.filter((_, place) => bits[place] === 1);
    },
    add(record) {
      if (record.kind === 'hosts') {
        if (record.from !== hosts.length)
          throw new Error(`host ${record.from} does not follow ${hosts.length}`);
        if (hosts.length + record.hosts.length > MAX_HOSTS) throw new Error(`more than ${MAX_HOSTS} hosts`);
        for (const [id, name] of record.hosts) addHost({ id, name });
      } else {
        if (record.list !== lists.length || record.list >= MAX_LISTS)
          throw new Error(`list ${record.list} does not follow ${lists.length}`);
        lists.push({ numbers: numbersIn(record.order) });
      }
    },
    records: () => [
      hostsRecord(0, hosts),
      ...lists.map(({ numbers }, list) => ({ kind: 'list' as const, list, order: base64Of(numbers) })),
    ],
    hasRoomFor: (more) => hosts.length + more <= MAX_HOSTS,
  };
}

function hostsRecord(from: number, hosts: readonly DecidedHost[]): DictionaryRecord {
  return {
    kind: 'hosts',
    from,
    hosts: hosts.map(({ id, name }) => (name === undefined ? [id] : [id, name])),
  };
}

/** Finds a list of which the numbers are a subsequence; most others are ruled out by their first host. */
function findList(lists: readonly HostOrder[], numbers: Uint16Array): StoredHosts | undefined {
  for (const [list, order] of lists.entries()) {
    if (numbers.length > order.numbers.length) continue;
    const places = (order.places ??= placesOf(order.numbers));
    let last = 0;
    let found = 0;
    for (; found < numbers.length; found++) {
      const place = places[numbers[found] ?? 0] ?? 0;
      if (place <= last) break;
      last = place;
    }
    if (found < numbers.length) continue;
    if (found === order.numbers.length) return { list };
    const bits = new Uint8Array(order.numbers.length);
    for (const number of numbers) bits[(places[number] ?? 0) - 1] = 1;
    return { list, of: packBits(bits) };
  }
  return undefined;
}

function placesOf(numbers: Uint16Array): Uint32Array {
  const places = new Uint32Array(numbers.reduce((most, number) => Math.max(most, number + 1), 0));
  for (const [place, number] of numbers.entries()) places[number] = place + 1;
  return places;
}

function numbersIn(order: string): Uint16Array {
  // Copied, since the bytes of a Buffer may begin at an odd place; half a number throws.
  return new Uint16Array(new Uint8Array(Buffer.from(order, 'base64')).buffer);
}

const scratch = Buffer.allocUnsafeSlow(16 * 1024);

/** Returns the bytes of an array of numbers in base64. Copies short ones, since the buffer of such an array is made when it is asked for. */
export function base64Of(numbers: Uint8Array | Uint16Array | Int32Array | Uint32Array): string {
  const { byteLength } = numbers;
  if (byteLength > scratch.length || !(numbers instanceof Uint8Array))
    return Buffer.from(numbers.buffer, numbers.byteOffset, byteLength).toString('base64');
  scratch.set(numbers);
  return scratch.toString('base64', 0, byteLength);
}

/** Packs zeros and ones into bits, the first one lowest, in base64. */
export function packBits(flags: ArrayLike<number>): string {
  const bytes = new Uint8Array(Math.ceil(flags.length / 8));
  for (let place = 0; place < flags.length; place++)
    if (flags[place] === 1) bytes[place >> 3] = (bytes[place >> 3] ?? 0) | (1 << (place & 7));
  return base64Of(bytes);
}

/** Unpacks `length` zeros and ones. Throws for bits of another length. */
export function unpackBits(bits: string, length: number): Uint8Array {
  const bytes = Buffer.from(bits, 'base64');
  if (bytes.length !== Math.ceil(length / 8))
    throw new Error(`bits for ${length} hosts in ${bytes.length} bytes`);
  return Uint8Array.from({ length }, (_, place) => ((bytes[place >> 3] ?? 0) >> (place & 7)) & 1);
}
