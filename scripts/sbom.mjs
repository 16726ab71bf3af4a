// Prints the software bill of materials of what a package has: CycloneDX, from package-lock.json.
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const root = join(import.meta.dirname, '..');
const read = (file) => JSON.parse(readFileSync(join(root, file), 'utf8'));

const folder = mkdtempSync(join(tmpdir(), 'hostscore-sbom-'));
try {
  // npm names the component by its folder, and with --omit=dev leaves out what development needs too: so it gets neither.
  const project = join(folder, 'hostscore');
  mkdirSync(project);
  const manifest = { ...read('package.json'), devDependencies: undefined };
  const lock = read('package-lock.json');
  const kept = Object.entries(lock.packages).filter(([, { dev, devOptional }]) => !dev && !devOptional);
  const packages = { ...Object.fromEntries(kept), '': { ...lock.packages[''], devDependencies: undefined } };
  writeFileSync(join(project, 'package.json'), JSON.stringify(manifest));
  writeFileSync(join(project, 'package-lock.json'), JSON.stringify({ ...lock, packages }));
  const options = ['--package-lock-only', '--sbom-format=cyclonedx', '--sbom-type=application'];
  process.stdout.write(execFileSync('npm', ['sbom', ...options], { cwd: project }));
} finally {
  rmSync(folder, { recursive: true });
}
