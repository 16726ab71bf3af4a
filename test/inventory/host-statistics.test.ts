import { expect } from 'chai';
import type { HostRecord } from '../../src/domain/snapshot.js';
import { STATISTICS_PAUSE, type EngineClient } from '../../src/inventory/engine-client.js';
import { engineHost } from './engine-world.js';
import { HOSTS_PATH, json } from './raw-engine.js';
import { failure, useWire } from './wire.js';

const FOLLOWED = '/ovirt-engine/api/hosts?follow=statistics';
const PLAIN = '/ovirt-engine/api/hosts';

describe('the statistics of hosts', () => {
  const wire = useWire();
  const signal = new AbortController().signal;
  let now = 0;
  const clock = { now: () => now };
  const statistics = {
    statistic: [{ name: 'memory.free', values: { value: [{ datum: 1_073_741_824 }] } }],
  };

  beforeEach(() => {
    now = 1_000_000;
    answer(200);
  });

  /** What the engine answers to a list that follows to statistics, and to one that does not. */
  function answer(followed: number, plain = 200): void {
    wire.engine.on(HOSTS_PATH, (response, { url }) => {
      const status = url === FOLLOWED ? followed : plain;
      const host = engineHost({ memory: '8589934592', ...(url === FOLLOWED ? { statistics } : {}) });
      json(response, status === 200 ? { host: [host] } : { reason: 'Operation Failed' }, status);
    });
  }

  async function listed(client: EngineClient): Promise<(number | undefined)[]> {
    let hosts: HostRecord[] = [];
    await client.listHosts(() => {
      hosts = [];
      return { record: (host) => void hosts.push(host), odd: () => undefined };
    }, signal);
    return hosts.map(({ memory }) => memory.freeMiB);
  }

  const asked = () => wire.engine.seen.map(({ url }) => url).filter((url) => url.startsWith(PLAIN));

  it('come with the list of hosts, in one request', async () => {
    expect(await listed(wire.open())).to.deep.equal([1024]);
    expect(asked()).to.deep.equal([FOLLOWED]);
  });

  it('are left out when they are not wanted', async () => {
    expect(await listed(wire.open({ hostStatistics: false }))).to.deep.equal([undefined]);
    expect(asked()).to.deep.equal([PLAIN]);
  });

  for (const status of [400, 404, 500, 501]) {
    it(`are left out by an engine that answers ${status} to them, for 10 minutes`, async () => {
      const client = wire.open({}, { clock });
      answer(status);
      expect(await listed(client)).to.deep.equal([undefined]);
      expect(wire.log.lines.filter(({ event }) => event === 'host statistics refused')).to.have.length(1);
      now += STATISTICS_PAUSE - 1;
      await listed(client);
      expect(asked()).to.deep.equal([FOLLOWED, PLAIN, PLAIN]);
      answer(200);
      now += 1;
      expect(await listed(client)).to.deep.equal([1024]);
    });
  }

  it('are not given up when the engine fails without them, too', async () => {
    const client = wire.open({}, { clock });
    answer(500, 500);
    await failure(listed(client));
    answer(200);
    expect(await listed(client)).to.deep.equal([1024]);
    expect(wire.log.lines.map(({ event }) => event)).not.to.include('host statistics refused');
  });

  for (const status of [403, 503]) {
    it(`are no matter of a ${status}, which is the engine's answer to everything`, async () => {
      answer(status, status);
      await failure(listed(wire.open()));
      expect(asked()).not.to.include(PLAIN);
    });
  }
});
