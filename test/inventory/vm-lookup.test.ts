import { expect } from 'chai';
import { vmId } from './engine-world.js';
import { settle } from './fake-time.js';
import { createGate, scriptedVm } from './scripted-client.js';
import { call, codeOf, engineCall, useStage } from './stage.js';

describe('createVmLookup', () => {
  const stage = useStage();

  const stopped = scriptedVm(7, { hostId: undefined, status: 'down' });

  it('finds a stopped VM, asks once for many callers, and remembers it for 10 s', async () => {
    const inventory = await stage.started();
    stage.client.vms = [stopped];
    const found = await Promise.all(Array.from({ length: 50 }, () => inventory.findVm(vmId(7), call())));
    expect(found[0]).to.include({ id: vmId(7), name: 'vm7', hostId: undefined });
    expect(new Set(found).size).to.equal(1);
    await stage.time.advance(9_999);
    await inventory.findVm(vmId(7), call());
    expect(stage.client.calls.vm).to.have.length(1);
    await stage.time.advance(1);
    await inventory.findVm(vmId(7), call());
    expect(stage.client.calls.vm).to.have.length(2);
  });

  it('asks for a VM that the engine does not have, or can not tell of, at most once a second', async () => {
    const inventory = await stage.started();
    const outcomes: (readonly [() => void, string])[] = [
      [stage.mendEngine, 'OK'],
      [stage.breakEngine, 'UNAVAILABLE: the engine is down'],
    ];
    for (const [prepare, expected] of outcomes) {
      prepare();
      await stage.time.advance(1_000);
      const before = stage.client.calls.vm.length;
      for (let tenth = 0; tenth < 10; tenth += 1) {
        expect(await codeOf(inventory.findVm(vmId(8), call()))).to.equal(expected);
        await stage.time.advance(99);
      }
      expect(stage.client.calls.vm.length - before).to.equal(1);
    }
  });

  it('gives a stopped VM the last report of its guest agent, and a running one its own only', async () => {
    const guest = { distribution: 'CentOS Linux', version: '7' };
    const family = { type: 'rhel', version: '8' };
    const reported = { type: 'CentOS Linux', version: '7' };
    stage.client.vms = [scriptedVm(7, { guest })];
    const inventory = await stage.started();
    const found = async (nth: number) => {
      await stage.time.advance(10_000);
      return (await inventory.findVm(vmId(nth), call()))?.os.guest;
    };
    expect(inventory.current().vm(vmId(7))?.os.guest).to.deep.equal(reported);
    stage.client.vms = [stopped];
    expect(await found(7)).to.deep.equal(reported);
    stage.client.vms = [scriptedVm(7)];
    expect(await found(7)).to.deep.equal(family);
    stage.client.vms = [scriptedVm(9, { hostId: undefined })];
    expect(await found(9)).to.deep.equal(family);
  });

  it('asks for 8 at once, lets 1,000 wait, and refuses more', async () => {
    const gate = createGate();
    const inventory = await stage.started();
    stage.client.before = (_method, signal) => gate.pass(signal);
    const answers = Array.from({ length: 1_009 }, (_, nth) => codeOf(inventory.findVm(vmId(nth), call())));
    await settle();
    expect(stage.client.calls.vm).to.deep.equal([0, 1, 2, 3, 4, 5, 6, 7].map(vmId));
    expect(await answers[1_008]).to.match(/^RESOURCE_EXHAUSTED: 1008 look-ups of VMs are under way/);
    gate.open();
    expect(new Set(await Promise.all(answers.slice(0, 1_008)))).to.deep.equal(new Set(['OK']));
    expect(stage.client.calls.vm).to.deep.equal(Array.from({ length: 1_008 }, (_, nth) => vmId(nth)));
    // The refusal is not remembered.
    expect(await codeOf(inventory.findVm(vmId(1_008), call()))).to.equal('OK');
  });

  it('keeps 4 places for an engine, whatever gateways ask', async () => {
    const gate = createGate();
    const inventory = await stage.started();
    stage.client.before = (_method, signal) => gate.pass(signal);
    const gateways = Array.from({ length: 1_008 }, (_, nth) => codeOf(inventory.findVm(vmId(nth), call())));
    await settle();
    const starts = Array.from({ length: 5 }, (_, nth) =>
      codeOf(inventory.findVm(vmId(2_000 + nth), engineCall())),
    );
    // One that is in the queue of the gateways has a place at once, too.
    const waiting = codeOf(inventory.findVm(vmId(1_000), engineCall()));
    await settle();
    const first = [0, 1, 2, 3, 4, 5, 6, 7, 2_000, 2_001, 2_002, 2_003].map(vmId);
    expect(stage.client.calls.vm).to.deep.equal(first);
    expect(await codeOf(inventory.findVm(vmId(1_009), call()))).to.match(/^RESOURCE_EXHAUSTED: 1008 /);
    gate.open();
    expect(new Set(await Promise.all([...gateways, ...starts, waiting]))).to.deep.equal(new Set(['OK']));
  });

  it('drops one that waits with its last caller, and goes on with one that was sent', async () => {
    const gate = createGate();
    const inventory = await stage.started();
    stage.client.before = (_method, signal) => gate.pass(signal);
    const leaving = new AbortController();
    const left = Array.from({ length: 1_008 }, (_, nth) =>
      codeOf(inventory.findVm(vmId(nth), call(Infinity, leaving.signal))),
    );
    const stays = codeOf(inventory.findVm(vmId(500), call()));
    await settle();
    leaving.abort();
    expect(new Set(await Promise.all(left))).to.deep.equal(new Set(['CANCELLED: the call was cancelled']));
    const again = codeOf(inventory.findVm(vmId(600), call()));
    gate.open();
    expect(await Promise.all([stays, again])).to.deep.equal(['OK', 'OK']);
    expect(stage.client.calls.vm).to.deep.equal([0, 1, 2, 3, 4, 5, 6, 7, 500, 600].map(vmId));
    await inventory.findVm(vmId(7), call());
    expect(stage.client.calls.vm).to.have.length(10);
  });

  it('tells nobody of a failure in the queue but those who waited in it, and no engine of one of a gateway', async () => {
    const inventory = await stage.started({ lookupTimeout: 5_000 });
    // Places that stay taken, so that the last one has none when its time is over.
    stage.client.before = () => new Promise(() => undefined);
    const answers = Array.from({ length: 9 }, (_, nth) => codeOf(inventory.findVm(vmId(nth), call())));
    await stage.time.advance(5_000);
    expect(await answers[8]).to.match(/^UNAVAILABLE/);
    stage.mendEngine();
    expect(await codeOf(inventory.findVm(vmId(8), engineCall()))).to.equal('OK');
    expect(await codeOf(inventory.findVm(vmId(7), call()))).to.match(/^UNAVAILABLE/);
    expect(await codeOf(inventory.findVm(vmId(7), engineCall()))).to.equal('OK');
    await Promise.all(answers);
  });

  it('does not wait longer than the look-up time, in the queue or for the engine', async () => {
    const inventory = await stage.started({ lookupTimeout: 5_000 });
    stage.client.before = (_method, signal) => createGate().pass(signal);
    const answers = Array.from({ length: 9 }, (_, nth) => codeOf(inventory.findVm(vmId(nth), call())));
    await stage.time.advance(5_000);
    for (const answer of await Promise.all(answers)) {
      expect(answer).to.match(
        /^UNAVAILABLE: vm .* did not answer within 5000 ms \(inventory\.lookupTimeout\)/,
      );
    }
    stage.mendEngine();
    await stage.time.advance(1_000);
    expect(await codeOf(inventory.findVm(vmId(1), call()))).to.equal('OK');
  });

  it("ends with the call's own signal, while others wait on", async () => {
    const inventory = await stage.started();
    const gate = createGate();
    stage.client.before = (_method, signal) => gate.pass(signal);
    const gone = new AbortController();
    const first = codeOf(inventory.findVm(vmId(1), call(Infinity, gone.signal)));
    const second = inventory.findVm(vmId(1), call());
    await settle();
    gone.abort(new DOMException('deadline', 'TimeoutError'));
    expect(await first).to.match(/^DEADLINE_EXCEEDED/);
    gate.open();
    expect((await second)?.name).to.equal('vm1');
    expect(stage.client.calls.vm).to.have.length(1);
  });

  it('remembers 10,000 answers, and forgets the one that was asked for longest ago', async () => {
    const inventory = await stage.started();
    for (let nth = 0; nth <= 10_000; nth += 1) await inventory.findVm(vmId(nth), call());
    expect(stage.client.calls.vm).to.have.length(10_001);
    await inventory.findVm(vmId(1), call());
    expect(stage.client.calls.vm).to.have.length(10_001);
    await inventory.findVm(vmId(0), call());
    expect(stage.client.calls.vm).to.have.length(10_002);
  });

  it('waits for many VMs under one call without a warning', async () => {
    const warnings: unknown[] = [];
    const listen = (warning: unknown) => void warnings.push(warning);
    process.on('warning', listen);
    const inventory = await stage.started();
    const one = call();
    await Promise.all(Array.from({ length: 100 }, (_, nth) => inventory.findVm(vmId(nth), one)));
    await settle();
    process.off('warning', listen);
    expect(warnings).to.deep.equal([]);
  });

  it('ends what is asked when it is closed', async () => {
    const inventory = await stage.started();
    stage.client.before = (_method, signal) => createGate().pass(signal);
    const answer = codeOf(inventory.findVm(vmId(1), call()));
    await settle();
    await inventory.close();
    expect(await answer).to.match(/^CANCELLED/);
  });
});
