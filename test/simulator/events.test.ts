import { expect } from 'chai';
import { createEventLog, eventJson, MAX_EVENTS } from '../../src/simulator/events.js';

describe('createEventLog', () => {
  it(`keeps the newest ${MAX_EVENTS} of ${MAX_EVENTS * 2 + 1} events`, () => {
    const log = createEventLog({ now: () => 5 });
    for (let count = 0; count <= MAX_EVENTS * 2; count++) log.write('VM_DOWN', '');
    expect(log.after(0)).to.have.lengthOf(MAX_EVENTS);
    expect(log.after(MAX_EVENTS * 2 - 1).map(({ id }) => id)).to.deep.equal([
      MAX_EVENTS * 2 + 1,
      MAX_EVENTS * 2,
    ]);
    expect(log.after(MAX_EVENTS * 2 + 1)).to.deep.equal([]);
  });
});

describe('eventJson', () => {
  const vm = { id: 'v', name: 'web', clusterId: 'c1' };
  const host = { id: 'h', name: 'alpha', clusterId: 'c2' };
  const event = { name: 'VM_DOWN', description: '', id: 1, time: 5 } as const;
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

  const severities = { VM_DOWN: 'normal', VDS_MAINTENANCE: 'normal', VDS_FAILURE: 'error' } as const;
  for (const name of ['VM_DOWN', 'VDS_MAINTENANCE', 'VDS_FAILURE'] as const) {
    it(`calls ${name} ${severities[name]}`, () => {
      expect(eventJson({ ...event, name })['severity']).to.equal(severities[name]);
    });
  }
});
