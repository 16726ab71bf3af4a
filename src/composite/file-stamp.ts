import type { BigIntStats } from 'node:fs';
import { stat } from 'node:fs/promises';
import { isErrno } from './file-failure.js';

/** What tells one state of a file from another without reading it. A rename keeps it. */
export type FileStamp = string;

/** The stamp of a file of which these are the facts. */
export function stampOf({ ino, size, mtimeNs }: BigIntStats): FileStamp {
  return `${ino} ${size} ${mtimeNs}`;
}

/** The stamp of the file there now; undefined: there is none. Rejects with the error of the file system. */
export async function currentStamp(path: string): Promise<FileStamp | undefined> {
  try {
    return stampOf(await stat(path, { bigint: true }));
  } catch (error) {
    if (isErrno(error) && error.code === 'ENOENT') return undefined;
    throw error;
  }
}
