import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import type { HostMemory } from '../../src/domain/snapshot.js';
import { parseHost } from '../../src/inventory/engine-json.js';
import { hostId } from '../support/world.js';

const GIB = 2 ** 30;

/** The memory of a host with these members. */
function memoryOf(members: object): HostMemory | undefined {
  return parseHost({ id: hostId(1), name: 'h', status: 'up', ...members }).record?.memory;
}

describe('the memory of a host', () => {
  const statistic = (name: string, ...data: unknown[]) => ({
    name,
    values: { value: data.map((datum) => ({ datum })) },
  });
  const free = (datum: unknown) => ({
    statistic: [statistic('memory.total', 7), statistic('memory.free', datum)],
  });

  const statistics: readonly (readonly [title: string, statistics: unknown, freeMiB: number | undefined])[] =
    [
      ['half of it free', free(4 * GIB), 4096],
      ['all in use', free(0), 0],
      ['a MiB that is not whole: rounded down', free(GIB - 1), 1023],
      ['as much free as there is: the engine does not know', free(8 * GIB), undefined],
      ['more free than there is', free(9 * GIB), undefined],
      ['less than none', free(-1), undefined],
      ['a number in words', free('much'), undefined],
      ['no number', free(null), undefined],
      ['no data', { statistic: [statistic('memory.free')] }, undefined],
      ['no values', { statistic: [{ name: 'memory.free', values: {} }] }, undefined],
      ['no free memory among them', { statistic: [statistic('memory.used', 1)] }, undefined],
      ['none', { statistic: [] }, undefined],
      ['none, as an empty collection', {}, undefined],
      ['not followed', undefined, undefined],
      ['odd elements', { statistic: [null, 5, { name: 5 }, statistic('memory.free', GIB)] }, 1024],
      ['an odd list', { statistic: 'x' }, undefined],
    ];
  for (const [title, members, freeMiB] of statistics) {
    it(`statistics with ${title}: ${freeMiB ?? 'unknown'}`, () => {
      const host = { memory: String(8 * GIB), max_scheduling_memory: String(2 * GIB), statistics: members };
      expect(memoryOf(host)).to.deep.equal({ totalMiB: 8192, freeMiB, schedulableMiB: 2048 });
    });
  }

  it('knows nothing of a host whose memory the engine does not know', () => {
    const unknown = { totalMiB: undefined, freeMiB: undefined, schedulableMiB: undefined };
    for (const memory of ['0', undefined, 'x']) {
      const host = { memory, max_scheduling_memory: '1073741824', statistics: free(GIB) };
      expect(memoryOf(host)).to.deep.equal(unknown);
    }
  });

  it('takes a host that has no memory left for VMs by its word', () => {
    expect(memoryOf({ memory: '8589934592', max_scheduling_memory: '0' })?.schedulableMiB).to.equal(0);
  });

  // bodh1 did not respond when this was recorded: 0 in use, and all of its 3970957312 bytes free.
  for (const [host, memory, freeMiB] of [
    ['9be35c00-6523-4c2f-89d2-680a6b6da4c0', '16654532608', 5241],
    ['ce40bb38-f10a-43f3-8e15-d0ffad692a19', '3970957312', undefined],
  ] as const) {
    it(`reads what a real engine answered: ${freeMiB ?? 'unknown'}`, () => {
      const file = `../fixtures/recorded/ovirt_lans_refresh_recording/hosts__${host}__statistics.json`;
      const recorded: unknown = JSON.parse(
        readFileSync(fileURLToPath(new URL(file, import.meta.url)), 'utf8'),
      );
      expect(memoryOf({ memory, statistics: recorded })?.freeMiB).to.equal(freeMiB);
    });
  }
});
