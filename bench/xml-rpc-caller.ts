import { Agent, request } from 'node:http';
import { writeCall } from '../src/bridge/xml-rpc/writer.js';

/** Sends one body, again and again, as the engine does. */
export interface XmlRpcCaller {
  /** Milliseconds until the whole answer was there, and the answer. */
  readonly call: () => Promise<{ readonly ms: number; readonly answer: string }>;
  readonly close: () => void;
}

/** Asks the bridge at `address` for the costs of hosts, over one connection that is kept. */
export function costsCaller(
  address: string,
  units: readonly string[],
  hosts: readonly string[],
  vmId: string,
): XmlRpcCaller {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  const factors = units.map((name) => [name, 1]);
  const typed = writeCall('runCostFunctions', [factors, hosts, vmId, new Map<string, string>()]);
  // The engine's client library writes a string without its type.
  const body = Buffer.from(typed.replaceAll(/<\/?string>/g, ''));
  const headers = { 'Content-Type': 'text/xml', 'Content-Length': body.length };
  return {
    call: () =>
      new Promise((resolve, reject) => {
        const begin = performance.now();
        const sent = request(`http://${address}/`, { method: 'POST', agent, headers }, (response) => {
          const chunks: Buffer[] = [];
          response.on('data', (chunk: Buffer) => chunks.push(chunk));
          response.on('error', reject);
          response.on('end', () =>
            resolve({ ms: performance.now() - begin, answer: Buffer.concat(chunks).toString() }),
          );
        });
        sent.on('error', reject);
        sent.end(body);
      }),
    close: () => agent.destroy(),
  };
}
