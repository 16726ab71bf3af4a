// Writes src/gen from proto/: TypeScript types and the descriptor set for reflection.
// With --check it writes nothing and fails when src/gen is not what it would write.
import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buf } from './buf.mjs';

const root = join(import.meta.dirname, '..');
const committed = join(root, 'src/gen');
const services = [
  'hostscore/v1/policy_unit_service.proto',
  'hostscore/v1/inventory_service.proto',
  'hostscore/v1/decision_service.proto',
];
// The loader in src/rpc/proto.ts is given the same options; the generator can't check that.
const loaderOptions = ['--longs=Number', '--enums=String', '--defaults', '--oneofs', '--keepCase'];

function generate(outDir) {
  execFileSync(
    join(root, 'node_modules/.bin/proto-loader-gen-types'),
    [
      ...services,
      ...loaderOptions,
      '--includeComments',
      '--targetFileExtension=.ts',
      '--importFileExtension=.js',
      '--grpcLib=@grpc/grpc-js',
      `--outDir=${outDir}`,
      `--includeDirs=${join(root, 'proto')}`,
    ],
    { stdio: ['ignore', 'ignore', 'inherit'] },
  );
  // The generator writes where it ran into each file; a committed file says it relative to the repository.
  for (const [file, text] of contents(outDir)) {
    writeFileSync(join(outDir, file), text.replaceAll(`${root}/`, ''));
  }
  const sources = mkdtempSync(join(tmpdir(), 'hostscore-proto-'));
  try {
    cpSync(join(root, 'proto'), sources, { recursive: true });
    mkdirSync(join(sources, 'grpc'), { recursive: true });
    cpSync(join(root, 'node_modules/grpc-health-check/proto'), join(sources, 'grpc'), { recursive: true });
    const set = join(sources, 'set.binpb');
    buf(['build', sources, '--as-file-descriptor-set', '-o', set]);
    writeFileSync(join(outDir, 'descriptor-set.ts'), descriptorModule(readFileSync(set)));
  } finally {
    rmSync(sources, { recursive: true });
  }
}

function descriptorModule(bytes) {
  const lines = bytes.toString('base64').match(/.{1,100}/g) ?? [];
  return [
    '// Written by scripts/gen.mjs.',
    '/** A serialized google.protobuf.FileDescriptorSet of the contract and of grpc.health.v1, comments included. */',
    'export const descriptorSet = Buffer.from(',
    '  `',
    ...lines,
    "`, 'base64');",
    '',
  ].join('\n');
}

function contents(dir) {
  const files = readdirSync(dir, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  return new Map(
    files.map(({ parentPath, name }) => {
      const file = join(parentPath, name);
      return [file.slice(dir.length + 1), readFileSync(file, 'utf8')];
    }),
  );
}

const fresh = mkdtempSync(join(tmpdir(), 'hostscore-gen-'));
try {
  generate(fresh);
  if (process.argv.includes('--check')) {
    const [expected, actual] = [contents(fresh), contents(committed)];
    const stale = [...new Set([...expected.keys(), ...actual.keys()])].filter(
      (file) => expected.get(file) !== actual.get(file),
    );
    if (stale.length > 0) {
      console.error(`src/gen is not up to date with proto/ (${stale.join(', ')}). Run: npm run gen`);
      process.exitCode = 1;
    }
  } else {
    rmSync(committed, { recursive: true, force: true });
    cpSync(fresh, committed, { recursive: true });
  }
} finally {
  rmSync(fresh, { recursive: true });
}
