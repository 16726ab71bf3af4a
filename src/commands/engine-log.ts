import { createReadStream } from 'node:fs';
import type { Decision } from '../domain/decision.js';
import { engineCosts, type InternalUnit } from '../engine-model/decision-ranking.js';
import { parseUuid } from '../lib/uuid.js';

/** Longest line that is read, in characters: a table of 10,000 hosts has lines of 400,000. Longer ones are skipped. */
export const MAX_LINE = 1024 * 1024;

/** Most units of a table: an engine's policy has a few dozen. */
export const MAX_ROWS = 1000;

/** Longest time between an answer and the engine's table that is taken for its own, in ms; their clocks may differ. */
export const NEAR_MS = 10 * 60_000;

/** A table that RankSelector wrote. */
export interface RankTable {
  /** Time of its line, in ms since the epoch; absent for one that has none. */
  readonly time?: number | undefined;
  /** Correlation id of the engine's action; empty for none. */
  readonly correlationId: string;
  readonly rows: readonly RankRow[];
}

/** A unit of a table, with the costs that it gave, by host. */
export interface RankRow {
  /** Id of the unit; absent where the engine knew none. */
  readonly id?: string | undefined;
  readonly factor: number;
  readonly costs: ReadonlyMap<string, number>;
}

/** The engine's own units in a choice, and the table that they are from. */
export interface InternalUnits {
  readonly table: RankTable;
  readonly units: readonly InternalUnit[];
  /** Names of our units whose costs no row has: the engine did not count them, or other ones. */
  readonly missing: readonly string[];
}

/**
 * Finds the table of a decision in an engine's log, which has the level DEBUG for it: the one of the same hosts with the most
 * rows of our costs, of equal ones the nearest in time. Resolves to undefined when there is none within ten minutes.
 */
export async function internalUnitsOf(decision: Decision, file: string): Promise<InternalUnits | undefined> {
  const ids = new Set([...decision.hosts.map(({ id }) => id), ...decision.unknownHostIds]);
  let best: InternalUnits | undefined;
  const distance = ({ time = Infinity }: RankTable) => Math.abs(time - decision.time);
  for await (const table of rankTables(file, ids)) {
    if (table.time !== undefined && distance(table) > NEAR_MS) continue;
    const found = split(table, decision);
    const isBetter =
      best === undefined ||
      found.missing.length < best.missing.length ||
      (found.missing.length === best.missing.length && distance(table) < distance(best.table));
    if (isBetter) best = found;
  }
  return best;
}

/** Tells the engine's own units from ours, whose rows have the costs that we gave. */
function split(table: RankTable, decision: Decision): InternalUnits {
  const ids = [...decision.hosts.map(({ id }) => id), ...decision.unknownHostIds];
  const rest = [...table.rows];
  const missing: string[] = [];
  for (const { unit, costs } of engineCosts(decision)) {
    const place = rest.findIndex(
      (row) =>
        row.factor === unit.weight && ids.every((id, host) => row.costs.get(id) === (costs[host] ?? 0)),
    );
    if (place < 0) missing.push(unit.name);
    else rest.splice(place, 1);
  }
  const units = rest.map(({ id, factor, costs }) => ({
    name: id === undefined ? 'unknown unit' : (WEIGHT_UNITS[id] ?? id),
    factor,
    costs,
  }));
  return { table, units, missing };
}

/** Yields the tables of these hosts in a log, which is read as a stream: it may have gigabytes. */
async function* rankTables(file: string, ids: ReadonlySet<string>): AsyncGenerator<RankTable> {
  let before = '';
  let table:
    { readonly head: string; readonly hosts: readonly string[]; readonly rows: RankRow[] } | undefined;
  const ended = () =>
    table === undefined || table.rows.length === 0 ? [] : [{ ...headOf(table.head), rows: table.rows }];
  for await (const line of linesOf(file)) {
    const row = table === undefined ? undefined : rowOf(line, table.hosts);
    if (row !== undefined && table !== undefined && table.rows.length < MAX_ROWS) table.rows.push(row);
    else {
      yield* ended();
      const hosts = hostsOf(line);
      table =
        hosts.length === ids.size && hosts.every((id) => ids.has(id))
          ? { head: before, hosts, rows: [] }
          : undefined;
    }
    before = line;
  }
  yield* ended();
}

