import { InvalidArgumentError, type Command } from 'commander';
import { appendFileSync, closeSync, openSync } from 'node:fs';
import { ConfigError } from '../config/load.js';
import { reasonOf } from '../lib/text.js';
import { readBounded } from '../process/files.js';
import { PAGES_WITH_TOKEN } from '../process/ops-server.js';
import { createToken, parseTokens, TOKEN_NAME } from '../process/tokens.js';
import {
  decisionMethods,
  INVENTORY_SERVICE,
  inventoryMethods,
  POLICY_UNIT_SERVICE,
  policyUnitMethods,
} from '../rpc/proto.js';
import { print, type Io } from './io.js';

/** Options of `hostscore token create`. */
interface CreateOptions {
  readonly allow: readonly string[];
  readonly file?: string;
  readonly json?: boolean;
}

/** Mode of a file of tokens that is made: of those who may read it, the group is that of the service. */
const FILE_MODE = 0o640;

/** Methods that a token can be for, by service. */
const METHODS: Readonly<Record<string, readonly string[]>> = {
  [POLICY_UNIT_SERVICE]: Object.keys(policyUnitMethods),
  [INVENTORY_SERVICE]: Object.keys(inventoryMethods),
  'hostscore.v1.DecisionService': Object.keys(decisionMethods),
  'grpc.reflection.v1.ServerReflection': ['ServerReflectionInfo'],
  'grpc.reflection.v1alpha.ServerReflection': ['ServerReflectionInfo'],
};

const PATTERNS: ReadonlySet<string> = new Set([
  '*',
  ...PAGES_WITH_TOKEN,
  ...Object.entries(METHODS).flatMap(([service, methods]) => [
    `${service}/*`,
    ...methods.flatMap((method) => [method, `${service}/${method}`]),
  ]),
]);

const EXAMPLES = `
METHOD is a method such as ScoreHosts, all methods of a service such as hostscore.v1.PolicyUnitService/*, a page such as
/metrics, or * for everything.

Examples:
  hostscore token create gateway --allow ScoreHosts Reserve --file /etc/hostscore/tokens > gateway.token
      Adds a line to the file of the server, and prints the token for its caller, this once.
  hostscore token create prometheus --allow /metrics
      Prints the token and its line.`;

/** Adds `hostscore token`, which makes the tokens of callers. */
export function addTokenCommand(program: Command, io: Io): void {
  const token = program.command('token').description('make the tokens by which callers are known');
  token
    .command('create')
    .description('make a token; it is printed once, and the file of the server has its hash only')
    .argument('<name>', 'name of the token in the log', readName)
    .requiredOption('--allow <method...>', 'what it allows; required', readPatterns)
    .option('--file <file>', 'file to add its line to (server.tokensFile), made if it is missing')
    .option('--json', 'print JSON')
    .addHelpText('after', EXAMPLES)
    .action((name: string, options: CreateOptions) => create(name, options, io));
}

function create(name: string, { allow, file, json }: CreateOptions, io: Io): void {
  const { token, line } = createToken(name, allow);
  try {
    if (file !== undefined) addLine(file, line);
  } catch (error) {
    throw new ConfigError(`--file: ${file}: ${reasonOf(error)}`);
  }
  if (json === true) print(io, JSON.stringify({ token, line }));
  else if (file !== undefined) print(io, token);
  else print(io, `token, for the file of its caller: ${token}`, `line, for server.tokensFile: ${line}`);
}

/** Adds a line to a file of tokens. Throws when the file would be one that no server takes. */
function addLine(file: string, line: string): void {
  closeSync(openSync(file, 'a', FILE_MODE));
  const text = readBounded(file).toString('utf8');
  const added = `${text === '' || text.endsWith('\n') ? '' : '\n'}${line}\n`;
  parseTokens(text + added);
  appendFileSync(file, added);
}

function readName(value: string): string {
  if (TOKEN_NAME.test(value)) return value;
  throw new InvalidArgumentError('expected 1 to 63 letters, digits, dots, dashes and underscores.');
}

function readPatterns(value: string, gathered: readonly string[] = []): string[] {
  if (PATTERNS.has(value)) return [...gathered, value];
  const names = Object.values(METHODS).flat();
  const known = [
    ...new Set([
      ...names,
      ...Object.keys(METHODS).map((service) => `${service}/*`),
      ...PAGES_WITH_TOKEN,
      '*',
    ]),
  ];
  throw new InvalidArgumentError(`expected one of ${known.join(', ')}.`);
}
