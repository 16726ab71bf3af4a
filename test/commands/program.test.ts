import { expect } from 'chai';
import { runToEnd } from '../support/program.js';

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
