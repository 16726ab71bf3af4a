import { expect } from 'chai';
import { cpSync } from 'node:fs';
import type { SchedulingErrorCode } from '../../src/domain/errors.js';
import type { PluginHost, PluginHostOptions } from '../../src/plugins/host.js';
import { DEFAULT_PLUGIN_LIMITS } from '../../src/plugins/limits.js';
import { MAX_SENT_LISTS } from '../../src/plugins/sent-hosts.js';
import { call } from '../support/call.js';
import { expectRejection } from '../support/rejection.js';
import { temporaryFolder, type TemporaryFolder } from '../support/temporary-folder.js';
import { hostId, vmId } from '../support/world.js';
import { describeWithPython, fixture, hostFixture, scoreRequest } from './with-python.js';

const MIB = 1024 * 1024;

interface Vice {
  readonly vice: string;
  /** The fixture's name with underscores, unless said otherwise. */
  readonly unit?: string;
  readonly options?: Partial<PluginHostOptions>;
  readonly properties?: Readonly<Record<string, string>>;
  readonly outcome: readonly number[] | readonly [SchedulingErrorCode, string | RegExp];
}

const ECHOED = { quote: 'it\'s "so"', newline: 'a\nb', code: "'); import os; os._exit(1) #", ü: '✓' };

