import { expect } from 'chai';
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { z } from 'zod';
import { createRpcClient } from '../../src/rpc/client.js';
import { aCall } from '../rpc/loopback.js';
import { temporaryFolder } from '../support/temporary-folder.js';
import { until } from '../support/until.js';
import { demoHost, demoVm, startDemo, type DemoProcess } from './demo-process.js';
import { runTool } from './run-tool.js';

const DEPLOY = join(import.meta.dirname, '../../deploy');
const PLUGINS = join(import.meta.dirname, '../golden/plugins');

const dashboardSchema = z.object({
  panels: z.array(
    z.object({ title: z.string(), targets: z.array(z.object({ expr: z.string() })).default([]) }),
  ),
});
const expressions = dashboardSchema
  .parse(JSON.parse(readFileSync(join(DEPLOY, 'grafana/hostscore.json'), 'utf8')))
  .panels.flatMap(({ title, targets }) => targets.map(({ expr }) => ({ title, expr })));

/** Figures of which the load of this test makes none: they need an engine of flesh, TLS, a replica, a shadow, or a broken connection. */
const WITHOUT_LOAD = new RegExp(
  [
    'hostscore_(outcomes|outcomes_unmatched|predictions|calls_incomplete|connections_ended|bridge_connections_lost)_total',
    'hostscore_(events_missed|replica_follows)_total',
    'hostscore_(replica|event)_lag_seconds',
    'hostscore_outcome_regret_points',
    'hostscore_shadow_(comparisons_total|dropped_total|tau)',
    'hostscore_certificate_end_timestamp_seconds',
  ].join('|'),
);

const answerSchema = z.object({
  status: z.string(),
  error: z.string().optional(),
  data: z.object({ result: z.array(z.unknown()) }).optional(),
});
const rulesSchema = z.object({
  data: z.object({
    groups: z.array(
      z.object({
        rules: z.array(z.object({ name: z.string(), health: z.string(), lastError: z.string().optional() })),
      }),
    ),
  }),
});

const body = (method: string, params: string) =>
  `<?xml version="1.0"?><methodCall><methodName>${method}</methodName><params>${params}</params></methodCall>`;
const param = (value: string) => `<param><value>${value}</value></param>`;
const list = (values: readonly string[]) =>
  `<array><data>${values.map((value) => `<value>${value}</value>`).join('')}</data></array>`;

/** Returns a port that is free at the moment. */
async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  return typeof address === 'object' && address !== null ? address.port : 0;
}

describe('promtool', () => {
  it('tests the rules of the alerts', async () => {
    const { code, stdout, stderr } = await runTool('promtool', [
      ...['test', 'rules', join(DEPLOY, 'prometheus/rules.test.yaml')],
    ]);
    expect(code, stdout + stderr).to.equal(0);
  });

  it('finds nothing to lint in the rules', async () => {
    const { code, stdout, stderr } = await runTool('promtool', [
      ...['check', 'rules', '--lint=all', '--lint-fatal', join(DEPLOY, 'prometheus/rules.yaml')],
    ]);
    expect(code, stdout + stderr).to.equal(0);
  });
});

