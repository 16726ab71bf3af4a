import { expect } from 'chai';
import { setTimeout } from 'node:timers/promises';
import { createRpcClient } from '../../src/rpc/client.js';
import { startSmallProcess, type SmallProcess } from '../support/memory.js';
import { aCall, aScoreRequest } from './loopback.js';
import { unreadStream } from './raw-call.js';

/** Time for the process to compute what it computes ahead; it took 2 s to be killed by what 20 callers left unread. */
const ATTACK_MS = 6000;

const REQUESTS_A_STREAM = 20;

// 64 MiB may wait unread, and 256 half-read streams have their windows and requests; the rest is the heap's own growth, of
// 256 MiB at most, which differs by version of Node (110 to 122 MiB in all with 20, 139 to 175 with 24).

describe('streams that nobody reads', () => {
  const closers: (() => unknown)[] = [];
  let small: SmallProcess;
  beforeEach(async () => {
    small = await startSmallProcess();
  });
  afterEach(async () => {
    for (const close of closers.splice(0)) close();
    await small.close();
  });

  for (const [streams, mib] of [
    [20, 64],
    [256, 224],
  ] as const) {
    it(`take at most ${mib} MiB for explained answers of 0.3 MB when ${streams} ask for ${REQUESTS_A_STREAM} each`, async () => {
      const { world } = small.simulator;
      const hosts = world.hostsByName().map(({ id }) => id);
      const vmId = world.vmsByName()[0]?.id ?? '';
      for (let n = 0; n < streams; n += 1) {
        const request = { vm_id: vmId, host_ids: hosts, explain: true };
        closers.push(unreadStream(small.address, request, REQUESTS_A_STREAM).close);
      }
      await setTimeout(ATTACK_MS);
      expect(small.isAlive()).to.equal(true);
      expect(small.grownMiB()).to.be.lessThan(mib);
      const client = createRpcClient({ target: small.address });
      closers.push(client.close);
      const { scores } = await client.scoreHosts(aScoreRequest({ vmId, hosts, units: [] }), aCall());
      expect(scores.length).to.equal(1000);
    });
  }
});
