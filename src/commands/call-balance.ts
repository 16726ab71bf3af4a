import { readBalanceAnswer } from '../engine-model/read-answer.js';
import type { OpenXmlRpcCaller } from './call-client.js';
import { exchange } from './call-exchange.js';
import type { CallBalanceOptions } from './call-options.js';
import type { Io } from './io.js';

/** `hostscore call balance`: which migration the engine would start. */
export function callBalance(options: CallBalanceOptions, io: Io, open: OpenXmlRpcCaller): Promise<void> {
  // Without properties the engine sends nil.
  const { host, unit, property = null } = options;
  return exchange(
    {
      method: 'runLoadBalancing',
      params: [unit, host, property],
      read: (answer) => readBalanceAnswer(answer, { hostIds: host, units: [unit] }),
      withoutAnswer: 'the engine balances nothing this time (event 9920)',
      lines: ({ migration }) =>
        migration === undefined
          ? ['The engine does nothing.']
          : [
              `The engine migrates VM ${migration.vmId} to the best of:`,
              ...migration.candidateHostIds.map((id) => `  ${id}`),
            ],
    },
    options,
    io,
    open,
  );
}
