import { Server, ServerCredentials, status, type ServerUnaryCall, type sendUnaryData } from '@grpc/grpc-js';
import { expect } from 'chai';
import { z } from 'zod';
import type { BalanceHostsRequest__Output } from '../../src/gen/hostscore/v1/BalanceHostsRequest.js';
import type { BalanceHostsResponse } from '../../src/gen/hostscore/v1/BalanceHostsResponse.js';
import type { FilterHostsRequest__Output } from '../../src/gen/hostscore/v1/FilterHostsRequest.js';
import type { FilterHostsResponse } from '../../src/gen/hostscore/v1/FilterHostsResponse.js';
import type { ListPolicyUnitsResponse } from '../../src/gen/hostscore/v1/ListPolicyUnitsResponse.js';
import type { ScoreHostsRequest__Output } from '../../src/gen/hostscore/v1/ScoreHostsRequest.js';
import type { ScoreHostsResponse } from '../../src/gen/hostscore/v1/ScoreHostsResponse.js';
import { policyUnitMethods } from '../../src/rpc/proto.js';
import { createWorld } from '../../src/simulator/world.js';
import { errorText, runToEnd } from '../support/program.js';
import { startScoring, type Scoring } from '../support/scoring.js';
import { hostId, vmId } from '../support/world.js';

const [H1, H2] = [hostId(1), hostId(2)] as const;
const STRANGER = hostId(99);

/** Answers of a service, which a test replaces one by one. */
interface Answers {
  readonly list: () => ListPolicyUnitsResponse;
  readonly score: (request: ScoreHostsRequest__Output) => ScoreHostsResponse;
  readonly filter: (request: FilterHostsRequest__Output) => FilterHostsResponse;
  readonly balance: (request: BalanceHostsRequest__Output) => BalanceHostsResponse;
}

/** A refusal of a call. */
class Refusal extends Error {
  readonly code: status;
  constructor(code: status, message: string) {
    super(message);
    this.code = code;
  }
}

const NOT_FOUND = { code: 'FAILURE_CODE_NOT_FOUND', message: 'no such unit' } as const;

function hostsOf({ host_ids, all_hosts, policy }: ScoreHostsRequest__Output | FilterHostsRequest__Output) {
  if (all_hosts) throw new Refusal(status.INVALID_ARGUMENT, 'all_hosts: there is no inventory');
  if (policy !== '') throw new Refusal(status.INVALID_ARGUMENT, 'policy: there are none');
  return [...new Set(host_ids.map((id) => id.toLowerCase()))];
}

/** What a service without an inventory sends at least: `s` gives 10 x place, `c` costs 10 x place, `f` takes all. */
const honest: Answers = {
  list: () => ({
    policy_units: [
      {
        name: 's',
        type: 'POLICY_UNIT_TYPE_SCORE',
        direction: 'DIRECTION_HIGHER_IS_BETTER',
        properties: [{ name: 'p', pattern: '[0-9]+', default_value: '3' }],
      },
      { name: 'c', type: 'POLICY_UNIT_TYPE_SCORE', direction: 'DIRECTION_LOWER_IS_BETTER' },
      { name: 'f', type: 'POLICY_UNIT_TYPE_FILTER' },
      { name: 'b', type: 'POLICY_UNIT_TYPE_BALANCE' },
    ],
  }),
  score(request) {
    const hosts = hostsOf(request);
    const names = request.units.length === 0 ? ['s', 'c'] : request.units.map(({ name }) => name);
    return {
      scores: hosts.map((host_id) => ({ host_id })),
      unit_results: names.map((unit) =>
        unit === 's' || unit === 'c'
          ? { unit, scores: { values: hosts.map((_, place) => 10 * place) } }
          : { unit, failure: NOT_FOUND },
      ),
    };
  },
  filter(request) {
    const hosts = hostsOf(request);
    const names = request.units.length === 0 ? ['f'] : request.units;
    return {
      host_ids: hosts,
      unit_results: names.map((unit) =>
        unit === 'f' ? { unit, accepted: { host_ids: hosts } } : { unit, failure: NOT_FOUND },
      ),
    };
  },
  balance({ unit, host_ids }) {
    if (unit !== 'b') throw new Refusal(status.NOT_FOUND, `unit: there is no ${unit}`);
    const hosts = host_ids.map((id) => id.toLowerCase());
    return hosts.length === 0 ? {} : { migration: { vm_id: vmId(1), candidate_host_ids: hosts } };
  },
};

