import { open } from 'node:fs/promises';
import { SchedulingError } from '../domain/errors.js';
import { isForgotten, parseCatalogue, type CatalogueContent } from './catalogue-content.js';
import { isErrno, reasonOf } from './file-failure.js';
import { stampOf, type FileStamp } from './file-stamp.js';

/** Largest catalogue that is read or written: bytes. A thousand units of ten properties each stay well below 4 MiB. */
export const MAX_CATALOGUE_BYTES = 16 * 1024 * 1024;

/** A catalogue file as it was read. */
export interface CatalogueFile {
  readonly content: CatalogueContent;
  readonly text: string;
  readonly stamp: FileStamp;
}

/**
 * Reads a catalogue file. Rejects with NOT_FOUND when there is none, with INVALID_ARGUMENT when it holds no catalogue of
 * this version or is too large, and with UNAVAILABLE when it can't be read.
 */
export async function readCatalogueFile(
  path: string,
  maxBytes = MAX_CATALOGUE_BYTES,
): Promise<CatalogueFile> {
  const { text, stamp } = await readText(path, maxBytes).catch((error: unknown) => {
    throw cannotRead(path, error);
  });
  try {
    return { content: parseCatalogue(text), text, stamp };
  } catch (error) {
    throw new SchedulingError(
      'INVALID_ARGUMENT',
      `${path}: no catalogue that this version reads: ${reasonOf(error)}`,
      { cause: error },
    );
  }
}

/**
 * What a catalogue file remembers, by service, at most `maxBytes` of it; services that were forgotten are left out. Rejects
 * as readCatalogueFile does.
 */
export async function readCatalogue(
  path: string,
  { maxBytes = MAX_CATALOGUE_BYTES }: { readonly maxBytes?: number } = {},
): Promise<CatalogueContent> {
  const { content } = await readCatalogueFile(path, maxBytes);
  return new Map([...content].filter(([, service]) => !isForgotten(service)));
}

async function readText(path: string, maxBytes: number): Promise<{ text: string; stamp: FileStamp }> {
  const file = await open(path, 'r');
  try {
    const facts = await file.stat({ bigint: true });
    if (facts.size > maxBytes) {
      throw new SchedulingError(
        'INVALID_ARGUMENT',
        `${path}: ${facts.size} bytes, a catalogue has at most ${maxBytes}`,
      );
    }
    return { text: await file.readFile('utf8'), stamp: stampOf(facts) };
  } finally {
    await file.close();
  }
}

function cannotRead(path: string, error: unknown): SchedulingError {
  if (error instanceof SchedulingError) return error;
  if (isErrno(error) && error.code === 'ENOENT') {
    return new SchedulingError('NOT_FOUND', `${path}: there is no such file`, { cause: error });
  }
  return new SchedulingError('UNAVAILABLE', `${path}: can't be read: ${reasonOf(error)}`, { cause: error });
}
