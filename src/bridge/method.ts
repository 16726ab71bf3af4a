import type { Call } from '../domain/contract.js';
import type { XmlRpcValue } from '../engine-model/value.js';
import type { LogFields } from '../process/log.js';
import type { FailedUnit } from './reply.js';
import type { WritableValue } from './xml-rpc/writer.js';

/** The outcome of a call. */
export interface MethodOutcome {
  readonly answer: WritableValue;
  /** Requested units, each once; none by default. */
  readonly units?: readonly string[];
  readonly failed?: readonly FailedUnit[];
  /** Fields for the log, such as the number of hosts. */
  readonly facts?: () => LogFields;
  /**
   * Returns the host on which the engine presumably puts the VM, by this answer alone: of hosts that tie, the one that comes
   * first in its hash map; undefined when no host is left.
   */
  readonly predictHost?: () => string | undefined;
}

/**
 * Calls the service within the budget of a request. When that is spent or the engine disconnects, the call's signal aborts
 * and the result rejects at once.
 */
export type Ask = <Answer>(task: (call: Call) => Promise<Answer>) => Promise<Answer>;

/** An XML-RPC method. */
export interface BridgeMethod {
  readonly name: string;
  /** Text for `system.methodHelp`. */
  readonly help: string;
  /** Signatures for `system.methodSignature`, each the type of the result, then those of the arguments. */
  readonly signatures: readonly (readonly string[])[];
  /**
   * Runs the method. `onVm` is called with the VM to be placed, if there is one, before the service is. Rejects with an
   * XmlRpcFault when it can't answer at all.
   */
  readonly run: (
    params: readonly XmlRpcValue[],
    ask: Ask,
    onVm: (vmId: string) => void,
  ) => Promise<MethodOutcome>;
}
