import { expect } from 'chai';
import { readdirSync, readFileSync, existsSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { units } from '../src/scoring/units/index.js';
import { configurationTable } from './support/configuration-table.js';

const ROOT = resolve(import.meta.dirname, '..');
const read = (file: string) => readFileSync(join(ROOT, file), 'utf8');
const pages = ['README.md', 'CONTRIBUTING.md', 'CHANGELOG.md', ...pagesIn('docs')];

function pagesIn(folder: string): string[] {
  return readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.md'))
    .map((file) => join(folder, file));
}

describe('documentation', () => {
  it('has every setting with its default: npx tsx scripts/config-docs.ts prints the table', () => {
    expect(read('docs/configuration.md')).to.include(configurationTable());
  });

  it('has a section for each unit', () => {
    const headings = read('docs/scoring.md').match(/^## .*/gm);
    for (const { name } of units) expect(headings).to.include(`## ${name}`);
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
