import { expect } from 'chai';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { demoHost, demoVm, startDemo, type DemoProcess } from './demo-process.js';
import { outputOf, toolPath } from './run-tool.js';

const CLIENT = join(import.meta.dirname, 'engine_client.py');
const PLUGINS = join(import.meta.dirname, 'plugins');
const POLICY = 'site_policy';
const HOSTS = [1, 2, 9].map(demoHost);

describe("Python's xmlrpc.client, against a folder of old plugins", () => {
  const folder = mkdtempSync(join(tmpdir(), 'hostscore-plugins-'));
  let demo: DemoProcess;
  let lines: (method: string) => string[];

  before(async () => {
    const python = toolPath('PYTHON_WITH_GRPC');
    demo = await startDemo([
      ...['--plugins-dir', PLUGINS, '--plugins-python', python, '--bridge-budget', '10s'],
      ...['--state-dir', join(folder, 'state')],
    ]);
    const url = `http://${demo.bridgeAddress}/`;
    const args = [CLIENT, url, demoVm(1), HOSTS.join(','), POLICY, `${POLICY},ksm_same_os_score`, POLICY];
    const printed = (await outputOf(python, args)).trimEnd().split('\n');
    lines = (method) =>
      printed.filter((line) => line.startsWith(`${method} `)).map((line) => line.slice(method.length + 1));
  });

  // It may be missing when the set-up failed.
  after(async () => {
    await (demo as DemoProcess | undefined)?.stop();
    rmSync(folder, { recursive: true });
  });

  it('discovers the class as a unit of all three kinds, with its properties', () => {
    expect(lines('discover').filter((line) => line.includes(POLICY))).to.deep.equal([
      `filters ${POLICY} [avoid=[0-9a-f];bonus=[0-9]+] Rejects hosts whose id ends in "avoid"`,
      `scores ${POLICY} [avoid=[0-9a-f];bonus=[0-9]+] Costs the last digit of the id, and a half`,
      `balance ${POLICY} [avoid=[0-9a-f];bonus=[0-9]+] Moves a VM to the first host`,
    ]);
  });

  it('filters by it', () => {
    expect(lines('runFilters')).to.deep.equal(['result_code 0', ...HOSTS.slice(0, 2)]);
  });

  it('gets its numbers as they are, rounded down: 1.5, 2.5, 9.5 -> 1, 2, 9; beside the costs of a native unit', () => {
    const rows = lines('runCostFunctions');
    expect(rows.slice(0, 4)).to.deep.equal([
      'result_code 0',
      ...[1, 2, 9].map((cost, index) => `${HOSTS[index] ?? ''} ${cost} ${POLICY}`),
    ]);
    expect(rows).to.have.lengthOf(7);
  });

  it('gets its migration', () => {
    expect(lines('runLoadBalancing')).to.deep.equal(['result_code 0', `${demoVm(1)} [${HOSTS[0] ?? ''}]`]);
  });
});
