import type { UntypedServiceImplementation } from '@grpc/grpc-js';
import type { Call } from '../domain/contract.js';
import type { Decision } from '../domain/decision.js';
import type { DecisionService } from '../domain/decision-service.js';
import { SchedulingError } from '../domain/errors.js';
import { linkAbort, waitFor } from '../lib/deadline.js';
import { readRequestId } from './call-metadata.js';
import {
  decodeRequest,
  methodName,
  serveCall,
  unaryMethod,
  type MethodContext,
  type UnaryDefinition,
} from './incoming-call.js';
import { writeAgreement, writeExplainedDecision, writeShadows } from './message/decision-reports.js';
import {
  readExplainDecision,
  readGetDecision,
  readListDecisions,
  readReportAgreement,
  readReportShadows,
  readWatchDecisions,
  writeDecision,
  writeListedDecisions,
  writeWatchedDecision,
} from './message/decisions.js';
import { decisionMethods } from './proto.js';
import { sendWatched, type WatchStream } from './watch-stream.js';

/** Most decisions that wait for a watcher; of 1,000 hosts each they take about 1 MB, which others may hold anyway. */
export const MAX_UNREAD_DECISIONS = 64;

/** Returns the decisions that are kept at the moment; undefined when none are. */
type DecisionSource = () => DecisionService | undefined;

/** Returns the methods of DecisionService, which answer callers that the server trusts. */
export function createDecisionMethods(
  source: DecisionSource,
  context: MethodContext,
): UntypedServiceImplementation {
  const { ListDecisions, GetDecision, WatchDecisions, ExplainDecision, ReportAgreement, ReportShadows } =
    decisionMethods;

  function service(): DecisionService {
    const kept = source();
    if (kept !== undefined) return kept;
    throw new SchedulingError(
      'UNIMPLEMENTED',
      'no decisions here: this server keeps none (decisions.enabled: false); ask one that does',
    );
  }

  function method<Message extends { readonly request_id?: string }>(
    definition: UnaryDefinition<Message>,
    answer: (message: Message, decisions: DecisionService, call: Call) => Promise<Buffer>,
  ) {
    return unaryMethod(
      definition,
      context,
      async (message, call) => answer(message, service(), call),
      context.expectTrusted,
    );
  }

  return {
    ListDecisions: method(ListDecisions, async (message, decisions, call) => {
      const request = readListDecisions(message);
      return writeListedDecisions(await decisions.list(request, call), decisions.process, request);
    }),
    GetDecision: method(GetDecision, async (message, decisions, call) =>
      writeDecision(await decisions.get(readGetDecision(message), call), decisions.process),
    ),
    WatchDecisions: watchMethod(WatchDecisions, service, context),
    ExplainDecision: method(ExplainDecision, async (message, decisions, call) => {
      const explained = await decisions.explain(readExplainDecision(message), call);
      return writeExplainedDecision(
        explained,
        decisions.process,
        message.top === 0 ? undefined : message.top,
      );
    }),
    ReportAgreement: method(ReportAgreement, async (message, decisions, call) =>
      writeAgreement(await decisions.agreement(readReportAgreement(message), call), decisions.process),
    ),
    ReportShadows: method(ReportShadows, async (message, decisions, call) =>
      writeShadows(await decisions.shadows(readReportShadows(message), call), decisions.process),
    ),
  };
}

/**
 * Creates the method that streams decisions. Of each watcher one message is unsent at a time, and a bounded number of
 * decisions waits; it is told how many it missed beyond. The stream ends when its caller ends it, or with UNAVAILABLE when
 * the server closes.
 */
function watchMethod(
  { path, requestDeserialize }: typeof decisionMethods.WatchDecisions,
  service: () => DecisionService,
  context: MethodContext,
): (stream: WatchStream) => void {
  const { admission, after, expectTrusted } = context;
  const method = methodName(path);

  async function sendAll(stream: WatchStream, message: ReturnType<typeof requestDeserialize>, call: Call) {
    const decisions = service();
    const waiting: Decision[] = [];
    let missed = 0;
    let wake: () => void = () => undefined;
    const stop = linkAbort(admission.closing);
    const onGone = () => stop.abort(call.signal.reason);
    call.signal.addEventListener('abort', onGone);
    const unwatch = decisions.watch(readWatchDecisions(message), (decision) => {
      if (waiting.length < MAX_UNREAD_DECISIONS) waiting.push(decision);
      else missed++;
      wake();
    });
    try {
      for (;;) {
        stop.signal.throwIfAborted();
        const decision = waiting.shift();
        if (decision === undefined) {
          await waitFor(new Promise<void>((resolve) => (wake = resolve)), stop.signal);
          continue;
        }
        const bytes = writeWatchedDecision(decision, { ...message, process: decisions.process, missed });
        missed = 0;
        await sendWatched(stream, bytes, { signal: stop.signal, after });
      }
    } finally {
      unwatch();
      call.signal.removeEventListener('abort', onGone);
      stop.unlink();
    }
  }

  return (stream) =>
    void serveCall(context, {
      method,
      grpcCall: stream,
      open() {
        expectTrusted(stream.metadata, method);
        const message = decodeRequest(stream.request, requestDeserialize);
        return {
          requestId: readRequestId(message.request_id),
          answer: (call) => sendAll(stream, message, call),
        };
      },
      succeed: (_, trailers) => stream.end(trailers),
      // grpc-js takes the status of a stream as its error.
      fail: (status) => stream.emit('error', status),
    });
}
