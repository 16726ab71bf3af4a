import { EXTENSIONS_NAMESPACE } from '../../../src/bridge/xml-rpc/elements.js';
import { XmlRpcFault } from '../../../src/bridge/xml-rpc/fault.js';
import { readCall, type MethodCall } from '../../../src/bridge/xml-rpc/reader.js';
import type { XmlRpcValue } from '../../../src/engine-model/value.js';

/** A call of `m` with one parameter, whose `<value>` element is given. */
export function callWith(value: string): string {
  return `<methodCall xmlns:ex="${EXTENSIONS_NAMESPACE}"><methodName>m</methodName><params><param>${value}</param></params></methodCall>`;
}

/** Reads a call whose body is given as text. */
export function readText(body: string): MethodCall {
  return readCall(Buffer.from(body));
}

/** Reads the one value of `callWith`. */
export function readValue(value: string): XmlRpcValue | undefined {
  return readText(callWith(value)).params[0];
}

/** The fault that a function throws; fails when it throws none. */
export function faultOf(run: () => unknown): XmlRpcFault {
  let got: unknown;
  try {
    got = run();
  } catch (error) {
    if (error instanceof XmlRpcFault) return error;
    throw error;
  }
  throw new Error(`expected a fault, got ${JSON.stringify(got)}`);
}
