import { status, type Metadata } from '@grpc/grpc-js';
import type { SchedulingErrorCode } from '../domain/errors.js';
import type { CallSpan, SpanAttributes, Tracing } from '../domain/trace.js';

/** Codes of a server's own failures, by OpenTelemetry's convention: the others are the fault of who called. */
const SERVER_FAILURES: ReadonlySet<string> = new Set([
  'DEADLINE_EXCEEDED',
  'UNIMPLEMENTED',
  'INTERNAL',
  'UNAVAILABLE',
]);

/** Starts the span of a call that came in. */
export function spanOfReceived(tracing: Tracing, path: string, metadata: Metadata): CallSpan {
  const [traceparent, tracestate] = ['traceparent', 'tracestate'].map((key) => metadata.get(key).join());
  return tracing.receive(path.slice(1), { traceparent, tracestate }, methodAttributes(path));
}

/** Starts the span of a call to another service. */
export function spanOfSent(caller: CallSpan, path: string, target: string): CallSpan {
  return caller.start('client', path.slice(1), { ...methodAttributes(path), 'server.address': target });
}

/** Ends the span of a call that came in, whose id may have been in its message. */
export function endReceived(
  span: CallSpan,
  code: SchedulingErrorCode | 'OK',
  { requestId, dryRun }: { readonly requestId: string | undefined; readonly dryRun?: boolean | undefined },
): void {
  span.end(SERVER_FAILURES.has(code) ? code : undefined, {
    'rpc.grpc.status_code': status[code],
    'hostscore.request_id': requestId,
    'hostscore.dry_run': dryRun,
  });
}

/** Ends the span of a call to another service. */
export function endSent(span: CallSpan, code: SchedulingErrorCode | 'OK'): void {
  span.end(code === 'OK' ? undefined : code, { 'rpc.grpc.status_code': status[code] });
}

function methodAttributes(path: string): SpanAttributes {
  const slash = path.lastIndexOf('/');
  return { 'rpc.system': 'grpc', 'rpc.service': path.slice(1, slash), 'rpc.method': path.slice(slash + 1) };
}
