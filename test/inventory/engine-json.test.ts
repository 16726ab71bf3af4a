import { expect } from 'chai';
import fc from 'fast-check';
import { MAX_NAME_LENGTH, MAX_VALUE_LENGTH, parseHost, parseVm } from '../../src/inventory/engine-json.js';

const ID = '882b9a7c-0000-4000-8000-00000000000a';
const HOST_ID = '72877001-6012-4921-bdd2-3ff17043083e';
const CLUSTER_ID = '1930506d-6012-4921-bdd2-3ff17043083e';

/** The longest text that is kept, and one that is longer. */
const LONGEST = 'x'.repeat(MAX_VALUE_LENGTH);
const TOO_LONG = `${LONGEST}x`;

describe('parseVm', () => {
  const plain = { id: ID, name: 'web', status: 'up' };
  const none = { type: undefined, version: undefined };
  const cases: readonly { readonly title: string; readonly more: object; readonly expected: object }[] = [
    { title: 'no more than its name', more: {}, expected: {} },
    { title: 'an upper-case id', more: { id: ID.toUpperCase() }, expected: {} },
    { title: 'a host', more: { host: { id: HOST_ID.toUpperCase() } }, expected: { hostId: HOST_ID } },
    {
      title: 'a cluster',
      more: { cluster: { id: CLUSTER_ID.toUpperCase(), href: '/c' } },
      expected: { clusterId: CLUSTER_ID },
    },
    ...[null, 'c', [], {}, { id: 'c' }, { id: 5 }].map((cluster) => ({
      title: `the cluster ${JSON.stringify(cluster)}, which is none`,
      more: { cluster },
      expected: {},
    })),
    { title: 'no status', more: { status: undefined }, expected: { status: undefined } },
    {
      title: 'null for everything absent',
      more: { status: null, host: null, os: null, guest_operating_system: null },
      expected: { status: undefined },
    },
    {
      title: 'a configured type',
      more: { os: { type: 'rhel_8x64', boot: {} } },
      expected: { os: { type: 'rhel_8x64', version: undefined } },
    },
    {
      title: 'a configured version in full',
      more: { os: { type: 'x', version: { full_version: '8.4', major: '8', minor: '5' } } },
      expected: { os: { type: 'x', version: '8.4' } },
    },
    {
      title: 'a configured version in parts, as strings',
      more: { os: { type: 'x', version: { major: '8', minor: '4' } } },
      expected: { os: { type: 'x', version: '8.4' } },
    },
    {
      title: 'a configured version in parts, as numbers',
      more: { os: { type: 'x', version: { major: 8, minor: 0 } } },
      expected: { os: { type: 'x', version: '8.0' } },
    },
    {
      title: 'a major version only',
      more: { os: { type: 'x', version: { major: '8' } } },
      expected: { os: { type: 'x', version: '8' } },
    },
    { title: 'an empty version', more: { os: { version: {} } }, expected: {} },
    {
      title: 'a guest report',
      more: { guest_operating_system: { distribution: 'CentOS Linux', version: { full_version: '7' } } },
      expected: { guest: { distribution: 'CentOS Linux', version: '7' } },
    },
    {
      title: 'a guest report without a version',
      more: { guest_operating_system: { distribution: 'CentOS Linux', family: 'Linux' } },
      expected: { guest: { distribution: 'CentOS Linux', version: undefined } },
    },
    {
      title: 'a guest report without a distribution',
      more: { guest_operating_system: { distribution: '', version: { full_version: '7' } } },
      expected: {},
    },
    ...[undefined, null, '', 5, {}, ['a']].map((name) => ({
      title: `the name ${JSON.stringify(name)}, in place of which stands its id`,
      more: { name },
      expected: { name: ID },
    })),
    {
      title: `a name of ${MAX_NAME_LENGTH} characters`,
      more: { name: 'n'.repeat(MAX_NAME_LENGTH) },
      expected: { name: 'n'.repeat(MAX_NAME_LENGTH) },
    },
    {
      title: `a name of ${MAX_NAME_LENGTH} + 1 characters, cut to ${MAX_NAME_LENGTH}`,
      more: { name: `${'n'.repeat(MAX_NAME_LENGTH)}x` },
      expected: { name: 'n'.repeat(MAX_NAME_LENGTH) },
    },
    {
      title: 'a name cut in the middle of a character',
      more: { name: `${'n'.repeat(MAX_NAME_LENGTH - 1)}\u{1f600}` },
      expected: { name: `${'n'.repeat(MAX_NAME_LENGTH - 1)}\ufffd` },
    },
    {
      title: `texts of ${MAX_VALUE_LENGTH} characters`,
      more: { status: LONGEST, os: { type: LONGEST }, guest_operating_system: { distribution: LONGEST } },
      expected: {
        status: LONGEST,
        os: { type: LONGEST, version: undefined },
        guest: { distribution: LONGEST, version: undefined },
      },
    },
    {
      title: `texts of ${MAX_VALUE_LENGTH} + 1 characters, which are unknown`,
      more: {
        status: TOO_LONG,
        os: { type: TOO_LONG, version: { full_version: TOO_LONG, major: '8' } },
        guest_operating_system: { distribution: TOO_LONG },
      },
      expected: { status: undefined, os: { type: undefined, version: '8' } },
    },
    { title: 'an operating system that is none', more: { os: 5 }, expected: {} },
    { title: 'a type of it that is no text', more: { os: { type: ['a'] } }, expected: {} },
    { title: 'a version of it that is none', more: { os: { version: { major: {} } } }, expected: {} },
    {
      title: 'a guest report with a version that is none',
      more: { guest_operating_system: { distribution: 'CentOS Linux', version: '7' } },
      expected: { guest: { distribution: 'CentOS Linux', version: undefined } },
    },
    { title: 'a status that is no text', more: { status: 5 }, expected: { status: undefined } },
  ];
  const anyway: typeof cases = [
    {
      title: 'memory of 1 GiB, as a string of bytes: 1,024 MiB',
      more: { memory: '1073741824' },
      expected: { memoryMiB: 1024 },
    },
    { title: 'memory as a number', more: { memory: 1_073_741_824 }, expected: { memoryMiB: 1024 } },
    { title: 'a byte more than 1 MiB: 2 MiB', more: { memory: '1048577' }, expected: { memoryMiB: 2 } },
    {
      title: 'the most that 63 bits hold: 2^43 MiB',
      more: { memory: '9223372036854775807' },
      expected: { memoryMiB: 2 ** 43 },
    },
    ...['0', 'much', '-1', '1e9', '', null, {}, Number.NaN].map((memory) => ({
      title: `memory of ${JSON.stringify(memory)}, which is unknown`,
      more: { memory },
      expected: {},
    })),
    {
      title: 'leave to migrate',
      more: { placement_policy: { affinity: 'migratable' } },
      expected: { migratable: true },
    },
    ...['user_migratable', 'pinned', 'MIGRATABLE', '', null, 5].map((affinity) => ({
      title: `the affinity ${JSON.stringify(affinity)}, with which the engine may not migrate it`,
      more: { placement_policy: { affinity } },
      expected: {},
    })),
    { title: 'a policy that is none', more: { placement_policy: 'migratable' }, expected: {} },
  ];
  for (const { title, more, expected } of [...cases, ...anyway]) {
    it(`reads a VM with ${title}`, () => {
      const unknown = {
        clusterId: undefined,
        hostId: undefined,
        os: none,
        guest: undefined,
        memoryMiB: undefined,
        migratable: false,
      };
      const whole = { ...plain, ...unknown, ...expected };
      expect(parseVm({ ...plain, ...more })).to.deep.equal({ record: whole });
    });
  }

  const odd: readonly (readonly [object | null | number, string])[] = [
    [{ ...plain, id: 'abc' }, 'vm "abc": id: expected a UUID'],
    [{ ...plain, id: 5 }, 'vm "web": id: expected a UUID'],
    [{ ...plain, id: ID + ID }, `vm "${ID}${ID.slice(0, 28)}": id: expected a UUID`],
    [{ ...plain, host: { id: 'h' } }, `vm "${ID}": host.id: expected a UUID`],
    [{ ...plain, host: {} }, `vm "${ID}": host.id: `],
    [{ ...plain, host: 5 }, `vm "${ID}": host.id: `],
    [{}, 'vm without id and name: id: '],
    [null, 'vm without id and name: '],
    [7, 'vm without id and name: '],
    [{ id: 'x'.repeat(1000) }, `vm "${'x'.repeat(64)}": id`],
  ];
  for (const [object, message] of odd) {
    it(`says what is odd about ${JSON.stringify(object).slice(0, 100)}`, () => {
      expect(parseVm(object).odd).to.include(message);
    });
  }
});

