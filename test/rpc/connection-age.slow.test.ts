import { expect } from 'chai';
import { readFileSync } from 'node:fs';
import { setTimeout } from 'node:timers/promises';
import { createLoopback, uuid } from './loopback.js';
import { rawStream } from './raw-call.js';

/** Pings of HTTP/2 would come each minute, as in clients. */
const MINUTE_MS = 60_000;

/** Number of the timer that probes a silent peer, in /proc/net/tcp. */
const KEEPALIVE_TIMER = '02';

describe('a connection that is old', () => {
  const loopback = createLoopback();
  afterEach(() => loopback.close());

  it('keeps a stream that is open for more than a minute, and is probed by TCP', async () => {
    const { address, port } = await loopback.serve({ settings: { maxConnectionAge: 30 } });
    const { stream, answers, ended, close } = rawStream(address, { deadline: Date.now() + 2 * MINUTE_MS });
    loopback.onClose(close);
    for (const n of [1, 2]) {
      stream.write({ vm_id: uuid(n), host_ids: [uuid(n)], units: [{ name: 'even' }] });
      if (n === 1) await setTimeout(MINUTE_MS + 2000);
    }
    expect(answers.length).to.be.greaterThan(0);
    expect(timersOfServer(port)).to.include(KEEPALIVE_TIMER);
    stream.end();
    expect((await ended).code).to.equal(0);
    expect(answers.length).to.equal(2);
  }).timeout(2 * MINUTE_MS);
});

/** Returns the timers of the connections that a server has, as the system shows them. */
function timersOfServer(port: number): readonly string[] {
  const end = `:${port.toString(16).toUpperCase().padStart(4, '0')}`;
  const lines = readFileSync('/proc/net/tcp', 'utf8')
    .split('\n')
    .map((line) => line.trim().split(/\s+/));
  return lines.filter(([, local]) => local?.endsWith(end)).map(([, , , , , timer = '']) => timer.slice(0, 2));
}
