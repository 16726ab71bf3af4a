import { expect } from 'chai';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { createWorld } from '../../src/simulator/world.js';
import { errorText, runToEnd, startProgram } from '../support/program.js';
import { startScoring, type Scoring } from '../support/scoring.js';
import { temporaryFolder } from '../support/temporary-folder.js';
import { until } from '../support/until.js';
import { hostId, vmId } from '../support/world.js';
import { callEngineMethod } from '../support/xml-rpc.js';

const HOSTS = [hostId(1), hostId(2), hostId(3)];

/** VM 1 and 2 run rhel_8x64 on host one, VM 3 runs rhel_9x64 on host two, nothing runs on host three. */
const world = createWorld({
  hosts: ['one', 'two', 'three'].map((name, place) => ({ id: hostId(place + 1), name })),
  vms: [
    { id: vmId(1), hostId: hostId(1), osType: 'rhel_8x64', name: 'web-1' },
    { id: vmId(2), hostId: hostId(1), osType: 'rhel_8x64', name: 'web-2' },
    { id: vmId(3), hostId: hostId(2), osType: 'rhel_9x64', name: 'db-1' },
  ],
});

const decisionSchema = z.object({ id: z.string(), time: z.string() });

describe('decisions and why', () => {
  let scoring: Scoring;
  let bridge: string;
  const folder = temporaryFolder();
  before(async () => {
    // A prediction would change the next answer.
    scoring = await startScoring(world, { args: ['--bridge-predictions', 'false'] });
    [, bridge = ''] = await scoring.program.written('stderr', /bridge listening address=(\S+) /);
  });
  after(async () => {
    await scoring.close();
    folder.remove();
  });

  const run = (...args: string[]) => runToEnd([...args, '--server', scoring.address]);

  /** Asks as the engine does, with a factor for each of two units. */
  const askCosts = (vm: string, ksm: number, even: number) =>
    callEngineMethod(
      bridge,
      'runCostFunctions',
      [
        ['ksm_same_os_score', ksm],
        ['even_vm_distribution', even],
      ],
      HOSTS,
      vm,
      new Map(),
    );

  /** Lists decisions until there are so many. */
  async function listed(length: number, ...args: string[]) {
    const found = await until(
      async () => {
        const { stdout } = await run('decisions', 'list', '--json', ...args);
        return z.object({ decisions: z.array(decisionSchema).default([]) }).parse(JSON.parse(stdout))
          .decisions;
      },
      (decisions) => decisions.length === length,
    );
    return found;
  }

  it('explains the last call of an engine for a VM by its name, in ranks: three 1 + 2 x 2 = 5, two 1 + 2 x 1 = 3, one 2 + 2 x 0 = 2', async () => {
    await askCosts(vmId(1), 1, 2);
    const [costs] = await listed(1, '--vm', 'WEB-1', '--face', 'engine');
    expect((await run('decisions', 'show', costs?.id ?? '')).stdout).to.match(
      /\n\nvalues as the units gave them, before weights; of even_vm_distribution the lowest is best\nhost /,
    );
    const { stdout, error } = await run('why', '--vm', 'Web-1');
    expect(error).to.equal(undefined);
    expect(stdout).to.match(/: scores of 3 hosts for VM web-1\nasked by the engine, policy [0-9a-f]{12}, /);
    expect(stdout).to.include('\nRankSelector: the highest sum of factor x rank wins');
    expect(stdout).to.match(/\n +1 +5 +three +1 +2 +\S+\n/);
    expect(stdout).to.match(/\n +2 +3 +two +1 +1 +\S+\n/);
    expect(stdout).to.match(/\n +3 +2 +one +2 +0 +\S+\n/);
    expect(stdout).to.include(
      '\nwhat decided: three leads two by 2 points: even_vm_distribution +2, ksm_same_os_score 0\n',
    );
  });

  it('names the weight with which another host wins, and with it that host wins: 2w > w + 4 from 5 on', async () => {
    await askCosts(vmId(2), 1, 2);
    await listed(1, '--vm', 'web-2');
    const { stdout } = await run('why', '--vm', 'web-2', '--not', 'ONE');
    expect(stdout).to.match(/\none is at place 3, 3 points behind three: /);
    const [, weight = ''] = /\n {2}ksm_same_os_score +2 +never +(\d)\n/.exec(stdout) ?? [];
    expect(stdout).to.include(`; one from ${weight} on\n`);
    for (const [factor, winner] of [
      [Number(weight) - 1, 'three'],
      [Number(weight), 'one'],
    ] as const) {
      await askCosts(vmId(2), factor, 2);
      await until(
        async () => (await run('why', '--vm', 'web-2')).stdout,
        (text) => text.includes(`ksm_same_os_score x${factor}`),
      );
      expect((await run('why', '--vm', 'web-2')).stdout).to.match(new RegExp(`\\n +1 +\\d+ +${winner} `));
    }
  });

  it('tells which filter rejected a host, and why, by the call for filters before', async () => {
    await callEngineMethod(
      bridge,
      'runFilters',
      ['max_vms'],
      HOSTS,
      vmId(3),
      new Map([['maximum_vm_count', '2']]),
    );
    await callEngineMethod(
      bridge,
      'runCostFunctions',
      [['even_vm_distribution', 1]],
      HOSTS.slice(1),
      vmId(3),
      new Map(),
    );
    await listed(2, '--vm', 'db-1');
    const { stdout } = await run('why', '--vm', 'db-1', '--not', 'one');
    expect(stdout).to.match(/\none was rejected by max_vms: .*2/);
    const filtered = await run('decisions', 'list', '--vm', 'db-1', '--method', 'filter');
    expect(filtered.stdout).to.match(/ engine +filter +db-1 +3\n$/);
  });

  it("adds the engine's own units from its log: of three's lead over one, 2 is ours and -4 theirs", async () => {
    await askCosts(vmId(1), 1, 2);
    const [decision] = await until(
      () => listed(2, '--vm', vmId(1)),
      ({ length }) => length === 2,
    );
    const { id = '', time = '' } = decision ?? {};
    const file = join(folder.path, 'engine.log');
    const table = (cpu: string) => [
      `${time.replace('T', ' ').replace('.', ',').replace('Z', '+00')} DEBUG [org.ovirt.RankSelectorPolicyUnit] (default task-1) [corr-7] Ranking selector:`,
      `*;factor${HOSTS.map((host) => `;${host};`).join('')}`,
      '11111111-2222-4333-8444-555555555555;1;2;0;1;100;1;100',
      '11111111-2222-4333-8444-666666666666;2;0;2;1;1;2;0',
      `7db4ab05-81ab-42e8-868a-aee2df483edb;3;${cpu}`,
      '',
    ];
    writeFileSync(file, ['noise', ...table('2;1;1;5;0;9')].join('\n'));
    const { stdout, error } = await run('why', id, '--engine-log', file);
    expect(error).to.equal(undefined);
    // Ours: one 2, two 3, three 5; the engine's: 3 x 2, 3 x 1, 3 x 0.
    expect(stdout).to.match(/\n +1 +8 +one +2 +0 +2 +\S+\n/);
    expect(stdout).to.include(' OptimalForCpuEvenDistribution x3 (engine) ');
    expect(stdout).to.include(
      "\nof that lead our units give -1, the engine's own +3; without our units the same host would have won\n",
    );
    const json: unknown = JSON.parse((await run('why', id, '--engine-log', file, '--json')).stdout);
    expect(json)
      .to.have.property('engine')
      .that.deep.equals({
        ...{ ourLead: -1, internalLead: 3, winnerWithoutUs: hostId(1) },
        ...{ internalUnits: ['OptimalForCpuEvenDistribution'], unitsNotFound: [], correlationId: 'corr-7' },
      });
    writeFileSync(file, 'noise\n');
    const none = await run('why', id, '--engine-log', file);
    expect(errorText(none)).to.match(
      /^CommandError: --engine-log .*: no table of RankSelector over these hosts/,
    );
  });

  it('explains scores over gRPC by weighted scores, as the JSON of the contract too', async () => {
    await scoring.client.scoreHosts(
      {
        ...{ vmId: vmId(1), hosts: HOSTS, properties: new Map(), assumedPlacements: [], explain: true },
        units: [{ name: 'ksm_same_os_score', weight: 2 }],
      },
      { requestId: 'asked-1', signal: new AbortController().signal, deadline: Infinity },
    );
    const [decision] = await listed(1, '--face', 'grpc');
    const { stdout } = await run('why', decision?.id ?? '', '--top', '1');
    expect(stdout)
      .to.include('\nthe highest sum of weight x score wins;')
      .and.to.match(/\n +1 +200 +one +100 /);
    expect(stdout).to.include('\n       2 more; --top 3 shows all\n');
    const json = JSON.parse(
      (await run('why', decision?.id ?? '', '--json', '--not', hostId(2))).stdout,
    ) as unknown;
    expect(json).to.have.nested.property('decision.requestId', 'asked-1');
    expect(json).to.have.nested.property('explanation.scale', 'RANKING_SCALE_SCORES');
    expect(json).to.have.nested.property('explanation.versus.behind', '200');
    const shown = await run('decisions', 'show', decision?.id ?? '');
    expect(shown.stdout)
      .to.match(/^id +g\w+\n/)
      .and.to.match(/\n\nvalues as the units gave them, before weights\nhost .*\none +100 +\S+\n/);
    expect(shown.stdout).to.include('\n  one: ksm_same_os_score: 2 VMs run here');
    for (const fact of ['took {7}[0-9.]+ ms', 'process {4}\\S.*', 'winner {5}one', 'runner-up {2}two'])
      expect(shown.stdout).to.match(new RegExp(`\\n${fact}\\n`));
  });

  it('exports without names, with them, or with others', async () => {
    const lines = async (...args: string[]) =>
      (await run('decisions', 'export', '--vm', 'web-1', '--face', 'engine', ...args)).stdout
        .trimEnd()
        .split('\n');
    const [bare = '', named = '', other = ''] = [
      (await lines())[0],
      (await lines('--names'))[0],
      (await lines('--names', '--anonymise'))[0],
    ];
    expect(bare)
      .to.include(vmId(1))
      .and.include('"rhel_8x64"')
      .and.not.match(/web-1|"three"|VMs run here/);
    expect(named)
      .to.include('"vmName":"web-1"')
      .and.include('"hostName":"three"')
      .and.include('VMs run here');
    expect(other).not.to.match(/web-1|"three"|VMs run here|rhel_8x64/);
    for (const id of [vmId(1), ...HOSTS]) expect(other).not.to.include(id);
    const { vmName, hosts, winner } = z
      .object({
        vmName: z.string(),
        hosts: z.array(z.object({ hostId: z.uuid(), hostName: z.string() })),
        winner: z.object({ hostId: z.uuid(), hostName: z.string() }),
      })
      .parse(JSON.parse(other));
    expect(vmName).to.match(/^vm-[0-9a-f]{12}$/);
    expect(hosts[2]).to.deep.equal(winner);
    expect((await lines('--names', '--anonymise'))[0]).not.to.equal(other);
  });

  it('says that reasons of a host beyond the best two were not kept, once for each unit', async () => {
    await askCosts(vmId(1), 1, 2);
    const { stdout } = await run('why', '--vm', 'web-1', '--not', 'one');
    expect(stdout).to.match(
      /\none is at place 3, .*\n +ksm_same_os_score: reason not kept\n +even_vm_distribution: reason not kept\none rank or /,
    );
    expect(stdout).to.match(
      /\n +2 +3 +two [^\n]*\n +ksm_same_os_score: 1 VM[^\n]*\n +even_vm_distribution: /,
    );
    const second = await run('why', '--vm', 'web-1', '--not', 'two');
    expect(second.stdout).not.to.include('reason not kept');
    const hidden = await run('why', '--vm', 'web-1', '--not', 'two', '--top', '1');
    expect(hidden.stdout).to.match(/\ntwo is at place 2, .*\n +ksm_same_os_score: 1 VM/);
  });

  it('names a host that was no candidate, by its name or its id', async () => {
    await callEngineMethod(
      ...([bridge, 'runCostFunctions', [['even_vm_distribution', 1]]] as const),
      ...([HOSTS.slice(1), vmId(2), new Map()] as const),
    );
    for (const named of ['one', hostId(1)]) {
      const { stdout, error } = await run('why', '--vm', 'web-2', '--not', named);
      expect(error).to.equal(undefined);
      expect(stdout).to.include(
        '\none was not a candidate of this call, and no call for filters within a minute before rejected it\n',
      );
    }
    const json: unknown = JSON.parse(
      (await run('why', '--vm', 'web-2', '--not', hostId(1), '--json')).stdout,
    );
    expect(json).to.have.nested.property('explanation.versus.host.hostName', 'one');
  });

  it('remembers what call and score ask with --record, and nothing without', async () => {
    const host = HOSTS.flatMap((id) => ['--host', id]);
    const costs = ['call', 'costs', '--url', `http://${bridge}/`, '--vm', 'db-1', ...host];
    const before = await listed(2, '--vm', 'db-1');
    for (const more of [[], ['--record']]) {
      const { error } = await run(...costs, '--unit', 'even_vm_distribution=3', ...more);
      expect(error).to.equal(undefined);
    }
    const [recorded] = await listed(before.length + 1, '--vm', 'db-1');
    const { stdout } = await run('why', '--vm', 'db-1');
    expect(stdout)
      .to.match(new RegExp(`^${recorded?.id ?? ''} at .*\\nasked by the engine, `))
      .and.to.include(' even_vm_distribution x3 ');
    for (const more of [[], ['--record']]) await run('score', '--vm', 'db-1', ...more);
    await listed(1, '--vm', 'db-1', '--face', 'grpc');
  });

  it('shows decisions as they are made', async () => {
    const program = startProgram(['decisions', 'tail', '--vm', 'WEB-2', '--server', scoring.address]);
    await until(
      async () => {
        await askCosts(vmId(1), 1, 1);
        await askCosts(vmId(2), 1, 1);
        return program.stdout();
      },
      (text) => text !== '',
    );
    const { stdout, error } = await program.end();
    expect(error).to.equal(undefined);
    expect(stdout).to.match(/^\S+Z {2}e\w+ {2}engine {2}score {2}web-2 {2}3 {2}\w+\n/);
    expect(stdout).not.to.include('web-1');
  });

  for (const [args, text] of [
    [['why'], /^ConfigError: which decision\? give its id, or --vm VM$/],
    [['why', 'e1', '--vm', 'x'], /^ConfigError: give the id of a decision, or --vm, and not both$/],
    [['why', 'e1'], /keeps no decision "e1"/],
    [
      ['why', '--vm', 'nobody'],
      /keeps no scores for VM "nobody": dry runs .* only, or no VM has this name or id; for the answer of another process ask that one$/,
    ],
    [['decisions', 'list', '--vm', 'nobody'], /^CommandError: --vm nobody: no VM that runs has this name/],
    [['decisions', 'list', '--vm', vmId(99)], /^CommandError: --vm .*: the engine has no VM of this id$/],
    [['decisions', 'tail', '--vm', 'nobody'], /^CommandError: --vm nobody: no VM that runs has this name/],
    [['decisions', 'export', '--vm', 'nobody'], /^CommandError: --vm nobody: no VM that runs has this name/],
    [['decisions', 'list', '--failed', 'nothing'], /^CommandError: --failed nothing: nobody offers a unit/],
    [['decisions', 'list', '--host', 'nowhere'], /^CommandError: --host nowhere: no host has this name/],
    [['decisions', 'list', '--since', 'soon'], /expected a time such as/],
    [['decisions', 'list', '--outcome', 'odd'], /Allowed choices are best, other, unmatched, none/],
  ] as const) {
    it(`explains what is wrong with ${args.join(' ')}`, async () => {
      expect(errorText(await run(...args))).to.match(text);
    });
  }

  for (const args of [
    ['--until', '7d'],
    ['--vm', 'web-1', '--until', '7d'],
    ['--vm', vmId(1), '--until', '7d'],
    ['--failed', 'max_vms'],
  ]) {
    it(`lists nothing by ${args.join(' ')}, and says so`, async () => {
      const { stdout, error } = await run('decisions', 'list', ...args);
      expect({ stdout, error }).to.deep.equal({ stdout: 'no decisions\n', error: undefined });
    });
  }
});