describe('parseVm and parseHost', () => {
  const value = fc.oneof(
    fc.constantFrom<unknown>(ID, 'up', '7.9', '', null, 5, {}, []),
    fc.jsonValue({ maxDepth: 3 }),
  );
  const version = fc.record({ full_version: value, major: value, minor: value }, { requiredKeys: [] });
  const part = fc.oneof(
    value,
    fc.record({ id: value, type: value, distribution: value, version: fc.oneof(version, value) }),
  );
  const object = fc.record({
    id: fc.oneof({ weight: 4, arbitrary: fc.constant(ID) }, value),
    name: fc.oneof({ weight: 4, arbitrary: fc.constant('web') }, value),
    status: fc.oneof({ weight: 4, arbitrary: fc.constant('up') }, value),
    cluster: part,
    host: part,
    os: part,
    guest_operating_system: part,
    memory: value,
    max_scheduling_memory: value,
    statistics: fc.oneof(value, fc.record({ statistic: fc.array(part) })),
    placement_policy: value,
  });

  it('take any object for a record, or say what is odd about it', () => {
    const outcomes = { records: 0, odd: 0 };
    fc.assert(
      fc.property(object, (object) => {
        for (const { record, odd } of [parseVm(object), parseHost(object)]) {
          outcomes[record === undefined ? 'odd' : 'records'] += 1;
          if (record !== undefined) expect(record).to.include({ id: ID });
          else expect(odd).to.match(/^(vm|host) .*: [a-z_.]+: expected /s);
        }
      }),
      { numRuns: 2000 },
    );
    expect(outcomes.records).to.be.above(100);
    expect(outcomes.odd).to.be.above(100);
  });
});

