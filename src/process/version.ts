import { createRequire } from 'node:module';
import { z } from 'zod';

/** Version of this program, from its package. */
export const VERSION = z
  .object({ version: z.string() })
  .parse(createRequire(import.meta.url)('../../package.json')).version;
