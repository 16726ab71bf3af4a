import type { IncomingMessage, ServerResponse } from 'node:http';
import { Duplex, Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { constants, createGzip } from 'node:zlib';
import type { Answer } from './answer.js';
import type { Faults } from './faults.js';
import { cutBody, dripBody } from './faulty-body.js';

/** Sends an answer, gzipped when the request accepts that, and spoilt by the faults. Rejects when it can't be sent whole. */
export async function sendAnswer(
  request: IncomingMessage,
  response: ServerResponse,
  { status, headers = {}, body }: Answer,
  { cut, drip }: Faults,
  signal: AbortSignal,
): Promise<void> {
  const zipped = body !== undefined && acceptsGzip(request) && headers['content-type'] !== undefined;
  response.writeHead(
    status,
    zipped ? { ...headers, 'content-encoding': 'gzip', vary: 'Accept-Encoding' } : headers,
  );
  if (body === undefined) {
    response.end();
    return;
  }
  const whole = bytesOf(body);
  const stages = [
    // The fastest level: this engine must not be slower than the client that it tries.
    zipped ? createGzip({ level: constants.Z_BEST_SPEED }) : undefined,
    cut && cut.how !== 'end' ? Duplex.from(cutBody(cut, signal)) : undefined,
    drip && Duplex.from(dripBody(drip, signal)),
  ].filter((stage) => stage !== undefined);
  const source = Readable.from(cut?.how === 'end' ? cutBody(cut, signal)(whole) : whole);
  await pipeline([source, ...stages, response], { signal });
}

async function* bytesOf(body: string | AsyncIterable<string>): AsyncGenerator<Buffer> {
  if (typeof body === 'string') yield Buffer.from(body);
  else for await (const text of body) yield Buffer.from(text);
}

function acceptsGzip(request: IncomingMessage): boolean {
  return /\bgzip\b(?!\s*;\s*q=0(?:\.0*)?(?:,|$))/i.test(request.headers['accept-encoding'] ?? '');
}
