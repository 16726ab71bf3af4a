import type { callXmlRpc } from '../bridge/client.js';
import { XmlRpcFault } from '../bridge/xml-rpc/fault.js';
import { formatDuration } from '../config/values.js';
import { SchedulingError } from '../domain/errors.js';
import type { EngineReading } from '../engine-model/reading.js';
import type { XmlRpcValue } from '../engine-model/value.js';
import { CommandError, print, type Io } from './io.js';
import { printLines, terminalJson, terminalText, type Line } from './terminal-text.js';

/** Time that the engine waits for an answer by default, in milliseconds (ExternalSchedulerResponseTimeout). */
export const DEFAULT_TIMEOUT_MS = 120_000;

/** Address of an external scheduler, and the way to call it. */
export interface CallOptions {
  readonly url: string;
  /** Longest wait for the answer, in milliseconds. */
  readonly timeout: number;
  readonly record?: boolean;
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
  readonly lines: (outcome: Outcome) => readonly Line[];
  /** Facts that JSON tells besides the reading. */
  readonly facts?: (outcome: Outcome) => Readonly<Record<string, unknown>>;
}

/** A call and what the engine makes of the answer; without one, what it does instead. */
export type Asked<Outcome> =
  | {
      readonly reading: EngineReading<Outcome>;
      readonly facts: Readonly<Record<string, unknown>>;
      readonly failure?: never;
    }
  | { readonly failure: string; readonly engine: string };

/** Makes a call and reads the answer as the engine does. */
export async function askAsEngine<Outcome>(
  { method, params, read, withoutAnswer, facts }: Exchange<Outcome>,
  options: CallOptions,
  io: Io,
  send: typeof callXmlRpc,
): Promise<Asked<Outcome>> {
  const answer = await ask(method, params, options, io, send);
  if ('failure' in answer) {
    const engine = answer.late ? `${STILL_WAITING}, and after that ${withoutAnswer}` : withoutAnswer;
    return { failure: answer.failure, engine };
  }
  const reading = read(answer.value);
  return { reading, facts: reading.outcome === undefined ? {} : (facts?.(reading.outcome) ?? {}) };
}

/** Returns a call and its answer as JSON tells them. */
export function askedJson<Outcome>(asked: Asked<Outcome>): object {
  if (asked.failure !== undefined) return asked;
  const { outcome, exception, events, complaints } = asked.reading;
  return { outcome, ...asked.facts, exception, events, complaints };
}

/** Returns a call and its answer in lines for a person; nothing of a failure, which is an error. */
export function askedLines<Outcome>({ lines }: Exchange<Outcome>, asked: Asked<Outcome>): readonly Line[] {
  if (asked.failure !== undefined) return [];
  const { outcome, events, complaints } = asked.reading;
  return [
    ...(outcome === undefined ? [] : lines(outcome)),
    ...events.map((event): Line => ({ text: `event: ${event}`, style: 'yellow' })),
    ...complaints.map((text): Line => ({ text: `beware: ${text}`, style: 'yellow' })),
  ];
}

/** Throws a CommandError when the engine would refuse the answer or throw, and when there is none. */
export function failUnlessRead({ method }: Pick<Exchange<unknown>, 'method'>, asked: Asked<unknown>): void {
  if (asked.failure !== undefined) {
    throw new CommandError(terminalText(`${method}: ${asked.failure}; ${asked.engine}`));
  }
  const { exception } = asked.reading;
  if (exception !== undefined) {
    throw new CommandError(terminalText(`${method}: the engine throws: ${exception}`));
  }
}

/**
 * Makes the call and prints what the engine would do with the answer. Throws a CommandError when the engine would refuse
 * the answer or throw, and when there is none.
 */
export async function exchange<Outcome>(
  call: Exchange<Outcome>,
  options: CallOptions,
  io: Io,
  send: typeof callXmlRpc,
): Promise<void> {
  const asked = await askAsEngine(call, options, io, send);
  if (options.json === true) print(io, terminalJson(askedJson(asked)));
  else printLines(io.stdout, askedLines(call, asked));
  failUnlessRead(call, asked);
}

/** Answer to a call; `late`: this command stopped waiting, and the engine would not have. */
type Answer = { readonly value: XmlRpcValue } | { readonly failure: string; readonly late: boolean };

const STILL_WAITING = `the engine would still wait, ${formatDuration(DEFAULT_TIMEOUT_MS)} in all by default (ExternalSchedulerResponseTimeout)`;

async function ask(
  method: string,
  params: readonly XmlRpcValue[],
  { url, timeout, record = false }: CallOptions,
  io: Io,
  send: typeof callXmlRpc,
): Promise<Answer> {
  try {
    return { value: await send({ url, timeoutMs: timeout, signal: io.signal, record }, method, params) };
  } catch (thrown) {
    if (io.signal.aborted || !(thrown instanceof Error)) throw thrown;
    if (thrown instanceof XmlRpcFault)
      return { failure: `fault ${thrown.code}: ${thrown.message}`, late: false };
    const late = thrown instanceof SchedulingError && thrown.code === 'DEADLINE_EXCEEDED';
    return { failure: thrown.message, late: late && timeout < DEFAULT_TIMEOUT_MS };
  }
}
