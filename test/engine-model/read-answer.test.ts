import { expect } from 'chai';
import type { EngineReading } from '../../src/engine-model/reading.js';
import { readBalanceAnswer, readCostAnswer, readFilterAnswer } from '../../src/engine-model/read-answer.js';
import type { XmlRpcValue } from '../../src/engine-model/value.js';
import { hostId, vmId } from '../support/world.js';

const [H1, H2, H3] = [hostId(1), hostId(2), hostId(3)] as const;
const ASKED = { hostIds: [H1, H2], units: ['u', 'v'] };
const VM_LOST = 'nothing catches it, so the VM does not start or migrate';

const struct = (members: Readonly<Record<string, XmlRpcValue>>): XmlRpcValue =>
  new Map(Object.entries(members));
const ok = (result: XmlRpcValue): XmlRpcValue =>
  struct({ result_code: 0, result, plugin_errors: struct({}), errors: [] });
const failed = (result: XmlRpcValue, plugin_errors: XmlRpcValue, errors: XmlRpcValue): XmlRpcValue =>
  struct({ result_code: 1, result, plugin_errors, errors });

interface Case {
  readonly title: string;
  readonly answer: XmlRpcValue;
  readonly outcome?: unknown;
  readonly exception?: string;
  readonly events?: readonly string[];
  readonly complaints?: readonly string[];
}

function describeReading(
  title: string,
  read: (answer: XmlRpcValue) => EngineReading<unknown>,
  cases: readonly Case[],
) {
  describe(title, () => {
    for (const { title, answer, outcome, exception, events = [], complaints = [] } of cases) {
      it(title, () => {
        expect(read(answer)).to.deep.equal({ outcome, exception, events, complaints });
      });
    }
  });
}

const NO_ERRORS_SEEN =
  'result_code is 0, so the engine reads neither plugin_errors nor errors: nobody sees them';

