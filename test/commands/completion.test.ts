import { expect } from 'chai';
import { execFileSync } from 'node:child_process';
import { errorText, runToEnd } from '../support/program.js';

/** Prints what bash offers for the last of the words of its command line. */
const OFFERED = `eval "$SCRIPT"; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _hostscore; echo "\${COMPREPLY[*]}"`;

describe('hostscore completion', () => {
  let script: string;
  before(async () => {
    script = (await runToEnd(['completion', 'bash'])).stdout;
  });

  const offered = (words: readonly string[]) =>
    execFileSync('bash', ['-c', OFFERED, 'bash', ...words], {
      env: { PATH: process.env['PATH'], SCRIPT: script },
      encoding: 'utf8',
    }).trim();

  const cases: readonly (readonly [words: readonly string[], offers: string])[] = [
    [['hostscore', 'sc'], 'score'],
    [['hostscore', 'call', ''], 'discover filters costs balance schedule --help'],
    [['hostscore', 'call', 'schedule', '--f'], '--filter'],
    [['hostscore', 'score', '--vm', 'serve', '--to'], '--token-file --top'],
    [['hostscore', 'score', '--vm', ''], ''],
    [['hostscore', 'simulate', '--log-format', ''], 'json text'],
    [['hostscore', 'completion', 'b'], 'bash'],
    [['hostscore', 'nonsense', 'vm'], 'vms'],
  ];
  for (const [words, offers] of cases) {
    it(`offers after ${words.join(' ')}: ${offers || 'nothing'}`, () => {
      expect(offered(words)).to.equal(offers);
    });
  }

  it('prints a script for zsh that rests on that of bash, sourced or autoloaded', async () => {
    const { stdout } = await runToEnd(['completion', 'zsh']);
    expect(stdout).to.match(/^#compdef hostscore\n/);
    expect(stdout).to.include(`\nautoload -U +X bashcompinit && bashcompinit\n${script}`);
  });

  it('prints a line for each command and option of fish, quoted', async () => {
    const lines = (await runToEnd(['completion', 'fish'])).stdout.split('\n');
    expect(lines).to.include(
      "complete -c hostscore -n '__fish_seen_subcommand_from call; and __fish_seen_subcommand_from schedule' -l filter -r -d 'filter to run, repeatable; all that discover lists when none is named'",
    );
    expect(lines.find((line) => line.includes(' -a bridge '))).to.match(/ -d 'answer an oVirt engine\\'s /);
  });

  it('refuses another shell, naming those it knows', async () => {
    const outcome = await runToEnd(['completion', 'tcsh']);
    expect(errorText(outcome)).to.match(/^UsageError: .*'tcsh'.*Allowed choices are bash, zsh, fish/);
  });
});
