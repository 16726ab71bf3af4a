import { once } from 'node:events';
import { createServer, type ServerHttp2Stream } from 'node:http2';
import type { AddressInfo } from 'node:net';
import { expect } from 'chai';
import { createRpcClient } from '../../src/rpc/client.js';
import { policyUnitMethods } from '../../src/rpc/proto.js';
import { aBalanceRequest, aCall, rejection, uuid } from './loopback.js';

/** An answer without its status, as of a service that is killed between the two. */
function answer(stream: ServerHttp2Stream, message: Buffer, then: () => void): void {
  const prefix = Buffer.alloc(5);
  prefix.writeUInt32BE(message.length, 1);
  stream.respond({ ':status': 200, 'content-type': 'application/grpc' }, { waitForTrailers: true });
  stream.on('wantTrailers', () => stream.sendTrailers({ 'grpc-status': '0' }));
  stream.write(Buffer.concat([prefix, message]), then);
}

describe('an answer whose status does not come', () => {
  const closers: (() => void)[] = [];
  afterEach(() => {
    for (const close of closers.splice(0)) close();
  });

  /** Serves a message for each call, and ends the connections of the first ones before its status. */
  async function serve(cut: number, message: Buffer) {
    let calls = 0;
    const server = createServer();
    server.on('stream', (stream) => {
      calls += 1;
      const isCut = calls <= cut;
      // A turn later, so that the message is on its way before the connection ends.
      answer(stream, message, () => setTimeout(() => (isCut ? stream.session?.destroy() : stream.end()), 20));
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const client = createRpcClient({ target: `127.0.0.1:${(server.address() as AddressInfo).port}` });
    closers.push(
      () => client.close(),
      () => server.close(),
    );
    return { client, calls: () => calls };
  }

  const listing = policyUnitMethods.ListPolicyUnits.responseSerialize({ has_inventory: true });

  it('is asked for again, once', async () => {
    const { client, calls } = await serve(1, listing);
    expect(await client.listPolicyUnits(aCall())).to.include({ hasInventory: true });
    expect(calls()).to.equal(2);
  });

  it('is UNAVAILABLE when that happens twice', async () => {
    const { client, calls } = await serve(2, listing);
    expect(await rejection(client.listPolicyUnits(aCall()))).to.include({ code: 'UNAVAILABLE' });
    expect(calls()).to.equal(2);
  });

  it('is not asked for again where a service remembers what it proposed', async () => {
    const message = policyUnitMethods.BalanceHosts.responseSerialize({ migration: { vm_id: uuid(1) } });
    const { client, calls } = await serve(1, message);
    expect(await rejection(client.balanceHosts(aBalanceRequest(), aCall()))).to.include({
      code: 'UNAVAILABLE',
    });
    expect(calls()).to.equal(1);
  });
});
