import { Server, ServerCredentials, status, type sendUnaryData } from '@grpc/grpc-js';
import { expect } from 'chai';
import type { ScoreHostsRequest } from '../../src/domain/contract.js';
import { SchedulingError } from '../../src/domain/errors.js';
import type { BalanceHostsResponse } from '../../src/gen/hostscore/v1/BalanceHostsResponse.js';
import type { FilterHostsResponse } from '../../src/gen/hostscore/v1/FilterHostsResponse.js';
import type { ListPolicyUnitsResponse } from '../../src/gen/hostscore/v1/ListPolicyUnitsResponse.js';
import type { ScoreHostsResponse } from '../../src/gen/hostscore/v1/ScoreHostsResponse.js';
import type { StreamScoreHostsResponse } from '../../src/gen/hostscore/v1/StreamScoreHostsResponse.js';
import type { RpcClient } from '../../src/rpc/client.js';
import { policyUnitMethods } from '../../src/rpc/proto.js';
import {
  aBalanceRequest,
  aCall,
  aFilterRequest,
  aScoreRequest,
  createLoopback,
  rejection,
  uuid,
} from './loopback.js';

const snapshot_time = { seconds: 1, nanos: 0 };
const [one, two, three] = [uuid(1), uuid(2), uuid(3)];
const unit = 'even';
const BROKEN = "the service's answer breaks the contract: ";

/** What the pretended service answers to each method: a message, or bytes. */
interface Answers {
  ListPolicyUnits?: ListPolicyUnitsResponse | Buffer;
  ScoreHosts?: ScoreHostsResponse | Buffer;
  FilterHosts?: FilterHostsResponse | Buffer;
  BalanceHosts?: BalanceHostsResponse | Buffer;
  StreamScoreHosts?: StreamScoreHostsResponse[];
}

