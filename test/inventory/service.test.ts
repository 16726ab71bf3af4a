import { expect } from 'chai';
import type { ListVmsRequest } from '../../src/domain/inventory.js';
import { SchedulingError } from '../../src/domain/errors.js';
import { createReservations } from '../../src/inventory/reservations.js';
import { createInventoryService } from '../../src/inventory/service.js';
import { call } from '../support/call.js';
import { expectRejection } from '../support/rejection.js';
import {
  clusterId,
  host,
  hostId,
  inventoryOf,
  SNAPSHOT_TIME,
  snapshotOf,
  vm,
  vmId,
} from '../support/world.js';

const elsewhere = { clusterId: clusterId(2) };
const nowhere = { clusterId: undefined };

/** Hosts 1 and 2 in cluster 1, 3 in cluster 2, 4 in none; VMs 1 to 3 on host 1, 4 on host 3, 5 on host 4; 6 and 7 are stopped. */
const snapshot = snapshotOf(
  [
    { ...host(1), name: 'Alpha' },
    { ...host(2, 'maintenance'), name: 'beta' },
    { ...host(3), ...elsewhere, name: 'alphabet' },
    { ...host(4), ...nowhere, name: 'gamma' },
  ],
  [
    vm(2, 'rhel_9x64', { on: 1 }),
    { ...vm(1, 'rhel_8x64', { on: 1 }), name: 'web' },
    vm(3, undefined, { on: 1, status: undefined }),
    { ...vm(4, 'rhel_9x64', { on: 3, ...elsewhere }), name: 'web' },
    vm(5, 'other', { on: 4, ...nowhere }),
  ],
);
const stopped = [
  vm(6, 'rhel_9x64', { status: 'down', ...elsewhere }),
  vm(7, 'other', { status: 'down', ...nowhere }),
];

const reservations = createReservations({
  clock: { now: () => SNAPSHOT_TIME },
  steady: { now: () => 0 },
  onPredictionEnd: () => undefined,
});

