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

/** Most bytes of decisions that wait for a watcher: 900 of ten hosts, or 60 of 1,000. They bridge a pause of some seconds. */
export const MAX_UNREAD_BYTES = 1024 * 1024;

/** Most decisions that are encoded in one turn of the event loop: of 1,000 hosts each they take some milliseconds. */
const MAX_ENCODED_AT_ONCE = 16;

/** Memory of a decision without its candidates, in bytes. */
const DECISION_BYTES = 1000;

/** Memory of a candidate of a decision, in bytes: a reference and the values of two units. */
const CANDIDATE_BYTES = 16;

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
 * Creates the method that streams decisions. Of each watcher a few messages are unsent at a time, and a bounded number of
 * bytes waits; it is told how many decisions it missed beyond. The stream ends when its caller ends it, or with
 * UNAVAILABLE when the server closes.
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
    let waitingBytes = 0;
    let missed = 0;
    let wake: () => void = () => undefined;
    const stop = linkAbort(admission.closing);
    const onGone = () => stop.abort(call.signal.reason);
    call.signal.addEventListener('abort', onGone);
    const unwatch = decisions.watch(readWatchDecisions(message), (decision) => {
      const bytes = bytesOf(decision);
      if (waiting.length > 0 && waitingBytes + bytes > MAX_UNREAD_BYTES) missed++;
      else {
        waiting.push(decision);
        waitingBytes += bytes;
      }
      wake();
    });
    try {
      for (;;) {
        stop.signal.throwIfAborted();
        if (waiting.length === 0) {
          await waitFor(new Promise<void>((resolve) => (wake = resolve)), stop.signal);
          continue;
        }
        const messages = waiting.splice(0, MAX_ENCODED_AT_ONCE).map((decision) => {
          waitingBytes -= bytesOf(decision);
          const bytes = writeWatchedDecision(decision, { ...message, process: decisions.process, missed });
          missed = 0;
          return bytes;
        });
        await sendWatched(stream, messages, { signal: stop.signal, after });
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

function bytesOf({ hosts }: Decision): number {
  return DECISION_BYTES + CANDIDATE_BYTES * hosts.length;
}
