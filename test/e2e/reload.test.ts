import { expect } from 'chai';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { setTimeout } from 'node:timers/promises';
import { stringify } from 'yaml';
import { z } from 'zod';
import type { PolicyUnitService } from '../../src/domain/contract.js';
import { SchedulingError } from '../../src/domain/errors.js';
import { createRpcClient, type RpcClient } from '../../src/rpc/client.js';
import { SIMULATOR_ACCOUNT, startSimulator, type Simulator } from '../../src/simulator/simulator.js';
import { createWorld } from '../../src/simulator/world.js';
import { call } from '../support/call.js';
import { memoryLog } from '../support/log.js';
import { errorText, startProgram, type RunningProgram } from '../support/program.js';
import { FREE_PORTS } from '../support/scoring.js';
import { constantService, startScoringService } from '../support/scoring-service.js';
import { temporaryFolder, type TemporaryFolder } from '../support/temporary-folder.js';
import { until } from '../support/until.js';
import { hostId, vmId } from '../support/world.js';
import { callEngineMethod } from '../support/xml-rpc.js';

const GIB = 2 ** 30;

/** Host 1 has 3 VMs and the others none, so that 1 VM is to move. */
const world = () =>
  createWorld({
    hosts: [1, 2].map((n) => ({ id: hostId(n), memory: 64 * GIB })),
    vms: [1, 2, 3].map((n) => ({ id: vmId(n), hostId: hostId(1), memory: n * GIB })),
  });

const NATIVE = 'ksm_same_os_score';

