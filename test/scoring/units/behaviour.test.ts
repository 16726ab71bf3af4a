import { expect } from 'chai';
import { SchedulingError } from '../../../src/domain/errors.js';
import { createScoringService } from '../../../src/scoring/service.js';
import { units } from '../../../src/scoring/units/index.js';
import type { Unit } from '../../../src/scoring/unit.js';
import { call } from '../../support/call.js';
import { memoryLog } from '../../support/log.js';
import { hostId, inventoryOf, SNAPSHOT_TIME, vm, vmId } from '../../support/world.js';
import { cluster, many, migrationText, numberOf, type TestHost } from './cluster.js';

/** What every unit makes of one situation, in the order of `units`. */
interface Situation {
  readonly title: string;
  readonly hosts: readonly TestHost[];
  /** Numbers of the hosts asked for; all that there are by default. */
  readonly asked?: readonly number[];
  readonly properties?: Readonly<Record<string, string>>;
  readonly expected: {
    /** Score by score. */
    readonly ksm_same_os_score: string;
    readonly even_vm_distribution: string;
    /** Accepted host by host. */
    readonly accept_all_hosts: string;
    readonly max_vms: string;
    /** As `VM 1 -> 2, 3`. */
    readonly vm_balance: string;
    readonly host_memory_balance: string;
  };
}

const SCHEDULED = vm(0xfff, 'other');

const defaults = {
  title: '',
  hosts: [{ vms: many(100), freeMiB: 499 }, { vms: [] }],
  expected: {
    ksm_same_os_score: '100, 0',
    even_vm_distribution: '100, 0',
    accept_all_hosts: '1, 2',
    max_vms: '2',
    vm_balance: 'VM 1 -> 2',
    host_memory_balance: 'VM 1 -> 2',
  },
} as const;

const failure = (property: string, value: string, pattern: string) =>
  `INVALID_ARGUMENT: property ${property}: got ${JSON.stringify(value)}, expected a value that matches ${pattern}`;

function bad(
  property: string,
  pattern: string,
  values: readonly string[],
  of: readonly (keyof Situation['expected'])[],
) {
  return values.map((value): Situation => {
    const failures = Object.fromEntries(of.map((unit) => [unit, failure(property, value, pattern)]));
    return {
      ...defaults,
      title: `${property}=${JSON.stringify(value)}`,
      properties: { [property]: value },
      expected: { ...defaults.expected, ...failures },
    };
  });
}

const situations: readonly Situation[] = [
  {
    title: 'an empty cluster',
    hosts: [],
    expected: {
      ksm_same_os_score: '',
      even_vm_distribution: '',
      accept_all_hosts: '',
      max_vms: '',
      vm_balance: 'nothing',
      host_memory_balance: 'nothing',
    },
  },
  {
    title: 'hosts, none of them asked for',
    hosts: defaults.hosts,
    asked: [],
    expected: {
      ksm_same_os_score: '',
      even_vm_distribution: '',
      accept_all_hosts: '',
      max_vms: '',
      vm_balance: 'nothing',
      host_memory_balance: 'nothing',
    },
  },
  {
    title: 'one host, full and short of memory: where to?',
    hosts: defaults.hosts,
    asked: [1],
    expected: {
      ksm_same_os_score: '100',
      even_vm_distribution: '100',
      accept_all_hosts: '1',
      max_vms: '',
      vm_balance: 'nothing',
      host_memory_balance: 'nothing',
    },
  },
  {
    title: 'an unknown host: no score, filters let it pass, nothing moves there',
    hosts: defaults.hosts,
    asked: [9, 1, 2],
    expected: { ...defaults.expected, accept_all_hosts: '9, 1, 2', max_vms: '9, 2' },
  },
  {
    title: 'only unknown hosts',
    hosts: defaults.hosts,
    asked: [8, 9],
    expected: {
      ksm_same_os_score: '',
      even_vm_distribution: '',
      accept_all_hosts: '8, 9',
      max_vms: '8, 9',
      vm_balance: 'nothing',
      host_memory_balance: 'nothing',
    },
  },
  {
    title: 'all equal, with room',
    hosts: [{ vms: many(2) }, { vms: many(2) }, { vms: many(2) }],
    expected: {
      ksm_same_os_score: '100, 100, 100',
      even_vm_distribution: '2, 2, 2',
      accept_all_hosts: '1, 2, 3',
      max_vms: '1, 2, 3',
      vm_balance: 'nothing',
      host_memory_balance: 'nothing',
    },
  },
  {
    title: 'all equal, full and short of memory',
    hosts: [
      { vms: many(2), freeMiB: 10 },
      { vms: many(2), freeMiB: 10 },
    ],
    properties: { maximum_vm_count: '2' },
    expected: {
      ksm_same_os_score: '100, 100',
      even_vm_distribution: '2, 2',
      accept_all_hosts: '1, 2',
      max_vms: '',
      vm_balance: 'nothing',
      host_memory_balance: 'nothing',
    },
  },
  {
    title: 'all empty',
    hosts: [{ vms: [] }, { vms: [] }],
    expected: {
      ksm_same_os_score: '0, 0',
      even_vm_distribution: '0, 0',
      accept_all_hosts: '1, 2',
      max_vms: '1, 2',
      vm_balance: 'nothing',
      host_memory_balance: 'nothing',
    },
  },
  { ...defaults, title: 'properties missing, at their defaults: 100 VMs are too many, 499 MiB too little' },
  {
    title: 'properties missing, within their defaults: 99 VMs and 500 MiB are well',
    hosts: [{ vms: many(99), freeMiB: 500 }, { vms: [] }],
    expected: {
      ...defaults.expected,
      even_vm_distribution: '99, 0',
      max_vms: '1, 2',
      vm_balance: 'nothing',
      host_memory_balance: 'nothing',
    },
  },
  {
    ...defaults,
    title: 'properties of other units only',
    properties: { made_up: 'x', MAXIMUM_VM_COUNT: 'y' },
  },
  {
    title: 'properties at their least: 1 VM is too many, so that there is nowhere to go; 0 MiB are enough',
    hosts: [{ vms: [1024], freeMiB: 0 }, { vms: [] }],
    properties: { maximum_vm_count: '1', minimum_host_memoryMB: '0' },
    expected: {
      ...defaults.expected,
      even_vm_distribution: '1, 0',
      vm_balance: 'nothing',
      host_memory_balance: 'nothing',
    },
  },
  {
    title: 'properties at their most: no host is full, and all are short of memory',
    hosts: defaults.hosts,
    properties: { maximum_vm_count: '99999', minimum_host_memoryMB: '99999999' },
    expected: {
      ...defaults.expected,
      max_vms: '1, 2',
      vm_balance: 'nothing',
      host_memory_balance: 'nothing',
    },
  },
  ...['True', 'true', 'False', 'false'].map((value): Situation => ({
    ...defaults,
    title: `safe_selection=${value}, among equal VMs`,
    properties: { safe_selection: value },
  })),
  ...bad(
    'maximum_vm_count',
    '[1-9][0-9]{0,4}',
    ['-1', '+5', '1.5', '1e3', ' 5', '5 ', '5\n', 'many', '٣'],
    ['max_vms', 'vm_balance'],
  ),
  ...bad(
    'minimum_host_memoryMB',
    '0|[1-9][0-9]{0,7}',
    ['-1', '0.5', '500MB', 'x'.repeat(50)],
    ['host_memory_balance'],
  ),
  ...bad(
    'safe_selection',
    'True|False|true|false',
    ['', 'TRUE', 'yes', '1', 'True '],
    ['host_memory_balance'],
  ),
];

