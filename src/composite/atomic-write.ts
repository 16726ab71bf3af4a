import { randomUUID } from 'node:crypto';
import { open, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { stampOf, type FileStamp } from './file-stamp.js';

/**
 * Writes a file so that a reader, and whoever comes after a crash, finds either the old text or the new one: into a file
 * beside it, flushed to the disk, then renamed. Right before that `proceed` is asked; when it says no, nothing is written
 * and the answer is undefined. Rejects with the error of the file system.
 */
export async function writeAtomically(
  path: string,
  text: string,
  proceed: () => Promise<boolean>,
): Promise<FileStamp | undefined> {
  // A random name: processes in containers that share a disk may have the same id.
  const beside = `${path}.${randomUUID()}.tmp`;
  try {
    const file = await open(beside, 'wx');
    let stamp: FileStamp;
    try {
      await file.writeFile(text);
      await file.sync();
      stamp = stampOf(await file.stat({ bigint: true }));
    } finally {
      await file.close();
    }
    if (await proceed()) {
      await rename(beside, path);
      await syncFolder(dirname(path));
      return stamp;
    }
  } catch (error) {
    await remove(beside);
    throw error;
  }
  await remove(beside);
  return undefined;
}

async function remove(path: string): Promise<void> {
  await rm(path, { force: true }).catch(() => undefined);
}

/** Makes the rename last through a crash. Some file systems can't; the file is whole all the same. */
async function syncFolder(path: string): Promise<void> {
  try {
    const folder = await open(path, 'r');
    await folder.sync().finally(() => folder.close());
  } catch {
    return;
  }
}
