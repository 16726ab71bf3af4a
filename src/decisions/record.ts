import { crc32 } from 'node:zlib';
import { z } from 'zod';
import { SCHEDULING_ERROR_CODES } from '../domain/errors.js';
import type { DecidedHost, DecidedUnit, Decision, Outcome, ShadowResult } from '../domain/decision.js';
import { ID_LENGTH, timeOfDecisionId } from './decision-id.js';
import {
  base64Of,
  dictionaryRecordSchema,
  packBits,
  storedHostsSchema,
  unpackBits,
  type DictionaryRecord,
  type HostDictionary,
} from './host-dictionary.js';

/** Version of the format of segments, the only one that is read; files of any other are left alone. */
export const FORMAT = 1;

/** An entry that is appended to a log: a decision, its outcome, or the result of a shadow. */
export type Appended =
  | {
      readonly kind: 'decision';
      readonly decision: Decision;
      /** Id of the decision about the VM that waited for an outcome until then. */
      readonly supersedes?: string | undefined;
    }
  | ({ readonly kind: 'outcome'; readonly outcome: Outcome } & Subject)
  | ({ readonly kind: 'shadow'; readonly result: ShadowResult } & Subject);

/** The decision that an outcome or a shadow's result belongs to. */
interface Subject {
  /** Id of the decision. */
  readonly id: string;
  readonly vmId?: string | undefined;
}

/**
 * An entry as it waits to be written: all of its line that no segment has a part in. As bytes, which no garbage collection
 * copies, and whose size is known.
 */
export interface Unwritten {
  readonly json: Buffer;
  /** Candidates of a decision, for which its line ends in numbers of its segment. */
  readonly hosts?: readonly DecidedHost[];
  readonly entry: IndexEntry;
}

/** The facts of a line that an index has. */
export interface IndexEntry {
  /** Time of a decision, in ms since the epoch; absent for other lines. */
  readonly time?: number;
  /** Hashes by which the line is found: of its VM's id, and of a decision also of the VM's name. */
  readonly keys: readonly number[];
}

const time = z.number();
const text = z.string();

const unitSchema = z.union([
  z.strictObject({
    name: text,
    weight: z.number(),
    direction: z.enum(['HIGHER_IS_BETTER', 'LOWER_IS_BETTER']),
    /** One byte a host when all values fit, else four. */
    values: z.union([z.strictObject({ bytes: z.base64() }), z.strictObject({ ints: z.base64() })]),
  }),
  z.strictObject({ name: text, weight: z.number(), accepted: z.base64() }),
  z.strictObject({
    name: text,
    weight: z.number(),
    failure: z.strictObject({
      code: z.enum(SCHEDULING_ERROR_CODES),
      message: text,
      notFound: z.enum(['UNIT', 'VM']).exactOptional(),
    }),
  }),
]);

/** A decision but for its id, with the hosts, results and properties packed. */
const packedSchema = z.strictObject({
  time,
  durationMs: z.number(),
  requestId: text,
  face: z.enum(['ENGINE', 'GRPC']),
  method: z.enum(['FILTER', 'SCORE', 'BALANCE']),
  vm: z
    .strictObject({ id: text, name: text.optional(), os: text.optional(), clusterId: text.optional() })
    .optional(),
  policy: text.optional(),
  policyHash: text,
  properties: z.array(z.tuple([text, text])),
  snapshots: z.array(z.strictObject({ service: text.optional(), time, eventId: z.number().optional() })),
  hosts: storedHostsSchema,
  unknownHostIds: z.array(text),
  units: z.array(unitSchema),
  reasons: z.array(z.strictObject({ unit: text, hostId: text, text })),
  migration: z.strictObject({ vmId: text, candidateHostIds: z.array(text) }).optional(),
  selector: z.enum(['rank', 'weight']).optional(),
  rawScores: z.boolean().optional(),
});

const decisionSchema = z.strictObject({
  kind: z.literal('decision'),
  id: text,
  supersedes: text.optional(),
  decision: packedSchema,
});

const subject = { id: text, vmId: text.optional() };

const outcomeSchema = z.strictObject({
  kind: z.literal('outcome'),
  ...subject,
  outcome: z.union([
    z.strictObject({ time, unmatched: z.enum(['TIMED_OUT', 'SUPERSEDED', 'VM_GONE']) }),
    z.strictObject({ time, hostId: text, rank: z.number().optional(), regret: z.number().optional() }),
  ]),
});

const shadowSchema = z.strictObject({
  kind: z.literal('shadow'),
  ...subject,
  result: z.strictObject({
    shadow: text,
    policyHash: text.optional(),
    winner: text.optional(),
    winnerChanged: z.boolean(),
    tau: z.number().optional(),
    topOverlap: z.number(),
    regret: z.number().optional(),
    otherSnapshot: z.boolean().optional(),
    failure: text.optional(),
  }),
});

