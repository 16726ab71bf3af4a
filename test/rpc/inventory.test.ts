import { status } from '@grpc/grpc-js';
import { expect } from 'chai';
import type {
  InventoryService,
  InventorySummary,
  ListHostsResponse,
  ListVmsResponse,
} from '../../src/domain/inventory.js';
import { SchedulingError } from '../../src/domain/errors.js';
import type { ListHostsRequest } from '../../src/gen/hostscore/v1/ListHostsRequest.js';
import type { ListVmsRequest } from '../../src/gen/hostscore/v1/ListVmsRequest.js';
import type { EndedCall } from '../../src/rpc/incoming-call.js';
import { inventoryMethods } from '../../src/rpc/proto.js';
import { aCall, createLoopback, rejection, SNAPSHOT_TIME, uuid } from './loopback.js';
import { rawCall } from './raw-call.js';

const { ListHosts, ListVms, GetInventory } = inventoryMethods;

const hosts: ListHostsResponse = {
  hosts: [
    {
      ...{ id: uuid(1), name: 'ünï', status: 'up', clusterId: uuid(9), runningVms: 0 },
      memory: { totalMiB: 2 ** 40, freeMiB: 0, schedulableMiB: undefined },
    },
    { id: uuid(2), name: 'b', status: 'maintenance', runningVms: 7 },
  ],
  snapshotTime: SNAPSHOT_TIME,
};

const vms: ListVmsResponse = {
  vms: [
    {
      ...{ id: uuid(3), name: 'v', status: 'up', hostId: uuid(1), clusterId: uuid(9), osType: 'rhel_9x64' },
      ...{
        osVersion: '9.4',
        guestOs: { distribution: 'Fedora', version: '41' },
        memoryMiB: 0,
        migratable: true,
      },
    },
    { id: uuid(4), name: 'w', migratable: false },
  ],
  nextPageToken: 'more',
  snapshotTime: SNAPSHOT_TIME,
};

const summary: InventorySummary = {
  hosts: 2,
  hostsUp: 1,
  clusters: 0,
  runningVms: 7,
  snapshotTime: SNAPSHOT_TIME,
  ageMs: 61_007,
  eventId: 2 ** 31 + 5,
};

const none = () => Promise.reject(new Error('not part of this test'));

/** Answers with the constants above, and writes down what it is asked. */
function fakeInventory(methods: Partial<InventoryService> = {}) {
  const received: { request: unknown; requestId: string }[] = [];
  const service: InventoryService = {
    listHosts: (request, { requestId }) => {
      received.push({ request, requestId });
      return Promise.resolve(hosts);
    },
    listVms: (request, { requestId }) => {
      received.push({ request, requestId });
      return Promise.resolve(vms);
    },
    getInventory: ({ requestId }) => {
      received.push({ request: undefined, requestId });
      return Promise.resolve(summary);
    },
    reserve: none,
    release: none,
    listReservations: none,
    ...methods,
  };
  return { service, received };
}

