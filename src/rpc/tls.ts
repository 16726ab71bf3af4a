import { X509Certificate } from 'node:crypto';
import {
  createSecureContext,
  type SecureContext,
  type SecureContextOptions,
  type TlsOptions,
} from 'node:tls';
import { ChannelCredentials } from '@grpc/grpc-js';
import { SchedulingError } from '../domain/errors.js';
import { checkCertificates } from '../lib/certificates.js';
import { reasonOf } from '../lib/text.js';

/** TLS material of a server, in PEM. */
export interface ServerTls {
  /** Certificate chain. */
  readonly cert: string;
  readonly key: string;
  /** Authority that must have signed the clients' certificates; clients need none by default. */
  readonly clientCa?: string | undefined;
}

/** TLS material of a client, in PEM. */
export interface ClientTls {
  /** Authority that must have signed the server's certificate; those that Node trusts by default. */
  readonly ca?: string | undefined;
  /** The very certificate that the server has to show, by whatever name it is called; in place of `ca`. */
  readonly serverCert?: string | undefined;
  /** Certificate chain for a server that requires one; needs `key`. */
  readonly cert?: string | undefined;
  readonly key?: string | undefined;
}

/** TLS material of a client, or a function that returns what is made of it for each new connection, and never throws. */
export type ClientTlsSource = ClientTls | (() => SecureContext);

/** Returns the TLS options of a server. Throws INVALID_ARGUMENT for material that OpenSSL can't read. */
export function serverTlsOptions({ cert, key, clientCa }: ServerTls): TlsOptions {
  if (clientCa !== undefined) checkAuthority(clientCa, 'tls.clientCa');
  createContext({ cert, key });
  return { cert, key, ca: clientCa, requestCert: clientCa !== undefined, ALPNProtocols: ['h2'] };
}

/** Returns what a client shows and trusts. Throws INVALID_ARGUMENT for material that OpenSSL can't read. */
export function clientContext({ ca, cert, key, serverCert }: ClientTls): SecureContext {
  if (ca !== undefined) checkAuthority(ca, 'tls.ca');
  if ((cert === undefined) !== (key === undefined)) {
    throw invalid('tls: cert and key belong together; give both or neither');
  }
  if (serverCert === undefined) return createContext({ ca, cert, key });
  checkAuthority(serverCert, 'tls.serverCert');
  // The first certificate of the file alone: whoever has one of the same authority is still somebody else.
  const own = new X509Certificate(serverCert).toString();
  return createContext({ ca: own, allowPartialTrustChain: true, cert, key });
}

/** Creates the credentials of a client; plain text without `tls`. Throws INVALID_ARGUMENT for material that OpenSSL can't read. */
export function clientCredentials(tls: ClientTlsSource | undefined): ChannelCredentials {
  if (tls === undefined) return ChannelCredentials.createInsecure();
  if (typeof tls !== 'function') {
    const ofThisVeryServer = tls.serverCert !== undefined;
    return ChannelCredentials.createFromSecureContext(
      clientContext(tls),
      ofThisVeryServer ? { checkServerIdentity: () => undefined } : {},
    );
  }
  return ChannelCredentials.createFromSecureContext({
    // What node:tls reads of it for each connection, and all that it reads.
    get context(): unknown {
      const now: { readonly context: unknown } = tls();
      return now.context;
    },
  });
}

function createContext(options: SecureContextOptions): SecureContext {
  try {
    // OpenSSL is not asked about an empty file, such as one that is about to be written.
    if (options.cert === '' || options.key === '') throw new Error('one of them is empty');
    return createSecureContext(options);
  } catch (error) {
    throw invalid(
      `tls: cert and key are not a PEM certificate and its private key (${reasonOf(error)})`,
      error,
    );
  }
}

function checkAuthority(ca: string, field: string): void {
  try {
    checkCertificates(ca);
  } catch (error) {
    throw invalid(`${field}: not a PEM certificate (${reasonOf(error)})`, error);
  }
}

function invalid(message: string, cause?: unknown): SchedulingError {
  return new SchedulingError('INVALID_ARGUMENT', message, { cause });
}
