import { expect } from 'chai';
import { MAX_BODY_BYTES } from '../../src/bridge/request.js';
import { writeCall } from '../../src/bridge/xml-rpc/writer.js';
import { startSmallProcess, type SmallProcess } from '../support/memory.js';
import { postXmlRpc } from '../support/xml-rpc.js';
import { hostId, vmId } from '../support/world.js';
import { openPeer, requestOf, type Peer } from './http-peer.js';

/**
 * Most that the process may grow, in MiB: by the bytes under way, 32 MiB, and by what V8 has not collected yet of the
 * values that it made of them, within a heap of 256 MiB.
 */
const MOST_MIB = 256;

const value = (text: string): string => `<value>${text}</value>`;
const array = (items: readonly string[]): string =>
  `<array><data>${items.map(value).join('')}</data></array>`;

/** A call of runCostFunctions with that text as its properties, filled up to the longest body. */
function callOf(properties: string): string {
  const params = [array([array(['u', '<int>1</int>'])]), array([hostId(1)]), vmId(1), properties];
  const call = `<methodCall><methodName>runCostFunctions</methodName><params>${params
    .map((text) => `<param>${value(text)}</param>`)
    .join('')}</params></methodCall>`;
  return call.padEnd(MAX_BODY_BYTES, ' ');
}

/** As many of a piece as fit into a body. */
const fill = (piece: string): string => piece.repeat(Math.floor((MAX_BODY_BYTES - 2000) / piece.length));

const member = (name: string, text: string): string => `<member><name>${name}</name>${value(text)}</member>`;

const PROPERTIES = Array.from({ length: 120 }, (_, index) => member(`p${index}`, '&lt;'.repeat(4096)));
const MEMBERS = Array.from({ length: 45_000 }, (_, index) => member(String(index), ''));

const BODIES: readonly (readonly [title: string, body: string])[] = [
  ['a text of half a million entities', callOf(`<struct>${member('a', fill('&lt;'))}</struct>`)],
  ['properties within all limits, of entities', callOf(`<struct>${PROPERTIES.join('')}</struct>`)],
  ['empty structs', callOf(array([fill('</value><value><struct/>').slice('</value><value>'.length)]))],
  ['members of one struct', callOf(`<struct>${MEMBERS.join('')}</struct>`)],
];

describe('memory of the bridge, in a heap of 256 MiB', function () {
  this.timeout(120_000);

  let small: SmallProcess;
  const peers: Peer[] = [];
  beforeEach(async () => {
    small = await startSmallProcess({ hosts: 10, vms: 10 });
  });
  afterEach(async () => {
    for (const { socket } of peers.splice(0)) socket.destroy();
    await small.close();
  });

  async function open(): Promise<Peer> {
    const peer = await openPeer({ port: Number(small.bridgeAddress.split(':')[1]) });
    peers.push(peer);
    return peer;
  }

  for (const [title, body] of BODIES) {
    it(`64 bodies of 2 MiB, ${title}, each held before its last byte: at most ${MOST_MIB} MiB more`, async () => {
      const request = requestOf(body);
      await Promise.all(Array.from({ length: 64 }, open));
      await Promise.all(
        peers.map(
          ({ socket }) =>
            new Promise<void>((resolve) => void socket.write(request.slice(0, -1), () => resolve())),
        ),
      );
      for (const peer of peers) peer.send(' ');
      // A fault, an answer, or a connection that is closed since its request took too long.
      await Promise.all(peers.map((peer) => peer.until('</methodResponse>').catch(() => peer.closed())));
      expect(small.isAlive()).to.equal(true);
      expect(small.grownMiB()).to.be.at.most(MOST_MIB);
      await expectService();
    });
  }

  it(`16 bodies in chunks of a byte, 200,000 each: at most 64 MiB more`, async () => {
    await Promise.all(Array.from({ length: 16 }, open));
    const chunks = '1\r\n \r\n'.repeat(200_000);
    await Promise.all(
      peers.map(
        ({ socket, send }) =>
          new Promise<void>((resolve) => {
            send(requestOf('', { headers: { 'Transfer-Encoding': 'chunked' } }));
            socket.write(chunks, () => resolve());
          }),
      ),
    );
    await expectService();
    expect(small.grownMiB()).to.be.at.most(64);
  });

  it('200 calls of 2 MiB, each with another unit: its name alone stays, and not the body', async () => {
    const url = `http://${small.bridgeAddress}/`;
    for (let count = 0; count < 200; count += 1) {
      const unit = `a_unit_with_a_name_of_its_own_${count}`;
      const call = writeCall('runCostFunctions', [[[unit, 1]], [hostId(count)], vmId(1), new Map()]);
      await postXmlRpc(url, call.padEnd(MAX_BODY_BYTES, ' '));
    }
    expect(small.isAlive()).to.equal(true);
    expect(small.grownMiB()).to.be.at.most(MOST_MIB);
  });

  async function expectService(): Promise<void> {
    const answer = await postXmlRpc(`http://${small.bridgeAddress}/`, writeCall('system.listMethods', []));
    expect(answer).to.include('discover');
  }
});
