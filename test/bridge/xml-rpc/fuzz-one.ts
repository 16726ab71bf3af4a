import { deepStrictEqual } from 'node:assert';
import { createCallScanner } from '../../../src/bridge/xml-rpc/call-scanner.js';
import { FAULT_CODES, XmlRpcFault } from '../../../src/bridge/xml-rpc/fault.js';
import { readCall, readResponse } from '../../../src/bridge/xml-rpc/reader.js';
import { writeCall } from '../../../src/bridge/xml-rpc/writer.js';

/** Remembers lists of one body while it scans the next. */
const scan = createCallScanner();

/**
 * Reads a body as a call and as an answer, or tells the fault; anything but that is thrown, as is a call that doesn't come back,
 * or that the scanner takes for another than the parser does.
 */
export function fuzzOne(body: Uint8Array): 'value' | 'fault' {
  const call = valueOrFault(() => readCall(body));
  for (const scanned of [scan(body), scan(body)])
    if (scanned !== undefined) deepStrictEqual(scanned, call.value);
  const answer = valueOrFault(() => readResponse(body));
  if (call.value !== undefined) {
    // Whatever can be read can be written, and is the same when it is read again; unless that is over a limit: it is deeper
    // by one element and has twice as many, where strings had no type.
    const { method, params } = call.value;
    const again = valueOrFault(() => readCall(Buffer.from(writeCall(method, params))));
    if (again.fault?.code !== FAULT_CODES.unavailable) deepStrictEqual(again.value, call.value);
  }
  return call.value === undefined && answer.value === undefined ? 'fault' : 'value';
}

function valueOrFault<Value>(
  read: () => Value,
):
  | { readonly value: Value; readonly fault?: never }
  | { readonly fault: XmlRpcFault; readonly value?: never } {
  try {
    return { value: read() };
  } catch (fault) {
    if (!(fault instanceof XmlRpcFault)) throw fault;
    if (!Number.isInteger(fault.code) || fault.message === '' || fault.message.length > 400) {
      throw new Error(`a fault without a code or proper words: ${fault.code} ${fault.message}`, {
        cause: fault,
      });
    }
    return { fault };
  }
}