describe('createInventoryService', () => {
  const inventory = inventoryOf(snapshot, { stopped });
  const service = createInventoryService({
    ...{ inventory, reservations },
    clock: { now: () => SNAPSHOT_TIME + 1234 },
  });

  describe('listHosts', () => {
    const numbers = async (request: Parameters<typeof service.listHosts>[0]) => {
      const { hosts, snapshotTime } = await service.listHosts(request, call());
      expect(snapshotTime).to.equal(SNAPSHOT_TIME);
      return hosts.map(({ id }) => [1, 2, 3, 4].find((n) => hostId(n) === id));
    };

    it('tells of each host what a caller needs to choose', async () => {
      const { hosts } = await service.listHosts({}, call());
      const { memory } = host(1);
      expect(hosts).to.deep.equal([
        { id: hostId(1), name: 'Alpha', status: 'up', clusterId: clusterId(1), runningVms: 3, memory },
        { id: hostId(3), name: 'alphabet', status: 'up', clusterId: clusterId(2), runningVms: 1, memory },
        {
          id: hostId(2),
          name: 'beta',
          status: 'maintenance',
          clusterId: clusterId(1),
          runningVms: 0,
          memory,
        },
        { id: hostId(4), name: 'gamma', status: 'up', runningVms: 1, memory },
      ]);
    });

    const cases: readonly (readonly [string, Parameters<typeof service.listHosts>[0], number[]])[] = [
      ['all of them', {}, [1, 3, 2, 4]],
      ['those of a cluster', { clusterId: clusterId(1) }, [1, 2]],
      ['none of a cluster that nobody has', { clusterId: clusterId(9) }, []],
      ['one name, in either case', { name: 'ALPHA' }, [1]],
      ['no part of a name', { name: 'alph' }, []],
      ['a pattern that ends in *', { name: 'alph*' }, [1, 3]],
      ['a pattern that begins with *', { name: '*A' }, [1, 2, 4]],
      ['a pattern with * in its middle', { name: 'a*t' }, [3]],
      ['a pattern whose pieces would overlap', { name: 'alpha*alpha' }, []],
      ['a pattern whose pieces come in another order', { name: '*bet*alpha*' }, []],
      ['a pattern of many pieces', { name: '*a*p*a*b*' }, [3]],
      ['the pattern of all names', { name: '*' }, [1, 3, 2, 4]],
      ['a name with signs of a regular expression', { name: 'alpha|beta' }, []],
      ['the cluster of a VM that runs', { vmId: vmId(2) }, [1, 2]],
      ['the cluster of a VM that is stopped', { vmId: vmId(6) }, [3]],
    ];
    for (const [title, request, expected] of cases) {
      it(`lists ${title}`, async () => {
        expect(await numbers(request)).to.deep.equal(expected);
      });
    }

    it('answers NOT_FOUND for a VM that the engine does not have', async () => {
      const answer = service.listHosts({ vmId: vmId(99) }, call());
      await expectRejection(answer, 'NOT_FOUND', `vm_id: the engine has no VM ${vmId(99)}`);
      const thrown = await service.listHosts({ vmId: vmId(99) }, call()).catch((error: unknown) => error);
      expect(thrown).to.be.instanceOf(SchedulingError).and.have.property('notFound', 'VM');
    });

    for (const n of [5, 7]) {
      it(`knows no hosts for VM ${n}, which has no cluster`, async () => {
        const answer = service.listHosts({ vmId: vmId(n) }, call());
        await expectRejection(
          answer,
          'INVALID_ARGUMENT',
          `vm_id: VM ${vmId(n)} has no cluster in the engine`,
        );
      });
    }

    it('takes one condition at a time', async () => {
      const answer = service.listHosts({ name: 'a', clusterId: clusterId(1) }, call());
      await expectRejection(answer, 'INVALID_ARGUMENT', 'cluster_id, name, vm_id');
    });
  });

  describe('listVms', () => {
    const list = (request: Partial<ListVmsRequest>) => service.listVms({ pageSize: 100, ...request }, call());
    const numbers = async (request: Partial<ListVmsRequest>) =>
      (await list(request)).vms.map(({ id }) => [1, 2, 3, 4, 5, 6, 7].find((n) => vmId(n) === id));

    it('tells of each VM where it is and what it is', async () => {
      const { vms, snapshotTime } = await list({});
      const size = { memoryMiB: 1024, migratable: true };
      expect(snapshotTime).to.equal(SNAPSHOT_TIME);
      expect(vms.slice(0, 3)).to.deep.equal([
        {
          id: vmId(2),
          name: 'vm-2',
          status: 'up',
          hostId: hostId(1),
          clusterId: clusterId(1),
          osType: 'rhel_9x64',
          ...size,
        },
        { id: vmId(3), name: 'vm-3', hostId: hostId(1), clusterId: clusterId(1), ...size },
        { id: vmId(5), name: 'vm-5', status: 'up', hostId: hostId(4), osType: 'other', ...size },
      ]);
      expect((await list({ vmId: vmId(7) })).vms).to.deep.equal([
        { id: vmId(7), name: 'vm-7', status: 'down', osType: 'other', ...size },
      ]);
    });

    const cases: readonly (readonly [string, Partial<ListVmsRequest>, number[]])[] = [
      ['all that run, by name, then id', {}, [2, 3, 5, 1, 4]],
      ['one that runs', { vmId: vmId(3) }, [3]],
      ['one that is stopped', { vmId: vmId(6) }, [6]],
      ['those of a name', { name: 'WEB' }, [1, 4]],
      ['those of a pattern', { name: 'vm-*' }, [2, 3, 5]],
      ['those of a host', { hostId: hostId(1) }, [2, 3, 1]],
      ['none of a host that nobody has', { hostId: hostId(9) }, []],
      ['those of a cluster', { clusterId: clusterId(2) }, [4]],
      ['what meets two conditions', { hostId: hostId(1), name: 'w*' }, [1]],
      ['what meets a cluster and a host', { hostId: hostId(1), clusterId: clusterId(2) }, []],
      ['one VM on its host', { vmId: vmId(2), hostId: hostId(1) }, [2]],
      ['no VM on another host', { vmId: vmId(2), hostId: hostId(3) }, []],
      ['no stopped VM on a host', { vmId: vmId(6), hostId: hostId(3) }, []],
      ['a stopped VM by its cluster and name', { vmId: vmId(6), name: 'vm*', ...elsewhere }, [6]],
    ];
    for (const [title, request, expected] of cases) {
      it(`lists ${title}`, async () => {
        expect(await numbers(request)).to.deep.equal(expected);
      });
    }

    it('answers NOT_FOUND for a VM that the engine does not have', async () => {
      await expectRejection(list({ vmId: vmId(99) }), 'NOT_FOUND', vmId(99));
    });

    for (const pageSize of [1, 2, 3, 4, 5]) {
      it(`gives 5 VMs in ${Math.ceil(5 / pageSize)} pages of ${pageSize}, each VM once`, async () => {
        const pages: string[][] = [];
        let pageToken: string | undefined;
        do {
          const request = pageToken === undefined ? { pageSize } : { pageSize, pageToken };
          const { vms, nextPageToken } = await list(request);
          pages.push(vms.map(({ id }) => id));
          pageToken = nextPageToken;
        } while (pageToken !== undefined);
        expect(pages.flat()).to.deep.equal([2, 3, 5, 1, 4].map(vmId));
        expect(pages).to.have.length(Math.ceil(5 / pageSize));
      });
    }

    it('picks the right page out of many in no order', async () => {
      const many = Array.from({ length: 1000 }, (_, nth) => vm((nth * 389) % 1000, 'other', { on: 1 }));
      const big = createInventoryService({
        inventory: inventoryOf(snapshotOf([host(1)], many)),
        reservations,
      });
      const sorted = many.map(({ name }) => name).sort();
      const first = await big.listVms({ pageSize: 10 }, call());
      expect(first.vms.map(({ name }) => name)).to.deep.equal(sorted.slice(0, 10));
      const { nextPageToken: pageToken = '' } = first;
      const second = await big.listVms({ pageSize: 700, pageToken }, call());
      expect(second.vms.map(({ name }) => name)).to.deep.equal(sorted.slice(10, 710));
    });

    it('goes on behind a VM that is gone, with a new snapshot', async () => {
      const { nextPageToken: pageToken = '' } = await list({ pageSize: 2 });
      const later = snapshotOf([host(1)], [vm(2, 'other', { on: 1 }), vm(4, 'other', { on: 1 })]);
      const { vms } = await createInventoryService({ inventory: inventoryOf(later), reservations }).listVms(
        { pageSize: 2, pageToken },
        call(),
      );
      expect(vms.map(({ id }) => id)).to.deep.equal([vmId(4)]);
    });

    const text = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');
    for (const pageToken of [
      '',
      'x',
      '!',
      text(null),
      text([]),
      text({ name: 5, id: 'x' }),
      text({ name: 'x' }),
    ]) {
      it(`refuses the page token ${JSON.stringify(pageToken)}`, async () => {
        await expectRejection(
          list({ pageToken }),
          'INVALID_ARGUMENT',
          'page_token: expected the next_page_token',
        );
      });
    }
  });

  describe('getInventory', () => {
    it('counts, and says how old that is', async () => {
      expect(await service.getInventory(call())).to.deep.equal({
        hosts: 4,
        hostsUp: 3,
        clusters: 2,
        runningVms: 5,
        snapshotTime: SNAPSHOT_TIME,
        ageMs: 1234,
      });
    });

    it('is never younger than now', async () => {
      const early = createInventoryService({
        inventory,
        reservations,
        clock: { now: () => SNAPSHOT_TIME - 1 },
      });
      expect((await early.getInventory(call())).ageMs).to.equal(0);
    });
  });

  describe('reserve', () => {
    const stranger = vmId(99);
    const make = () => {
      const kept = createReservations({
        clock: { now: () => SNAPSHOT_TIME },
        steady: { now: () => 0 },
        onPredictionEnd: () => undefined,
      });
      return createInventoryService({ inventory, reservations: kept });
    };
    const reservation = {
      ...{ vmId: vmId(1), vmName: 'web', hostId: hostId(2), hostName: 'beta', predicted: false },
      ...{ startTime: SNAPSHOT_TIME, endTime: SNAPSHOT_TIME + 5000 },
    };

    it('reserves for a VM that runs, lists it, and releases it once', async () => {
      const own = make();
      const request = { vmId: vmId(1), hostId: hostId(2), ttlMs: 5000 };
      expect(await own.reserve(request, call())).to.deep.equal(reservation);
      expect(await own.listReservations(call())).to.deep.equal([reservation]);
      expect(await own.release(vmId(1), call())).to.deep.equal(reservation);
      expect(await own.release(vmId(1), call())).to.equal(undefined);
      expect(await own.listReservations(call())).to.deep.equal([]);
    });

    it('takes a VM that is stopped', async () => {
      const { vmName } = await make().reserve({ vmId: vmId(6), hostId: hostId(1), ttlMs: 5000 }, call());
      expect(vmName).to.equal('vm-6');
    });

    it('changes nothing in a dry run, nor does a release', async () => {
      const own = make();
      const dryRun = call({ dryRun: true });
      const request = { vmId: vmId(1), hostId: hostId(2), ttlMs: 5000 };
      expect(await own.reserve(request, dryRun)).to.deep.equal(reservation);
      expect(await own.listReservations(call())).to.deep.equal([]);
      await own.reserve(request, call());
      expect(await own.release(vmId(1), dryRun)).to.deep.equal(reservation);
      expect(await own.listReservations(call())).to.deep.equal([reservation]);
    });

    it('answers NOT_FOUND for a VM that the engine does not have', async () => {
      const answer = make().reserve({ vmId: stranger, hostId: hostId(1), ttlMs: 5000 }, call());
      await expectRejection(answer, 'NOT_FOUND', `vm_id: the engine has no VM ${stranger}`);
    });

    for (const [looked, code, message] of [
      [true, 'INVALID_ARGUMENT', `host_id: the engine has no host ${hostId(99)}`],
      [false, 'UNAVAILABLE', "the engine can't be asked now"],
    ] as const) {
      it(`answers ${code} for a host that is unknown when the engine was ${looked ? '' : 'not '}read`, async () => {
        const own = createInventoryService({ inventory: inventoryOf(snapshot, { looked }), reservations });
        const answer = own.reserve({ vmId: vmId(1), hostId: hostId(99), ttlMs: 5000 }, call());
        await expectRejection(answer, code, message);
      });
    }

    it('finds a host that has just come', async () => {
      const afterRefresh = snapshotOf([host(1), host(99)], []);
      const own = createInventoryService({
        inventory: inventoryOf(snapshot, { afterRefresh }),
        reservations,
      });
      const { hostName } = await own.reserve({ vmId: vmId(1), hostId: hostId(99), ttlMs: 5000 }, call());
      expect(hostName).to.equal('host-0099');
    });
  });

  it('rejects when there is no snapshot that is fresh enough', async () => {
    const away = createInventoryService({
      inventory: {
        ...inventory,
        current: () => {
          throw new SchedulingError('UNAVAILABLE', 'the engine has not been read yet');
        },
      },
      reservations,
    });
    for (const answer of [
      away.listHosts({}, call()),
      away.listVms({ pageSize: 1 }, call()),
      away.getInventory(call()),
    ]) {
      await expectRejection(answer, 'UNAVAILABLE', 'has not been read yet');
    }
  });
});
