import { Metadata } from '@grpc/grpc-js';
import type { Call } from '../domain/contract.js';
import { SchedulingError } from '../domain/errors.js';
import { quoted } from '../lib/text.js';

/** The metadata, of a call and of its answer's trailers, that carries the request id. */
const REQUEST_ID_METADATA = 'x-request-id';

/** The metadata of a call that says through how many composites it has come. */
const DEPTH_METADATA = 'x-hostscore-depth';

/** The metadata of a call that is to leave nothing behind; its value is 1. */
const DRY_RUN_METADATA = 'x-hostscore-dry-run';

const REQUEST_ID = /^[ -~]{1,128}$/;

/** Returns the metadata that goes with a call: its request id, its depth, and whether it is a dry run. */
export function callMetadata({ requestId, depth = 0, dryRun = false }: Call): Metadata {
  const metadata = requestIdMetadata(requestId);
  if (depth > 0) metadata.set(DEPTH_METADATA, String(depth));
  if (dryRun) metadata.set(DRY_RUN_METADATA, '1');
  return metadata;
}

/** Returns metadata that carries this request id. */
export function requestIdMetadata(requestId: string): Metadata {
  const metadata = new Metadata();
  // A header's value can't begin or end with a space.
  metadata.set(REQUEST_ID_METADATA, requestId.trim());
  return metadata;
}

/** Returns the request id in a call's metadata, undefined for none and for one that can't be logged safely. */
export function requestIdOf(metadata: Metadata): string | undefined {
  const value = valueOf(metadata, REQUEST_ID_METADATA);
  return REQUEST_ID.test(value) ? value : undefined;
}

/** Returns through how many composites a call has come; 0 for one that does not say it in digits. */
export function depthOf(metadata: Metadata): number {
  const value = valueOf(metadata, DEPTH_METADATA);
  return /^\d{1,9}$/.test(value) ? Number(value) : 0;
}

/** Reports whether a call is to leave nothing behind. */
export function isDryRun(metadata: Metadata): boolean {
  return valueOf(metadata, DRY_RUN_METADATA) === '1';
}

function valueOf(metadata: Metadata, key: string): string {
  const [value] = metadata.get(key);
  return typeof value === 'string' ? value : '';
}

/** Returns the id that a request brings, undefined for none. Throws INVALID_ARGUMENT for one that can't be logged safely. */
export function readRequestId(text: string): string | undefined {
  if (text === '') return undefined;
  if (REQUEST_ID.test(text)) return text;
  throw new SchedulingError(
    'INVALID_ARGUMENT',
    `request_id: expected up to 128 printable ASCII characters, got ${quoted(text)}`,
  );
}
