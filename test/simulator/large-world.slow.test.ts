import { get as httpGet, type IncomingMessage } from 'node:http';
import { expect } from 'chai';
import { generatedWorld } from '../../src/simulator/generated-world.js';
import { useSimulator } from './running-simulator.js';

const HOSTS = 10_000;
const VMS = 200_000;
/** Characters of a chunk that are looked at again with the next one: more than what a VM begins with has. */
const CARRIED = 64;

describe(`a world of ${HOSTS} hosts and ${VMS} VMs`, function () {
  this.timeout(120_000);
  const simulator = useSimulator(() => generatedWorld({ hosts: HOSTS, vms: VMS, seed: 1 }));

  it('is listed whole while it changes, and others are answered meanwhile', async () => {
    const { url, token, get, churn, world } = simulator();
    const headers = { authorization: `Bearer ${token}`, accept: 'application/json' };
    churn.set(100);
    let listed = 0;
    let tail = '';
    const response = await new Promise<IncomingMessage>((resolve, reject) => {
      httpGet(`${url}/api/vms`, { headers }, resolve).once('error', reject);
    });
    response.setEncoding('latin1').on('data', (chunk: string) => {
      const text = tail + chunk;
      listed += text.split('{\n    "actions" : ').length - 1;
      const last = text.lastIndexOf('{\n    "actions" : ');
      tail = text.slice(Math.max(last + 1, text.length - CARRIED));
    });
    let answers = 0;
    for (; !response.readableEnded; answers++) expect((await get('/api/events?max=1')).status).to.equal(200);
    expect(listed).to.equal(VMS);
    expect(answers).to.be.above(20);
    expect(world.events.after(0)).not.to.deep.equal([]);
    const hosts = await get('/api/hosts');
    expect(hosts.text.split('{\n    "actions" : ').length - 1).to.equal(HOSTS);
  });
});
