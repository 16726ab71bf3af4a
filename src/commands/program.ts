import { Command, CommanderError } from 'commander';
import { VERSION } from '../process/version.js';
import type { Io } from './io.js';

/** The command line was wrong, and why was already printed. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

/** Adds a command to the program. */
type AddCommand = (program: Command, io: Io) => void;

/** The commands by name, in the order of the help. Each is loaded when it is needed: most of a short command's time is loading. */
const COMMANDS: Readonly<Record<string, () => Promise<AddCommand>>> = {
  serve: async () => (await import('./serve.js')).addServeCommand,
  bridge: async () => (await import('./bridge.js')).addBridgeCommand,
  plugins: async () => (await import('./plugins.js')).addPluginsCommand,
  check: async () => (await import('./check.js')).addCheckCommand,
  simulate: async () => (await import('./simulate.js')).addSimulateCommand,
  units: async () => (await import('./units.js')).addUnitsCommand,
  hosts: async () => (await import('./inventory.js')).addHostsCommand,
  vms: async () => (await import('./inventory.js')).addVmsCommand,
  score: async () => (await import('./score.js')).addScoreCommand,
  decisions: async () => (await import('./decisions.js')).addDecisionsCommand,
  why: async () => (await import('./why.js')).addWhyCommand,
  shadow: async () => (await import('./decision-reports.js')).addShadowCommand,
  reserve: async () => (await import('./reservations.js')).addReserveCommand,
  release: async () => (await import('./reservations.js')).addReleaseCommand,
  reservations: async () => (await import('./reservations.js')).addReservationsCommand,
  health: async () => (await import('./health.js')).addHealthCommand,
  call: async () => (await import('./call.js')).addCallCommand,
  conform: async () => (await import('./conform.js')).addConformCommand,
  token: async () => (await import('./token.js')).addTokenCommand,
  completion: async () => (await import('./completion.js')).addCompletionCommand,
};

/** Creates the command line: the commands of these names with their options, from which help, completion and the manual page come. */
export async function createProgram(
  io: Io,
  names: readonly string[] = Object.keys(COMMANDS),
): Promise<Command> {
  const program = new Command('hostscore')
    .description('Scores, filters and balances the hosts of an oVirt engine.')
    .version(VERSION)
    .addHelpText('after', '\nTry: hostscore serve --demo, then hostscore score --vm app-083')
    .configureOutput({ writeOut: (text) => io.stdout.write(text), writeErr: (text) => io.stderr.write(text) })
    .exitOverride();
  for (const name of names) (await COMMANDS[name]?.())?.(program, io);
  return program;
}

/** Runs the command that the arguments name, until it is done. Throws a UsageError, or what the command throws. */
export async function runProgram(args: readonly string[], io: Io): Promise<void> {
  const [name = ''] = args;
  // A word that is no command's name, such as --help, and `completion` are about all of them.
  const needed = Object.hasOwn(COMMANDS, name) && name !== 'completion' ? [name] : undefined;
  const program = await createProgram(io, needed);
  try {
    await program.parseAsync([...args], { from: 'user' });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    if (error.exitCode !== 0) throw new UsageError(error.message);
  }
}
