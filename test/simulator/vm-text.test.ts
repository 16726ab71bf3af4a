import { expect } from 'chai';
import { generatedWorld } from '../../src/simulator/generated-world.js';
import { prettyJson } from '../../src/simulator/pretty-json.js';
import { vmJson } from '../../src/simulator/vm-json.js';
import { createVmRenderer } from '../../src/simulator/vm-text.js';
import { createWorld } from '../../src/simulator/world.js';

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
