import { createServer as createTlsServer } from 'node:https';
import { createServer as createTcpServer, type AddressInfo } from 'node:net';
import { expect } from 'chai';
import type { EngineClientOptions } from '../../src/inventory/engine-client.js';
import { engineVm, vmId } from './engine-world.js';
import { json } from './raw-engine.js';
import { selfSigned } from './self-signed.js';
import { failure, useWire, VM_PATH } from './wire.js';

describe('networkFailure', () => {
  const wire = useWire();
  const signal = new AbortController().signal;

  const free = async () => {
    const server = createTcpServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    await new Promise((resolve) => server.close(resolve));
    return port;
  };

  it('says that nothing listens', async () => {
    const error = await failure(
      wire.open({ url: `http://127.0.0.1:${await free()}` }).getVm(vmId(1), signal),
    );
    expect(error.message).to.match(/refuses connections: nothing listens at 127\.0\.0\.1:\d+/);
    // A look-up is sent again once, since a call waits for it.
    expect(wire.log.lines).to.have.length(1);
  });

  it('says that the name is unknown', async () => {
    const error = await failure(wire.open({ url: 'https://engine.invalid' }).getVm(vmId(1), signal));
    expect(error.message).to.match(
      /engine\.invalid.*(unknown to DNS|DNS does not answer)|DNS does not answer/,
    );
  });

  const phases: readonly (readonly [Partial<EngineClientOptions['settings']>, RegExp])[] = [
    [{ responseTimeout: 20 }, /did not begin to answer within 20 ms \(phase response\)/],
    [{ requestTimeout: 25 }, /did not finish its answer within 25 ms \(phase request\)/],
  ];
  for (const [timeouts, message] of phases) {
    it(`says which phase took too long: ${JSON.stringify(timeouts)}`, async () => {
      wire.engine.on(VM_PATH, () => undefined);
      const error = await failure(wire.open(timeouts).getVm(vmId(1), signal));
      expect(error.message).to.match(message);
    });
  }

  describe('over TLS', () => {
    const good = selfSigned('127.0.0.1');

    async function withTls<Value>(pair: typeof good, run: (url: string) => Promise<Value>): Promise<Value> {
      const server = createTlsServer(pair, (request, response) => {
        request.resume();
        if (request.url?.endsWith('/token') === true) json(response, { access_token: 'a' });
        else if (request.method === 'GET') json(response, engineVm(1));
        else json(response, {});
      });
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
      try {
        return await run(`https://127.0.0.1:${(server.address() as AddressInfo).port}`);
      } finally {
        server.closeAllConnections();
        server.close();
      }
    }

    it('trusts the authority that it is given', async () => {
      await withTls(good, async (url) => {
        expect((await wire.open({ url }, { ca: () => good.cert }).getVm(vmId(1), signal))?.name).to.equal(
          'vm1',
        );
      });
    });

    it('trusts the authority of now for each request, also over kept connections', async () => {
      const other = selfSigned('127.0.0.1');
      let ca = good.cert;
      await withTls(good, async (url) => {
        const client = wire.open({ url }, { ca: () => ca });
        await client.getVm(vmId(1), signal);
        ca = other.cert;
        expect((await failure(client.getVm(vmId(1), signal))).message).to.match(/unknown authority/);
        ca = good.cert;
        expect((await client.getVm(vmId(1), signal))?.name).to.equal('vm1');
      });
    });

    const refused: readonly (readonly [string, typeof good, string | undefined, RegExp])[] = [
      [
        'an authority nobody knows',
        good,
        undefined,
        /unknown authority \(DEPTH_ZERO_SELF_SIGNED_CERT\); fetch.*curl -k -o ca\.pem 'https:.*pki-resource\?resource=ca-certificate&format=X509-PEM-CA'.*caFile/,
      ],
      ['another name', selfSigned('127.0.0.2'), 'its own', /made out to another name/],
      [
        'an old certificate',
        selfSigned('127.0.0.1', '20200101000000Z', '20200102000000Z'),
        'its own',
        /not valid today \(CERT_HAS_EXPIRED\)/,
      ],
    ];
    for (const [what, pair, ca, message] of refused) {
      it(`refuses ${what}, once and for all`, async () => {
        await withTls(pair, async (url) => {
          const trusted = ca === undefined ? {} : { ca: () => pair.cert };
          expect((await failure(wire.open({ url }, trusted).getVm(vmId(1), signal))).message).to.match(
            message,
          );
          expect(wire.log.lines).to.have.length(0);
        });
      });
    }

    it('says that the port does not speak TLS', async () => {
      const url = wire.engine.url.replace('http:', 'https:');
      expect((await failure(wire.open({ url }).getVm(vmId(1), signal))).message).to.match(
        /does not speak TLS/,
      );
    });
  });
});
