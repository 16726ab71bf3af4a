import { join } from 'node:path';
import protobuf from 'protobufjs';
import type { PolicyUnitList, ScoreHostsResponse } from '../domain/contract.js';
import type { ListHostsResponse, ListVmsResponse, Reservation } from '../domain/inventory.js';
import { CONTRACT_FILES, CONTRACT_FOLDER } from './proto.js';
import { writeListedHosts, writeListedVms } from './message/inventory.js';
import { writeReleased, writeReservations, writeReserved } from './message/reservations.js';
import { writePolicyUnits, writeScores } from './message/write-response.js';

/** Returns the units of a service in the JSON of the contract. */
export function unitsJson(list: PolicyUnitList): object {
  return messageJson('ListPolicyUnitsResponse', writePolicyUnits(list));
}

/** Returns scores in the JSON of the contract. */
export function scoresJson(response: ScoreHostsResponse): object {
  return messageJson('ScoreHostsResponse', writeScores(response));
}

/** Returns hosts in the JSON of the contract. */
export function hostsJson(response: ListHostsResponse): object {
  return messageJson('ListHostsResponse', writeListedHosts(response));
}

/** Returns VMs in the JSON of the contract. */
export function vmsJson(response: ListVmsResponse): object {
  return messageJson('ListVmsResponse', writeListedVms(response));
}

/** Returns the reservation that was made in the JSON of the contract. */
export function reservedJson(reservation: Reservation): object {
  return messageJson('ReserveResponse', writeReserved(reservation));
}

/** Returns the reservation that has ended, if there was one, in the JSON of the contract. */
export function releasedJson(reservation: Reservation | undefined): object {
  return messageJson('ReleaseResponse', writeReleased(reservation));
}

/** Returns reservations in the JSON of the contract. */
export function reservationsJson(reservations: readonly Reservation[]): object {
  return messageJson('ListReservationsResponse', writeReservations(reservations));
}

/** Returns a message of DecisionService, by its name, in the JSON of the contract. */
export function decisionJson(name: DecisionAnswer, bytes: Uint8Array): object {
  return messageJson(name, bytes);
}

type DecisionAnswer =
  | 'ListDecisionsResponse'
  | 'GetDecisionResponse'
  | 'WatchDecisionsResponse'
  | 'ExplainDecisionResponse'
  | 'ReportAgreementResponse'
  | 'ReportShadowsResponse';

let loaded: protobuf.Root | undefined;

/** Returns the contract in the form that tells fields by their types, which only a command that prints JSON needs. */
function contract(): protobuf.Root {
  if (loaded !== undefined) return loaded;
  const root = new protobuf.Root();
  const resolveIn = root.resolvePath.bind(root);
  root.resolvePath = (origin, target) =>
    CONTRACT_FILES.includes(target) ? join(CONTRACT_FOLDER, target) : resolveIn(origin, target);
  loaded = root.loadSync([...CONTRACT_FILES]);
  loaded.resolveAll();
  return loaded;
}

function messageJson(name: string, bytes: Uint8Array): object {
  const type = contract().lookupType(`hostscore.v1.${name}`);
  return asJson(type, membersOf(type.decode(bytes)));
}

/**
 * Returns a message in the JSON mapping of proto3, in the order of its fields: names in camel case, enums by name, and
 * without what equals its default and has no presence. Of the well-known types it knows those of the contract.
 */
function asJson(type: protobuf.Type, members: ReadonlyMap<string, unknown>): object {
  return Object.fromEntries(
    type.fieldsArray.flatMap((field): [string, unknown][] => {
      const { name, partOf } = field;
      // The types of protobufjs leave out its any.
      const typeDefault: unknown = field.typeDefault;
      const value = members.get(name);
      if (field instanceof protobuf.MapField) {
        const entries = [...membersOf(value)];
        return entries.length === 0
          ? []
          : [[name, Object.fromEntries(entries.map(([key, item]) => [key, valueJson(field, item)]))]];
      }
      if (Array.isArray(value)) {
        return value.length === 0 ? [] : [[name, value.map((item) => valueJson(field, item))]];
      }
      const isDefault = isInt64(field) ? Number(value) === 0 : value === typeDefault;
      if (value == null || (partOf === null && isDefault)) return [];
      return [[name, valueJson(field, value)]];
    }),
  );
}

function valueJson(field: protobuf.Field, value: unknown): unknown {
  const { resolvedType } = field;
  if (isInt64(field)) return String(value);
  if (resolvedType instanceof protobuf.Enum) return resolvedType.valuesById[Number(value)] ?? value;
  if (!(resolvedType instanceof protobuf.Type)) return value;
  const members = membersOf(value);
  if (resolvedType.fullName === '.google.protobuf.Timestamp') return timeJson(members);
  if (resolvedType.fullName === '.google.protobuf.Duration') return durationJson(members);
  return asJson(resolvedType, members);
}

function isInt64({ type }: protobuf.Field): boolean {
  return type === 'int64';
}

/** Returns a duration with three, six or nine digits, or none, as the mapping has it. */
function durationJson(members: ReadonlyMap<string, unknown>): string {
  const digits = String(Number(members.get('nanos') ?? 0)).padStart(9, '0');
  const fraction = digits.replace(/(?:000){1,3}$/, '');
  return `${Number(members.get('seconds') ?? 0)}${fraction === '' ? '' : `.${fraction}`}s`;
}

function timeJson(members: ReadonlyMap<string, unknown>): string {
  const milliseconds = Number(members.get('seconds') ?? 0) * 1000 + Number(members.get('nanos') ?? 0) / 1e6;
  return new Date(milliseconds).toISOString();
}

/** Only what was on the wire is a message's own; defaults are its prototype's. */
function membersOf(message: unknown): ReadonlyMap<string, unknown> {
  return new Map(Object.entries(message ?? {}));
}
