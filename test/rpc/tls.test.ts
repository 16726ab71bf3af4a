import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { connect as connectSocket } from 'node:net';
import { tmpdir } from 'node:os';
import { connect as connectTls, type TlsOptions } from 'node:tls';
import { join } from 'node:path';
import { expect } from 'chai';
import { SchedulingError } from '../../src/domain/errors.js';
import { createRpcClient } from '../../src/rpc/client.js';
import { clientContext, clientCredentials, serverTlsOptions } from '../../src/rpc/tls.js';
import { SERVER_TIMES } from '../../src/rpc/server.js';
import {
  aCall,
  aScoreRequest,
  createLoopback,
  deferred,
  fakeService,
  memoryLog,
  rejection,
} from './loopback.js';
import { createAuthority, type CertifiedPair } from '../support/authority.js';
import { unitList } from '../support/unit-list.js';
import { until } from '../support/until.js';

describe('TLS', () => {
  const loopback = createLoopback();
  let ca = '';
  let otherCa = '';
  let serverPair: CertifiedPair = { cert: '', key: '' };
  let clientPair: CertifiedPair = { cert: '', key: '' };
  let strangerPair: CertifiedPair = { cert: '', key: '' };
  before(() => {
    const folder = mkdtempSync(join(tmpdir(), 'hostscore-tls-'));
    try {
      const authority = createAuthority(folder, 'authority');
      const other = createAuthority(folder, 'other');
      [ca, otherCa] = [authority.ca, other.ca];
      serverPair = authority.sign('server');
      clientPair = authority.sign('client');
      strangerPair = other.sign('stranger');
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
  afterEach(() => loopback.close());

  function secured(clientCa?: string): () => TlsOptions {
    const options = serverTlsOptions({ ...serverPair, clientCa });
    return () => options;
  }

  it('serves a client that trusts the authority', async () => {
    const server = await loopback.serve({ tls: secured() });
    expect(await loopback.connect(server, { tls: { ca } }).listPolicyUnits(aCall())).to.deep.equal(
      unitList([]),
    );
  });

  it('serves a client that trusts this very certificate, whatever name it is called by', async () => {
    const server = await loopback.serve({ tls: secured() });
    // The name is not in the certificate, which is for 127.0.0.1.
    const target = `localhost:${server.port}`;
    const client = createRpcClient({ target, tls: { serverCert: serverPair.cert + ca } });
    try {
      expect(await client.health('', aCall())).to.equal('NOT_SERVING');
    } finally {
      client.close();
    }
  });

  for (const [title, tls] of [
    ['another authority', () => ({ ca: otherCa })],
    ['only public authorities', () => ({})],
  ] as const) {
    it(`tells a client that trusts ${title} how to name the right one`, async () => {
      const client = loopback.connect(await loopback.serve({ tls: secured() }), { tls: tls() });
      expect(String(await rejection(client.listPolicyUnits(aCall())))).to.match(
        /its certificate comes from no authority that is trusted here; name that authority, .*--ca FILE/,
      );
    });
  }

  it('serves a client with a certificate of the authority asked for', async () => {
    const server = await loopback.serve({ tls: secured(ca) });
    const client = loopback.connect(server, { tls: { ca, ...clientPair } });
    expect(await client.listPolicyUnits(aCall())).to.deep.equal(unitList([]));
  });

  const refused: { title: string; mutual: boolean; tls: () => Parameters<typeof clientCredentials>[0] }[] = [
    { title: 'a client without TLS', mutual: false, tls: () => undefined },
    { title: 'a client that trusts another authority', mutual: false, tls: () => ({ ca: otherCa }) },
    { title: 'a client that trusts only public authorities', mutual: false, tls: () => ({}) },
    {
      title: 'a client that trusts the certificate of another server of the same authority',
      mutual: false,
      tls: () => ({ serverCert: clientPair.cert + ca }),
    },
    { title: 'a client without a certificate, where one is asked for', mutual: true, tls: () => ({ ca }) },
    {
      title: 'a client with a certificate of another authority',
      mutual: true,
      tls: () => ({ ca, ...strangerPair }),
    },
  ];
  for (const { title, mutual, tls } of refused) {
    it(`gives UNAVAILABLE to ${title}`, async () => {
      const server = await loopback.serve({ tls: secured(mutual ? ca : undefined) });
      const settings = tls();
      const client = loopback.connect(server, settings === undefined ? {} : { tls: settings });
      expect(await rejection(client.listPolicyUnits(aCall()))).to.include({ code: 'UNAVAILABLE' });
    });
  }

  it('closes beside a connection on which no handshake took place', async () => {
    const server = await loopback.serve({ tls: secured() });
    const socket = connectSocket(server.port, '127.0.0.1');
    await once(socket, 'connect');
    socket.resume();
    const cut = once(socket, 'close');
    await server.close(3_600_000);
    await cut;
  });

  const strangers: { title: string; first: string; code: string }[] = [
    { title: 'plain text', first: 'GET / HTTP/1.1\r\n\r\n', code: 'ERR_SSL_HTTP_REQUEST' },
    {
      title: 'half a handshake',
      first: '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03'.padEnd(100, '\0'),
      code: 'ERR_TLS_HANDSHAKE_TIMEOUT',
    },
  ];
  for (const { title, first, code } of strangers) {
    it(`ends a connection over which ${title} comes, and says so`, async () => {
      const log = memoryLog();
      const ended: string[] = [];
      const server = await loopback.serve({
        tls: secured(),
        log,
        times: { ...SERVER_TIMES, handshakeMs: 100 },
        onConnectionEnd: (reason) => ended.push(reason),
      });
      const socket = connectSocket(server.port, '127.0.0.1');
      socket.on('error', () => undefined).resume();
      socket.write(Buffer.from(first, 'latin1'));
      await until(
        () => ended,
        (reasons) => reasons.length > 0,
      );
      expect(ended).to.deep.equal(['handshake']);
      expect(log.lines).to.deep.equal([
        { level: 'warn', event: 'connection ended', reason: 'handshake', peer: '127.0.0.1', code },
      ]);
    });
  }

  it('counts a client that does not trust the server, and no probe that only connects', async () => {
    const ended: string[] = [];
    const server = await loopback.serve({ tls: secured(), onConnectionEnd: (reason) => ended.push(reason) });
    const probe = connectSocket(server.port, '127.0.0.1');
    probe.once('connect', () => probe.end()).resume();
    await once(probe, 'close');
    expect(ended).to.deep.equal([]);
    const stranger = connectTls({ port: server.port, host: '127.0.0.1', ALPNProtocols: ['h2'], ca: otherCa });
    stranger.on('error', () => undefined);
    await until(
      () => ended,
      (reasons) => reasons.length > 0,
    );
    expect(ended).to.deep.equal(['handshake']);
  });

  it('shows new connections its new certificate, and keeps the others with their calls', async () => {
    let options = serverTlsOptions(serverPair);
    const scored = deferred<undefined>();
    const { scoreHosts } = fakeService();
    const service = fakeService({
      scoreHosts: async (request, call) => {
        await scored.promise;
        return scoreHosts(request, call);
      },
    });
    const server = await loopback.serve({ tls: () => options, service });
    const before = loopback.connect(server, { tls: { serverCert: serverPair.cert } });
    const underWay = before.scoreHosts(aScoreRequest(), aCall());
    await until(
      () => service.received,
      ({ length }) => length === 1,
    );
    options = serverTlsOptions(strangerPair);
    const after = loopback.connect(server, { tls: { ca: otherCa } });
    expect(await after.listPolicyUnits(aCall())).to.deep.equal(unitList([]));
    const late = loopback.connect(server, { tls: { serverCert: serverPair.cert } });
    expect(await rejection(late.listPolicyUnits(aCall()))).to.include({ code: 'UNAVAILABLE' });
    scored.resolve(undefined);
    expect((await underWay).scores).to.have.length(2);
    expect(await before.listPolicyUnits(aCall())).to.deep.equal(unitList([]));
  });

  it('takes clients of another authority on new connections', async () => {
    let options = serverTlsOptions({ ...serverPair, clientCa: ca });
    const server = await loopback.serve({ tls: () => options });
    const before = loopback.connect(server, { tls: { ca, ...clientPair } });
    await before.listPolicyUnits(aCall());
    options = serverTlsOptions({ ...serverPair, clientCa: otherCa });
    const after = loopback.connect(server, { tls: { ca, ...strangerPair } });
    expect(await after.listPolicyUnits(aCall())).to.deep.equal(unitList([]));
    const late = loopback.connect(server, { tls: { ca, ...clientPair } });
    expect(await rejection(late.listPolicyUnits(aCall()))).to.include({ code: 'UNAVAILABLE' });
    expect(await before.listPolicyUnits(aCall())).to.deep.equal(unitList([]));
  });

  it('calls with the authority and the certificate of now on each new connection', async () => {
    let options = serverTlsOptions({ ...serverPair, clientCa: ca });
    let context = clientContext({ ca, ...clientPair });
    const server = await loopback.serve({ tls: () => options });
    const client = loopback.connect(server, { tls: () => context });
    await client.listPolicyUnits(aCall());
    options = serverTlsOptions({ ...strangerPair, clientCa: otherCa });
    context = clientContext({ ca: otherCa, ...strangerPair });
    await server.close(0);
    await loopback.serve({
      tls: () => options,
      settings: { listen: { host: '127.0.0.1', port: server.port } },
    });
    await until(
      () => client.listPolicyUnits(aCall()).catch(() => undefined),
      (list) => list !== undefined,
    );
  });

  const bad: { title: string; make: () => unknown; message: RegExp }[] = [
    {
      title: "a server's certificate that is none",
      make: () => serverTlsOptions({ ...serverPair, cert: 'x' }),
      message: /^tls: cert and key are not a PEM certificate and its private key \(.*PEM/,
    },
    {
      title: 'a key of another certificate',
      make: () => serverTlsOptions({ ...serverPair, key: clientPair.key }),
      message: /^tls: cert and key are not a PEM certificate and its private key \(.*mismatch/,
    },
    {
      title: 'an empty key',
      make: () => serverTlsOptions({ ...serverPair, key: '' }),
      message: /^tls: cert and key are not a PEM certificate and its private key \(one of them is empty\)$/,
    },
    {
      title: 'an empty certificate of a client',
      make: () => clientCredentials({ ...clientPair, cert: '' }),
      message: /^tls: cert and key are not a PEM certificate and its private key \(one of them is empty\)$/,
    },
    {
      title: 'an authority for clients that is none',
      make: () => serverTlsOptions({ ...serverPair, clientCa: '' }),
      message: /^tls\.clientCa: not a PEM certificate \(/,
    },
    {
      title: 'an authority for servers that is broken',
      make: () => clientCredentials({ ca: '-----BEGIN CERTIFICATE-----\nx\n-----END CERTIFICATE-----' }),
      message: /^tls\.ca: not a PEM certificate \(/,
    },
    {
      title: 'authorities of which the last is cut off',
      make: () => serverTlsOptions({ ...serverPair, clientCa: ca + otherCa.slice(0, -40) }),
      message: /^tls\.clientCa: not a PEM certificate \(the last one is cut off\)$/,
    },
    {
      title: 'a chain of which the last certificate is cut off',
      make: () => serverTlsOptions({ ...serverPair, cert: serverPair.cert + ca.slice(0, -40) }),
      message: /^tls: cert and key are not a PEM certificate and its private key \(/,
    },
    {
      title: 'a certificate without its key',
      make: () => clientCredentials({ cert: clientPair.cert }),
      message: /^tls: cert and key belong together; give both or neither$/,
    },
  ];
  for (const { title, make, message } of bad) {
    it(`refuses ${title}`, () => {
      expect(make).to.throw(SchedulingError, message);
    });
  }
});
