import { Agent as HttpAgent } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';
import got, { type PlainResponse } from 'got';
import { SchedulingError } from '../domain/errors.js';
import { EngineFailure } from './engine-failure.js';
import type { EngineUrls } from './engine-url.js';
import { networkFailure } from './network-failure.js';

/** How long each phase of a request may take, in ms. */
export interface EngineTimeouts {
  readonly lookup: number;
  readonly connect: number;
  readonly secureConnect: number;
  /** From the end of the request to the head of the answer: the engine gathers a whole listing before it begins. */
  readonly response: number;
  /** Between two pieces of an answer. */
  readonly idle: number;
  /** The whole request. */
  readonly request: number;
}

/** Limits that let an engine take its time for a listing of 100,000 VMs. */
export const ENGINE_TIMEOUTS: EngineTimeouts = {
  lookup: 5_000,
  connect: 5_000,
  secureConnect: 10_000,
  response: 120_000,
  idle: 30_000,
  request: 600_000,
};

/** One request to the engine. */
export interface EngineRequest {
  readonly method: 'GET' | 'POST';
  readonly url: string;
  readonly authorization?: string;
  readonly form?: Readonly<Record<string, string>>;
}

/** The head of an answer, and its body, which has to be read or discarded. */
export interface EngineAnswer {
  readonly status: number;
  readonly contentType: string;
  readonly location: string | undefined;
  /** Decompressed. Reading it throws an EngineFailure, or a SchedulingError when the signal aborted. */
  readonly body: AsyncIterable<Buffer>;
  /** The whole body as text; throws an EngineFailure when it has more bytes than that. */
  readonly text: (maxBytes: number) => Promise<string>;
  /** Gives up the body and its connection. */
  readonly discard: () => void;
}

/** Sends single requests over kept connections; neither retries nor redirects nor authorizes. */
export interface EngineHttp {
  /** Rejects with an EngineFailure, or a SchedulingError when the signal aborted. Any status is an answer. */
  readonly send: (request: EngineRequest, signal: AbortSignal) => Promise<EngineAnswer>;
  /** Closes idle connections. */
  readonly close: () => void;
}

/** Opens the way to an engine. `ca`: PEM of the authorities to trust instead of those that Node knows. */
export function createEngineHttp(options: {
  readonly urls: EngineUrls;
  readonly timeouts: EngineTimeouts;
  readonly ca?: string | undefined;
}): EngineHttp {
  const { urls, timeouts, ca } = options;
  const { idle, ...phases } = timeouts;
  const kept = { http: new HttpAgent({ keepAlive: true }), https: new HttpsAgent({ keepAlive: true }) };
  // A POST is not sent again when a kept connection turns out to be dead, so it gets one of its own.
  const single = { http: new HttpAgent({ keepAlive: false }), https: new HttpsAgent({ keepAlive: false }) };
  const trust = ca === undefined ? {} : { certificateAuthority: ca };

  async function send(request: EngineRequest, signal: AbortSignal): Promise<EngineAnswer> {
    if (signal.aborted) throw SchedulingError.from(signal.reason);
    const stream = got.stream(request.url, {
      method: request.method,
      headers: {
        // The engine's SSO takes exactly this value (SsoService.validateClientAcceptHeader).
        accept: 'application/json',
        'accept-encoding': 'gzip',
        'user-agent': 'hostscore',
        ...(request.authorization === undefined ? {} : { authorization: request.authorization }),
      },
      ...(request.form === undefined ? {} : { form: request.form }),
      agent: request.method === 'GET' ? kept : single,
      https: trust,
      timeout: phases,
      retry: { limit: 0 },
      followRedirect: false,
      throwHttpErrors: false,
      signal,
    });
    const failure = (thrown: unknown) =>
      signal.aborted ? SchedulingError.from(signal.reason) : networkFailure(thrown, urls);
    // Whoever waits hears of an error by other ways; one that comes when nobody waits must not end the process.
    stream.on('error', () => undefined);

    const head = await new Promise<Omit<EngineAnswer, 'body' | 'text' | 'discard'>>((resolve, reject) => {
      stream.once('error', (thrown) => reject(failure(thrown)));
      stream.once('response', (response: PlainResponse) => {
        resolve({
          status: response.statusCode,
          contentType: response.headers['content-type'] ?? '',
          location: response.headers.location,
        });
      });
    });
    // After the end of the answer this lets go of the signal, and leaves the kept connection as it is.
    const discard = () => void stream.destroy();

    async function* body(): AsyncGenerator<Buffer, void, undefined> {
      const watch = { stalled: false };
      const watchdog = setTimeout(() => {
        watch.stalled = true;
        stream.destroy(new Error('stalled'));
      }, idle);
      try {
        for await (const chunk of stream) {
          if (!Buffer.isBuffer(chunk)) throw new TypeError('got gave a chunk that is no Buffer');
          yield chunk;
          watchdog.refresh();
        }
      } catch (thrown) {
        throw failure(watch.stalled ? { event: 'idle', message: `for ${idle}ms` } : thrown);
      } finally {
        clearTimeout(watchdog);
        discard();
      }
    }

    return {
      ...head,
      body: body(),
      text: (maxBytes) => textOf(body(), maxBytes, urls),
      discard,
    };
  }

  return {
    send,
    close() {
      for (const agent of [kept.http, kept.https, single.http, single.https]) agent.destroy();
    },
  };
}

async function textOf(body: AsyncIterable<Buffer>, maxBytes: number, urls: EngineUrls): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of body) {
    size += chunk.length;
    if (size > maxBytes) {
      throw new EngineFailure(
        `an answer of the engine at ${urls.root} has more than ${maxBytes} bytes, the limit of this service`,
        { transient: false },
      );
    }
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}
