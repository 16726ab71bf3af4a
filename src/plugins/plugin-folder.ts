import { readdir, stat } from 'node:fs/promises';

/** What tells one version of a file from another, by its absolute path. */
export type FileVersions = ReadonlyMap<string, string>;

/** The plugin files of a folder, in the order of their names: every `*.py` that is not hidden. Rejects when it can't be read. */
export async function listPluginFiles(dir: string): Promise<string[]> {
  const entries = await readdir(dir);
  return entries.filter((name) => name.endsWith('.py') && !name.startsWith('.')).sort();
}

/** Reads the versions of files; one that can't be read is left out. */
export async function readVersions(paths: Iterable<string>): Promise<FileVersions> {
  const read = await Promise.all(
    [...new Set(paths)].map(async (path) => [path, await versionOf(path)] as const),
  );
  return new Map(
    read.flatMap(([path, version]) => (version === undefined ? [] : [[path, version] as const])),
  );
}

async function versionOf(path: string): Promise<string | undefined> {
  try {
    const { mtimeNs, size, ino } = await stat(path, { bigint: true });
    return `${mtimeNs}:${size}:${ino}`;
  } catch {
    return undefined;
  }
}
