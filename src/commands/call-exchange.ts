import type { callXmlRpc } from '../bridge/client.js';
import { XmlRpcFault } from '../bridge/xml-rpc/fault.js';
import { SchedulingError } from '../domain/errors.js';
import type { EngineReading } from '../engine-model/reading.js';
import type { XmlRpcValue } from '../engine-model/value.js';
import { CommandError, print, type Io } from './io.js';
import { terminalJson, terminalText } from './terminal-text.js';

/** Time that the engine waits for an answer by default, in milliseconds (ExternalSchedulerResponseTimeout). */
export const DEFAULT_TIMEOUT_MS = 120_000;

/** Address of an external scheduler, and the way to call it. */
export interface CallOptions {
  readonly url: string;
  /** Longest wait for the answer, in milliseconds. */
  readonly timeout: number;
  readonly json?: boolean;
}

/** One call of an external scheduler, read as the engine reads it. */
export interface Exchange<Outcome> {
  readonly method: string;
  readonly params: readonly XmlRpcValue[];
  readonly read: (answer: XmlRpcValue) => EngineReading<Outcome>;
  /** Words for what the engine does when it is answered with a fault, or not at all. */
  readonly withoutAnswer: string;
  /** The outcome in lines for a person. */
  readonly lines: (outcome: Outcome) => readonly string[];
  /** Facts that JSON tells besides the reading. */
  readonly facts?: (outcome: Outcome) => Readonly<Record<string, unknown>>;
}

/**
 * Makes the call and prints what the engine would do with the answer. Throws a CommandError when the engine would refuse
 * the answer or throw, and when there is none.
 */
export async function exchange<Outcome>(
  { method, params, read, withoutAnswer, lines, facts }: Exchange<Outcome>,
  options: CallOptions,
  io: Io,
  send: typeof callXmlRpc,
): Promise<void> {
  const answer = await ask(method, params, options, io, send);
  if ('failure' in answer) {
    const { failure } = answer;
    const engine = answer.late ? `${STILL_WAITING}, and after that ${withoutAnswer}` : withoutAnswer;
    if (options.json === true) print(io, terminalJson({ failure, engine }));
    throw new CommandError(terminalText(`${method}: ${failure}; ${engine}`));
  }
  const { outcome, exception, events, complaints } = read(answer.value);
  if (options.json === true) {
    const more = outcome === undefined ? {} : (facts?.(outcome) ?? {});
    print(io, terminalJson({ outcome, ...more, exception, events, complaints }));
  } else {
    const told = [
      ...(outcome === undefined ? [] : lines(outcome)),
      ...events.map((event) => `event: ${event}`),
      ...complaints.map((text) => `beware: ${text}`),
    ];
    if (told.length > 0) print(io, told.map(terminalText).join('\n'));
  }
  if (exception !== undefined)
    throw new CommandError(terminalText(`${method}: the engine throws: ${exception}`));
}

/** Outcome of a call; `late`: this command stopped waiting, and the engine would not have. */
type Asked = { readonly value: XmlRpcValue } | { readonly failure: string; readonly late: boolean };

const STILL_WAITING = `the engine would still wait, ${DEFAULT_TIMEOUT_MS} ms in all by default (ExternalSchedulerResponseTimeout)`;

async function ask(
  method: string,
  params: readonly XmlRpcValue[],
  { url, timeout }: CallOptions,
  io: Io,
  send: typeof callXmlRpc,
): Promise<Asked> {
  try {
    return { value: await send({ url, timeoutMs: timeout, signal: io.signal }, method, params) };
  } catch (thrown) {
    if (io.signal.aborted || !(thrown instanceof Error)) throw thrown;
    if (thrown instanceof XmlRpcFault)
      return { failure: `fault ${thrown.code}: ${thrown.message}`, late: false };
    const late = thrown instanceof SchedulingError && thrown.code === 'DEADLINE_EXCEEDED';
    return { failure: thrown.message, late: late && timeout < DEFAULT_TIMEOUT_MS };
  }
}
