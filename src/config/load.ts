import { createHash } from 'node:crypto';
import { z } from 'zod';
import { contradictions } from './contradictions.js';
import { policySchema } from './policies.js';
import { serviceSchema, type ServiceConfig } from './services.js';
import { configSchema, type Config } from './schema.js';
import { shadowSchema } from './shadows.js';
import { formatAddress } from '../lib/address.js';
import { reasonOf, utf8Text } from '../lib/text.js';
import { readBounded } from '../process/files.js';
import { formatValue, VALUE_KINDS, type ValueKind } from './values.js';
import { yaml } from './yaml.js';

/** Deepest nesting of a YAML file. Far below that at which its parser, which calls itself, fills the stack and ends the process. */
export const MAX_NESTING = 100;

/** One key of the configuration, and its names in each source. */
export interface Setting {
  /** Key in the file, such as `engine.caFile`. */
  readonly path: string;
  /** Variable, such as `HOSTSCORE_ENGINE_CA_FILE`; a key inside a list has none. */
  readonly variable: string | undefined;
  /** Flag, such as `--engine-ca-file`; a secret has none, since other users can read flags, nor has a key inside a list. */
  readonly flag: string | undefined;
  readonly description: string;
  readonly kind: ValueKind;
  readonly secret: boolean;
}

/** The configuration can't be used: one line for each thing that is wrong. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
}

/** Sources of a configuration. Later ones win: file, then variables, then flags. */
export interface ConfigSources {
  /** A YAML file. */
  readonly file?: string | undefined;
  readonly variables: Readonly<Record<string, string | undefined>>;
  /** Values by setting path. */
  readonly flags: Readonly<Record<string, string>>;
}

/** Every setting there is, in the order of the schema. */
export const settings: readonly Setting[] = settingsOf(configSchema.shape, []);

/** The keys inside each entry of the list `services`, under paths such as `services[].target`. */
export const serviceSettings = entrySettings(serviceSchema.shape, 'services[]');

/** The keys of each policy, under paths such as `policies.NAME.scores`. */
export const policySettings = entrySettings(policySchema.shape, 'policies.NAME');

/** The keys inside each entry of the list `shadow`. */
export const shadowSettings = entrySettings(shadowSchema.shape, 'shadow[]');

const settingByVariable = new Map(settings.map((setting) => [setting.variable, setting]));

/** Variables that Kubernetes adds for services whose names begin with hostscore, such as `HOSTSCORE_BRIDGE_PORT_18781_TCP`. */
const OF_KUBERNETES = /^HOSTSCORE(_[A-Z0-9_]+)?_(SERVICE_HOST|SERVICE_PORT(_[A-Z0-9_]+)?|PORT_\d+_[A-Z_]+)$/;

/** Reads the configuration. Throws a ConfigError that names each wrong key, where it came from, and the remedy. */
export function loadConfig({ file, variables, flags }: ConfigSources): Config {
  const problems: string[] = [];
  const origins = new Map<string, string>();
  const raw = file === undefined ? {} : readFile(file);

  for (const { path, secret, variable } of settings) {
    if (secret && valueAt(raw, path) !== undefined) {
      problems.push(
        `${path}: is not read from the file; use the variable ${String(variable)}, or engine.passwordFile`,
      );
    }
  }
  for (const [variable, value] of Object.entries(variables)) {
    if (value === undefined || !variable.startsWith('HOSTSCORE_') || isForeign(variable, value)) continue;
    const setting = settingByVariable.get(variable);
    if (setting === undefined)
      problems.push(`${variable}: unknown variable; hostscore check --help lists them`);
    else put(raw, setting.path, value, variable);
  }
  for (const [path, value] of Object.entries(flags)) {
    put(raw, path, value, settings.find((setting) => setting.path === path)?.flag ?? path);
  }

  const parsed = configSchema.safeParse(raw);
  if (!parsed.success) {
    problems.push(...parsed.error.issues.flatMap((issue) => describe(issue, origins, file)));
  }
  if (parsed.success) {
    problems.push(...contradictions(parsed.data, (path) => valueAt(raw, path) !== undefined).map(withOrigin));
  }
  if (!parsed.success || problems.length > 0) throw new ConfigError(problems.join('\n'));
  return parsed.data;

  function withOrigin(problem: string): string {
    const [path = ''] = problem.split(':');
    const origin = origins.get(path);
    return origin === undefined ? problem : problem.replace(path, `${path} (${origin})`);
  }

  function put(target: Record<string, unknown>, path: string, value: string, origin: string): void {
    const keys = path.split('.');
    const last = keys.pop() ?? '';
    let section = target;
    for (const key of keys) {
      const inner = section[key] ?? {};
      if (!isRecord(inner)) return;
      section[key] = inner;
      section = inner;
    }
    section[last] = value;
    origins.set(path, origin);
  }
}

