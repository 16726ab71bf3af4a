import { expect } from 'chai';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { selectByRank, selectByWeight } from '../../src/engine-model/selectors.js';
import { createRpcClient } from '../../src/rpc/client.js';
import { until } from '../support/until.js';
import { demoHost, demoVm, startDemo, type DemoProcess } from './demo-process.js';
import {
  generateCode,
  startPythonService,
  type GeneratedCode,
  type PythonService,
} from './python-service.js';
import { outputOf, toolPath } from './run-tool.js';

const KSM = 'ksm_same_os_score';
const ODD = 'last_digit_score';
const FACTOR = 2;
const VM = demoVm(1);
const HOSTS = [1, 2, 3, 9].map(demoHost);

const PYTHON_CLIENT = join(import.meta.dirname, 'engine_client.py');

/** What the service in Python scores: 100 for an id that ends in an odd digit. */
const oddCost = (host: string) => (Number.parseInt(host.slice(-1), 16) % 2 === 1 ? 0 : 100);

/** The clients that play the engine: Apache's library, as the engine uses it, and Python's own. */
const clients: readonly { readonly title: string; readonly command: () => readonly [string, ...string[]] }[] =
  [
    ...(process.env['ENGINE_CLIENT_JAR'] === undefined
      ? []
      : [
          {
            title: "the engine's own client library",
            command: () => ['java', '-jar', toolPath('ENGINE_CLIENT_JAR')] as const,
          },
        ]),
    {
      title: "Python's xmlrpc.client",
      command: () => [toolPath('PYTHON_WITH_GRPC'), PYTHON_CLIENT] as const,
    },
  ];

for (const { title, command } of clients) {
  describe(`${title}, against two scoring services`, () => {
    const python = toolPath('PYTHON_WITH_GRPC');
    const folder = mkdtempSync(join(tmpdir(), 'hostscore-engine-'));
    let code: GeneratedCode;
    let second: PythonService;
    let demo: DemoProcess;
    let flags: readonly string[];

    before(async () => {
      code = await generateCode(python);
      second = await startPythonService(python, code);
      flags = [
        ...['--services', `second=${second.address}`, '--state-dir', join(folder, 'state')],
        ...['--composite-breaker-pause', '100ms'],
      ];
      demo = await startDemo(flags);
    });

    // Any of them may be missing when the set-up failed.
    after(async () => {
      await (demo as DemoProcess | undefined)?.stop();
      await (second as PythonService | undefined)?.kill();
      await (code as GeneratedCode | undefined)?.remove();
      rmSync(folder, { recursive: true });
    });

    /** Makes the four calls of the engine; lines of the answers by their first word. */
    async function callAll(units = [KSM, ODD], balancer = 'no_such_balancer') {
      const [file, ...args] = command();
      const filters = 'accept_all_hosts,no_host_nine';
      const url = `http://${demo.bridgeAddress}/`;
      const printed = await outputOf(file, [
        ...args,
        url,
        VM,
        HOSTS.join(','),
        filters,
        units.join(','),
        balancer,
      ]);
      const lines = printed.trimEnd().split('\n');
      return (method: string) =>
        lines.filter((line) => line.startsWith(`${method} `)).map((line) => line.slice(method.length + 1));
    }

    /** The costs of both units, as the services' own scores say. */
    async function expectedCosts(): Promise<string[]> {
      const client = createRpcClient({ target: demo.address });
      try {
        const units = [KSM, ODD].map((name) => ({ name, weight: 1 }));
        const { unitResults } = await client.scoreHosts(
          {
            vmId: VM,
            hosts: HOSTS,
            units,
            properties: new Map(),
            assumedPlacements: [],
            explain: false,
          },
          { requestId: 'interop', signal: new AbortController().signal, deadline: Date.now() + 5000 },
        );
        return unitResults.flatMap(({ unit, value }) =>
          HOSTS.map((host, index) => `${host} ${100 - (value?.[index] ?? Number.NaN)} ${unit}`),
        );
      } finally {
        client.close();
      }
    }

    it('discovers the units of both', async () => {
      const lines = (await callAll())('discover');
      expect(
        lines.some((line) => line.startsWith(`scores ${KSM} [os_identity=configured|family|guest;`)),
      ).to.equal(true);
      expect(lines).to.include(`scores ${ODD} [] Prefers hosts with an odd id.`);
      expect(lines).to.include('filters no_host_nine [] Rejects ids that end in 9.');
    });

    it('filters by both: the second rejects the host whose id ends in 9', async () => {
      expect((await callAll())('runFilters')).to.deep.equal(['result_code 0', ...HOSTS.slice(0, 3)]);
    });

    it('gets the costs of both, each 100 - the score that gRPC shows, unweighted', async () => {
      const rows = (await callAll())('runCostFunctions');
      expect(rows).to.deep.equal(['result_code 0', ...(await expectedCosts())]);
      for (const host of HOSTS) expect(rows).to.include(`${host} ${oddCost(host)} ${ODD}`);
    });

    it('gets two elements from a balancer that is not there, and its name', async () => {
      expect((await callAll())('runLoadBalancing')).to.deep.equal([
        'result_code 1',
        "error of no_such_balancer: [plugin not found: 'no_such_balancer']",
        'errors []',
        '- []',
      ]);
    });

    it('picks the host that ScoreHosts ranks first, under both selectors', async () => {
      const rows = (await callAll())('runCostFunctions').slice(1);
      const [best] = await ranking();
      const ballot = {
        candidates: HOSTS,
        costs: rows.map((line) => {
          const [hostId = '', cost = '', unit = ''] = line.split(' ');
          return { hostId, cost: Number(cost), unit };
        }),
        factors: new Map([KSM, ODD].map((name) => [name, FACTOR])),
      };
      expect(selectByRank(ballot).winners).to.deep.equal([best]);
      expect(selectByWeight(ballot).winners).to.deep.equal([best]);
    });

    async function ranking(): Promise<string[]> {
      const scores = new Map(HOSTS.map((host) => [host, 0]));
      for (const line of await expectedCosts()) {
        const [host = '', cost] = line.split(' ');
        scores.set(host, (scores.get(host) ?? 0) + FACTOR * (100 - Number(cost)));
      }
      return HOSTS.toSorted((left, right) => (scores.get(right) ?? 0) - (scores.get(left) ?? 0));
    }

    it('keeps the units of one when the other is killed, and gets all again when it is back', async () => {
      const all = (await callAll())('runCostFunctions').slice(1);
      await second.kill();

      const killed = await callAll();
      const costs = killed('runCostFunctions');
      expect(costs[0]).to.equal('result_code 1');
      expect(costs[1]).to.match(/^error of last_digit_score: \[UNAVAILABLE: second: /);
      expect(costs.slice(3)).to.deep.equal(all.filter((line) => line.endsWith(KSM)));
      expect(killed('runFilters').slice(3)).to.deep.equal(HOSTS);
      expect(killed('discover')).to.include(`scores ${ODD} [] Prefers hosts with an odd id.`);

      second = await startPythonService(python, code, second.address);
      const back = await until(
        async () => (await callAll())('runCostFunctions'),
        ([resultCode]) => resultCode === 'result_code 0',
      );
      expect(back.slice(1)).to.deep.equal(all);
    });

    it('discovers everything after a restart while the second is down', async () => {
      await second.kill();
      await demo.stop();
      demo = await startDemo(flags);
      const lines = (await callAll())('discover');
      expect(lines).to.include(`scores ${ODD} [] Prefers hosts with an odd id.`);
      expect(lines).to.include('filters no_host_nine [] Rejects ids that end in 9.');
    });
  });
}
