import { Metadata } from '@grpc/grpc-js';
import type { Call } from '../domain/contract.js';
import { isRequestId } from './message/request-id.js';

/** The metadata, of a call and of its answer's trailers, that carries the request id. */
const REQUEST_ID_METADATA = 'x-request-id';

/** The metadata of a call that says through how many composites it has come. */
const DEPTH_METADATA = 'x-hostscore-depth';

/** The metadata that goes with a call: its request id and its depth. */
export function callMetadata({ requestId, depth = 0 }: Pick<Call, 'requestId' | 'depth'>): Metadata {
  const metadata = requestIdMetadata(requestId);
  if (depth > 0) metadata.set(DEPTH_METADATA, String(depth));
  return metadata;
}

/** Metadata that carries this request id. */
export function requestIdMetadata(requestId: string): Metadata {
  const metadata = new Metadata();
  // A header's value can't begin or end with a space.
  metadata.set(REQUEST_ID_METADATA, requestId.trim());
  return metadata;
}

/** The request id in a call's metadata, or undefined for none and for one that can't be logged safely. */
export function requestIdOf({ metadata }: { readonly metadata: Metadata }): string | undefined {
  const [value] = metadata.get(REQUEST_ID_METADATA);
  return typeof value === 'string' && isRequestId(value) ? value : undefined;
}

/** Through how many composites a call has come; 0 for one that does not say it in digits. */
export function depthOf({ metadata }: { readonly metadata: Metadata }): number {
  const [value] = metadata.get(DEPTH_METADATA);
  return typeof value === 'string' && /^\d{1,9}$/.test(value) ? Number(value) : 0;
}