describe('every unit', () => {
  const unitNames = units.map(({ name }) => name);

  for (const { title, hosts, expected, ...situation } of situations) {
    describe(title, () => {
      it('has an expectation for each unit', () => {
        expect(Object.keys(expected)).to.deep.equal(unitNames);
      });

      for (const unit of units) {
        const [, wanted] = Object.entries(expected).find(([name]) => name === unit.name) ?? [];
        it(`${unit.name}: ${wanted}`, async () => {
          const asked = situation.asked ?? hosts.map((_, index) => index + 1);
          const properties = new Map(Object.entries(situation.properties ?? {}));
          expect(await outcome(unit, hosts, asked.map(hostId), properties)).to.equal(wanted);
        });
      }
    });
  }
});

/** What one unit answers, through the service, in words. */
async function outcome(
  unit: Unit,
  hosts: readonly TestHost[],
  hostIds: readonly string[],
  properties: ReadonlyMap<string, string>,
): Promise<string> {
  const inventory = inventoryOf(cluster(hosts), { stopped: [SCHEDULED] });
  const clock = { now: () => SNAPSHOT_TIME };
  const service = createScoringService({ units, inventory, log: memoryLog(), clock });
  const request = { vmId: vmId(0xfff), hosts: hostIds, properties };
  const { name, type } = unit;
  if (type === 'BALANCE') {
    const answer = service.balanceHosts({ unit: name, hostIds, properties }, call());
    return answer.then(
      ({ migration }) => migrationText(migration),
      (thrown: unknown) => {
        const { code, message } = SchedulingError.from(thrown);
        return `${code}: ${message.replace(`unit ${name}: `, '')}`;
      },
    );
  }
  if (type === 'FILTER') {
    const { unitResults } = await service.filterHosts({ ...request, units: [name] }, call());
    return textOf(unitResults[0], (ids) => ids.map(numberOf));
  }
  const { unitResults } = await service.scoreHosts(
    { ...request, units: [{ name, weight: 1 }], assumedPlacements: [], explain: true },
    call(),
  );
  return textOf(unitResults[0], (scores) => scores);
}

function textOf<Value>(
  result:
    | { readonly value?: Value; readonly failure?: { readonly code: string; readonly message: string } }
    | undefined,
  numbers: (value: Value) => readonly number[],
): string {
  if (result?.value !== undefined) return numbers(result.value).join(', ');
  return `${result?.failure?.code}: ${result?.failure?.message}`;
}
