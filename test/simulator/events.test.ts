import { expect } from 'chai';
import {
  createEventLog,
  eventJson,
  findEvents,
  MAX_EVENTS,
  statusEvents,
  type EventName,
} from '../../src/simulator/events.js';

describe('createEventLog', () => {
  it(`keeps the newest ${MAX_EVENTS} of ${MAX_EVENTS * 2 + 1} events`, () => {
    const log = createEventLog({ now: () => 5 });
    for (let count = 0; count <= MAX_EVENTS * 2; count++) log.write('VM_DOWN');
    expect(log.after(0)).to.have.lengthOf(MAX_EVENTS);
    expect(log.after(MAX_EVENTS * 2 - 1).map(({ id }) => id)).to.deep.equal([
      MAX_EVENTS * 2 + 1,
      MAX_EVENTS * 2,
    ]);
    expect(log.after(MAX_EVENTS * 2 + 1)).to.deep.equal([]);
    expect(log.after(0).at(-1)?.id).to.equal(MAX_EVENTS + 2);
  });

  it('forgets what came after a backup, and gives the same ids again: 1, 2, 3, back to 1, then 2', () => {
    const log = createEventLog({ now: () => 5 });
    for (const name of ['VM_DOWN', 'VM_DOWN', 'VM_DOWN'] as const) log.write(name);
    log.restore(1);
    log.write('VM_PAUSED');
    expect(log.after(0).map(({ id, name }) => [id, name])).to.deep.equal([
      [2, 'VM_PAUSED'],
      [1, 'VM_DOWN'],
    ]);
  });
});

describe('findEvents', () => {
  const names: readonly EventName[] = ['VM_DOWN', 'USER_RUN_VM', 'VM_MIGRATION_DONE', 'VM_DOWN'];
  // Newest first: ids 4 to 1; 2 and 3 are of the same millisecond.
  const events = names
    .map((name, index) => ({ name, id: index + 1, time: index === 2 ? 101 : 100 + index }))
    .reverse();
  const cases: readonly {
    readonly search: string;
    readonly max?: number;
    readonly ids: readonly number[];
  }[] = [
    { search: '', ids: [4, 3, 2, 1] },
    { search: '', max: 0, ids: [] },
    { search: '', max: 3, ids: [4, 3, 2] },
    { search: 'type=61', ids: [4, 1] },
    { search: 'type=61', max: 1, ids: [4] },
    { search: 'type=32 or type=63', ids: [3, 2] },
    { search: ' TYPE = 32  OR type=99999 ', ids: [2] },
    { search: 'type=5', ids: [] },
    { search: 'sortby time asc', ids: [1, 3, 2, 4] },
    { search: 'sortby time desc', ids: [4, 3, 2, 1] },
    { search: 'type=61 or type=32 sortby time asc', max: 2, ids: [1, 2] },
    { search: 'page 2', max: 3, ids: [1] },
    { search: 'page 1', max: 3, ids: [4, 3, 2] },
    { search: 'page 2', ids: [] },
    { search: 'type=61 page 2', max: 1, ids: [1] },
    { search: 'type=61 or', ids: [] },
    { search: 'type=61 and type=32', ids: [] },
    { search: 'sortby time', ids: [] },
    { search: 'sortby id asc', ids: [] },
    { search: 'nonsense', ids: [] },
  ];
  for (const { search, max, ids } of cases) {
    it(`finds ${ids.join(', ') || 'nothing'} for ${JSON.stringify(search)}, at most ${max ?? 'all'}`, () => {
      expect(findEvents(events, search, max).map(({ id }) => id)).to.deep.equal(ids);
    });
  }
});

describe('statusEvents', () => {
  const cases: readonly {
    readonly from: string;
    readonly to: string;
    readonly names: readonly EventName[];
  }[] = [
    { from: 'up', to: 'up', names: [] },
    { from: 'up', to: 'preparing_for_maintenance', names: ['USER_VDS_MAINTENANCE_WITHOUT_REASON'] },
    { from: 'preparing_for_maintenance', to: 'maintenance', names: ['VDS_MAINTENANCE'] },
    { from: 'up', to: 'maintenance', names: ['USER_VDS_MAINTENANCE_WITHOUT_REASON', 'VDS_MAINTENANCE'] },
    { from: 'maintenance', to: 'up', names: ['VDS_ACTIVATE', 'VDS_DETECTED'] },
    { from: 'non_responsive', to: 'up', names: ['VDS_DETECTED'] },
    { from: 'up', to: 'connecting', names: ['VDS_HOST_NOT_RESPONDING_CONNECTING'] },
    { from: 'connecting', to: 'non_responsive', names: ['VDS_FAILURE'] },
    { from: 'up', to: 'non_operational', names: ['VDS_SET_NONOPERATIONAL'] },
    { from: 'up', to: 'reboot', names: [] },
  ];
  for (const { from, to, names } of cases) {
    it(`writes ${names.join(', ') || 'nothing'} from ${from} to ${to}`, () => {
      expect(statusEvents(from, to)).to.deep.equal(names);
    });
  }
});

describe('eventJson', () => {
  const vm = { id: 'v', name: 'web', clusterId: 'c1' };
  const host = { id: 'h', name: 'alpha', clusterId: 'c2' };
  const event = { name: 'VM_DOWN', id: 1, time: 5 } as const;
  const cases = [
    {
      title: 'of its VM',
      subjects: { vm, host },
      cluster: { href: '/ovirt-engine/api/clusters/c1', id: 'c1' },
    },
    {
      title: 'of its host',
      subjects: { host },
      cluster: { href: '/ovirt-engine/api/clusters/c2', id: 'c2' },
    },
    { title: 'of neither', subjects: {}, cluster: undefined },
  ];
  for (const { title, subjects, cluster } of cases) {
    it(`names the cluster ${title}`, () => {
      expect(eventJson({ ...event, ...subjects })['cluster']).to.deep.equal(cluster);
    });
  }

  it('names in its text what it is about, and says so where a host is gone', () => {
    const target = { id: 'i', name: 'beta', clusterId: 'c2' };
    const texts = [
      eventJson({ ...event, name: 'VM_MIGRATION_START', vm, host, target }),
      eventJson({ ...event, name: 'USER_STOP_VM', vm }),
    ].map(({ description }) => description);
    expect(texts).to.deep.equal([
      'Migration started (VM: web, Source: alpha, Destination: beta, User: admin@internal).',
      'VM web powered off by admin@internal (Host: <UNKNOWN>).',
    ]);
  });

  const severities = { VM_DOWN: 'normal', VDS_SET_NONOPERATIONAL: 'normal', VDS_FAILURE: 'error' } as const;
  for (const name of ['VM_DOWN', 'VDS_SET_NONOPERATIONAL', 'VDS_FAILURE'] as const) {
    it(`calls ${name} ${severities[name]}`, () => {
      expect(eventJson({ ...event, name })['severity']).to.equal(severities[name]);
    });
  }
});
