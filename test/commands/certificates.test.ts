import { expect } from 'chai';
import { createCertificateReader } from '../../src/commands/certificates.js';
import { loadConfig } from '../../src/config/load.js';
import { selfSigned } from '../inventory/self-signed.js';
import { temporaryFolder } from '../support/temporary-folder.js';

/** A certificate that ends at the begin of a year. */
const until = (year: number) => selfSigned('127.0.0.1', '20200101000000Z', `${year}0101000000Z`).cert;

describe('the ends of certificates', () => {
  const folder = temporaryFolder();
  after(() => folder.remove());

  /** The years in which certificates of these files end, by setting, as often as wanted. */
  function reader(files: Readonly<Record<string, string>>) {
    const read = createCertificateReader();
    const config = loadConfig({ file: undefined, variables: {}, flags: files });
    return () => read(config).map(({ setting, endsAt }) => [setting, new Date(endsAt).getUTCFullYear()]);
  }

  it('are those of the first of a chain, and of the last of authorities', () => {
    const chain = folder.write('chain.pem', until(2031) + until(2030));
    const authorities = folder.write('ca.pem', until(2025) + until(2033) + until(2027));
    const ends = reader({
      'server.tlsCertFile': chain,
      'server.tlsKeyFile': chain,
      'server.tlsClientCaFile': authorities,
    });
    expect(ends()).to.deep.equal([
      ['server.tlsCertFile', 2030],
      ['server.tlsClientCaFile', 2033],
    ]);
  });

  it('follow the file, and stay while it is missing or half written', () => {
    const file = folder.write('engine.pem', until(2030));
    const ends = reader({ 'engine.caFile': file });
    expect(ends()).to.deep.equal([['engine.caFile', 2030]]);
    folder.write('engine.pem', until(2030).slice(0, 200));
    expect(ends()).to.deep.equal([['engine.caFile', 2030]]);
    folder.write('engine.pem', until(2040));
    expect(ends()).to.deep.equal([['engine.caFile', 2040]]);
  });

  it('are absent where a file was never good', () => {
    expect(reader({ 'engine.caFile': folder.write('none.pem', 'nothing') })()).to.deep.equal([]);
  });
});
