import { expect } from 'chai';
import { selfSigned } from '../inventory/self-signed.js';
import { startProcess } from '../support/process.js';
import { errorText, runToEnd } from '../support/program.js';
import { startScoring, type Scoring } from '../support/scoring.js';
import { temporaryFolder, type TemporaryFolder } from '../support/temporary-folder.js';
import { hostId } from '../support/world.js';
import { createWorld } from '../../src/simulator/world.js';

const world = createWorld({ hosts: [{ id: hostId(1), name: 'one' }], vms: [] });

describe('TLS and plain text', () => {
  let folder: TemporaryFolder;
  let plain: Scoring;
  let secured: Scoring;
  let ca: string;
  before(async () => {
    folder = temporaryFolder();
    const { cert, key } = selfSigned('127.0.0.1');
    ca = folder.write('cert.pem', cert);
    const files = ['--server-tls-cert-file', ca, '--server-tls-key-file', folder.write('key.pem', key)];
    plain = await startScoring(world);
    secured = await startScoring(world, { args: files });
  });
  after(async () => {
    await plain.close();
    await secured.close();
    folder.remove();
  });

  it('says of a server that wants TLS and is called in plain text', async () => {
    const outcome = await runToEnd(['health', '--server', secured.address]);
    expect(errorText(outcome)).to.equal(
      `SchedulingError: ${secured.address}: it ends connections before it speaks gRPC; does it want TLS (--ca FILE; services[].tlsCaFile or inventory.fromTlsCaFile), or a certificate of its clients (--cert, --key; services[].tlsCertFile or inventory.fromTlsCertFile)?`,
    );
  });

  it('says of a server that speaks plain text and is called over TLS', async () => {
    const outcome = await runToEnd(['health', '--server', plain.address, '--ca', ca]);
    expect(errorText(outcome)).to.equal(
      `SchedulingError: ${plain.address}: it does not speak TLS, and was called over TLS; call it in plain text (without --ca, --cert and --key; services[].tls or inventory.fromTls: false), or is it another port?`,
    );
  });

  it('says of a server that speaks HTTP and no gRPC', async () => {
    const address = plain.opsUrl.replace('http://', '');
    expect(errorText(await runToEnd(['health', '--server', address]))).to.equal(
      `SchedulingError: ${address}: it does not speak gRPC; is it another port?`,
    );
  });

  it('says of an engine that wants https and is asked over http', async () => {
    const outcome = await runToEnd(
      [
        ...['check', '--engine-url', `http://${secured.address}/ovirt-engine`, '--engine-username', 'a@b'],
        ...['--engine-allow-plaintext', 'true', '--server-listen', '127.0.0.1:0'],
      ],
      { HOSTSCORE_ENGINE_PASSWORD: 'x' },
    );
    expect(errorText(outcome)).to.match(/ended the connection \(ECONNRESET\); does it want https/);
  });

  it('calls an address over TLS without a warning of Node, and tells success by its exit code', async () => {
    const running = startProcess(['health', '--server', secured.address, '--ca', ca]);
    expect(await running.ended).to.deep.equal({ stdout: 'SERVING\n', stderr: '', code: 0 });
  });
});
