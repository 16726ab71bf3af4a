import { status } from '@grpc/grpc-js';
import { expect } from 'chai';
import { mkdtempSync, rmSync } from 'node:fs';
import { networkInterfaces, tmpdir } from 'node:os';
import { join } from 'node:path';
import type { InventoryService, Reservation } from '../../src/domain/inventory.js';
import type { ReserveRequest } from '../../src/gen/hostscore/v1/ReserveRequest.js';
import { inventoryMethods } from '../../src/rpc/proto.js';
import { serverTlsOptions } from '../../src/rpc/tls.js';
import { selfSigned } from '../inventory/self-signed.js';
import { aCall, createLoopback, SNAPSHOT_TIME, uuid } from './loopback.js';
import { rawCall } from './raw-call.js';
import { expectRejection } from '../support/rejection.js';

const { Reserve, Release } = inventoryMethods;

const named: Reservation = {
  ...{ vmId: uuid(3), vmName: 'v', hostId: uuid(1), hostName: 'h', predicted: false },
  ...{ startTime: SNAPSHOT_TIME, endTime: SNAPSHOT_TIME + 120_000 },
};

const nameless: Reservation = {
  ...{ vmId: uuid(4), hostId: uuid(2), predicted: true },
  ...{ startTime: SNAPSHOT_TIME + 1, endTime: SNAPSHOT_TIME + 2 },
};

const none = () => Promise.reject(new Error('not part of this test'));

/** Answers with the constants above, and writes down what it is asked. */
function fakeInventory() {
  const received: unknown[] = [];
  const service: InventoryService = {
    listHosts: none,
    listVms: none,
    getInventory: none,
    reserve(request, { dryRun }) {
      received.push({ ...request, dryRun });
      return Promise.resolve(named);
    },
    release(vmId) {
      received.push(vmId);
      return Promise.resolve(vmId === uuid(3) ? named : undefined);
    },
    listReservations: () => Promise.resolve([named, nameless]),
  };
  return { service, received };
}

/** An address of this machine at which it is called like any other; undefined without a network. */
const OUTSIDE = Object.values(networkInterfaces())
  .flat()
  .find((address) => address?.internal === false && address.family === 'IPv4')?.address;

const always =
  <Value>(value: Value) =>
  () =>
    value;

