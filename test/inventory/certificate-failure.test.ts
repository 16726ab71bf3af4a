import { expect } from 'chai';
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { certificateFailure } from '../../src/inventory/certificate-failure.js';
import { engineUrls } from '../../src/inventory/engine-url.js';
import { temporaryFolder } from '../support/temporary-folder.js';
import { engineVm, vmId } from './engine-world.js';
import { json } from './raw-engine.js';
import { failure, useWire } from './wire.js';

/** A certificate to make. */
interface Wanted {
  readonly name: string;
  /** Name of the one that signs it; absent: itself. */
  readonly by?: string;
  readonly digest?: string;
  readonly extensions?: string;
}

const AUTHORITY = 'basicConstraints=critical,CA:TRUE\n';
const SERVER = 'subjectAltName=IP:127.0.0.1\n';
const P256 = ['ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1'];

const certificates: readonly Wanted[] = [
  { name: 'root' },
  { name: 'other' },
  { name: 'middle', by: 'root' },
  { name: 'oldMiddle', by: 'root', digest: 'sha1' },
  { name: 'noMore', by: 'root', extensions: 'basicConstraints=critical,CA:TRUE,pathlen:0\n' },
  { name: 'tooDeep', by: 'noMore' },
  { name: 'direct', by: 'root', extensions: SERVER },
  { name: 'leaf', by: 'middle', extensions: SERVER },
  { name: 'ofOther', by: 'other', extensions: SERVER },
  { name: 'sha1', by: 'root', digest: 'sha1', extensions: SERVER },
  { name: 'ofOld', by: 'oldMiddle', extensions: SERVER },
  { name: 'ofServer', by: 'direct', extensions: SERVER },
  { name: 'forClients', by: 'root', extensions: `${SERVER}extendedKeyUsage=clientAuth\n` },
  { name: 'deep', by: 'tooDeep', extensions: SERVER },
  { name: 'strange', by: 'root', extensions: `${SERVER}1.2.3.4=critical,ASN1:NULL\n` },
];

