import { Argument, type Command, type Option } from 'commander';
import type { Io } from './io.js';

/** Shells for which there is a script. */
const SHELLS = ['bash', 'zsh', 'fish'] as const;

/** Adds `hostscore completion`, which prints a script that lets a shell complete commands, options and their choices. */
export function addCompletionCommand(program: Command, io: Io): void {
  program
    .command('completion')
    .description('print a script that completes commands and options in a shell')
    .addArgument(new Argument('<shell>', 'shell that reads the script').choices(SHELLS))
    .addHelpText('after', HELP)
    .action((shell: (typeof SHELLS)[number]) => {
      io.stdout.write(
        shell === 'fish' ? fishScript(program) : shell === 'zsh' ? zshScript(program) : bashScript(program),
      );
    });
}

const HELP = `
Load it where the shell starts:
  bash, in ~/.bashrc:  source <(hostscore completion bash)
  zsh, in ~/.zshrc:    source <(hostscore completion zsh)
  fish:                hostscore completion fish > ~/.config/fish/completions/hostscore.fish`;

/** A command with the words that lead to it, without the program's own name. */
interface Place {
  readonly path: readonly string[];
  readonly command: Command;
}

function placesOf(command: Command, path: readonly string[] = []): readonly Place[] {
  return [
    { path, command },
    ...command.commands.flatMap((inner) => placesOf(inner, [...path, inner.name()])),
  ];
}

/** Returns the words that may follow a command: commands or choices, then options. */
function wordsAfter(command: Command): readonly string[] {
  return [
    ...command.commands.map((inner) => inner.name()),
    ...command.registeredArguments.flatMap(({ argChoices = [] }) => argChoices),
    ...command.options.flatMap(({ long }) => long ?? []),
    '--help',
  ];
}

function takesValue({ required, optional }: Option): boolean {
  return required || optional;
}

/** Without `--file=value` and quoting, which nobody needs for these words; where none fits, files are completed. */
function bashScript(program: Command): string {
  const places = placesOf(program);
  const known = places.slice(1).map(({ path }) => `"${path.join(' ')}"`);
  const choices = places.flatMap(({ path, command }) =>
    command.options.filter(takesValue).map((option) => {
      const words = option.argChoices?.join(' ') ?? '';
      return `    "${[...path, option.long ?? ''].join(' ').trim()}") words="${words}" ;;`;
    }),
  );
  return `_hostscore() {
  local current="\${COMP_WORDS[COMP_CWORD]}" last="\${COMP_WORDS[COMP_CWORD-1]}" path="" word words=""
  for word in "\${COMP_WORDS[@]:1:$((COMP_CWORD-1))}"; do
    case "\${path:+$path }$word" in
    ${known.join(' | ')}) path="\${path:+$path }$word" ;;
    esac
  done
  case "\${path:+$path }$last" in
${choices.join('\n')}
  *) case "$path" in
${places.map(({ path, command }) => `    "${path.join(' ')}") words="${wordsAfter(command).join(' ')}" ;;`).join('\n')}
    esac ;;
  esac
  COMPREPLY=($(compgen -W "$words" -- "$current"))
}
complete -o default -F _hostscore hostscore
`;
}

/**
 * The script of bash, by zsh's own emulation; to be sourced, or in a folder of zsh's fpath as `_hostscore`, which zsh runs when
 * it completes for the first time.
 */
function zshScript(program: Command): string {
  return `#compdef hostscore
(( $+functions[compdef] )) || { autoload -U +X compinit && compinit; }
autoload -U +X bashcompinit && bashcompinit
${bashScript(program)}[ "\${funcstack[1]}" != _hostscore ] || _bash_complete -o default -F _hostscore
`;
}

function fishScript(program: Command): string {
  const lines = placesOf(program).flatMap(({ path, command }) => {
    const inner = command.commands.map((one) => one.name()).join(' ');
    const seen = path.map((word) => `__fish_seen_subcommand_from ${word}`);
    const conditions = [...seen, ...(inner === '' ? [] : [`not __fish_seen_subcommand_from ${inner}`])];
    const complete = (rest: string) =>
      `complete -c hostscore -n ${fishQuoted(conditions.join('; and '))} ${rest}`;
    return [
      ...command.commands.map((one) => complete(`-f -a ${one.name()} -d ${fishQuoted(one.description())}`)),
      ...command.registeredArguments.flatMap(({ argChoices }) =>
        argChoices === undefined ? [] : [complete(`-f -a ${fishQuoted(argChoices.join(' '))}`)],
      ),
      ...command.options.map((option) => {
        const value = !takesValue(option)
          ? ''
          : option.argChoices === undefined
            ? ' -r'
            : ` -x -a ${fishQuoted(option.argChoices.join(' '))}`;
        return complete(`-l ${(option.long ?? '').slice(2)}${value} -d ${fishQuoted(option.description)}`);
      }),
    ];
  });
  return `${lines.join('\n')}\n`;
}

function fishQuoted(text: string): string {
  return `'${text.replace(/[\\']/g, '\\$&')}'`;
}
