import { expect } from 'chai';
import { cpSync } from 'node:fs';
import type { PluginSettings } from '../../src/config/sections.js';
import type { PluginHost } from '../../src/plugins/host.js';
import { call } from '../support/call.js';
import { temporaryFolder, type TemporaryFolder } from '../support/temporary-folder.js';
import { until } from '../support/until.js';
import { MIB, VICES } from './vices.js';
import {
  describeWithPython,
  fixture,
  hostFixture,
  openHost,
  scoreRequest,
  type HostPart,
} from './with-python.js';

const GOOD =
  'class good:\n    def do_score(self, hosts, vm, args):\n        print([(host, 1) for host in hosts])';

describeWithPython('vices of plugins, beside a healthy one whose values arrive', () => {
  // One host for all that are held alike: starting Python takes longer than what is tested.
  const hosts = new Map<string, Promise<PluginHost>>();
  const folders: TemporaryFolder[] = [];

  function hostOf(part: HostPart): Promise<PluginHost> {
    const key = JSON.stringify(part);
    const opened = hosts.get(key) ?? openTogether(part);
    hosts.set(key, opened);
    return opened;
  }

  async function openTogether(part: HostPart): Promise<PluginHost> {
    const folder = temporaryFolder();
    folders.push(folder);
    folder.write('zz_good.py', GOOD);
    for (const { vice, held = {} } of VICES)
      if (JSON.stringify(held) === JSON.stringify(part))
        cpSync(fixture(vice), folder.path, { recursive: true });
    const host = await openHost({ ...part, dir: folder.path });
    // A host that starts does not wait for imports that take long, as on a busy machine.
    await until(
      () => host.unitNames().includes('good'),
      (isImported) => isImported,
    );
    return host;
  }

  after(async () => {
    await Promise.all([...hosts.values()].map(async (host) => (await host).close()));
    for (const folder of folders) folder.remove();
  });

  for (const { vice, unit = vice.replaceAll('-', '_'), properties = {}, outcome, held = {} } of VICES) {
    const [first] = outcome;
    const direction = held.settings?.scoreUnits === undefined ? 'LOWER_IS_BETTER' : 'HIGHER_IS_BETTER';
    const shown =
      typeof first === 'string' ? `is its failure, ${first}` : `answers ${outcome.join(', ')}, ${direction}`;
    it(`${vice}: ${unit} ${shown}`, async () => {
      const host = await hostOf(held);
      const units = [unit, 'good'].map((name) => ({ name, weight: 1 }));
      const request = scoreRequest('', { units, properties: new Map(Object.entries(properties)) });
      const { unitResults } = await host.scoreHosts(request, call());
      const [result, good] = unitResults;
      // The time of a call that is to be cut short is too short for a busy machine.
      if (first !== 'DEADLINE_EXCEEDED') expect(good?.value).to.deep.equal([1, 1, 1]);
      if (typeof first === 'number') {
        expect(result).to.deep.equal({ unit, value: outcome, direction });
        return;
      }
      const [code, text] = outcome;
      const { failure } = result ?? {};
      expect(failure?.code).to.equal(code);
      if (text instanceof RegExp) expect(failure?.message).to.match(text);
      else expect(failure?.message).to.include(text);
      expect(failure?.message).not.to.include('\n');
    });
  }

  const imports: readonly {
    vice: string;
    settings?: Partial<PluginSettings>;
    problems: readonly (readonly [string, RegExp])[];
  }[] = [
    {
      vice: 'fails-to-import',
      problems: [
        ['fails.py', /^ModuleNotFoundError: No module named 'ovirtsdk_of_another_age' \(line 1\)$/],
        [
          'python2.py',
          /^SyntaxError: .* \(line 3\)\. Plugins run under Python 3: docs\/migrating-from-ovirt-scheduler-proxy\.md says/,
        ],
      ],
    },
    {
      vice: 'hangs-on-import',
      settings: { maxImportTime: 300 },
      problems: [
        ['hangs_on_import.py', /^was importing for 300 ms \(plugins\.maxImportTime\), and was killed$/],
      ],
    },
    {
      vice: 'exits-on-import',
      problems: [
        ['exits.py', /^ended with exit code 3$/],
        ['says_exit.py', /^SystemExit: not today \(line 3\)$/],
        ['segfaults.py', /^was ended by SIGSEGV$/],
      ],
    },
    {
      vice: 'long-words-on-import',
      problems: [['long_words.py', /^\.\.\.x{1983} the end \(line 1\)$/]],
    },
    {
      vice: 'eats-memory-on-import',
      settings: { maxMemory: 256 * MIB },
      problems: [['eats.py', /^MemoryError \(line 3\)$/]],
    },
    { vice: 'no-unit', problems: [] },
    { vice: 'imports-helper', problems: [] },
    {
      vice: 'duplicates',
      problems: [['b.py', /^class twice: a.py has a score of that name, which is used; rename one$/]],
    },
    {
      vice: 'old-notation',
      problems: [['old_notation.py', /^class wrong: properties_validation: expected key=regex/]],
    },
  ];
  for (const { vice, settings = {}, problems } of imports) {
    it(`${vice}: ${problems.length} problems`, async () => {
      const host = await hostFixture(vice, { settings });
      const { problems: found } = await host.listPolicyUnits(call());
      await host.close();
      expect(found.map(({ source }) => source)).to.deep.equal(problems.map(([file]) => file));
      for (const [index, [, reason]] of problems.entries()) expect(found[index]?.reason).to.match(reason);
    });
  }
});
