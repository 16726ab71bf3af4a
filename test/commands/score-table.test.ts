import { expect } from 'chai';
import { scoreTable } from '../../src/commands/score-table.js';
import type { Reason, ScoreUnitResult, WeightedUnit } from '../../src/domain/contract.js';
import type { ListedHost } from '../../src/domain/inventory.js';
import { hostId, SNAPSHOT_TIME } from '../support/world.js';

const [A, B, C, D] = [hostId(1), hostId(2), hostId(3), hostId(4)] as const;

/** Hosts of the cluster: D is not explained, and its name comes from here. */
const listed = (id: string, name: string, status = 'up') => ({ id, name, status, runningVms: 0 });

const HEAD = 'rank  score    host  u x1  id';
const FULL = '█'.repeat(20);
const NONE = '·'.repeat(20);

const KSM = 'ksm_same_os_score';

/** A row of an explained answer. */
interface Row {
  readonly hostId: string;
  readonly hostName?: string;
  readonly score: number;
  readonly reasons?: readonly Reason[];
}

const host = (id: string, hostName: string, score: number, reason?: string): Row => ({
  hostId: id,
  hostName,
  score,
  reasons: reason === undefined ? [] : [{ unit: KSM, text: reason }],
});

describe('scoreTable', () => {
  const cases: readonly {
    readonly title: string;
    readonly scores: readonly Row[];
    readonly results?: readonly ScoreUnitResult[];
    readonly weights?: readonly WeightedUnit[] | 'unknown';
    readonly cluster?: readonly ListedHost[];
    readonly services?: ReadonlyMap<string, string>;
    readonly top?: number;
    readonly noSnapshot?: boolean;
    readonly age?: number;
    readonly lines: readonly string[];
  }[] = [
    {
      title: 'ranks 20, 100, 55 as 100, 55, 20 of 100, bars of 20, 11 and 4 characters, reasons below',
      scores: [host(A, 'a', 20, 'why 20'), host(B, 'b', 100, 'why 100'), host(C, 'c', 55)],
      lines: [
        'rank    score                        host  u x1  id',
        `   1  100/100  ${FULL}  b      100  ${B}`,
        '      ksm_same_os_score: why 100',
        `   2   55/100  ${'█'.repeat(11)}${'·'.repeat(9)}  c       55  ${C}`,
        `   3   20/100  ${'█'.repeat(4)}${'·'.repeat(16)}  a       20  ${A}`,
        '      ksm_same_os_score: why 20',
        '',
        '3 hosts, snapshot of 2026-01-02T03:04:05.678Z, 0s old',
      ],
    },
    {
      title:
        'lets equal scores share a rank, in the order answered, and the next rank counts them: 1, =, 3, =',
      scores: [host(D, 'd', 0), host(B, 'b', 100), host(A, 'a', 100), host(C, 'c', 0)],
      lines: [
        'rank    score                        host  u x1  id',
        `   1  100/100  ${FULL}  b      100  ${B}`,
        `   =  100/100  ${FULL}  a      100  ${A}`,
        `   3    0/100  ${NONE}  d        0  ${D}`,
        `   =    0/100  ${NONE}  c        0  ${C}`,
        '',
        '4 hosts, snapshot of 2026-01-02T03:04:05.678Z, 0s old',
      ],
    },
    {
      title:
        'has a column for each unit with its weight, costs as they count, and tells of which service: 2 x 50 + 1 x 100 = 200 of 300',
      scores: [host(A, 'a', 200), host(B, 'b', 0)],
      results: [
        { unit: 'ksm', value: [50, 0] },
        { unit: 'spread', value: [3, 9], direction: 'LOWER_IS_BETTER' },
        { unit: 'gone', failure: { code: 'NOT_FOUND', message: 'no such unit' } },
      ],
      weights: [
        { name: 'ksm', weight: 2 },
        { name: 'spread', weight: 1 },
        { name: 'gone', weight: 7 },
      ],
      services: new Map([
        ['ksm', 'local'],
        ['spread', 'far'],
      ]),
      lines: [
        'rank    score                        host  ksm x2  spread x1  id',
        `   1  200/300  ${'█'.repeat(13)}${'·'.repeat(7)}  a         50        100  ${A}`,
        `   2    0/300  ${NONE}  b          0          0  ${B}`,
        '',
        'units: ksm of local, spread of far',
        '2 hosts, snapshot of 2026-01-02T03:04:05.678Z, 0s old',
      ],
    },
    {
      title: 'has no maximum when only the server knows the weights, and the longest bar for the best',
      scores: [host(A, 'a', 60)],
      weights: 'unknown',
      lines: [
        'rank  score                        host   u  id',
        `   1     60  ${FULL}  a     60  ${A}`,
        '',
        '1 hosts, snapshot of 2026-01-02T03:04:05.678Z, 0s old',
      ],
    },
    {
      title: 'shows the best 1 of 3, says how to see all, and names hosts of the cluster that are not up',
      scores: [{ hostId: C, score: 10 }, { hostId: D, score: 90 }, host(A, 'a', 50)],
      top: 1,
      cluster: [listed(D, 'dora'), listed(B, 'bert', 'maintenance'), listed(hostId(5), 'eve', 'down')],
      lines: [
        'rank   score                        host  u x1  id',
        `   1  90/100  ${'█'.repeat(18)}··  dora    90  ${D}`,
        '      2 more; --top 3 shows all',
        '',
        'not up, so not scored: bert (maintenance), eve (down)',
        '3 hosts, snapshot of 2026-01-02T03:04:05.678Z, 0s old',
      ],
    },
    {
      title: 'names 10 hosts of 12 that are not up',
      scores: [],
      cluster: Array.from({ length: 12 }, (_, n) => listed(hostId(n), `h${n}`, 'down')),
      lines: [
        HEAD,
        '      no hosts to score',
        '',
        `not up, so not scored: ${Array.from({ length: 10 }, (_, n) => `h${n} (down)`).join(', ')}, and 2 more`,
        '0 hosts, snapshot of 2026-01-02T03:04:05.678Z, 0s old',
      ],
    },
    {
      title: 'leaves the name out of a host that has none, and draws no bar where every weight is 0',
      scores: [{ hostId: A, score: 0 }],
      weights: [{ name: 'u', weight: 0 }],
      lines: [
        'rank  score                        host  u x0  id',
        `   1    0/0  ${NONE}           0  ${A}`,
        '',
        '1 hosts, snapshot of 2026-01-02T03:04:05.678Z, 0s old',
      ],
    },
    {
      title: 'says how old the snapshot is: 12,400 ms -> 12s',
      scores: [],
      age: 12_400,
      lines: [HEAD, '      no hosts to score', '', '0 hosts, snapshot of 2026-01-02T03:04:05.678Z, 12s old'],
    },
    {
      title: 'says so when no service has an inventory',
      scores: [],
      noSnapshot: true,
      lines: [HEAD, '      no hosts to score', '', '0 hosts, no snapshot'],
    },
    {
      title: 'calls a snapshot from a clock that is ahead 0s old',
      scores: [],
      age: -5000,
      lines: [HEAD, '      no hosts to score', '', '0 hosts, snapshot of 2026-01-02T03:04:05.678Z, 0s old'],
    },
  ];
  for (const { title, scores, age = 0, noSnapshot = false, lines, ...rest } of cases) {
    it(title, () => {
      const { weights = [{ name: 'u', weight: 1 }], services = new Map(), cluster, top = Infinity } = rest;
      const response = {
        scores: scores.map(({ hostId, score }) => ({ hostId, score })),
        explanation: {
          hostName: (place: number) => scores[place]?.hostName,
          reasons: (place: number) => scores[place]?.reasons ?? [],
        },
        unitResults: rest.results ?? [{ unit: 'u', value: scores.map(({ score }) => score) }],
        unknownHostIds: [],
        ...(noSnapshot ? {} : { snapshotTime: SNAPSHOT_TIME }),
      };
      const table = scoreTable(response, {
        weights: weights === 'unknown' ? undefined : weights,
        ...{ services, cluster, top, now: SNAPSHOT_TIME + age },
      });
      expect(table.map(({ text }) => text)).to.deep.equal(lines);
    });
  }
});