describe('a client whose service breaks the contract', () => {
  const loopback = createLoopback();
  afterEach(() => loopback.close());

  async function lying(answers: Answers): Promise<RpcClient> {
    const server = new Server();
    const answer =
      <Message>(message: Message | Buffer | undefined) =>
      (_: unknown, respond: sendUnaryData<Message | Buffer>) => {
        if (message === undefined) respond({ code: status.UNIMPLEMENTED, details: 'not here' });
        else respond(null, message);
      };
    const sends =
      <Message>(serialize: (message: Message) => Buffer) =>
      (message: Message | Buffer) =>
        Buffer.isBuffer(message) ? message : serialize(message);
    const { ListPolicyUnits, ScoreHosts, FilterHosts, BalanceHosts, StreamScoreHosts } = policyUnitMethods;
    server.addService(
      {
        ListPolicyUnits: { ...ListPolicyUnits, responseSerialize: sends(ListPolicyUnits.responseSerialize) },
        ScoreHosts: { ...ScoreHosts, responseSerialize: sends(ScoreHosts.responseSerialize) },
        FilterHosts: { ...FilterHosts, responseSerialize: sends(FilterHosts.responseSerialize) },
        BalanceHosts: { ...BalanceHosts, responseSerialize: sends(BalanceHosts.responseSerialize) },
        StreamScoreHosts,
      },
      {
        ListPolicyUnits: answer(answers.ListPolicyUnits),
        ScoreHosts: answer(answers.ScoreHosts),
        FilterHosts: answer(answers.FilterHosts),
        BalanceHosts: answer(answers.BalanceHosts),
        StreamScoreHosts: (stream: {
          on: (event: string, listener: () => void) => void;
          write: (message: StreamScoreHostsResponse) => void;
          end: () => void;
        }) => {
          stream.on('data', () => undefined);
          for (const message of answers.StreamScoreHosts ?? []) stream.write(message);
          stream.end();
        },
      },
    );
    const port = await new Promise<number>((resolve, reject) => {
      server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, bound) => {
        if (error === null) resolve(bound);
        else reject(error);
      });
    });
    loopback.onClose(() => server.forceShutdown());
    return loopback.connect({ address: `127.0.0.1:${port}` });
  }

  const scores = [
    { host_id: one, score: 0 },
    { host_id: two, score: 100 },
  ];
  const unit_results = [{ unit, scores: { values: [0, 100] } }];
  const good: ScoreHostsResponse = { scores, unit_results, snapshot_time };

  const scoreLies: { lie: string; answer: ScoreHostsResponse; request?: Partial<ScoreHostsRequest> }[] = [
    {
      lie: 'scores: host 2 is missing, or not in the order asked',
      answer: { ...good, scores: scores.slice(0, 1), unit_results: [{ unit, scores: { values: [0] } }] },
    },
    {
      lie: 'scores: host 1 is missing, or not in the order asked',
      answer: { ...good, scores: scores.toReversed() },
    },
    {
      lie: 'scores[2].host_id: 3 was not asked for, or stands here twice',
      answer: {
        ...good,
        scores: [...scores, { host_id: three, score: 0 }],
        unit_results: [{ unit, scores: { values: [0, 100, 0] } }],
      },
    },
    {
      lie: 'scores[2].host_id: 1 was not asked for, or stands here twice',
      answer: {
        ...good,
        scores: [...scores, { host_id: one, score: 0 }],
        unit_results: [{ unit, scores: { values: [0, 100, 0] } }],
      },
    },
    {
      lie: 'scores[1].host_id: expected a UUID, got "two"',
      answer: {
        ...good,
        scores: [
          { host_id: one, score: 0 },
          { host_id: 'two', score: 0 },
        ],
      },
    },
    {
      lie: 'scores[0].score: expected a score, got none',
      answer: { ...good, scores: [{ host_id: one }, { host_id: two, score: 0 }] },
    },
    {
      lie: 'scores[1].score: expected 0 to 100, got 101',
      answer: {
        ...good,
        scores: [
          { host_id: one, score: 0 },
          { host_id: two, score: 101 },
        ],
      },
    },
    {
      lie: 'scores[0].score: expected 0 to 100, got -1',
      answer: {
        ...good,
        scores: [
          { host_id: one, score: -1 },
          { host_id: two, score: 0 },
        ],
      },
    },
    {
      lie: 'scores[0].score: expected 0 to 300, got 301',
      answer: {
        ...good,
        scores: [
          { host_id: one, score: 301 },
          { host_id: two, score: 0 },
        ],
      },
      request: { units: [{ name: unit, weight: 3 }] },
    },
    {
      lie: 'scores[1].score: expected 0 to 0, got 100',
      answer: { ...good, unit_results: [{ unit, failure: { code: 'FAILURE_CODE_INTERNAL' } }] },
    },
    {
      lie: 'unknown_host_ids[0]: 3 was not asked for, or stands here twice',
      answer: { ...good, unknown_host_ids: [three] },
    },
    { lie: 'unknown_host_ids[0]: expected a UUID, got ""', answer: { ...good, unknown_host_ids: [''] } },
    { lie: 'unit_results: the result of "even" is missing', answer: { ...good, unit_results: [] } },
    {
      lie: 'unit_results[0].unit: expected "even", got "odd"',
      answer: { ...good, unit_results: [{ unit: 'odd', scores: { values: [0, 0] } }] },
    },
    {
      lie: 'unit_results[1].unit: expected no further unit, got "odd"',
      answer: { ...good, unit_results: [...unit_results, { unit: 'odd', scores: { values: [0, 0] } }] },
    },
    {
      lie: 'unit_results[1].unit: "even" stands here twice',
      answer: { ...good, unit_results: [...unit_results, ...unit_results] },
      request: { units: [] },
    },
    {
      lie: 'unit_results[0].unit: expected a name, got ""',
      answer: { ...good, unit_results: [{ scores: { values: [0, 0] } }] },
      request: { units: [] },
    },
    {
      lie: 'unit_results[0]: expected scores or a failure of "even", got neither',
      answer: { ...good, unit_results: [{ unit }] },
    },
    {
      lie: 'unit_results[0].scores: expected 2 values, one for each host, got 1',
      answer: { ...good, unit_results: [{ unit, scores: { values: [0] } }] },
    },
    {
      lie: 'snapshot_time: expected a time, got 1 s and -5 ns',
      answer: { ...good, snapshot_time: { seconds: 1, nanos: -5 } },
    },
    {
      lie: 'snapshot_time: expected a time, got 253402300800 s and 0 ns',
      answer: { ...good, snapshot_time: { seconds: 253_402_300_800, nanos: 0 } },
    },
    {
      lie: 'scores[1].host_id: 1 stands here twice',
      answer: {
        ...good,
        scores: [
          { host_id: one, score: 0 },
          { host_id: one, score: 0 },
        ],
      },
      request: { hosts: 'ALL_UP' },
    },
    {
      lie: 'unknown_host_ids: no host was asked for by its id',
      answer: { ...good, unknown_host_ids: [three] },
      request: { hosts: 'ALL_UP' },
    },
  ];
  for (const { lie, answer, request } of scoreLies) {
    it(`ScoreHosts: ${lie}`, async () => {
      const client = await lying({ ScoreHosts: answer });
      const error = await rejection(client.scoreHosts(aScoreRequest(request), aCall()));
      const message =
        BROKEN + lie.replace(/(?<=^scores: host )\d|\d(?= was| stands)/, (n) => uuid(Number(n)));
      expect(error).to.be.instanceOf(SchedulingError).and.include({ code: 'INTERNAL', message });
    });
  }

  it('ScoreHosts: a value outside 0..100 of a unit whose values are scores', async () => {
    const client = await lying({
      ListPolicyUnits: {
        policy_units: [
          { name: unit, type: 'POLICY_UNIT_TYPE_SCORE', direction: 'DIRECTION_HIGHER_IS_BETTER' },
          { name: unit, type: 'POLICY_UNIT_TYPE_FILTER' },
        ],
      },
      ScoreHosts: { ...good, unit_results: [{ unit, scores: { values: [0, 150] } }] },
    });
    await client.listPolicyUnits(aCall());
    expect(await rejection(client.scoreHosts(aScoreRequest(), aCall()))).to.include({
      message: `${BROKEN}unit_results[0].scores.values[1]: expected 0 to 100, got 150`,
    });
  });

  it('ScoreHosts: takes raw costs, and ids in upper case, and texts for which it did not ask', async () => {
    const client = await lying({
      ListPolicyUnits: {
        policy_units: [
          { name: unit, type: 'POLICY_UNIT_TYPE_SCORE', direction: 'DIRECTION_LOWER_IS_BETTER' },
        ],
      },
      ScoreHosts: {
        scores: [
          { host_id: uuid(0xab).toUpperCase(), score: 100, host_name: 'x', reasons: [{ unit, text: 't' }] },
        ],
        unit_results: [{ unit, scores: { values: [-5000] } }],
        snapshot_time,
      },
    });
    await client.listPolicyUnits(aCall());
    expect(await client.scoreHosts(aScoreRequest({ hosts: [uuid(0xab)] }), aCall())).to.deep.equal({
      scores: [{ hostId: uuid(0xab), score: 100 }],
      unitResults: [{ unit, value: [-5000] }],
      unknownHostIds: [],
      snapshotTime: 1000,
    });
  });

  for (const code of ['FAILURE_CODE_UNSPECIFIED', 99] as const) {
    it(`ScoreHosts: a unit's failure with the code ${code} counts as INTERNAL, its text is cut`, async () => {
      // Field 2 of ScoreHostsResponse: unit "even", failure {code: 99}; the types know no such code.
      const bytes = policyUnitMethods.ScoreHosts.responseSerialize({
        scores: [
          { host_id: one, score: 0 },
          { host_id: two, score: 0 },
        ],
        unit_results: [{ unit, failure: { code: 'FAILURE_CODE_UNAVAILABLE', message: 'x'.repeat(2000) } }],
        snapshot_time,
      });
      const at = bytes.indexOf(Buffer.from([0x08, 14]));
      bytes[at + 1] = code === 99 ? 99 : 0;
      const client = await lying({ ScoreHosts: bytes });
      const { unitResults } = await client.scoreHosts(aScoreRequest(), aCall());
      expect(unitResults).to.deep.equal([
        { unit, failure: { code: 'INTERNAL', message: `${'x'.repeat(1000)}...` } },
      ]);
    });
  }

  const filterLies: { lie: string; answer: FilterHostsResponse }[] = [
    { lie: `host_ids[0]: ${three} was not asked for`, answer: { host_ids: [three], snapshot_time } },
    { lie: `host_ids[1]: ${one} stands here twice`, answer: { host_ids: [one, one], snapshot_time } },
    {
      lie: `host_ids[0]: expected ${one} by what the units accepted, got ${two}`,
      answer: { host_ids: [two, one], snapshot_time },
    },
    {
      lie: `host_ids[1]: expected ${two} by what the units accepted, got none`,
      answer: { host_ids: [one], snapshot_time },
    },
    {
      lie: `host_ids[0]: expected none by what the units accepted, got ${one}`,
      answer: { host_ids: [one], unit_results: [{ unit: 'cpu', accepted: {} }], snapshot_time },
    },
    {
      lie: `unit_results[0].accepted.host_ids[0]: ${three} was not asked for`,
      answer: { unit_results: [{ unit: 'cpu', accepted: { host_ids: [three] } }], snapshot_time },
    },
    {
      lie: 'unit_results[0]: expected accepted hosts or a failure of "cpu", got neither',
      answer: { unit_results: [{ unit: 'cpu' }], snapshot_time },
    },
  ];
  for (const { lie, answer } of filterLies) {
    it(`FilterHosts: ${lie}`, async () => {
      const client = await lying({ FilterHosts: answer });
      const error = await rejection(client.filterHosts(aFilterRequest(), aCall()));
      expect(error).to.include({ code: 'INTERNAL', message: BROKEN + lie });
    });
  }

  const balanceLies: { lie: string; answer: BalanceHostsResponse }[] = [
    {
      lie: 'migration.candidate_host_ids: expected at least one host, got none',
      answer: { migration: { vm_id: one }, snapshot_time },
    },
    {
      lie: `migration.candidate_host_ids[0]: ${three} was not asked for`,
      answer: { migration: { vm_id: one, candidate_host_ids: [three] }, snapshot_time },
    },
    {
      lie: 'migration.vm_id: expected a UUID, got "vm"',
      answer: { migration: { vm_id: 'vm', candidate_host_ids: [one] }, snapshot_time },
    },
    {
      lie: 'snapshot_time: expected a time, got 1 s and -5 ns',
      answer: { snapshot_time: { seconds: 1, nanos: -5 } },
    },
  ];
  for (const { lie, answer } of balanceLies) {
    it(`BalanceHosts: ${lie}`, async () => {
      const client = await lying({ BalanceHosts: answer });
      const error = await rejection(client.balanceHosts(aBalanceRequest(), aCall()));
      expect(error).to.include({ code: 'INTERNAL', message: BROKEN + lie });
    });
  }

  const score = {
    name: 'u',
    type: 'POLICY_UNIT_TYPE_SCORE',
    direction: 'DIRECTION_HIGHER_IS_BETTER',
  } as const;
  const unitLies: { lie: string; answer: ListPolicyUnitsResponse | Buffer }[] = [
    {
      lie: 'policy_units[0].name: expected a name of 1 to 128 characters, got ""',
      answer: { policy_units: [{ ...score, name: '' }] },
    },
    {
      lie: 'policy_units[1].name: the SCORE "u" stands here twice',
      answer: { policy_units: [score, score] },
    },
    {
      lie: 'policy_units[0].type: expected FILTER, SCORE or BALANCE, got POLICY_UNIT_TYPE_UNSPECIFIED',
      answer: { policy_units: [{ name: 'u' }] },
    },
    {
      lie: 'policy_units[0].type: expected FILTER, SCORE or BALANCE, got 9',
      answer: Buffer.from('0a050a01751009', 'hex'),
    },
    {
      lie: 'policy_units[0].direction: expected HIGHER_IS_BETTER or LOWER_IS_BETTER for a score unit, got DIRECTION_UNSPECIFIED',
      answer: { policy_units: [{ name: 'u', type: 'POLICY_UNIT_TYPE_SCORE' }] },
    },
    {
      lie: 'policy_units[0].properties[0].name: expected letters, digits and underscores, got "a;b"',
      answer: { policy_units: [{ ...score, properties: [{ name: 'a;b' }] }] },
    },
    {
      lie: 'policy_units[0].properties[0].pattern: expected no semicolon, at which the engine splits, got "x;y"',
      answer: { policy_units: [{ ...score, properties: [{ name: 'a', pattern: 'x;y' }] }] },
    },
    {
      lie: 'policy_units: 1001 units, at most 1000 are read (maxPolicyUnits)',
      answer: { policy_units: Array.from({ length: 1001 }, (_, n) => ({ ...score, name: `u${n}` })) },
    },
  ];
  for (const { lie, answer } of unitLies) {
    it(`ListPolicyUnits: ${lie}`, async () => {
      const client = await lying({ ListPolicyUnits: answer });
      const error = await rejection(client.listPolicyUnits(aCall()));
      expect(error).to.include({ code: 'INTERNAL', message: BROKEN + lie });
    });
  }

  const streamLies: { lie: string; answers: StreamScoreHostsResponse[] }[] = [
    { lie: 'stream: it ended before every request was answered', answers: [] },
    { lie: 'request_id: expected "r1", got "r2"', answers: [{ request_id: 'r2', response: good }] },
    { lie: 'outcome: expected a response or a failure, got neither', answers: [{ request_id: 'r1' }] },
    {
      lie: 'scores[1].score: expected 0 to 100, got 101',
      answers: [
        {
          request_id: 'r1',
          response: {
            ...good,
            scores: [
              { host_id: one, score: 0 },
              { host_id: two, score: 101 },
            ],
          },
        },
      ],
    },
    {
      lie: 'stream: an answer without a request',
      answers: [
        { request_id: 'r1', response: good },
        { request_id: 'r2', response: good },
      ],
    },
  ];
  for (const { lie, answers } of streamLies) {
    it(`StreamScoreHosts: ${lie}`, async () => {
      const client = await lying({ StreamScoreHosts: answers });
      // eslint-disable-next-line @typescript-eslint/require-await -- an async source is what the client takes
      const source = (async function* () {
        yield { requestId: 'r1', request: aScoreRequest() };
      })();
      const read = async () => {
        for await (const { requestId } of client.streamScoreHosts(source, aCall()))
          expect(requestId).to.equal('r1');
      };
      expect(await rejection(read())).to.include({ code: 'INTERNAL', message: BROKEN + lie });
    });
  }

  it('answers that are no protobuf', async () => {
    const client = await lying({ ScoreHosts: Buffer.from('0aff', 'hex') });
    const error = await rejection(client.scoreHosts(aScoreRequest(), aCall()));
    expect(error).to.be.instanceOf(SchedulingError).and.include({ code: 'INTERNAL' });
  });

  it('a method that the service lacks', async () => {
    const client = await lying({});
    const error = await rejection(client.filterHosts(aFilterRequest(), aCall()));
    expect(error).to.include({ code: 'UNIMPLEMENTED', message: 'not here' });
  });

  it('an answer over maxReceiveBytes', async () => {
    const client = loopback.connect(await loopback.serve(), { limits: { maxReceiveBytes: 100 } });
    const error = await rejection(client.scoreHosts(aScoreRequest(), aCall()));
    expect(error).to.include({ code: 'RESOURCE_EXHAUSTED' });
  });
});
