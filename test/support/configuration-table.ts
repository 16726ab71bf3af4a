import { parse } from 'yaml';
import {
  loadConfig,
  policySettings,
  redact,
  serviceSettings,
  settings,
  shadowSettings,
  type Setting,
} from '../../src/config/load.js';

/** The table of all settings with their defaults, as docs/configuration.md has it. */
export function configurationTable(): string {
  const defaults: unknown = parse(redact(loadConfig({ variables: {}, flags: {} })));
  // What an entry has that says no more than it must.
  const flags = { services: 'name=target', shadow: '[{name: name, target: target}]' };
  const entered: unknown = parse(redact(loadConfig({ variables: {}, flags })));
  const entries: readonly (readonly [list: string, inner: readonly Setting[]])[] = [
    ['services', serviceSettings],
    ['policies', policySettings],
    ['shadow', shadowSettings],
  ];
  const rows = settings.flatMap((setting) => [
    row(setting, valueAt(defaults, setting.path)),
    ...entries
      .filter(([list]) => list === setting.path)
      .flatMap(([, inner]) => inner.map((key) => row(key, defaultOf(key)))),
  ]);
  return ['| key | default | meaning | variable |', '|---|---|---|---|', ...rows, ''].join('\n');

  function defaultOf({ path }: Setting): unknown {
    const [list = '', key = ''] = path.split('[].');
    return ['name', 'target'].includes(key) ? undefined : valueAt(entered, `${list}.0.${key}`);
  }
}

function row({ path, description, variable, flag }: Setting, value: unknown): string {
  const shown = value === undefined ? '' : `\`${typeof value === 'string' ? value : JSON.stringify(value)}\``;
  const variables = variable === undefined ? '' : `\`${variable}\`${flag === undefined ? ', no flag' : ''}`;
  return `| \`${path}\` | ${shown} | ${description} | ${variables} |`;
}

function valueAt(value: unknown, path: string): unknown {
  return path.split('.').reduce<unknown>((inner, key) => (isRecord(inner) ? inner[key] : undefined), value);
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}