const VICES: readonly Vice[] = [
  {
    vice: 'hangs',
    options: { limits: { maxCallMs: 50 } },
    outcome: ['DEADLINE_EXCEEDED', 'plugin hangs.py: did not end within 50 ms, and was killed'],
  },
  {
    vice: 'hangs',
    unit: 'ignores_signals',
    options: { limits: { maxCallMs: 50 } },
    outcome: ['DEADLINE_EXCEEDED', 'within 50 ms'],
  },
  {
    vice: 'crashes',
    outcome: ['INTERNAL', 'plugin crashes.py: it ended with exit code 1: ValueError: no \'such\' "thing"'],
  },
  { vice: 'segfaults', outcome: ['INTERNAL', 'it was ended by signal 11'] },
  {
    vice: 'eats-memory',
    options: { limits: { maxMemoryBytes: 256 * MIB } },
    outcome: ['INTERNAL', 'exit code 1: MemoryError'],
  },
  {
    vice: 'floods-stdout',
    options: { limits: { maxOutputBytes: MIB } },
    outcome: [
      'RESOURCE_EXHAUSTED',
      'it printed more than 1048576 bytes (limits.maxOutputBytes), and was killed',
    ],
  },
  {
    vice: 'floods-stderr',
    outcome: [
      'RESOURCE_EXHAUSTED',
      'more than 65536 bytes (limits.maxErrorBytes) to stderr, and was killed: ...',
    ],
  },
  { vice: 'reads-stdin', outcome: [0, 0, 0] },
  {
    vice: 'prints-garbage',
    unit: 'garbage',
    outcome: ['INTERNAL', /what it printed is no Python literal: .*"here you are/],
  },
  {
    vice: 'prints-garbage',
    unit: 'two_lines',
    outcome: ['INTERNAL', 'expected nothing after the literal at character 4'],
  },
  {
    vice: 'prints-garbage',
    unit: 'dictionary',
    outcome: ['INTERNAL', 'expected a Python literal at character 1'],
  },
  { vice: 'prints-garbage', unit: 'bytes_of_no_text', outcome: ['INTERNAL', 'no Python literal'] },
  { vice: 'deep-literal', outcome: ['INTERNAL', 'lists are nested more than 16 deep at character 17'] },
  { vice: 'deep-literal', unit: 'long_literal', outcome: ['INTERNAL', 'expected a number at character 2'] },
  { vice: 'prints-to-stderr', outcome: ['INTERNAL', 'it wrote to stderr: engine: connection refused'] },
  {
    vice: 'prints-to-stderr',
    unit: 'long_words',
    outcome: [
      'INTERNAL',
      new RegExp(`^plugin prints_to_stderr.py: it wrote to stderr: \\.\\.\\.x{1992} the end$`),
    ],
  },
  { vice: 'exits-nonzero', outcome: ['INTERNAL', 'it ended with exit code 7'] },
  { vice: 'exits-nonzero', unit: 'exits_zero', outcome: [1, 1, 1] },
  {
    vice: 'kills-its-parent',
    outcome: ['UNAVAILABLE', 'its process was ended by SIGKILL in the middle of the call'],
  },
  {
    vice: 'kills-its-parent',
    unit: 'stops_its_parent',
    options: { limits: { maxCallMs: 50 } },
    outcome: ['DEADLINE_EXCEEDED', 'within 50 ms'],
  },
  {
    vice: 'prints-nothing',
    outcome: ['INTERNAL', 'it printed nothing, expected a list of (host id, number)'],
  },
  { vice: 'prints-on-import', unit: 'prints', outcome: [1, 1, 1] },
  { vice: 'threads', outcome: [6, 6, 6] },
  { vice: 'imports-helper', unit: 'derived', outcome: [5, 5, 5] },
  { vice: 'keeps-state', unit: 'folder', outcome: [1, 1, 1] },
  {
    vice: 'keeps-state',
    unit: 'secrets',
    options: { variables: { ...process.env, HOSTSCORE_ENGINE_PASSWORD: 'letmein' } },
    outcome: [0, 0, 0],
  },
  { vice: 'duplicates', unit: 'twice', outcome: [1, 1, 1] },
  { vice: 'answers', unit: 'floats', outcome: [12, 12, 12] },
  { vice: 'answers', unit: 'tuples', outcome: [-3, -3, -3] },
  { vice: 'answers', unit: 'longs', outcome: [5, 5, 5] },
  { vice: 'answers', unit: 'booleans', outcome: [1, 1, 1] },
  { vice: 'answers', unit: 'upper_case', outcome: [8, 8, 8] },
  { vice: 'answers', unit: 'leaves_out', outcome: [3, 9, 9] },
  {
    vice: 'answers',
    unit: 'leaves_out',
    options: { direction: new Map([['leaves_out', 'HIGHER_IS_BETTER']]) },
    outcome: [3, 9, 3],
  },
  { vice: 'answers', unit: 'echoes', properties: ECHOED, outcome: [0, 1, 2] },
  { vice: 'answers', unit: 'none', outcome: ['INTERNAL', 'expected a list of (host id, number), got None'] },
  {
    vice: 'answers',
    unit: 'not_a_number',
    outcome: ['INTERNAL', 'expected a number from -2147483648 to 2147483647, got NaN'],
  },
  { vice: 'answers', unit: 'infinite', outcome: ['INTERNAL', 'got -Infinity'] },
  { vice: 'answers', unit: 'too_large', outcome: ['INTERNAL', 'got 2147483648'] },
  {
    vice: 'answers',
    unit: 'makes_up',
    outcome: [1, 1, 1],
  },
  {
    vice: 'answers',
    unit: 'doubles',
    outcome: ['INTERNAL', `host "${hostId(1)}" stands twice in the answer`],
  },
  { vice: 'answers', unit: 'unicode_words', outcome: ['INTERNAL', 'ValueError: Größe 😀 \'of "it"\''] },
];

describeWithPython('vices of plugins', () => {
  // A host for each folder and each way of holding it: starting Python takes longer than what is tested.
  const hosts = new Map<string, Promise<PluginHost>>();
  const hostOf = (vice: string, options: Partial<PluginHostOptions> = {}): Promise<PluginHost> => {
    const key = `${vice} ${JSON.stringify(options)}`;
    const opened = hosts.get(key) ?? hostFixture(vice, options);
    hosts.set(key, opened);
    return opened;
  };
  after(async () => {
    await Promise.all([...hosts.values()].map(async (host) => (await host).close()));
  });

  for (const { vice, unit = vice.replaceAll('-', '_'), options = {}, properties = {}, outcome } of VICES) {
    const [first] = outcome;
    const shown = typeof first === 'string' ? `is its failure, ${first}` : `answers ${outcome.join(', ')}`;
    it(`${vice}: ${unit} ${shown}${'direction' in options ? ' as scores' : ''}`, async () => {
      const host = await hostOf(vice, options);
      const request = scoreRequest(unit, { properties: new Map(Object.entries(properties)) });
      const { unitResults } = await host.scoreHosts(request, call());
      const [result] = unitResults;
      if (typeof first === 'number') {
        expect(result).to.deep.equal({
          unit,
          value: outcome,
          direction: 'direction' in options ? 'HIGHER_IS_BETTER' : 'LOWER_IS_BETTER',
        });
        return;
      }
      const [code, text] = outcome;
      expect(result?.failure?.code).to.equal(code);
      expect(result?.failure?.message).to.match(
        text instanceof RegExp ? text : new RegExp(escape(String(text))),
      );
      expect(result?.failure?.message).not.to.include('\n');
    });
  }

  describe('beside a healthy plugin, whose values arrive before the deadline', () => {
    const folders = new Map<string, TemporaryFolder>();
    const good =
      'class good:\n    def do_score(self, hosts, vm, args):\n        print([(host, 1) for host in hosts])';
    after(() => {
      for (const folder of folders.values()) folder.remove();
    });

    function besideGood(vice: string): string {
      const folder = folders.get(vice) ?? temporaryFolder();
      folders.set(vice, folder);
      cpSync(fixture(vice), folder.path, { recursive: true });
      folder.write('zz_good.py', good);
      return folder.path;
    }

    for (const { vice, unit = vice.replaceAll('-', '_'), options = {}, properties = {}, outcome } of VICES) {
      it(`${vice}: ${unit}`, async () => {
        // Cut short by the caller's deadline, not by a limit of the host.
        const limits = { ...options.limits, maxCallMs: DEFAULT_PLUGIN_LIMITS.maxCallMs };
        const host = await hostOf(vice, { ...options, limits, dir: besideGood(vice) });
        const units = [unit, 'good'].map((name) => ({ name, weight: 1 }));
        const request = scoreRequest('', { units, properties: new Map(Object.entries(properties)) });
        const late = outcome[0] === 'DEADLINE_EXCEEDED';
        const ms = late ? 500 : 5000;
        const caller = { deadline: Date.now() + ms, signal: AbortSignal.timeout(ms) };
        const { unitResults } = await host.scoreHosts(request, call(caller));
        expect(unitResults[1]).to.deep.equal({
          unit: 'good',
          value: [1, 1, 1],
          direction: 'LOWER_IS_BETTER',
        });
        expect(unitResults[0]?.failure?.code).to.equal(
          typeof outcome[0] === 'string' ? outcome[0] : undefined,
        );
      });
    }
  });

  const imports: readonly {
    vice: string;
    options?: Partial<PluginHostOptions>;
    problems: readonly (readonly [string, RegExp])[];
  }[] = [
    {
      vice: 'fails-to-import',
      problems: [
        ['fails.py', /^ModuleNotFoundError: No module named 'ovirtsdk_of_another_age' \(line 1\)$/],
        ['python2.py', /^SyntaxError: .* \(line 3\)$/],
      ],
    },
    {
      vice: 'hangs-on-import',
      options: { limits: { maxImportMs: 300 } },
      problems: [['hangs_on_import.py', /^was importing for 300 ms \(limits.maxImportMs\), and was killed$/]],
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
      options: { limits: { maxFailureLength: 40 } },
      problems: [['long_words.py', /^\.\.\.x{23} the end \(line 1\)$/]],
    },
    {
      vice: 'eats-memory-on-import',
      options: { limits: { maxMemoryBytes: 256 * MIB } },
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
    {
      vice: 'fails-to-import',
      options: { limits: { maxPlugins: 1 } },
      problems: [
        ['fails.py', /^ModuleNotFoundError/],
        ['python2.py', /^left out: at most 1 files are imported \(limits.maxPlugins\)$/],
      ],
    },
    {
      vice: 'duplicates',
      options: { limits: { maxUnits: 1 } },
      problems: [
        ['b.py', /^class twice: its do_filter is left out: at most 1 units are taken \(limits.maxUnits\)$/],
        ['b.py', /a.py has a score of that name/],
      ],
    },
  ];
  for (const { vice, options = {}, problems } of imports) {
    it(`${vice}: ${problems.length} problems${JSON.stringify(options.limits ?? {})}`, async () => {
      const host = await hostOf(vice, options);
      const found = host.problems();
      expect(found.map(({ file }) => file)).to.deep.equal(problems.map(([file]) => file));
      for (const [index, [, reason]] of problems.entries()) expect(found[index]?.reason).to.match(reason);
    });
  }

  it('lists units in the order of files, classes, and filter, score, balance', async () => {
    const host = await hostOf('duplicates');
    const { units } = await host.listPolicyUnits(call());
    expect(units.map(({ type, name }) => `${type} ${name}`)).to.deep.equal(['SCORE twice', 'FILTER twice']);
    const braces = await hostOf('old-notation');
    expect((await braces.listPolicyUnits(call())).units).to.deep.equal([
      {
        name: 'braces',
        type: 'FILTER',
        description: 'A filter\nin two lines.',
        properties: [
          { name: 'cpu', pattern: '[0-9]{1,3}', defaultValue: '', description: '' },
          { name: 'name', pattern: '[a,b=]+', defaultValue: '', description: '' },
        ],
      },
      {
        name: 'samples',
        type: 'BALANCE',
        description: '',
        properties: [
          { name: 'minimum_host_memoryMB', pattern: '[0-9]*', defaultValue: '', description: '' },
          { name: 'safe_selection', pattern: 'True|False', defaultValue: '', description: '' },
        ],
      },
      { name: 'wrong', type: 'FILTER', description: '', properties: [] },
    ]);
  });

  it('lists and runs classes with names that every object has, whatever directions are configured', async () => {
    const options: Partial<PluginHostOptions> = { direction: new Map([['other', 'HIGHER_IS_BETTER']]) };
    const host = await hostOf('names-of-objects', options);
    const { units: listed } = await host.listPolicyUnits(call());
    expect(listed.map(({ name, direction }) => [name, direction])).to.deep.equal([
      ['constructor', undefined],
      ['constructor', 'LOWER_IS_BETTER'],
      ['toString', 'LOWER_IS_BETTER'],
      ['__proto__', 'LOWER_IS_BETTER'],
    ]);
    const units = ['constructor', 'toString', '__proto__'].map((name) => ({ name, weight: 1 }));
    const request = scoreRequest('', { units, properties: new Map([['__proto__', 'four']]) });
    const { unitResults, scores } = await host.scoreHosts(request, call());
    expect(unitResults.map(({ value }) => value?.[0])).to.deep.equal([1, 4, 2]);
    expect(scores[0]?.score).to.equal(300);
    const missing = await host.scoreHosts(scoreRequest('hasOwnProperty'), call());
    expect(missing.unitResults[0]?.failure?.code).to.equal('NOT_FOUND');
  });

  it('lists the units of classes that a plugin imports from elsewhere once, where they are defined', async () => {
    const host = await hostOf('imports-helper');
    const { units } = await host.listPolicyUnits(call());
    expect(units.map(({ name }) => name)).to.deep.equal(['base', 'derived']);
  });

  it('keeps no state from call to call: 10 x 1 + 1 = 11 each time', async () => {
    const host = await hostOf('keeps-state');
    for (let n = 0; n < 3; n++) {
      const { unitResults } = await host.scoreHosts(scoreRequest('keeps_state'), call());
      expect(unitResults[0]?.value).to.deep.equal([11, 11, 11]);
    }
  });

  it('gives each call all hosts, whatever another did to its list', async () => {
    const host = await hostOf('keeps-state');
    for (let n = 0; n < 3; n++) {
      const { unitResults } = await host.scoreHosts(scoreRequest('empties_its_hosts'), call());
      expect(unitResults[0]?.value).to.deep.equal([4, 4, 4]);
    }
  });

  it('keeps more lists of hosts apart than a process holds', async () => {
    const host = await hostOf('answers');
    const lists = Array.from({ length: 3 * MAX_SENT_LISTS }, (_, n) => [hostId(n), hostId(n + 1)]);
    for (const hosts of [...lists, ...lists, ...lists.reverse()]) {
      const { scores, unitResults } = await host.scoreHosts(scoreRequest('tuples', { hosts }), call());
      expect(unitResults[0]?.failure).to.equal(undefined);
      expect(scores.map((score) => score.hostId)).to.deep.equal(hosts);
    }
  });

  it('takes what print makes of two arguments as a migration, as the old samples have it', async () => {
    const host = await hostOf('old-notation');
    const request = { unit: 'samples', hostIds: [hostId(2)], properties: new Map() };
    const { migration } = await host.balanceHosts(request, call());
    expect(migration).to.deep.equal({ vmId: vmId(1), candidateHostIds: [hostId(2)] });
  });

  it('prints nothing: a filter that fails rejects no host, a balance has nothing to do', async () => {
    const host = await hostOf('prints-nothing');
    const hostIds = [hostId(1), hostId(2)];
    const filtered = await host.filterHosts(
      { vmId: vmId(1), hosts: hostIds, units: [], properties: new Map() },
      call(),
    );
    expect(filtered.hostIds).to.deep.equal(hostIds);
    expect(filtered.unitResults[0]?.failure?.message).to.include(
      'it printed nothing, expected a list of host ids',
    );
    const balanced = await host.balanceHosts(
      { unit: 'prints_nothing', hostIds, properties: new Map() },
      call(),
    );
    expect(balanced).not.to.have.property('migration');
  });

  it('refuses to score all hosts that are up, and says what to do', async () => {
    const host = await hostOf('answers');
    await expectRejection(
      host.scoreHosts(scoreRequest('floats', { hosts: 'ALL_UP' }), call()),
      'INVALID_ARGUMENT',
      'name the hosts',
    );
  });

  it('adds raw costs up as scores: 2 x 100, 2 x 0, 2 x 0 of costs 3, 9, 9; all equal: 100', async () => {
    const host = await hostOf('answers');
    const units = [
      { name: 'leaves_out', weight: 2 },
      { name: 'floats', weight: 1 },
    ];
    const { scores, explanation } = await host.scoreHosts(scoreRequest('', { units, explain: true }), call());
    expect(scores.map(({ score }) => score)).to.deep.equal([300, 100, 100]);
    expect(explanation?.reasons(1)).to.deep.equal([
      { unit: 'leaves_out', text: 'cost 9 among 3 to 9, the lowest is best: 0' },
      { unit: 'floats', text: 'cost 12 among 12 to 12, the lowest is best: 100' },
    ]);
  });
});

function escape(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
}
