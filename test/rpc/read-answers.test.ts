import { Server, ServerCredentials, status, type sendUnaryData } from '@grpc/grpc-js';
import type { MethodDefinition, ServiceDefinition } from '@grpc/proto-loader';
import { expect } from 'chai';
import type { FilterHostsResponse as AcceptedHosts, ScoreHostsRequest } from '../../src/domain/contract.js';
import { SchedulingError } from '../../src/domain/errors.js';
import type { BalanceHostsResponse } from '../../src/gen/hostscore/v1/BalanceHostsResponse.js';
import type { FilterHostsResponse } from '../../src/gen/hostscore/v1/FilterHostsResponse.js';
import type { GetInventoryResponse } from '../../src/gen/hostscore/v1/GetInventoryResponse.js';
import type { ListHostsResponse } from '../../src/gen/hostscore/v1/ListHostsResponse.js';
import type { ListPolicyUnitsResponse } from '../../src/gen/hostscore/v1/ListPolicyUnitsResponse.js';
import type { ListVmsResponse } from '../../src/gen/hostscore/v1/ListVmsResponse.js';
import type { ScoreHostsResponse } from '../../src/gen/hostscore/v1/ScoreHostsResponse.js';
import type { RpcClient } from '../../src/rpc/client.js';
import { MAX_LISTING_BYTES } from '../../src/rpc/message/read-response.js';
import { inventoryMethods, policyUnitMethods } from '../../src/rpc/proto.js';
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
const [one, two] = [uuid(1), uuid(2)];
const unit = 'even';
const BROKEN = "the service's answer breaks the contract: ";

/** What the pretended service answers to each method: a message, bytes, or a status; UNIMPLEMENTED to the others. */
interface Answers {
  ListPolicyUnits?: ListPolicyUnitsResponse | Buffer | status;
  ScoreHosts?: ScoreHostsResponse | Buffer | status;
  FilterHosts?: FilterHostsResponse | Buffer | status;
  BalanceHosts?: BalanceHostsResponse | Buffer | status;
  ListHosts?: ListHostsResponse | status;
  ListVms?: ListVmsResponse | status;
  GetInventory?: GetInventoryResponse | status;
}

function sendsBytesToo(method: MethodDefinition<object, object>): MethodDefinition<object, object> {
  const { responseSerialize } = method;
  return {
    ...method,
    responseSerialize: (message) => (Buffer.isBuffer(message) ? message : responseSerialize(message)),
  };
}

