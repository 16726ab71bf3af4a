import { expect } from 'chai';
import type { Decision, ShadowResult } from '../../src/domain/decision.js';
import type {
  AgreementReport,
  AgreementRequest,
  DecisionService,
  ShadowCounts,
  ShadowReports,
  ShadowsRequest,
} from '../../src/domain/decision-service.js';
import { startRpcServer, type RpcServer } from '../../src/rpc/server.js';
import { decisionAt, uuid } from '../decisions/sample.js';
import { memoryLog } from '../support/log.js';
import { errorText, runToEnd } from '../support/program.js';
import { constantService } from '../support/scoring-service.js';
import { serverSettings } from '../support/server-settings.js';

const AGREEMENT: AgreementReport = {
  total: { landed: 12, best: 6, topThree: 9, unranked: 2, regret: 55, unmatched: 3, superseded: 1 },
  policies: [
    {
      ...{ policyHash: 'a1b2', policy: 'spread' },
      counts: { landed: 12, best: 6, topThree: 9, unranked: 2, regret: 55, unmatched: 0, superseded: 0 },
    },
    {
      policyHash: 'c3d4',
      counts: { landed: 0, best: 0, topThree: 0, unranked: 0, regret: 0, unmatched: 3, superseded: 1 },
    },
  ],
  units: [
    { unit: 'same_os', decisions: 10, best: 6, expectedByChance: 2.5, neverFollowed: false },
    { unit: 'loud', decisions: 200, best: 20, expectedByChance: 21, neverFollowed: true },
  ],
  isPartial: false,
};

const counts = (given: Partial<ShadowCounts>): ShadowCounts => ({
  ...{ compared: 0, winnerChanged: 0, failed: 0, filtersCompared: 0, filtersChanged: 0 },
  ...given,
});

const COMPARED = { compared: 8, winnerChanged: 2, meanTau: 0.875, meanTopOverlap: 4.5, meanRegret: 10 };

const SHADOWS: ShadowReports = {
  running: ['dense', 'next'],
  shadows: [
    {
      ...{ shadow: 'dense', policyHash: 'a1b2' },
      total: counts({ ...COMPARED, failed: 1, filtersCompared: 4, filtersChanged: 1 }),
      byOs: [{ name: 'rhel_9x64', counts: counts(COMPARED) }, { counts: counts({ failed: 1 }) }],
      byCluster: [{ name: 'c1', counts: counts(COMPARED) }],
    },
  ],
  isPartial: true,
};

const notAsked = () => Promise.reject(new Error('not asked for'));

/** Serves these reports, and notes what is asked. */
async function serve(agreement = AGREEMENT, shadows = SHADOWS, decision?: Decision) {
  const asked: (AgreementRequest | ShadowsRequest)[] = [];
  const decisions: DecisionService = {
    ...{ process: 'p', list: notAsked, explain: notAsked, watch: () => () => undefined },
    get: () => (decision === undefined ? notAsked() : Promise.resolve(decision)),
    agreement(request) {
      asked.push(request);
      return Promise.resolve(agreement);
    },
    shadows(request) {
      asked.push(request);
      return Promise.resolve(shadows);
    },
  };
  const server = await startRpcServer({
    ...{ service: constantService('u'), settings: serverSettings(), log: memoryLog() },
    decisions: () => decisions,
  });
  return { server, asked };
}

describe('decisions show', () => {
  const host = { winner: uuid(1), winnerChanged: true, tau: -0.5, topOverlap: 3, regret: 4 };
  for (const [title, given, lines] of [
    [
      'scores',
      {},
      [
        'shadow     next: best host-1.example.org, 4 points behind, tau -0.50, 3 of the best 5',
        'shadow     dense (a1b2): best host-2.example.org, the same, 3 of the best 5, from another snapshot',
        'shadow     late: failed: UNAVAILABLE: gone',
      ],
    ],
    [
      'hosts that are left',
      { method: 'FILTER', units: [{ name: 'memory', weight: 1, accepted: Uint8Array.of(1, 1, 0) }] },
      [
        'shadow     next: leaves other hosts',
        'shadow     dense (a1b2): leaves the same hosts, from another snapshot',
        'shadow     late: failed: UNAVAILABLE: gone',
      ],
    ],
  ] as const satisfies readonly (readonly [string, Partial<Decision>, readonly string[]])[]) {
    it(`has what shadows would have answered: ${title}`, async () => {
      const shadows: readonly ShadowResult[] = [
        { shadow: 'next', ...host },
        {
          ...{ shadow: 'dense', policyHash: 'a1b2', winner: uuid(2), winnerChanged: false },
          ...{ topOverlap: 3, otherSnapshot: true },
        },
        { shadow: 'late', winnerChanged: false, topOverlap: 0, failure: 'UNAVAILABLE: gone' },
      ];
      const decision = decisionAt(0, { ...given, shadows });
      const { server } = await serve(AGREEMENT, SHADOWS, decision);
      const { stdout } = await runToEnd(['decisions', 'show', decision.id, '--server', server.address]);
      await server.close(0);
      expect(stdout.split('\n').filter((line) => line.startsWith('shadow'))).to.deep.equal(lines);
    });
  }
});

