import { get as httpGet, type IncomingMessage } from 'node:http';
import { once } from 'node:events';
import { setTimeout } from 'node:timers/promises';
import { expect } from 'chai';
import { z } from 'zod';
import { generatedWorld } from '../../src/simulator/generated-world.js';
import { listing, LISTING_CHUNK } from '../../src/simulator/rest-api.js';
import type { World, WorldVm } from '../../src/simulator/world.js';
import { useSimulator } from './running-simulator.js';

const VMS = 5_000;
const answer = z.object({ vm: z.array(z.object({ id: z.string() })) });

/** A world that counts how many of its VMs were written into answers. */
function countingWorld(): { readonly world: World; readonly written: () => number } {
  const world = generatedWorld({ hosts: 10, vms: VMS, seed: 11 });
  let written = 0;
  const watched = world.vmsByName().map((vm): WorldVm => ({
    ...vm,
    get name() {
      written++;
      return vm.name;
    },
  }));
  return { world: { ...world, vmsByName: () => watched }, written: () => written };
}

describe('listing', () => {
  it('is made as it is read: one piece of it costs no more VMs than fit a piece', async () => {
    let rendered = 0;
    const text = 'x'.repeat(1_000);
    const pieces = listing('vm', Array.from({ length: 10_000 }), () => {
      rendered++;
      return text;
    });
    expect((await pieces.next()).value).to.have.length.within(LISTING_CHUNK, LISTING_CHUNK + 2_000);
    expect(rendered).to.be.at.most(LISTING_CHUNK / 1_000 + 1);
    await pieces.return(undefined);
  });

  it('of nothing is an empty object', async () => {
    const pieces = listing('n', [], String);
    expect(await pieces.next()).to.deep.equal({ value: '{ }', done: false });
    expect(await pieces.next()).to.deep.equal({ value: undefined, done: true });
  });

  for (const count of [1, 2, 200]) {
    it(`of ${count} items is whole`, async () => {
      let text = '';
      const items = Array.from({ length: count }, (_, index) => index);
      for await (const piece of listing('n', items, (item) => `"${item}${' '.repeat(1_000)}"`)) text += piece;
      expect(JSON.parse(text)).to.have.property('n').with.lengthOf(count);
    });
  }
});

describe(`a listing of ${VMS} VMs over HTTP`, () => {
  let counting = countingWorld();
  before(() => {
    counting = countingWorld();
  });
  const simulator = useSimulator(() => counting.world);

  for (const encoding of ['identity', 'gzip']) {
    it(`parses and is whole (${encoding}), each VM once`, async () => {
      const reply = await simulator().get('/api/vms?search=on_host%3D*', { 'accept-encoding': encoding });
      const { vm } = answer.parse(JSON.parse(reply.text));
      expect(new Set(vm.map(({ id }) => id))).to.have.lengthOf(VMS);
      expect(reply.text.length / VMS).to.be.within(9_000, 10_500);
    });
  }

  it('waits for a slow reader, answers others meanwhile, and goes on', async () => {
    const { url, token, get } = simulator();
    const before = counting.written();
    const response = await openListing(`${url}/api/vms`, token);
    response.pause();
    await settled(counting.written);
    expect(counting.written() - before).to.be.below(VMS);
    expect((await get('/api/vms?max=1')).status).to.equal(200);

    let size = 0;
    response.on('data', (chunk: Buffer) => (size += chunk.length));
    response.resume();
    await once(response, 'end');
    expect(counting.written() - before).to.be.at.least(VMS);
    expect(size).to.be.above(VMS * 9_000);
  });

  it('stops when the reader goes away, and is not an error', async () => {
    const { url, token, lines } = simulator();
    const before = counting.written();
    const response = await openListing(`${url}/api/vms`, token);
    response.pause();
    response.on('error', () => undefined);
    response.destroy();
    await settled(counting.written);
    expect(counting.written() - before).to.be.below(VMS);
    expect(lines.filter(({ level }) => level === 'error')).to.deep.equal([]);
  });

  it('shows one moment, whatever changes while it is sent', async () => {
    const { url, token, world } = simulator();
    const response = await openListing(`${url}/api/vms`, token);
    response.pause();
    const last = world.vmsByName().at(-1);
    world.stopVm(last?.id ?? '');
    const chunks: Buffer[] = [];
    response.on('data', (chunk: Buffer) => chunks.push(chunk));
    response.resume();
    await once(response, 'end');
    const text = Buffer.concat(chunks).toString();
    expect(text.slice(-8_000)).to.include(`/hosts/${last?.hostId ?? ''}`);
  });
});

async function openListing(url: string, token: string): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const headers = { authorization: `Bearer ${token}`, accept: 'application/json' };
    httpGet(url, { headers }, resolve).once('error', reject);
  });
}

/** Waits until a count stands still. */
async function settled(count: () => number): Promise<void> {
  for (let before = -1; before !== count();) {
    before = count();
    await setTimeout(30);
  }
}
