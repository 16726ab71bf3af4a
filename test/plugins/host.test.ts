import { expect } from 'chai';
import type { FilterHostsRequest } from '../../src/domain/contract.js';
import { MAX_FILE_UNITS, MAX_UNIT_NAME_LENGTH, MAX_UNITS } from '../../src/plugins/catalogue.js';
import { MAX_SENT_LISTS } from '../../src/plugins/host-lists.js';
import type { PluginHost } from '../../src/plugins/host.js';
import { ANSWER_MARGIN_MS } from '../../src/plugins/service.js';
import { call } from '../support/call.js';
import { memoryLog } from '../support/log.js';
import { expectRejection } from '../support/rejection.js';
import { traced } from '../support/traced.js';
import { temporaryFolder, type TemporaryFolder } from '../support/temporary-folder.js';
import { until } from '../support/until.js';
import { hostId, vmId } from '../support/world.js';
import { describeWithPython, hostFixture, openHost, scoreRequest, type HostPart } from './with-python.js';

const [A, B, C] = [hostId(1), hostId(2), hostId(3)] as const;

const filterRequest = (
  units: readonly string[],
  part: Partial<FilterHostsRequest> = {},
): FilterHostsRequest => ({
  ...{ vmId: vmId(1), hosts: [A, B, C], units, properties: new Map() },
  ...part,
});

