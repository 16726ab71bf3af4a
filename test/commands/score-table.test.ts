import { expect } from 'chai';
import { scoreTable } from '../../src/commands/score-table.js';
import type { Reason } from '../../src/domain/contract.js';
import { hostId, SNAPSHOT_TIME } from '../support/world.js';

const [A, B, C, D] = [hostId(1), hostId(2), hostId(3), hostId(4)] as const;

/** Names from elsewhere, for a host that is not explained. */
const NAMES = new Map([[D, 'dora']]);

const HEAD = 'rank  score                        host  id';
const FULL = '█'.repeat(20);
const NONE = '·'.repeat(20);

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
  reasons: reason === undefined ? [] : [{ unit: 'ksm_same_os_score', text: reason }],
});

describe('scoreTable', () => {
  const cases: readonly {
    readonly title: string;
    readonly scores: readonly Row[];
    readonly noSnapshot?: boolean;
    readonly weightSum?: number;
    readonly age?: number;
    readonly lines: readonly string[];
  }[] = [
    {
      title: 'ranks 20, 100, 55 as 100, 55, 20, bars of 20, 11 and 4 characters, reasons below',
      scores: [host(A, 'a', 20, 'why 20'), host(B, 'b', 100, 'why 100'), host(C, 'c', 55)],
      lines: [
        HEAD,
        `   1    100  ${FULL}  b     ${B}`,
        '      ksm_same_os_score: why 100',
        `   2     55  ${'█'.repeat(11)}${'·'.repeat(9)}  c     ${C}`,
        `   3     20  ${'█'.repeat(4)}${'·'.repeat(16)}  a     ${A}`,
        '      ksm_same_os_score: why 20',
        '',
        '3 hosts, snapshot of 2026-01-02T03:04:05.678Z, 0 s old',
      ],
    },
    {
      title:
        'lets equal scores share a rank, in the order answered, and the next rank counts them: 1, =, 3, =',
      scores: [host(D, 'd', 0), host(B, 'b', 100), host(A, 'a', 100), host(C, 'c', 0)],
      lines: [
        HEAD,
        `   1    100  ${FULL}  b     ${B}`,
        `   =    100  ${FULL}  a     ${A}`,
        `   3      0  ${NONE}  d     ${D}`,
        `   =      0  ${NONE}  c     ${C}`,
        '',
        '4 hosts, snapshot of 2026-01-02T03:04:05.678Z, 0 s old',
      ],
    },
    {
      title: 'measures bars by the weights: 150 of 3 x 100 is 10 of 20 characters',
      scores: [host(A, 'a', 150)],
      weightSum: 3,
      lines: [
        HEAD,
        `   1    150  ${'█'.repeat(10)}${'·'.repeat(10)}  a     ${A}`,
        '',
        '1 hosts, snapshot of 2026-01-02T03:04:05.678Z, 0 s old',
      ],
    },
    {
      title: 'draws no bar where every weight is 0',
      scores: [host(A, 'a', 0)],
      weightSum: 0,
      lines: [
        HEAD,
        `   1      0  ${NONE}  a     ${A}`,
        '',
        '1 hosts, snapshot of 2026-01-02T03:04:05.678Z, 0 s old',
      ],
    },
    {
      title: 'makes room for long scores and names',
      scores: [host(A, 'amsterdam-01', 1_417_339_176), host(B, 'b', 5)],
      weightSum: 21_474_836,
      lines: [
        'rank       score                        host          id',
        `   1  1417339176  ${'█'.repeat(13)}${'·'.repeat(7)}  amsterdam-01  ${A}`,
        `   2           5  ${NONE}  b             ${B}`,
        '',
        '2 hosts, snapshot of 2026-01-02T03:04:05.678Z, 0 s old',
      ],
    },
    {
      title: 'leaves the name out of a host that has none',
      scores: [{ hostId: A, score: 100 }],
      lines: [
        HEAD,
        `   1    100  ${FULL}        ${A}`,
        '',
        '1 hosts, snapshot of 2026-01-02T03:04:05.678Z, 0 s old',
      ],
    },
    {
      title: 'says so when there is no host',
      scores: [],
      lines: [HEAD, '      no hosts to score', '', '0 hosts, snapshot of 2026-01-02T03:04:05.678Z, 0 s old'],
    },
    {
      title: 'says how old the snapshot is: 12,400 ms -> 12 s',
      scores: [],
      age: 12_400,
      lines: [HEAD, '      no hosts to score', '', '0 hosts, snapshot of 2026-01-02T03:04:05.678Z, 12 s old'],
    },
    {
      title:
        'names a host that is not explained by the name known from elsewhere, and leaves out one that nobody knows',
      scores: [
        { hostId: D, score: 100 },
        { hostId: C, score: 0 },
      ],
      lines: [
        HEAD,
        `   1    100  ${FULL}  dora  ${D}`,
        `   2      0  ${NONE}        ${C}`,
        '',
        '2 hosts, snapshot of 2026-01-02T03:04:05.678Z, 0 s old',
      ],
    },
    {
      title: 'says so when no service has an inventory',
      scores: [],
      noSnapshot: true,
      lines: [HEAD, '      no hosts to score', '', '0 hosts, no snapshot'],
    },
    {
      title: 'calls a snapshot from a clock that is ahead 0 s old',
      scores: [],
      age: -5000,
      lines: [HEAD, '      no hosts to score', '', '0 hosts, snapshot of 2026-01-02T03:04:05.678Z, 0 s old'],
    },
  ];
  for (const { title, scores, weightSum = 1, age = 0, noSnapshot = false, lines } of cases) {
    it(title, () => {
      const response = {
        scores: scores.map(({ hostId, score }) => ({ hostId, score })),
        explanation: {
          hostName: (place: number) => scores[place]?.hostName,
          reasons: (place: number) => scores[place]?.reasons ?? [],
        },
        unitResults: [],
        unknownHostIds: [],
        ...(noSnapshot ? {} : { snapshotTime: SNAPSHOT_TIME }),
      };
      expect(scoreTable(response, { weightSum, hostNames: NAMES, now: SNAPSHOT_TIME + age })).to.deep.equal(
        lines,
      );
    });
  }
});
