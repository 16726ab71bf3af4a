import { createDocumentReader } from './document-reader.js';
import { FAULT_CODES, XmlRpcFault } from './fault.js';
import type { XmlRpcLimits } from './limits.js';
import { isStruct, type XmlRpcValue } from '../../engine-model/value.js';

/** What a server answered. Data, so that nobody takes a fault that it sent for one that its body was refused with. */
export type MethodResponse =
  | { readonly value: XmlRpcValue; readonly fault?: never }
  | { readonly fault: XmlRpcFault; readonly value?: never };

/** Takes the body of an answer chunk by chunk. Both methods throw an XmlRpcFault when it is no answer of XML-RPC. */
export interface ResponseReader {
  readonly write: (chunk: Uint8Array) => void;
  readonly end: () => MethodResponse;
}

/** Creates a reader of one answer; limits that are not given are those of XML_RPC_LIMITS. */
export function createResponseReader(limits: Partial<XmlRpcLimits> = {}): ResponseReader {
  const document = createDocumentReader('methodResponse', limits);
  return {
    write: document.write,
    end() {
      const { values, isFault } = document.end();
      const [value] = values;
      if (value === undefined || values.length > 1) {
        throw invalid(`expected one <param> in the answer, got ${values.length}`);
      }
      return isFault ? { fault: faultOf(value) } : { value };
    },
  };
}

function faultOf(value: XmlRpcValue): XmlRpcFault {
  const code = isStruct(value) ? value.get('faultCode') : undefined;
  const text = isStruct(value) ? value.get('faultString') : undefined;
  if (typeof code !== 'number' || typeof text !== 'string') {
    throw invalid('expected a struct of an int faultCode and a string faultString in <fault>');
  }
  return new XmlRpcFault(code, text);
}

function invalid(problem: string): XmlRpcFault {
  return new XmlRpcFault(FAULT_CODES.invalidXmlRpc, problem);
}