describe('Prometheus that scrapes a loaded hostscore', () => {
  const folder = temporaryFolder();
  let demo: DemoProcess;
  let prometheus: ChildProcess;
  let api: string;

  async function load(): Promise<void> {
    const client = createRpcClient({ target: demo.address });
    const hosts = [1, 2, 3].map(demoHost);
    const request = { vmId: demoVm(83), hosts, properties: new Map(), assumedPlacements: [], explain: false };
    const units = ['ksm_same_os_score', 'site_policy', 'made_up'].map((name) => ({ name, weight: 1 }));
    await client.scoreHosts({ ...request, units }, aCall());
    await client.filterHosts({ ...request, units: ['site_policy'] }, aCall());
    await client.scoreHosts({ ...request, vmId: 'x', units }, aCall()).catch(() => undefined);
    client.close();
    const arguments_ = [
      param(list([list(['ksm_same_os_score', '<int>1</int>'])])),
      ...[param(list(hosts)), param(demoVm(83)), param('<struct></struct>')],
    ];
    const headers = { 'Content-Type': 'text/xml' };
    const url = `http://${demo.bridgeAddress}/`;
    await fetch(url, { method: 'POST', headers, body: body('runCostFunctions', arguments_.join('')) });
    await fetch(url);
  }

  async function query(expr: string) {
    const made = expr.replaceAll(/\$(job|instance)\b/g, '.*').replaceAll('$__rate_interval', '1m');
    const response = await fetch(`${api}/query?query=${encodeURIComponent(made)}`);
    return answerSchema.parse(await response.json());
  }

  before(async () => {
    demo = await startDemo(['--plugins-dir', PLUGINS, '--services', 'gone=127.0.0.1:1']);
    const port = await freePort();
    api = `http://127.0.0.1:${port}/api/v1`;
    const rules = join(DEPLOY, 'prometheus/rules.yaml');
    const config = folder.write(
      'prometheus.yml',
      JSON.stringify({
        global: { scrape_interval: '500ms', evaluation_interval: '500ms' },
        rule_files: [rules],
        scrape_configs: [{ job_name: 'hostscore', static_configs: [{ targets: [demo.opsAddress] }] }],
      }),
    );
    prometheus = spawn(
      'prometheus',
      [
        `--config.file=${config}`,
        `--storage.tsdb.path=${join(folder.path, 'data')}`,
        `--web.listen-address=127.0.0.1:${port}`,
      ],
      { stdio: 'ignore' },
    );
    process.once('exit', () => prometheus.kill('SIGKILL'));
    // A figure rises only from a scrape that had it before.
    for (let round = 0; round < 6; round += 1) {
      await load();
      const scrapes = `count_over_time(up{job="hostscore"}[1m]) >= ${2 * round + 1}`;
      await until(
        () => query(scrapes).catch(() => undefined),
        (answer) => (answer?.data?.result.length ?? 0) > 0,
      );
    }
  });
  after(async () => {
    const ended = once(prometheus, 'exit');
    prometheus.kill('SIGTERM');
    await ended;
    await demo.stop();
    folder.remove();
  });

  it('promtool finds nothing to lint in the metrics', async () => {
    const stdin = await (await fetch(`http://${demo.opsAddress}/metrics`)).text();
    const { code, stdout, stderr } = await runTool('promtool', ['check', 'metrics'], { stdin });
    expect([code, stdout, stderr]).to.deep.equal([0, '', '']);
  });

  it('shows each figure of ours on the dashboard', async () => {
    const text = await (await fetch(`http://${demo.opsAddress}/metrics`)).text();
    const names = [...text.matchAll(/^# TYPE ((?:hostscore|grpc)_\w+)/gm)].map(([, name]) => String(name));
    expect(names).to.have.length.above(30);
    const shown = expressions.map(({ expr }) => expr).join('\n');
    expect(names.filter((name) => !shown.includes(name) && name !== 'hostscore_build_info')).to.deep.equal(
      [],
    );
  });

  it('has expressions to try: one for each figure of the dashboard', () => {
    expect(expressions).to.have.length.above(30);
  });

  for (const { title, expr } of expressions) {
    const isLoaded = !WITHOUT_LOAD.test(expr);
    it(`evaluates "${title}"${isLoaded ? ' to a series' : ''}: ${expr.slice(0, 70)}`, async () => {
      const { status, error, data } = await query(expr);
      expect([status, error]).to.deep.equal(['success', undefined]);
      if (isLoaded) expect(data?.result.length, expr).to.be.above(0);
    });
  }

  it('evaluates every alert', async () => {
    const response = await fetch(`${api}/rules`);
    const rules = rulesSchema.parse(await response.json()).data.groups.flatMap((group) => group.rules);
    expect(rules).to.have.length.above(10);
    expect(rules.filter(({ health }) => health !== 'ok')).to.deep.equal([]);
  });
});
