import { expect } from 'chai';
import { readFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';
import { startProcess, type RunningProcess } from '../support/process.js';
import { FREE_PORTS } from '../support/scoring.js';
import { engineHost, HOST, vmId } from './engine-world.js';
import { HOSTS_PATH, json, openRawEngine, VMS_PATH, type RawEngine } from './raw-engine.js';

describe('an engine with long texts', () => {
  let engine: RawEngine;
  let service: RunningProcess | undefined;

  beforeEach(async () => {
    engine = await openRawEngine();
    engine.on(HOSTS_PATH, (response) => json(response, { host: [engineHost()] }));
  });

  afterEach(async () => {
    service?.child.kill('SIGKILL');
    await service?.ended;
    await engine.close();
  });

  it('reads 400 VMs with names of 1 MB in a process with a heap of 256 MB', async () => {
    const gzip = (text: string) => gzipSync(text, { level: 1 });
    const name = gzip('x'.repeat(1_000_000));
    engine.on(VMS_PATH, (response) => {
      response.writeHead(200, { 'content-type': 'application/json', 'content-encoding': 'gzip' });
      response.write(gzip('{"vm":['));
      for (let nth = 0; nth < 400; nth += 1) {
        const start = `${nth === 0 ? '' : ','}{"id":"${vmId(nth)}","status":"up","host":{"id":"${HOST}"},"name":"`;
        response.write(Buffer.concat([gzip(start), name, gzip('"}')]));
      }
      response.end(gzip(']}'));
    });
    service = startProcess(
      [
        ...['serve', ...FREE_PORTS, '--engine-url', engine.url],
        ...['--engine-username', 'admin@internal', '--log-level', 'debug'],
      ],
      { HOSTSCORE_ENGINE_PASSWORD: 'x' },
      ['--max-old-space-size=256'],
    );
    await service.written('stderr', /engine refreshed hosts=1 vms=400 skipped=0/);
    const status = readFileSync(`/proc/${service.child.pid ?? ''}/status`, 'utf8');
    expect(Number(/VmHWM:\s+(\d+)/.exec(status)?.[1]) / 1024).to.be.below(300);
  }).timeout(60_000);
});
