import { X509Certificate } from 'node:crypto';
import { createSecureContext } from 'node:tls';
import { ChannelCredentials, ServerCredentials } from '@grpc/grpc-js';
import { SchedulingError } from '../domain/errors.js';

/** How a server proves who it is, and what it asks of its clients: the contents of PEM files. */
export interface ServerTls {
  /** The server's certificate, and those between it and its authority. */
  readonly cert: string;
  readonly key: string;
  /** Authority that has to have signed a client's certificate; absent: clients need none. */
  readonly clientCa?: string | undefined;
}

/** Whom a client trusts, and how it proves who it is: the contents of PEM files. */
export interface ClientTls {
  /** Authority that has to have signed the server's certificate; absent: those that Node trusts. */
  readonly ca?: string | undefined;
  /** The very certificate that the server has to show, by whatever name it is called; in place of `ca`. */
  readonly serverCert?: string | undefined;
  /** The client's certificate and key, for a server that asks for one: both or neither. */
  readonly cert?: string | undefined;
  readonly key?: string | undefined;
}

/** The credentials of a server; plain text without `tls`. Throws INVALID_ARGUMENT for what OpenSSL can't read. */
export function serverCredentials(tls: ServerTls | undefined): ServerCredentials {
  if (tls === undefined) return ServerCredentials.createInsecure();
  checkPair(tls);
  const { cert, key, clientCa } = tls;
  if (clientCa !== undefined) checkAuthority(clientCa, 'tls.clientCa');
  return ServerCredentials.createSsl(
    clientCa === undefined ? null : Buffer.from(clientCa),
    [{ cert_chain: Buffer.from(cert), private_key: Buffer.from(key) }],
    clientCa !== undefined,
  );
}

/** The credentials of a client; plain text without `tls`. Throws INVALID_ARGUMENT for what OpenSSL can't read. */
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
