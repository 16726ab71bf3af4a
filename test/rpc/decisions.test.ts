import { status } from '@grpc/grpc-js';
import { expect } from 'chai';
import { networkInterfaces } from 'node:os';
import { openDecisionLog, type OpenDecisionLog } from '../../src/decisions/log.js';
import { createDecisionService, MAX_PAGE_CANDIDATES } from '../../src/decisions/service.js';
import type { Decision, DecisionFace, DecisionLog } from '../../src/domain/decision.js';
import type { DecisionService } from '../../src/domain/decision-service.js';
import type { ListDecisionsRequest } from '../../src/gen/hostscore/v1/ListDecisionsRequest.js';
import type { WatchDecisionsResponse__Output } from '../../src/gen/hostscore/v1/WatchDecisionsResponse.js';
import type { DecisionClient } from '../../src/rpc/decision-client.js';
import { createClient } from '../../src/rpc/contract-client.js';
import { MAX_UNREAD_BYTES } from '../../src/rpc/decision-methods.js';
import { decisionMethods } from '../../src/rpc/proto.js';
import { decisionAt, hostsNamed, scoreUnit, uuid } from '../decisions/sample.js';
import { expectRejection } from '../support/rejection.js';
import { temporaryFolder } from '../support/temporary-folder.js';
import { until } from '../support/until.js';
import { aCall, createLoopback, memoryLog, rejection } from './loopback.js';
import { rawCall } from './raw-call.js';

/** An address of this machine at which it is called like any other; undefined without a network. */
const OUTSIDE = Object.values(networkInterfaces())
  .flat()
  .find((address) => address?.internal === false && address.family === 'IPv4')?.address;

const NOW = Date.parse('2026-01-02T03:04:05.678Z');
const HOUR = 3_600_000;

const stamp = (ms: number) => ({ seconds: Math.floor(ms / 1000), nanos: (ms % 1000) * 1_000_000 });

