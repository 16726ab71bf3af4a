import { expect } from 'chai';
import { readdirSync, readFileSync } from 'node:fs';
import { join, relative, resolve } from 'node:path';
import ts from 'typescript';
import { policySettings, serviceSettings, settings, shadowSettings } from '../../src/config/load.js';
import { configSchema } from '../../src/config/schema.js';

const SRC = resolve(import.meta.dirname, '../../src');

const paths = new Set([...settings, ...serviceSettings, ...shadowSettings].map(({ path }) => path));
const keys = new Set([...paths].map((path) => path.replace(/^.*\./, '')));

/** What looks like a setting: a key in a section, also in the `limits` of a room; and `(maxX)` behind a number. */
const SETTING = new RegExp(
  String.raw`(?<![\w./-])(?:(${[...Object.keys(configSchema.shape), 'limits'].join('|')})(?:\[[^\]]*\])?\.([a-z]\w*)(?![\w/-]|\.\w)|\((max[A-Z]\w*)\))`,
  'g',
);

/** The texts that stand in a file, other than the names of modules. */
function textsOf(file: string): string[] {
  const source = ts.createSourceFile(file, readFileSync(file, 'utf8'), ts.ScriptTarget.Latest, true);
  const texts: string[] = [];
  const visit = (node: ts.Node): void => {
    if (ts.isImportDeclaration(node) || ts.isExportDeclaration(node)) return;
    if (ts.isStringLiteralLike(node) || ts.isTemplateHead(node) || ts.isTemplateMiddleOrTemplateTail(node)) {
      texts.push(node.text);
    }
    ts.forEachChild(node, visit);
  };
  visit(source);
  return texts;
}

/** Settings that a text names and that there are not. */
function missingIn(text: string): string[] {
  return [...text.matchAll(SETTING)].flatMap(([all, section, key, limit]) => {
    if (limit !== undefined) return keys.has(limit) ? [] : [all];
    if (section === 'policies')
      return policySettings.some(({ path }) => path.endsWith(`.${key ?? ''}`)) ? [] : [all];
    const path = ['services', 'shadow'].includes(section ?? '')
      ? `${section ?? ''}[].${key ?? ''}`
      : `${section ?? ''}.${key ?? ''}`;
    return paths.has(path) ? [] : [all];
  });
}

/** Name of an attribute of spans, by OpenTelemetry's convention, that looks like a setting. */
const ATTRIBUTE = 'server.address';

describe('settings that messages name', () => {
  const cases: readonly (readonly [text: string, missing: readonly string[]])[] = [
    ['set server.allowPlaintext: true', []],
    ['services[3].deadline and services[].units are settings', []],
    ['more than 5 host ids (maxHostIds)', []],
    ['at https://engine.example.com/ovirt-engine, see server.pem or log.js', ['server.pem', 'log.js']],
    ['more than limits.maxImportMs', ['limits.maxImportMs']],
    ['too many (maxImaginations)', ['(maxImaginations)']],
    ['services[0].colour', ['services[0].colour']],
  ];
  for (const [text, missing] of cases) {
    it(`are found in "${text}": ${missing.length} of them missing`, () => {
      expect(missingIn(text)).to.deep.equal(missing);
    });
  }

  it('are there, in every file', () => {
    const files = readdirSync(SRC, { recursive: true, encoding: 'utf8' }).filter(
      (file) => file.endsWith('.ts') && !file.startsWith('gen'),
    );
    const missing = files.flatMap((file) =>
      textsOf(join(SRC, file))
        .flatMap(missingIn)
        .filter((name) => name !== ATTRIBUTE)
        .map((name) => `${relative(SRC, join(SRC, file))}: ${name}`),
    );
    expect(missing).to.deep.equal([]);
  });
});
