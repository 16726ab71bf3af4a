import { Metadata, status } from '@grpc/grpc-js';
import { expect } from 'chai';
import { MAX_INT32 } from '../../src/domain/contract.js';
import type { BalanceHostsRequest } from '../../src/gen/hostscore/v1/BalanceHostsRequest.js';
import type { FilterHostsRequest } from '../../src/gen/hostscore/v1/FilterHostsRequest.js';
import type { ScoreHostsRequest } from '../../src/gen/hostscore/v1/ScoreHostsRequest.js';
import { policyUnitMethods } from '../../src/rpc/proto.js';
import type { RpcServer } from '../../src/rpc/server.js';
import { createLoopback, fakeService, memoryLog, uuid } from './loopback.js';
import { rawCall, type RawMethod, type RawOutcome } from './raw-call.js';

const { ScoreHosts, FilterHosts, BalanceHosts, ListPolicyUnits } = policyUnitMethods;
const vm_id = uuid(0xa);

const units = (count: number) => Array.from({ length: count }, (_, n) => ({ name: `u${n}` }));
const properties = (count: number) =>
  Object.fromEntries(Array.from({ length: count }, (_, n) => [`p${n}`, '']));
const placements = (count: number) =>
  Array.from({ length: count }, (_, n) => ({ vm_id: uuid(n), host_id: uuid(9) }));

interface Case<Request> {
  readonly request: Request;
  readonly code: keyof typeof status;
  readonly message: string;
}