/** Reports whether a log in JSON is asked for, also by a configuration that can't be used. Never throws. */
export function wantsJsonLog({ file, variables, flags }: ConfigSources): boolean {
  const asked = flags['log.format'] ?? variables['HOSTSCORE_LOG_FORMAT'];
  if (asked !== undefined || file === undefined) return asked === 'json';
  try {
    return valueAt(readFile(file), 'log.format') === 'json';
  } catch {
    return false;
  }
}

/** Returns the configuration as YAML, as an administrator would write it, without secrets. */
export function redact(config: Config): string {
  return yaml().stringify(redacted(config));
}

/** Returns a hash of a configuration without its secrets: whoever compares two processes sees whether they run by the same. */
export function configHash(config: Config): string {
  return createHash('sha256')
    .update(JSON.stringify(redacted(config)))
    .digest('hex')
    .slice(0, 12);
}

/** Returns the settings of a configuration that have a value, by section and key, without secrets. */
export function redacted(config: Config): Readonly<Record<string, unknown>> {
  const shown: Record<string, unknown> = {};
  for (const { path, kind, secret } of settings) {
    const value = valueAt(config, path);
    if (value === undefined) continue;
    const [section = '', key] = path.split('.');
    const written = secret ? '(set, not shown)' : writtenValue(kind, value);
    if (key === undefined) shown[section] = written;
    else shown[section] = { ...(isRecord(shown[section]) ? shown[section] : {}), [key]: written };
  }
  return shown;
}

function writtenValue(kind: ValueKind, value: unknown): unknown {
  if (kind === 'services' && Array.isArray(value)) return value.map(writtenService);
  return isAddress(value) ? formatAddress(value) : formatValue(kind, value);
}

function writtenService(service: ServiceConfig): Record<string, unknown> {
  const written = serviceSettings.map(({ path, kind }): [string, unknown] => {
    const key = path.slice('services[].'.length);
    return [key, formatValue(kind, valueAt(service, key))];
  });
  return Object.fromEntries(written.filter(([, value]) => value !== undefined));
}

