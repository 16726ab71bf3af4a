import { expect } from 'chai';
import { writeCall } from '../../src/bridge/xml-rpc/writer.js';
import { createRpcClient } from '../../src/rpc/client.js';
import { createWorld } from '../../src/simulator/world.js';
import { call } from '../support/call.js';
import { startScoring, type Scoring } from '../support/scoring.js';
import { until } from '../support/until.js';
import { hostId, vmId } from '../support/world.js';

const world = () => createWorld({ hosts: [{ id: hostId(1) }], vms: [{ id: vmId(1), hostId: hostId(1) }] });

const request = {
  vmId: vmId(1),
  hosts: 'ALL_UP',
  units: [{ name: 'ksm_same_os_score', weight: 1 }],
  properties: new Map<string, string>(),
  assumedPlacements: [],
  explain: false,
} as const;

const scores = [{ hostId: hostId(1), score: 100 }];

describe('a service that is asked to end', () => {
  const open: Scoring[] = [];
  afterEach(async () => {
    await Promise.all(open.splice(0).map(({ close }) => close()));
  });

  async function start(...args: readonly string[]): Promise<Scoring> {
    const scoring = await startScoring(world(), { args });
    open.push(scoring);
    return scoring;
  }

  it('says that it is not ready, and answers both faces until the end of shutdownDelay', async () => {
    const { program, address, opsUrl, client, score } = await start('--shutdown-delay', '500ms');
    const [, bridge = ''] = await program.written('stderr', /bridge listening address=(\S+)/);
    const ended = program.end();
    const state = await until(
      async () => (await fetch(`${opsUrl}/readyz`)).text(),
      (text) => text !== 'ok\n',
    );
    expect(state).to.equal('stopping\n');
    expect(await client.health('', call())).to.equal('NOT_SERVING');
    expect((await score(vmId(1))).scores).to.deep.equal(scores);
    const body = writeCall('runFilters', [['PinToHost'], [hostId(1)], vmId(1), null]);
    const response = await fetch(`http://${bridge}/`, {
      method: 'POST',
      headers: { 'Content-Type': 'text/xml' },
      body,
    });
    expect(await response.text()).to.include(hostId(1));
    const next = createRpcClient({ target: address });
    expect((await next.scoreHosts(request, call())).scores).to.deep.equal(scores);
    next.close();
    expect((await ended).error).to.equal(undefined);
  });

  for (const delay of ['0ms', '300ms']) {
    it(`costs no call of a client that has another one, with a shutdownDelay of ${delay}`, async () => {
      const [drained, other] = [await start('--shutdown-delay', delay), await start()];
      const client = createRpcClient({ target: `ipv4:${drained.address},${other.address}` });
      const failed: string[] = [];
      let answered = 0;
      let isOver = false;
      async function ask(): Promise<void> {
        while (!isOver) {
          await client.scoreHosts(request, call()).then(
            () => answered++,
            (error: unknown) => failed.push(String(error)),
          );
        }
      }
      const callers = Array.from({ length: 16 }, ask);
      const more = (calls: number) => {
        const enough = answered + calls;
        return until(
          () => answered,
          (count) => count >= enough,
        );
      };
      await more(100);
      const ended = drained.program.end();
      await more(100);
      await ended;
      await more(100);
      isOver = true;
      await Promise.all(callers);
      client.close();
      expect(failed).to.deep.equal([]);
    });
  }
});
