import { expect } from 'chai';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createWorld } from '../../src/simulator/world.js';
import { errorText, runToEnd, startProgram, type RunningProgram } from '../support/program.js';
import { FREE_PORTS, startScoring } from '../support/scoring.js';
import { constantService, startScoringService, type ScoringService } from '../support/scoring-service.js';
import { temporaryFolder } from '../support/temporary-folder.js';
import { until } from '../support/until.js';
import { callEngineMethod, postXmlRpc } from '../support/xml-rpc.js';
import { hostId, vmId } from '../support/world.js';

const [H1, H2] = [hostId(1), hostId(2)] as const;
const NONE = new Map<string, string>();

/** Everything about a service that is down is noticed at once. */
const IMPATIENT = [
  ...['--composite-relist-interval', '100ms', '--composite-breaker-pause', '20ms'],
  ...['--composite-breaker-failures', '1'],
];

/** VM 1 and 2 run rhel_8x64 on host 1, so host 1 scores 100 for VM 1; VM 3 runs rhel_9x64 on host 2, which scores 0. */
const world = createWorld({
  hosts: [{ id: H1 }, { id: H2 }],
  vms: [
    { id: vmId(1), hostId: H1, osType: 'rhel_8x64' },
    { id: vmId(2), hostId: H1, osType: 'rhel_8x64' },
    { id: vmId(3), hostId: H2, osType: 'rhel_9x64' },
  ],
});

