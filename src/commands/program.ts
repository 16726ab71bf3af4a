import { Command, CommanderError } from 'commander';
import { VERSION } from '../process/version.js';
import { addBridgeCommand } from './bridge.js';
import { addCallCommand } from './call.js';
import { addCheckCommand } from './check.js';
import { addCompletionCommand } from './completion.js';
import { addConformCommand } from './conform.js';
import { addHealthCommand } from './health.js';
import { addHostsCommand, addVmsCommand } from './inventory.js';
import type { Io } from './io.js';
import { addPluginsCommand } from './plugins.js';
import { addReleaseCommand, addReservationsCommand, addReserveCommand } from './reservations.js';
import { addScoreCommand } from './score.js';
import { addServeCommand } from './serve.js';
import { addSimulateCommand } from './simulate.js';
import { addUnitsCommand } from './units.js';

/** The command line was wrong, and why was already printed. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

/** Runs the command that the arguments name, until it is done. Throws a UsageError, or what the command throws. */
export async function runProgram(args: readonly string[], io: Io): Promise<void> {
  const program = new Command('hostscore')
    .description('Scores, filters and balances the hosts of an oVirt engine.')
    .version(VERSION)
    .configureOutput({ writeOut: (text) => io.stdout.write(text), writeErr: (text) => io.stderr.write(text) })
    .exitOverride();

  addServeCommand(program, io);
  addBridgeCommand(program, io);
  addPluginsCommand(program, io);
  addCheckCommand(program, io);
  addSimulateCommand(program, io);
  addUnitsCommand(program, io);
  addHostsCommand(program, io);
  addVmsCommand(program, io);
  addScoreCommand(program, io);
  addReserveCommand(program, io);
  addReleaseCommand(program, io);
  addReservationsCommand(program, io);
  addHealthCommand(program, io);
  addCallCommand(program, io);
  addConformCommand(program, io);
  addCompletionCommand(program, io);

  try {
    await program.parseAsync([...args], { from: 'user' });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    if (error.exitCode !== 0) throw new UsageError(error.message);
  }
}
