import { expect } from 'chai';
import { z } from 'zod';
import { generatedWorld } from '../../src/simulator/generated-world.js';
import { prettyJson } from '../../src/simulator/json.js';
import { createVmRenderer, vmJson } from '../../src/simulator/vm-json.js';
import { CLUSTER_ID, createWorld } from '../../src/simulator/world.js';

describe('createVmRenderer', () => {
  it('writes each of 500 VMs as serializing it would, running or not', () => {
    const render = createVmRenderer(1);
    for (const vm of generatedWorld({ hosts: 3, vms: 500, seed: 5, stoppedVms: 100 }).vmsByName()) {
      expect(render(vm)).to.equal(prettyJson(vmJson(vm), 1));
    }
  });

  for (const affinity of [undefined, 'pinned', 'user_migratable']) {
    it(`writes the affinity ${affinity ?? 'migratable, where none is given,'}`, () => {
      const world = createWorld();
      const vm = world.addVm({ affinity, hostId: world.addHost().id });
      const text = createVmRenderer(1)(vm);
      expect(JSON.parse(text)).to.deep.include({ placement_policy: { affinity: affinity ?? 'migratable' } });
      expect(text).to.equal(prettyJson(vmJson(vm), 1));
    });
  }

  it('writes the cluster of the host on which a VM runs, and that of a VM that is down', () => {
    const world = createWorld();
    const host = world.addHost({ clusterId: 'c0000000-0000-4000-8000-000000000002' });
    const vms = [world.addVm({ hostId: host.id }), world.addVm()];
    const clusters = vms.map((vm) =>
      z.object({ cluster: z.unknown() }).parse(JSON.parse(createVmRenderer(1)(vm))),
    );
    expect(clusters).to.deep.equal(
      [host.clusterId, CLUSTER_ID].map((id) => ({
        cluster: { href: `/ovirt-engine/api/clusters/${id}`, id },
      })),
    );
  });

  const names = ['a "quoted" \\ name', 'line\nbreak', '@id@ @guest@ 1111111111111', 'ünïcödé', '$& $1'];
  for (const name of names) {
    it(`writes the name ${JSON.stringify(name)} and a site's own os.type unharmed`, () => {
      const world = createWorld();
      const vm = world.addVm({ name, osType: `my "os" ${name}`, hostId: world.addHost().id });
      expect(JSON.parse(createVmRenderer(1)(vm))).to.deep.include({ id: vm.id, name });
      expect(createVmRenderer(1)(vm)).to.equal(prettyJson(vmJson(vm), 1));
    });
  }
});
