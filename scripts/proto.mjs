// Checks the contract: buf's lint, its format, and that nothing breaks callers of the last release.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { buf } from './buf.mjs';

const proto = join(import.meta.dirname, '../proto');
const lastRelease = join(proto, 'last-release.binpb');

buf(['lint', proto]);
buf(['format', proto, '--diff', '--exit-code']);
if (!existsSync(lastRelease)) throw new Error(`${lastRelease} is missing: see CONTRIBUTING.md, "Releasing"`);
buf(['breaking', proto, '--against', lastRelease]);
