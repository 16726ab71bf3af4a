import { SpanKind, SpanStatusCode } from '@opentelemetry/api';
import { InMemorySpanExporter, SimpleSpanProcessor, type ReadableSpan } from '@opentelemetry/sdk-trace-base';
import { createTracing, type OpenTracing } from '../../src/process/tracing.js';

/** Tracing whose spans a test reads. */
export interface Traced {
  readonly tracing: OpenTracing;
  /** Returns the spans that ended, in the order of their ends. */
  readonly spans: () => readonly ReadableSpan[];
  /** Returns the same, each as its kind, its name, and what it failed by. */
  readonly told: () => readonly string[];
}

/** Opens tracing for one test. */
export function traced(): Traced {
  const exporter = new InMemorySpanExporter();
  const spans = () => exporter.getFinishedSpans();
  return {
    tracing: createTracing([new SimpleSpanProcessor(exporter)]),
    spans,
    told: () =>
      spans().map(({ kind, name, status, attributes }) => {
        const failure = status.code === SpanStatusCode.ERROR ? ` ${String(attributes['error.type'])}` : '';
        return `${SpanKind[kind].toLowerCase()} ${name}${failure}`;
      }),
  };
}