type Score = ScoreHostsResponse;
type Filter = FilterHostsResponse;

/** Honest, but for the answers of one method. */
const lie = {
  list: (change: (answer: ListPolicyUnitsResponse) => ListPolicyUnitsResponse): Partial<Answers> => ({
    list: () => change(honest.list()),
  }),
  score: (change: (answer: Score, request: ScoreHostsRequest__Output) => Score): Partial<Answers> => ({
    score: (request) => change(honest.score(request), request),
  }),
  filter: (change: (answer: Filter, request: FilterHostsRequest__Output) => Filter): Partial<Answers> => ({
    filter: (request) => change(honest.filter(request), request),
  }),
};

const results = ({ unit_results = [] }: Score) => unit_results;
const outcomes = ({ unit_results = [] }: Filter) => unit_results;

/** Each breaks one rule. The line says the method, the first call that shows it, the field and the rule. */
const violations: readonly {
  readonly title: string;
  readonly answers: Partial<Answers>;
  readonly line: string;
}[] = [
  {
    title: 'a unit without a name',
    answers: lie.list(({ policy_units = [] }) => ({
      policy_units: [...policy_units, { type: 'POLICY_UNIT_TYPE_FILTER' }],
    })),
    line: 'ListPolicyUnits, the list: policy_units[4].name: expected 1 to 128 characters, got ""',
  },
  {
    title: 'a unit without a type',
    answers: lie.list(({ policy_units = [] }) => ({ policy_units: [...policy_units, { name: 'x' }] })),
    line: 'ListPolicyUnits, the list: policy_units[4].type: expected FILTER, SCORE or BALANCE, got POLICY_UNIT_TYPE_UNSPECIFIED',
  },
  {
    title: 'a score unit without a direction',
    answers: lie.list(({ policy_units = [] }) => ({
      policy_units: policy_units.map((unit) => (unit.name === 's' ? { ...unit, direction: 0 } : unit)),
    })),
    line: 'ListPolicyUnits, the list: policy_units[0].direction: MUST be set for a score unit, got DIRECTION_UNSPECIFIED',
  },
  {
    title: 'a filter with a direction',
    answers: lie.list(({ policy_units = [] }) => ({
      policy_units: policy_units.map((unit) => (unit.name === 'f' ? { ...unit, direction: 1 } : unit)),
    })),
    line: 'ListPolicyUnits, the list: policy_units[2].direction: MUST NOT be set for a unit that is no score unit, got DIRECTION_HIGHER_IS_BETTER',
  },
  {
    title: 'a unit twice',
    answers: lie.list(({ policy_units = [] }) => ({
      policy_units: [...policy_units, ...policy_units.slice(2, 3)],
    })),
    line: 'ListPolicyUnits, the list: policy_units[4].name: expected each type and name once, got "f" again',
  },
  {
    title: 'a property with a semicolon and one with a hyphen',
    answers: lie.list(({ policy_units = [] }) => ({
      policy_units: policy_units.map((unit) =>
        unit.name === 'f'
          ? {
              ...unit,
              properties: [
                { name: 'a-b', pattern: 'x' },
                { name: 'q', pattern: 'a;b' },
              ],
            }
          : unit,
      ),
    })),
    line: 'ListPolicyUnits, the list: policy_units[2].properties[1].pattern: MUST NOT contain a semicolon, got "a;b"',
  },
  {
    title: 'another order at each call',
    answers: (() => {
      let calls = 0;
      return lie.list(({ policy_units = [] }) => ({
        policy_units: calls++ % 2 === 0 ? policy_units : policy_units.toReversed(),
      }));
    })(),
    line: 'ListPolicyUnits, the list again: policy_units: expected the units and the order of the call before',
  },
  {
    title: 'a problem without a reason',
    answers: lie.list((answer) => ({ ...answer, problems: [{ source: 'x.py' }] })),
    line: 'ListPolicyUnits, the list: problems[0].reason: MUST be set, got nothing',
  },
  {
    title: 'a host less',
    answers: lie.score((answer) => ({
      ...answer,
      scores: (answer.scores ?? []).filter(({ host_id }) => host_id !== H1),
    })),
    line: `ScoreHosts, every unit: scores: each host of the request MUST appear; ${H1} is missing`,
  },
  {
    title: 'a host that nobody asked for',
    answers: lie.score((answer, { host_ids }) =>
      host_ids.length === 0 ? { ...answer, scores: [{ host_id: STRANGER }] } : answer,
    ),
    line: `ScoreHosts, no hosts: scores[0].host_id: expected a host of the request, got ${STRANGER}`,
  },
  {
    title: 'hosts in an order of its own',
    answers: lie.score((answer) => ({
      ...answer,
      scores: (answer.scores ?? []).toSorted((a, b) => String(a.host_id).localeCompare(String(b.host_id))),
    })),
    line: `ScoreHosts, hosts in reverse: scores[1].host_id: expected the order asked, got ${H2} too late`,
  },
  {
    title: 'ids as they came',
    answers: lie.score((answer, { host_ids }) => ({
      ...answer,
      scores: (answer.scores ?? []).map((score) => ({
        host_id: host_ids.find((id) => id.toLowerCase() === score.host_id) ?? '',
      })),
    })),
    line: `ScoreHosts, ids in upper case: scores[0].host_id: expected an id in lower case, got "${H1.toUpperCase()}"`,
  },
  {
    title: 'unknown hosts without an inventory',
    answers: lie.score((answer, { host_ids }) =>
      host_ids.length === 0
        ? answer
        : {
            scores: (answer.scores ?? []).filter(({ host_id }) => host_id !== H1),
            unknown_host_ids: [H1],
            unit_results: results(answer).map(({ unit = '', scores }) => ({
              unit,
              ...(scores ? { scores: { values: (scores.values ?? []).slice(1) } } : { failure: NOT_FOUND }),
            })),
          },
    ),
    line: 'ScoreHosts, every unit: unknown_host_ids: expected none of a service without an inventory, got 1',
  },
  {
    title: 'a score of 140',
    answers: lie.score((answer) => ({
      ...answer,
      unit_results: results(answer).map((result) =>
        result.unit === 's' && result.scores
          ? { ...result, scores: { values: (result.scores.values ?? []).map(() => 140) } }
          : result,
      ),
    })),
    line: 'ScoreHosts, every unit: unit_results[0].scores.values[0]: expected an integer from 0 to 100 of a unit of which the highest is best, got 140',
  },
  {
    title: 'a value less',
    answers: lie.score((answer) => ({
      ...answer,
      unit_results: results(answer).map((result) =>
        result.scores ? { ...result, scores: { values: (result.scores.values ?? []).slice(1) } } : result,
      ),
    })),
    line: 'ScoreHosts, every unit: unit_results[0].scores.values: MUST have one value for each of the 2 scores, got 1',
  },
  {
    title: 'units in an order of its own',
    answers: lie.score((answer) => ({
      ...answer,
      unit_results: results(answer).toSorted((a, b) => String(a.unit).localeCompare(String(b.unit))),
    })),
    line: 'ScoreHosts, weights 3, 2, 1, 0: unit_results[0].unit: expected "s", as asked, got "c"',
  },
  {
    title: 'one unit only when none is named',
    answers: lie.score((answer, { units }) =>
      units.length === 0 ? { ...answer, unit_results: results(answer).slice(0, 1) } : answer,
    ),
    line: 'ScoreHosts, every unit: unit_results: a request without units gets one of each unit; "c" is missing',
  },
  {
    title: 'a unit without an outcome',
    answers: lie.score((answer) => ({
      ...answer,
      unit_results: results(answer).map(({ unit = '' }) => ({ unit })),
    })),
    line: 'ScoreHosts, every unit: unit_results[0].outcome: MUST be set to a value or a failure, got neither',
  },
  {
    title: 'a failure without a code',
    answers: lie.score((answer) => ({
      ...answer,
      unit_results: results(answer).map(({ unit = '' }) => ({ unit, failure: { message: 'no' } })),
    })),
    line: 'ScoreHosts, every unit: unit_results[0].failure.code: MUST be set to a code of the contract, got FAILURE_CODE_UNSPECIFIED',
  },
  {
    title: 'a unit that always fails',
    answers: lie.score((answer) => ({
      ...answer,
      unit_results: results(answer).map((result) =>
        result.unit === 's'
          ? { unit: 's', failure: { code: 'FAILURE_CODE_INTERNAL' as const, message: 'oh' } }
          : result,
      ),
    })),
    line: 'ScoreHosts, every call: unit_results: "s" failed in every call, so that its values were not tried; FAILURE_CODE_INTERNAL: oh',
  },
  {
    title: 'a value of a unit that is not offered',
    answers: lie.score((answer) => ({
      ...answer,
      unit_results: results(answer).map(({ unit = '' }) => ({
        unit,
        scores: { values: (answer.scores ?? []).map(() => 1) },
      })),
    })),
    line: 'ScoreHosts, a unit that is not offered: unit_results[0].failure.code: expected FAILURE_CODE_NOT_FOUND of a unit that the service does not list, got a value',
  },
  {
    title: 'a call that ends with NOT_FOUND for a unit that is not offered',
    answers: {
      score(request) {
        if (request.units.some(({ name }) => name !== 's' && name !== 'c'))
          throw new Refusal(status.NOT_FOUND, 'no unit');
        return honest.score(request);
      },
    },
    line: 'ScoreHosts, a unit that is not offered: status: expected an answer, got NOT_FOUND: no unit',
  },
  {
    title: 'a sum that takes costs for scores: 0 + 0 where the best cost counts 100',
    answers: lie.score((answer) => ({
      ...answer,
      scores: (answer.scores ?? []).map((score) => ({ ...score, score: 0 })),
    })),
    line: 'ScoreHosts, every unit: scores[0].score: expected 100, the sum over the answering units of weight x score, got 0',
  },
  {
    title: 'another direction than listed',
    answers: lie.score((answer) => ({
      ...answer,
      unit_results: results(answer).map((result) => ({ ...result, direction: 1 })),
    })),
    line: 'ScoreHosts, every unit: unit_results[1].direction: expected DIRECTION_LOWER_IS_BETTER, as ListPolicyUnits has it, got DIRECTION_HIGHER_IS_BETTER',
  },
  {
    title: 'reasons without being asked, and of a unit that was not',
    answers: lie.score((answer) => ({
      ...answer,
      scores: (answer.scores ?? []).map((score) => ({ ...score, reasons: [{ unit: 'x', text: 'so' }] })),
    })),
    line: 'ScoreHosts, every unit: scores[0].reasons: only with `explain`, got some without',
  },
  {
    title: 'a reason of a unit that was not asked for',
    answers: lie.score((answer, { explain }) =>
      explain
        ? {
            ...answer,
            scores: (answer.scores ?? []).map((score) => ({
              ...score,
              reasons: [{ unit: 'x', text: 'so' }],
            })),
          }
        : answer,
    ),
    line: 'ScoreHosts, explain: scores[0].reasons[0].unit: expected units that answered, each once and in their order, got "x"',
  },
  {
    title: 'a snapshot time without an inventory',
    answers: lie.score((answer) => ({ ...answer, snapshot_time: { seconds: 5 } })),
    line: 'ScoreHosts, every unit: snapshot_time: a service without an inventory leaves it out, got one; or has_inventory should be true',
  },
  {
    title: 'its own defaults refused',
    answers: lie.score((answer, { properties }) =>
      properties['p'] === undefined
        ? answer
        : {
            ...answer,
            unit_results: [{ unit: 's', failure: { code: 'FAILURE_CODE_INVALID_ARGUMENT', message: 'p' } }],
          },
    ),
    line: 'ScoreHosts, unit s, properties at their defaults: unit_results[0].failure: a unit takes the default_value of its own properties; it refuses them: p',
  },
  {
    title: 'an answer for all hosts without an inventory',
    answers: { score: (request) => honest.score({ ...request, all_hosts: false }) },
    line: 'ScoreHosts, all hosts: status: expected INVALID_ARGUMENT that names all_hosts, got an answer',
  },
  {
    title: 'an answer by a policy that it does not know',
    answers: { filter: (request) => honest.filter({ ...request, policy: '' }) },
    line: 'FilterHosts, a policy that is not there: status: expected INVALID_ARGUMENT that names policy, got an answer',
  },
  {
    title: 'a crash in a method',
    answers: {
      filter() {
        throw new Refusal(status.UNKNOWN, 'Exception calling application: oh');
      },
    },
    line: 'FilterHosts, every unit: status: expected an answer, got INTERNAL: TARGET: UNKNOWN: Exception calling application: oh',
  },
  {
    title: 'hosts that do not follow from what the filters accept',
    answers: lie.filter((answer, { host_ids }) =>
      host_ids.length === 0 ? answer : { ...answer, host_ids: [H1] },
    ),
    line: `FilterHosts, every unit: host_ids: MUST agree with unit_results, by which they are [${H1}, ${H2}]; got [${H1}]`,
  },
  {
    title: 'a host accepted that nobody asked for',
    answers: lie.filter((answer) => ({
      ...answer,
      unit_results: outcomes(answer).map(({ unit = '' }) => ({ unit, accepted: { host_ids: [STRANGER] } })),
    })),
    line: `FilterHosts, every unit: unit_results[0].accepted.host_ids[0]: expected a host of the request, got ${STRANGER}`,
  },
  {
    title: 'a rejection without being asked',
    answers: lie.filter((answer) => ({
      ...answer,
      unit_results: outcomes(answer).map((result) => ({
        ...result,
        rejected: [{ host_id: H1, reason: 'no' }],
      })),
    })),
    line: 'FilterHosts, every unit: unit_results[0].rejected: only with `explain`, got some without',
  },
  {
    title: 'a host both accepted and rejected',
    answers: lie.filter((answer, { explain }) =>
      explain
        ? {
            ...answer,
            unit_results: outcomes(answer).map((result) => ({
              ...result,
              rejected: [{ host_id: H1, reason: 'no' }],
            })),
          }
        : answer,
    ),
    line: `FilterHosts, explain: unit_results[0].rejected[0].host_id: expected a host that is not accepted, got "${H1}"`,
  },
  {
    title: 'a migration to nowhere',
    answers: {
      balance: (request) => (honest.balance(request).migration ? { migration: { vm_id: vmId(1) } } : {}),
    },
    line: 'BalanceHosts, unit b: migration.candidate_host_ids: MUST name at least one host, got none',
  },
  {
    title: 'a migration of nothing',
    answers: {
      balance: (request) =>
        honest.balance(request).migration ? { migration: { candidate_host_ids: [H1] } } : {},
    },
    line: 'BalanceHosts, unit b: migration.vm_id: expected an id in lower case, got ""',
  },
  {
    title: 'a migration to a host that nobody asked for',
    answers: {
      balance: (request) =>
        honest.balance(request).migration
          ? { migration: { vm_id: vmId(1), candidate_host_ids: [STRANGER] } }
          : {},
    },
    line: `BalanceHosts, unit b: migration.candidate_host_ids[0]: expected a host of the request, got ${STRANGER}`,
  },
  {
    title: 'a migration among no hosts',
    answers: { balance: (request) => honest.balance({ ...request, host_ids: [H1] }) },
    line: 'BalanceHosts, unit b, no hosts: migration: an empty list of hosts gets an empty answer, got a migration',
  },
  {
    title: 'a balancer that is not there',
    answers: { balance: (request) => honest.balance({ ...request, unit: 'b' }) },
    line: 'BalanceHosts, a unit that is not offered: status: expected NOT_FOUND that names hostscore_conform_not_offered, got an answer',
  },
];

