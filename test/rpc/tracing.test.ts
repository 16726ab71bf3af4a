import { Metadata } from '@grpc/grpc-js';
import { expect } from 'chai';
import type { Call } from '../../src/domain/contract.js';
import { SchedulingError, type SchedulingErrorCode } from '../../src/domain/errors.js';
import { policyUnitMethods } from '../../src/rpc/proto.js';
import { traced } from '../support/traced.js';
import { aCall, aScoreRequest, createLoopback, fakeService, memoryLog, rejection, uuid } from './loopback.js';
import { rawCall, rawStream } from './raw-call.js';

const TRACE = '0af7651916cd43dd8448eb211c80319c';
const SPAN = 'b7ad6b7169203331';
const GOOD = `00-${TRACE}-${SPAN}-01`;
const SCORE_HOSTS = 'hostscore.v1.PolicyUnitService/ScoreHosts';

const request = { vm_id: uuid(0xa), host_ids: [uuid(1)], request_id: 'mine' };

describe('traced calls over gRPC', () => {
  const loopback = createLoopback();
  afterEach(() => loopback.close());

  /** Calls a server that fails with this code, and returns the spans of both sides. */
  async function spansOfFailure(code: SchedulingErrorCode) {
    const caller = traced();
    const server = traced();
    const fail = () => Promise.reject(new SchedulingError(code, 'VM app-01 has no host'));
    const log = memoryLog();
    const service = fakeService({ scoreHosts: fail });
    const client = loopback.connect(await loopback.serve({ service, log, tracing: server.tracing }));
    const span = caller.tracing.receive('runCostFunctions', {}, {});
    await rejection(client.scoreHosts(aScoreRequest(), aCall({ span })));
    return { caller, server, log, traceId: span.traceId };
  }

  it('are one trace, of which neither side has names or words', async () => {
    const { caller, server, log, traceId } = await spansOfFailure('UNAVAILABLE');
    const [sent] = caller.spans();
    const [received] = server.spans();
    expect(received?.spanContext().traceId).to.equal(traceId);
    expect(received?.parentSpanContext?.spanId).to.equal(sent?.spanContext().spanId);
    expect(log.lines.find(({ event }) => event === 'call failed')).to.include({ traceId });
    const common = {
      'rpc.system': 'grpc',
      'rpc.service': 'hostscore.v1.PolicyUnitService',
      'rpc.method': 'ScoreHosts',
      'rpc.grpc.status_code': 14,
      'error.type': 'UNAVAILABLE',
    };
    const target = String(sent?.attributes['server.address']);
    expect(sent?.attributes).to.deep.equal({ ...common, 'server.address': target });
    expect(received?.attributes).to.deep.equal({
      ...common,
      'hostscore.request_id': 'call-1',
      'hostscore.dry_run': false,
    });
    expect([sent?.status.message, received?.status.message]).to.deep.equal([undefined, undefined]);
  });

  const failures: readonly [code: SchedulingErrorCode, atServer: string][] = [
    ['INVALID_ARGUMENT', ''],
    ['NOT_FOUND', ''],
    ['RESOURCE_EXHAUSTED', ''],
    ['DEADLINE_EXCEEDED', ' DEADLINE_EXCEEDED'],
    ['UNIMPLEMENTED', ' UNIMPLEMENTED'],
    ['INTERNAL', ' INTERNAL'],
  ];
  for (const [code, atServer] of failures) {
    it(`that end with ${code} failed for the caller, and at the server ${atServer === '' ? 'did not' : 'too'}`, async () => {
      const { caller, server } = await spansOfFailure(code);
      expect(caller.told()).to.deep.equal([`client ${SCORE_HOSTS} ${code}`]);
      expect(server.told()).to.deep.equal([`server ${SCORE_HOSTS}${atServer}`]);
    });
  }

  it('end when their caller stops waiting', async () => {
    const caller = traced();
    const service = fakeService({ scoreHosts: () => new Promise(() => undefined) });
    const client = loopback.connect(await loopback.serve({ service }));
    const stop = new AbortController();
    const span = caller.tracing.receive('runCostFunctions', {}, {});
    const call = client.scoreHosts(aScoreRequest(), aCall({ span, signal: stop.signal }));
    stop.abort();
    await rejection(call);
    expect(caller.told()).to.deep.equal([`client ${SCORE_HOSTS} CANCELLED`]);
  });

  const headers: readonly [
    what: string,
    values: Readonly<Record<string, readonly string[]>>,
    goesOn: boolean,
  ][] = [
    ['one traceparent', { traceparent: [GOOD] }, true],
    ['one traceparent with two tracestates', { traceparent: [GOOD], tracestate: ['a=1', 'b=2'] }, true],
    ['two traceparents', { traceparent: [GOOD, GOOD] }, false],
    ['a traceparent that is none', { traceparent: ['00-1-2-3'] }, false],
    ['baggage alone', { baggage: ['vm=app-01'] }, false],
  ];
  for (const [what, values, goesOn] of headers) {
    it(`${goesOn ? 'go on with the trace of' : 'begin a trace at'} ${what}`, async () => {
      const { tracing, spans } = traced();
      const service = fakeService();
      const { address } = await loopback.serve({ service, tracing });
      const metadata = new Metadata();
      for (const [key, all] of Object.entries(values)) for (const value of all) metadata.add(key, value);
      const { code } = await rawCall(address, policyUnitMethods.ScoreHosts, request, { metadata });
      expect(code).to.equal(0);
      expect(spans()[0]?.spanContext().traceId === TRACE).to.equal(goesOn);
      const passed = service.received[0]?.call.span?.headers() ?? {};
      expect(Object.keys(passed)).to.not.include('baggage');
      expect(passed['tracestate']).to.equal(values['tracestate']?.join());
    });
  }

  it('are the requests of a stream, each by itself, below the span that opened it', async () => {
    const { tracing, spans, told } = traced();
    const log = memoryLog();
    const { address } = await loopback.serve({ tracing, log });
    const metadata = new Metadata();
    metadata.set('traceparent', GOOD);
    const { stream, answered, close } = rawStream(address, { metadata });
    loopback.onClose(close);
    stream.write(request);
    stream.write({ ...request, vm_id: 'none', request_id: 'bad' });
    await answered(2);
    expect(told()).to.deep.equal([1, 2].map(() => 'server hostscore.v1.PolicyUnitService/StreamScoreHosts'));
    expect(spans().map(({ attributes }) => attributes['hostscore.request_id'])).to.deep.equal([
      'mine',
      'bad',
    ]);
    expect(spans().map(({ attributes }) => attributes['rpc.grpc.status_code'])).to.deep.equal([0, 3]);
    expect(spans().map(({ parentSpanContext }) => parentSpanContext?.spanId)).to.deep.equal([SPAN, SPAN]);
    expect(log.lines.find(({ event }) => event === 'call failed')).to.include({ traceId: TRACE });
  });

  it('are none where nothing is traced, whatever the caller sends', async () => {
    const service = fakeService();
    const { address } = await loopback.serve({ service });
    const metadata = new Metadata();
    metadata.set('traceparent', GOOD);
    await rawCall(address, policyUnitMethods.ScoreHosts, request, { metadata });
    const [received] = service.received;
    expect((received?.call satisfies Call | undefined)?.span).to.equal(undefined);
  });
});