describe('DecisionService', () => {
  const loopback = createLoopback();
  const folder = temporaryFolder();
  let opened: OpenDecisionLog[] = [];
  let served = 0;

  afterEach(async () => {
    await loopback.close();
    for (const log of opened) await log.close();
    opened = [];
  });
  after(() => folder.remove());

  function open(face: DecisionFace): OpenDecisionLog {
    const dir = `${folder.path}/${served}-${face}`;
    const log = openDecisionLog({
      ...{ dir, maxBytes: 2 ** 30, maxAgeMs: 400 * 24 * HOUR, owns: () => true, log: memoryLog() },
      clock: { now: () => NOW },
    });
    opened.push(log);
    return log;
  }

  /** Serves the decisions of two logs. */
  async function serve(decisions: readonly Decision[] = []) {
    served += 1;
    const logs = { ENGINE: open('ENGINE'), GRPC: open('GRPC') };
    for (const decision of decisions) logs[decision.face].append(decision);
    const service = createDecisionService({ logs, process: 'scorer-1/7', clock: { now: () => NOW + 1 } });
    return { logs, ...(await connect(service)) };
  }

  async function connect(service: DecisionService | undefined) {
    const server = await loopback.serve({ decisions: () => service });
    return { server, client: loopback.connect(server).decisions };
  }

  async function pages(client: DecisionClient, request: ListDecisionsRequest): Promise<string[][]> {
    const all: string[][] = [];
    for (let page_token = ''; ;) {
      const page = await client.list({ ...request, page_token }, aCall());
      all.push(page.decisions.map(({ request_id }) => request_id));
      page_token = page.next_page_token;
      if (page_token === '') return all;
    }
  }

  const at = (n: number, given: Partial<Decision> = {}) =>
    decisionAt(NOW + n, { requestId: String(n), ...given });

  it('lists both logs as one, the newest first, in pages of 3 of 8: 3 + 3 + 2', async () => {
    const faces: readonly DecisionFace[] = [
      'ENGINE',
      'GRPC',
      'GRPC',
      'GRPC',
      'GRPC',
      'ENGINE',
      'ENGINE',
      'GRPC',
    ];
    const { client } = await serve(faces.map((face, n) => at(n, { face })));
    expect(await pages(client, { page_size: 3 })).to.deep.equal([
      ['7', '6', '5'],
      ['4', '3', '2'],
      ['1', '0'],
    ]);
    expect(await pages(client, { face: 'DECISION_FACE_ENGINE' })).to.deep.equal([['6', '5', '0']]);
  });

  it('goes on behind what a page had, whatever is made meanwhile', async () => {
    const { client, logs } = await serve([at(0), at(1, { face: 'GRPC' }), at(2)]);
    const first = await client.list({ page_size: 1 }, aCall());
    logs.ENGINE.append(at(3));
    logs.GRPC.append(at(4, { face: 'GRPC' }));
    const rest = await client.list({ page_token: first.next_page_token }, aCall());
    expect(first.decisions.map((one) => one.request_id)).to.deep.equal(['2']);
    expect(rest.decisions.map((one) => one.request_id)).to.deep.equal(['1', '0']);
  });

  for (const [title, request, expected] of [
    ['a VM', { vm_id: uuid(8) }, ['2']],
    ['the name of a VM in any case', { vm_name: 'DB-8' }, ['2']],
    ['a host', { host_id: uuid(90) }, ['3']],
    ['a method', { method: 'DECISION_METHOD_FILTER_HOSTS' }, ['1']],
    ['a unit that failed', { failed_unit: 'slow' }, ['4']],
    ['a time', { start_time: stamp(NOW + 2), end_time: stamp(NOW + 4) }, ['3', '2']],
    ['an outcome', { outcome: 'OUTCOME_STATE_BEST' }, ['0']],
    ['no outcome', { outcome: 'OUTCOME_STATE_NONE', method: 'DECISION_METHOD_FILTER_HOSTS' }, ['1']],
  ] as const satisfies readonly (readonly [string, ListDecisionsRequest, readonly string[]])[]) {
    it(`lists by ${title}`, async () => {
      const best = at(0);
      const { client, logs } = await serve([
        best,
        at(1, { method: 'FILTER', units: [{ name: 'f', weight: 1, accepted: Uint8Array.of(1, 0, 1) }] }),
        at(2, { vm: { id: uuid(8), name: 'db-8' } }),
        at(3, { hosts: hostsNamed(1, 90) }),
        at(4, { units: [{ name: 'slow', weight: 1, failure: { code: 'UNAVAILABLE', message: 'late' } }] }),
      ]);
      logs.ENGINE.appendOutcome(best, { time: NOW + 9, hostId: uuid(2), rank: 1, regret: 0 });
      expect((await pages(client, request)).flat()).to.deep.equal(expected);
    });
  }

  it('leaves candidates, values and words out of a list, and gives them when asked for', async () => {
    const reasons = [{ unit: 'same_os', hostId: uuid(2), text: '2 of 2 VMs' }];
    const { client } = await serve([at(0, { reasons })]);
    const [short] = (await client.list({}, aCall())).decisions;
    const [full] = (await client.list({ full: true }, aCall())).decisions;
    const best = { host_id: uuid(2), host_name: 'host-2.example.org' };
    expect(short).to.deep.include({ hosts: [], reasons: [], host_count: 3, winner: best });
    expect(short?.units).to.deep.equal([{ unit: 'same_os', weight: 2, _weight: 'weight' }]);
    expect(full?.hosts.map((one) => one.host_name)).to.deep.equal(
      [0, 1, 2].map((n) => `host-${n}.example.org`),
    );
    expect(full?.units[0]?.scores?.values).to.deep.equal([0, 1, 2]);
    expect(full?.reasons).to.deep.equal([{ unit: 'same_os', host_id: uuid(2), text: '2 of 2 VMs' }]);
  });

  it(`ends a page of whole decisions at ${MAX_PAGE_CANDIDATES} candidates: 40 of 1,000 hosts, not 41`, async () => {
    const hosts = hostsNamed(1000);
    const { client } = await serve(
      Array.from({ length: 42 }, (_, n) => at(n, { hosts, units: [scoreUnit('a', 1000)] })),
    );
    expect((await pages(client, { full: true })).map(({ length }) => length)).to.deep.equal([40, 2]);
    expect((await pages(client, {})).map(({ length }) => length)).to.deep.equal([42]);
  });

  it('gives one decision by its id, with the process that answers', async () => {
    const decision = at(0, { outcome: undefined, face: 'GRPC', selector: 'rank', policy: 'gold' });
    const { client, logs } = await serve([decision]);
    logs.GRPC.appendOutcome(decision, { time: NOW + 5, unmatched: 'TIMED_OUT' });
    const { decision: answer, process } = await client.get({ id: decision.id }, aCall());
    expect(process).to.equal('scorer-1/7');
    expect(answer).to.deep.include({
      id: decision.id,
      vm_name: 'vm-7',
      policy: 'gold',
      selector: 'ENGINE_SELECTOR_RANK',
    });
    expect(answer?.duration).to.deep.equal({ seconds: 0, nanos: 1_500_000 });
    expect(answer?.outcome).to.deep.include({ host_id: '', unmatched: 'UNMATCHED_REASON_TIMED_OUT' });
  });

  it('explains the last scores of a VM by its name, and what a host lacked that its filter call had rejected', async () => {
    const filtered = at(0, {
      method: 'FILTER',
      hosts: hostsNamed(4),
      units: [{ name: 'memory', weight: 1, accepted: Uint8Array.of(1, 1, 1, 0) }],
      reasons: [{ unit: 'memory', hostId: uuid(3), text: 'too small' }],
    });
    const { client } = await serve([filtered, at(10), at(20, { vm: { id: uuid(1) } })]);
    const told = await client.explain({ vm_name: 'VM-7', versus_host_id: uuid(3), top: 2 }, aCall());
    expect(told.decision?.request_id).to.equal('10');
    expect(told.explanation?.ranking.map((one) => one.host?.host_id)).to.deep.equal([uuid(2), uuid(1)]);
    const [unit] = told.explanation?.units ?? [];
    expect(unit?.weights.map(({ host_id, from, to }) => [host_id, from, to])).to.deep.equal([
      [uuid(0), 0, 0],
      [uuid(2), 1, undefined],
    ]);
    const host = { host_id: uuid(3), host_name: 'host-3.example.org' };
    expect(told.explanation?.versus?.rejections).to.deep.equal([
      { host, unit: 'memory', reason: 'too small' },
    ]);
    const later = await client.explain({ vm_id: uuid(7), versus_host_id: uuid(0) }, aCall());
    expect(later.explanation?.versus?.changes).to.deep.equal([
      {
        ...{ unit: 'same_os', value: 0, needed_value: 2, needed_weight: 0 },
        ...{ _value: 'value', _needed_value: 'needed_value', _needed_weight: 'needed_weight' },
      },
    ]);
  });

  it('reports on outcomes: of 3 landed in seven days 2 on the best, 4 points lost, 1 older', async () => {
    const decisions = [0, 1, 2, 3].map((n) => at(n === 3 ? -8 * 24 * HOUR : -n));
    const { client, logs } = await serve(decisions);
    for (const [n, decision] of decisions.entries()) {
      const lost =
        n === 1 ? { hostId: uuid(0), rank: 3, regret: 4 } : { hostId: uuid(2), rank: 1, regret: 0 };
      logs.ENGINE.appendOutcome(decision, { time: decision.time + 9, ...lost });
    }
    const { total, process } = await client.agreement({}, aCall());
    expect(total).to.deep.equal({
      landed: 3,
      best: 2,
      top_three: 3,
      unranked: 0,
      regret: 4,
      unmatched: 0,
      superseded: 0,
    });
    expect(process).to.equal('scorer-1/7');
  });

  it('streams decisions as they are made, and again with their outcome', async () => {
    const { client, logs } = await serve();
    const told: WatchDecisionsResponse__Output[] = [];
    const stop = new AbortController();
    const watched = client.watch({ face: 'DECISION_FACE_ENGINE' }, aCall({ signal: stop.signal }), (one) =>
      told.push(one),
    );
    const ended = rejection(watched);
    await until(() => {
      logs.ENGINE.append(at(0));
      return told.length;
    }, Boolean);
    const decision = at(1);
    logs.GRPC.append(at(2, { face: 'GRPC' }));
    logs.ENGINE.append(decision);
    await until(
      () => told.at(-1)?.decision?.request_id,
      (id) => id === '1',
    );
    logs.ENGINE.appendOutcome(decision, { time: NOW + 5, hostId: uuid(0), rank: 3, regret: 4 });
    await until(
      () => told.at(-1)?.decision?.outcome?.rank,
      (rank) => rank === 3,
    );
    expect(told.map((one) => one.decision?.request_id)).not.to.include('2');
    expect(told.at(-1)).to.deep.include({ process: 'scorer-1/7', missed: 0 });
    stop.abort();
    await ended;
  });

  // 3 candidates: 1,000 + 3 x 16 = 1,048 bytes, of which 1,000 are 1,048,000 and 1,001 are more than 1 MiB.
  const most = Math.floor(MAX_UNREAD_BYTES / 1048);
  it(`tells a watcher how many it missed: of ${most + 10} at once 10, since ${most} of 1,048 bytes wait in ${MAX_UNREAD_BYTES}`, async () => {
    const { client, logs } = await serve();
    const told: WatchDecisionsResponse__Output[] = [];
    const stop = new AbortController();
    const ended = rejection(client.watch({}, aCall({ signal: stop.signal }), (one) => told.push(one)));
    await until(() => {
      logs.ENGINE.append(at(0));
      return told.length;
    }, Boolean);
    // All of the beginning has been told.
    await new Promise((resolve) => setTimeout(resolve, 50));
    told.length = 0;
    for (let n = 0; n < most + 10; n++) logs.ENGINE.append(at(n));
    await until(
      () => told.length,
      (length) => length === most,
    );
    expect(told.reduce((sum, { missed }) => sum + missed, 0)).to.equal(10);
    stop.abort();
    await ended;
  });

  it('tells a watcher of a decision that alone is larger than what may wait', async () => {
    const { client, logs } = await serve();
    const told: WatchDecisionsResponse__Output[] = [];
    const stop = new AbortController();
    const ended = rejection(client.watch({}, aCall({ signal: stop.signal }), (one) => told.push(one)));
    const hosts = hostsNamed(MAX_UNREAD_BYTES / 16);
    await until(() => {
      logs.ENGINE.append(at(0, { hosts, units: [] }));
      return told.length;
    }, Boolean);
    expect(told[0]?.decision?.host_count).to.equal(hosts.length);
    stop.abort();
    await ended;
  });

  it('is there for programs that have createClient', async () => {
    const decision = at(0, { face: 'GRPC' });
    const { server, logs } = await serve([decision]);
    const client = createClient(server.address);
    loopback.onClose(client.close);
    const { id } = decision;
    expect((await client.listDecisions({ vm_name: 'vm-7' })).decisions.map((one) => one.id)).to.deep.equal([
      id,
    ]);
    expect((await client.getDecision({ id })).decision?.hosts).to.have.length(3);
    expect((await client.explainDecision({ id })).explanation?.ranking).to.have.length(3);
    expect((await client.reportAgreement({})).total?.landed).to.equal(0);
    expect((await client.reportShadows({})).shadows).to.deep.equal([]);
    await expectRejection(client.getDecision({ id: 'g1' }), 'NOT_FOUND');
    const told: WatchDecisionsResponse__Output[] = [];
    const stop = new AbortController();
    const ended = rejection(
      client.watchDecisions({ face: 'DECISION_FACE_GRPC' }, (one) => told.push(one), { signal: stop.signal }),
    );
    await until(() => {
      logs.GRPC.append(at(1, { face: 'GRPC' }));
      return told.length;
    }, Boolean);
    stop.abort();
    expect(await ended).to.have.property('code', 'CANCELLED');
    expect(told[0]?.decision?.request_id).to.equal('1');
    await expectRejection(
      client.watch({}, () => undefined),
      'UNIMPLEMENTED',
      'nothing to watch here',
    );
  });

  const { ListDecisions, GetDecision, ExplainDecision } = decisionMethods;
  for (const [title, method, request, code, details] of [
    [
      'two VMs',
      ListDecisions,
      { vm_id: uuid(1), vm_name: 'a' },
      'INVALID_ARGUMENT',
      /^vm_name: "a" together with vm_id/,
    ],
    [
      'page_size 1001',
      ListDecisions,
      { page_size: 1001 },
      'INVALID_ARGUMENT',
      /^page_size: expected 1 to 1000/,
    ],
    ['page_size -1', ListDecisions, { page_size: -1 }, 'INVALID_ARGUMENT', /^page_size: .* got -1$/],
    ['a token of nobody', ListDecisions, { page_token: 'abc' }, 'INVALID_ARGUMENT', /^page_token is none/],
    ['half a token', ListDecisions, { page_token: '1.2_y' }, 'INVALID_ARGUMENT', /^page_token is none/],
    ['an unknown face', ListDecisions, { face: 9 }, 'INVALID_ARGUMENT', /^face: .* got 9$/],
    [
      'no time',
      ListDecisions,
      { start_time: { seconds: 1e15 } },
      'INVALID_ARGUMENT',
      /^start_time: expected a time/,
    ],
    [
      'a name of 256',
      ListDecisions,
      { vm_name: 'x'.repeat(256) },
      'INVALID_ARGUMENT',
      /^vm_name: .* got 256$/,
    ],
    ['no id', GetDecision, {}, 'INVALID_ARGUMENT', /^id: expected the id/],
    [
      'an id that is not kept',
      GetDecision,
      { id: 'g1' },
      'NOT_FOUND',
      /^process scorer-1\/7 keeps no decision "g1"/,
    ],
    ['nothing to explain', ExplainDecision, {}, 'INVALID_ARGUMENT', /^id: expected exactly one of/],
    ['a VM without scores', ExplainDecision, { vm_name: 'b' }, 'NOT_FOUND', /keeps no scores for VM "b"/],
  ] as const) {
    it(`refuses ${title}`, async () => {
      const { server } = await serve();
      const { path, requestSerialize, responseDeserialize } = method;
      const raw = {
        path,
        requestSerialize,
        responseDeserialize,
      };
      const outcome = await rawCall<object, object>(server.address, raw, request);
      expect(status[outcome.code]).to.equal(code);
      expect(outcome.details).to.match(details);
    });
  }

  it('answers UNIMPLEMENTED where no decisions are kept', async () => {
    const { client } = await connect(undefined);
    expect(await rejection(client.list({}, aCall()))).to.have.property('code', 'UNIMPLEMENTED');
    expect(await rejection(client.watch({}, aCall(), () => undefined))).to.have.property(
      'code',
      'UNIMPLEMENTED',
    );
  });

  it('gives an empty page with a token when one log has looked at much and found nothing, and goes on in order', async () => {
    /** A log that finds its only decision on the second page. */
    const slow = (decision: Decision): DecisionLog => ({
      append: () => undefined,
      appendOutcome: () => undefined,
      appendShadow: () => undefined,
      get: () => Promise.resolve(undefined),
      list: (_, { token }) =>
        Promise.resolve(
          token === undefined
            ? { decisions: [], tokens: [], nextPageToken: '1.1' }
            : { decisions: [decision], tokens: [token] },
        ),
      watch: () => () => undefined,
    });
    served += 1;
    const logs = { ENGINE: slow(at(9)), GRPC: open('GRPC') };
    logs.GRPC.append(at(5, { face: 'GRPC' }));
    const { client } = await connect(createDecisionService({ logs, process: 'p' }));
    expect(await pages(client, {})).to.deep.equal([[], ['9', '5']]);
  });

  if (OUTSIDE === undefined) return;

  it('answers no caller of another machine, whatever it asks', async () => {
    served += 1;
    const service = createDecisionService({
      logs: { ENGINE: open('ENGINE'), GRPC: open('GRPC') },
      process: 'p',
    });
    const listen = { host: OUTSIDE, port: 0 };
    const server = await loopback.serve({ decisions: () => service, settings: { listen } });
    const { decisions } = loopback.connect(server);
    for (const [method, answer] of [
      ['ListDecisions', decisions.list({}, aCall())],
      ['GetDecision', decisions.get({ id: 'e1' }, aCall())],
      ['ExplainDecision', decisions.explain({ id: 'e1' }, aCall())],
      ['ReportAgreement', decisions.agreement({}, aCall())],
      ['ReportShadows', decisions.shadows({}, aCall())],
      ['WatchDecisions', decisions.watch({}, aCall(), () => undefined)],
    ] as const)
      await expectRejection(answer, 'PERMISSION_DENIED', `${method} is not taken from`);
    const trusting = await loopback.serve({
      decisions: () => service,
      settings: { listen, allowPlaintext: true },
    });
    expect((await loopback.connect(trusting).decisions.list({}, aCall())).decisions).to.deep.equal([]);
  });
});
