import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** A certificate with its private key, in PEM form. */
export interface CertifiedPair {
  readonly cert: string;
  readonly key: string;
}

/** An authority that signs certificates. */
export interface Authority {
  /** Certificate of the authority, in PEM form. */
  readonly ca: string;
  /** Signs a certificate for 127.0.0.1 with a new key. */
  readonly sign: (subject: string) => CertifiedPair;
}

/** Makes an authority in a folder, and what it signs, with openssl. */
export function createAuthority(folder: string, name: string): Authority {
  const file = (suffix: string) => join(folder, `${name}${suffix}`);
  const openssl = (...args: string[]) => execFileSync('openssl', args, { stdio: 'ignore' });
  const newKey = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'];
  const [caKey, ca] = [file('.key'), file('.pem')];
  openssl('req', '-x509', ...newKey, '-subj', `/CN=${name}`, '-days', '2', '-keyout', caKey, '-out', ca);
  return {
    ca: readFileSync(ca, 'utf8'),
    sign(subject) {
      const own = (suffix: string) => file(`-${subject}${suffix}`);
      const [key, request, cert] = [own('.key'), own('.csr'), own('.pem')];
      const names = ['-subj', `/CN=${subject}`, '-addext', 'subjectAltName=IP:127.0.0.1'];
      openssl('req', ...newKey, ...names, '-keyout', key, '-out', request);
      const signed = [
        '-CA',
        ca,
        '-CAkey',
        caKey,
        '-CAcreateserial',
        '-copy_extensions',
        'copy',
        '-days',
        '2',
      ];
      openssl('x509', '-req', '-in', request, ...signed, '-out', cert);
      return { cert: readFileSync(cert, 'utf8'), key: readFileSync(key, 'utf8') };
    },
  };
}
