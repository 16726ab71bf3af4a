import { readResponse } from '../../src/bridge/xml-rpc/reader.js';
import type { XmlRpcValue } from '../../src/engine-model/value.js';
import { writeCall } from '../../src/bridge/xml-rpc/writer.js';

/** Posts a body to a server of XML-RPC, and returns the value that it answers. Throws the fault that it answers. */
export async function postXmlRpc(url: string, body: string): Promise<XmlRpcValue> {
  const response = await fetch(url, { method: 'POST', headers: { 'Content-Type': 'text/xml' }, body });
  if (!response.ok) throw new Error(`HTTP ${response.status}: ${await response.text()}`);
  const { value, fault } = readResponse(new Uint8Array(await response.arrayBuffer()));
  if (fault !== undefined) throw fault;
  return value;
}

/** Calls a method as the engine does, and returns the {@link plain} answer. */
export async function callEngineMethod(
  address: string,
  method: string,
  ...params: readonly XmlRpcValue[]
): Promise<unknown> {
  return plain(await postXmlRpc(`http://${address}/`, writeCall(method, params)));
}

/** Returns a value with its structs as plain objects. */
export function plain(value: XmlRpcValue): unknown {
  if (Array.isArray(value)) return value.map((item: XmlRpcValue) => plain(item));
  if (value instanceof Map) {
    return Object.fromEntries(
      [...value].map(([name, member]: [string, XmlRpcValue]) => [name, plain(member)]),
    );
  }
  return value;
}
