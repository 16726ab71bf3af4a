import { createRequire } from 'node:module';
import type * as Yaml from 'yaml';

const load = createRequire(import.meta.url);

/**
 * Returns the library of YAML, loaded at its first use: that takes a twentieth of a start, and a start without a file needs
 * none of it. By a dynamic import whoever reads a setting would have to wait. The cast is safe: it is the package with these types.
 */
export function yaml(): typeof Yaml {
  return load('yaml') as typeof Yaml;
}
