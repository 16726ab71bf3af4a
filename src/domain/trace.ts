/** Headers of a call that carry the context of its trace, by the names of the W3C, and others, which do not matter. */
export type TraceHeaders = Readonly<Record<string, string | readonly string[] | undefined>>;

/** Facts of a span: ids, counts and names of units and methods; never names of hosts or VMs, and no text of an error. */
export type SpanAttributes = Readonly<Record<string, string | number | boolean | undefined>>;

/** A span of a traced call: the part that one place has in its answer. */
export interface CallSpan {
  /** Id of the trace, for the log; absent when the trace is not sampled. */
  readonly traceId: string | undefined;
  /** Starts a span below this one: of a call to another service, or of work of its own. */
  readonly start: (kind: 'client' | 'internal', name: string, attributes: SpanAttributes) => CallSpan;
  /** Adds facts by the names that they have in the log: `unknownHosts` becomes `hostscore.unknown_hosts`. Made only if the trace is sampled. */
  readonly describe: (facts: () => Readonly<Record<string, unknown>>) => void;
  /** Returns the headers with which a called service goes on with the trace. */
  readonly headers: () => Readonly<Record<string, string>>;
  /** Ends it, as failed if there is a reason: a code, or another word of which there are few. */
  readonly end: (failure?: string, attributes?: SpanAttributes) => void;
}

/** The start of the spans of a process: absent where nothing is traced, so that nothing is made for it. */
export interface Tracing {
  /** Starts the span of a call that came in, below the span of its caller where the headers name one. */
  readonly receive: (name: string, headers: TraceHeaders, attributes: SpanAttributes) => CallSpan;
}
