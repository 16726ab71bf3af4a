import type { Call } from '../domain/contract.js';
import type { XmlRpcValue } from '../engine-model/value.js';
import type { LogFields } from '../process/log.js';
import type { FailedUnit } from './reply.js';

/** What came of a call. */
export interface MethodOutcome {
  readonly answer: XmlRpcValue;
  /** Units asked for, each once; absent: none. */
  readonly units?: readonly string[];
  readonly failed?: readonly FailedUnit[];
  /** For the log: how many hosts, and the like. */
  readonly facts?: LogFields;
}

/**
 * Asks the service within the budget of a call. At its end, or when the engine goes away, the call's signal aborts and the
 * result rejects, whatever the service does.
 */
export type Ask = <Answer>(task: (call: Call) => Promise<Answer>) => Promise<Answer>;

/** A method of XML-RPC. */
export interface BridgeMethod {
  readonly name: string;
  /** What `system.methodHelp` says. */
  readonly help: string;
  /** Ways to call it, each the type of the result and then those of the arguments, as `system.methodSignature` has them. */
  readonly signatures: readonly (readonly string[])[];
  /** Rejects with an XmlRpcFault when it can't answer at all. */
  readonly run: (params: readonly XmlRpcValue[], ask: Ask) => Promise<MethodOutcome>;
}
