import { X509Certificate } from 'node:crypto';
import { createSecureContext, type TlsOptions } from 'node:tls';
import { ChannelCredentials } from '@grpc/grpc-js';
import { SchedulingError } from '../domain/errors.js';

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

/** Returns the TLS options of a server; undefined for plain text. Throws INVALID_ARGUMENT for material that OpenSSL can't read. */
export function serverTlsOptions(tls: ServerTls | undefined): TlsOptions | undefined {
  if (tls === undefined) return undefined;
  checkPair(tls);
  const { cert, key, clientCa } = tls;
  if (clientCa !== undefined) checkAuthority(clientCa, 'tls.clientCa');
  return { cert, key, ca: clientCa, requestCert: clientCa !== undefined, ALPNProtocols: ['h2'] };
}

/** Creates the credentials of a client; plain text without `tls`. Throws INVALID_ARGUMENT for material that OpenSSL can't read. */
export function clientCredentials(tls: ClientTls | undefined): ChannelCredentials {
  if (tls === undefined) return ChannelCredentials.createInsecure();
  const { ca, cert, key, serverCert } = tls;
  if (ca !== undefined) checkAuthority(ca, 'tls.ca');
  if ((cert === undefined) !== (key === undefined)) {
    throw invalid('tls: cert and key belong together; give both or neither');
  }
  if (cert !== undefined && key !== undefined) checkPair({ cert, key });
  if (serverCert === undefined) {
    return ChannelCredentials.createSsl(pem(ca), pem(key), pem(cert));
  }
  checkAuthority(serverCert, 'tls.serverCert');
  const context = createSecureContext({
    // The first certificate of the file alone: whoever has one of the same authority is still somebody else.
    ca: new X509Certificate(serverCert).toString(),
    allowPartialTrustChain: true,
    cert,
    key,
  });
  return ChannelCredentials.createFromSecureContext(context, { checkServerIdentity: () => undefined });
}

function checkPair({ cert, key }: { readonly cert: string; readonly key: string }): void {
  try {
    createSecureContext({ cert, key });
  } catch (error) {
    throw invalid(
      `tls: cert and key are not a PEM certificate and its private key (${openSslText(error)})`,
      error,
    );
  }
}

function checkAuthority(ca: string, field: string): void {
  try {
    new X509Certificate(ca);
  } catch (error) {
    throw invalid(`${field}: not a PEM certificate (${openSslText(error)})`, error);
  }
}

function openSslText(error: unknown): string {
  return error instanceof Error ? error.message : 'unreadable';
}

function pem(text: string | undefined): Buffer | null {
  return text === undefined ? null : Buffer.from(text);
}

function invalid(message: string, cause?: unknown): SchedulingError {
  return new SchedulingError('INVALID_ARGUMENT', message, { cause });
}
