import { expect } from 'chai';
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve, sep } from 'node:path';
import ts from 'typescript';

const ROOT = resolve(import.meta.dirname, '..');
const SRC = join(ROOT, 'src');

/** The layers below the rooms, lowest first: a file imports its own layer and those below it. */
const LAYERS = [['lib'], ['domain', 'engine-model'], ['config', 'process']] as const;

/** Files that know no clock, I/O or logger: what they do depends on their arguments only. */
const PURE = [
  /^domain\//,
  /^engine-model\//,
  /^lib\/(text|uuid|address|lru)\.ts$/,
  /^scoring\/units\//,
  /^scoring\/unit/,
  /^scoring\/run-unit\.ts$/,
  /^scoring\/property\.ts$/,
  /^scoring\/balancing\.ts$/,
  /^plugins\/(python-literal|properties-validation|answers|host-lists)/,
  /^rpc\/message/,
  /^rpc\/status\.ts$/,
  /^bridge\/xml-rpc\//,
  /^composite\/(combine|registry\.ts$)/,
  /^conformance\/(listing-)?rules\.ts$/,
];

/** Modules of Node that only compute, and who may import them. */
const PURE_MODULES: Readonly<Record<string, RegExp>> = {
  'node:net': /^/,
  'node:crypto': /^domain\/policies\.ts$/,
};

/** What is one thing a file however short: a command, and a unit. */
const ONE_A_FILE = [/^commands\/(bridge|health|plugins)\.ts$/, /^scoring\/units\//];

const IMPURE = /\b(?:Date\.now|new Date\(\)|performance|setTimeout|setInterval|process\.|console\.)/;

/** What is logged once, or once by a person's command or signal, and so never throttled. */
const LOGGED_ONCE = [
  'bridge listening',
  'calls cut by reload',
  'embedded engine not used',
  'engine token not revoked',
  'fatal error',
  'grpc server listening',
  'no engine configured: using the embedded one',
  'not reloaded',
  'ops server listening',
  'output lost',
  'plugin imports slow',
  'python found',
  'ready',
  'reload called off',
  'reloaded',
  'reloaded before all answers',
  'reloaded in part',
  'reloading',
  'requests aborted',
  'restart needed',
  'secret readable by every user',
  'simulator listening',
  'starting',
  'stop failed',
  'stop timed out',
  'stopped',
  'stopping',
  'tracing not started',
  'tracing started',
  'unit forgotten',
];

/** What a process starts with: the check of Node's version, and what it then loads. */
const ENTRIES = ['command-line.ts', 'main.ts'];

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

  it('lets a layer import itself and lower layers, a room its own files and every layer, and commands/ everything', () => {
    const levelOf = (file: string) =>
      LAYERS.findIndex((layer) => layer.some((name) => name === folderOf(file)));
    const wrong = imports.filter(({ from, to }) => {
      const [source, target] = [folderOf(from), folderOf(to)];
      if (source === target || source === 'commands' || source === 'gen') return false;
      if (ENTRIES.includes(from)) return !ENTRIES.includes(to) && target !== 'commands' && levelOf(to) < 0;
      if (from === 'index.ts') return target !== 'rpc' && target !== 'gen' && levelOf(to) < 0;
      if ((source === 'rpc' || source === 'conformance') && target === 'gen') return false;
      if (levelOf(to) < 0) return true;
      return levelOf(from) >= 0 && levelOf(to) > levelOf(from);
    });
    expect(wrong.map(shown)).to.deep.equal([]);
  });

  it('keeps lib/ free of everything of ours', () => {
    const wrong = imports.filter(({ from, to }) => folderOf(from) === 'lib' && folderOf(to) !== 'lib');
    expect(wrong.map(shown)).to.deep.equal([]);
  });

  it('lets nothing import the entries or commands/ but the entries', () => {
    const up = imports.filter(
      ({ from, to }) =>
        ENTRIES.includes(to) || (folderOf(to) === 'commands' && folderOf(from) !== 'commands'),
    );
    expect(up.filter(({ from }) => !ENTRIES.includes(from)).map(shown)).to.deep.equal([]);
  });

  it('keeps the pure files free of clock, I/O and logger', () => {
    for (const pattern of PURE)
      expect(
        ours.some((file) => pattern.test(file)),
        String(pattern),
      ).to.equal(true);
    for (const file of ours.filter((file) => PURE.some((pattern) => pattern.test(file)))) {
      expect(
        specifiersOf(file).filter(
          (name) =>
            (name.startsWith('node:') && PURE_MODULES[name]?.test(file) !== true) || name.endsWith('/log.js'),
        ),
        file,
      ).to.deep.equal([]);
      expect(IMPURE.exec(textOf(file))?.[0], file).to.equal(undefined);
    }
  });

  it('touches the process in the entries only, but for the streams that commands and the log write to', () => {
    const uses = ours.filter((file) => /\bprocess\.(?:on|once|exit|exitCode|argv|kill)\b/.test(textOf(file)));
    expect(uses).to.deep.equal(ENTRIES);
  });

  it('says of each line that may repeat what it is about, so that none floods the log', () => {
    const events = new Set<string>();
    const visit = (node: ts.Node): void => {
      if (ts.isCallExpression(node) && node.arguments.length < 3) {
        const [event] = node.arguments;
        if (/\blog\.(info|warn|error)$/.test(node.expression.getText()) && event !== undefined)
          events.add(ts.isStringLiteral(event) ? event.text : event.getText());
      }
      ts.forEachChild(node, visit);
    };
    for (const file of ours) visit(ts.createSourceFile(file, textOf(file), ts.ScriptTarget.Latest, true));
    expect([...events].sort()).to.deep.equal(LOGGED_ONCE);
  });

  it('loads OpenTelemetry through one file, which is not loaded before it is asked for', () => {
    const users = ours.filter((file) =>
      specifiersOf(file).some((name) => name.startsWith('@opentelemetry/')),
    );
    expect(users).to.deep.equal(['process/tracing.ts']);
    const importers = imports.filter(({ to }) => to === 'process/tracing.ts').map(({ from }) => from);
    expect(importers).to.deep.equal(['commands/open-tracing.ts', 'commands/open-tracing.ts']);
    expect(textOf('commands/open-tracing.ts')).to.not.match(/^import \{[^}]*\} from '[^']*\/tracing\.js'/m);
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

  it('has no file under 40 lines that only one file of its folder imports: it belongs into that one', () => {
    const small = ours.filter((file) => textOf(file).trimEnd().split('\n').length < 40);
    const fragments = small.filter((file) => {
      const importers = imports.filter(({ to }) => to === file).map(({ from }) => from);
      return importers.length === 1 && importers.every((from) => dirname(from) === dirname(file));
    });
    expect(fragments.filter((file) => !ONE_A_FILE.some((pattern) => pattern.test(file)))).to.deep.equal([]);
  });

  it('has no file over 400 lines', () => {
    expect(ours.filter((file) => textOf(file).split('\n').length > 401)).to.deep.equal([]);
  });
});
