import { expect } from 'chai';
import { readFileSync } from 'node:fs';
import { parse } from 'yaml';
import { z } from 'zod';
import { manPage } from '../scripts/man-page.js';
import { loadConfig, settings } from '../src/config/load.js';
import { createProgram } from '../src/commands/program.js';
import { temporaryFolder } from './support/temporary-folder.js';

const TEMPLATE = readFileSync(new URL('../packaging/hostscore.yaml', import.meta.url), 'utf8');

describe('the manual page', () => {
  let page = '';
  before(async () => (page = (await manPage()).replaceAll('\\-', '-')));

  it('has a section for each command, with its options, but for those that all have', async () => {
    const io = { stdout: process.stdout, stderr: process.stderr, variables: {} };
    const program = await createProgram({ ...io, signal: new AbortController().signal });
    for (const command of program.commands) {
      const inner = command.commands.length === 0 ? [command] : command.commands;
      for (const one of inner) {
        const words = one === command ? one.name() : `${command.name()} ${one.name()}`;
        expect(page).to.match(new RegExp(`^\\.SS hostscore ${words} `, 'm'));
        for (const { long } of one.options) expect(page).to.include(`\n.B ${String(long)}`);
      }
    }
  });

  it('has each setting once', () => {
    for (const { flag } of settings) {
      if (flag !== undefined) expect(page.split(`\n.B ${flag} <value>\n`)).to.have.lengthOf(2);
    }
  });

  it('escapes what roff would take for its own', async () => {
    const written = await manPage();
    expect(written).to.include('\n  HOSTSCORE_ENGINE_PASSWORD=... hostscore serve \\-\\-engine\\-username');
    expect(written).to.match(/hostscore@internal \\e\n/);
  });
});

describe('the packages', () => {
  it('have the maintainer that the npm package has as its author', () => {
    const about = (file: string) =>
      parse(readFileSync(new URL(`../${file}`, import.meta.url), 'utf8')) as unknown;
    const { author } = z.object({ author: z.string() }).parse(about('package.json'));
    expect(about('packaging/nfpm.yaml')).to.include({ maintainer: author });
  });
});

describe('the configuration of the packages', () => {
  const folder = temporaryFolder();
  after(() => folder.remove());
  const load = (text: string) =>
    loadConfig({ file: folder.write('hostscore.yaml', text), variables: {}, flags: {} });

  it('can be used as it is, and keeps state where the unit lets it write', () => {
    const { state, engine } = load(TEMPLATE);
    expect({ dir: state.dir, url: engine.url }).to.deep.equal({ dir: '/var/lib/hostscore', url: undefined });
  });

  it('has examples that can be used as they are, of which listeners are the defaults', () => {
    const { engine, services, server, bridge, ops } = load(TEMPLATE.replaceAll(/^#(?! \S)/gm, ''));
    expect(engine.username).to.equal('hostscore@internal');
    expect(services.map(({ name }) => name)).to.deep.equal(['gpu']);
    const defaults = loadConfig({ variables: {}, flags: {} });
    expect([server, bridge, ops]).to.deep.equal([defaults.server, defaults.bridge, defaults.ops]);
  });
});
