import { SchedulingError, type SchedulingErrorCode } from '../../domain/errors.js';

/** Fault codes common to XML-RPC servers (Specification for Fault Code Interoperability, 2001). */
export const FAULT_CODES = {
  /** The body is not well-formed XML. */
  notWellFormed: -32700,
  /** The XML declares an encoding other than UTF-8 and those that contain ASCII. */
  unsupportedEncoding: -32701,
  /** The body is not valid UTF-8. */
  invalidCharacter: -32702,
  /** The body is XML but not XML-RPC. */
  invalidXmlRpc: -32600,
  /** No method of that name. */
  methodNotFound: -32601,
  /** An argument is missing, superfluous or of a wrong type. */
  invalidArguments: -32602,
  /** A bug. */
  internal: -32603,
  /** A limit was reached, or the server is stopping. */
  unavailable: -32500,
} as const;

const CODES: Readonly<Record<SchedulingErrorCode, number>> = {
  INVALID_ARGUMENT: FAULT_CODES.invalidArguments,
  NOT_FOUND: FAULT_CODES.invalidArguments,
  UNIMPLEMENTED: FAULT_CODES.methodNotFound,
  INTERNAL: FAULT_CODES.internal,
  CANCELLED: FAULT_CODES.unavailable,
  DEADLINE_EXCEEDED: FAULT_CODES.unavailable,
  PERMISSION_DENIED: FAULT_CODES.unavailable,
  UNAUTHENTICATED: FAULT_CODES.unavailable,
  RESOURCE_EXHAUSTED: FAULT_CODES.unavailable,
  UNAVAILABLE: FAULT_CODES.unavailable,
};

/** A fault, sent in place of an answer. Its `cause` goes to the log only. */
export class XmlRpcFault extends Error {
  override readonly name = 'XmlRpcFault';
  readonly code: number;

  constructor(code: number, message: string, options?: { readonly cause?: unknown }) {
    super(message, options);
    this.code = code;
  }

  /** Converts any thrown value: a fault stays as it is, anything else goes through {@link SchedulingError.from}. */
  static from(thrown: unknown): XmlRpcFault {
    if (thrown instanceof XmlRpcFault) return thrown;
    const { code, message, cause } = SchedulingError.from(thrown);
    return new XmlRpcFault(CODES[code], message, { cause: cause ?? thrown });
  }
}
