import { Metadata, status } from '@grpc/grpc-js';
import { expect } from 'chai';
import type { Call } from '../../src/domain/contract.js';
import { INTERNAL_ERROR_TEXT, SchedulingError } from '../../src/domain/errors.js';
import type { ScoreHostsRequest } from '../../src/gen/hostscore/v1/ScoreHostsRequest.js';
import { createLoopback, deferred, fakeService, memoryLog, SNAPSHOT_TIME, uuid } from './loopback.js';
import { rawStream, type RawStreamOptions } from './raw-call.js';

const vm_id = uuid(0xa);

/** Requests for one host each, of which the n-th is for VM n and host n. */
function numbered(count: number): ScoreHostsRequest[] {
  return Array.from({ length: count }, (_, n) => ({
    request_id: `r${n}`,
    vm_id: uuid(n),
    host_ids: [uuid(n)],
    units: [{ name: 'even' }],
  }));
}

describe('StreamScoreHosts', () => {
  const loopback = createLoopback();
  afterEach(() => loopback.close());

  function open(address: string, options?: RawStreamOptions) {
    const opened = rawStream(address, options);
    loopback.onClose(opened.close);
    return opened;
  }

  /** Sends requests, and returns the answers once the stream has ended. */
  async function all(address: string, requests: readonly ScoreHostsRequest[], deadline?: number) {
    const { stream, answers, ended } = open(address, { deadline });
    for (const request of requests) stream.write(request);
    stream.end();
    expect(await ended).to.deep.equal({ code: status.OK, details: 'OK' });
    return answers;
  }

  it('answers 10,000 requests over one stream, in order', async () => {
    const service = fakeService();
    const { address } = await loopback.serve({ service });
    const answers = await all(address, numbered(10_000), Infinity);
    expect(answers.length).to.equal(10_000);
    expect(
      answers.every(
        ({ request_id, response }, n) =>
          request_id === `r${n}` && response?.scores[0]?.host_id === uuid(n) && response.scores.length === 1,
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
    const { address } = await loopback.serve({ service });
    expect((await all(address, numbered(100))).length).to.equal(100);
    expect(most).to.equal(1);
  });

  it('answers nothing to a stream without requests', async () => {
    const { address } = await loopback.serve();
    expect(await all(address, [])).to.deep.equal([]);
  });

  it('hands on depth and dry run of the stream with each request', async () => {
    const service = fakeService();
    const { address } = await loopback.serve({ service });
    const metadata = new Metadata();
    metadata.set('x-hostscore-depth', '3');
    metadata.set('x-hostscore-dry-run', '1');
    const { stream, ended } = open(address, { metadata });
    for (const request of numbered(2)) stream.write(request);
    stream.end();
    await ended;
    const calls = service.received.map(({ call: { requestId, depth, dryRun } }) => [
      requestId,
      depth,
      dryRun,
    ]);
    expect(calls).to.deep.equal([
      ['r0', 3, true],
      ['r1', 3, true],
    ]);
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
    const { stream, answers, ended } = open(server.address);
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
      counterfactuals: [],
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

  it('ends the stream for a message over the size limit', async () => {
    const server = await loopback.serve({ settings: { maxMessageSize: 100 } });
    const { stream, answered, ended } = open(server.address);
    stream.write({ vm_id });
    await answered(1);
    stream.write({ vm_id, host_ids: [uuid(1), uuid(2)] });
    expect((await ended).code).to.equal(status.RESOURCE_EXHAUSTED);
  });

  it('ends when an idle caller goes away', async () => {
    const ended: unknown[] = [];
    const gone = deferred<undefined>();
    const server = await loopback.serve({
      onCallEnd: ({ code }) => {
        ended.push(code);
        gone.resolve(undefined);
      },
    });
    const { stream, answered } = open(server.address);
    stream.write({ vm_id });
    await answered(1);
    stream.cancel();
    await gone.promise;
    expect(ended).to.deep.equal(['CANCELLED']);
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
    const { address } = await loopback.serve({ service });
    const { stream, ended } = open(address);
    for (const request of numbered(50)) stream.write(request);
    const { signal } = await begun.promise;
    const aborted = new Promise((resolve) => signal.addEventListener('abort', resolve));
    stream.cancel();
    await aborted;
    expect(signal.reason).to.include({ code: 'CANCELLED' });
    expect((await ended).code).to.equal(status.CANCELLED);
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(service.received.length).to.equal(1);
  });

  it('ends at its deadline', async () => {
    const { address } = await loopback.serve();
    const { stream, answered, ended } = open(address, { deadline: Date.now() + 100 });
    stream.write({ vm_id });
    await answered(1);
    expect((await ended).code).to.equal(status.DEADLINE_EXCEEDED);
  });
});