describeReading('readFilterAnswer', (answer) => readFilterAnswer(answer, ASKED), [
  { title: 'keeps the hosts named', answer: ok([H2]), outcome: { accepted: [H2], rejected: [H1] } },
  {
    title: 'reads ids in upper case',
    answer: ok([H1.toUpperCase()]),
    outcome: { accepted: [H1], rejected: [H2] },
  },
  {
    title: 'rejects all for an empty list, as it may be meant',
    answer: ok([]),
    outcome: { accepted: [], rejected: [H1, H2] },
  },
  {
    title: 'rejects all for nil',
    answer: ok(null),
    outcome: { accepted: [], rejected: [H1, H2] },
    complaints: ['the result is nil or missing: a nil filter result rejects every host'],
  },
  {
    title: 'rejects all for an answer that is no struct',
    answer: 'hello',
    outcome: { accepted: [], rejected: [H1, H2] },
    complaints: [
      'the answer is of type string, no struct: the engine takes it for a nil result',
      'the result is nil or missing: a nil filter result rejects every host',
    ],
  },
  {
    title: 'uses the result whatever result_code says, and shows the errors',
    answer: failed([H1], struct({ u: ['late', 'very'] }), ['bad']),
    outcome: { accepted: [H1], rejected: [H2] },
    events: ['u: late', 'u: very', 'bad'],
  },
  {
    title: 'rejects all for an empty list that comes of errors',
    answer: failed([], struct({}), ['all failed']),
    outcome: { accepted: [], rejected: [H1, H2] },
    events: ['all failed'],
    complaints: ['the result is empty because of errors: an empty filter result rejects every host'],
  },
  {
    title: 'reads errors only when result_code is not 0',
    answer: struct({ result_code: 0, result: [H1], errors: ['bad'] }),
    outcome: { accepted: [H1], rejected: [H2] },
    complaints: [NO_ERRORS_SEEN],
  },
  {
    title: 'takes nil and missing errors, of which there should be one',
    answer: struct({ result_code: 2, result: [H1], errors: null }),
    outcome: { accepted: [H1], rejected: [H2] },
    complaints: ['result_code is not 0, yet there is no error to show'],
  },
  {
    title: 'takes a bare array for the old format',
    answer: [H1],
    outcome: { accepted: [H1], rejected: [H2] },
    complaints: ['the answer is a bare array, the old format: errors can not be told in it'],
  },
  {
    title: 'ignores unexpected and duplicate hosts',
    answer: ok([H1, H3, H1]),
    outcome: { accepted: [H1], rejected: [H2] },
    complaints: [`host ${H3} was not asked about`, `duplicate host ${H1}`],
  },
  {
    title: 'throws without result_code',
    answer: struct({ result: [H1] }),
    exception: `NullPointerException: result_code is nil or missing, where the engine needs an <int>; ${VM_LOST}`,
  },
  {
    title: 'throws for a result_code that is an i8',
    answer: struct({ result_code: 0n, result: [H1] }),
    exception: `ClassCastException: result_code is of type i8, where the engine casts to Integer: only <int> and <i4> pass; ${VM_LOST}`,
  },
  {
    title: 'throws for a result that is no array',
    answer: ok('x'),
    exception: `ClassCastException: result is of type string, where the engine casts to an array; ${VM_LOST}`,
  },
  {
    title: 'throws for an id that is no UUID',
    answer: ok(['web-1']),
    exception: `IllegalArgumentException: element 0 of the hosts is "web-1", which is no UUID; ${VM_LOST}`,
  },
  {
    title: 'throws for an id that is a number, or an array',
    answer: ok([7]),
    exception: `IllegalArgumentException: element 0 of the hosts is "7", which is no UUID; ${VM_LOST}`,
  },
  {
    title: 'throws for a nil id',
    answer: ok([null]),
    exception: `NullPointerException: element 0 of the hosts is nil or missing, where the engine calls toString; ${VM_LOST}`,
  },
  {
    title: 'throws for plugin_errors that are no struct of arrays of texts',
    answer: failed([H1], struct({ u: 'late' }), []),
    exception: `ClassCastException: plugin_errors of u is of type string, where the engine casts to an array; ${VM_LOST}`,
  },
  {
    title: 'throws for plugin_errors that are an array',
    answer: failed([H1], [], []),
    exception: `ClassCastException: plugin_errors is of type array, where the engine casts to a struct; ${VM_LOST}`,
  },
  {
    title: 'throws for an error that is no string',
    answer: failed([H1], null, [5]),
    exception: `ClassCastException: an element of errors is of type int, where the engine casts to String; ${VM_LOST}`,
  },
  {
    title: 'reads a short id as Java does, and an empty one as that of zeros',
    answer: ok(['1-2-3-4-5', '']),
    outcome: { accepted: [], rejected: [H1, H2] },
    complaints: [
      'host 00000001-0002-0003-0004-000000000005 was not asked about',
      'host 00000000-0000-0000-0000-000000000000 was not asked about',
    ],
  },
]);

const rows = (unit: string | undefined, ...costs: readonly number[]) =>
  costs.map((cost, index) => [hostId(index + 1), cost, ...(unit === undefined ? [] : [unit])]);
const booked = (unit: string | undefined, ...costs: readonly number[]) =>
  costs.map((cost, index) => ({ hostId: hostId(index + 1), cost, unit }));

