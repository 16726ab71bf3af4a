import { expect } from 'chai';
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve, sep } from 'node:path';
import ts from 'typescript';

const ROOT = resolve(import.meta.dirname, '..');
const SRC = join(ROOT, 'src');

/** Files that know no clock, I/O or logger: what they do depends on their arguments only. */
const PURE = [
  /^policy\/units\//,
  /^policy\/unit/,
  /^policy\/run-unit\.ts$/,
  /^policy\/property\.ts$/,
  /^policy\/recent-migrations\.ts$/,
  /^plugins\/(python-literal|properties-validation|read-|scan-scores|sum-scores|failure-text)/,
  /^rpc\/message/,
  /^rpc\/status\.ts$/,
  /^bridge\/xml-rpc\//,
  /^composite\/combine/,
  /^bridge\/cost/,
  /^bridge\/engine-/,
  /^bridge\/read-/,
];

/** The words that everything shares. They import nothing but each other. */
const VOCABULARY = [
  'contract.ts',
  'snapshot.ts',
  'os-identity.ts',
  'os-histogram.ts',
  'errors.ts',
  'uuid.ts',
  'loopback.ts',
];

const IMPURE = /\b(?:Date\.now|new Date\(\)|performance|setTimeout|setInterval|process|console)\b/;

interface Import {
  readonly from: string;
  readonly to: string;
}

const files = readdirSync(SRC, { recursive: true, withFileTypes: true })
  .filter((entry) => entry.isFile() && entry.name.endsWith('.ts'))
  .map((entry) => relative(SRC, join(entry.parentPath, entry.name)).split(sep).join('/'))
  .sort();

const ours = files.filter((file) => !file.startsWith('gen/'));

const textOf = (file: string) => readFileSync(join(SRC, file), 'utf8');

const specifiersOf = (file: string) =>
  ts.preProcessFile(textOf(file), true, true).importedFiles.map(({ fileName }) => fileName);

const imports: readonly Import[] = files.flatMap((from) =>
  specifiersOf(from)
    .filter((specifier) => specifier.startsWith('.'))
    .map((specifier) => ({
      from,
      to: relative(SRC, resolve(SRC, dirname(from), specifier))
        .split(sep)
        .join('/')
        .replace(/\.js$/, '.ts'),
    })),
);

const folderOf = (file: string) => (file.includes('/') ? (file.split('/')[0] ?? '') : '');

const shown = ({ from, to }: Import) => `${from} -> ${to}`;

describe('architecture', () => {
  it('imports only files that are there', () => {
    expect(imports.filter(({ to }) => !files.includes(to)).map(shown)).to.deep.equal([]);
  });

  it('keeps folders apart: only commands/ imports other folders, and rpc/ imports gen/', () => {
    const crossing = imports.filter(({ from, to }) => {
      const [source, target] = [folderOf(from), folderOf(to)];
      if (source === '' || target === '' || source === target || source === 'commands') return false;
      return !(source === 'rpc' && target === 'gen');
    });
    expect(crossing.map(shown)).to.deep.equal([]);
  });

  it('lets root files import root files only, but for main.ts, which imports commands/', () => {
    const down = imports.filter(({ from, to }) => folderOf(from) === '' && folderOf(to) !== '');
    expect(
      down.filter(({ from, to }) => from !== 'main.ts' || folderOf(to) !== 'commands').map(shown),
    ).to.deep.equal([]);
  });

  it('lets nothing import main.ts or commands/ but main.ts', () => {
    const up = imports.filter(
      ({ from, to }) => to === 'main.ts' || (folderOf(to) === 'commands' && folderOf(from) !== 'commands'),
    );
    expect(up.filter(({ from }) => from !== 'main.ts').map(shown)).to.deep.equal([]);
  });

  it('has a vocabulary that imports nothing outside itself', () => {
    for (const file of VOCABULARY) {
      for (const specifier of specifiersOf(file)) {
        expect(VOCABULARY, `${file} imports ${specifier}`).to.include(
          specifier.replace('./', '').replace('.js', '.ts'),
        );
      }
    }
  });

  it('keeps the pure files free of clock, I/O and logger', () => {
    for (const pattern of PURE)
      expect(
        ours.some((file) => pattern.test(file)),
        String(pattern),
      ).to.equal(true);
    for (const file of ours.filter((file) => PURE.some((pattern) => pattern.test(file)))) {
      expect(
        specifiersOf(file).filter((name) => name.startsWith('node:') || name.endsWith('/log.js')),
        file,
      ).to.deep.equal([]);
      expect(IMPURE.exec(textOf(file))?.[0], file).to.equal(undefined);
    }
  });

  it('touches the process in main.ts only, but for the streams that commands and the log write to', () => {
    const uses = ours.filter((file) => /\bprocess\.(?:on|once|exit|exitCode|argv|kill)\b/.test(textOf(file)));
    expect(uses).to.deep.equal(['main.ts']);
  });

  it('has no import cycle', () => {
    const done = new Set<string>();
    const path: string[] = [];
    const cycles: string[] = [];
    const visit = (file: string): void => {
      if (path.includes(file)) cycles.push([...path.slice(path.indexOf(file)), file].join(' -> '));
      if (done.has(file) || path.includes(file)) return;
      path.push(file);
      for (const { from, to } of imports) if (from === file && !to.startsWith('gen/')) visit(to);
      path.pop();
      done.add(file);
    };
    for (const file of ours) visit(file);
    expect(cycles).to.deep.equal([]);
  });

  it('has no file over 300 lines', () => {
    expect(ours.filter((file) => textOf(file).split('\n').length > 301)).to.deep.equal([]);
  });
});