describe('reports on decisions', () => {
  let server: RpcServer | undefined;
  afterEach(() => server?.close(0));

  async function run(args: readonly string[], reports?: Parameters<typeof serve>) {
    const served = await serve(...(reports ?? []));
    server = served.server;
    const outcome = await runToEnd([...args, '--server', served.server.address]);
    expect(errorText(outcome)).to.equal('');
    return { lines: outcome.stdout.trimEnd().split('\n'), stdout: outcome.stdout, asked: served.asked };
  }

  it('say how far callers follow: of 10 ranked landings 6 on the best, 5.5 points lost each, and of 3 that were not seen 1 superseded', async () => {
    const { lines } = await run(['decisions', 'agreement']);
    expect(lines).to.deep.equal([
      'policy       landed  on best  on best 3  unranked  points lost  not seen  superseded',
      'all              12     60 %       90 %         2          5.5         2           1',
      'spread a1b2      12     60 %       90 %         2          5.5         0           0',
      'c3d4              0        -          -         0            -         2           1',
      '',
      'unit     decisions  on its best  by chance',
      'same_os         10         60 %       25 %',
      'loud           200         10 %       11 %  never followed',
    ]);
  });

  it('say that there are no outcomes, or no comparisons', async () => {
    const total = { landed: 0, best: 0, topThree: 0, unranked: 0, regret: 0, unmatched: 0, superseded: 0 };
    const none = [
      { total, policies: [], units: [], isPartial: false },
      { shadows: [], running: ['dense'], isPartial: false },
    ] as const;
    expect((await run(['decisions', 'agreement'], [...none])).lines).to.deep.equal(['no outcomes']);
    await server?.close(0);
    expect((await run(['shadow', 'report'], [...none])).lines).to.deep.equal(['no comparisons']);
    await server?.close(0);
    const running = ['shadow', 'report', '--shadow', 'dense'];
    expect((await run(running, [...none])).lines).to.deep.equal(['no comparisons']);
  });

  it('fail for a shadow that neither runs nor has results, and name those that run', async () => {
    const served = await serve(AGREEMENT, { shadows: [], running: ['dense', 'next'], isPartial: false });
    server = served.server;
    const args = ['shadow', 'report', '--shadow', 'dens', '--server', served.server.address];
    for (const json of [[], ['--json']]) {
      const outcome = await runToEnd([...args, ...json]);
      expect(outcome.stdout).to.equal('');
      expect(errorText(outcome)).to.equal(
        'CommandError: --shadow dens: none runs that is called so (running: dense, next), and none had results in this time',
      );
    }
  });

  it('say what shadows would have chosen, of which calls, and that it is a part', async () => {
    const { lines } = await run(['shadow', 'report']);
    expect(lines).to.deep.equal([
      'dense a1b2    scored  other winner   tau  of best 5  points lost  filtered  other hosts  failed',
      'all                8          25 %  0.88        4.5         10.0         4         25 %       1',
      'OS rhel_9x64       8          25 %  0.88        4.5         10.0         0            -       0',
      'OS unknown         0             -     -          -            -         0            -       1',
      'cluster c1         8          25 %  0.88        4.5         10.0         0            -       0',
      '',
      'Calls of an engine are compared by its selector over our units: what its own units add has no part in it.',
      'These are the newest decisions only; name a later --since for all of a time.',
    ]);
  });

  it('are made for a time, a face or a shadow', async () => {
    const from = '2026-01-02T00:00:00Z';
    const until = '2026-01-03T00:00:00Z';
    const times = ['--since', from, '--until', until];
    const { asked } = await run(['decisions', 'agreement', ...times, '--face', 'engine']);
    expect(asked).to.deep.equal([{ from: Date.parse(from), to: Date.parse(until), face: 'ENGINE' }]);
    await server?.close(0);
    const { asked: ofShadow } = await run(['shadow', 'report', ...times, '--shadow', 'dense']);
    expect(ofShadow).to.deep.equal([{ from: Date.parse(from), to: Date.parse(until), shadow: 'dense' }]);
  });

  it('are printed as JSON of the contract', async () => {
    const agreement: unknown = JSON.parse((await run(['decisions', 'agreement', '--json'])).stdout);
    expect(agreement).to.have.nested.property('units[1].neverFollowed', true);
    await server?.close(0);
    const shadows: unknown = JSON.parse((await run(['shadow', 'report', '--json'])).stdout);
    expect(shadows).to.have.nested.property('shadows[0].total.filtersCompared', '4');
  });
});