describe('conform', () => {
  let answers: Answers = honest;
  let target = '';
  const metadata: { readonly method: string; readonly dryRun: unknown }[] = [];
  const server = new Server();

  function handler<Request>(method: keyof Answers) {
    return (call: ServerUnaryCall<Request, unknown>, done: sendUnaryData<unknown>) => {
      metadata.push({ method, dryRun: call.metadata.get('x-hostscore-dry-run')[0] });
      try {
        const answer = answers[method] as (request: Request) => unknown;
        done(null, answer(call.request));
      } catch (error) {
        done(error instanceof Refusal ? error : new Refusal(status.INTERNAL, String(error)));
      }
    };
  }

  before(async () => {
    const { ListPolicyUnits, ScoreHosts, FilterHosts, BalanceHosts } = policyUnitMethods;
    const methods = { ListPolicyUnits, ScoreHosts, FilterHosts, BalanceHosts };
    server.addService(methods, {
      ListPolicyUnits: handler('list'),
      ScoreHosts: handler('score'),
      FilterHosts: handler('filter'),
      BalanceHosts: handler('balance'),
    });
    const port = await new Promise<number>((resolve, reject) =>
      server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, bound) =>
        error === null ? resolve(bound) : reject(error),
      ),
    );
    target = `127.0.0.1:${port}`;
  });
  after(() => server.forceShutdown());

  const run = (...args: string[]) => runToEnd(['conform', '--target', target, ...args]);
  const IDS = ['--vm', vmId(1), '--host', H1, '--host', H2];

  it('says so of a service that keeps the contract with the fields that it MUST send, asking about random ids', async () => {
    answers = honest;
    metadata.length = 0;
    const { stdout, error } = await run('--balance');
    expect(error).to.equal(undefined);
    expect(stdout).to.match(
      /^127\S+: 4 units: s, c, f, b\nasked about: VM \S+, 3 hosts, random ids: --host names hosts that it knows\ncalls: 2 List/,
    );
    expect(stdout).to.match(/\nit keeps the contract\n$/);
    expect(new Set(metadata.map(({ method }) => method))).to.have.lengthOf(4);
    expect(new Set(metadata.map(({ dryRun }) => dryRun))).to.deep.equal(new Set(['1']));
  });

  it('calls BalanceHosts only when asked to, and says so', async () => {
    answers = honest;
    metadata.length = 0;
    expect((await run()).stdout).to.include('\nBalanceHosts was not called: pass --balance\n');
    expect(metadata.filter(({ method }) => method === 'balance')).to.deep.equal([]);
  });

  for (const { title, answers: lies, line } of violations) {
    it(`names ${title}`, async () => {
      answers = { ...honest, ...lies };
      const { stdout, error } = await run('--balance', ...IDS);
      const lines = stdout.replaceAll(target, 'TARGET').split('\n');
      expect(lines.map((text) => text.replace(/ \(and in \d+ more calls\)$/, ''))).to.include(line);
      expect(errorText({ error })).to.match(/^CommandError: 127\S+ breaks the contract: \d+ times$/);
    });
  }

  it('names every violation of an answer, not the first alone', async () => {
    answers = {
      ...honest,
      ...lie.list(({ policy_units = [] }) => ({ policy_units: [...policy_units, {}] })),
    };
    const { violations } = z
      .object({ violations: z.array(z.object({ call: z.string(), field: z.string() })) })
      .parse(JSON.parse((await run('--json')).stdout));
    const fields = violations.filter(({ call }) => call === 'the list').map(({ field }) => field);
    expect(fields).to.deep.equal(['policy_units[4].name', 'policy_units[4].type']);
  });

  it('demands with --inventory what others may leave out', async () => {
    answers = honest;
    const { stdout } = await run('--inventory', ...IDS);
    for (const field of [
      'has_inventory',
      'scores[0].score',
      'scores[0].host_name',
      'scores[0].reasons',
      'snapshot_time',
    ]) {
      expect(stdout, field).to.include(` ${field}: `);
    }
    expect(stdout).to.include('ScoreHosts, a VM that the engine lacks: status: expected NOT_FOUND');
  });

  it('says what it could not try when nobody answers', async () => {
    const { error } = await runToEnd(['conform', '--target', '127.0.0.1:1']);
    expect(errorText({ error })).to.match(/^CommandError: 127\.0\.0\.1:1: can't be tried: UNAVAILABLE: /);
  });
});

describe('conform, of a hostscore', () => {
  const world = createWorld({
    hosts: [
      { id: H1, name: 'one' },
      { id: H2, name: 'two' },
    ],
    vms: [{ id: vmId(1), hostId: H1, osType: 'rhel_8x64' }],
  });
  let scoring: Scoring;
  before(async () => {
    scoring = await startScoring(world);
  });
  after(() => scoring.close());

  it('finds that it keeps the contract, optional fields and balancers included, by ids of its inventory', async () => {
    const { stdout, error } = await runToEnd([
      'conform',
      '--target',
      scoring.address,
      '--inventory',
      '--balance',
    ]);
    expect(error, stdout).to.equal(undefined);
    expect(stdout).to.include(`asked about: VM ${vmId(1)}, 2 hosts, of its inventory`);
  });
});
