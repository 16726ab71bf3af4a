import type { IncomingMessage } from 'node:http';

/** Largest body that is read, in bytes. */
export const MAX_REQUEST_BODY = 65_536;

/** Reads a request's body as text; undefined when it is larger than {@link MAX_REQUEST_BODY}. */
export async function readRequestBody(request: IncomingMessage): Promise<string | undefined> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<unknown>) {
    if (!(chunk instanceof Uint8Array)) continue;
    size += chunk.length;
    if (size <= MAX_REQUEST_BODY) chunks.push(chunk);
  }
  return size > MAX_REQUEST_BODY ? undefined : Buffer.concat(chunks).toString('utf8');
}