describe('parseHost', () => {
  it('reads id, name, cluster, status, memory and the number of VMs that are up, and nothing else', () => {
    const memory = { totalMiB: 7821, freeMiB: undefined, schedulableMiB: 5039 };
    expect(
      parseHost({
        id: HOST_ID.toUpperCase(),
        name: 'H2',
        cluster: { id: CLUSTER_ID, href: '/c' },
        status: 'up',
        memory: '8200912896',
        max_scheduling_memory: '5283774464',
        ksm: { enabled: 'false' },
        summary: { active: '2', migrating: '1', total: '4' },
      }),
    ).to.deep.equal({
      record: { id: HOST_ID, name: 'H2', clusterId: CLUSTER_ID, status: 'up', memory, upVms: 2 },
    });
  });

  for (const summary of [undefined, null, 'all', {}, { active: '-1' }, { active: 'many' }, { active: {} }]) {
    it(`does not know how many VMs are up from the summary ${JSON.stringify(summary)}`, () => {
      expect(parseHost({ id: HOST_ID, summary }).record?.upVms).to.equal(undefined);
    });
  }

  it('keeps a host whose memory is odd', () => {
    const odd = { memory: [], max_scheduling_memory: {}, statistics: 'none' };
    expect(parseHost({ id: HOST_ID, name: 'H2', status: 'up', ...odd }).record?.memory).to.deep.equal({
      totalMiB: undefined,
      freeMiB: undefined,
      schedulableMiB: undefined,
    });
  });

  for (const [title, members] of [
    ['no cluster', {}],
    ['null for its cluster', { cluster: null }],
    ['a cluster without an id', { cluster: {} }],
    ['a cluster whose id is no UUID', { cluster: { id: 'c' } }],
  ] as const) {
    it(`keeps a host with ${title}`, () => {
      const { record } = parseHost({ id: HOST_ID, name: 'H2', status: 'up', ...members });
      expect(record).to.include({ id: HOST_ID, clusterId: undefined });
    });
  }

  it('keeps a host without name and status', () => {
    const { record } = parseHost({ id: HOST_ID, name: [], status: 1 });
    expect(record).to.include({ id: HOST_ID, name: HOST_ID, status: 'unknown' });
  });

  it('cuts a long name', () => {
    const name = 'h'.repeat(MAX_NAME_LENGTH + 1);
    expect(parseHost({ id: HOST_ID, name, status: 'up' }).record?.name).to.equal('h'.repeat(MAX_NAME_LENGTH));
  });

  it('names the host and the field that is odd', () => {
    expect(parseHost({ id: 'H', name: 'H2', status: 'up' }).odd).to.equal('host "H": id: expected a UUID');
  });
});
