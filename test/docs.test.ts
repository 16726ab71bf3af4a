import type { ServiceDefinition } from '@grpc/proto-loader';
import { expect } from 'chai';
import { readdirSync, readFileSync, existsSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { z } from 'zod';
import {
  INVENTORY_SERVICE,
  inventoryMethods,
  POLICY_UNIT_SERVICE,
  policyUnitMethods,
} from '../src/rpc/proto.js';
import { createMetrics } from '../src/process/metrics.js';
import { units } from '../src/scoring/units/index.js';
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

  it('names the metrics and the events of the log as they are, and every metric', async () => {
    const text = USER_PAGES.map(read).join('\n').replaceAll(/\s+/g, ' ');
    const named = new Set(
      [...text.matchAll(/\bhostscore_[a-z_]+?(?=(?:_bucket|_count)?\b)/g)].map(([name]) => name),
    );
    expect([...named].sort()).to.deep.equal(await metricNames());

    const quoted = [...text.matchAll(/`([a-z]+(?: [a-z]+)+)(?=`| [a-z]+=)/g)].map(([, words = '']) => words);
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
      const targets = [...read(page).matchAll(/\]\((?!https?:)([^)#]+)[^)]*\)/g)].map(
        ([, target = '']) => target,
      );
      expect(targets.filter((target) => !existsSync(join(ROOT, dirname(page), target)))).to.deep.equal([]);
    });
  }
});
