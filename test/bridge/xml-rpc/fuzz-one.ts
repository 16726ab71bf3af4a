import { deepStrictEqual } from 'node:assert';
import { createCallReader } from '../../../src/bridge/xml-rpc/call-reader.js';
import { XmlRpcFault } from '../../../src/bridge/xml-rpc/fault.js';
import { createResponseReader } from '../../../src/bridge/xml-rpc/response-reader.js';
import { writeCall } from '../../../src/bridge/xml-rpc/writer.js';
import { readCall } from './reading.js';

const MORE = { maxDepth: 65, maxElements: 1_000_000, maxTextLength: 10_000_000 };

/** Reads a body as a call and as an answer, or tells the fault; anything but that is thrown, as is a call that doesn't come back. */
export function fuzzOne(body: Uint8Array): 'value' | 'fault' {
  const call = valueOrFault(() => {
    const reader = createCallReader();
    reader.write(body);
    return reader.end();
  });
  const answer = valueOrFault(() => {
    const reader = createResponseReader();
    reader.write(body);
    return reader.end();
  });
  if (call !== undefined) {
    // Whatever can be read can be written, and is the same when it is read again: deeper by one element and with twice as
    // many, where strings had no type, and longer, where characters are escaped.
    const { method, params } = call;
    deepStrictEqual(readCall(writeCall(method, params), MORE), call);
  }
  return call === undefined && answer === undefined ? 'fault' : 'value';
}

function valueOrFault<Value>(read: () => Value): Value | undefined {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof XmlRpcFault)) throw error;
    if (!Number.isInteger(error.code) || error.message === '' || error.message.length > 400) {
      throw new Error(`a fault without a code or proper words: ${error.code} ${error.message}`, {
        cause: error,
      });
    }
    return undefined;
  }
}
