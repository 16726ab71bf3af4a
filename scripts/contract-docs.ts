// Prints docs/contract.md, made of the comments in proto/; `npm run gen` writes it.
import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import protobuf, { type ReflectionObject } from 'protobufjs';

const FOLDER = 'proto/hostscore/v1';
const ROOT = resolve(import.meta.dirname, '..');

/** Files of the contract, in the order of the page, each with what it is for. */
const FILES = [
  ['policy_unit_service.proto', 'Filters, scores and balancing'],
  ['inventory_service.proto', 'Hosts, VMs and reservations'],
  ['decision_service.proto', 'Decisions'],
] as const;

const INTRODUCTION = `# The gRPC contract

Every service, message and field of [proto/hostscore/v1](../${FOLDER}), in the words of these files. \`npm run gen\`
makes this page of them. How to call it, and the limits of a server, are in [grpc.md](grpc.md); how
to answer it in [writing-a-service.md](writing-a-service.md). A field that is \`optional\` is told apart from its default.
`;

/** Returns the page. */
export function contractPage(): string {
  return [INTRODUCTION, ...FILES.map(([file, title]) => part(file, title))].join('\n');
}

function part(file: string, title: string): string {
  const text = readFileSync(join(ROOT, FOLDER, file), 'utf8');
  const { root, package: name = '' } = protobuf.parse(text, { keepCase: true, alternateCommentMode: true });
  const declared = root.lookup(name);
  if (!(declared instanceof protobuf.Namespace)) throw new Error(`${file} declares no package`);
  const header = /^(?:\/\/.*\n)+/.exec(text)?.[0] ?? '';
  const isService = (one: ReflectionObject) => one instanceof protobuf.Service;
  const elements = declared.nestedArray;
  return [
    `## ${title}`,
    '',
    `[${file}](../${FOLDER}/${file})`,
    '',
    header.replaceAll(/^\/\/ ?/gm, ''),
    ...[...elements.filter(isService), ...elements.filter((one) => !isService(one))].map(section),
  ].join('\n');
}

function section(element: ReflectionObject): string {
  const head = [`### ${element.name}`, '', commentOf(element, '\n'), ''];
  if (element instanceof protobuf.Service) return [...head, ...element.methodsArray.map(method)].join('\n');
  if (element instanceof protobuf.Enum) {
    const rows = Object.keys(element.values).map(
      (name) => `| \`${name}\` | ${inLine(element.comments[name] ?? '')} |`,
    );
    return [...head, '| value | meaning |', '|---|---|', ...rows, ''].join('\n');
  }
  if (!(element instanceof protobuf.Type)) throw new Error(`${element.fullName} is of a kind without a form`);
  if (element.fieldsArray.length === 0) return head.join('\n');
  return [...head, '| field | type | meaning |', '|---|---|---|', ...element.fieldsArray.map(field), ''].join(
    '\n',
  );
}

function method(one: protobuf.Method): string {
  const [request, response] = [
    link(one.requestType, one.requestStream ?? false),
    link(one.responseType, one.responseStream ?? false),
  ];
  return [`#### ${one.name}`, '', `${request} → ${response}`, '', commentOf(one, '\n'), ''].join('\n');
}

function field(one: protobuf.Field): string {
  const value =
    one instanceof protobuf.MapField ? `map of ${one.keyType} to ${link(one.type)}` : link(one.type);
  const union = one.partOf?.isProto3Optional === false ? `, one of \`${one.partOf.name}\`` : '';
  const type = `${one.repeated ? 'repeated ' : ''}${one.options?.['proto3_optional'] === true ? 'optional ' : ''}${value}${union}`;
  return `| \`${one.name}\` | ${type} | ${inLine(commentOf(one, ' '))} |`;
}

/** Returns the name of a type with a link to it, unless it is none of the contract's. */
function link(type: string, isStream = false): string {
  const linked = /^[A-Z]/.test(type)
    ? `[${type}](#${type.toLowerCase()})`
    : type.replace('google.protobuf.', '');
  return `${isStream ? 'stream of ' : ''}${linked}`;
}

function commentOf({ comment, fullName }: ReflectionObject, lineBreak: string): string {
  if (comment === null || comment === '') throw new Error(`${fullName} has no comment`);
  return comment.replaceAll('\n', lineBreak);
}

/** Returns a text as a cell of a table holds it. */
function inLine(text: string): string {
  return text.replaceAll(/\s+/g, ' ').replaceAll('|', '\\|');
}

if (process.argv[1] === import.meta.filename) process.stdout.write(contractPage());
