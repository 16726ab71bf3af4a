import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { SchedulingError } from '../../src/domain/errors.js';
import { hostJson, statisticsJson } from '../../src/simulator/host-json.js';
import { recordedWorld } from '../../src/simulator/recorded-world.js';
import { vmJson } from '../../src/simulator/vm-json.js';

const RECORDED = join(import.meta.dirname, '../fixtures/recorded');
const LANS = join(RECORDED, 'ovirt_lans_refresh_recording');

const folders: readonly { readonly folder: string; readonly vms: number; readonly running: number }[] = [
  { folder: 'ovirt_lans_refresh_recording', vms: 5, running: 4 },
  { folder: 'ovirt_sdk_refresh_recording_custom_attrs', vms: 3, running: 3 },
  { folder: 'refresher_multi_datacenter_network_recording', vms: 4, running: 1 },
];

function readJson(file: string): unknown {
  return JSON.parse(readFileSync(file, 'utf8'));
}

describe('recordedWorld', () => {
  for (const { folder, vms, running } of folders) {
    describe(folder, () => {
      const path = join(RECORDED, folder);

      it(`has 2 hosts and ${vms} VMs, ${running} of them running`, () => {
        const world = recordedWorld(path);
        expect([world.hosts.size, world.vms.size]).to.deep.equal([2, vms]);
        expect(world.vmsByName().filter(({ hostId }) => hostId !== undefined)).to.have.lengthOf(running);
      });

      it('gives each object as it was recorded', () => {
        const world = recordedWorld(path);
        const hosts = [...world.hosts.values()];
        expect({ vm: [...world.vms.values()].map(vmJson) }).to.deep.equal(readJson(join(path, 'vms.json')));
        expect({ host: hosts.map((host) => hostJson(host, world.loadOf(host.id))) }).to.deep.equal(
          readJson(join(path, 'hosts.json')),
        );
        for (const host of hosts) {
          const file = join(path, `hosts__${host.id}__statistics.json`);
          expect(statisticsJson(host, world.loadOf(host.id))).to.deep.equal(readJson(file));
        }
      });
    });
  }

  it('changes only what a stop and a start change: host, status, times, what the agent says', () => {
    const world = recordedWorld(LANS, { clock: { now: () => 42 } });
    const vm = world.vmsByName().find(({ name }) => name === 'cfme2');
    const host = world.hostsByName().find(({ status }) => status === 'up');
    if (vm === undefined || host === undefined) throw new Error('the recording lacks cfme2 or its host');
    const original = { ...vm.recorded };
    const now = () =>
      Object.fromEntries(
        Object.entries(vmJson(world.vms.get(vm.id) ?? vm)).filter(([, v]) => v !== undefined),
      );

    world.stopVm(vm.id);
    const gone = new Set(['host', 'start_time', 'guest_operating_system', 'guest_time_zone', 'fqdn']);
    const rest = Object.fromEntries(Object.entries(original).filter(([member]) => !gone.has(member)));
    expect(now()).to.deep.equal({ ...rest, status: 'down', stop_time: 42 });
    expect(hostJson(host, world.loadOf(host.id))).to.have.nested.property('summary.active', '3');

    world.startVm(vm.id, host.id);
    expect(now()).to.deep.equal(original);
  });

  it('shows a start on a host in a VM that was recorded stopped', () => {
    const world = recordedWorld(LANS, { clock: { now: () => 42 } });
    const vm = world.vmsByName().find(({ hostId }) => hostId === undefined);
    const host = world.hostsByName().find(({ status }) => status === 'up');
    if (vm === undefined || host === undefined) throw new Error('the recording lacks a stopped VM or a host');
    world.startVm(vm.id, host.id);
    expect(vmJson(world.vms.get(vm.id) ?? vm)).to.deep.include({
      status: 'up',
      start_time: 42,
      host: { href: `/ovirt-engine/api/hosts/${host.id}`, id: host.id },
    });
  });

  it('shows what was updated, and nothing else changed', () => {
    const world = recordedWorld(LANS);
    const [vm, host] = [world.vmsByName()[0], world.hostsByName()[0]];
    if (vm === undefined || host === undefined) throw new Error('the recording lacks a VM or a host');
    const [vmBefore, hostBefore] = [vmJson(vm), hostJson(host, world.loadOf(host.id))];
    world.updateVm(vm.id, { name: 'other', memory: 7, osType: 'rhel_9x64' });
    world.updateHost(host.id, { name: 'else' });
    const { os, ...updated } = vmJson(world.vms.get(vm.id) ?? vm);
    const { os: osBefore, ...before } = vmBefore;
    expect(updated).to.deep.equal({ ...before, name: 'other', memory: '7' });
    expect(os).to.deep.equal(Object.assign({}, osBefore, { type: 'rhel_9x64' }));
    expect(hostJson(world.hosts.get(host.id) ?? host, world.loadOf(host.id))).to.deep.equal({
      ...hostBefore,
      name: 'else',
    });
  });

  it('has two hosts in clusters of their own: a VM that migrates from one to the other is of the other cluster', () => {
    const world = recordedWorld(join(RECORDED, 'refresher_multi_datacenter_network_recording'));
    const [h1, h2] = world.hostsByName();
    const vm = world.vmsByName().find(({ hostId }) => hostId === h2?.id);
    if (h1 === undefined || h2 === undefined || vm === undefined) throw new Error('the recording lacks one');
    expect(h1.clusterId).not.to.equal(h2.clusterId);
    expect(vm.clusterId).to.equal(h2.clusterId);
    world.setHostStatus(h1.id, 'up');
    world.migrateVm(vm.id, h1.id);
    expect(vmJson(world.vms.get(vm.id) ?? vm)['cluster']).to.deep.equal(
      hostJson(h1, world.loadOf(h1.id))['cluster'],
    );
  });

  describe('with files that are not as they should be', () => {
    let folder = '';
    beforeEach(() => {
      folder = mkdtempSync(join(tmpdir(), 'hostscore-recorded-'));
      cpSync(LANS, folder, { recursive: true });
    });
    afterEach(() => rmSync(folder, { recursive: true }));

    const id = '9be35c00-6523-4c2f-89d2-680a6b6da4c0';
    const cases: readonly { readonly file: string; readonly content: string; readonly message: RegExp }[] = [
      { file: 'vms.json', content: 'x', message: /vms\.json: can't be read as JSON/ },
      { file: 'vms.json', content: '[]', message: /vms\.json: .*expected object/i },
      {
        file: 'vms.json',
        content: '{"vm":[{"id":"abc"}]}',
        message: /vms\.json: vm\[0\]\.id: .*; vm\[0\]\.name: /,
      },
      {
        file: 'hosts.json',
        content: `{"host":[{"id":"${id}","name":"h","status":"up","memory":5}]}`,
        message: /hosts\.json: host\[0\]\.memory: /,
      },
      { file: `hosts__${id}__statistics.json`, content: '7', message: /statistics\.json: / },
    ];
    for (const { file, content, message } of cases) {
      it(`names the file and the field: ${file} being ${content}`, () => {
        writeFileSync(join(folder, file), content);
        expect(() => recordedWorld(folder))
          .to.throw(SchedulingError, message)
          .with.property('code', 'INVALID_ARGUMENT');
      });
    }

    it('says that a file is missing', () => {
      rmSync(join(folder, 'hosts.json'));
      expect(() => recordedWorld(folder)).to.throw(SchedulingError, /hosts\.json: .*ENOENT/);
    });

    it('takes empty collections', () => {
      writeFileSync(join(folder, 'vms.json'), '{}');
      writeFileSync(join(folder, 'hosts.json'), '{}');
      expect(recordedWorld(folder).vms.size).to.equal(0);
    });
  });
});
