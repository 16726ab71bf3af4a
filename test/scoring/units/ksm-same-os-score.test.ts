import { expect } from 'chai';
import fc from 'fast-check';
import { ksmSameOsScore } from '../../../src/scoring/units/ksm-same-os-score.js';
import { OS_IDENTITIES, type GuestOs } from '../../../src/domain/os-identity.js';
import type { Host, Snapshot, Vm } from '../../../src/domain/snapshot.js';
import { host, hostId, snapshotOf, vm, vmId } from '../../support/world.js';

type Os = readonly [type: string | undefined, version?: string | undefined, guest?: GuestOs];

function scorerOf(snapshot: Snapshot, scheduled: Vm, properties: Readonly<Record<string, string>> = {}) {
  return ksmSameOsScore.prepare({
    snapshot,
    vm: snapshot.vm(scheduled.id) ?? scheduled,
    hosts: snapshot.hosts,
    properties: new Map(Object.entries(properties)),
  });
}

function only(snapshot: Snapshot): Host {
  const [first] = snapshot.hosts;
  if (first === undefined) throw new Error('the test has no host');
  return first;
}

const centos7: GuestOs = { distribution: 'CentOS Linux', version: '7' };
const centos8: GuestOs = { distribution: 'CentOS Linux', version: '8' };

