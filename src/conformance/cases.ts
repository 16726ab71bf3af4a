import { randomUUID } from 'node:crypto';
import { MAX_WEIGHT_SUM } from '../domain/contract.js';
import type { SchedulingErrorCode } from '../domain/errors.js';
import type { BalanceHostsRequest } from '../gen/hostscore/v1/BalanceHostsRequest.js';
import type { BalanceHostsResponse__Output } from '../gen/hostscore/v1/BalanceHostsResponse.js';
import type { FilterHostsRequest } from '../gen/hostscore/v1/FilterHostsRequest.js';
import type { FilterHostsResponse__Output } from '../gen/hostscore/v1/FilterHostsResponse.js';
import type { PolicyUnit__Output } from '../gen/hostscore/v1/PolicyUnit.js';
import type { ScoreHostsRequest } from '../gen/hostscore/v1/ScoreHostsRequest.js';
import type { ScoreHostsResponse__Output } from '../gen/hostscore/v1/ScoreHostsResponse.js';
import type { Report } from './rules.js';

/** Subjects of the calls, and the demands on the answers. */
export interface ConformOptions {
  readonly vmId: string;
  /** At least one, each once, in lower case. */
  readonly hostIds: readonly string[];
  /** True to demand what only a service with an inventory can send, and every field that others may leave out. */
  readonly inventory: boolean;
  /** True to call BalanceHosts. */
  readonly balance: boolean;
}

/** A call and what is to come of it. */
export interface Case<Request, Answer> {
  readonly title: string;
  readonly request: Request;
  /** Status in place of an answer, and the field or id that its message has to name. */
  readonly refusal?: { readonly code: SchedulingErrorCode; readonly names: string };
  /** Checks what only this call demands. */
  readonly also?: (answer: Answer, report: Report) => void;
}

/** A call of ScoreHosts. */
export type ScoreCase = Case<ScoreHostsRequest, ScoreHostsResponse__Output>;

/** A call of FilterHosts. */
export type FilterCase = Case<FilterHostsRequest, FilterHostsResponse__Output>;

/** A call of BalanceHosts. */
export type BalanceCase = Case<BalanceHostsRequest, BalanceHostsResponse__Output>;

/** The units of a method that a service lists, by name. */
export type ListedUnits = ReadonlyMap<string, PolicyUnit__Output>;

/** Name of a unit and of a policy that no service offers. */
const NOT_OFFERED = 'hostscore_conform_not_offered';

/** Most units that one call names, below the limits of servers. */
const MOST_UNITS = 20;

/** A request of ScoreHosts and FilterHosts alike. */
type CommonRequest = Omit<ScoreHostsRequest, 'units' | 'explain_top'>;

/** Returns the calls that ScoreHosts and FilterHosts have in common. */
function commonCases(
  { vmId, hostIds, inventory }: ConformOptions,
  hasInventory: boolean,
): readonly Case<CommonRequest, unknown>[] {
  const [first = ''] = hostIds;
  const base = { vm_id: vmId, host_ids: [...hostIds] };
  const vm = randomUUID();
  const host = randomUUID();
  const known: readonly Case<CommonRequest, unknown>[] = [
    {
      title: 'a VM that the engine lacks',
      request: { ...base, vm_id: vm },
      refusal: { code: 'NOT_FOUND', names: vm },
    },
    {
      title: 'a placement of a VM that the engine lacks',
      request: { ...base, assumed_placements: [{ vm_id: vm, host_id: first }] },
      refusal: { code: 'INVALID_ARGUMENT', names: 'assumed_placements[0].vm_id' },
    },
    {
      title: 'a placement on a host that the engine lacks',
      request: { ...base, assumed_placements: [{ vm_id: vmId, host_id: host }] },
      refusal: { code: 'INVALID_ARGUMENT', names: 'assumed_placements[0].host_id' },
    },
  ];
  return [
    { title: 'every unit', request: base },
    { title: 'hosts in reverse', request: { ...base, host_ids: hostIds.toReversed() } },
    { title: 'hosts twice', request: { ...base, host_ids: [...hostIds, ...hostIds.toReversed()] } },
    {
      title: 'ids in upper case',
      request: { vm_id: vmId.toUpperCase(), host_ids: hostIds.map((id) => id.toUpperCase()) },
    },
    { title: 'no hosts', request: { ...base, host_ids: [] } },
    { title: 'a property that no unit reads', request: { ...base, properties: { [NOT_OFFERED]: 'x' } } },
    { title: 'explain', request: { ...base, explain: true } },
    {
      title: 'an assumed placement',
      request: { ...base, assumed_placements: [{ vm_id: vmId, host_id: first }] },
    },
    {
      title: 'all hosts',
      request: { vm_id: vmId, all_hosts: true },
      ...(hasInventory ? {} : { refusal: { code: 'INVALID_ARGUMENT', names: 'all_hosts' } }),
    },
    {
      title: 'a policy that is not there',
      request: { ...base, policy: NOT_OFFERED },
      refusal: { code: 'INVALID_ARGUMENT', names: 'policy' },
    },
    ...(inventory ? known : []),
  ];
}