/** The first line of a segment, with the time at which that was begun. */
const headerSchema = z.object({ kind: z.literal('header'), format: z.number(), time });

const recordSchema = z.discriminatedUnion('kind', [
  headerSchema,
  ...dictionaryRecordSchema.options,
  decisionSchema,
  outcomeSchema,
  shadowSchema,
]);

/** A line of a segment, parsed. */
export type StoredRecord = z.output<typeof recordSchema>;

type StoredDecision = z.output<typeof decisionSchema>;

/** Parses a line without its line feed. Returns undefined for one that is torn, corrupt, or of no known kind. */
export function parseLine(line: string): StoredRecord | undefined {
  return recordSchema.safeParse(unframed(line)).data;
}

/** Returns a value as a line: a checksum as 8 hexadecimal digits, a space, JSON, and a line feed. */
export function framed(value: object): string {
  const json = JSON.stringify(value);
  return `${checksumOf(json)} ${json}\n`;
}

/** JSON, the end of which is a text of its own. */
export interface JsonParts {
  readonly json: Buffer;
  readonly end: string;
}

/** Writes JSON as such a line into a buffer that has room for it. Returns the place after it. */
export function writeFramed({ json, end }: JsonParts, buffer: Buffer, start: number): number {
  const begin = start + CHECKSUM_LENGTH + 1;
  buffer.set(json, begin);
  const stop = begin + json.length + buffer.write(end, begin + json.length);
  buffer.write(`${checksumOf(buffer.subarray(begin, stop))} `, start, 'latin1');
  buffer[stop] = LINE_FEED;
  return stop + 1;
}

/** Returns how many bytes the line of JSON has at most. */
export function mostBytesOf({ json, end }: JsonParts): number {
  return CHECKSUM_LENGTH + 2 + json.length + MAX_UTF8_BYTES * end.length;
}

const CHECKSUM_LENGTH = 8;
const LINE_FEED = 10;
const MAX_UTF8_BYTES = 3;

function checksumOf(json: string | Buffer): string {
  return crc32(json).toString(16).padStart(CHECKSUM_LENGTH, '0');
}

/** Returns the value in a line without its line feed, or undefined if its checksum is not right. */
export function unframed(line: string): unknown {
  try {
    return isWhole(line) ? JSON.parse(line.slice(9)) : undefined;
  } catch {
    return undefined;
  }
}

/** Reports whether a line has the checksum that it begins with. */
export function isWhole(line: string): boolean {
  return line[8] === ' ' && checksumOf(line.slice(9)) === line.slice(0, 8);
}

/** Reports whether a line is of a kind and of a decision, if it is a whole one: at the price of no parsing. */
export function isLineOf(line: string, kind: StoredRecord['kind'], id = ''): boolean {
  return line.startsWith(`{"kind":"${kind}"${id === '' ? '' : `,"id":${JSON.stringify(id)}`}`, 9);
}

/** Reports whether a line is of a decision that supersedes another one, and returns its time; undefined otherwise. */
export function timeOfSuperseding(line: string, id: string): number | undefined {
  if (!line.startsWith(`","supersedes":${JSON.stringify(id)}`, ID_START + ID_LENGTH)) return undefined;
  return timeOfDecisionId(line.slice(ID_START, ID_START + ID_LENGTH));
}

/** Place of the id in the line of a decision. */
const ID_START = '00000000 {"kind":"decision","id":"'.length;

/** Encodes what is appended as far as no segment has a part in it. Throws for values that don't fit. */
export function encode(appended: Appended): Unwritten {
  const entry = entryOf(appended);
  if (appended.kind !== 'decision') return { json: Buffer.from(JSON.stringify(appended)), entry };
  const { decision, supersedes } = appended;
  const record = { kind: 'decision', id: decision.id, supersedes, decision: packed(decision) };
  const json = Buffer.from(JSON.stringify(record).slice(0, -'}}'.length));
  return { json, hosts: decision.hosts, entry };
}

/** Returns the end of the line of what waited. Calls `emit` with records of the dictionary that must come before it. */
export function endOf(
  { hosts }: Unwritten,
  dictionary: HostDictionary,
  emit: (record: DictionaryRecord) => void,
): string {
  return hosts === undefined ? '' : `,"hosts":${JSON.stringify(dictionary.encode(hosts, emit))}}}`;
}

