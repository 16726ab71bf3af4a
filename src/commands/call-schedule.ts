import type { callXmlRpc } from '../bridge/client.js';
import type { WeightedUnit } from '../domain/contract.js';
import type { DiscoveredUnit, DiscoverOutcome } from '../engine-model/read-answer.js';
import {
  askAsEngine,
  askedJson,
  askedLines,
  failUnlessRead,
  type Asked,
  type CallOptions,
} from './call-exchange.js';
import { costCall, discoverCall, filterCall } from './call-methods.js';
import { placingOf, type PlacingOptions } from './call-placing.js';
import { print, type Io } from './io.js';
import { unreadProperties } from './properties.js';
import { printLines, terminalJson, warn } from './terminal-text.js';

/** Options of `hostscore call schedule`. */
export interface ScheduleOptions extends CallOptions, PlacingOptions {
  /** Absent: every filter that discover lists. */
  readonly filter?: readonly string[];
  /** Absent: every cost function that discover lists, with factor 1. */
  readonly unit?: readonly WeightedUnit[];
}

/**
 * Asks what the engine asks to place a VM, in its order, and prints which host it would pick: discover, filters for all
 * hosts, costs for those that are left. Where there is no answer it goes on as the engine does, and fails at the end.
 */
export async function schedule(options: ScheduleOptions, io: Io, send: typeof callXmlRpc): Promise<void> {
  const { json = false } = options;
  const placing = await placingOf(options, io);
  const discover = discoverCall();
  const discovered = await askAsEngine(discover, options, io, send);
  if (options.filter === undefined || options.unit === undefined) failUnlessRead(discover, discovered);
  const enabled = enabledOf(discovered);
  const filters = options.filter ?? namesOf(enabled, 'FILTER');
  const units = options.unit ?? namesOf(enabled, 'SCORE').map((name) => ({ name, weight: 1 }));
  const tell = (...lines: Parameters<typeof printLines>[1]) => {
    if (!json) printLines(io.stdout, lines);
  };

  const filtering = filterCall(filters, placing);
  // Without a filter of ours, or without a host, the engine does not ask.
  const filtered =
    filters.length === 0 || placing.hostIds.length === 0
      ? undefined
      : await askAsEngine(filtering, options, io, send);
  const left = leftAfter(filtered, placing.hostIds);
  if (placing.hostIds.length === 0)
    tell({ text: 'No host is up in the cluster of the VM, so it does not start or migrate.' });
  else if (filtered === undefined) tell({ text: 'No external filter: every host is left.' });
  else tell({ text: `filters: ${filters.join(', ')}`, style: 'dim' }, ...askedLines(filtering, filtered));

  const costing = costCall(units, { ...placing, hostIds: left });
  // The engine takes a host that is left alone without asking what it costs.
  const isAsked = left.length > 1 && units.length > 0;
  const costs = isAsked ? await askAsEngine(costing, options, io, send) : undefined;
  if (costs !== undefined) tell({ text: '' }, ...askedLines(costing, costs));
  else if (left.length > 0) tell({ text: '' }, { text: withoutCosts(left, placing.names), style: 'bold' });

  if (json) {
    print(
      io,
      terminalJson({
        hosts: placing.hostIds.map((id) => ({ id, name: placing.names.get(id) })),
        filters: filtered === undefined ? undefined : askedJson(filtered),
        left,
        costs: costs === undefined ? undefined : askedJson(costs),
      }),
    );
  }
  const asked = [...filters, ...units.map(({ name }) => name)];
  if (options.property !== undefined) warn(io.stderr, unread(options.property, enabled, asked));
  if (filtered !== undefined) failUnlessRead(filtering, filtered);
  if (costs !== undefined) failUnlessRead(costing, costs);
}

function enabledOf(discovered: Asked<DiscoverOutcome>): readonly DiscoveredUnit[] {
  return discovered.failure === undefined ? (discovered.reading.outcome?.enabled ?? []) : [];
}

function namesOf(enabled: readonly DiscoveredUnit[], type: DiscoveredUnit['type']): readonly string[] {
  return enabled.filter((unit) => unit.type === type).map(({ name }) => name);
}

/** Without an answer the engine keeps every host; an exception leaves none. */
function leftAfter(
  filtered: Asked<{ readonly accepted: readonly string[] }> | undefined,
  hostIds: readonly string[],
): readonly string[] {
  if (filtered === undefined || filtered.failure !== undefined) return [...new Set(hostIds)];
  return filtered.reading.outcome?.accepted ?? [];
}

function withoutCosts([first = '', second]: readonly string[], names: ReadonlyMap<string, string>): string {
  return second === undefined
    ? `The engine picks ${names.get(first) ?? first}, the only host that is left.`
    : "No external cost function: the engine's own units decide alone.";
}

/** Warns of properties that none of the units asked reads, by what discover says. Says nothing when there is no answer. */
export async function warnOfProperties(
  options: CallOptions & PlacingOptions,
  asked: readonly string[],
  io: Io,
  send: typeof callXmlRpc,
): Promise<void> {
  const { property } = options;
  if (property === undefined) return;
  const enabled = enabledOf(await askAsEngine(discoverCall(), options, io, send));
  warn(io.stderr, unread(property, enabled, asked));
}

function unread(
  property: ReadonlyMap<string, string>,
  enabled: readonly DiscoveredUnit[],
  asked: readonly string[],
): readonly string[] {
  const units = enabled.filter(({ name }) => asked.includes(name));
  // What a unit reads that is not listed is not known.
  if (asked.some((name) => !units.some((unit) => unit.name === name))) return [];
  const reading = units.map(({ properties }) => ({
    properties: properties
      .split(';')
      .filter((text) => text !== '')
      .map((text) => ({ name: text.split('=')[0] ?? '' })),
  }));
  return unreadProperties(property.keys(), reading).map(
    (text) => `warning: --property: no unit that was asked ${text}; it is ignored`,
  );
}