const badScoreRequests: Case<ScoreHostsRequest>[] = [
  { request: {}, code: 'INVALID_ARGUMENT', message: 'vm_id: expected a UUID, got ""' },
  { request: { vm_id: 'abc' }, code: 'INVALID_ARGUMENT', message: 'vm_id: expected a UUID, got "abc"' },
  {
    request: { vm_id: `${vm_id}\n` },
    code: 'INVALID_ARGUMENT',
    message: `vm_id: expected a UUID, got "${vm_id}\\n"`,
  },
  {
    request: { vm_id: 'é"'.repeat(500) },
    code: 'INVALID_ARGUMENT',
    message: `vm_id: expected a UUID, got "${'é\\"'.repeat(30)}"...`,
  },
  {
    request: { vm_id, host_ids: [uuid(1), uuid(2), 'abc'] },
    code: 'INVALID_ARGUMENT',
    message: 'host_ids[2]: expected a UUID, got "abc"',
  },
  {
    request: { vm_id, host_ids: [''] },
    code: 'INVALID_ARGUMENT',
    message: 'host_ids[0]: expected a UUID, got ""',
  },
  {
    request: { vm_id, host_ids: [uuid(1), uuid(1).replaceAll('-', '_')] },
    code: 'INVALID_ARGUMENT',
    message: 'host_ids[1]: expected a UUID, got "00000000_0000_4000_8000_000000000001"',
  },
  {
    request: { vm_id, host_ids: [uuid(1).replace(/1$/, 'g')] },
    code: 'INVALID_ARGUMENT',
    message: 'host_ids[0]: expected a UUID, got "00000000-0000-4000-8000-00000000000g"',
  },
  {
    request: { vm_id, host_ids: [uuid(1).replace(/1$/, '\u0131')] },
    code: 'INVALID_ARGUMENT',
    message: 'host_ids[0]: expected a UUID, got "00000000-0000-4000-8000-00000000000\u0131"',
  },
  {
    request: { vm_id, host_ids: [uuid(1), uuid(2)], all_hosts: true },
    code: 'INVALID_ARGUMENT',
    message: 'host_ids: 2 ids together with all_hosts; give one or the other',
  },
  {
    request: { vm_id, host_ids: [uuid(1), uuid(2), uuid(3), uuid(4)] },
    code: 'RESOURCE_EXHAUSTED',
    message: 'host_ids: 4 ids, at most 3 are allowed (server.maxHostIds); send fewer, or raise the limit',
  },
  {
    request: { vm_id, units: [{ name: '' }] },
    code: 'INVALID_ARGUMENT',
    message: 'units[0].name: expected a name of 1 to 128 characters, got ""',
  },
  {
    request: { vm_id, units: [{ name: 'u' }, { name: 'x'.repeat(129) }] },
    code: 'INVALID_ARGUMENT',
    message: `units[1].name: expected a name of 1 to 128 characters, got "${'x'.repeat(60)}"...`,
  },
  {
    request: { vm_id, units: [{ name: 'u' }, { name: 'u' }] },
    code: 'INVALID_ARGUMENT',
    message: 'units[1].name: duplicate unit "u"; name each unit once',
  },
  {
    request: { vm_id, units: [{ name: 'u', weight: -1 }] },
    code: 'INVALID_ARGUMENT',
    message: 'units[0].weight: expected 0 or more, got -1',
  },
  {
    request: { vm_id, units: [{ name: 'u', weight: 21_474_836 }, { name: 'v' }] },
    code: 'INVALID_ARGUMENT',
    message: 'units: the weights add up to 21474837, at most 21474836 fit; scale them down',
  },
  {
    request: {
      vm_id,
      units: [
        { name: 'u', weight: MAX_INT32 },
        { name: 'v', weight: MAX_INT32 },
      ],
    },
    code: 'INVALID_ARGUMENT',
    message: 'units: the weights add up to 4294967294, at most 21474836 fit; scale them down',
  },
  {
    request: { vm_id, units: units(129) },
    code: 'RESOURCE_EXHAUSTED',
    message: 'units: 129 units, at most 128 are allowed; send fewer',
  },
  {
    request: { vm_id, policy: 'night', units: units(2) },
    code: 'INVALID_ARGUMENT',
    message: 'policy: "night" together with 2 in units; give one or the other',
  },
  {
    request: { vm_id, policy: 'x'.repeat(129) },
    code: 'INVALID_ARGUMENT',
    message: `policy: expected a name of 1 to 128 characters, got "${'x'.repeat(60)}"...`,
  },
  {
    request: { vm_id, explain_top: -1 },
    code: 'INVALID_ARGUMENT',
    message: 'explain_top: expected 0 or more, got -1',
  },
  {
    request: { vm_id, properties: properties(129) },
    code: 'RESOURCE_EXHAUSTED',
    message: 'properties: 129 properties, at most 128 are allowed; send fewer',
  },
  {
    request: { vm_id, properties: { ['"'.repeat(129)]: '' } },
    code: 'RESOURCE_EXHAUSTED',
    message: `properties["${'\\"'.repeat(60)}"...]: 129 characters in the key, at most 128 are allowed; send fewer`,
  },
  {
    request: { vm_id, properties: { a: 'x'.repeat(1025) } },
    code: 'RESOURCE_EXHAUSTED',
    message: 'properties["a"]: 1025 characters in the value, at most 1024 are allowed; send fewer',
  },
  {
    request: { vm_id, assumed_placements: [{ vm_id: uuid(1), host_id: uuid(2) }, { host_id: uuid(2) }] },
    code: 'INVALID_ARGUMENT',
    message: 'assumed_placements[1].vm_id: expected a UUID, got ""',
  },
  {
    request: { vm_id, assumed_placements: [{ vm_id: uuid(1), host_id: 'h' }] },
    code: 'INVALID_ARGUMENT',
    message: 'assumed_placements[0].host_id: expected a UUID, got "h"',
  },
  {
    request: {
      vm_id,
      assumed_placements: [
        { vm_id: uuid(0xb), host_id: uuid(2) },
        { vm_id: uuid(0xb).toUpperCase(), host_id: uuid(3) },
      ],
    },
    code: 'INVALID_ARGUMENT',
    message:
      'assumed_placements[1].vm_id: duplicate VM "00000000-0000-4000-8000-00000000000b"; place each VM once',
  },
  {
    request: { vm_id, assumed_placements: placements(1001) },
    code: 'RESOURCE_EXHAUSTED',
    message: 'assumed_placements: 1001 placements, at most 1000 are allowed; send fewer',
  },
  {
    request: { vm_id, request_id: 'a\nb' },
    code: 'INVALID_ARGUMENT',
    message: 'request_id: expected up to 128 printable ASCII characters, got "a\\nb"',
  },
  {
    request: { vm_id, request_id: 'x'.repeat(129) },
    code: 'INVALID_ARGUMENT',
    message: `request_id: expected up to 128 printable ASCII characters, got "${'x'.repeat(60)}"...`,
  },
];

