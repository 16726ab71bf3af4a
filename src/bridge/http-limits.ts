/** How much, and how slowly, clients may ask. Times are in ms. */
export interface HttpLimits {
  /** Bytes of a request's body. */
  readonly maxBodyBytes: number;
  readonly maxConnections: number;
  /** Requests that are being received, answered or sent back at once; those beyond get a fault, so that the engine goes on. */
  readonly maxConcurrentRequests: number;
  /** Connections that wait in the kernel to be accepted. */
  readonly backlog: number;
  /** From the opening of a connection, or the first byte of a later request, to the end of the head. */
  readonly headersTimeoutMs: number;
  /** The same to the end of the body. */
  readonly requestTimeoutMs: number;
  /** How long a client may take to fetch its answer. */
  readonly sendTimeoutMs: number;
  /** How long a connection is kept after an answer. */
  readonly idleTimeoutMs: number;
  /** How long the rest of a request that was refused is thrown away before its connection is closed. */
  readonly lingerMs: number;
}

/** Limits for an engine on the same machine, with room for a handful of others. */
export const HTTP_LIMITS: HttpLimits = {
  maxBodyBytes: 8 * 1024 ** 2,
  maxConnections: 256,
  maxConcurrentRequests: 64,
  backlog: 511,
  headersTimeoutMs: 10_000,
  requestTimeoutMs: 30_000,
  sendTimeoutMs: 30_000,
  idleTimeoutMs: 60_000,
  lingerMs: 1_000,
};
