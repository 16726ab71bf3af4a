import type { Command } from 'commander';
import { callXmlRpc } from '../bridge/client.js';
import type { WeightedUnit } from '../domain/contract.js';
import { DEFAULT_TIMEOUT_MS, exchange, type CallOptions } from './call-exchange.js';
import { balanceCall, costCall, discoverCall, filterCall } from './call-methods.js';
import { placingOf, type PlacingOptions } from './call-placing.js';
import { schedule, warnOfProperties, type ScheduleOptions } from './call-schedule.js';
import { addServerOptions } from './client.js';
import type { Io } from './io.js';
import { addTimeoutOption, property, RECORD, requireVm, text, texts, weightedUnit } from './options.js';

/** Options of a command that asks about hosts. */
interface HostOptions extends CallOptions, PlacingOptions {}

interface FilterOptions extends HostOptions {
  readonly unit: readonly string[];
}

interface CostOptions extends HostOptions {
  readonly unit: readonly WeightedUnit[];
}

interface BalanceOptions extends HostOptions {
  readonly unit: string;
}

/** URL at which the engine looks for its external scheduler by default (ExternalSchedulerServiceURL). */
const DEFAULT_URL = 'http://127.0.0.1:18781/';

/**
 * Adds `hostscore call`, which speaks XML-RPC to any external scheduler and says what the engine would do with the answer.
 * Its calls are dry runs: hostscore answers them alike and remembers nothing of them, unless it is told to.
 */
export function addCallCommand(program: Command, io: Io, send = callXmlRpc): void {
  const call = program
    .command('call')
    .description(
      'call an external scheduler as the engine does, and say what the engine would do with the answer',
    );

  const add = (name: string, description: string): Command =>
    addTimeoutOption(
      call
        .command(name)
        .description(description)
        .option('--url <url>', 'URL of the external scheduler', DEFAULT_URL),
      DEFAULT_TIMEOUT_MS,
    ).option('--json', 'print JSON');

  const addRecord = (command: Command): Command => command.option('--record', RECORD);

  /** Adds what names a VM and hosts, and the server at which names are looked up. */
  const addForVm = (name: string, description: string): Command =>
    addProperty(
      addServerOptions(addRecord(add(name, description)))
        .option('--vm <name|id>', 'VM to schedule; required', text)
        .option(
          '--host <name|id>',
          "host to ask about, repeatable; all hosts that are up in the VM's cluster when none is named",
          texts,
        ),
    );

  add('discover', 'which units the engine would enable').action((options: CallOptions) =>
    exchange(discoverCall(), options, io, send),
  );

  const filters = addForVm('filters', 'which hosts would be left')
    .requiredOption('--unit <name>', 'filter to run, repeatable; required', texts)
    .action(async (options: FilterOptions) => {
      requireVm(options.vm, filters);
      await exchange(filterCall(options.unit, await placingOf(options, io)), options, io, send);
      await warnOfProperties(options, options.unit, io, send);
    });

  const costs = addForVm('costs', 'what each host costs, and which one the engine would pick')
    .requiredOption(
      '--unit <name[=factor]>',
      'cost function to run, with its factor in the policy, repeatable; required',
      weightedUnit,
    )
    .action(async (options: CostOptions) => {
      requireVm(options.vm, costs);
      await exchange(costCall(options.unit, await placingOf(options, io)), options, io, send);
      const names = options.unit.map(({ name }) => name);
      await warnOfProperties(options, names, io, send);
    });

  addProperty(
    addServerOptions(addRecord(add('balance', 'which migration the engine would start'))).requiredOption(
      '--host <name|id>',
      'host to balance, repeatable; required',
      texts,
    ),
  )
    .requiredOption('--unit <name>', 'balance unit to run; required', text)
    .action(async (options: BalanceOptions) => {
      await exchange(balanceCall(options.unit, await placingOf(options, io)), options, io, send);
      await warnOfProperties(options, [options.unit], io, send);
    });

  const whole = addForVm('schedule', 'filters, then costs, then the host that the engine would pick')
    .option('--filter <name>', 'filter to run, repeatable; all that discover lists when none is named', texts)
    .option(
      '--unit <name[=factor]>',
      'cost function to run, with its factor in the policy, repeatable; all that discover lists when none is named',
      weightedUnit,
    )
    .action((options: ScheduleOptions) => {
      requireVm(options.vm, whole);
      return schedule(options, io, send);
    });
}

function addProperty(command: Command): Command {
  return command.option('--property <key=value>', 'property of the scheduling policy, repeatable', property);
}
