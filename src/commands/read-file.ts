import { readFileSync } from 'node:fs';
import { ConfigError } from '../config/load.js';
import { reasonOf } from '../lib/text.js';

/** Reads a file that a setting names. Throws a ConfigError that names the setting. */
export function readConfiguredFile(setting: string, file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    throw new ConfigError(`${setting}: can't read ${file}: ${reasonOf(error)}`);
  }
}
