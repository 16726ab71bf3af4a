import { parse } from 'yaml';
import { loadConfig, redact, settings } from '../../src/config-sources.js';

/** The table of all settings with their defaults, as docs/configuration.md has it. */
export function configurationTable(): string {
  const defaults: unknown = parse(redact(loadConfig({ variables: {}, flags: {} })));
  const rows = settings.map(({ path, variable, flag, description }) => {
    const value = path
      .split('.')
      .reduce<unknown>((inner, key) => (isRecord(inner) ? inner[key] : undefined), defaults);
    const shown =
      value === undefined ? '' : `\`${typeof value === 'string' ? value : JSON.stringify(value)}\``;
    return `| \`${path}\` | ${shown} | ${description} | \`${variable}\`${flag === undefined ? ', no flag' : ''} |`;
  });
  return ['| key | default | meaning | variable |', '|---|---|---|---|', ...rows, ''].join('\n');
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}
