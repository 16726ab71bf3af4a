import type { NamedRequest } from './call-budget.js';
import type { FailedUnit } from './engine-reply.js';
import type { XmlRpcValue } from '../engine-model/value.js';

/** What came of a call. */
export interface MethodOutcome {
  readonly answer: XmlRpcValue;
  /** Units asked for, each once; discover asks for none. */
  readonly units: readonly string[];
  readonly failed: readonly FailedUnit[];
  /** For the log: how many hosts, and the like. */
  readonly facts?: Readonly<Record<string, unknown>>;
}

/** A method of XML-RPC. */
export interface BridgeMethod {
  readonly name: string;
  /** What `system.methodHelp` says. */
  readonly help: string;
  /** Ways to call it, each the type of the result and then those of the arguments, as `system.methodSignature` has them. */
  readonly signatures: readonly (readonly string[])[];
  /** Rejects with an XmlRpcFault when it can't answer at all. */
  readonly run: (params: readonly XmlRpcValue[], request: NamedRequest) => Promise<MethodOutcome>;
}
