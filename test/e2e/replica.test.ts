import { expect } from 'chai';
import { selfSigned } from '../inventory/self-signed.js';
import { createRpcClient } from '../../src/rpc/client.js';
import { createWorld } from '../../src/simulator/world.js';
import { call } from '../support/call.js';
import { runToEnd, startProgram } from '../support/program.js';
import { temporaryFolder } from '../support/temporary-folder.js';
import { FREE_PORTS, startScoring, type Scoring } from '../support/scoring.js';
import { until } from '../support/until.js';
import { hostId, vmId } from '../support/world.js';

const EVEN = [{ name: 'even_vm_distribution', weight: 1 }];

describe('serve --inventory-from', () => {
  let reader: Scoring;
  let closers: (() => unknown)[] = [];

  const world = () =>
    createWorld({
      hosts: [1, 2].map((n) => ({ id: hostId(n), name: `h${n}` })),
      vms: [{ id: vmId(1), hostId: hostId(1) }, { id: vmId(2) }, { id: vmId(3) }],
    });

  afterEach(async () => {
    for (const close of closers.reverse()) await close();
    closers = [];
    await reader.close();
  });

  async function startReplica(args: readonly string[] = []) {
    const program = startProgram(['serve', ...FREE_PORTS, '--inventory-from', reader.address, ...args]);
    closers.push(() => program.end());
    const [, address = ''] = await program.written('stderr', /grpc server listening address=(\S+) /);
    await program.written('stdout', /^Scores hosts at /m);
    const client = createRpcClient({ target: address });
    closers.push(() => client.close());
    const vmsOn = async () => {
      const request = { vmId: vmId(3), hosts: [hostId(1), hostId(2)], units: EVEN };
      const more = { properties: new Map<string, string>(), assumedPlacements: [], explain: false };
      const { unitResults } = await client.scoreHosts({ ...request, ...more }, call());
      return unitResults[0]?.value;
    };
    return { program, client, vmsOn };
  }

  it('scores what the reader sees, without the account, and shares reservations', async () => {
    const changing = world();
    reader = await startScoring(changing, { args: ['--inventory-event-interval', '100ms'] });
    const [here, there] = [await startReplica(), await startReplica()];
    expect(await here.vmsOn()).to.deep.equal([1, 0]);
    changing.startVm(vmId(2), hostId(2));
    await until(here.vmsOn, (value) => JSON.stringify(value) === '[1,1]');
    await here.client.reserve({ vmId: vmId(1), hostId: hostId(2), ttlMs: 60_000 }, call());
    expect(await here.vmsOn()).to.deep.equal([0, 2]);
    await until(there.vmsOn, (value) => JSON.stringify(value) === '[0,2]');
    expect((await reader.client.listReservations(call())).length).to.equal(1);
  });

  it('lets the reader read the memory of hosts once a balance unit is called here, and not before', async () => {
    const quick = ['--inventory-event-interval', '100ms', '--inventory-refresh-interval', '200ms'];
    const recent = ['--inventory-refresh-interval', '200ms', '--balancing-max-snapshot-age', '1s'];
    const changing = world();
    reader = await startScoring(changing, { args: quick });
    // Until an engine lists its first event, everything is read in the interval.
    changing.startVm(vmId(2), hostId(2));
    const { client } = await startReplica(recent);
    const { requests } = reader.simulator;
    const reads = () => requests.count('/api/hosts') - requests.count('/api/vms');
    const snapshotAge = async () => Date.now() - (await client.getInventory(call())).snapshotTime;
    const started = Date.now();
    await until(snapshotAge, (age) => age < 1000 && Date.now() - started > 1200);
    expect(reads()).to.equal(0);
    const properties = new Map([['maximum_vm_count', '5']]);
    const request = { unit: 'vm_balance', hostIds: [1, 2].map(hostId), properties };
    const ask = () => client.balanceHosts(request, call()).catch(String);
    expect(await ask()).to.include('the memory of the hosts as the engine knows it is ');
    expect(await until(ask, (answer) => typeof answer !== 'string')).not.to.have.property('migration');
    expect(reads()).to.be.above(0);
  });

  describe('over TLS, with certificates on both sides', () => {
    const folder = temporaryFolder();
    after(() => folder.remove());
    const [serverPair, clientPair, otherPair] = ['server', 'client', 'other'].map((name) => {
      const { cert, key } = selfSigned('127.0.0.1');
      return { cert: folder.write(`${name}.pem`, cert), key: folder.write(`${name}.key`, key) };
    });
    const { cert = '', key = '' } = serverPair ?? {};
    const trusting = ['--inventory-from-tls-ca-file', cert];
    const showing = (pair: typeof clientPair) => [
      ...['--inventory-from-tls-cert-file', pair?.cert ?? ''],
      ...['--inventory-from-tls-key-file', pair?.key ?? ''],
    ];

    beforeEach(async () => {
      const files = ['--server-tls-cert-file', cert, '--server-tls-key-file', key];
      const trusted = ['--server-tls-client-ca-file', clientPair?.cert ?? ''];
      reader = await startScoring(world(), { args: [...files, ...trusted] });
    });

    it('follows the reader, and reserves there', async () => {
      const { client, vmsOn } = await startReplica([...trusting, ...showing(clientPair)]);
      await client.reserve({ vmId: vmId(1), hostId: hostId(2), ttlMs: 60_000 }, call());
      expect(await vmsOn()).to.deep.equal([0, 1]);
    });

    const unknown = /its certificate comes from no authority that is trusted here.*inventory\.fromTlsCaFile/;
    const unwanted = /a certificate of its clients.*inventory\.fromTlsCertFile/;
    const refused: readonly (readonly [title: string, args: readonly string[], words: RegExp])[] = [
      ['another authority', ['--inventory-from-tls-ca-file', otherPair?.cert ?? ''], unknown],
      ['public authorities only', ['--inventory-from-tls', 'true'], unknown],
      ['its authority, and shows no certificate', trusting, unwanted],
      ['its authority, and shows a certificate of another', [...trusting, ...showing(otherPair)], unwanted],
      ['nobody, in plain text', [], /does it want TLS/],
    ];
    for (const [title, args, words] of refused) {
      it(`follows nothing when it trusts ${title}`, async () => {
        const from = ['--inventory-from', reader.address, ...args];
        const replica = startProgram(['serve', ...FREE_PORTS, ...from]);
        closers.push(() => replica.end());
        const [, reason] = await replica.written('stderr', /inventory watch ended .*reason="?(.*)/);
        expect(reason).to.match(words);
        expect(replica.stdout()).not.to.include('Scores hosts');
        const checked = await runToEnd(['check', '--server-listen', '127.0.0.1:0', ...from]);
        expect(String(checked.error)).to.match(words);
      });
    }
  });

  it('is told of by check, and refused together with an engine', async () => {
    reader = await startScoring(world());
    const checked = await runToEnd([
      'check',
      '--inventory-from',
      reader.address,
      '--server-listen',
      '127.0.0.1:0',
    ]);
    expect(checked.stdout).to.include(
      `inventory.from ${reader.address}: ok: 2 hosts, 2 of them up, 1 running VMs`,
    );
    const both = await runToEnd(
      [
        'check',
        '--inventory-from',
        'x:1',
        '--engine-url',
        reader.simulator.url,
        '--engine-username',
        'a@internal',
      ],
      { HOSTSCORE_ENGINE_PASSWORD: 'x' },
    );
    expect(String(both.error)).to.include(
      'inventory.from (--inventory-from): is set together with engine.url',
    );
    const away = await runToEnd([
      'check',
      '--inventory-from',
      '127.0.0.1:1',
      '--server-listen',
      '127.0.0.1:0',
    ]);
    expect(String(away.error)).to.include('inventory.from 127.0.0.1:1: ').and.to.include('ECONNREFUSED');
  });
});
