// Prints the manual page hostscore(1) from the definitions of the command line: npx tsx scripts/man-page.ts
import { PassThrough } from 'node:stream';
import type { Command, Help, Option } from 'commander';
import { createProgram } from '../src/commands/program.js';
import { settings } from '../src/config/load.js';
import { VERSION } from '../src/process/version.js';

const SETTING_FLAGS: ReadonlySet<string | undefined> = new Set(settings.map(({ flag }) => flag));

/** Sections that stand behind what the definitions say. */
const LAST_SECTIONS = `.SH EXIT STATUS
.TP
.B 0
There is an answer, also one that says that no host is left.
.TP
.B 1
There is none, or one that is worth nothing.
.TP
.B 2
The command line or the configuration is wrong.
.SH FILES
.TP
.I /etc/hostscore/hostscore.yaml
The configuration of a package. Its
.B hostscore
reads it when neither
.B \\-\\-config
nor
.B HOSTSCORE_CONFIG
is given, and the user may read it.
.TP
.I /var/lib/hostscore
What the service remembers over a restart.
.TP
.I /usr/share/doc/hostscore
The pages of the documentation, which docs/README.md lists.
.SH SEE ALSO
.BR systemctl (1)
`;

/** Returns the manual page: every command with its options, and the settings, which several commands take, once. */
export async function manPage(): Promise<string> {
  const io = {
    ...{ stdout: new PassThrough(), stderr: new PassThrough(), variables: {} },
    signal: new AbortController().signal,
  };
  const program = await createProgram(io);
  const help = program.createHelp();
  const commands = commandsOf(program, help);
  const [serve = program] = help.visibleCommands(program);
  return [
    `.TH HOSTSCORE 1 "" "hostscore ${VERSION}" "User Commands"`,
    '.SH NAME',
    'hostscore \\- external scheduler for oVirt: scores, filters and balances hosts',
    '.SH SYNOPSIS',
    '.B hostscore',
    '.I command',
    '.RI [ options ]',
    '.SH DESCRIPTION',
    roff(program.description()),
    '.SH COMMANDS',
    ...commands.flatMap((command) => section(command, help)),
    '.SH SETTINGS',
    `Each stands in the configuration file, in the variable in parentheses, or in the flag.`,
    ...settingLines(serve, help),
    LAST_SECTIONS,
  ].join('\n');
}

/** Returns the commands that do something, each after the one that it belongs to. */
function commandsOf(command: Command, help: Help): readonly Command[] {
  return help
    .visibleCommands(command)
    .filter((inner) => inner.name() !== 'help')
    .flatMap((inner) => (inner.commands.length === 0 ? [inner] : commandsOf(inner, help)));
}

function section(command: Command, help: Help): readonly string[] {
  const options = help.visibleOptions(command);
  const own = options.filter(({ long }) => long !== '--help' && !SETTING_FLAGS.has(long));
  const takesSettings = options.some(({ long }) => SETTING_FLAGS.has(long));
  return [
    `.SS ${roff(help.commandUsage(command))}`,
    sentence(command.description()),
    ...(takesSettings ? ['It takes settings too.'] : []),
    ...help
      .visibleArguments(command)
      .flatMap((argument) => [
        '.TP',
        `.I ${roff(help.argumentTerm(argument))}`,
        roff(help.argumentDescription(argument)),
      ]),
    ...own.flatMap((option) => entry(option, help)),
    ...exampleLines(command),
  ];
}

function settingLines(command: Command, help: Help): readonly string[] {
  const options = help.visibleOptions(command).filter(({ long }) => SETTING_FLAGS.has(long));
  const groups = help.groupItems([...command.options], options, groupOf);
  return [...groups].flatMap(([title, options]) => [
    `.SS ${roff(title)}`,
    ...options.flatMap((option) => entry(option, help)),
  ]);
}

function groupOf({ helpGroupHeading = '' }: Option): string {
  return helpGroupHeading;
}

function entry(option: Option, help: Help): readonly string[] {
  return ['.TP', `.B ${roff(help.optionTerm(option))}`, roff(help.optionDescription(option))];
}

/** Returns the examples of a command's help, of which the definitions keep no copy; settings have a section of their own. */
function exampleLines(command: Command): readonly string[] {
  let text = '';
  command.configureOutput({ writeOut: (part) => (text += part) }).outputHelp();
  const [, examples] = text.split('\nExamples:\n');
  return examples === undefined ? [] : ['.PP', '.nf', ...examples.trimEnd().split('\n').map(roff), '.fi'];
}

function sentence(text: string): string {
  return roff(`${text.slice(0, 1).toUpperCase()}${text.slice(1)}.`);
}

/** Returns a text as roff prints it: a backslash and a hyphen mean something to it, and so does a line's first character. */
function roff(text: string): string {
  return text
    .replaceAll('\\', '\\e')
    .replaceAll('-', '\\-')
    .replaceAll(/^(?=[.'])/gm, '\\&');
}

if (process.argv[1] === import.meta.filename) void manPage().then((page) => process.stdout.write(page));
