import { z } from 'zod';
import { EngineFailure } from './engine-failure.js';
import type { EngineUrls } from './engine-url.js';

/** What got's errors, Node's and our own idle timeout have in common; nothing else of them is looked at or kept. */
const THROWN = z.object({
  name: z.string().catch(''),
  code: z.string().optional().catch(undefined),
  event: z.string().optional().catch(undefined),
  message: z.string().catch(''),
});

/** Phases of a request that have a time limit, in the words of a person. */
const PHASES: Readonly<Record<string, string>> = {
  lookup: 'did not resolve its name',
  connect: 'did not accept a connection',
  secureConnect: 'did not finish the TLS handshake',
  socket: 'sent nothing',
  send: 'did not take the request',
  response: 'did not begin to answer',
  idle: 'stopped in the middle of its answer',
  request: 'did not finish its answer',
};

/** Phases that end before the first byte of a request is sent. */
const UNSENT_PHASES = new Set(['lookup', 'connect', 'secureConnect']);

/** Certificates whose issuer is unknown here: with the engine's own authority at hand, all is well. */
const UNKNOWN_ISSUER = new Set([
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'SELF_SIGNED_CERT_IN_CHAIN',
  'UNABLE_TO_GET_ISSUER_CERT',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
]);

/** Puts what the HTTP client threw into words that say what to do. */
export function networkFailure(thrown: unknown, urls: EngineUrls): EngineFailure {
  const { code, event, message } = THROWN.catch({
    name: '',
    code: undefined,
    event: undefined,
    message: '',
  }).parse(thrown);
  const engine = `the engine at ${urls.root}`;
  const { host, hostname } = new URL(urls.root);

  if (event !== undefined && event in PHASES) {
    const limit = /for (\d+)ms/.exec(message)?.[1];
    const within = limit === undefined ? 'in time' : `within ${limit} ms`;
    return new EngineFailure(`${engine} ${PHASES[event] ?? ''} ${within} (phase ${event})`, {
      transient: true,
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
  if (code === 'CERT_HAS_EXPIRED' || code === 'CERT_NOT_YET_VALID') {
    return lasting(`the certificate of ${engine} is not valid today (${code}); renew it, or set the clock`);
  }
  if (code === 'ERR_TLS_CERT_ALTNAME_INVALID') {
    return lasting(
      `the certificate of ${engine} is made out to another name; use the engine's own name in the URL`,
    );
  }
  if (code === 'EPROTO' || code?.startsWith('ERR_SSL_') === true) {
    return lasting(`${host} does not speak TLS as expected; are scheme and port of the engine URL right?`);
  }
  if (code !== undefined && UNKNOWN_ISSUER.has(code)) {
    return lasting(
      `the certificate of ${engine} is of an unknown authority (${code}); fetch the engine's own with ` +
        `curl -k -o ca.pem '${urls.authority}' and name that file as caFile`,
    );
  }
  if (code?.startsWith('Z_') === true) {
    return new EngineFailure(`an answer of ${engine} was cut or is no valid gzip (${code})`, {
      transient: true,
    });
  }
  return new EngineFailure(`the connection to ${engine} failed (${code ?? 'no code'})`, { transient: true });
}

function unsent(message: string): EngineFailure {
  return new EngineFailure(message, { transient: true, unsent: true });
}

function lasting(message: string): EngineFailure {
  return new EngineFailure(message, { transient: false, unsent: true });
}