/** Returns the calls of ScoreHosts. */
export function scoreCases(
  options: ConformOptions,
  units: ListedUnits,
  hasInventory: boolean,
): readonly ScoreCase[] {
  const base = { vm_id: options.vmId, host_ids: [...options.hostIds] };
  const names = [...units.keys()];
  const some = names.slice(0, MOST_UNITS);
  const [first = ''] = names;
  const stranger = randomUUID();
  const unknownHost: ScoreCase = {
    title: 'a host that the engine lacks',
    request: { ...base, host_ids: [stranger, ...options.hostIds] },
    also({ unknown_host_ids }, report) {
      if (!unknown_host_ids.includes(stranger)) {
        report(
          'unknown_host_ids',
          `expected ${stranger}, which the engine lacks; got [${unknown_host_ids.join(', ')}]`,
        );
      }
    },
  };
  return [
    ...commonCases(options, hasInventory),
    ...names.map((name) => ({ title: `unit ${name}`, request: { ...base, units: [{ name }] } })),
    ...withDefaults(units).map(({ name, properties }) => ({
      title: `unit ${name}, properties at their defaults`,
      request: { ...base, units: [{ name }], properties },
      also: takesDefaults,
    })),
    {
      title: 'weights 3, 2, 1, 0',
      request: { ...base, units: some.map((name, place) => ({ name, weight: Math.max(0, 3 - place) })) },
    },
    { title: 'weight 0', request: { ...base, units: [{ name: first, weight: 0 }] } },
    { title: 'the largest weight', request: { ...base, units: [{ name: first, weight: MAX_WEIGHT_SUM }] } },
    {
      title: 'a unit that is not offered',
      request: { ...base, units: [NOT_OFFERED, ...some.toReversed()].map((name) => ({ name })) },
    },
    ...(options.inventory ? [unknownHost] : []),
  ];
}

/** Returns the calls of FilterHosts. */
export function filterCases(
  options: ConformOptions,
  units: ListedUnits,
  hasInventory: boolean,
): readonly FilterCase[] {
  const base = { vm_id: options.vmId, host_ids: [...options.hostIds] };
  const names = [...units.keys()];
  return [
    ...commonCases(options, hasInventory),
    ...names.map((name) => ({ title: `unit ${name}`, request: { ...base, units: [name] } })),
    ...withDefaults(units).map(({ name, properties }) => ({
      title: `unit ${name}, properties at their defaults`,
      request: { ...base, units: [name], properties },
      also: takesDefaults,
    })),
    {
      title: 'a unit that is not offered',
      request: { ...base, units: [NOT_OFFERED, ...names.slice(0, MOST_UNITS).toReversed()] },
    },
  ];
}

/** Returns the calls of BalanceHosts. */
export function balanceCases({ hostIds }: ConformOptions, units: ListedUnits): readonly BalanceCase[] {
  const request = { host_ids: [...hostIds] };
  return [
    ...[...units.keys()].flatMap((unit) => [
      { title: `unit ${unit}`, request: { ...request, unit } },
      { title: `unit ${unit}, explain`, request: { ...request, unit, explain: true } },
      { title: `unit ${unit}, no hosts`, request: { unit, host_ids: [] } },
    ]),
    {
      title: 'a unit that is not offered',
      request: { ...request, unit: NOT_OFFERED },
      refusal: { code: 'NOT_FOUND', names: NOT_OFFERED },
    },
  ];
}

/** Returns the units that say the default of a property, with their defaults. */
function withDefaults(units: ListedUnits) {
  return [...units.values()].flatMap(({ name, properties }) => {
    const set = properties.filter(({ default_value }) => default_value !== '');
    const values = Object.fromEntries(set.map((property) => [property.name, property.default_value]));
    return set.length === 0 ? [] : [{ name, properties: values }];
  });
}

function takesDefaults(
  {
    unit_results,
  }: Pick<ScoreHostsResponse__Output, 'unit_results'> | Pick<FilterHostsResponse__Output, 'unit_results'>,
  report: Report,
): void {
  for (const [place, { failure }] of unit_results.entries()) {
    if (failure?.code !== 'FAILURE_CODE_INVALID_ARGUMENT') continue;
    report(
      `unit_results[${place}].failure`,
      `a unit takes the default_value of its own properties; it refuses them: ${failure.message}`,
    );
  }
}
