import { once } from 'node:events';
import { createServer, type ServerResponse } from 'node:http';
import protobuf from 'protobufjs';
import { z } from 'zod';

/** A span as its collector got it. */
export interface CollectedSpan {
  readonly traceId: string;
  readonly spanId: string;
  /** Empty for the first span of a trace. */
  readonly parentSpanId: string;
  readonly name: string;
  readonly kind: 'internal' | 'server' | 'client';
  readonly traceState: string;
  readonly attributes: Readonly<Record<string, unknown>>;
  readonly failed: boolean;
  /** The resource's `service.name`. */
  readonly service: unknown;
}

/** A server that takes spans by OTLP over HTTP. */
export interface Collector {
  /** What OTEL_EXPORTER_OTLP_ENDPOINT is set to. */
  readonly url: string;
  /** All that came so far. */
  readonly spans: readonly CollectedSpan[];
  readonly close: () => Promise<void>;
}

/** Fields of opentelemetry-proto 1.x that the tests look at. */
const PROTO = `syntax = "proto3";
message Request { repeated ResourceSpans resource_spans = 1; }
message ResourceSpans { Resource resource = 1; repeated ScopeSpans scope_spans = 2; }
message Resource { repeated KeyValue attributes = 1; }
message ScopeSpans { repeated Span spans = 2; }
message Span {
  bytes trace_id = 1; bytes span_id = 2; string trace_state = 3; bytes parent_span_id = 4; string name = 5; int32 kind = 6;
  repeated KeyValue attributes = 9; Status status = 15;
}
message Status { int32 code = 3; }
message KeyValue { string key = 1; AnyValue value = 2; }
message AnyValue { oneof value { string string_value = 1; bool bool_value = 2; int64 int_value = 3; double double_value = 4; } }`;

const request = protobuf.parse(PROTO).root.lookupType('Request');

const attributes = z
  .array(z.object({ key: z.string(), value: z.record(z.string(), z.unknown()) }))
  .default([])
  .transform((list) => Object.fromEntries(list.map(({ key, value }) => [key, Object.values(value)[0]])));
const hex = z
  .string()
  .default('')
  .transform((text) => Buffer.from(text, 'base64').toString('hex'));
const span = z.object({
  traceId: hex,
  spanId: hex,
  parentSpanId: hex,
  name: z.string(),
  kind: z.number().transform((kind) => z.enum(KINDS).parse(KINDS[kind - 1])),
  traceState: z.string().default(''),
  attributes,
  status: z.object({ code: z.number().default(0) }).default({ code: 0 }),
});
const message = z.object({
  resourceSpans: z.array(
    z.object({
      resource: z.object({ attributes }),
      scopeSpans: z.array(z.object({ spans: z.array(span) })),
    }),
  ),
});

const KINDS = ['internal', 'server', 'client'] as const;

/** Status of OTLP for a span that failed. */
const ERROR = 2;

/** Starts a collector on a free port. `answer` may keep a request waiting, or refuse it; by default all is taken. */
export async function startCollector(
  answer: (response: ServerResponse) => void = (response) => response.writeHead(200).end(),
): Promise<Collector> {
  const spans: CollectedSpan[] = [];
  const server = createServer((incoming, response) => {
    const chunks: Buffer[] = [];
    incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
    incoming.once('end', () => {
      spans.push(...read(Buffer.concat(chunks)));
      answer(response);
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = z.object({ port: z.number() }).parse(server.address());
  return {
    url: `http://127.0.0.1:${address.port}`,
    spans,
    async close() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

function read(bytes: Buffer): readonly CollectedSpan[] {
  const plain = request.toObject(request.decode(bytes), { bytes: String, longs: Number });
  return message.parse(plain).resourceSpans.flatMap(({ resource, scopeSpans }) =>
    scopeSpans
      .flatMap(({ spans }) => spans)
      .map(({ status, ...span }) => ({
        ...span,
        failed: status.code === ERROR,
        service: resource.attributes['service.name'],
      })),
  );
}
