import type { Config } from '../config/schema.js';
import { endOfAuthorities, endOfChain } from '../lib/certificates.js';
import { readBounded } from '../process/files.js';
import type { CertificateEnd } from '../process/metrics.js';

/** A file of certificates that is configured. */
interface CertificateFile {
  readonly setting: string;
  readonly file: string | undefined;
  /** Returns when its certificates end, in milliseconds since the epoch. Throws for a text that holds none. */
  readonly endOf: (pem: string) => number;
}

/**
 * Creates a function that returns the ends of the certificates of a configuration. Files are read anew each time, and parsed
 * when they have changed. While one can't be read or parsed its last end stays, as does what is used of it.
 */
export function createCertificateReader(): (config: Config) => readonly CertificateEnd[] {
  let before: ReadonlyMap<string, { readonly file: string; readonly text: string; readonly endsAt: number }> =
    new Map();

  function readAgain({ setting, file, endOf }: CertificateFile) {
    if (file === undefined) return undefined;
    const known = before.get(setting);
    const last = known?.file === file ? known : undefined;
    try {
      const text = readBounded(file).toString('latin1');
      return last?.text === text ? last : { file, text, endsAt: endOf(text) };
    } catch {
      return last;
    }
  }

  return (config) => {
    const now = certificateFiles(config).flatMap((file) => {
      const read = readAgain(file);
      return read === undefined ? [] : [[file.setting, read] as const];
    });
    before = new Map(now);
    return now.map(([setting, { endsAt }]) => ({ setting, endsAt }));
  };
}

function certificateFiles({ server, engine, inventory, services }: Config): readonly CertificateFile[] {
  const chain = (setting: string, file: string | undefined) => ({ setting, file, endOf: endOfChain });
  const authorities = (setting: string, file: string | undefined) => ({
    ...{ setting, file, endOf: endOfAuthorities },
  });
  return [
    chain('server.tlsCertFile', server.tlsCertFile),
    authorities('server.tlsClientCaFile', server.tlsClientCaFile),
    authorities('engine.caFile', engine.caFile),
    chain('inventory.fromTlsCertFile', inventory.fromTlsCertFile),
    authorities('inventory.fromTlsCaFile', inventory.fromTlsCaFile),
    ...services.flatMap(({ name, tlsCertFile, tlsCaFile }) => [
      chain(`services[${name}].tlsCertFile`, tlsCertFile),
      authorities(`services[${name}].tlsCaFile`, tlsCaFile),
    ]),
  ];
}