describe('the bridge, as commands run it', () => {
  const folder = temporaryFolder();
  const closers: (() => unknown)[] = [];
  let states = 0;
  afterEach(async () => {
    for (const close of closers.splice(0).reverse()) await close();
  });
  after(() => folder.remove());

  const newState = () => join(folder.path, `state-${++states}`);

  function run(args: readonly string[]): RunningProgram {
    const program = startProgram(args);
    closers.push(() => program.end());
    return program;
  }

  async function scoring(...args: Parameters<typeof startScoringService>): Promise<ScoringService> {
    const service = await startScoringService(...args);
    closers.push(service.stop);
    return service;
  }

  async function bridgeOf(services: string, state = newState(), ...flags: readonly string[]) {
    const program = run([
      ...['bridge', ...FREE_PORTS, '--services', services, '--state-dir', state],
      ...['--log-level', 'debug', ...IMPATIENT, ...flags],
    ]);
    const [, address = ''] = await program.written('stdout', /at http:\/\/(\S+?)\/\./);
    return { program, address };
  }

  const costs = (address: string, ...units: readonly string[]) =>
    callEngineMethod(
      address,
      'runCostFunctions',
      units.map((name) => [name, 1]),
      [H1, H2],
      vmId(1),
      NONE,
    );

  const row = (host: string, cost: number, unit: string) => [host, cost, unit];

  it('serve: prints a curl line whose body gets costs: host 1 scores 100 -> 0, host 2 scores 0 -> 100', async () => {
    const { program, close } = await startScoring(world);
    closers.push(close);
    const [, body = '', url = ''] = await program.written(
      'stdout',
      /^ {2}curl -s -H 'Content-Type: text\/xml' -d '([^']*)' (http:\S+)$/m,
    );
    const answer = await postXmlRpc(url, body);
    expect(answer).to.be.instanceOf(Map);
    expect(answer instanceof Map && answer.get('result')).to.deep.equal([
      row(H1, 0, 'ksm_same_os_score'),
      row(H2, 100, 'ksm_same_os_score'),
    ]);
  });

  it('serve: answers no engine when the bridge is not enabled', async () => {
    const { program, close } = await startScoring(world, { args: ['--bridge-enabled', 'false'] });
    closers.push(close);
    expect(program.stdout()).to.not.include('Answers the engine');
  });

  it('serve: composes its own units with those of services: 100 - 40 = 60', async () => {
    const other = await scoring(constantService('other'));
    const { program, client, close } = await startScoring(world, {
      args: ['--services', `other=${other.target}`, '--state-dir', newState()],
    });
    closers.push(close);
    const [, address = ''] = await program.written('stdout', /engine at http:\/\/(\S+?)\/\./);
    await program.written('stderr', /service listed service=other/);
    expect(await costs(address, 'ksm_same_os_score', 'other')).to.deep.equal({
      result_code: 0,
      result: [
        row(H1, 0, 'ksm_same_os_score'),
        row(H2, 100, 'ksm_same_os_score'),
        row(H1, 60, 'other'),
        row(H2, 60, 'other'),
      ],
      plugin_errors: {},
      errors: [],
    });
    const call = { requestId: 'test', signal: new AbortController().signal, deadline: Date.now() + 5000 };
    const names = (await client.listPolicyUnits(call)).units.map(({ name }) => name);
    expect(names).to.include.members(['ksm_same_os_score', 'other']);
  });

  it('serve: composes services alone where no engine is configured', async () => {
    const other = await scoring(constantService('other'));
    const program = run([
      ...['serve', ...FREE_PORTS, '--services', `other=${other.target}`],
      ...['--state-dir', newState()],
    ]);
    const [, address = ''] = await program.written('stdout', /engine at http:\/\/(\S+?)\/\./);
    await callEngineMethod(address, 'discover');
    expect(await costs(address, 'other')).to.have.property('result_code', 0);
  });

  it('loses the units of a service that is killed, keeps the others, and gets them back with it', async () => {
    const [one, two] = [await scoring(constantService('one')), await scoring(constantService('two'))];
    const { program, address } = await bridgeOf(`one=${one.target},two=${two.target}`);
    await program.written(
      'stderr',
      /service listed service=one[^]*service listed service=two|two[^]*listed service=one/,
    );
    const both = [row(H1, 60, 'one'), row(H2, 60, 'one'), row(H1, 60, 'two'), row(H2, 60, 'two')];
    expect(await costs(address, 'one', 'two')).to.have.deep.property('result', both);

    await two.stop();
    const without = await until(
      () => costs(address, 'one', 'two'),
      (answer) => JSON.stringify(answer).includes('UNAVAILABLE'),
    );
    expect(without).to.have.deep.property('result', both.slice(0, 2));
    expect(without).to.have.property('result_code', 1);
    expect(without)
      .to.have.nested.property('plugin_errors.two[0]')
      .that.matches(/^UNAVAILABLE: two: /);
    await until(
      () => costs(address, 'two'),
      () => program.stderr().includes('circuit opened service=two'),
    );

    await scoring(constantService('two'), two.server.port);
    const back = await until(
      () => costs(address, 'one', 'two'),
      (answer) => JSON.stringify(answer).includes('"result_code":0'),
    );
    expect(back).to.have.deep.property('result', both);
    expect(program.stderr()).to.match(/circuit opened service=two[^]*circuit closed service=two/);
  });

  it('answers discover in full after a restart with a service down, out of what is remembered', async () => {
    const state = newState();
    const [one, two] = [await scoring(constantService('one')), await scoring(constantService('two'))];
    const services = `one=${one.target},two=${two.target}`;
    const first = await bridgeOf(services, state);
    const full = { filters: {}, scores: { one: ['Always 40.', ''], two: ['Always 40.', ''] }, balance: {} };
    expect(await callEngineMethod(first.address, 'discover')).to.deep.equal(full);
    await first.program.end();
    await two.stop();
    const second = await bridgeOf(services, state);
    expect(await callEngineMethod(second.address, 'discover')).to.deep.equal(full);
  });

  it('says loudly what is missing from a discover when the budget is over', async () => {
    const one = await scoring(constantService('one'));
    const { program, address } = await bridgeOf(
      `one=${one.target},gone=127.0.0.1:1`,
      newState(),
      ...['--composite-discover-budget', '100ms'],
    );
    expect(await callEngineMethod(address, 'discover')).to.deep.equal({
      filters: {},
      scores: { one: ['Always 40.', ''] },
      balance: {},
    });
    expect(program.stderr()).to.match(/error units missing from a listing .*services=\["?gone/);
  });

  it('starts with two services that have the same unit, asks the first, and names the other as an error', async () => {
    const [one, two] = [await scoring(constantService('same')), await scoring(constantService('same', 30))];
    const { program, address } = await bridgeOf(`one=${one.target},two=${two.target}`);
    await program.written('stderr', /error unit offered twice unit=SCORE\/same kept=one ignored=two/);
    expect(await costs(address, 'same')).to.have.deep.property('result', [
      row(H1, 60, 'same'),
      row(H2, 60, 'same'),
    ]);
  });

  it('takes both when one is renamed', async () => {
    const [one, two] = [await scoring(constantService('same')), await scoring(constantService('same', 30))];
    const { address } = await bridgeOf(
      `[{ name: one, target: "${one.target}" }, { name: two, target: "${two.target}", rename: { same: other } }]`,
    );
    await callEngineMethod(address, 'discover');
    expect(await costs(address, 'same', 'other')).to.have.deep.property('result', [
      row(H1, 60, 'same'),
      row(H2, 60, 'same'),
      row(H1, 70, 'other'),
      row(H2, 70, 'other'),
    ]);
  });

  it('goes on from memory where nothing can be written', async () => {
    const one = await scoring(constantService('one'));
    const file = join(folder.path, 'file');
    writeFileSync(file, '');
    const { program, address } = await bridgeOf(`one=${one.target}`, join(file, 'state'));
    expect(await callEngineMethod(address, 'discover')).to.have.nested.property('scores.one');
    expect(program.stderr()).to.match(/warn +state not kept/);
  });

  it('forgets a unit on command, while it runs and after, and lists what is remembered', async () => {
    const state = newState();
    const one = await scoring(constantService('one'));
    const flags = ['--state-dir', state];
    const { program, address } = await bridgeOf(`one=${one.target}`, state);
    await callEngineMethod(address, 'discover');
    const { port } = one.server;
    await one.stop();
    await scoring(constantService('new'), port);
    await program.written('stderr', /unit no longer offered .*one/);
    const list = async () => (await runToEnd(['units', '--remembered', ...flags])).stdout;
    const forget = (unit: string) => runToEnd(['units', '--forget', unit, ...flags]);
    // A request to forget has the file written at once, which may lie 10 s behind otherwise.
    await until(
      async () => errorText(await forget('score/new')),
      (text) => text.startsWith('CommandError: one: lists score/new now, so it stays'),
    );
    expect(await list()).to.match(
      /^one, listed [^\n]*\n {2}score\/new: Always 40\.\n {2}score\/one, gone since [^\n]*\n$/,
    );

    expect((await forget('score/one')).stdout).to.match(/^forgot score\/one of one\n/);
    expect(program.stderr()).to.match(/info +unit forgotten /);
    expect(await callEngineMethod(address, 'discover'))
      .to.have.property('scores')
      .that.has.all.keys('new');
    expect(await list()).not.to.include('score/one');

    await program.end();
    expect((await forget('score/new')).stdout).to.match(/^forgot score\/new of one\n/);
    expect(await list()).to.match(/^one, listed [^\n]*\n$/);
  });

  const refused: readonly (readonly [title: string, args: readonly string[], error: RegExp])[] = [
    [
      'bridge without services',
      ['bridge', ...FREE_PORTS],
      /^ConfigError: services: is required without an engine/,
    ],
    [
      'a target that can not be',
      ['bridge', ...FREE_PORTS, '--services', 'a=http://x'],
      /^ConfigError: services\[0\]\.target: target: expected host:port/,
    ],
    [
      'a bridge on an address that is not of this machine',
      [
        'bridge',
        ...FREE_PORTS,
        '--services',
        'a=127.0.0.1:1',
        '--bridge-listen',
        '192.0.2.1:1',
        '--bridge-allow-plaintext',
        'true',
      ],
      /^CommandError: bridge\.listen: /,
    ],
  ];
  for (const [title, args, error] of refused) {
    it(`refuses ${title}`, async () => {
      expect(errorText(await runToEnd(args))).to.match(error);
    });
  }
});
