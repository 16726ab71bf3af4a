import { Metadata } from '@grpc/grpc-js';
import type { Call } from '../domain/contract.js';
import { SchedulingError } from '../domain/errors.js';
import { quoted } from '../lib/text.js';
import type { Connection } from './connections.js';

/** Metadata key of the request id, in calls and in trailers. */
const REQUEST_ID_METADATA = 'x-request-id';

/** Metadata key of the number of composites that a call passed. */
const DEPTH_METADATA = 'x-hostscore-depth';

/** Metadata key of a dry run; its value is 1, or 0 for none. */
const DRY_RUN_METADATA = 'x-hostscore-dry-run';

/** Metadata key of the token of a call, of HTTP itself. */
const AUTHORIZATION_METADATA = 'authorization';

/** Metadata key of the time that a call has, of gRPC itself. */
const TIMEOUT_METADATA = 'grpc-timeout';

/** Longest timeout that is sent, in milliseconds: what the eight digits of gRPC hold, 27 h. */
const MAX_TIMEOUT_MS = 99_999_999;

const REQUEST_ID = /^[ -~]{1,128}$/;

const ADMITTED = Symbol('admitted call');

/** Facts that the server keeps of a call that it admitted. */
export interface AdmittedCall {
  /** Keeps its place until its method has ended too, even when its caller went away. Returns how to let it go. */
  readonly hold: () => () => void;
  /** Absent for one that has just closed. */
  readonly connection: Connection | undefined;
  /** Name of the token that came with it, where calls need one. */
  readonly token: string | undefined;
  /** Throws UNAUTHENTICATED or PERMISSION_DENIED once its token is not taken any more. Absent where calls need none. */
  readonly expectAllowed: (() => void) | undefined;
}

declare module '@grpc/grpc-js/build/src/metadata.js' {
  interface Metadata {
    /**
     * Of the metadata that came with a call, which is all that an interceptor and a method share. A map with a key for each
     * call would make collecting garbage dear: the tables it outgrows keep all later ones.
     */
    [ADMITTED]?: AdmittedCall;
  }
}

/** Notes that a call is admitted, for its method. */
export function markAdmitted(metadata: Metadata, call: AdmittedCall): void {
  metadata[ADMITTED] = call;
}

/** Returns what the server keeps of a call. Throws for one that was not admitted. */
export function admittedCall({ [ADMITTED]: call }: Metadata): AdmittedCall {
  if (call === undefined) throw new Error('a call that was not admitted');
  return call;
}

/** Returns the metadata of a call that has this time, in milliseconds: its timeout, request id, depth, dry run and span. */
export function callMetadata(call: Call, timeoutMs: number): Metadata {
  const { requestId, depth = 0, dryRun = false, span } = call;
  const metadata = requestIdMetadata(requestId);
  metadata.set(TIMEOUT_METADATA, `${Math.min(Math.ceil(timeoutMs), MAX_TIMEOUT_MS)}m`);
  if (depth > 0) metadata.set(DEPTH_METADATA, String(depth));
  if (dryRun) metadata.set(DRY_RUN_METADATA, '1');
  if (span !== undefined) {
    for (const [key, value] of Object.entries(span.headers())) metadata.set(key, value);
  }
  return metadata;
}

/** Returns metadata with a request id. */
export function requestIdMetadata(requestId: string): Metadata {
  const metadata = new Metadata();
  // Header values can't begin or end with a space.
  metadata.set(REQUEST_ID_METADATA, requestId.trim());
  return metadata;
}

/** Returns the request id of a call, or undefined for none or one that can't be logged safely. */
export function requestIdOf(metadata: Metadata): string | undefined {
  const value = valueOf(metadata, REQUEST_ID_METADATA);
  return REQUEST_ID.test(value) ? value : undefined;
}

/** Returns the number of composites that a call passed; 0 for an invalid one. */
export function depthOf(metadata: Metadata): number {
  const value = valueOf(metadata, DEPTH_METADATA);
  return /^\d{1,9}$/.test(value) ? Number(value) : 0;
}

/** Returns the header of a call that holds its token; undefined for none. */
export function authorizationOf(metadata: Metadata): string | undefined {
  const value = valueOf(metadata, AUTHORIZATION_METADATA);
  return value === '' ? undefined : value;
}

/** Adds a token to the metadata of a call. */
export function setToken(metadata: Metadata, token: string): void {
  metadata.set(AUTHORIZATION_METADATA, `Bearer ${token}`);
}

/** Reports whether a call is a dry run. Throws INVALID_ARGUMENT for a value that does not say. */
export function isDryRun(metadata: Metadata): boolean {
  const values = metadata.get(DRY_RUN_METADATA);
  const value = values.length === 0 ? '0' : values.join(', ');
  if (value === '1' || value === '0') return value === '1';
  throw new SchedulingError(
    'INVALID_ARGUMENT',
    `${DRY_RUN_METADATA}: expected 1 for a dry run, 0 for none, got ${quoted(value)}`,
  );
}

function valueOf(metadata: Metadata, key: string): string {
  const [value] = metadata.get(key);
  return typeof value === 'string' ? value : '';
}

/** Returns the request id of a message, or undefined for none. Throws INVALID_ARGUMENT for one that can't be logged safely. */
export function readRequestId(text: string): string | undefined {
  if (text === '') return undefined;
  if (REQUEST_ID.test(text)) return text;
  throw new SchedulingError(
    'INVALID_ARGUMENT',
    `request_id: expected up to 128 printable ASCII characters, got ${quoted(text)}`,
  );
}
