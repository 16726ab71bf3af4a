import { expect } from 'chai';
import { SpanKind, SpanStatusCode } from '@opentelemetry/api';
import { InMemorySpanExporter, SimpleSpanProcessor } from '@opentelemetry/sdk-trace-base';
import type { TraceHeaders } from '../../src/domain/trace.js';
import { createTracing, MAX_TRACESTATE_LENGTH } from '../../src/process/tracing.js';

const TRACE = '0af7651916cd43dd8448eb211c80319c';
const SPAN = 'b7ad6b7169203331';
const GOOD = `00-${TRACE}-${SPAN}-01`;

function traced() {
  const exporter = new InMemorySpanExporter();
  const tracing = createTracing([new SimpleSpanProcessor(exporter)]);
  return { tracing, spans: () => exporter.getFinishedSpans() };
}

/** What is passed on of the context that these headers carry. */
function passedOn(headers: TraceHeaders): Readonly<Record<string, string>> {
  const span = traced().tracing.receive('call', headers, {});
  const passed = span.start('client', 'other call', {}).headers();
  span.end();
  return passed;
}

describe('tracing', () => {
  describe('goes on with the trace of', () => {
    const cases: readonly [what: string, headers: TraceHeaders][] = [
      ['a traceparent', { traceparent: GOOD }],
      ['one that has spaces around it, as HTTP allows', { traceparent: ` ${GOOD} ` }],
      ['one of a later version', { traceparent: `01-${TRACE}-${SPAN}-01` }],
      ['one of a later version, with more in it', { traceparent: `cc-${TRACE}-${SPAN}-01-more` }],
      ['one with flags that nobody knows', { traceparent: `00-${TRACE}-${SPAN}-ff` }],
      ['one beside a tracestate that says nothing', { traceparent: GOOD, tracestate: '=,,' }],
    ];
    for (const [what, headers] of cases) {
      it(what, () => {
        expect(passedOn(headers)['traceparent']).to.match(
          new RegExp(`^00-${TRACE}-(?!${SPAN})[0-9a-f]{16}-01$`),
        );
      });
    }
  });

  describe('begins a trace of its own at', () => {
    const cases: readonly [what: string, headers: TraceHeaders][] = [
      ['no traceparent', {}],
      ['an empty one', { traceparent: '' }],
      ['two of them', { traceparent: `${GOOD}, ${GOOD}` }],
      ['version ff', { traceparent: `ff-${TRACE}-${SPAN}-01` }],
      ['version 00 with more in it', { traceparent: `${GOOD}-more` }],
      ['a trace id of zeros', { traceparent: `00-${'0'.repeat(32)}-${SPAN}-01` }],
      ['a span id of zeros', { traceparent: `00-${TRACE}-${'0'.repeat(16)}-01` }],
      ['a trace id of 31 digits', { traceparent: `00-${TRACE.slice(1)}-${SPAN}-01` }],
      ['upper case', { traceparent: GOOD.toUpperCase() }],
      ['letters that are no digits', { traceparent: GOOD.replace('a', 'g') }],
      ['a megabyte', { traceparent: 'a'.repeat(1024 ** 2) }],
      ['a tracestate alone', { tracestate: 'vendor=1' }],
    ];
    for (const [what, headers] of cases) {
      it(what, () => {
        const passed = passedOn(headers);
        expect(passed['traceparent']).to.match(/^00-[0-9a-f]{32}-[0-9a-f]{16}-01$/);
        expect(passed['traceparent']).to.not.include(TRACE);
        expect(passed).to.not.have.property('tracestate');
      });
    }
  });

  describe('passes on a tracestate', () => {
    const long = (length: number) =>
      `a=${'1'.repeat(200)},b=${'2'.repeat(200)},c=${'3'.repeat(length - 408)}`;
    const cases: readonly [what: string, tracestate: string, passed: string | undefined][] = [
      ['as it is', 'a=1,b=2', 'a=1,b=2'],
      [`of ${MAX_TRACESTATE_LENGTH} characters`, long(MAX_TRACESTATE_LENGTH), long(MAX_TRACESTATE_LENGTH)],
      [`of ${MAX_TRACESTATE_LENGTH + 1} not at all`, long(MAX_TRACESTATE_LENGTH + 1), ''],
      ['without members that are none', 'a=1,=2,B=3,c', 'a=1'],
      [
        'of 33 members without the last',
        Array.from({ length: 33 }, (_, n) => `k${n}=1`).join(),
        Array.from({ length: 32 }, (_, n) => `k${n}=1`).join(),
      ],
    ];
    for (const [what, tracestate, passed] of cases) {
      it(what, () => {
        expect(passedOn({ traceparent: GOOD, tracestate })['tracestate'] ?? '').to.equal(passed);
      });
    }
  });

  it('records nothing of a trace that its caller does not sample, and passes that on', () => {
    const { tracing, spans } = traced();
    const span = tracing.receive('call', { traceparent: `00-${TRACE}-${SPAN}-00` }, {});
    span.describe(() => {
      throw new Error('made all the same');
    });
    const inner = span.start('internal', 'unit a', {});
    expect(inner.headers()['traceparent']).to.match(new RegExp(`^00-${TRACE}-[0-9a-f]{16}-00$`));
    inner.end();
    span.end();
    expect(span.traceId).to.equal(undefined);
    expect(spans()).to.deep.equal([]);
  });

  it('names facts as the log does, and leaves out what is no fact', () => {
    const { tracing, spans } = traced();
    const span = tracing.receive('call', {}, { 'rpc.method': 'call' });
    span.describe(() => ({ unknownHosts: 2, vm: 'v', dryRun: true, policy: undefined, list: ['a'] }));
    span.end('INTERNAL', { 'rpc.grpc.status_code': 13 });
    const [ended] = spans();
    expect(ended?.attributes).to.deep.equal({
      'rpc.method': 'call',
      'hostscore.unknown_hosts': 2,
      'hostscore.vm': 'v',
      'hostscore.dry_run': true,
      'error.type': 'INTERNAL',
      'rpc.grpc.status_code': 13,
    });
    expect(ended?.status).to.deep.equal({ code: SpanStatusCode.ERROR });
    expect(ended?.kind).to.equal(SpanKind.SERVER);
  });
});
