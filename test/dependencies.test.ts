import { expect } from 'chai';
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { z } from 'zod';

const ROOT = resolve(import.meta.dirname, '..');
const read = (file: string) => readFileSync(join(ROOT, file), 'utf8');

/** Licences that let anybody use, change and pass on a package with its notice, as Apache-2.0 does. */
const LICENCES = ['MIT', 'Apache-2.0', 'BSD-2-Clause', 'BSD-3-Clause', 'ISC', '(MIT OR CC0-1.0)'];

const manifest = z
  .object({
    dependencies: z.record(z.string(), z.string()),
    optionalDependencies: z.record(z.string(), z.string()),
    allowScripts: z.record(z.string(), z.boolean()),
  })
  .parse(JSON.parse(read('package.json')));

const { packages } = z
  .object({
    packages: z.record(
      z.string(),
      z.object({
        version: z.string().optional(),
        license: z.string().optional(),
        integrity: z.string().optional(),
        dev: z.boolean().default(false),
        devOptional: z.boolean().default(false),
        optional: z.boolean().default(false),
        hasInstallScript: z.boolean().default(false),
      }),
    ),
  })
  .parse(JSON.parse(read('package-lock.json')));

const locked = Object.entries(packages)
  .filter(([path]) => path !== '')
  .map(([path, facts]) => ({ name: path.replace(/^.*node_modules\//, ''), ...facts }));
const production = locked.filter(({ dev, devOptional }) => !dev && !devOptional);

const sbom = z.object({
  components: z.array(z.object({ purl: z.string() })),
  metadata: z.object({ component: z.object({ name: z.string() }) }),
});

describe('dependencies', () => {
  it('have licences that go with this one', () => {
    const others = production.filter(({ license = 'none' }) => !LICENCES.includes(license));
    expect(others.map(({ name, license }) => `${name}: ${String(license)}`)).to.deep.equal([]);
  });

  it('run no script when they are installed', () => {
    const withScript = locked.filter(({ hasInstallScript }) => hasInstallScript).map(({ name }) => name);
    const allowed = withScript.filter((name) => manifest.allowScripts[name] !== false);
    expect(allowed).to.deep.equal([]);
  });

  it('have a checksum each', () => {
    expect(locked.filter(({ integrity }) => integrity === undefined).map(({ name }) => name)).to.deep.equal(
      [],
    );
  });

  it('are pinned to one version', () => {
    expect(
      Object.values({ ...manifest.dependencies, ...manifest.optionalDependencies }).filter(
        (version) => !/^\d+\.\d+\.\d+$/.test(version),
      ),
    ).to.deep.equal([]);
  });

  it('are counted in the README, and on the page about security', () => {
    const direct = Object.keys(manifest.dependencies).length;
    const optional = production.filter(({ optional }) => optional).length;
    const counts = `${direct} direct dependencies, ${production.length - optional} in all, and ${optional} optional ones`;
    for (const page of ['README.md', 'docs/security.md'])
      expect(read(page).replaceAll(/\s+/g, ' ')).to.include(counts);
  });

  it('are all in the bill of materials', () => {
    const printed = execFileSync(process.execPath, [join(ROOT, 'scripts/sbom.mjs')], { encoding: 'utf8' });
    const { components, metadata } = sbom.parse(JSON.parse(printed));
    expect(metadata.component.name).to.equal('hostscore');
    const named = production.map(
      ({ name, version }) => `pkg:npm/${name.replace('@', '%40')}@${String(version)}`,
    );
    expect(components.map(({ purl }) => purl).sort()).to.deep.equal(named.sort());
  });
});
