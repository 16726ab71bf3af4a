import { Client, credentials, status, type ServiceError } from '@grpc/grpc-js';
import { expect } from 'chai';
import type { Call } from '../../src/domain/contract.js';
import { INTERNAL_ERROR_TEXT, SchedulingError } from '../../src/domain/errors.js';
import type { ScoreHostsRequest } from '../../src/gen/hostscore/v1/ScoreHostsRequest.js';
import { policyUnitMethods } from '../../src/rpc/proto.js';
import type { StreamedRequest, StreamedScores } from '../../src/rpc/score-stream-call.js';
import {
  aCall,
  aScoreRequest,
  createLoopback,
  deferred,
  fakeService,
  memoryLog,
  rejection,
  SNAPSHOT_TIME,
  uuid,
} from './loopback.js';
import { unitList } from '../support/unit-list.js';

const { path, requestSerialize, responseDeserialize } = policyUnitMethods.StreamScoreHosts;
const vm_id = uuid(0xa);

// eslint-disable-next-line @typescript-eslint/require-await -- an async source is what the client takes
async function* numbered(count: number): AsyncGenerator<StreamedRequest> {
  for (let n = 0; n < count; n++) {
    yield { requestId: `r${n}`, request: aScoreRequest({ vmId: uuid(n), hosts: [uuid(n)] }) };
  }
}

async function all<Item>(items: AsyncIterable<Item>): Promise<Item[]> {
  const list: Item[] = [];
  for await (const item of items) list.push(item);
  return list;
}

