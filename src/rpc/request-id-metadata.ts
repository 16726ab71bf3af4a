import { Metadata } from '@grpc/grpc-js';
import { isRequestId } from './message/request-id.js';

/** The metadata, of a call and of its answer's trailers, that carries the request id. */
const REQUEST_ID_METADATA = 'x-request-id';

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
