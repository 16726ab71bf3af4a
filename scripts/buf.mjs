// Runs buf at a pinned version through npx. It is no dependency of package.json: a registry mirror that lacks buf's
// packages for other platforms writes a lock file with which `npm ci` stops (docs/decisions/0006-buf-through-npx.md).
import { execFileSync } from 'node:child_process';

const VERSION = '1.75.0';

/** Runs buf with these arguments; throws when it fails. */
export function buf(args) {
  execFileSync('npx', ['--yes', '--prefer-offline', `@bufbuild/buf@${VERSION}`, ...args], {
    stdio: ['ignore', 'inherit', 'inherit'],
    env: { ...process.env, npm_config_loglevel: 'error' },
  });
}
