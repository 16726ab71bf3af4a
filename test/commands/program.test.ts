import { expect } from 'chai';
import type { Command } from 'commander';
import { PassThrough } from 'node:stream';
import { createProgram } from '../../src/commands/program.js';
import { runToEnd } from '../support/program.js';

/** Commands that run until they are asked to end, whose log is JSON with `--log-format json`. */
const LASTING = ['serve', 'bridge', 'plugins', 'simulate'];

/** Commands that end and call no gRPC server. */
const ALONE = ['token create', 'completion', 'call discover'];

/** Every command that does something, by the words that call it. */
async function everyCommand(): Promise<ReadonlyMap<string, Command>> {
  const io = {
    ...{ stdout: new PassThrough(), stderr: new PassThrough(), variables: {} },
    signal: new AbortController().signal,
  };
  const leaves = (command: Command, path: readonly string[]): readonly (readonly [string, Command])[] =>
    command.commands.length === 0
      ? [[path.join(' '), command]]
      : command.commands.flatMap((inner) => leaves(inner, [...path, inner.name()]));
  return new Map(leaves(await createProgram(io), []));
}

const flagsOf = ({ options }: Command) => options.map(({ long }) => long);

describe('hostscore', () => {
  it('finds each command of its help by its name alone', async () => {
    const { stdout: help } = await runToEnd(['--help']);
    const names = [...help.matchAll(/^ {2}([a-z]+) /gm)].map(([, name]) => String(name));
    expect(names).to.include.members(['serve', 'health', 'completion']);
    for (const name of names.filter((one) => one !== 'help')) {
      const { stdout } = await runToEnd([name, '--help']);
      expect(stdout).to.match(new RegExp(`^Usage: hostscore ${name} `), name);
    }
  });

  it('has --json wherever a command ends with an answer, export with its lines included', async () => {
    const lacking = [...(await everyCommand())]
      .filter(([, command]) => !flagsOf(command).includes('--json'))
      .map(([name]) => name);
    expect(lacking).to.have.members([...LASTING, 'completion']);
  });

  it('has --ca, --cert, --key and --token-file together, wherever a command calls a gRPC server', async () => {
    const commands = await everyCommand();
    for (const [name, command] of commands) {
      const access = ['--ca', '--cert', '--key', '--token-file'].filter((flag) =>
        flagsOf(command).includes(flag),
      );
      expect(access.length, name).to.equal(LASTING.includes(name) || ALONE.includes(name) ? 0 : 4);
    }
    expect([...commands.keys()]).to.include.members([...LASTING, ...ALONE, 'check', 'decisions tail', 'why']);
  });

  it('lists all commands where none is named', async () => {
    const texts = [await runToEnd([]), await runToEnd(['help'])].map(
      ({ stdout, stderr }) => `${stdout}${stderr}`,
    );
    for (const text of texts) expect(text).to.match(/^ {2}serve [^]*^ {2}vms [^]*^ {2}completion /m);
  });

  it('suggests the nearest of all commands for one that is misspelled', async () => {
    const { stderr } = await runToEnd(['scoer']);
    expect(stderr).to.include("unknown command 'scoer'").and.to.include('Did you mean score?');
  });
});