describeWithPython('plugin host', () => {
  // A host for each folder and each way of holding it: starting Python takes longer than what is tested.
  const hosts = new Map<string, Promise<PluginHost>>();
  const hostOf = (name: string, part: HostPart = {}): Promise<PluginHost> => {
    const key = `${name} ${JSON.stringify(part)}`;
    const opened = hosts.get(key) ?? hostFixture(name, part);
    hosts.set(key, opened);
    return opened;
  };
  after(async () => {
    await Promise.all([...hosts.values()].map(async (host) => (await host).close()));
  });

  it('lists units in the order of files, classes, and filter, score, balance', async () => {
    const host = await hostOf('duplicates');
    const { units, hasInventory } = await host.listPolicyUnits(call());
    expect(hasInventory).to.equal(false);
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
    const host = await hostOf('names-of-objects', { settings: { scoreUnits: ['other'] } });
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

  it('traces each run of a unit that there is, and says which failed', async () => {
    const { tracing, spans, told } = traced();
    const span = tracing.receive('ScoreHosts', {}, {});
    const keeps = await hostOf('keeps-state');
    await keeps.scoreHosts(scoreRequest('keeps_state'), call({ span }));
    await keeps.scoreHosts(scoreRequest('made_up'), call({ span }));
    const exits = await hostOf('exits-nonzero');
    await exits.scoreHosts(scoreRequest('exits_nonzero'), call({ span }));
    expect(told()).to.deep.equal(['internal unit keeps_state', 'internal unit exits_nonzero INTERNAL']);
    expect(spans().map(({ attributes }) => attributes['hostscore.plugin'])).to.deep.equal([
      'keeps_state.py',
      'exits_nonzero.py',
    ]);
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
    const { migration, ...others } = await host.balanceHosts(request, call());
    expect(migration).to.deep.equal({ vmId: vmId(1), candidateHostIds: [hostId(2)] });
    expect(others).to.deep.equal({});
  });

  it('takes what a balancer prints, whatever it complains about, as the old proxy did', async () => {
    const host = await hostOf('prints-to-stderr');
    const asked = { hostIds: [hostId(2)], properties: new Map() };
    const { migration } = await host.balanceHosts({ ...asked, unit: 'balances_and_complains' }, call());
    expect(migration).to.deep.equal({ vmId: vmId(1), candidateHostIds: [hostId(2)] });
    await expectRejection(
      host.balanceHosts({ ...asked, unit: 'only_complains' }, call()),
      'INTERNAL',
      'it ended with exit code 1: engine: away',
    );
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

  it('refuses to score or filter all hosts that are up, and says what to do', async () => {
    const host = await hostOf('contract');
    const remedy = 'all_hosts: plugins know no inventory; name the hosts in host_ids';
    await expectRejection(
      host.scoreHosts(scoreRequest('constant_50', { hosts: 'ALL_UP' }), call()),
      'INVALID_ARGUMENT',
      remedy,
    );
    await expectRejection(
      host.filterHosts(filterRequest(['rejects_all'], { hosts: 'ALL_UP' }), call()),
      'INVALID_ARGUMENT',
      remedy,
    );
  });

  it('adds raw costs up as scores: 2 x 100, 2 x 0, 2 x 0 of costs 3, 9, 9; all equal: 100', async () => {
    const host = await hostOf('answers');
    const units = [
      { name: 'leaves_out', weight: 2 },
      { name: 'floats', weight: 1 },
    ];
    const { scores, unitResults, explanation } = await host.scoreHosts(
      scoreRequest('', { units, explain: true }),
      call(),
    );
    expect(scores.map(({ score }) => score)).to.deep.equal([300, 100, 100]);
    expect(unitResults.map(({ direction }) => direction)).to.deep.equal([
      'LOWER_IS_BETTER',
      'LOWER_IS_BETTER',
    ]);
    expect(explanation?.reasons(1)).to.deep.equal([
      { unit: 'leaves_out', text: 'cost 9 among 3 to 9, the lowest is best: 0' },
      { unit: 'floats', text: 'cost 12 among 12 to 12, the lowest is best: 100' },
    ]);
    expect(explanation?.hostName(1)).to.equal(undefined);
  });

  it('explains what prints scores by its scores: 1 x 9; what failed has no reason', async () => {
    const host = await hostOf('answers', { settings: { scoreUnits: ['leaves_out'] } });
    const units = ['leaves_out', 'none'].map((name) => ({ name, weight: 1 }));
    const { scores, explanation } = await host.scoreHosts(scoreRequest('', { units, explain: true }), call());
    expect(scores[1]?.score).to.equal(9);
    expect(explanation?.reasons(1)).to.deep.equal([{ unit: 'leaves_out', text: 'the plugin gave 9' }]);
  });

  it('gives each host that a filter rejects a reason, when it is asked to explain', async () => {
    const host = await hostOf('contract');
    const units = ['rejects_host_2', 'accept_all_hosts', 'throws'];
    const { hostIds, unitResults } = await host.filterHosts(filterRequest(units, { explain: true }), call());
    expect(hostIds).to.deep.equal([A, C]);
    expect(unitResults.map(({ rejections }) => rejections)).to.deep.equal([
      [{ hostId: B, reason: 'the plugin does not accept it, and gives no reason' }],
      [],
      undefined,
    ]);
    const { unitResults: bare } = await host.filterHosts(filterRequest(units), call());
    expect(bare[0]).to.deep.equal({ unit: 'rejects_host_2', value: [A, C] });
  });

  for (const [hostIds, explanation] of [
    [[A, B, C], `the plugin proposes to move VM ${vmId(1)} to one of 2 hosts, and gives no reason`],
    [[A, B], `the plugin proposes to move VM ${vmId(1)} to one host, and gives no reason`],
    [[A], `the plugin names VM ${vmId(1)}, and none of the hosts it was asked about`],
    [[B, A], 'the plugin proposes nothing'],
  ] as const) {
    it(`explains a balance: ${explanation}`, async () => {
      const host = await hostOf('contract');
      const request = { unit: 'move_first', hostIds, properties: new Map(), explain: true };
      const answer = await host.balanceHosts(request, call());
      expect(answer.explanation).to.equal(explanation);
      expect(answer.migration?.candidateHostIds ?? []).to.deep.equal(
        hostIds[0] === A ? hostIds.slice(1) : [],
      );
    });
  }

  describe('at its limits', () => {
    let folder: TemporaryFolder;
    let host: PluginHost | undefined;
    beforeEach(() => void (folder = temporaryFolder()));
    afterEach(async () => {
      await host?.close();
      host = undefined;
      folder.remove();
    });

    for (const [left, ms] of [
      [5000, 5000 - ANSWER_MARGIN_MS],
      [500, 450],
      [Infinity, 30_000],
    ] as const) {
      it(`gives a plugin ${ms} ms when its caller waits for ${left} ms, and 30 s at most`, async () => {
        const waits: number[] = [];
        host = await hostFixture('contract', {
          clock: { now: () => 1000 },
          after(wait) {
            waits.push(wait);
            return () => undefined;
          },
        });
        waits.length = 0;
        await host.scoreHosts(scoreRequest('constant_50'), call({ deadline: 1000 + left }));
        expect(waits).to.deep.equal([ms]);
      });
    }

    it(`takes names of ${MAX_UNIT_NAME_LENGTH} characters`, async () => {
      const [longest, longer] = [MAX_UNIT_NAME_LENGTH, MAX_UNIT_NAME_LENGTH + 1].map((n) => 'x'.repeat(n));
      const unit = (name = '') => `class ${name}:\n    def do_score(self, hosts, vm, args): pass\n`;
      folder.write('long.py', unit(longest) + unit(longer));
      host = await openHost({ dir: folder.path });
      const { units, problems } = await host.listPolicyUnits(call());
      expect(units.map(({ name }) => name)).to.deep.equal([longest]);
      expect(problems.map(({ reason }) => reason)).to.deep.equal([
        `class ${'x'.repeat(32)}...: its name has more than 128 characters`,
      ]);
    });

    it(`takes ${MAX_FILE_UNITS} units of a file, so that others have theirs, and ${MAX_UNITS} of all`, async () => {
      const files = MAX_UNITS / MAX_FILE_UNITS + 1;
      const unit = (name: string) => `class ${name}:\n    def do_score(self, hosts, vm, args): pass\n`;
      const units = (file: number, count: number) =>
        Array.from({ length: count }, (_, n) => unit(`u${file}_${n}`)).join('');
      for (let file = 1; file < files; file++)
        folder.write(`p${file + 10}.py`, units(file, file === 1 ? MAX_FILE_UNITS + 2 : MAX_FILE_UNITS));
      folder.write('z_last.py', unit('last'));
      host = await openHost({ dir: folder.path });
      const listing = await until(
        () => host?.listPolicyUnits(call()),
        (list) => list?.isIncomplete === false,
      );
      expect(listing?.units).to.have.length(MAX_UNITS);
      const limits = 'at most 100 units of a file, and 1000 of all files, are accepted';
      expect(listing?.problems).to.deep.equal([
        { source: 'p11.py', reason: `2 of its units are left out: ${limits}` },
        { source: 'z_last.py', reason: `1 of its units are left out: ${limits}` },
      ]);
    });
  });

  for (const [part, code, text] of [
    [
      { dir: '/no/such/folder' },
      'INVALID_ARGUMENT',
      /^plugins: the folder \/no\/such\/folder can't be read: ENOENT/,
    ],
    [
      { settings: { python: '/no/python' } },
      'UNAVAILABLE',
      /^"\/no\/python" is not there; plugins need Python 3.9 or later: install it/,
    ],
  ] as const) {
    it(`has no units and a problem with ${JSON.stringify(part)}, which fails those that are asked for`, async () => {
      const log = memoryLog();
      const host = await hostFixture('contract', { ...part, log });
      const { units, problems } = await host.listPolicyUnits(call());
      const { unitResults } = await host.scoreHosts(scoreRequest('constant_50'), call());
      await expectRejection(
        host.balanceHosts({ unit: 'move_first', hostIds: [A], properties: new Map() }, call()),
        code,
        text,
      );
      await host.close();
      expect(units).to.deep.equal([]);
      expect(problems.map(({ reason }) => reason).join()).to.match(text);
      expect(host.failure()?.code).to.equal(code);
      expect(unitResults[0]?.failure?.code).to.equal(code);
      expect(unitResults[0]?.failure?.message).to.match(text);
      const errors = log.lines.filter(({ level }) => level === 'error');
      expect(errors.map(({ event }) => event)).to.deep.equal(['plugins unavailable']);
    });
  }
});