describe('ksm_same_os_score', () => {
  const cases: readonly {
    readonly title: string;
    readonly scheduled: Os;
    readonly running: readonly Os[];
    readonly properties?: Readonly<Record<string, string>>;
    readonly score: number;
  }[] = [
    {
      title: '2 equal + 1 same type of 4: (2 x 100 + 1 x 20) / 4 = 55',
      scheduled: ['rhel', '8'],
      running: [
        ['rhel', '8'],
        ['rhel', '8'],
        ['rhel', '9'],
        ['debian', '8'],
      ],
      score: 55,
    },
    {
      title: '1 same type of 3: 20 / 3 = 6.67 -> 6',
      scheduled: ['rhel', '8'],
      running: [
        ['rhel', '9'],
        ['debian', '8'],
        ['sles', '8'],
      ],
      score: 6,
    },
    {
      title: '3 equal of 3: 300 / 3 = 100',
      scheduled: ['rhel', '8'],
      running: [
        ['rhel', '8'],
        ['rhel', '8'],
        ['rhel', '8'],
      ],
      score: 100,
    },
    { title: 'no VMs -> 0', scheduled: ['rhel', '8'], running: [], score: 0 },
    {
      title: 'nothing in common: 0 / 2 = 0',
      scheduled: ['rhel', '8'],
      running: [
        ['debian', '8'],
        ['sles', '8'],
      ],
      score: 0,
    },
    {
      title: 'both versions absent are equal: 100 / 1',
      scheduled: ['rhel_8x64'],
      running: [['rhel_8x64']],
      score: 100,
    },
    {
      title: 'one version absent is different: 20 / 1',
      scheduled: ['rhel'],
      running: [['rhel', '8']],
      score: 20,
    },
    {
      title: 'the other version absent is different: 20 / 1',
      scheduled: ['rhel', '8'],
      running: [['rhel']],
      score: 20,
    },
    {
      title: 'types compare exactly, case included: 0 / 1',
      scheduled: ['rhel'],
      running: [['RHEL']],
      score: 0,
    },
    {
      title: 'both types absent are equal, as in the reference: 100 / 2 = 50',
      scheduled: [undefined],
      running: [[undefined], ['rhel']],
      score: 50,
    },
    {
      title: 'configured by default: rhel_8x64 and rhel_9x64 have nothing in common',
      scheduled: ['rhel_8x64'],
      running: [['rhel_9x64']],
      score: 0,
    },
    {
      title: 'family: 1 equal + 1 same type of 3: 120 / 3 = 40',
      scheduled: ['rhel_8x64'],
      running: [['rhel_8_ppc64'], ['rhel_9x64'], ['windows_2022']],
      properties: { os_identity: 'family' },
      score: 40,
    },
    {
      title: 'guest: reported CentOS 7 against 7 and 8 and a VM without a report: 120 / 3 = 40',
      scheduled: ['other', undefined, centos7],
      running: [['other', undefined, centos7], ['other', undefined, centos8], ['other']],
      properties: { os_identity: 'guest' },
      score: 40,
    },
    {
      title: 'guest without reports is family: 20 / 1',
      scheduled: ['rhel_8x64'],
      running: [['rhel_9x64']],
      properties: { os_identity: 'guest' },
      score: 20,
    },
  ];
  for (const { title, scheduled, running, properties, score } of cases) {
    it(title, () => {
      const build = (n: number, [type, version, guest]: Os, on?: number) =>
        vm(n, type, {
          ...(on === undefined ? {} : { on }),
          ...(version === undefined ? {} : { version }),
          ...(guest === undefined ? {} : { guest }),
        });
      const snapshot = snapshotOf(
        [host(1)],
        running.map((os, index) => build(index + 1, os, 1)),
      );
      expect(scorerOf(snapshot, build(90, scheduled), properties).score(only(snapshot))).to.equal(score);
    });
  }

  describe('count_self', () => {
    const snapshot = snapshotOf(
      [host(1), host(2)],
      [vm(1, 'rhel_8x64', { on: 1 }), vm(2, 'debian_9', { on: 1 }), vm(3, 'rhel_8x64', { on: 2 })],
    );
    const table: readonly (readonly [
      title: string,
      scheduled: number,
      on: number,
      countSelf: string,
      score: number,
    ])[] = [
      ['true counts it on its own host: 100 / 2 = 50', 1, 1, 'true', 50],
      ['false leaves it out on its own host: 0 / 1 = 0', 1, 1, 'false', 0],
      ['false changes no other host: 100 / 1 = 100', 1, 2, 'false', 100],
      ['false on a host with nothing else: 0', 3, 2, 'false', 0],
    ];
    for (const [title, scheduled, on, countSelf, score] of table) {
      it(title, () => {
        const target = snapshot.host(hostId(on));
        const self = snapshot.vm(vmId(scheduled));
        if (target === undefined || self === undefined) throw new Error('the test lacks its world');
        expect(scorerOf(snapshot, self, { count_self: countSelf }).score(target)).to.equal(score);
      });
    }
  });

  it('explains in words and numbers which OS it compared', () => {
    const snapshot = snapshotOf([host(1)], [vm(1, 'rhel_8x64', { on: 1 }), vm(2, 'rhel_9x64', { on: 1 })]);
    expect(
      scorerOf(snapshot, vm(9, 'rhel_8x64'), { os_identity: 'family' }).explain(only(snapshot)),
    ).to.equal(
      '2 VMs run here: 1 with the same OS (rhel 8) and 1 with its type only: (100 x 1 + 20 x 1) / 2 = 60',
    );
  });

  it('explains an empty host', () => {
    const snapshot = snapshotOf([host(1)], [vm(1, 'rhel_8x64', { on: 1 })]);
    const self = vm(1, 'rhel_8x64', { on: 1 });
    expect(scorerOf(snapshot, self, { count_self: 'false' }).explain(only(snapshot))).to.equal(
      'no VMs run here besides this one, so nothing can be shared',
    );
  });

  for (const [name, value] of [
    ['os_identity', 'Guest'],
    ['os_identity', ''],
    ['count_self', 'True'],
    ['count_self', 'yes'],
  ] as const) {
    it(`refuses ${name}=${JSON.stringify(value)}, naming property, value and pattern`, () => {
      const snapshot = snapshotOf([host(1)], []);
      expect(() => scorerOf(snapshot, vm(1, 'rhel'), { [name]: value })).to.throw(
        new RegExp(`^property ${name}: got ${JSON.stringify(value)}, expected a value that matches \\w+\\|`),
      );
    });
  }

  it('equals the plain definition in random worlds, under every identity', () => {
    const types = fc.constantFrom(
      'rhel_8x64',
      'rhel_9x64',
      'rhel_8_ppc64',
      'windows_2022',
      'centos_9',
      undefined,
    );
    const guests = fc.option(
      fc.record({
        distribution: fc.constantFrom('rhel', 'CentOS Linux'),
        version: fc.constantFrom('7', '8', undefined),
      }),
      { nil: undefined },
    );
    const oses = fc.tuple(types, fc.constantFrom('8', '9', undefined), guests);
    const world = fc.array(fc.tuple(oses, fc.integer({ min: 1, max: 4 })), { maxLength: 40 });
    const identities = fc.constantFrom(...OS_IDENTITIES);

    fc.assert(
      fc.property(
        world,
        oses,
        identities,
        fc.boolean(),
        fc.boolean(),
        (running, scheduledOs, identity, countSelf, isRunning) => {
          const build = (n: number, [type, version, guest]: typeof scheduledOs, on?: number) =>
            vm(n, type, {
              ...(on === undefined ? {} : { on }),
              ...(version === undefined ? {} : { version }),
              ...(guest === undefined ? {} : { guest }),
            });
          const vms = running.map(([os, on], index) => build(index + 1, os, on));
          const snapshot = snapshotOf([host(1), host(2), host(3)], vms);
          const scheduled = (isRunning ? vms[0] : undefined) ?? build(90, scheduledOs);
          const scorer = scorerOf(snapshot, scheduled, {
            os_identity: identity,
            count_self: String(countSelf),
          });
          for (const target of snapshot.hosts) {
            const counted = vms.filter(
              (vm) => vm.hostId === target.id && (countSelf || vm.id !== scheduled.id),
            );
            let sum = 0;
            for (const vm of counted) {
              if (vm.os[identity].type !== scheduled.os[identity].type) continue;
              sum += vm.os[identity].version === scheduled.os[identity].version ? 100 : 20;
            }
            expect(scorer.score(target)).to.equal(
              counted.length === 0 ? 0 : Math.floor(sum / counted.length),
            );
          }
        },
      ),
      { numRuns: 500 },
    );
  });
});