describeReading('readCostAnswer', (answer) => readCostAnswer(answer, ASKED), [
  {
    title: 'books rows of three under their unit',
    answer: ok([...rows('u', 1, 2), ...rows('v', 3, 4)]),
    outcome: { costs: [...booked('u', 1, 2), ...booked('v', 3, 4)] },
  },
  {
    title: 'books rows of two under none',
    answer: ok(rows(undefined, 1, 2)),
    outcome: { costs: booked(undefined, 1, 2) },
  },
  {
    title: 'has nothing to book for nil',
    answer: ok(null),
    outcome: { costs: [] },
    complaints: ['the result is nil or missing: the engine goes on as if no cost function had been asked'],
  },
  {
    title: 'misses a host, which then is the best',
    answer: failed(rows('u', 1), struct({ v: ['down'] }), []),
    outcome: { costs: booked('u', 1) },
    events: ['v: down'],
    complaints: [
      `host ${H2} is missing from the rows of unit "u": the engine gives it cost 0, the best there is`,
    ],
  },
  {
    title: 'misses a unit of which nothing is told',
    answer: ok(rows('u', 1, 2)),
    outcome: { costs: booked('u', 1, 2) },
    complaints: ['unit "v" has neither rows nor an error: it is dropped and nobody is told'],
  },
  {
    title: 'takes hosts that were not asked about, twice or far from 0',
    answer: ok([...rows('u', 1, 2, 1_000_001), [H1, 5, 'u'], ...rows('v', 1, 2)]),
    outcome: {
      costs: [...booked('u', 1, 2, 1_000_001), { hostId: H1, cost: 5, unit: 'u' }, ...booked('v', 1, 2)],
    },
    complaints: [
      `host ${H3} in the rows of unit "u" was not asked about: the engine may pick it all the same`,
      `the cost 1000001 of host ${H3} is far from 0: sums of factor x cost may overflow a Java int`,
      `duplicate host ${H1} in the rows of unit "u": the engine adds up its costs, or takes the last before 4.4.0`,
    ],
  },
  {
    title: 'books a unit that was not asked for under none',
    answer: ok([...rows('w', 1, 2), ...rows('u', 1, 2)]),
    outcome: { costs: [...booked(undefined, 1, 2), ...booked('u', 1, 2)] },
    complaints: [
      'row 0 names unit "w", which was not asked for: it is booked under no unit, with factor 1',
      'row 1 names unit "w", which was not asked for: it is booked under no unit, with factor 1',
      'some rows name a unit and some do not: factors are honored for the former only',
    ],
  },
  {
    title: 'stops at a row of four, and keeps what it has',
    answer: ok([...rows(undefined, 1, 2), [H1, 1, 'u', 1], [H2, 7]]),
    outcome: { costs: booked(undefined, 1, 2) },
    complaints: ['row 2 has 4 elements: the engine stops reading there, and 2 rows are lost'],
  },
  {
    title: 'stops at a row that is none',
    answer: ok(['x']),
    outcome: { costs: [] },
    complaints: [
      'row 0 is x: the engine stops reading there, and 1 rows are lost',
      'unit "u" has neither rows nor an error: it is dropped and nobody is told',
      'unit "v" has neither rows nor an error: it is dropped and nobody is told',
    ],
  },
  ...(
    [
      ['double', { kind: 'double', value: 34 }],
      ['i8', 34n],
      ['string', '34'],
      ['boolean', true],
    ] as const
  ).map(([type, cost]) => ({
    title: `throws for a cost that is of type ${type}`,
    answer: ok([[H1, cost, 'u']]),
    exception: `ClassCastException: the cost in row 0 is of type ${type}, where the engine casts to Integer: only <int> and <i4> pass; ${VM_LOST}`,
  })),
  {
    title: 'throws for a host that is no UUID',
    answer: ok([['web-1', 1]]),
    exception: `IllegalArgumentException: the host in row 0 is "web-1", which is no UUID; ${VM_LOST}`,
  },
]);

describeReading('readBalanceAnswer', (answer) => readBalanceAnswer(answer, ASKED), [
  {
    title: 'migrates',
    answer: ok([vmId(1), [H2]]),
    outcome: { migration: { vmId: vmId(1), candidateHostIds: [H2] } },
  },
  { title: 'does nothing', answer: ok(['', []]), outcome: {} },
  {
    title: 'does nothing for nil',
    answer: ok(null),
    outcome: {},
    complaints: [
      "the result is nil or missing: a balance answer always has two elements, and ['', []] is nothing to do",
    ],
  },
  {
    title: 'does nothing without a VM',
    answer: ok(['', [H1]]),
    outcome: {},
    complaints: ['there are hosts to go to but no VM: the engine does nothing'],
  },
  {
    title: 'tries without a host',
    answer: ok([vmId(1), []]),
    outcome: { migration: { vmId: vmId(1), candidateHostIds: [] } },
    complaints: ['there is a VM but no host to which it may go'],
  },
  {
    title: 'throws for fewer than two elements, as the old proxy answered an unknown balancer',
    answer: ok([]),
    exception:
      'ArrayIndexOutOfBoundsException: the result has fewer than two elements, and a balance answer always has two; this minute no further cluster is balanced',
  },
  {
    title: 'throws for a nil VM',
    answer: ok([null, []]),
    exception:
      'NullPointerException: the id of the VM is nil or missing, where the engine calls toString; this minute no further cluster is balanced',
  },
  {
    title: 'throws for nil hosts',
    answer: ok(['', null]),
    exception:
      'NullPointerException: the list of hosts is nil or missing, where the engine needs an array; this minute no further cluster is balanced',
  },
]);
