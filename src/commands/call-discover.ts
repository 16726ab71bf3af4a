import type { PolicyUnitType } from '../domain/contract.js';
import { readDiscoverAnswer, type DiscoveredUnit } from '../engine-model/read-discover-answer.js';
import type { OpenXmlRpcCaller } from './call-client.js';
import { exchange } from './call-exchange.js';
import type { CallOptions } from './call-options.js';
import type { Io } from './io.js';

/** `hostscore call discover`: which units the engine would enable. */
export function callDiscover(options: CallOptions, io: Io, open: OpenXmlRpcCaller): Promise<void> {
  return exchange(
    {
      method: 'discover',
      params: [],
      read: readDiscoverAnswer,
      withoutAnswer: 'the engine disables every external unit until it starts again (event 9920)',
      lines: ({ enabled }) => [
        `The engine enables ${enabled.length} units, and disables every other external one:`,
        ...enabled.flatMap(unitLines),
      ],
    },
    options,
    io,
    open,
  );
}

const KINDS: Readonly<Record<PolicyUnitType, string>> = {
  FILTER: 'filter',
  SCORE: 'cost function',
  BALANCE: 'balance',
};

function unitLines({ type, name, description, properties }: DiscoveredUnit): string[] {
  return [
    `${name} (${KINDS[type]})`,
    ...(description === '' ? [] : [`  ${description}`]),
    ...properties
      .split(';')
      .filter((property) => property !== '')
      .map((property) => `  ${property}`),
  ];
}
