import { gzipSync } from 'node:zlib';
import { expect } from 'chai';
import type { EngineClient } from '../../src/inventory/engine-client.js';
import { IDLE_TIMEOUT } from '../../src/inventory/engine-http.js';
import type { After } from '../../src/lib/timers.js';
import { engineVm, HOST, vmId } from './engine-world.js';
import { json, TOKEN_PATH, VMS_PATH, type Answer } from './raw-engine.js';
import { failure, hastily, PASSWORD, useWire, VM_PATH } from './wire.js';

describe('createEngineClient', () => {
  const wire = useWire();
  const signal = new AbortController().signal;

  describe('requests', () => {
    it('lists hosts and VMs by one constant request each, with what the engine needs in them', async () => {
      const client = wire.open();
      const hosts: string[] = [];
      await Promise.all([
        client.listHosts(() => ({ record: ({ id }) => void hosts.push(id), odd: () => undefined }), signal),
        wire.listVms(client),
      ]);
      expect(hosts).to.deep.equal([HOST]);
      expect(wire.engine.seen.map(({ method, url }) => `${method} ${url}`).sort()).to.deep.equal([
        'GET /ovirt-engine/api/hosts?follow=statistics',
        'GET /ovirt-engine/api/vms?search=on_host%3D*',
        TOKEN_PATH,
      ]);
      for (const { headers } of wire.engine.seen) expect(headers.accept).to.equal('application/json');
      const [token, ...lists] = wire.engine.seen;
      expect(Object.fromEntries(new URLSearchParams(token?.body))).to.deep.equal({
        grant_type: 'password',
        scope: 'ovirt-app-api',
        username: 'admin@internal',
        password: PASSWORD,
      });
      for (const { headers } of lists) {
        expect(headers.authorization).to.equal('Bearer token-1');
        expect(headers['accept-encoding']).to.equal('gzip');
        expect(headers).not.to.have.property('filter');
      }
    });

    it('logs in once for many callers at once, and keeps the connection for the next request', async () => {
      const client = wire.open();
      await Promise.all(
        Array.from({ length: 20 }, () => client.getVm(vmId(1), new AbortController().signal)),
      );
      expect(wire.engine.count(TOKEN_PATH)).to.equal(1);
      const before = wire.engine.connections();
      for (let nth = 0; nth < 5; nth += 1) {
        await client.getVm(vmId(1), signal);
        await wire.listVms(client);
      }
      expect(wire.engine.connections()).to.equal(before);
      expect(wire.engine.count(TOKEN_PATH)).to.equal(1);
    });

    it('reads a gzipped listing', async () => {
      wire.engine.on(VMS_PATH, (response) => {
        response.writeHead(200, { 'content-type': 'application/json', 'content-encoding': 'gzip' });
        response.end(gzipSync(JSON.stringify({ vm: [engineVm(1)] })));
      });
      expect((await wire.listVms(wire.open())).names).to.deep.equal(['vm1']);
    });

    it('tells what is odd and goes on', async () => {
      wire.engine.on(VMS_PATH, (response) => json(response, { vm: [{ id: 'x' }, engineVm(2), 5] }));
      const { names, odd } = await wire.listVms(wire.open());
      expect(names).to.deep.equal(['vm2']);
      expect(odd).to.have.length(2);
      expect(odd[0]).to.include('vm "x": id: expected a UUID');
      expect(odd[1]).to.include('no object');
    });

    it('sends the password in each request with basic, and no token', async () => {
      const client = wire.open({ auth: 'basic' });
      await client.getVm(vmId(1), signal);
      expect(wire.engine.seen.map(({ url }) => url)).to.deep.equal([`/ovirt-engine/api/vms/${vmId(1)}`]);
      const [, base64 = ''] = wire.engine.seen[0]?.headers.authorization?.split(' ') ?? [];
      expect(Buffer.from(base64, 'base64').toString()).to.equal(`admin@internal:${PASSWORD}`);
      await client.close();
      expect(wire.engine.seen).to.have.length(1);
    });

    it('reads one VM, and undefined for one that the engine does not have', async () => {
      const client = wire.open();
      expect(await client.getVm(vmId(1), signal)).to.include({ id: vmId(1), name: 'vm1', hostId: HOST });
      expect(await client.getVm(vmId(9), signal)).to.equal(undefined);
    });
  });

  describe('retries', () => {
    const passing: readonly (readonly [string, Answer])[] = [
      ['503', (response) => response.writeHead(503).end()],
      ['500 with a fault', (response) => json(response, { reason: 'x', detail: 'y' }, 500)],
      ['429', (response) => response.writeHead(429).end()],
      ['408', (response) => response.writeHead(408).end()],
      ['a connection that is reset', (response) => response.socket?.destroy()],
      [
        'a body that is cut by its length',
        (response) => {
          response.writeHead(200, { 'content-type': 'application/json', 'content-length': '100' });
          response.write('{"vm":[', () => response.socket?.destroy());
        },
      ],
      [
        'a body that ends too early',
        (response) => response.writeHead(200, { 'content-type': 'application/json' }).end('{"vm":[{"a":1}'),
      ],
      [
        'a body that is no JSON',
        (response) => response.writeHead(200, { 'content-type': 'application/json' }).end('{"vm":[}'),
      ],
      [
        'gzip that is cut',
        (response) => {
          response.writeHead(200, { 'content-type': 'application/json', 'content-encoding': 'gzip' });
          response.end(gzipSync(JSON.stringify({ vm: [engineVm(1)] })).subarray(0, 60));
        },
      ],
      [
        'gzip that is none',
        (response) => {
          response.writeHead(200, { 'content-type': 'application/json', 'content-encoding': 'gzip' });
          response.end('{"vm":[]}');
        },
      ],
      ['no answer in time', () => undefined],
      [
        'an answer that stops in its middle',
        (response) => {
          response.writeHead(200, { 'content-type': 'application/json' });
          response.write(JSON.stringify({ vm: [engineVm(1), engineVm(2)] }).slice(0, -3));
        },
      ],
    ];
    for (const [what, answer] of passing) {
      it(`reads a listing from its start again after ${what}`, async () => {
        wire.engine.on(VMS_PATH, (response, seen, count) =>
          count === 1 ? answer(response, seen, count) : json(response, { vm: [engineVm(3)] }),
        );
        const { names, begun } = await wire.listVms(wire.open({ responseTimeout: 150 }));
        expect(names).to.deep.equal(['vm3']);
        expect(begun).to.be.within(1, 2);
        expect(wire.engine.count(VMS_PATH)).to.equal(2);
        expect(wire.log.lines.map(({ level, event }) => [level, event])).to.deep.equal([
          ['debug', 'engine request failed'],
        ]);
      });
    }

    const final: readonly (readonly [string, Answer, RegExp])[] = [
      [
        '400',
        (r) => json(r, { reason: 'Operation Failed', detail: 'bad' }, 400),
        /400: Operation Failed: bad$/,
      ],
      ['missing permissions', (r) => json(r, { detail: 'insufficient permissions' }, 400), /ReadOnlyAdmin/],
      ['403', (r) => r.writeHead(403).end(), /answered 403; the account needs an administrator role/],
      ['404', (r) => r.writeHead(404).end(), /404; is http:\/\/127.* the engine's URL/],
      [
        'a page instead of JSON',
        (r) => r.writeHead(200, { 'content-type': 'text/html' }).end('<p>'),
        /text\/html instead of JSON/,
      ],
      ['JSON without a type', (r) => r.writeHead(200).end('{}'), /no content type instead of JSON/],
      [
        'a redirect',
        (r) => r.writeHead(302, { location: 'https://other.example.com/login?token=token-1' }).end(),
        /302 and points to https:\/\/other\.example\.com\/login, which is not followed/,
      ],
      ['a redirect to nowhere', (r) => r.writeHead(301).end(), /points to nowhere/],
    ];
    for (const [what, answer, message] of final) {
      it(`does not repeat a request that was answered with ${what}`, async () => {
        wire.engine.on(VMS_PATH, answer);
        const error = await failure(wire.listVms(wire.open()));
        expect(error.code).to.equal('UNAVAILABLE');
        expect(error.message).to.match(message);
        expect(wire.engine.count(VMS_PATH)).to.equal(1);
      });
    }

    it('gives up after the last retry, with the reason', async () => {
      wire.engine.on(VMS_PATH, (response) => response.writeHead(503).end());
      const error = await failure(wire.listVms(wire.open()));
      expect(error.message).to.match(/GET http.*\/vms\?search=on_host%3D\*: the engine answered 503/);
      expect(wire.engine.count(VMS_PATH)).to.equal(3);
      expect(wire.log.lines.map(({ fields }) => fields['attempt'])).to.deep.equal([1, 2]);
    });

    for (const [what, read, expected] of [
      ['a listing, after 250 and 500 ms', (client) => wire.listVms(client), [250, 500]],
      ['a VM, after 10 ms', (client) => client.getVm(vmId(1), signal), [10]],
    ] satisfies (readonly [string, (client: EngineClient) => Promise<unknown>, number[]])[]) {
      it(`asks again for ${what}`, async () => {
        const pauses: number[] = [];
        const after: After = (ms, run) => {
          pauses.push(ms);
          return hastily(ms, run);
        };
        wire.engine.on(VMS_PATH, (response) => response.writeHead(503).end());
        wire.engine.on(VM_PATH, (response) => response.writeHead(503).end());
        await failure(read(wire.open({}, { after })));
        // The login and its answer have a time for silence.
        expect(pauses.filter((ms) => ms !== IDLE_TIMEOUT)).to.deep.equal(expected);
      });
    }

    it('does not repeat a login that the engine saw', async () => {
      wire.engine.on(TOKEN_PATH, (response) => response.writeHead(503).end());
      expect((await failure(wire.open().getVm(vmId(1), signal))).message).to.match(/login.*answered 503/);
      wire.engine.on(TOKEN_PATH, (response) => response.socket?.destroy());
      await failure(wire.open().getVm(vmId(1), signal));
      wire.engine.on(TOKEN_PATH, () => undefined);
      await failure(wire.open({ responseTimeout: 20 }).getVm(vmId(1), signal));
      expect(wire.engine.count(TOKEN_PATH)).to.equal(3);
    });

    it('stops at once when its caller goes away: before, during the wait, and within the body', async () => {
      expect((await failure(wire.open().getVm(vmId(1), AbortSignal.abort()))).code).to.equal('CANCELLED');

      const waiting = new AbortController();
      wire.engine.on(VMS_PATH, () => {
        waiting.abort();
      });
      expect((await failure(wire.listVms(wire.open(), waiting.signal))).code).to.equal('CANCELLED');

      const reading = new AbortController();
      wire.engine.on(VMS_PATH, (response) => {
        response.writeHead(200, { 'content-type': 'application/json' });
        response.write(JSON.stringify({ vm: [engineVm(1)] }).slice(0, -1));
      });
      const listing = wire.open().listRunningVms(
        () => ({
          record() {
            reading.abort(new DOMException('late', 'TimeoutError'));
          },
          odd: () => undefined,
        }),
        reading.signal,
      );
      expect((await failure(listing)).code).to.equal('DEADLINE_EXCEEDED');
      expect(wire.engine.count(VMS_PATH)).to.equal(2);
    });
  });
});