describe('the answer of a service that anybody wrote', () => {
  const loopback = createLoopback();
  afterEach(() => loopback.close());

  /** Connects to a service that gives these answers. */
  async function answering(answers: Answers): Promise<RpcClient> {
    const server = new Server();
    const given: Readonly<Record<string, object | status | undefined>> = { ...answers };
    for (const methods of [policyUnitMethods, inventoryMethods] as readonly ServiceDefinition[]) {
      const definitions = Object.entries(methods).filter(([, { requestStream }]) => !requestStream);
      server.addService(
        Object.fromEntries(definitions.map(([name, method]) => [name, sendsBytesToo(method)])),
        Object.fromEntries(
          definitions.map(([name]) => [
            name,
            (_: unknown, respond: sendUnaryData<object>) => {
              const answer = given[name] ?? status.UNIMPLEMENTED;
              if (typeof answer === 'number') respond({ code: answer, details: 'not here' });
              else respond(null, answer);
            },
          ]),
        ),
      );
    }
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

  const unreadable: {
    problem: string;
    answers: Answers;
    ask: (client: RpcClient) => Promise<unknown>;
  }[] = [
    ...[
      {
        problem: 'scores[1].host_id: expected a UUID, got "two"',
        answer: { ...good, scores: [scores[0] ?? {}, { host_id: 'two', score: 0 }] },
      },
      {
        problem: 'unknown_host_ids[0]: expected a UUID, got ""',
        answer: { ...good, unknown_host_ids: [''] },
      },
      {
        problem: 'unit_results[0].unit: expected a name, got ""',
        answer: { ...good, unit_results: [{ scores: { values: [0, 0] } }] },
      },
      {
        problem: 'unit_results[0]: expected scores or a failure of "even", got neither',
        answer: { ...good, unit_results: [{ unit }] },
      },
      {
        problem: 'snapshot_time: expected a time, got 1 s and -5 ns',
        answer: { ...good, snapshot_time: { seconds: 1, nanos: -5 } },
      },
      {
        problem: 'snapshot_time: expected a time, got 253402300800 s and 0 ns',
        answer: { ...good, snapshot_time: { seconds: 253_402_300_800, nanos: 0 } },
      },
      {
        problem: 'response: its bytes are not a message of the contract',
        answer: Buffer.from('0aff', 'hex'),
      },
    ].map(({ problem, answer }) => ({
      problem,
      answers: { ScoreHosts: answer },
      ask: (client: RpcClient) => client.scoreHosts(aScoreRequest(), aCall()),
    })),
    ...[
      { problem: 'host_ids[0]: expected a UUID, got "x"', answer: { host_ids: ['x'] } },
      {
        problem: 'unit_results[0].unit: expected a name, got ""',
        answer: { unit_results: [{ accepted: {} }] },
      },
      {
        problem: 'unit_results[0]: expected accepted hosts or a failure of "cpu", got neither',
        answer: { unit_results: [{ unit: 'cpu' }] },
      },
      {
        problem: 'unit_results[0].accepted.host_ids[1]: expected a UUID, got "x"',
        answer: { unit_results: [{ unit: 'cpu', accepted: { host_ids: [one, 'x'] } }] },
      },
      {
        problem: 'unit_results[0].rejected[0].host_id: expected a UUID, got ""',
        answer: { unit_results: [{ unit: 'cpu', accepted: {}, rejected: [{ reason: 'full' }] }] },
      },
    ].map(({ problem, answer }) => ({
      problem,
      answers: { FilterHosts: answer },
      ask: (client: RpcClient) => client.filterHosts(aFilterRequest({ explain: true }), aCall()),
    })),
    ...[
      {
        problem: 'migration.vm_id: expected a UUID, got "vm"',
        answer: { migration: { vm_id: 'vm', candidate_host_ids: [one] } },
      },
      {
        problem: 'migration.candidate_host_ids[0]: expected a UUID, got "x"',
        answer: { migration: { vm_id: one, candidate_host_ids: ['x'] } },
      },
    ].map(({ problem, answer }) => ({
      problem,
      answers: { BalanceHosts: answer },
      ask: (client: RpcClient) => client.balanceHosts(aBalanceRequest(), aCall()),
    })),
    {
      problem: 'hosts[0].id: expected a UUID, got ""',
      answers: { ListHosts: { hosts: [{ name: 'h' }], snapshot_time } },
      ask: (client) => client.listHosts({}, aCall()),
    },
    {
      problem: 'snapshot_time: expected a time, got none',
      answers: { ListHosts: {} },
      ask: (client) => client.listHosts({}, aCall()),
    },
    {
      problem: 'vms[0].host_id: expected a UUID, got "h"',
      answers: { ListVms: { vms: [{ id: one, host_id: 'h' }], snapshot_time } },
      ask: (client) => client.listVms({ pageSize: 1 }, aCall()),
    },
    {
      problem: 'age: expected a duration, got none',
      answers: { GetInventory: { snapshot_time } },
      ask: (client) => client.getInventory(aCall()),
    },
  ];
  for (const { problem, answers, ask } of unreadable) {
    it(`${Object.keys(answers).join()}: ${problem}`, async () => {
      const error = await rejection(ask(await answering(answers)));
      expect(error)
        .to.be.instanceOf(SchedulingError)
        .and.include({ code: 'INTERNAL', message: BROKEN + problem });
    });
  }

  it('ScoreHosts: takes raw costs, and ids in upper case, and texts for which it did not ask', async () => {
    const host_id = uuid(0xab).toUpperCase();
    const client = await answering({
      ScoreHosts: {
        scores: [{ host_id, score: 100, host_name: 'x', reasons: [{ unit, text: 't' }] }],
        unit_results: [{ unit, scores: { values: [-5000] }, direction: 'DIRECTION_LOWER_IS_BETTER' }],
      },
    });
    expect(await client.scoreHosts(aScoreRequest({ hosts: [uuid(0xab)] }), aCall())).to.deep.equal({
      scores: [{ hostId: uuid(0xab), score: 100 }],
      unitResults: [{ unit, value: [-5000], direction: 'LOWER_IS_BETTER' }],
      unknownHostIds: [],
    });
  });

  const sums: {
    title: string;
    answer: ScoreHostsResponse;
    units: ScoreHostsRequest['units'];
    sums: number[];
  }[] = [
    {
      title: '3 x 10 and 3 x 20',
      answer: { unit_results: [{ unit, scores: { values: [10, 20] } }] },
      units: [{ name: unit, weight: 3 }],
      sums: [30, 60],
    },
    {
      title: 'each unit once when none was named: 10 + 1 and 20 + 2',
      answer: {
        unit_results: [
          { unit: 'a', scores: { values: [10, 20] } },
          { unit: 'b', scores: { values: [1, 2] } },
        ],
      },
      units: [],
      sums: [11, 22],
    },
    {
      title: 'costs made scores: 2 x 100 x (9 - 4) / (9 - 4) and 0',
      answer: {
        unit_results: [{ unit, scores: { values: [4, 9] }, direction: 'DIRECTION_LOWER_IS_BETTER' }],
      },
      units: [{ name: unit, weight: 2 }],
      sums: [200, 0],
    },
    {
      title: 'nothing of a unit that failed',
      answer: { unit_results: [{ unit, failure: { code: 'FAILURE_CODE_INTERNAL' } }] },
      units: [{ name: unit, weight: 1 }],
      sums: [0, 0],
    },
  ];
  for (const { title, answer, units, sums: expected } of sums) {
    it(`ScoreHosts: fills in sums that are left out: ${title}`, async () => {
      const client = await answering({
        ScoreHosts: { ...answer, scores: [{ host_id: one }, { host_id: two }] },
      });
      const response = await client.scoreHosts(aScoreRequest({ units }), aCall());
      expect(response.scores.map(({ score }) => score)).to.deep.equal(expected);
    });
  }

  it('ScoreHosts: reads scores that stand apart from the first ones', async () => {
    const { responseSerialize } = policyUnitMethods.ScoreHosts;
    const [first, second] = scores.map((score) => responseSerialize({ scores: [score] }));
    const rest = responseSerialize({ unit_results });
    const client = await answering({
      ScoreHosts: Buffer.concat([first ?? rest, rest, second ?? rest]),
    });
    const response = await client.scoreHosts(aScoreRequest(), aCall());
    expect(response.scores).to.deep.equal([
      { hostId: one, score: 0 },
      { hostId: two, score: 100 },
    ]);
  });

  for (const code of ['FAILURE_CODE_UNSPECIFIED', 99] as const) {
    it(`ScoreHosts: a unit's failure with the code ${code} counts as INTERNAL, its text is cut`, async () => {
      // Field 2 of ScoreHostsResponse: unit "even", failure {code: 99}; the types know no such code.
      const bytes = policyUnitMethods.ScoreHosts.responseSerialize({
        scores: scores.map(({ host_id }) => ({ host_id, score: 0 })),
        unit_results: [{ unit, failure: { code: 'FAILURE_CODE_UNAVAILABLE', message: 'x'.repeat(2000) } }],
      });
      const at = bytes.indexOf(Buffer.from([0x08, 14]));
      bytes[at + 1] = code === 99 ? 99 : 0;
      const client = await answering({ ScoreHosts: bytes });
      const { unitResults } = await client.scoreHosts(aScoreRequest(), aCall());
      expect(unitResults).to.deep.equal([
        { unit, failure: { code: 'INTERNAL', message: `${'x'.repeat(1000)}...` } },
      ]);
    });
  }

  const subjects = [
    { code: 'FAILURE_CODE_NOT_FOUND', expected: { code: 'NOT_FOUND', message: '', notFound: 'UNIT' } },
    {
      code: 'FAILURE_CODE_NOT_FOUND',
      not_found: 'NOT_FOUND_SUBJECT_VM',
      expected: { code: 'NOT_FOUND', message: '', notFound: 'VM' },
    },
    {
      code: 'FAILURE_CODE_INTERNAL',
      not_found: 'NOT_FOUND_SUBJECT_VM',
      expected: { code: 'INTERNAL', message: '' },
    },
  ] as const;
  for (const { expected, ...failure } of subjects) {
    it(`FilterHosts: a unit's failure ${JSON.stringify(failure)} is ${JSON.stringify(expected)}`, async () => {
      const client = await answering({ FilterHosts: { unit_results: [{ unit, failure }] } });
      const { unitResults } = await client.filterHosts(aFilterRequest({ explain: true }), aCall());
      expect(unitResults).to.deep.equal([{ unit, failure: expected }]);
    });
  }

  it('FilterHosts: cuts the reasons of a rejection', async () => {
    const rejected = [{ host_id: one.toUpperCase(), reason: 'x'.repeat(1001) }];
    const client = await answering({
      FilterHosts: { host_ids: [two], unit_results: [{ unit, accepted: { host_ids: [two] }, rejected }] },
    });
    const expected: AcceptedHosts = {
      hostIds: [two],
      unitResults: [{ unit, value: [two], rejections: [{ hostId: one, reason: `${'x'.repeat(1000)}...` }] }],
    };
    expect(await client.filterHosts(aFilterRequest({ explain: true }), aCall())).to.deep.equal(expected);
  });

  it('BalanceHosts: cuts the explanation', async () => {
    const client = await answering({ BalanceHosts: { explanation: 'x'.repeat(1001) } });
    expect(await client.balanceHosts(aBalanceRequest({ explain: true }), aCall())).to.deep.equal({
      explanation: `${'x'.repeat(1000)}...`,
    });
  });

  it('ListPolicyUnits: names a unit of an unknown type as a problem, and takes the others', async () => {
    // Units u0 without a type, u1 of type 9 and u2 of type 1.
    const bytes = Buffer.from('0a040a0275300a060a02753110090a060a0275321001', 'hex');
    const client = await answering({ ListPolicyUnits: bytes });
    const { units, problems } = await client.listPolicyUnits(aCall());
    expect(units.map(({ name }) => name)).to.deep.equal(['u2']);
    const reason = 'left out: type: expected FILTER, SCORE or BALANCE, got';
    expect(problems).to.deep.equal([
      { source: '"u1"', reason: `${reason} 9` },
      { source: '"u0"', reason: `${reason} POLICY_UNIT_TYPE_UNSPECIFIED` },
    ]);
  });

  it('ListPolicyUnits: reads 1 MiB, and nothing of a byte more', async () => {
    const problem = (length: number) => {
      const message = { problems: [{ source: 'x'.repeat(length) }] };
      return policyUnitMethods.ListPolicyUnits.responseSerialize(message);
    };
    const fits = MAX_LISTING_BYTES - problem(MAX_LISTING_BYTES).length + MAX_LISTING_BYTES;
    const read = await (await answering({ ListPolicyUnits: problem(fits) })).listPolicyUnits(aCall());
    expect(read.problems).to.have.length(1);
    const error = await rejection(
      (await answering({ ListPolicyUnits: problem(fits + 1) })).listPolicyUnits(aCall()),
    );
    expect(error)
      .to.have.property('message')
      .that.includes('response: a listing of 1048577 bytes, at most 1048576 are accepted');
  });

  it('ListPolicyUnits: takes the origin for the path where a service sends none, and 16 ids of 128 characters', async () => {
    const long = 'x'.repeat(129);
    const client = await answering({
      ListPolicyUnits: {
        policy_units: [
          { name: 'old', type: 'POLICY_UNIT_TYPE_FILTER', origin: 'o' },
          { name: 'new', type: 'POLICY_UNIT_TYPE_FILTER', origin: 'o', path: ['a', 'b'] },
          { name: 'long', type: 'POLICY_UNIT_TYPE_FILTER', path: Array.from({ length: 17 }, () => long) },
        ],
      },
    });
    const { units } = await client.listPolicyUnits(aCall());
    const cut = `${'x'.repeat(128)}...`;
    expect(units.map(({ path }) => path)).to.deep.equal([
      ['o'],
      ['a', 'b'],
      Array.from({ length: 16 }, () => cut),
    ]);
  });

  it('ListPolicyUnits: cuts texts, and leaves out a direction that says nothing or is of no score unit', async () => {
    const long = 'x'.repeat(1001);
    const cut = `${'x'.repeat(1000)}...`;
    const client = await answering({
      ListPolicyUnits: {
        policy_units: [
          { name: 'u', type: 'POLICY_UNIT_TYPE_SCORE', description: long },
          { name: 'u', type: 'POLICY_UNIT_TYPE_FILTER', direction: 'DIRECTION_LOWER_IS_BETTER' },
        ],
        problems: [{ source: long, reason: long }],
      },
    });
    expect(await client.listPolicyUnits(aCall())).to.deep.equal({
      units: [
        { name: 'u', type: 'SCORE', description: cut, properties: [] },
        { name: 'u', type: 'FILTER', description: '', properties: [] },
      ],
      problems: [{ source: cut, reason: cut }],
      hasInventory: false,
    });
  });

  const notFound: {
    method: keyof Answers;
    ask: (client: RpcClient) => Promise<unknown>;
    subject?: string;
  }[] = [
    { method: 'ScoreHosts', ask: (client) => client.scoreHosts(aScoreRequest(), aCall()), subject: 'VM' },
    { method: 'FilterHosts', ask: (client) => client.filterHosts(aFilterRequest(), aCall()), subject: 'VM' },
    {
      method: 'BalanceHosts',
      ask: (client) => client.balanceHosts(aBalanceRequest(), aCall()),
      subject: 'UNIT',
    },
    { method: 'ListHosts', ask: (client) => client.listHosts({ vmId: one }, aCall()), subject: 'VM' },
    {
      method: 'ListVms',
      ask: (client) => client.listVms({ vmId: one, pageSize: 1 }, aCall()),
      subject: 'VM',
    },
    { method: 'ListPolicyUnits', ask: (client) => client.listPolicyUnits(aCall()) },
  ];
  for (const { method, ask, subject } of notFound) {
    it(`${method}: NOT_FOUND is about ${subject ?? 'nothing known'}`, async () => {
      const error = await rejection(ask(await answering({ [method]: status.NOT_FOUND })));
      expect(error).to.include({ code: 'NOT_FOUND', notFound: subject });
    });
  }

  it('a method that the service lacks', async () => {
    const client = await answering({});
    const error = await rejection(client.filterHosts(aFilterRequest(), aCall()));
    expect(error).to.include({ code: 'UNIMPLEMENTED', message: 'not here' });
  });

  it('an answer over 16 MiB', async () => {
    const client = await answering({ BalanceHosts: { explanation: 'x'.repeat(16 * 1024 * 1024) } });
    const error = await rejection(client.balanceHosts(aBalanceRequest(), aCall()));
    expect(error).to.include({ code: 'RESOURCE_EXHAUSTED' });
  });
});