describe('reservations over the wire', () => {
  const loopback = createLoopback();
  afterEach(() => loopback.close());

  it('are made, released and listed, both ways, with and without names', async () => {
    const { service, received } = fakeInventory();
    const client = loopback.connect(await loopback.serve({ inventory: service }));
    const request = { vmId: uuid(3), hostId: uuid(1), ttlMs: 1500 };
    expect(await client.reserve(request, aCall())).to.deep.equal(named);
    expect(await client.reserve(request, aCall({ dryRun: true }))).to.deep.equal(named);
    expect(await client.release(uuid(3), aCall())).to.deep.equal(named);
    expect(await client.release(uuid(4), aCall())).to.equal(undefined);
    expect(await client.listReservations(aCall())).to.deep.equal([named, nameless]);
    expect(received).to.deep.equal([
      { ...request, dryRun: false },
      { ...request, dryRun: true },
      uuid(3),
      uuid(4),
    ]);
  });

  const ids = { vm_id: uuid(3), host_id: uuid(1) };
  for (const [title, ttl, ttlMs] of [
    ['2 min by default', undefined, 120_000],
    ['1 s at least', { seconds: 1 }, 1000],
    ['1 h at most', { seconds: 3600 }, 3_600_000],
    ['1.5 s', { seconds: 1, nanos: 500_000_000 }, 1500],
  ] as const) {
    it(`last ${title}`, async () => {
      const { service, received } = fakeInventory();
      const { address } = await loopback.serve({ inventory: service });
      await rawCall(address, Reserve, ttl === undefined ? ids : { ...ids, ttl });
      expect(received).to.deep.equal([{ vmId: uuid(3), hostId: uuid(1), ttlMs, dryRun: false }]);
    });
  }

  const bad: readonly (readonly [request: ReserveRequest, message: string])[] = [
    [{ ...ids, vm_id: 'v' }, 'vm_id: expected a UUID, got "v"'],
    [{ ...ids, host_id: '' }, 'host_id: expected a UUID, got ""'],
    [{ ...ids, ttl: {} }, 'ttl: expected 1 s to 3600 s, got 0 s; reserve again in time if it takes longer'],
    [{ ...ids, ttl: { nanos: 999_000_000 } }, 'ttl: expected 1 s to 3600 s, got 0.999 s'],
    [{ ...ids, ttl: { seconds: 3600, nanos: 1_000_000 } }, 'ttl: expected 1 s to 3600 s, got 3600.001 s'],
    [{ ...ids, ttl: { seconds: 5, nanos: -1 } }, 'ttl.nanos: expected 0 to 999999999, got -1'],
    [
      { ...ids, ttl: { seconds: 5, nanos: 1_000_000_000 } },
      'ttl.nanos: expected 0 to 999999999, got 1000000000',
    ],
    [
      { ...ids, ttl: { seconds: 315_576_000_001 } },
      'ttl.seconds: expected at most 315576000000, the most that a Duration holds',
    ],
    [{ ...ids, ttl: { seconds: -5 } }, 'ttl: expected 1 s to 3600 s, got -5 s'],
  ];
  for (const [request, message] of bad) {
    it(`are refused: ${message}`, async () => {
      const { service, received } = fakeInventory();
      const { address } = await loopback.serve({ inventory: service });
      const outcome = await rawCall(address, Reserve, request);
      expect(outcome.code).to.equal(status.INVALID_ARGUMENT);
      expect(outcome.details).to.include(message);
      expect(received).to.deep.equal([]);
    });
  }

  it('are taken at a socket of the file system', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'hostscore-'));
    loopback.onClose(() => rmSync(folder, { recursive: true }));
    const { service } = fakeInventory();
    const settings = { listen: { path: join(folder, 's') } };
    const client = loopback.connect(await loopback.serve({ inventory: service, settings }));
    expect(await client.release(uuid(3), aCall())).to.deep.equal(named);
  });

  if (OUTSIDE === undefined) return;

  const listen = { host: OUTSIDE, port: 0 };
  const request = { vmId: uuid(3), hostId: uuid(1), ttlMs: 1500 };

  it('are refused to callers of other machines, who are told the remedy, and may list them', async () => {
    const { service, received } = fakeInventory();
    const client = loopback.connect(await loopback.serve({ inventory: service, settings: { listen } }));
    const remedy = `is not taken from ${OUTSIDE}: call it on the machine of the server, or with a client certificate (server.tlsClientCaFile) or a token (server.tokensFile), or set server.allowPlaintext at the server`;
    await expectRejection(client.reserve(request, aCall()), 'PERMISSION_DENIED', `Reserve ${remedy}`);
    await expectRejection(client.release(uuid(3), aCall()), 'PERMISSION_DENIED', `Release ${remedy}`);
    expect(await client.listReservations(aCall())).to.have.length(2);
    expect(received).to.deep.equal([]);
  });

  it('are taken from other machines with server.allowPlaintext', async () => {
    const { service } = fakeInventory();
    const settings = { listen, allowPlaintext: true };
    const client = loopback.connect(await loopback.serve({ inventory: service, settings }));
    expect(await client.reserve(request, aCall())).to.deep.equal(named);
  });

  it('are taken from other machines with a client certificate, and refused over TLS without one', async () => {
    const { service } = fakeInventory();
    const { cert, key } = selfSigned(OUTSIDE);
    const mutual = await loopback.serve({
      inventory: service,
      settings: { listen },
      tls: always(serverTlsOptions({ cert, key, clientCa: cert })),
    });
    const shown = loopback.connect(mutual, { tls: { ca: cert, cert, key } });
    expect(await shown.reserve(request, aCall())).to.deep.equal(named);
    const oneSided = await loopback.serve({
      inventory: service,
      settings: { listen },
      tls: always(serverTlsOptions({ cert, key })),
    });
    const client = loopback.connect(oneSided, { tls: { ca: cert } });
    await expectRejection(client.reserve(request, aCall()), 'PERMISSION_DENIED', 'Reserve is not taken from');
  });

  it('are taken on loopback where both families of addresses are listened to', async () => {
    const { service } = fakeInventory();
    const refusals: string[] = [];
    const { port } = await loopback.serve({
      inventory: service,
      settings: { listen: { host: '::', port: 0 } },
      onRefused: (reason) => refusals.push(reason),
    });
    const client = loopback.connect({ address: `127.0.0.1:${port}` });
    expect(await client.release(uuid(3), aCall())).to.deep.equal(named);
    const outcome = await rawCall(`${OUTSIDE}:${port}`, Release, { vm_id: uuid(3) });
    expect(outcome.code).to.equal(status.PERMISSION_DENIED);
    expect(refusals).to.deep.equal(['untrusted']);
  });
});
