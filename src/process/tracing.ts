import { randomUUID } from 'node:crypto';
import {
  defaultTextMapGetter,
  defaultTextMapSetter,
  diag,
  DiagLogLevel,
  ROOT_CONTEXT,
  SpanKind,
  SpanStatusCode,
  trace,
  TraceFlags,
  type Context,
} from '@opentelemetry/api';
import { W3CTraceContextPropagator } from '@opentelemetry/core';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-proto';
import { detectResources, envDetector, resourceFromAttributes } from '@opentelemetry/resources';
import {
  BasicTracerProvider,
  BatchSpanProcessor,
  ConsoleSpanExporter,
  SimpleSpanProcessor,
  type SpanProcessor,
} from '@opentelemetry/sdk-trace-base';
import { z } from 'zod';
import type { CallSpan, SpanAttributes, TraceHeaders, Tracing } from '../domain/trace.js';
import { boundedText } from '../lib/text.js';
import type { Log } from './log.js';
import { VERSION } from './version.js';

/** Longest tracestate that is taken, in characters, as much as the W3C has everybody pass on: it is held with each span. */
export const MAX_TRACESTATE_LENGTH = 512;

/** Tracing with an end. */
export interface OpenTracing extends Tracing {
  /** Sends the spans that have ended. Rejects when they can't be sent. */
  readonly close: () => Promise<void>;
}

/** Exporters of spans, by their names in OTEL_TRACES_EXPORTER. */
const PROCESSORS = {
  otlp: () => new BatchSpanProcessor(new OTLPTraceExporter()),
  console: () => new SimpleSpanProcessor(new ConsoleSpanExporter()),
} as const satisfies Readonly<Record<string, () => SpanProcessor>>;

/** Name of an exporter. */
export type ExporterName = keyof typeof PROCESSORS;

/** Starts tracing with the SDK of OpenTelemetry, as its OTEL_* variables say. What it has to complain of goes to the log. */
export function startTracing(exporters: readonly ExporterName[], log: Log): OpenTracing {
  const report = (text: string, ...more: readonly unknown[]) => {
    const reason = boundedText([text, ...more].map(reasonIn).join(' '));
    log.warn('tracing problem', { reason }, reason.slice(0, REASON_KEY_LENGTH));
  };
  const unused = () => undefined;
  diag.setLogger(
    { error: report, warn: report, info: unused, debug: unused, verbose: unused },
    { logLevel: DiagLogLevel.WARN, suppressOverrideMessage: true },
  );
  return createTracing(exporters.map((name) => PROCESSORS[name]()));
}

/** Creates tracing whose spans go to these processors. */
export function createTracing(spanProcessors: readonly SpanProcessor[]): OpenTracing {
  const own = resourceFromAttributes({
    'service.name': 'hostscore',
    'service.version': VERSION,
    'service.instance.id': randomUUID(),
  });
  const resource = own.merge(detectResources({ detectors: [envDetector] }));
  const provider = new BasicTracerProvider({ resource, spanProcessors: [...spanProcessors] });
  const tracer = provider.getTracer('hostscore', VERSION);
  const propagator = new W3CTraceContextPropagator();

  function startSpan(kind: SpanKind, name: string, attributes: SpanAttributes, parent: Context): CallSpan {
    const span = tracer.startSpan(name, { kind, attributes }, parent);
    const context = trace.setSpan(ROOT_CONTEXT, span);
    const { traceId, traceFlags } = span.spanContext();
    const isSampled = (traceFlags & TraceFlags.SAMPLED) !== 0;
    return {
      traceId: isSampled ? traceId : undefined,
      start: (kind, name, attributes) => startSpan(KINDS[kind], name, attributes, context),
      describe(facts) {
        if (isSampled) span.setAttributes(attributesOf(facts()));
      },
      headers() {
        const headers: Record<string, string> = {};
        propagator.inject(context, headers, defaultTextMapSetter);
        return headers;
      },
      end(failure, attributes = {}) {
        span.setAttributes(attributes);
        if (failure !== undefined) {
          span.setAttribute('error.type', failure).setStatus({ code: SpanStatusCode.ERROR });
        }
        span.end();
      },
    };
  }

  return {
    receive(name, headers, attributes) {
      const parent = propagator.extract(ROOT_CONTEXT, boundedHeaders(headers), defaultTextMapGetter);
      return startSpan(SpanKind.SERVER, name, attributes, parent);
    },
    close: () => provider.shutdown(),
  };
}

const KINDS = { client: SpanKind.CLIENT, internal: SpanKind.INTERNAL } as const;

function boundedHeaders({ traceparent, tracestate }: TraceHeaders): TraceHeaders {
  const text = String(tracestate ?? '');
  return { traceparent, ...(text.length > MAX_TRACESTATE_LENGTH ? {} : { tracestate: text }) };
}

function attributesOf(facts: Readonly<Record<string, unknown>>): SpanAttributes {
  const attributes: Record<string, SpanAttributes[string]> = {};
  for (const [name, value] of Object.entries(facts)) {
    const snake = name.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
    attributes[`hostscore.${snake}`] = ATTRIBUTE.parse(value);
  }
  return attributes;
}

const ATTRIBUTE = z.union([z.string(), z.number(), z.boolean()]).optional().catch(undefined);

/** Length of what tells complaints apart: the words, and not what varies behind them. */
const REASON_KEY_LENGTH = 40;

/** Form of an error that OpenTelemetry reports as JSON. */
const WRITTEN_ERROR = z.object({ message: z.string().optional(), errors: z.string().optional() });

/** Returns the words of a complaint, of an error those of its message, without its stack. */
function reasonIn(complaint: unknown): string {
  if (complaint instanceof Error) return complaint.message;
  const text = String(complaint);
  try {
    const { message, errors } = WRITTEN_ERROR.parse(JSON.parse(text));
    return message ?? errors ?? text;
  } catch {
    return text;
  }
}
