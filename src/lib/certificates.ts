import { X509Certificate } from 'node:crypto';
import { createSecureContext } from 'node:tls';

/**
 * Throws unless a text holds certificates in PEM form, all of them whole: OpenSSL ignores what comes behind one that is cut off,
 * as in a file that is being written.
 */
export function checkCertificates(pem: string): void {
  if (pem.lastIndexOf('-----BEGIN ') > pem.lastIndexOf('-----END '))
    throw new Error('the last one is cut off');
  new X509Certificate(pem);
  createSecureContext({ ca: pem });
}

const CERTIFICATE = /-----BEGIN CERTIFICATE-----[^-]*-----END CERTIFICATE-----/g;

/** Returns when a chain of certificates in PEM form ends: with the first of them to do so, in milliseconds since the epoch. */
export function endOfChain(pem: string): number {
  return Math.min(...endsIn(pem));
}

/** Returns when the last of the authorities in PEM form ends, in milliseconds since the epoch: one is replaced beside the other. */
export function endOfAuthorities(pem: string): number {
  return Math.max(...endsIn(pem));
}

function endsIn(pem: string): readonly number[] {
  const certificates = pem.match(CERTIFICATE);
  if (certificates === null) throw new Error('it holds no certificate');
  return certificates.map((text) => Date.parse(new X509Certificate(text).validTo));
}
