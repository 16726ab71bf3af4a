import { createCallReader, type MethodCall } from '../../../src/bridge/xml-rpc/call-reader.js';
import { EXTENSIONS_NAMESPACE } from '../../../src/bridge/xml-rpc/elements.js';
import { XmlRpcFault } from '../../../src/bridge/xml-rpc/fault.js';
import type { XmlRpcLimits } from '../../../src/bridge/xml-rpc/limits.js';
import type { XmlRpcValue } from '../../../src/engine-model/value.js';

/** A call of `m` with one parameter, whose `<value>` element is given. */
export function callWith(value: string): string {
  return `<methodCall xmlns:ex="${EXTENSIONS_NAMESPACE}"><methodName>m</methodName><params><param>${value}</param></params></methodCall>`;
}

/** Reads a call that comes in one piece, or in pieces cut at those bytes. */
export function readCall(
  body: string | Uint8Array,
  limits?: Partial<XmlRpcLimits>,
  cuts: readonly number[] = [],
): MethodCall {
  const bytes = typeof body === 'string' ? Buffer.from(body) : body;
  const reader = createCallReader(limits);
  let start = 0;
  for (const cut of [...cuts, bytes.length]) {
    reader.write(bytes.subarray(start, cut));
    start = cut;
  }
  return reader.end();
}

/** Reads the one value of `callWith`. */
export function readValue(value: string, limits?: Partial<XmlRpcLimits>): XmlRpcValue | undefined {
  return readCall(callWith(value), limits).params[0];
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
