import { expect } from 'chai';
import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import ts from 'typescript';
import { parse } from 'yaml';
import { z } from 'zod';

const ROOT = resolve(import.meta.dirname, '..');
const read = (file: string) => readFileSync(join(ROOT, file), 'utf8');
const page = read('docs/troubleshooting.md');

/** Sections whose tables have texts of the program in their first column. */
const QUOTING = page.slice(page.indexOf('## By error text'));

/** A text of the program, with `...` for what varies. */
interface SourceText {
  readonly file: string;
  readonly text: string;
  /** Name of what it is an argument or a property of, such as `log.warn`, `lasting` or `words`. */
  readonly of: string;
}

/** What a text may consist of that only names a setting, or brings the text of another failure. */
const NO_WORDS = /--[\w-]+|\b[a-z]\w*\.[a-zA-Z]+\b|\.\.\.|[\s,.:;()]/g;

/** Returns a text as a reader sees it, with `...` for what varies. */
function textOf(node: ts.Node): string {
  if (ts.isStringLiteralLike(node)) return node.text;
  if (ts.isTemplateExpression(node))
    return node.head.text + node.templateSpans.map(({ literal }) => `...${literal.text}`).join('');
  if (isSum(node)) return textOf(node.left) + textOf(node.right);
  return '...';
}

function isSum(node: ts.Node): node is ts.BinaryExpression {
  return ts.isBinaryExpression(node) && node.operatorToken.kind === ts.SyntaxKind.PlusToken;
}

function textsOf(file: string): SourceText[] {
  const source = ts.createSourceFile(file, read(file), ts.ScriptTarget.Latest, true);
  const found: SourceText[] = [];
  function visit(node: ts.Node, of: string): void {
    if (ts.isStringLiteralLike(node) || ts.isTemplateExpression(node) || isSum(node)) {
      found.push({ file, text: textOf(node), of });
    }
    if (ts.isCallExpression(node) || ts.isNewExpression(node)) {
      const name = node.expression.getText(source);
      for (const argument of node.arguments ?? []) visit(argument, name);
      visit(node.expression, '');
    } else if (ts.isPropertyAssignment(node)) visit(node.initializer, node.name.getText(source));
    else if (ts.isConditionalExpression(node)) {
      visit(node.condition, '');
      for (const branch of [node.whenTrue, node.whenFalse]) visit(branch, of);
    } else ts.forEachChild(node, (child) => visit(child, ''));
  }
  visit(source, '');
  return found;
}

const texts = readdirSync(join(ROOT, 'src'), { recursive: true, encoding: 'utf8' })
  .filter((file) => file.endsWith('.ts') && !/^(?:gen|simulator)\//.test(file))
  .flatMap((file) => textsOf(join('src', file)));

/** First cells of the tables, each with the texts that it quotes. */
const quotes = QUOTING.split('\n')
  .flatMap((line) => /^\| (`.*?) \| /.exec(line)?.[1] ?? [])
  .flatMap((cell) => [...cell.matchAll(/`([^`]+)`/g)].map(([, quote = '']) => quote));

/** Reports whether a text holds what is quoted of it. */
function has(text: string, quote: string): boolean {
  return text.includes(quote) && quote.replaceAll(NO_WORDS, '') !== '';
}

/** Returns those texts of the program that the page quotes no part of. */
function missing(which: (text: SourceText) => boolean): string[] {
  const wanted = texts.filter((text) => which(text) && text.text.replaceAll(NO_WORDS, '') !== '');
  expect(wanted).not.to.have.length(0);
  return wanted.map(({ text }) => text).filter((text) => !quotes.some((quote) => has(text, quote)));
}

describe('docs/troubleshooting.md', () => {
  it('quotes texts that the program has', () => {
    expect(quotes).to.have.length.above(150);
    const others = quotes.filter((quote) => !texts.some(({ text }) => has(text, quote)));
    // This one is the engine's own.
    expect(others).to.deep.equal(['FAILED_TO_CONNECT_TO_SCHEDULER_PROXY']);
  });

  it('has each event of the log at warn and error', () => {
    const isEvent = ({ file, of, text }: SourceText) =>
      (/(?:^|\.)log\.(?:warn|error)$/.test(of) || (of === 'report' && file.endsWith('/unit-log.ts'))) &&
      /^[a-z]+(?: [a-z:]+)+$/.test(text);
    expect(missing(isEvent)).to.deep.equal([]);
  });

  it('has each failure of the engine, and each fault of its certificate', () => {
    expect(missing(({ of }) => /^(?:lasting|passing|unsent)$/.test(of))).to.deep.equal([]);
    const isFault = ({ file, of }: SourceText) => file.endsWith('/certificate-failure.ts') && of === 'words';
    expect(missing(isFault)).to.deep.equal([]);
  });

  it('has each error of the configuration', () => {
    // What only a command line of one command can have wrong says enough by itself.
    const isOfCommand = (file: string) =>
      /commands\/(?:why|names|inventory|units|simulate|plugins)\.ts$/.test(file);
    expect(missing(({ of, file }) => of === 'ConfigError' && !isOfCommand(file))).to.deep.equal([]);
  });

  it('has each remedy for a listener, a token and a connection', () => {
    const isRemedy = ({ file, of }: SourceText) =>
      /\/(?:listen|tokens)\.ts$/.test(file) && /^(?:E[A-Z]+|Error|unauthenticated)$/.test(of);
    expect(missing(isRemedy)).to.deep.equal([]);
    const isOfConnection = ({ file, text }: SourceText) =>
      file.endsWith('rpc/status.ts') && text.startsWith('it ');
    expect(missing(isOfConnection)).to.deep.equal([]);
  });

  it('has each refusal of a call', () => {
    const isRefusal = ({ text }: SourceText) =>
      /, at most (?:\.\.\. )?(?:are|of)|^no (?:inventory|decisions) here/.test(text);
    expect(missing(isRefusal)).to.deep.equal([]);
  });

  it('has each alert', () => {
    const { groups } = z
      .object({ groups: z.array(z.object({ rules: z.array(z.object({ alert: z.string() })) })) })
      .parse(parse(read('deploy/prometheus/rules.yaml')));
    for (const { alert } of groups.flatMap(({ rules }) => rules)) expect(page).to.include(`\`${alert}\``);
  });
});
