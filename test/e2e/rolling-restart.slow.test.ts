import { expect } from 'chai';
import { setTimeout } from 'node:timers/promises';
import { startProcess } from '../support/process.js';
import { startReplicas, type Replicas, type Tally } from '../support/replicas.js';

/** Callers of the bridge at a time. */
const CALLERS = 16;

describe('three replicas under load, while one of them is restarted', function () {
  this.timeout(120_000);

  let replicas: Replicas;

  before(async () => {
    replicas = await startReplicas(startProcess);
    // Each replica takes calls before it has read the engine.
    replicas.simulator.faults.set({ latency: { path: '/api', ms: 500 } });
    replicas.call({ callers: CALLERS, pauseMs: 100 });
    await called(100);
  });
  after(() => replicas.close());

  /** Waits for so many further calls of the bridge, and returns how the calls since the last look ended. */
  async function called(count: number): Promise<{ readonly bridge: Tally; readonly grpc: Tally }> {
    const all = replicas.look();
    const before = all.bridge.calls;
    while (all.bridge.calls - before < count) {
      await setTimeout(20);
      const { bridge, grpc } = replicas.look();
      add(all.bridge, bridge);
      add(all.grpc, grpc);
    }
    return all;
  }

  function add(sum: Tally, { calls, failed, reasons }: Tally): void {
    sum.calls += calls;
    sum.failed += failed;
    for (const [words, times] of reasons) sum.reasons.set(words, times);
  }

  for (const signal of ['SIGTERM', 'SIGKILL'] as const) {
    it(`fails no unit when one is ended by ${signal} and started again`, async () => {
      replicas.look();
      replicas.signal(0, signal);
      await replicas.ended(0);
      const gone = await called(200);
      await replicas.start(0);
      const back = await called(200);
      for (const { bridge, grpc } of [gone, back]) {
        expect([...bridge.reasons.keys(), ...grpc.reasons.keys()]).to.deep.equal([]);
      }
    });
  }

  it(`fails at most ${CALLERS} calls when one hangs`, async () => {
    replicas.look();
    replicas.signal(1, 'SIGSTOP');
    const hung = await called(400);
    replicas.signal(1, 'SIGCONT');
    const back = await called(100);
    expect(hung.bridge.failed + back.bridge.failed).to.be.at.most(CALLERS);
  });
});
