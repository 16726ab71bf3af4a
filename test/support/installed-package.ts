import { execFileSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { join, resolve } from 'node:path';

const ROOT = resolve(import.meta.dirname, '../..');

/** Time that packing and installing may take, in milliseconds: packing builds first. */
export const INSTALL_PATIENCE_MS = 300_000;

/** A copy of hostscore as npm installs it. */
export interface InstalledPackage {
  /** Folder of the package. */
  readonly path: string;
  /** Folder of its commands, for PATH. */
  readonly bin: string;
}

/** Packs hostscore and installs it into a folder, with what else a package.json there names. Needs npm's registry. */
export function installPackage(folder: string): InstalledPackage {
  execFileSync('npm', ['pack', '--silent', '--pack-destination', folder], { cwd: ROOT, stdio: 'pipe' });
  const archive = readdirSync(folder).find((name) => name.endsWith('.tgz')) ?? '';
  const quiet = ['--no-audit', '--no-fund', '--no-package-lock', '--prefer-offline'];
  execFileSync('npm', ['install', ...quiet, `./${archive}`], { cwd: folder, stdio: 'pipe' });
  return { path: join(folder, 'node_modules/hostscore'), bin: join(folder, 'node_modules/.bin') };
}
