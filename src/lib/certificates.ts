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
