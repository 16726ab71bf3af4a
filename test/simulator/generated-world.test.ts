import { expect } from 'chai';
import { SchedulingError } from '../../src/domain/errors.js';
import { generatedWorld, type GeneratedWorldOptions } from '../../src/simulator/generated-world.js';

describe('generatedWorld', () => {
  it('has as many hosts, VMs and stopped VMs as asked for', () => {
    const world = generatedWorld({ hosts: 7, vms: 50, seed: 1, stoppedVms: 5 });
    expect(world.hosts.size).to.equal(7);
    expect(world.vms.size).to.equal(50);
    const stopped = world.vmsByName().filter(({ status }) => status === 'down');
    expect(stopped.map(({ name }) => name)).to.deep.equal([46, 47, 48, 49, 50].map((n) => `vm-0000${n}`));
    for (const { hostId } of world.vmsByName().slice(0, 45)) {
      expect(world.hosts.get(hostId ?? '')?.status).to.equal('up');
    }
  });

  it('is the same for the same seed, ids included, and another for another', () => {
    const make = (seed: number) => {
      const world = generatedWorld({ hosts: 5, vms: 40, seed, clock: { now: () => 0 } });
      return { hosts: world.hostsByName(), vms: world.vmsByName() };
    };
    expect(make(9)).to.deep.equal(make(9));
    expect(make(9).vms[0]?.id).not.to.equal(make(10).vms[0]?.id);
  });

  it('can be empty', () => {
    expect(generatedWorld({ hosts: 0, vms: 0, seed: 0 }).hosts.size).to.equal(0);
  });

  const good = { hosts: 2, vms: 2, seed: 1 };
  const cases: readonly { readonly options: GeneratedWorldOptions; readonly message: string }[] = [
    { options: { ...good, hosts: 10_001 }, message: 'hosts: expected an integer from 1 to 10000, got 10001' },
    { options: { ...good, vms: 200_001 }, message: 'vms: expected an integer from 0 to 200000, got 200001' },
    { options: { ...good, vms: -1 }, message: 'vms: expected an integer from 0 to 200000, got -1' },
    { options: { ...good, hosts: 1.5 }, message: 'hosts: expected an integer from 1 to 10000, got 1.5' },
    { options: { ...good, seed: Number.NaN }, message: 'seed: expected an integer' },
    { options: { ...good, stoppedVms: 3 }, message: 'stoppedVms: expected an integer from 0 to 2, got 3' },
    { options: { ...good, hosts: 0 }, message: 'hosts: expected an integer from 1 to 10000, got 0' },
  ];
  for (const { options, message } of cases) {
    it(`refuses ${JSON.stringify(options)}`, () => {
      expect(() => generatedWorld(options))
        .to.throw(SchedulingError, message)
        .with.property('code', 'INVALID_ARGUMENT');
    });
  }
});