describe('a service that is told to read its configuration again', () => {
  let folder: TemporaryFolder;
  let simulator: Simulator;
  let program: RunningProgram;
  let address = '';
  let bridgeAddress = '';
  let opsAddress = '';
  let client: RpcClient;
  const closers: (() => unknown)[] = [];

  beforeEach(async () => {
    folder = temporaryFolder();
    simulator = await startSimulator({ world: world(), log: memoryLog() });
  });
  afterEach(async () => {
    simulator.faults.clear();
    await program.end();
    for (const close of closers.splice(0)) await close();
    await simulator.close();
    folder.remove();
  });

  const account = () => ({ url: simulator.url, username: SIMULATOR_ACCOUNT.username });
  const file = () => `${folder.path}/hostscore.yaml`;

  function write(config: object): void {
    writeFileSync(file(), stringify({ engine: account(), ...config }));
  }

  async function serve(config: object = {}, ...args: readonly string[]): Promise<void> {
    write(config);
    const state = ['--state-dir', `${folder.path}/state`];
    program = startProgram(['serve', ...FREE_PORTS, '--config', file(), ...state, ...args], {
      HOSTSCORE_ENGINE_PASSWORD: SIMULATOR_ACCOUNT.password,
      PATH: process.env['PATH'] ?? '',
    });
    [, opsAddress = ''] = await program.written('stderr', /ops server listening address=(\S+)\n/);
    [, bridgeAddress = ''] = await program.written('stderr', /bridge listening address=(\S+)/);
    [, address = ''] = await program.written('stderr', /grpc server listening address=(\S+) /);
    await program.written('stdout', /^Scores hosts at /m);
    client = createRpcClient({ target: address });
    closers.push(client.close);
  }

  const countOf = (pattern: RegExp) => [...program.stderr().matchAll(pattern)].length;
  const ENDS = / (?:reloaded(?: units.*)?|reload called off)\n| not reloaded /g;

  /** Has the configuration read again, and waits until that has ended, well or not. */
  async function reload(config?: object): Promise<void> {
    if (config !== undefined) write(config);
    const before = countOf(ENDS);
    program.reload();
    await until(
      () => countOf(ENDS),
      (count) => count > before,
    );
  }

  async function service(implementation: PolicyUnitService): Promise<string> {
    const started = await startScoringService(implementation);
    closers.push(started.stop);
    return started.target;
  }

  const request = {
    vmId: vmId(1),
    hosts: [hostId(1)],
    properties: new Map<string, string>(),
    assumedPlacements: [],
    explain: false,
  };
  const score = (unit: string) =>
    client.scoreHosts(
      { ...request, units: [{ name: unit, weight: 1 }] },
      call({ deadline: Date.now() + 5000 }),
    );
  const scoreOf = async (unit: string) => (await score(unit)).scores[0]?.score;
  const failureOf = async (unit: string) => (await score(unit)).unitResults[0]?.failure;
  const unitNames = async () => (await client.listPolicyUnits(call())).units.map(({ name }) => name);
  const figures = async () => (await fetch(`http://${opsAddress}/metrics`)).text();
  const readings = () => simulator.requests.count('/api/hosts');

  it('starts with one line of version, configuration and policies, and shows what is in force', async () => {
    const policies = (weight: number) => ({ policies: { spread: { scores: { [NATIVE]: weight } } } });
    const shown = async () => {
      const answer = await (await fetch(`http://${opsAddress}/config`)).text();
      expect(answer).to.include('(set, not shown)').and.not.include(SIMULATOR_ACCOUNT.password);
      return z.object({ hash: z.string(), configuration: z.looseObject({}) }).parse(JSON.parse(answer));
    };
    await serve(policies(1));
    const { hash, configuration } = await shown();
    const [first = ''] = program.stderr().split('\n');
    expect(first).to.match(/ info +starting version=\S+ node=\S+ configuration=/);
    expect(first).to.match(new RegExp(`configuration=${hash} policies=spread=[0-9a-f]+$`));
    expect(configuration['policies']).to.have.nested.property(`spread.scores.${NATIVE}`, 1);
    await reload(policies(3));
    const next = await shown();
    expect(next.hash).not.to.equal(hash);
    expect(next.configuration['policies']).to.have.nested.property(`spread.scores.${NATIVE}`, 3);
  });

  it('scores by a policy with another weight, and by no policy that is gone: 100 x 1, then 100 x 3', async () => {
    const policyOf = (name: string, weight: number) => ({
      policies: { [name]: { scores: { [NATIVE]: weight } } },
    });
    const byPolicy = async (policy: string) =>
      (await client.scoreHosts({ ...request, units: [], policy }, call())).scores[0]?.score;
    await serve(policyOf('spread', 1));
    expect(await byPolicy('spread')).to.equal(100);
    await reload(policyOf('spread', 3));
    expect(await byPolicy('spread')).to.equal(300);
    await reload(policyOf('other', 1));
    const refused = await byPolicy('spread').catch((error: unknown) => String(error));
    expect(refused).to.include('there is no policy "spread"; there are "other"');
  });

  it('reads the engine again only when it is read otherwise: 1, then 2 readings', async () => {
    await serve();
    expect(readings()).to.equal(1);
    await reload({ policies: { p: { scores: { [NATIVE]: 2 } } } });
    await reload({
      balancing: { cooldown: '1m' },
      services: [{ name: 'a', target: await service(constantService('a')) }],
    });
    await reload({});
    expect(await scoreOf(NATIVE)).to.equal(100);
    expect(readings()).to.equal(1);
    await reload({ inventory: { refreshInterval: '29s' } });
    await until(readings, (count) => count === 2);
  });

  it('keeps what is reserved when the engine is read otherwise, and not when another account reads it', async () => {
    await serve();
    await client.reserve({ vmId: vmId(1), hostId: hostId(2), ttlMs: 60_000 }, call());
    const reserved = async () => (await client.listReservations(call())).length;
    for (const config of [
      { inventory: { eventInterval: '0s', refreshInterval: '29s' } },
      { inventory: { eventInterval: '500ms', relistInterval: '1m', maxStaleness: '6m' } },
      { engine: { ...account(), responseTimeout: '50s', hostStatistics: false } },
    ]) {
      const before = readings();
      await reload(config);
      await until(readings, (count) => count > before);
      expect(await reserved()).to.equal(1);
    }
    await reload({ engine: { ...account(), allowPlaintext: true } });
    expect(await reserved()).to.equal(0);
  });

  it('does not try a refused login again for what does not change the user, lest the account is locked: 1 login and 1 refusal', async () => {
    await serve();
    const another = { url: simulator.url, username: 'another@internal' };
    write({ engine: another });
    program.reload();
    await program.written('stderr', / engine login refused /);
    write({ engine: { ...another, allowPlaintext: true } });
    program.reload();
    await program.written('stderr', / reload called off\n[^]*not tried again for /);
    await reload({});
    expect(simulator.requests.count('/sso/oauth/token')).to.equal(2);
  });

  it('answers by a service that was added, and no longer by one that was removed', async () => {
    const services = [];
    for (const name of ['a', 'b']) services.push({ name, target: await service(constantService(name)) });
    const [a, b] = services;
    await serve({ services: [a] });
    expect(await unitNames())
      .to.include('a')
      .and.not.to.include('b');
    await reload({ services: [a, b] });
    expect(await unitNames()).to.include.members(['a', 'b']);
    expect(await scoreOf('b')).to.equal(40);
    expect(program.stderr()).to.match(/ reloaded unitsAdded=b\n/);
    await reload({ services: [b] });
    expect(program.stderr()).to.match(/ reloaded unitsRemoved=a\n/);
    expect(await unitNames())
      .to.include('b')
      .and.not.to.include('a');
    expect(await failureOf('a')).to.include({ code: 'NOT_FOUND' });
    expect(await figures())
      .to.include('hostscore_service_units{service="b"} 1')
      .and.not.to.include('hostscore_service_units{service="a"}');
    // One process owns the folder all the time.
    expect(program.stderr()).not.to.include('state owned');
  });

  it('has a call in flight answered by the service that it was sent to, and new ones by the next: 40 and 70', async () => {
    let release: () => void = () => undefined;
    const held = new Promise<void>((resolve) => (release = resolve));
    let asked = 0;
    const old = constantService('unit', 40);
    const slow = await service({
      ...old,
      async scoreHosts(...args) {
        asked += 1;
        await held;
        return old.scoreHosts(...args);
      },
    });
    const next = await service(constantService('unit', 70));
    const at = (target: string) => ({ services: [{ name: 'one', target, deadline: '10s' }] });
    await serve(at(slow));
    const before = scoreOf('unit');
    await until(
      () => asked,
      (count) => count === 1,
    );
    await reload(at(next));
    expect(await scoreOf('unit')).to.equal(70);
    release();
    expect(await before).to.equal(40);
  });

  it('keeps what it had when the file can not be used, and says what to mend', async () => {
    const refusals: readonly (readonly [text: string, reason: RegExp])[] = [
      ['policies: {p: {scores: {', /not reloaded reason=".*hostscore\.yaml: is not YAML: .* at line 1"/],
      ['log: {levle: debug}', /not reloaded reason="log\.levle: unknown key in .*; known are level, format"/],
      [
        'services: [{name: a, target: "a:1", tlsCaFile: gone.pem}]',
        /not reloaded reason="services\[0\]\.tlsCaFile: can't read gone\.pem/,
      ],
      ['balancing: {cooldown: 5}', /not reloaded reason="balancing\.cooldown: expected .* such as 500ms/],
      ['{}', /not reloaded reason="engine\.url: is required/],
    ];
    await serve({ policies: { p: { scores: { [NATIVE]: 2 } } } });
    for (const [text, reason] of refusals) {
      writeFileSync(file(), text);
      await reload();
      await program.written('stderr', reason);
      const { scores } = await client.scoreHosts({ ...request, units: [], policy: 'p' }, call());
      expect(scores[0]?.score).to.equal(200);
    }
    expect(readings()).to.equal(1);
    await reload({ policies: { p: { scores: { [NATIVE]: 3 } } } });
    expect(countOf(/ reloaded\n/g)).to.equal(1);
  });

  it('names what needs a restart, and takes over the rest', async () => {
    await serve();
    await reload({
      server: { listen: '127.0.0.1:1', maxHostIds: 5 },
      bridge: { enabled: false, rows: 'summed', scores: 'raw' },
      log: { level: 'debug', format: 'json' },
      shutdownGrace: '1s',
    });
    const needed = 'server.maxHostIds log.format shutdownGrace';
    expect(program.stderr())
      .to.match(/ restart needed settings=.*\n/)
      .and.include(`bridge.enabled ${needed}`);
    expect(program.stderr()).not.to.include('server.listen');
    expect(await scoreOf(NATIVE)).to.equal(100);
    expect(program.stderr()).to.match(/ debug call answered /);
    const costs = await callEngineMethod(
      bridgeAddress,
      'runCostFunctions',
      ...[[[NATIVE, 3]], [hostId(1)], vmId(1), new Map()],
    );
    expect(JSON.stringify(costs)).to.include(`["${hostId(1)}",300]`);
  });

  it('proposes no VM for a migration twice', async () => {
    const config = { inventory: { refreshInterval: '1h', maxStaleness: '3h' } };
    const balance = async () => {
      const properties = new Map([['maximum_vm_count', '2']]);
      return (
        await client.balanceHosts({ unit: 'vm_balance', hostIds: [hostId(1), hostId(2)], properties }, call())
      ).migration?.vmId;
    };
    await serve(config);
    const first = await balance();
    expect(first).to.be.a('string');
    expect(await balance()).not.to.equal(first);
    await reload({ ...config, balancing: { settleTime: '50s' } });
    expect(await balance()).not.to.equal(first);
  });

  it('drops what was predicted when predictions are switched off', async () => {
    await serve();
    await callEngineMethod(
      bridgeAddress,
      'runCostFunctions',
      ...[[['even_vm_distribution', 1]], [hostId(2)], vmId(1), new Map()],
    );
    const listed = () => client.listReservations(call());
    await until(listed, ({ length }) => length === 1);
    await reload({ bridge: { predictions: false } });
    expect(await listed()).to.deep.equal([]);
  });

  it('asks no service whose circuit is open, and counts no opening anew', async () => {
    let asked = 0;
    const broken = await service({
      ...constantService('broken'),
      scoreHosts() {
        asked += 1;
        return Promise.reject(new SchedulingError('UNAVAILABLE', 'out of order'));
      },
    });
    const config = {
      services: [{ name: 'broken', target: broken }],
      composite: { breakerFailures: 1, breakerPause: '1m' },
    };
    await serve(config);
    await failureOf('broken');
    expect(await figures()).to.include('hostscore_service_breaker_state{service="broken"} 2');
    const before = asked;
    await reload({ ...config, policies: { p: { scores: { broken: 1 } } } });
    expect(await failureOf('broken')).to.deep.include({ code: 'UNAVAILABLE' });
    expect(asked).to.equal(before);
    expect(await figures())
      .to.include('hostscore_service_breaker_state{service="broken"} 2')
      .and.include('hostscore_service_breaker_openings_total{service="broken"} 1');
  });

  it('keeps plugins running, unless their settings change', async () => {
    const plugins = { dir: folder.path };
    writeFileSync(
      `${folder.path}/plugin.py`,
      'import os\nclass plugged:\n    def do_score(self, hosts, vm, args):\n        print([(host, 7) for host in hosts])\n',
    );
    await serve({ plugins });
    await until(unitNames, (names) => names.includes('plugged'));
    await reload({ plugins, policies: { p: { scores: { plugged: 1 } } } });
    expect(await failureOf('plugged')).to.equal(undefined);
    expect(countOf(/ python found /g)).to.equal(1);
    await reload({ plugins: { ...plugins, maxCallTime: '20s' } });
    expect(await failureOf('plugged')).to.equal(undefined);
    expect(countOf(/ python found /g)).to.equal(2);
  });

  it('lets a plugin end the call that it is in, though its host has to be another one', async () => {
    const plugins = { dir: `${folder.path}/plugins` };
    const [begun, end] = [`${folder.path}/begun`, `${folder.path}/end`];
    mkdirSync(plugins.dir);
    writeFileSync(
      `${plugins.dir}/plugin.py`,
      [
        'import os, time',
        'class slow:',
        '    def do_score(self, hosts, vm, args):',
        `        open(${JSON.stringify(begun)}, "w")`,
        `        while not os.path.exists(${JSON.stringify(end)}):`,
        '            time.sleep(0.01)',
        '        print([(host, 7) for host in hosts])',
        '',
      ].join('\n'),
    );
    await serve({ plugins });
    await until(unitNames, (names) => names.includes('slow'));
    const before = failureOf('slow');
    await until(() => existsSync(begun), Boolean);
    await reload({ plugins: { ...plugins, maxCallTime: '20s' } });
    await setTimeout(50);
    writeFileSync(end, '');
    expect(await before).to.equal(undefined);
  });

  it('answers by the old parts while a new engine does not, and ends properly meanwhile', async () => {
    await serve();
    simulator.faults.set({ hang: { path: '/' } });
    write({ engine: { url: simulator.url, username: 'another' } });
    program.reload();
    await program.written('stderr', / reloading\n/);
    await setTimeout(50);
    expect(await scoreOf(NATIVE)).to.equal(100);
    simulator.faults.clear();
    expect(errorText(await program.end())).to.equal('');
    expect(program.stderr()).to.match(/ stopping\n[^]* reload called off\n[^]* stopped\n$/);
  });

  it('follows the newest configuration when one comes during the wait for an engine that does not answer', async () => {
    await serve();
    simulator.faults.set({ hang: { path: '/' } });
    write({ engine: { url: simulator.url, username: 'another' } });
    program.reload();
    await program.written('stderr', / reloading\n/);
    await reload({ policies: { p: { scores: { [NATIVE]: 2 } } } });
    await program.written('stderr', / reload called off\n[^]* reloaded\n/);
    expect(await scoreOf(NATIVE)).to.equal(100);
  });
});
