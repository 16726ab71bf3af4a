import type { ServiceDefinition } from '@grpc/proto-loader';
import { expect } from 'chai';
import { readdirSync, readFileSync, existsSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { PassThrough } from 'node:stream';
import { z } from 'zod';
import {
  INVENTORY_SERVICE,
  inventoryMethods,
  POLICY_UNIT_SERVICE,
  policyUnitMethods,
} from '../src/rpc/proto.js';
import { SCHEDULING_ERROR_CODES } from '../src/domain/errors.js';
import { createProgram } from '../src/commands/program.js';
import { createMetrics } from '../src/process/metrics.js';
import { units } from '../src/scoring/units/index.js';
import { contractPage } from '../scripts/contract-docs.js';
import { blocksOf, USER_PAGES } from './support/doc-blocks.js';
import { configurationTable } from './support/configuration-table.js';

const ROOT = resolve(import.meta.dirname, '..');
const read = (file: string) => readFileSync(join(ROOT, file), 'utf8');
const pages = ['README.md', 'CONTRIBUTING.md', 'CHANGELOG.md', 'SECURITY.md', ...pagesIn('docs')];

function pagesIn(folder: string): string[] {
  return readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.md'))
    .map((file) => join(folder, file));
}

const METHODS: Readonly<Record<string, ServiceDefinition>> = {
  [POLICY_UNIT_SERVICE]: policyUnitMethods,
  [INVENTORY_SERVICE]: inventoryMethods,
};

const messageType = z.object({ field: z.array(z.object({ name: z.string() })) });

function fieldsOf(type: unknown): string[] {
  return messageType.parse(type).field.map(({ name }) => name);
}

async function metricNames(): Promise<string[]> {
  const metrics = createMetrics(() => false);
  metrics.watchInventory(() => undefined);
  metrics.watchReservations(() => undefined);
  metrics.watchServices(() => []);
  metrics.watchPlugins(() => undefined);
  metrics.watchCertificates(() => []);
  metrics.watchDecisions(() => ({ decisions: 0, bytes: 0 }));
  const types = (await metrics.scrape()).matchAll(/^# TYPE (hostscore_\w+) /gm);
  return [...types].map(([, name = '']) => name).sort();
}

function sourceText(): string {
  return readdirSync(join(ROOT, 'src'), { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts'))
    .map((file) => read(join('src', file)))
    .join('\n');
}

describe('documentation', () => {
  it('has every setting with its default: npx tsx scripts/config-docs.ts prints the table', () => {
    expect(read('docs/configuration.md')).to.include(configurationTable());
  });

  it('has the contract as it is: npm run gen', () => {
    expect(read('docs/contract.md')).to.equal(contractPage());
  });

  it('has a README of one screen', () => {
    expect(read('README.md').split('\n')).to.have.length.below(50);
  });

  it('has an index with each page', () => {
    const index = read('docs/README.md');
    for (const page of USER_PAGES.filter((page) => /^docs\/(?!README)/.test(page)))
      expect(index).to.include(`(${page.replace('docs/', '')})`);
  });

  it('has a section for each unit', () => {
    const headings = read('docs/scoring.md').match(/^## .*/gm);
    for (const { name } of units) expect(headings).to.include(`## ${name}`);
  });

  it('calls over gRPC only methods that there are, with fields that they have', () => {
    const text = read('docs/grpc.md').replaceAll('\\\n', '');
    const calls = [...text.matchAll(/^grpcurl .*-d '(.*?)' .*(hostscore\.v1\.\w+)\/(\w+)$/gm)];
    expect(calls).to.have.lengthOf(text.match(/^grpcurl .*-d /gm)?.length ?? 0).and.not.empty;
    for (const [line, request = '', service = '', method = ''] of calls) {
      const fields = fieldsOf(METHODS[service]?.[method]?.requestType.type);
      expect(fields, line).to.include.members(Object.keys(z.looseObject({}).parse(JSON.parse(request))));
    }
  });

  it('says of each status of a call when it comes and what to do', () => {
    const [, errors = ''] = /^## Errors\n([^]*?)^## /m.exec(read('docs/grpc.md')) ?? [];
    for (const code of SCHEDULING_ERROR_CODES)
      expect(errors).to.match(new RegExp(`^\\| .*\\b${code}\\b`, 'm'));
  });

  it('names the metrics and the events of the log as they are, and every metric', async () => {
    const text = USER_PAGES.map(read).join('\n').replaceAll(/\s+/g, ' ');
    const named = new Set(
      [...text.matchAll(/\bhostscore_[a-z_]+?(?=(?:_bucket|_count)?\b)/g)].map(([name]) => name),
    );
    expect([...named].sort()).to.deep.equal(await metricNames());

    // test/troubleshooting.test.ts holds what that page quotes.
    const others = USER_PAGES.filter((page) => !page.endsWith('/troubleshooting.md'))
      .map(read)
      .join('\n');
    const quoted = [...others.replaceAll(/\s+/g, ' ').matchAll(/`([a-z]+(?: [a-z]+)+)(?=`| [a-z]+=)/g)].map(
      ([, words = '']) => words,
    );
    const events = quoted.filter(
      (words) => !/^(?:(?:hostscore|call|decisions|npm|sortby|systemctl) |token create$)/.test(words),
    );
    const source = sourceText();
    expect(events.filter((event) => !source.includes(`'${event}'`))).to.deep.equal([]);
    expect(events).to.include('unit failed');
  });

  it('fences commands as sh, which run as written, or as console, which belong to another machine', () => {
    const typed = /^(?:\$ )?(?:hostscore|npm|npx|node|curl|grpcurl|docker|systemctl|engine-config) /m;
    const others = USER_PAGES.flatMap(blocksOf).filter(
      ({ language, text }) => !['sh', 'console'].includes(language) && typed.test(text),
    );
    expect(others).to.deep.equal([]);
  });

  it('names in its sentences commands that there are, with options that they have', async () => {
    const io = { stdout: new PassThrough(), stderr: new PassThrough(), variables: {} };
    const program = await createProgram({ ...io, signal: new AbortController().signal });
    const named = USER_PAGES.flatMap((page) => [...read(page).matchAll(/`hostscore ([a-z][^`]*)`/g)]);
    expect(named).to.have.length.above(80);
    const wrong = named.filter(([, line = '']) => {
      const words = line.split(/\s+/);
      let command = program;
      for (const word of words) command = command.commands.find((one) => one.name() === word) ?? command;
      const options = [...command.options.map(({ long }) => long), '--help'];
      return command === program || words.some((word) => word.startsWith('--') && !options.includes(word));
    });
    expect(wrong.map(([command]) => command)).to.deep.equal([]);
  });

  it('names, for each threat, a test that there is', () => {
    const links = [...read('docs/security.md').matchAll(/\[([^\]]+)\]\(\.\.\/(test\/[^)]+)\)/g)];
    expect(links).to.have.length.above(30);
    const missing = links.filter(([, title = '', file = '']) => !read(file).includes(title));
    expect(missing.map(([link]) => link)).to.deep.equal([]);
  });

  it('lists each decision', () => {
    const index = read('docs/decisions/README.md');
    for (const page of pagesIn('docs/decisions')) {
      if (!page.endsWith('README.md')) expect(index).to.include(`(${page.replace('docs/decisions/', '')})`);
    }
  });

  for (const page of pages) {
    it(`${page} links only to what is there`, () => {
      expect(linksOf(page).filter((link) => !leads(page, link))).to.deep.equal([]);
    });
  }

  it('links in a package to what the package has, but for sources and tests', () => {
    const copied = /^cp -R (.*) "\$prefix\/share\/doc\/hostscore"$/m.exec(read('scripts/package.sh'))?.[1];
    const roots = [...(copied ?? '').split(' '), 'examples'];
    expect(roots).to.include.members(['README.md', 'docs']);
    const targets = pages
      .filter((page) => roots.includes(page.split('/')[0] ?? ''))
      .flatMap((page) => linksOf(page).map(([path = '']) => join(dirname(page), path)))
      .filter((target) => !roots.includes(target.split('/')[0] ?? '') && target !== '.');
    expect(targets.filter((target) => !/^(?:src|test)\//.test(target))).to.deep.equal([]);
  });
});

/** Returns the paths and anchors that a page links to, within these files. */
function linksOf(page: string): string[][] {
  const text = read(page).replaceAll(/^( *)```[^]*?^\1```$/gm, '');
  return [...text.matchAll(/\]\((?!https?:)([^)\s]+)\)/g)].map(([, target = '']) => target.split('#'));
}

/** Reports whether there is what a link of a page leads to, its anchor included. */
function leads(page: string, [path = '', anchor]: readonly string[]): boolean {
  const file = path === '' ? page : join(dirname(page), path);
  if (!existsSync(join(ROOT, file))) return false;
  return anchor === undefined || anchorsOf(file).includes(anchor);
}

/** Returns the anchors of a page as GitHub makes them of its headings. */
function anchorsOf(file: string): string[] {
  const text = read(file).replaceAll(/^( *)```[^]*?^\1```$/gm, '');
  return [...text.matchAll(/^#+ (.*)$/gm)].map(([, heading = '']) =>
    heading
      .replaceAll(/\[([^\]]*)\]\([^)]*\)/g, '$1')
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N}_ -]/gu, '')
      .replaceAll(' ', '-'),
  );
}