describe('an InventoryService over the wire', () => {
  const loopback = createLoopback();
  afterEach(() => loopback.close());

  const hostRequests = [{}, { clusterId: uuid(9) }, { name: 'node*' }, { vmId: uuid(3) }];
  for (const request of hostRequests) {
    it(`carries ListHosts ${JSON.stringify(request)}, both ways`, async () => {
      const { service, received } = fakeInventory();
      const client = loopback.connect(await loopback.serve({ inventory: service }));
      expect(await client.listHosts(request, aCall({ requestId: 'r' }))).to.deep.equal(hosts);
      expect(received).to.deep.equal([{ request, requestId: 'r' }]);
    });
  }

  const vmRequests = [
    { pageSize: 100 },
    {
      vmId: uuid(3),
      name: 'v*',
      hostId: uuid(1),
      clusterId: uuid(9),
      pageSize: 1000,
      pageToken: 'x'.repeat(4096),
    },
  ];
  for (const request of vmRequests) {
    it(`carries ListVms of ${request.pageSize}, both ways`, async () => {
      const { service, received } = fakeInventory();
      const client = loopback.connect(await loopback.serve({ inventory: service }));
      expect(await client.listVms(request, aCall({ requestId: 'r' }))).to.deep.equal(vms);
      expect(received).to.deep.equal([{ request, requestId: 'r' }]);
    });
  }

  it('carries the last page as one without a token', async () => {
    const last: ListVmsResponse = { vms: [], snapshotTime: SNAPSHOT_TIME };
    const { service } = fakeInventory({ listVms: () => Promise.resolve(last) });
    const client = loopback.connect(await loopback.serve({ inventory: service }));
    expect(await client.listVms({ pageSize: 1 }, aCall())).to.deep.equal(last);
  });

  it('carries GetInventory, both ways, also counts of 0', async () => {
    const { service, received } = fakeInventory();
    const server = await loopback.serve({ inventory: service });
    const client = loopback.connect(server);
    expect(await client.getInventory(aCall({ requestId: 'r' }))).to.deep.equal(summary);
    expect(received).to.deep.equal([{ request: undefined, requestId: 'r' }]);
    const { response } = await rawCall(server.address, GetInventory, {});
    expect(response).to.include({ clusters: 0, _clusters: 'clusters' });
  });

  it('gives a request without a page size 100 VMs', async () => {
    const { service, received } = fakeInventory();
    const server = await loopback.serve({ inventory: service });
    await rawCall(server.address, ListVms, { request_id: 'r' });
    expect(received).to.deep.equal([{ request: { pageSize: 100 }, requestId: 'r' }]);
  });

  const badHosts: { request: ListHostsRequest; code: keyof typeof status; message: string }[] = [
    {
      request: { cluster_id: 'c' },
      code: 'INVALID_ARGUMENT',
      message: 'cluster_id: expected a UUID, got "c"',
    },
    { request: { vm_id: 'v' }, code: 'INVALID_ARGUMENT', message: 'vm_id: expected a UUID, got "v"' },
    {
      request: { name: 'node*', vm_id: uuid(3) },
      code: 'INVALID_ARGUMENT',
      message: 'name: "node*" together with vm_id; give at most one of cluster_id, name and vm_id',
    },
    {
      request: { name: 'x'.repeat(256) },
      code: 'RESOURCE_EXHAUSTED',
      message: 'name: 256 characters, at most 255 are allowed; shorten it',
    },
  ];
  for (const { request, code, message } of badHosts) {
    it(`ListHosts refuses: ${code} ${message}`, async () => {
      const { service, received } = fakeInventory();
      const server = await loopback.serve({ inventory: service });
      const outcome = await rawCall(server.address, ListHosts, request);
      expect(outcome).to.include({ code: status[code], details: message });
      expect(received).to.deep.equal([]);
    });
  }

  const badVms: { request: ListVmsRequest; code: keyof typeof status; message: string }[] = [
    {
      request: { host_id: 'h' },
      code: 'INVALID_ARGUMENT',
      message: 'host_id: expected a UUID, got "h"',
    },
    {
      request: { page_size: -1 },
      code: 'INVALID_ARGUMENT',
      message: 'page_size: expected 1 to 1000, or 0 for 100, got -1',
    },
    {
      request: { page_size: 1001 },
      code: 'INVALID_ARGUMENT',
      message: 'page_size: expected 1 to 1000, or 0 for 100, got 1001',
    },
    {
      request: { page_token: 'x'.repeat(4097) },
      code: 'RESOURCE_EXHAUSTED',
      message: 'page_token: 4097 characters, at most 4096 are allowed; shorten it',
    },
    {
      request: { request_id: 'a\nb' },
      code: 'INVALID_ARGUMENT',
      message: 'request_id: expected up to 128 printable ASCII characters, got "a\\nb"',
    },
  ];
  for (const { request, code, message } of badVms) {
    it(`ListVms refuses: ${code} ${message}`, async () => {
      const { service, received } = fakeInventory();
      const server = await loopback.serve({ inventory: service });
      const outcome = await rawCall(server.address, ListVms, request);
      expect(outcome).to.include({ code: status[code], details: message });
      expect(received).to.deep.equal([]);
    });
  }

  it('carries an error, and what was not found', async () => {
    const listVms = () => Promise.reject(new SchedulingError('NOT_FOUND', 'no such VM', { notFound: 'VM' }));
    const { service } = fakeInventory({ listVms });
    const ended: EndedCall[] = [];
    const server = await loopback.serve({ inventory: service, onCallEnd: (call) => ended.push(call) });
    const error = await rejection(loopback.connect(server).listVms({ pageSize: 1 }, aCall()));
    expect(error).to.include({ code: 'NOT_FOUND', message: 'no such VM', notFound: 'VM' });
    expect(ended.map(({ method, code }) => [method, code])).to.deep.equal([['ListVms', 'NOT_FOUND']]);
  });

  it('says UNIMPLEMENTED, and where to ask, when the process has no inventory', async () => {
    const client = loopback.connect(await loopback.serve());
    for (const ask of [
      () => client.listHosts({}, aCall()),
      () => client.listVms({ pageSize: 1 }, aCall()),
      () => client.getInventory(aCall()),
    ]) {
      expect(await rejection(ask())).to.include({
        code: 'UNIMPLEMENTED',
        message: 'no inventory here: this server reads no oVirt engine; ask one that does, or set engine.url',
      });
    }
  });
});
