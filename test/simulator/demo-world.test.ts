import { createHash } from 'node:crypto';
import { expect } from 'chai';
import { identifyOs } from '../../src/domain/os-identity.js';
import { demoWorld } from '../../src/simulator/demo-world.js';
import { prettyJson } from '../../src/simulator/json.js';
import { vmJson } from '../../src/simulator/vm-json.js';
import { CLUSTER_ID } from '../../src/simulator/world.js';

describe('demoWorld', () => {
  it('has 12 hosts of which one is not up, and 200 VMs of which 20 are down', () => {
    const world = demoWorld();
    expect(world.hosts.size).to.equal(12);
    expect(world.hostsByName().filter(({ status }) => status !== 'up')).to.have.lengthOf(1);
    expect(world.vms.size).to.equal(200);
    expect(world.vmsByName().filter(({ hostId }) => hostId === undefined)).to.have.lengthOf(20);
  });

  it('has all of them in one cluster', () => {
    const { hosts, vms } = demoWorld();
    const clusters = [...hosts.values(), ...vms.values()].map(({ clusterId }) => clusterId);
    expect([...new Set(clusters)]).to.deep.equal([CLUSTER_ID]);
  });

  it('has the ids and names that examples in documents use', () => {
    const { hosts, vms } = demoWorld();
    expect(hosts.get('a0000000-0000-4000-8000-000000000001')).to.include({
      name: 'amsterdam-01',
      status: 'up',
    });
    expect(hosts.get('a0000000-0000-4000-8000-000000000012')).to.include({
      name: 'cracow-04',
      status: 'maintenance',
    });
    expect(vms.get('b0000000-0000-4000-8000-000000000001')).to.include({ name: 'web-001', status: 'up' });
    expect(vms.get('b0000000-0000-4000-8000-000000000010')).to.include({ name: 'web-010', status: 'down' });
  });

  it('is the same down to the last byte for ever', () => {
    const text = demoWorld()
      .vmsByName()
      .map(({ id, hostId, osType, guestOs, name }) =>
        [id, hostId, osType, guestOs?.distribution, name].join(' '),
      )
      .join('\n');
    expect(createHash('sha256').update(text).digest('hex')).to.equal(
      '16239b8c1b72e955274fca7a30e0396309bff81de064564a6997da3e4b2121d0',
    );
  });

  it('mixes operating systems: many ids, reports of the guest agent on some, the two at odds on a few', () => {
    const vms = demoWorld().vmsByName();
    const kinds = new Set(vms.map(({ osType }) => osType));
    expect(kinds.size).to.be.at.least(10);
    for (const kind of kinds)
      expect(identifyOs({ type: kind, version: undefined }, undefined).family.type).not.to.equal('');
    const reporting = vms.filter(({ guestOs }) => guestOs !== undefined).length;
    expect(reporting).to.be.within(50, 180);
    expect(
      vms.some(({ osType, guestOs }) => osType === 'rhel_8x64' && guestOs?.version.startsWith('9')),
    ).to.equal(true);
  });

  it('lets VMs run only on hosts that are up, and on each of those', () => {
    const world = demoWorld();
    for (const host of world.hostsByName()) {
      expect(world.loadOf(host.id).vms > 0, host.name).to.equal(host.status === 'up');
    }
  });

  it('has no VM with os.version, as real engines have none', () => {
    for (const vm of demoWorld().vmsByName()) {
      expect(vmJson(vm)['os']).to.have.all.keys('boot', 'type');
    }
  });

  it('has VMs as large as real ones: 9 to 10.5 KB when they run', () => {
    for (const vm of demoWorld().vmsByName()) {
      if (vm.hostId === undefined) continue;
      expect(prettyJson(vmJson(vm), 1).length, vm.name).to.be.within(9_000, 10_500);
    }
  });
});
