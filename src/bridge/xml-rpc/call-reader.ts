import { createDocumentReader } from './document-reader.js';
import type { XmlRpcLimits } from './limits.js';
import type { XmlRpcValue } from '../../engine-model/value.js';

/** A call of a method. */
export interface MethodCall {
  readonly method: string;
  readonly params: readonly XmlRpcValue[];
}

/** Takes the body of a call chunk by chunk. `write` and `end` throw an XmlRpcFault that says what is wrong, and where. */
export interface CallReader {
  readonly write: (chunk: Uint8Array) => void;
  /** The name of the method, as soon as it was read. */
  readonly method: () => string | undefined;
  readonly end: () => MethodCall;
}

/** Creates a reader of one call; limits that are not given are those of XML_RPC_LIMITS. */
export function createCallReader(limits: Partial<XmlRpcLimits> = {}): CallReader {
  const document = createDocumentReader('methodCall', limits);
  return {
    write: document.write,
    method: document.method,
    end() {
      const { method, values } = document.end();
      return { method, params: values };
    },
  };
}