const badFilterRequests: Case<FilterHostsRequest>[] = [
  { request: {}, code: 'INVALID_ARGUMENT', message: 'vm_id: expected a UUID, got ""' },
  {
    request: { vm_id, host_ids: ['h'] },
    code: 'INVALID_ARGUMENT',
    message: 'host_ids[0]: expected a UUID, got "h"',
  },
  {
    request: { vm_id, host_ids: [1, 2, 3, 4].map(uuid) },
    code: 'RESOURCE_EXHAUSTED',
    message: 'host_ids: 4 ids, at most 3 are allowed (server.maxHostIds); send fewer, or raise the limit',
  },
  {
    request: { vm_id, units: ['u', 'u'] },
    code: 'INVALID_ARGUMENT',
    message: 'units[1]: duplicate unit "u"; name each unit once',
  },
  {
    request: { vm_id, units: [''] },
    code: 'INVALID_ARGUMENT',
    message: 'units[0]: expected a name of 1 to 128 characters, got ""',
  },
  {
    request: { vm_id, units: units(129).map(({ name }) => name) },
    code: 'RESOURCE_EXHAUSTED',
    message: 'units: 129 units, at most 128 are allowed; send fewer',
  },
  {
    request: { vm_id, policy: 'night', units: ['u'] },
    code: 'INVALID_ARGUMENT',
    message: 'policy: "night" together with 1 in units; give one or the other',
  },
  {
    request: { vm_id, host_ids: [uuid(1)], all_hosts: true },
    code: 'INVALID_ARGUMENT',
    message: 'host_ids: 1 ids together with all_hosts; give one or the other',
  },
  {
    request: { vm_id, assumed_placements: [{ vm_id: uuid(1), host_id: 'h' }] },
    code: 'INVALID_ARGUMENT',
    message: 'assumed_placements[0].host_id: expected a UUID, got "h"',
  },
];

const badBalanceRequests: Case<BalanceHostsRequest>[] = [
  {
    request: {},
    code: 'INVALID_ARGUMENT',
    message: 'unit: expected a name of 1 to 128 characters, got ""',
  },
  {
    request: { unit: 'u', host_ids: ['h'] },
    code: 'INVALID_ARGUMENT',
    message: 'host_ids[0]: expected a UUID, got "h"',
  },
  {
    request: { unit: 'u', properties: properties(129) },
    code: 'RESOURCE_EXHAUSTED',
    message: 'properties: 129 properties, at most 128 are allowed; send fewer',
  },
  {
    request: { unit: 'u', assumed_placements: placements(1001) },
    code: 'RESOURCE_EXHAUSTED',
    message: 'assumed_placements: 1001 placements, at most 1000 are allowed; send fewer',
  },
];