describe('certificateFailure', () => {
  const wire = useWire();
  const folder = temporaryFolder();

  before(() => {
    for (const wanted of certificates) make(wanted);
  });

  after(() => folder.remove());

  const read = (file: string) => readFileSync(join(folder.path, file), 'utf8');

  function make({ name, by, digest = 'sha256', extensions = AUTHORITY }: Wanted) {
    const openssl = (...args: readonly string[]) =>
      execFileSync('openssl', args, { cwd: folder.path, stdio: 'pipe' });
    const signer =
      by === undefined
        ? ['-signkey', `${name}.key`]
        : ['-CA', `${by}.pem`, '-CAkey', `${by}.key`, '-CAcreateserial'];
    folder.write(`${name}.ext`, extensions);
    openssl(
      ...['req', '-newkey', ...P256, '-nodes', '-keyout', `${name}.key`],
      ...['-subj', `/CN=${name}`, '-out', `${name}.csr`],
    );
    openssl(
      ...['x509', '-req', '-in', `${name}.csr`, ...signer, `-${digest}`, '-days', '100'],
      ...['-extfile', `${name}.ext`, '-out', `${name}.pem`],
    );
  }

  /** Runs with an engine that shows these certificates, its own first. */
  async function withEngine<Value>(chain: readonly string[], run: (url: string) => Promise<Value>) {
    const cert = chain.map((name) => read(`${name}.pem`)).join('');
    const key = read(`${chain[0] ?? ''}.key`);
    // A server that is as careless as those that show such certificates.
    const server = createServer({ cert, key, ciphers: 'DEFAULT:@SECLEVEL=0' }, (request, response) => {
      request.resume();
      json(response, request.method === 'GET' ? engineVm(1) : { access_token: 'a' });
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    try {
      return await run(`https://127.0.0.1:${(server.address() as AddressInfo).port}`);
    } finally {
      server.closeAllConnections();
      server.close();
    }
  }

  const signal = new AbortController().signal;
  const trusting = (names: readonly string[]) =>
    names.length === 0 ? {} : { ca: () => names.map((name) => read(`${name}.pem`)).join('') };

  const accepted: readonly (readonly [string[], string[]])[] = [
    [['direct'], ['root']],
    [['leaf', 'middle'], ['root']],
    [['leaf'], ['root', 'middle']],
  ];
  for (const [chain, trusted] of accepted) {
    it(`has nothing against ${chain.join(' of ')} where ${trusted.join(' and ')} are trusted`, async () => {
      const vm = await withEngine(chain, (url) =>
        wire.open({ url }, trusting(trusted)).getVm(vmId(1), signal),
      );
      expect(vm?.name).to.equal('vm1');
    });
  }

  const refused: readonly (readonly [string, string[], string[], RegExp])[] = [
    [
      'an intermediate that the server does not send',
      ['leaf'],
      ['root'],
      /comes alone.*\(UNABLE_TO_VERIFY_LEAF_SIGNATURE\); append the intermediate certificates to caFile, or have the server send them/,
    ],
    [
      'a certificate alone without a caFile',
      ['leaf'],
      [],
      /comes alone.*; fetch the engine's own with curl .* as caFile; if the authority is a public one, have the server send/,
    ],
    [
      'a chain without a caFile',
      ['leaf', 'middle'],
      [],
      /unknown authority \(UNABLE_TO_GET_ISSUER_CERT_LOCALLY\); fetch the engine's own/,
    ],
    [
      'a chain with its root without a caFile',
      ['leaf', 'middle', 'root'],
      [],
      /unknown authority \(SELF_SIGNED_CERT_IN_CHAIN\); fetch/,
    ],
    [
      'another authority in caFile',
      ['leaf', 'middle'],
      ['other'],
      /unknown authority .*; caFile holds another one; fetch .*, or name the file of the authority that signed/,
    ],
    [
      'an intermediate in caFile',
      ['leaf'],
      ['middle'],
      /whose own issuer is unknown \(UNABLE_TO_GET_ISSUER_CERT\); append the certificate of the root authority/,
    ],
    ['SHA-1', ['sha1'], ['root'], /SHA-1 or MD5.*\(CA signature digest algorithm too weak\); renew it/],
    ['an authority with SHA-1', ['ofOld', 'oldMiddle'], ['root'], /SHA-1 or MD5/],
    [
      'the certificate of a server as an authority',
      ['ofServer', 'direct'],
      ['root'],
      /signed by a certificate that is no authority \((INVALID_PURPOSE|INVALID_CA)\)/,
    ],
    ['a certificate for clients', ['forClients'], ['root'], /not made for a server.*serverAuth/],
    ['too many intermediates', ['deep', 'tooDeep', 'noMore'], ['root'], /pathlen.*\(PATH_LENGTH_EXCEEDED\)/],
    ['a strange extension', ['strange'], ['root'], /critical extension that OpenSSL does not know/],
  ];
  for (const [what, chain, trusted, message] of refused) {
    it(`says what to do about ${what}, and does not try again`, async () => {
      await withEngine(chain, async (url) => {
        const error = await failure(wire.open({ url }, trusting(trusted)).getVm(vmId(1), signal));
        expect(error.message).to.match(message);
        expect(wire.log.lines).to.deep.equal([]);
      });
    });
  }

  const trust = {
    urls: engineUrls({ url: 'https://engine.example.com', allowPlaintext: false }),
    hasCa: true,
  };
  for (const [code, message] of [
    ['CERT_SIGNATURE_FAILURE', /does not match the authority .*; the authority may have been renewed; fetch/],
    ['CERT_REVOKED', /was revoked/],
    ['CERT_CHAIN_TOO_LONG', /more than 100 intermediate/],
    ['CERT_UNTRUSTED', /take the mark from caFile/],
    ['CERT_REJECTED', /take the mark from caFile/],
    ['INVALID_CA', /no authority/],
    ['HOSTNAME_MISMATCH', /another name/],
    ['ERROR_IN_CERT_NOT_BEFORE_FIELD', /date that is none/],
    ['ERROR_IN_CERT_NOT_AFTER_FIELD', /date that is none/],
    ['UNABLE_TO_DECRYPT_CERT_SIGNATURE', /fetch/],
    ['UNABLE_TO_DECODE_ISSUER_PUBLIC_KEY', /fetch/],
  ] as const) {
    it(`knows what no test can make: ${code}`, () => {
      const error = certificateFailure({ code }, trust);
      expect(error?.message).to.match(message).and.include(`(${code}); `);
      expect(error?.transient).to.equal(false);
    });
  }

  it('knows a key that is too short by the words of OpenSSL, since its servers refuse one as well', () => {
    const error = certificateFailure({ code: 'UNSPECIFIED', message: 'EE certificate key too weak' }, trust);
    expect(error?.message).to.match(/key that is too short \(EE certificate key too weak\); renew it/);
  });

  it("gives OpenSSL's words for what it does not know, and nothing for what is no certificate's fault", () => {
    expect(
      certificateFailure({ code: 'UNSPECIFIED', message: 'proxy path length' }, trust)?.message,
    ).to.match(
      /^the certificate of the engine at https:\S+ can not be verified \(proxy path length\); renew it/,
    );
    expect(certificateFailure({ code: 'ECONNRESET', message: 'x' }, trust)).to.equal(undefined);
    expect(certificateFailure({}, trust)).to.equal(undefined);
  });
});
