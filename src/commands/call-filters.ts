import { readFilterAnswer } from '../engine-model/read-answer.js';
import type { OpenXmlRpcCaller } from './call-client.js';
import { exchange } from './call-exchange.js';
import type { CallFiltersOptions } from './call-options.js';
import type { Io } from './io.js';

/** `hostscore call filters`: which hosts would be left. */
export function callFilters(options: CallFiltersOptions, io: Io, open: OpenXmlRpcCaller): Promise<void> {
  const { host, vm, unit, property = new Map<string, string>() } = options;
  return exchange(
    {
      method: 'runFilters',
      params: [unit, host, vm, property],
      read: (answer) => readFilterAnswer(answer, { hostIds: [...new Set(host)], units: unit }),
      withoutAnswer: 'the engine fails open and keeps every host (event 9920)',
      lines: ({ accepted, rejected }) => [
        ...accepted.map((id) => `keeps    ${id}`),
        ...rejected.map((id) => `rejects  ${id}`),
        ...(accepted.length === 0 ? ['No host is left, so the VM does not start or migrate.'] : []),
      ],
    },
    options,
    io,
    open,
  );
}