describe('StreamScoreHosts', () => {
  const loopback = createLoopback();
  afterEach(() => loopback.close());

  /** Opens a stream without the product's client, so that anything can be sent. */
  function rawStream(address: string) {
    const client = new Client(address, credentials.createInsecure(), { 'grpc.use_local_subchannel_pool': 1 });
    loopback.onClose(() => client.close());
    const stream = client.makeBidiStreamRequest(
      path,
      (message: ScoreHostsRequest | Buffer) =>
        Buffer.isBuffer(message) ? message : requestSerialize(message),
      responseDeserialize,
      { deadline: Date.now() + 5000 },
    );
    const ended = new Promise<{ code: number; details: string }>((resolve) => {
      stream.on('status', ({ code, details }) => resolve({ code, details }));
    });
    stream.on('error', (error: ServiceError) => error);
    const answers: unknown[] = [];
    const waiting: (() => void)[] = [];
    stream.on('data', (answer: unknown) => {
      answers.push(answer);
      for (const wake of waiting.splice(0)) wake();
    });
    const answered = async (count: number) => {
      while (answers.length < count) await new Promise<void>((resolve) => waiting.push(resolve));
    };
    return { stream, answers, answered, ended };
  }

  it('answers 10,000 requests over one stream, in order', async () => {
    const service = fakeService();
    const client = loopback.connect(await loopback.serve({ service }));
    const answers = await all(client.streamScoreHosts(numbered(10_000), aCall({ deadline: Infinity })));
    expect(answers.length).to.equal(10_000);
    expect(
      answers.every(
        ({ requestId, response }, n) =>
          requestId === `r${n}` && response?.scores[0]?.hostId === uuid(n) && response.scores.length === 1,
      ),
    ).to.equal(true);
    expect(service.received[9_999]?.call.requestId).to.equal('r9999');
  }).timeout(30_000);

  it('works on one request at a time', async () => {
    let working = 0;
    let most = 0;
    const fake = fakeService();
    const service = fakeService({
      scoreHosts: async (request, call) => {
        most = Math.max(most, ++working);
        await new Promise((resolve) => setImmediate(resolve));
        working--;
        return fake.scoreHosts(request, call);
      },
    });
    const client = loopback.connect(await loopback.serve({ service }));
    expect((await all(client.streamScoreHosts(numbered(100), aCall()))).length).to.equal(100);
    expect(most).to.equal(1);
  });

  it('answers nothing to a stream without requests', async () => {
    const client = loopback.connect(await loopback.serve());
    expect(await all(client.streamScoreHosts(numbered(0), aCall()))).to.deep.equal([]);
  });

  it('reads on only when the caller takes the answers', async () => {
    const hosts = Array.from({ length: 1000 }, (_, n) => uuid(n));
    const service = fakeService();
    const client = loopback.connect(await loopback.serve({ service }));
    // eslint-disable-next-line @typescript-eslint/require-await -- an async source is what the client takes
    const source = async function* (): AsyncGenerator<StreamedRequest> {
      for (let n = 0; n < 150; n++) yield { requestId: `r${n}`, request: aScoreRequest({ hosts }) };
    };
    const answers = client.streamScoreHosts(source(), aCall());
    await answers.next();
    await new Promise((resolve) => setTimeout(resolve, 500));
    expect(service.received.length).to.be.lessThan(100);
    expect((await all(answers)).length).to.equal(149);
  });

  it('answers a bad request with its failure and goes on', async () => {
    const log = memoryLog();
    const service = fakeService({
      scoreHosts: ({ vmId }) => {
        if (vmId === uuid(1)) return Promise.reject(new SchedulingError('NOT_FOUND', 'no such VM'));
        if (vmId === uuid(2)) return Promise.reject(new Error('a bug'));
        return Promise.resolve({
          scores: [],
          unitResults: [],
          unknownHostIds: [],
          snapshotTime: SNAPSHOT_TIME,
        });
      },
    });
    const ids = ['made-1', 'made-2', 'made-3', 'made-4'];
    const server = await loopback.serve({ service, log, makeRequestId: () => ids.shift() ?? 'none' });
    const { stream, answers, ended } = rawStream(server.address);
    stream.write({ vm_id, request_id: 'ok' });
    stream.write({ vm_id: 'abc', request_id: 'bad' });
    stream.write({ vm_id: uuid(1), request_id: 'unknown' });
    stream.write({ vm_id: uuid(2), request_id: 'bug' });
    stream.write(Buffer.from('0aff', 'hex'));
    stream.write({ vm_id, request_id: 'a\tb' });
    stream.write({ vm_id });
    stream.end();
    expect(await ended).to.deep.equal({ code: status.OK, details: 'OK' });
    const response = {
      scores: [],
      unit_results: [],
      unknown_host_ids: [],
      snapshot_time: { seconds: 1_700_000_000, nanos: 123_000_000 },
    };
    const failure = (request_id: string, code: string, message: string) => ({
      request_id,
      outcome: 'failure',
      failure: { code: `FAILURE_CODE_${code}`, message, not_found: 'NOT_FOUND_SUBJECT_UNSPECIFIED' },
    });
    expect(answers).to.deep.equal([
      { request_id: 'ok', outcome: 'response', response },
      failure('bad', 'INVALID_ARGUMENT', 'vm_id: expected a UUID, got "abc"'),
      failure('unknown', 'NOT_FOUND', 'no such VM'),
      failure('bug', 'INTERNAL', INTERNAL_ERROR_TEXT),
      failure(
        'made-2',
        'INVALID_ARGUMENT',
        'request: its bytes are not a message of the contract; compare the caller with its .proto',
      ),
      failure(
        'made-3',
        'INVALID_ARGUMENT',
        'request_id: expected up to 128 printable ASCII characters, got "a\\tb"',
      ),
      { request_id: 'made-4', outcome: 'response', response },
    ]);
    expect(log.lines.find(({ level }) => level === 'error')).to.include({ requestId: 'bug' });
  });

  it('tells the client of failures as data', async () => {
    const service = fakeService({
      scoreHosts: () => Promise.reject(new SchedulingError('UNAVAILABLE', 'no snapshot yet')),
    });
    const client = loopback.connect(await loopback.serve({ service }));
    const failure = { code: 'UNAVAILABLE', message: 'no snapshot yet' };
    expect(await all(client.streamScoreHosts(numbered(2), aCall()))).to.deep.equal([
      { requestId: 'r0', failure },
      { requestId: 'r1', failure },
    ]);
  });

  it('ends the stream for a message over the size limit', async () => {
    const server = await loopback.serve({ limits: { maxReceiveBytes: 100 } });
    const { stream, answered, ended } = rawStream(server.address);
    stream.write({ vm_id });
    await answered(1);
    stream.write({ vm_id, host_ids: [uuid(1), uuid(2)] });
    expect((await ended).code).to.equal(status.RESOURCE_EXHAUSTED);
  });

  it('counts as one call until it ends', async () => {
    const server = await loopback.serve({ limits: { maxConcurrentCalls: 1 } });
    const client = loopback.connect(server);
    const first = rawStream(server.address);
    first.stream.write({ vm_id });
    await first.answered(1);
    const second = rawStream(server.address);
    expect(await second.ended).to.deep.equal({
      code: status.RESOURCE_EXHAUSTED,
      details: '1 calls are in flight, at most 1 are taken (maxConcurrentCalls); try again',
    });
    expect(await rejection(client.listPolicyUnits(aCall()))).to.include({ code: 'RESOURCE_EXHAUSTED' });
    first.stream.end();
    await first.ended;
    expect(await client.listPolicyUnits(aCall())).to.deep.equal(unitList([]));
  });

  it('gives its place back when an idle caller goes away', async () => {
    const ended: unknown[] = [];
    const gone = deferred<undefined>();
    const server = await loopback.serve({
      onCallEnd: ({ code }) => {
        ended.push(code);
        gone.resolve(undefined);
      },
      limits: { maxConcurrentCalls: 1 },
    });
    const { stream, answered } = rawStream(server.address);
    stream.write({ vm_id });
    await answered(1);
    stream.cancel();
    await gone.promise;
    expect(ended).to.deep.equal(['CANCELLED']);
    expect(await loopback.connect(server).listPolicyUnits(aCall())).to.deep.equal(unitList([]));
  });

  it('aborts the request being worked on when the caller cancels, and reads no further', async () => {
    const begun = deferred<Call>();
    const service = fakeService({
      scoreHosts: (_, call) =>
        new Promise((_resolve, reject) => {
          call.signal.addEventListener('abort', () => reject(SchedulingError.from(call.signal.reason)));
          begun.resolve(call);
        }),
    });
    const client = loopback.connect(await loopback.serve({ service }));
    const caller = new AbortController();
    const answers = rejection(all(client.streamScoreHosts(numbered(50), aCall({ signal: caller.signal }))));
    const { signal } = await begun.promise;
    const aborted = new Promise((resolve) => signal.addEventListener('abort', resolve));
    caller.abort();
    await aborted;
    expect(await answers).to.include({ code: 'CANCELLED' });
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(service.received.length).to.equal(1);
  });

  it('ends at its deadline', async () => {
    const client = loopback.connect(await loopback.serve());
    const never = (async function* (): AsyncGenerator<StreamedRequest> {
      yield { requestId: 'r0', request: aScoreRequest() };
      await new Promise(() => undefined);
    })();
    const answers = client.streamScoreHosts(never, aCall({ deadline: Date.now() + 100 }));
    const first: IteratorResult<StreamedScores, void> = await answers.next();
    expect(first.value?.requestId).to.equal('r0');
    expect(await rejection(answers.next())).to.include({ code: 'DEADLINE_EXCEEDED' });
  });

  it('cancels the stream when the loop over its answers is left', async () => {
    const gone = deferred<string>();
    const server = await loopback.serve({ onCallEnd: ({ code }) => gone.resolve(code) });
    const client = loopback.connect(server);
    for await (const { requestId } of client.streamScoreHosts(numbered(100_000), aCall())) {
      if (requestId === 'r3') break;
    }
    expect(await gone.promise).to.equal('CANCELLED');
  });

  it('throws the error of the source of the requests', async () => {
    const client = loopback.connect(await loopback.serve());
    const broken = (async function* (): AsyncGenerator<StreamedRequest> {
      yield* numbered(1);
      throw new Error('the source broke');
    })();
    expect(await rejection(all(client.streamScoreHosts(broken, aCall()))))
      .to.be.instanceOf(Error)
      .and.include({ message: 'the source broke' });
  });

  it('throws UNAVAILABLE where nothing listens', async () => {
    const client = loopback.connect({ address: '127.0.0.1:1' });
    const error = await rejection(all(client.streamScoreHosts(numbered(1), aCall())));
    expect(error).to.include({ code: 'UNAVAILABLE' });
  });
});
