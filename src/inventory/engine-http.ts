import { Agent as HttpAgent } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';
import got, { type PlainResponse } from 'got';
import type { EngineSettings } from '../config/sections.js';
import { SchedulingError } from '../domain/errors.js';
import type { After } from '../lib/timers.js';
import { certificateFailure } from './certificate-failure.js';
import { lasting, passing, type EngineFailure } from './engine-failure.js';
import type { EngineUrls } from './engine-url.js';

/** Longest silence in the middle of an answer, in ms. An engine that writes a listing pauses for much less. */
export const IDLE_TIMEOUT = 30_000;

/** A request to the engine. */
export interface EngineRequest {
  readonly method: 'GET' | 'POST';
  readonly url: string;
  readonly authorization?: string;
  readonly form?: Readonly<Record<string, string>>;
}

/** An answer of the engine, whose body has to be read or discarded. */
export interface EngineAnswer {
  readonly status: number;
  readonly contentType: string;
  readonly location: string | undefined;
  /** Decompressed body. Reading it throws an EngineFailure, or a SchedulingError if the signal aborted. */
  readonly body: AsyncIterable<Buffer>;
  /** Reads the body as text. Rejects with an EngineFailure if it has more than `maxBytes`. */
  readonly text: (maxBytes: number) => Promise<string>;
  /** Drops the body. */
  readonly discard: () => void;
}

/** Sender of single requests, without retries, redirects or logins. */
export interface EngineHttp {
  /** Sends a request. Any status is an answer. Rejects with an EngineFailure, or a SchedulingError if the signal aborted. */
  readonly send: (request: EngineRequest, signal: AbortSignal) => Promise<EngineAnswer>;
  /** Closes idle connections. */
  readonly close: () => void;
}

/**
 * Creates the HTTP client of an engine. `ca` returns the trusted authorities for a request in PEM form, undefined for those of
 * Node. A connection that is kept is used again for the same ones only.
 */
export function createEngineHttp(options: {
  readonly urls: EngineUrls;
  readonly settings: Pick<EngineSettings, 'connectTimeout' | 'responseTimeout' | 'requestTimeout'>;
  readonly ca: () => string | undefined;
  readonly after: After;
}): EngineHttp {
  const { urls, settings, after } = options;
  const kept = { http: new HttpAgent({ keepAlive: true }), https: new HttpsAgent({ keepAlive: true }) };
  // A POST is not retried when a kept-alive connection turns out to be dead, so it gets a new one.
  const single = { http: new HttpAgent({ keepAlive: false }), https: new HttpsAgent({ keepAlive: false }) };

  async function send(request: EngineRequest, signal: AbortSignal): Promise<EngineAnswer> {
    if (signal.aborted) throw SchedulingError.from(signal.reason);
    const ca = options.ca();
    const { connectTimeout, responseTimeout, requestTimeout } = settings;
    const stream = got.stream(request.url, {
      method: request.method,
      headers: {
        // The engine's SSO takes exactly this value (SsoService.validateClientAcceptHeader).
        accept: 'application/json',
        'accept-encoding': 'gzip',
        // Without it engines before 4.4 may answer in version 3 of the API.
        version: '4',
        'user-agent': 'hostscore',
        ...(request.authorization === undefined ? {} : { authorization: request.authorization }),
      },
      ...(request.form === undefined ? {} : { form: request.form }),
      agent: request.method === 'GET' ? kept : single,
      https: ca === undefined ? {} : { certificateAuthority: ca },
      timeout: {
        lookup: connectTimeout,
        connect: connectTimeout,
        secureConnect: connectTimeout,
        response: responseTimeout,
        request: requestTimeout,
      },
      retry: { limit: 0 },
      followRedirect: false,
      throwHttpErrors: false,
      signal,
    });
    const failure = (thrown: unknown) =>
      signal.aborted ? SchedulingError.from(signal.reason) : networkFailure(thrown, urls, ca !== undefined);
    // An error that comes when nothing reads the stream must not end the process.
    stream.on('error', () => undefined);

    const head = await new Promise<Pick<EngineAnswer, 'status' | 'contentType' | 'location'>>(
      (resolve, reject) => {
        stream.once('error', (thrown) => reject(failure(thrown)));
        stream.once('response', (response: PlainResponse) => {
          resolve({
            status: response.statusCode,
            contentType: response.headers['content-type'] ?? '',
            location: response.headers.location,
          });
        });
      },
    );
    // After the end of the answer this only detaches the signal: the connection stays alive.
    const discard = () => void stream.destroy();

    async function* body(): AsyncGenerator<Buffer, void, undefined> {
      const silence = { tooLong: false };
      const listen = () =>
        after(IDLE_TIMEOUT, () => {
          silence.tooLong = true;
          stream.destroy(new Error('stalled'));
        });
      let cancel = listen();
      try {
        for await (const chunk of stream) {
          cancel();
          if (!Buffer.isBuffer(chunk)) throw new TypeError('got gave a chunk that is no Buffer');
          yield chunk;
          cancel = listen();
        }
      } catch (thrown) {
        throw failure(silence.tooLong ? { event: 'idle', message: `for ${IDLE_TIMEOUT}ms` } : thrown);
      } finally {
        cancel();
        discard();
      }
    }

    async function text(maxBytes: number): Promise<string> {
      const chunks: Buffer[] = [];
      let size = 0;
      for await (const chunk of body()) {
        size += chunk.length;
        if (size > maxBytes) {
          throw lasting(
            `an answer of the engine at ${urls.root} has more than ${maxBytes} bytes, the limit of this service`,
          );
        }
        chunks.push(chunk);
      }
      return Buffer.concat(chunks).toString('utf8');
    }

    return { ...head, body: body(), text, discard };
  }

  return {
    send,
    close() {
      for (const agent of [kept.http, kept.https, single.http, single.https]) agent.destroy();
    },
  };
}