describe('the fields of a request', () => {
  const loopback = createLoopback();
  const service = fakeService();
  let server: RpcServer;
  before(async () => {
    server = await loopback.serve({ service, settings: { maxHostIds: 3 } });
  });
  after(() => loopback.close());

  function check<Request>(method: RawMethod<Request, unknown>, cases: readonly Case<Request>[]): void {
    for (const { request, code, message } of cases) {
      it(`${code} ${message}`, async () => {
        const before = service.received.length;
        const outcome = await rawCall(server.address, method, request);
        expect(outcome).to.include({ code: status[code], details: message });
        expect(service.received.length).to.equal(before);
      });
    }
  }
  describe('ScoreHosts refuses', () => check(ScoreHosts, badScoreRequests));
  describe('FilterHosts refuses', () => check(FilterHosts, badFilterRequests));
  describe('BalanceHosts refuses', () => check(BalanceHosts, badBalanceRequests));

  const last = () => service.received.at(-1)?.request;

  it('takes exactly what the limits allow', async () => {
    const outcome = await rawCall(server.address, ScoreHosts, {
      vm_id,
      host_ids: [1, 2, 3].map(uuid),
      units: units(128).map(({ name }, n) => ({ name, weight: n === 0 ? 21_474_836 : 0 })),
      properties: { ...properties(127), ['x'.repeat(128)]: 'x'.repeat(1024) },
      assumed_placements: placements(1000),
      request_id: 'x'.repeat(128),
    });
    expect(outcome.code).to.equal(status.OK);
  });

  it('takes 10,000 hosts with all limits reached and 3 bytes a character: 0.9 MB fit into the default of 1 MiB', async () => {
    const byDefault = await loopback.serve();
    const text = (length: number, n = 0) => `${n}`.padEnd(length, '\u4e2d');
    const request = {
      vm_id,
      host_ids: Array.from({ length: 10_000 }, (_, n) => uuid(n)),
      units: units(128).map((_, n) => ({ name: text(128, n), weight: n === 0 ? 21_474_836 : 0 })),
      properties: Object.fromEntries(units(128).map((_, n) => [text(128, n), text(1024)])),
      assumed_placements: placements(1000),
      request_id: 'x'.repeat(128),
      explain: true,
      explain_top: 2 ** 31 - 1,
    };
    expect(ScoreHosts.requestSerialize(request).length).to.be.within(900_000, 1024 ** 2);
    expect((await rawCall(byDefault.address, ScoreHosts, request)).code).to.equal(status.OK);
  });

  it('takes what a service may be asked beside hosts and units', async () => {
    await rawCall(server.address, ScoreHosts, { vm_id, policy: 'night', explain_top: 2 });
    expect(last()).to.deep.include({ policy: 'night', units: [], explain: true, explainTop: 2 });
    await rawCall(server.address, FilterHosts, {
      vm_id,
      all_hosts: true,
      policy: 'night',
      explain: true,
      assumed_placements: placements(1),
    });
    const assumedPlacements = [{ vmId: uuid(0), hostId: uuid(9) }];
    expect(last()).to.deep.include({ hosts: 'ALL_UP', policy: 'night', explain: true, assumedPlacements });
    await rawCall(server.address, BalanceHosts, {
      unit: 'u',
      explain: true,
      assumed_placements: placements(1),
    });
    expect(last()).to.deep.include({ explain: true, assumedPlacements });
  });

  for (const [value, expected] of [
    ['1', true],
    ['0', false],
    [undefined, false],
  ] as const) {
    it(`takes x-hostscore-dry-run: ${value} as ${expected ? 'a' : 'no'} dry run`, async () => {
      const metadata = new Metadata();
      if (value !== undefined) metadata.set('x-hostscore-dry-run', value);
      await rawCall(server.address, BalanceHosts, { unit: 'u' }, { metadata });
      expect(service.received.at(-1)?.call.dryRun).to.equal(expected);
    });
  }

  for (const value of ['true', 'yes', '', '01']) {
    it(`refuses x-hostscore-dry-run: ${JSON.stringify(value)}, which would be a real call`, async () => {
      const metadata = new Metadata();
      metadata.set('x-hostscore-dry-run', value);
      const received = service.received.length;
      const words = `x-hostscore-dry-run: expected 1 for a dry run, 0 for none, got "${value}"`;
      const failed = await rawCall(server.address, BalanceHosts, { unit: 'u' }, { metadata });
      expect(failed).to.deep.include({ code: status.INVALID_ARGUMENT, details: words });
      expect(service.received).to.have.lengthOf(received);
    });
  }

  it('lower-cases ids', async () => {
    const id = uuid(0xabcdef);
    await rawCall(server.address, ScoreHosts, {
      vm_id: id.toUpperCase(),
      host_ids: [id, id.toUpperCase()],
      assumed_placements: [{ vm_id: id.toUpperCase(), host_id: id.toUpperCase() }],
    });
    expect(last()).to.deep.include({
      vmId: id,
      hosts: [id, id],
      assumedPlacements: [{ vmId: id, hostId: id }],
    });
  });

  it('checks a list that begins like an earlier one anew', async () => {
    await rawCall(server.address, ScoreHosts, { vm_id, host_ids: [uuid(1), uuid(2)] });
    const bad = await rawCall(server.address, ScoreHosts, { vm_id, host_ids: [uuid(1), 'x'] });
    const longer = await rawCall(server.address, ScoreHosts, { vm_id, host_ids: [uuid(1), uuid(2), 'y'] });
    await rawCall(server.address, ScoreHosts, { vm_id, host_ids: [uuid(1), uuid(3).toUpperCase(), uuid(2)] });
    expect(bad.details).to.equal('host_ids[1]: expected a UUID, got "x"');
    expect(longer.details).to.equal('host_ids[2]: expected a UUID, got "y"');
    expect(last()).to.deep.include({ hosts: [uuid(1), uuid(3), uuid(2)] });
  });

  it('hands the same array on for each of the last 16 lists, and a new one for that before', async () => {
    const { scoreHosts } = fakeService();
    const hosts: unknown[] = [];
    const service = fakeService({
      scoreHosts(request, call) {
        hosts.push(request.hosts);
        return scoreHosts(request, call);
      },
    });
    const { address } = await loopback.serve({ service });
    const lists = Array.from({ length: 17 }, (_, n) => [uuid(100 + n)]);
    // The first list comes last again: it is no more among the 16.
    for (const host_ids of [...lists, ...lists.slice(1), ...lists.slice(0, 1)]) {
      await rawCall(address, ScoreHosts, { vm_id, host_ids });
    }
    const isSame = lists.map((_, n) => hosts[n] === hosts[n === 0 ? 33 : 16 + n]);
    expect(isSame).to.deep.equal([false, ...Array.from({ length: 16 }, () => true)]);
  });

  it('gives a unit without a weight the weight 1, and keeps a weight of 0', async () => {
    await rawCall(server.address, ScoreHosts, { vm_id, units: [{ name: 'u' }, { name: 'v', weight: 0 }] });
    expect(last()).to.deep.include({
      units: [
        { name: 'u', weight: 1 },
        { name: 'v', weight: 0 },
      ],
    });
  });

  it('answers a score of 0 with presence', async () => {
    const { response } = await rawCall(server.address, ScoreHosts, { vm_id, host_ids: [uuid(1)] });
    expect(response?.scores).to.deep.equal([{ host_id: uuid(1), score: 0, _score: 'score', reasons: [] }]);
  });

  const idSources: { field?: string; metadata?: string; expected: string }[] = [
    { field: 'field', metadata: 'metadata', expected: 'field' },
    { metadata: 'metadata', expected: 'metadata' },
    { field: 'with a space', expected: 'with a space' },
    { expected: 'made' },
    { metadata: 'x'.repeat(129), expected: 'made' },
  ];
  for (const { field = '', metadata, expected } of idSources) {
    it(`takes the request id "${expected}" of field "${field}" and metadata "${metadata?.slice(0, 20) ?? ''}"`, async () => {
      const log = memoryLog();
      const made = await loopback.serve({ service, log, makeRequestId: () => 'made' });
      const headers = new Metadata();
      if (metadata !== undefined) headers.set('x-request-id', metadata);
      const outcome: RawOutcome<unknown> = await rawCall(
        made.address,
        ScoreHosts,
        { vm_id, request_id: field },
        { metadata: headers },
      );
      expect(outcome.code).to.equal(status.OK);
      expect(outcome.trailers.get('x-request-id')).to.deep.equal([expected]);
      expect(service.received.at(-1)?.call.requestId).to.equal(expected);
    });
  }

  it('answers a request id with spaces around it', async () => {
    const outcome = await rawCall(server.address, ScoreHosts, { vm_id, request_id: '  a ' });
    expect(outcome.code).to.equal(status.OK);
    expect(outcome.trailers.get('x-request-id')).to.deep.equal(['a']);
  });

  it('takes the request id of ListPolicyUnits from the metadata', async () => {
    const metadata = new Metadata();
    metadata.set('x-request-id', 'list');
    const { trailers } = await rawCall(server.address, ListPolicyUnits, {}, { metadata });
    expect(trailers.get('x-request-id')).to.deep.equal(['list']);
  });

  for (const method of [ScoreHosts, FilterHosts, BalanceHosts, ListPolicyUnits]) {
    it(`${method.path}: INVALID_ARGUMENT for bytes that are no message`, async () => {
      const outcome = await rawCall<never, unknown>(server.address, method, Buffer.from('0aff', 'hex'));
      expect(outcome).to.include({
        code: status.INVALID_ARGUMENT,
        details: 'request: its bytes are not a message of the contract; compare the caller with its .proto',
      });
    });
  }
});