/** Returns what the index has of what is appended. */
export function entryOf(appended: Appended | StoredRecord): IndexEntry {
  if (appended.kind === 'outcome' || appended.kind === 'shadow')
    return { keys: [keyOfVm(appended.vmId ?? appended.id)] };
  if (appended.kind !== 'decision') return { keys: [] };
  const { time, vm } = appended.decision;
  const id = 'id' in appended ? appended.id : appended.decision.id;
  const keys = [keyOfVm(vm?.id ?? id)];
  if (vm?.name !== undefined) keys.push(keyOfVmName(vm.name));
  return { time, keys };
}

/** Returns the hash by which lines of a VM are found. */
export function keyOfVm(vmId: string): number {
  return crc32(vmId);
}

/** Returns the hash by which decisions about VMs of a name are found, in whichever case it is written. */
export function keyOfVmName(name: string): number {
  return crc32(`name ${name.toLowerCase()}`);
}

/** Returns the decision of a line. Throws for hosts that the dictionary has not, and values that don't fit the hosts. */
export function decisionOf(stored: StoredDecision, dictionary: HostDictionary): Decision {
  const { id, decision } = stored;
  const { properties, units } = decision;
  const hosts = dictionary.decode(decision.hosts);
  return {
    id,
    ...decision,
    properties: new Map(properties),
    hosts,
    units: units.map((unit): DecidedUnit => {
      if ('failure' in unit) return unit;
      if ('accepted' in unit) return { ...unit, accepted: unpackBits(unit.accepted, hosts.length) };
      return { ...unit, values: valuesIn(unit.values, hosts.length) };
    }),
  };
}

function packed(decision: Decision): Omit<z.input<typeof packedSchema>, 'hosts'> {
  const { vm, migration, hosts } = decision;
  return {
    time: decision.time,
    durationMs: decision.durationMs,
    requestId: decision.requestId,
    face: decision.face,
    method: decision.method,
    vm: vm && { id: vm.id, name: vm.name, os: vm.os, clusterId: vm.clusterId },
    policy: decision.policy,
    policyHash: decision.policyHash,
    properties: [...decision.properties],
    snapshots: decision.snapshots.map(({ service, time, eventId }) => ({ service, time, eventId })),
    unknownHostIds: [...decision.unknownHostIds],
    units: decision.units.map((unit) => packedUnit(unit, hosts.length)),
    reasons: decision.reasons.map(({ unit, hostId, text }) => ({ unit, hostId, text })),
    migration: migration && {
      vmId: migration.vmId,
      candidateHostIds: [...migration.candidateHostIds],
    },
    selector: decision.selector,
    rawScores: decision.rawScores,
  };
}

function packedUnit(unit: DecidedUnit, hosts: number): z.input<typeof unitSchema> {
  const { name, weight } = unit;
  const results = 'values' in unit ? unit.values : 'accepted' in unit ? unit.accepted : undefined;
  if (results !== undefined && results.length !== hosts)
    throw new Error(`${results.length} results of ${name} for ${hosts} hosts`);
  if ('values' in unit) return { name, weight, direction: unit.direction, values: packValues(unit.values) };
  if ('accepted' in unit) return { name, weight, accepted: packBits(unit.accepted) };
  const { code, message, notFound } = unit.failure;
  return { name, weight, failure: notFound === undefined ? { code, message } : { code, message, notFound } };
}

function packValues(values: ArrayLike<number>): { readonly bytes: string } | { readonly ints: string } {
  const packed = packedValues(values);
  return packed instanceof Uint8Array ? { bytes: base64Of(packed) } : { ints: base64Of(packed) };
}

/** Returns values in one byte each if they fit, else in four. Throws for one that is no integer of 32 bits. */
export function packedValues(values: ArrayLike<number>): Uint8Array | Int32Array {
  if (values instanceof Uint8Array || values instanceof Int32Array) return values;
  const bytes = new Uint8Array(values.length);
  if (holdsAll(bytes, values)) return bytes;
  const ints = new Int32Array(values.length);
  if (holdsAll(ints, values)) return ints;
  throw new Error('a value is no integer of 32 bits');
}

/** Copies values. Returns false when one does not fit. The arrays' own `from` takes four times as long. */
function holdsAll(copy: Uint8Array | Int32Array, values: ArrayLike<number>): boolean {
  for (let place = 0; place < values.length; place++) {
    copy[place] = values[place] ?? NaN;
    if (copy[place] !== values[place]) return false;
  }
  return true;
}

function valuesIn(
  packed: { readonly bytes: string } | { readonly ints: string },
  hosts: number,
): Uint8Array | Int32Array {
  // Copied, since the bytes of a Buffer may begin at an odd place; part of a number throws.
  const bytes = new Uint8Array(Buffer.from('bytes' in packed ? packed.bytes : packed.ints, 'base64'));
  const values = 'bytes' in packed ? bytes : new Int32Array(bytes.buffer);
  if (values.length !== hosts) throw new Error(`${values.length} values for ${hosts} hosts`);
  return values;
}