/** Yields the lines of a file without their ends; of one that is too long nothing. */
async function* linesOf(file: string): AsyncGenerator<string> {
  let begun = '';
  let isTooLong = false;
  for await (const chunk of createReadStream(file, 'utf8')) {
    const [first = '', ...more] = String(chunk).split('\n');
    const pieces = [first, ...more];
    for (const [place, piece] of pieces.entries()) {
      isTooLong ||= begun.length + piece.length > MAX_LINE;
      begun = isTooLong ? '' : begun + piece;
      if (place === pieces.length - 1) break;
      yield withoutReturn(begun);
      begun = '';
      isTooLong = false;
    }
  }
  yield withoutReturn(begun);
}

function withoutReturn(line: string): string {
  return line.endsWith('\r') ? line.slice(0, -1) : line;
}

/** Returns the hosts of the first line of a table, `*;factor;HOST;;HOST;`; none of any other line. */
function hostsOf(line: string): readonly string[] {
  if (!line.startsWith('*;factor;')) return [];
  const cells = line.split(';').slice(2);
  const hosts: string[] = [];
  for (let place = 0; place < cells.length; place += 2) {
    const id = parseUuid(cells[place] ?? '');
    if (id === undefined) break;
    hosts.push(id);
  }
  return [...new Set(hosts)];
}

/** Reads a unit of a table, `UNIT;FACTOR;RANK;COST;RANK;COST`; undefined for any other line. */
function rowOf(line: string, hosts: readonly string[]): RankRow | undefined {
  const [unit = '', ...cells] = line.split(';');
  const id = parseUuid(unit);
  if (id === undefined && unit !== '<unknown>') return undefined;
  const numbers = cells.map((cell) => (/^-?\d{1,10}$/.test(cell) ? Number(cell) : Number.NaN));
  const [factor = Number.NaN, ...pairs] = numbers;
  if (pairs.length !== 2 * hosts.length || numbers.some(Number.isNaN)) return undefined;
  return { id, factor, costs: new Map(hosts.map((host, place) => [host, pairs[2 * place + 1] ?? 0])) };
}

/** Reads the line of the log that a table begins with: time, level, class, thread and correlation id. */
function headOf(line: string): Pick<RankTable, 'time' | 'correlationId'> {
  const [, date, clock, ms, zone = ''] = HEAD.exec(line) ?? [];
  const correlationId = /\) \[([^\]]{0,128})\]/.exec(line)?.[1] ?? '';
  if (date === undefined) return { correlationId };
  const offset =
    zone === '' ? 'Z' : /^[+-]\d\d$/.test(zone) ? `${zone}:00` : zone.replace(/^([+-]\d\d)(\d\d)$/, '$1:$2');
  const time = Date.parse(`${date}T${clock}.${ms}${offset}`);
  return { time: Number.isNaN(time) ? undefined : time, correlationId };
}

const HEAD = /^(\d{4}-\d\d-\d\d) (\d\d:\d\d:\d\d)[,.](\d{3})(Z|[+-]\d\d:?(?:\d\d)?)?/;

/** The engine's own weight units, as its sources name them (policyunits/*WeightPolicyUnit.java). */
const WEIGHT_UNITS: Readonly<Record<string, string>> = {
  '1b14ac11-20e9-4593-a149-2eb83c60a330': 'CPU and NUMA pinning compatibility',
  '38440000-8cf0-14bd-c43e-10b96e4ef00b': 'None',
  '3ba8c988-f779-42c0-90ce-caa8243edee7': 'OptimalForEvenGuestDistribution',
  '4134247a-9c58-4b9a-8593-530bb9e37c59': 'OptimalForMemoryEvenDistribution',
  '427aed70-dae3-48ba-8fe9-a902a9d563c8': 'VmToHostsAffinityGroups',
  '591cdb81-ba67-45b4-9642-e28f61a97d57': 'PreferredHosts',
  '71931e14-f0e6-4f91-a7c8-d494a26e3a09': 'CPU for high performance VMs',
  '736999d0-1023-46a4-9a75-1316ed50e151': 'OptimalForPowerSaving',
  '736999d0-1023-46a4-9a75-1316ed50e15b': 'OptimalForCpuPowerSaving',
  '7db4ab05-81ab-42e8-868a-aee2df483edb': 'OptimalForCpuEvenDistribution',
  '7f262d70-6cac-11e3-981f-0800200c9a66': 'OptimalForHaReservation',
  '84e6ddee-ab0d-42dd-82f0-c297779db567': 'VmAffinityGroups',
  '84e6ddee-ab0d-42dd-82f0-c298889db568': 'InClusterUpgrade',
  '98e92667-6161-41fb-b3fa-34f820ccbc4b': 'HA',
  '9dfe6086-646d-43b8-8eef-4d94de8472c8': 'OptimalForMemoryPowerSaving',
  'f58c1cb9-d91f-48a6-a196-c6d22fb10c4e': 'Fit VM to single host NUMA node',
};
