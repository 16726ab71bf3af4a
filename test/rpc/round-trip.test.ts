import { expect } from 'chai';
import type {
  BalanceHostsResponse,
  FilterHostsResponse,
  PolicyUnit,
  ScoreExplanation,
  ScoreHostsResponse,
  UnitFailure,
} from '../../src/domain/contract.js';
import { SCHEDULING_ERROR_CODES, SchedulingError } from '../../src/domain/errors.js';
import {
  aBalanceRequest,
  aCall,
  aFilterRequest,
  aScoreRequest,
  createLoopback,
  fakeService,
  rejection,
  SNAPSHOT_TIME,
  uuid,
} from './loopback.js';

describe('a PolicyUnitService over the wire', () => {
  const loopback = createLoopback();
  afterEach(() => loopback.close());

  const units: readonly PolicyUnit[] = [
    {
      name: 'even',
      type: 'SCORE',
      description: 'Scores evenly.',
      properties: [{ name: 'mode', pattern: 'a|b', defaultValue: 'a', description: 'How.' }],
      direction: 'HIGHER_IS_BETTER',
    },
    { name: 'old', type: 'SCORE', description: '', properties: [], direction: 'LOWER_IS_BETTER' },
    { name: 'even', type: 'FILTER', description: 'Same name, other type.', properties: [] },
    { name: 'level', type: 'BALANCE', description: '', properties: [] },
  ];

  for (const hasInventory of [true, false]) {
    it(`lists the units and problems as they are, with inventory, and more to come: ${hasInventory}`, async () => {
      const problems = [{ source: 'broken.py', reason: 'SyntaxError: line 1' }];
      const list = { units, problems, hasInventory, ...(hasInventory ? { isIncomplete: true } : {}) };
      const server = await loopback.serve({
        service: fakeService({ listPolicyUnits: () => Promise.resolve(list) }),
      });
      expect(await loopback.connect(server).listPolicyUnits(aCall())).to.deep.equal(list);
    });
  }

  it('carries every field of ScoreHosts, both ways', async () => {
    const explanation: ScoreExplanation = {
      hostName: (place) => ['a', 'ünï'][place],
      reasons: (place) => [{ unit: 'even', text: `${2 * place} of 4` }],
    };
    const answer: ScoreHostsResponse = {
      scores: [
        { hostId: uuid(1), score: 0 },
        { hostId: uuid(2), score: 55 },
      ],
      unitResults: [
        { unit: 'even', value: [0, 55], direction: 'HIGHER_IS_BETTER' },
        { unit: 'gone', failure: { code: 'NOT_FOUND', message: 'no such unit', notFound: 'UNIT' } },
      ],
      unknownHostIds: [uuid(3)],
      snapshotTime: SNAPSHOT_TIME,
      counterfactuals: [
        {
          unit: 'even',
          weight: 1,
          weights: [
            { hostId: uuid(1), from: 0, to: 0 },
            { hostId: uuid(2), from: 1, to: Infinity },
          ],
        },
      ],
    };
    const service = fakeService({ scoreHosts: () => Promise.resolve({ ...answer, explanation }) });
    const request = aScoreRequest({
      hosts: [uuid(1), uuid(3), uuid(2), uuid(1)],
      units: [
        { name: 'even', weight: 1 },
        { name: 'gone', weight: 0 },
      ],
      properties: new Map([
        ['mode', 'a'],
        ['__proto__', 'kept'],
        ['constructor', ''],
      ]),
      assumedPlacements: [{ vmId: uuid(7), hostId: uuid(1) }],
      explain: true,
      record: true,
      counterfactuals: true,
    });
    const client = loopback.connect(await loopback.serve({ service }));
    const { explanation: told, ...rest } = await client.scoreHosts(request, aCall());
    expect(rest).to.deep.equal(answer);
    for (const place of answer.scores.keys()) {
      expect(told?.hostName(place)).to.equal(explanation.hostName(place));
      expect(told?.reasons(place)).to.deep.equal(explanation.reasons(place));
    }
    expect(service.received[0]?.request).to.deep.equal(request);
  });

  const tops = [
    { explainTop: 1, explained: [2] },
    { explainTop: 2, explained: [0, 2] },
    { explainTop: 4, explained: [0, 1, 2, 3] },
  ];
  for (const { explainTop, explained } of tops) {
    it(`explains the best ${explainTop} of scores 50, 10, 70, 50, the first of equal ones: places ${explained.join()}`, async () => {
      const asked: number[] = [];
      const explanation: ScoreExplanation = {
        hostName: () => 'h',
        reasons: (place) => {
          asked.push(place);
          return [{ unit: 'even', text: `reason ${place}` }];
        },
      };
      const scores = [50, 10, 70, 50].map((score, n) => ({ hostId: uuid(n), score }));
      const service = fakeService({
        scoreHosts: () => Promise.resolve({ scores, unitResults: [], unknownHostIds: [], explanation }),
      });
      const client = loopback.connect(await loopback.serve({ service }));
      const request = aScoreRequest({ hosts: scores.map(({ hostId }) => hostId), explain: true, explainTop });
      const answer = await client.scoreHosts(request, aCall());
      expect(answer.scores).to.deep.equal(scores);
      expect(asked).to.deep.equal(explained);
      const told = scores.map((_, place) => answer.explanation?.reasons(place) ?? []);
      expect(told.flatMap((reasons, place) => (reasons.length > 0 ? [place] : []))).to.deep.equal(explained);
      expect(service.received[0]?.request).to.deep.equal(request);
    });
  }

  it('carries the name of a policy', async () => {
    const service = fakeService();
    const client = loopback.connect(await loopback.serve({ service }));
    await client.scoreHosts(aScoreRequest({ units: [], policy: 'night' }), aCall());
    await client.filterHosts(aFilterRequest({ policy: 'night' }), aCall());
    expect(service.received.map(({ request }) => request)).to.deep.equal([
      aScoreRequest({ units: [], policy: 'night' }),
      aFilterRequest({ policy: 'night', assumedPlacements: [], explain: false }),
    ]);
  });

  it('carries all_hosts, and no hosts at all', async () => {
    const service = fakeService();
    const client = loopback.connect(await loopback.serve({ service }));
    const all = await client.scoreHosts(aScoreRequest({ hosts: 'ALL_UP' }), aCall());
    const none = await client.scoreHosts(aScoreRequest({ hosts: [] }), aCall());
    expect(all.scores).to.deep.equal([{ hostId: uuid(1), score: 0 }]);
    expect(none.scores).to.deep.equal([]);
    expect(service.received.map(({ request }) => request)).to.deep.equal([
      aScoreRequest({ hosts: 'ALL_UP' }),
      aScoreRequest({ hosts: [] }),
    ]);
  });

  const placements = [{ vmId: uuid(7), hostId: uuid(1) }];
  const properties = new Map([['k', 'v']]);

  it('carries FilterHosts, both ways', async () => {
    const answer: FilterHostsResponse = {
      hostIds: [uuid(2)],
      unitResults: [
        {
          unit: 'cpu',
          value: [uuid(2)],
          rejections: [
            { hostId: uuid(1), hostName: 'ünï', reason: 'full' },
            { hostId: uuid(3), reason: 'gone' },
          ],
        },
        { unit: 'gone', failure: { code: 'UNAVAILABLE', message: 'down' } },
      ],
      snapshotTime: SNAPSHOT_TIME,
    };
    const service = fakeService({ filterHosts: () => Promise.resolve(answer) });
    const client = loopback.connect(await loopback.serve({ service }));
    const units = ['cpu', 'gone'];
    const request = aFilterRequest({
      units,
      properties,
      assumedPlacements: placements,
      explain: true,
      record: true,
    });
    expect(await client.filterHosts(request, aCall())).to.deep.equal(answer);
    const all = aFilterRequest({ hosts: 'ALL_UP', assumedPlacements: [], explain: false });
    await client.filterHosts(all, aCall());
    expect(service.received.map(({ request }) => request)).to.deep.equal([request, all]);
  });

  const migrations: { title: string; answer: BalanceHostsResponse }[] = [
    { title: 'nothing to do', answer: { snapshotTime: SNAPSHOT_TIME } },
    { title: 'no snapshot', answer: {} },
    { title: 'why there is nothing to do', answer: { explanation: 'even: 2 and 2 VMs' } },
    {
      title: 'a migration',
      answer: {
        snapshotTime: SNAPSHOT_TIME,
        migration: { vmId: uuid(9), candidateHostIds: [uuid(2), uuid(1)] },
        explanation: '5 VMs there, 1 here',
      },
    },
  ];
  for (const { title, answer } of migrations) {
    it(`carries BalanceHosts, both ways: ${title}`, async () => {
      const service = fakeService({ balanceHosts: () => Promise.resolve(answer) });
      const client = loopback.connect(await loopback.serve({ service }));
      const request = aBalanceRequest({
        properties,
        assumedPlacements: placements,
        explain: true,
        record: true,
      });
      expect(await client.balanceHosts(request, aCall())).to.deep.equal(answer);
      expect(service.received[0]?.request).to.deep.equal(request);
    });
  }

  for (const time of [0, 1, -1, 999, 1000, SNAPSHOT_TIME]) {
    it(`carries a snapshot of ${time} ms`, async () => {
      const service = fakeService({ balanceHosts: () => Promise.resolve({ snapshotTime: time }) });
      const client = loopback.connect(await loopback.serve({ service }));
      expect(await client.balanceHosts(aBalanceRequest(), aCall())).to.deep.equal({ snapshotTime: time });
    });
  }

  for (const code of SCHEDULING_ERROR_CODES) {
    it(`carries a failure of a unit: ${code}`, async () => {
      const failure: UnitFailure = {
        code,
        message: 'why not',
        ...(code === 'NOT_FOUND' ? { notFound: 'VM' } : {}),
      };
      const service = fakeService({
        scoreHosts: () =>
          Promise.resolve({
            scores: [
              { hostId: uuid(1), score: 0 },
              { hostId: uuid(2), score: 0 },
            ],
            unitResults: [{ unit: 'even', failure }],
            unknownHostIds: [],
            snapshotTime: SNAPSHOT_TIME,
          }),
      });
      const client = loopback.connect(await loopback.serve({ service }));
      const { unitResults } = await client.scoreHosts(aScoreRequest(), aCall());
      expect(unitResults).to.deep.equal([{ unit: 'even', failure }]);
    });

    it(`carries an error of a call: ${code}`, async () => {
      const service = fakeService({
        scoreHosts: () => Promise.reject(new SchedulingError(code, 'VM "ä" 100 % \n unfit')),
      });
      const server = await loopback.serve({ service });
      const error = await rejection(loopback.connect(server).scoreHosts(aScoreRequest(), aCall()));
      expect(error)
        .to.be.instanceOf(SchedulingError)
        .and.include({
          code,
          message:
            {
              CANCELLED: 'the call was cancelled',
              DEADLINE_EXCEEDED: `no answer from ${server.address} in time`,
              UNAVAILABLE: `${server.address}: VM "ä" 100 % \n unfit`,
            }[code as string] ?? 'VM "ä" 100 % \n unfit',
        });
    });
  }

  it('passes the request id on, by field and by metadata', async () => {
    const service = fakeService();
    const client = loopback.connect(await loopback.serve({ service }));
    const call = aCall({ requestId: 'the id' });
    await client.listPolicyUnits(call);
    await client.scoreHosts(aScoreRequest(), call);
    await client.filterHosts(aFilterRequest(), call);
    await client.balanceHosts(aBalanceRequest(), call);
    expect(service.received.map((received) => received.call.requestId)).to.deep.equal(
      Array(4).fill('the id'),
    );
  });

  it('cuts a long error, and mends one that is no Unicode', async () => {
    const service = fakeService({
      scoreHosts: () => Promise.reject(new SchedulingError('NOT_FOUND', `\ud800 ${'x'.repeat(100_000)}`)),
    });
    const client = loopback.connect(await loopback.serve({ service }));
    const error = await rejection(client.scoreHosts(aScoreRequest(), aCall()));
    expect(error).to.include({ code: 'NOT_FOUND', message: `\ufffd ${'x'.repeat(998)}...` });
  });
});