function settingsOf(shape: Readonly<Record<string, z.core.$ZodType>>, parents: readonly string[]): Setting[] {
  return Object.entries(shape).flatMap(([key, schema]) => {
    const path = [...parents, key];
    const inner = schema instanceof z.ZodPrefault ? schema.def.innerType : schema;
    if (inner instanceof z.ZodObject) return settingsOf(inner.shape, path);
    const meta = z.globalRegistry.get(schema) ?? {};
    const words = path
      .map((word) => word.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`))
      .join('_');
    const secret = meta['secret'] === true;
    return {
      path: path.join('.'),
      variable: `HOSTSCORE_${words.toUpperCase()}`,
      flag: secret ? undefined : `--${words.replaceAll('_', '-')}`,
      description: meta.description ?? '',
      kind: VALUE_KINDS.find((kind) => kind === meta['kind']) ?? 'plain',
      secret,
    };
  });
}

/** The keys of an entry of a list or a map, which have neither variables nor flags of their own. */
function entrySettings(shape: Readonly<Record<string, z.core.$ZodType>>, entry: string): readonly Setting[] {
  return settingsOf(shape, [entry]).map((setting) => ({ ...setting, variable: undefined, flag: undefined }));
}

function isForeign(variable: string, value: string): boolean {
  if (variable === 'HOSTSCORE_CONFIG' || OF_KUBERNETES.test(variable)) return true;
  // Kubernetes writes an address into this one; a setting's name that ends so by mistake holds something else.
  return variable.endsWith('_PORT') && /^(tcp|udp|sctp):/.test(value);
}

function readFile(file: string): Record<string, unknown> {
  const text = utf8Text(readNamedFile(file, (reason) => `${file}: can't be read: ${reason}`));
  if (text === undefined) throw new ConfigError(`${file}: is not UTF-8; save it as UTF-8`);
  const content = parseYaml(text, file) ?? {};
  if (!isRecord(content)) throw new ConfigError(`${file}: expected keys such as engine: and server:`);
  // A section whose keys are all commented out is null in YAML.
  return Object.fromEntries(Object.entries(content).filter(([, value]) => value !== null));
}

/** Reads a file that the configuration names, or is. Throws a ConfigError, worded with its reason, also for one that is too long. */
export function readNamedFile(file: string, words: (reason: string) => string): Buffer {
  try {
    return readBounded(file);
  } catch (error) {
    throw new ConfigError(words(reasonOf(error)));
  }
}

/** Parses the text of a file. What the parser only warns of, such as a tag, would be read as something else. */
function parseYaml(text: string, file: string): unknown {
  if (isDeep(text)) {
    throw new ConfigError(`${file}: nests more than ${MAX_NESTING} levels deep; a configuration has four`);
  }
  const { LineCounter, parseDocument } = yaml();
  const lines = new LineCounter();
  // Without pretty errors, which repeat the line that is wrong: it may hold a secret.
  const document = parseDocument(text, { prettyErrors: false, lineCounter: lines });
  const [problem] = [...document.errors, ...document.warnings];
  if (problem !== undefined) {
    const at = `at line ${lines.linePos(problem.pos[0]).line}`;
    throw new ConfigError(
      problem.code === 'MULTIPLE_DOCS'
        ? `${file}: holds several YAML documents; keep one, up to the --- ${at}`
        : `${file}: is not YAML: ${problem.message}, ${at}`,
    );
  }
  try {
    return document.toJS();
  } catch (error) {
    throw new ConfigError(`${file}: is not YAML: ${reasonOf(error)}`);
  }
}

/** Reports whether a text nests deeper than {@link MAX_NESTING}. Does not call itself for what is inside, as parsing does. */
function isDeep(text: string): boolean {
  const { Lexer, Parser } = yaml();
  const parser = new Parser();
  for (const lexeme of new Lexer().lex(text)) {
    Array.from(parser.next(lexeme));
    if (parser.stack.length > MAX_NESTING) return true;
  }
  return false;
}

function describe(
  issue: z.core.$ZodIssue,
  origins: ReadonlyMap<string, string>,
  file: string | undefined,
): string[] {
  const path = shownPath(issue.path);
  if (issue.code === 'unrecognized_keys') {
    const known = knownKeys(issue.path).join(', ');
    return issue.keys.map((key) => {
      const full = path === '' ? key : `${path}.${key}`;
      return `${full}: unknown key in ${file ?? 'the configuration'}; known are ${known}`;
    });
  }
  const origin = origins.get(path);
  const message = issue.code === 'invalid_key' ? issue.issues[0]?.message : issue.message;
  return [`${path}${origin === undefined ? '' : ` (${origin})`}: ${message ?? ''}`];
}

/** `services[0].name` rather than `services.0.name`. */
function shownPath(path: readonly PropertyKey[]): string {
  return path
    .map((key) => (typeof key === 'number' ? `[${key}]` : `.${String(key)}`))
    .join('')
    .replace(/^\./, '');
}

/** The keys that may stand in a section, or in an entry of a list or a map. */
function knownKeys([section, entry, ...inner]: readonly PropertyKey[]): string[] {
  if (entry !== undefined && inner.length === 0) {
    if (section === 'services') return Object.keys(serviceSchema.shape);
    if (section === 'shadow') return Object.keys(shadowSchema.shape);
    if (section === 'policies') return Object.keys(policySchema.shape);
  }
  if (section === undefined) return Object.keys(configSchema.shape);
  const prefix = `${String(section)}.`;
  return settings.filter(({ path }) => path.startsWith(prefix)).map(({ path }) => path.slice(prefix.length));
}

/** Returns what a path such as `engine.caFile` leads to. */
export function valueAt(value: unknown, path: string): unknown {
  return path.split('.').reduce<unknown>((inner, key) => (isRecord(inner) ? inner[key] : undefined), value);
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isAddress(value: unknown): value is { host: string; port: number } | { path: string } {
  if (!isRecord(value)) return false;
  const { host, port, path } = value;
  return typeof path === 'string' || (typeof host === 'string' && typeof port === 'number');
}