/** Problems by the phase of a request that timed out. */
const PHASES: Readonly<Record<string, string>> = {
  lookup: 'did not resolve its name',
  connect: 'did not accept a connection',
  secureConnect: 'did not finish the TLS handshake',
  response: 'did not begin to answer',
  idle: 'stopped in the middle of its answer',
  request: 'did not finish its answer',
};

/** Phases before the first byte of a request is sent. */
const UNSENT_PHASES = new Set(['lookup', 'connect', 'secureConnect']);

/** Converts an error of the HTTP client into a failure with the remedy, and nothing else of the error. */
function networkFailure(thrown: unknown, urls: EngineUrls, hasCa: boolean): EngineFailure {
  const [code, event, message] = ['code', 'event', 'message'].map((name) => textOf(thrown, name));
  const engine = `the engine at ${urls.root}`;
  const { host, hostname } = new URL(urls.root);
  const unsent = (problem: string) => passing(problem, { unsent: true });

  const ofCertificate = certificateFailure({ code, message }, { urls, hasCa });
  if (ofCertificate !== undefined) return ofCertificate;
  if (event !== undefined && event in PHASES) {
    const limit = /for (\d+)ms/.exec(message ?? '')?.[1];
    const within = limit === undefined ? 'in time' : `within ${limit} ms`;
    return passing(`${engine} ${PHASES[event] ?? ''} ${within} (phase ${event})`, {
      unsent: UNSENT_PHASES.has(event),
    });
  }
  if (code === 'ECONNREFUSED') {
    return unsent(
      `${engine} refuses connections: nothing listens at ${host}; is it running, is the URL right?`,
    );
  }
  if (code === 'ENOTFOUND')
    return unsent(`the name ${hostname} of ${engine} is unknown to DNS; is the URL right?`);
  if (code === 'EAI_AGAIN') return unsent(`DNS does not answer for ${hostname}, the name of ${engine}`);
  if (code === 'EHOSTUNREACH' || code === 'ENETUNREACH') {
    return unsent(`${engine} is out of reach: no route to ${host}`);
  }
  if (code === 'EPROTO' || code?.startsWith('ERR_SSL_') === true) {
    return lasting(
      `${host} does not speak TLS as expected (${code}); are scheme and port of the engine URL right?`,
    );
  }
  if (code === 'ECONNRESET' && urls.root.startsWith('http:')) {
    return passing(`${engine} ended the connection (${code}); does it want https, is the URL right?`);
  }
  if (code?.startsWith('Z_') === true)
    return passing(`an answer of ${engine} was cut or is no valid gzip (${code})`);
  return passing(`the connection to ${engine} failed (${code ?? 'no code'})`);
}

function textOf(thrown: unknown, name: string): string | undefined {
  const value: unknown =
    typeof thrown === 'object' && thrown !== null ? Reflect.get(thrown, name) : undefined;
  return typeof value === 'string' ? value : undefined;
}
