import type { Command } from 'commander';
import { callBalance } from './call-balance.js';
import type { OpenXmlRpcCaller } from './call-client.js';
import { callCosts } from './call-costs.js';
import { callDiscover } from './call-discover.js';
import { callFilters } from './call-filters.js';
import {
  addCallOptions,
  addFactorsOption,
  addHostOptions,
  addNamesOption,
  addVmOption,
  type CallBalanceOptions,
  type CallCostsOptions,
  type CallFiltersOptions,
  type CallOptions,
} from './call-options.js';
import type { Io } from './io.js';

/** Adds `hostscore call`, which speaks XML-RPC to any external scheduler and says what the engine would do with the answer. */
export function addCallCommand(program: Command, io: Io, open: OpenXmlRpcCaller): void {
  const call = program
    .command('call')
    .description(
      'call an external scheduler as the engine does, and say what the engine would do with the answer',
    );

  addCallOptions(call.command('discover'))
    .description('which units the engine would enable')
    .action((options: CallOptions) => callDiscover(options, io, open));

  addNamesOption(addVmOption(addHostOptions(call.command('filters'))))
    .description('which hosts would be left')
    .action((options: CallFiltersOptions) => callFilters(options, io, open));

  addFactorsOption(addVmOption(addHostOptions(call.command('costs'))))
    .description('what each host costs, and which one the engine would pick')
    .action((options: CallCostsOptions) => callCosts(options, io, open));

  addHostOptions(call.command('balance'))
    .requiredOption('--unit <name>', 'balance unit to run')
    .description('which migration the engine would start')
    .action((options: CallBalanceOptions) => callBalance(options, io, open));
}
