import { SchedulingError } from '../domain/errors.js';

/** What one request may hold. A request over a limit is RESOURCE_EXHAUSTED, with the limit's name. */
export interface RequestLimits {
  /** Host ids in one request. */
  readonly maxHostIds: number;
  /** Units in one request. */
  readonly maxUnits: number;
  /** Properties in one request. */
  readonly maxProperties: number;
  /** Characters in the key of a property. */
  readonly maxPropertyKeyLength: number;
  /** Characters in the value of a property. */
  readonly maxPropertyValueLength: number;
  /** Assumed placements in one request. */
  readonly maxAssumedPlacements: number;
}

/** What a server takes on. */
export interface RpcLimits extends RequestLimits {
  /** Bytes of one received message, after decompression. A stream buffers up to 16 messages. */
  readonly maxReceiveBytes: number;
  /** Calls in flight over the whole server; a stream counts as one, health and reflection don't count. */
  readonly maxConcurrentCalls: number;
  /** Calls in flight on one connection; further ones wait in the client. */
  readonly maxConcurrentStreams: number;
  /** Connections open at one time; further ones are closed at once. */
  readonly maxConnections: number;
}

/** Limits of a server that is told no others. 4 MiB hold about 110,000 host ids. */
export const DEFAULT_RPC_LIMITS: RpcLimits = {
  maxHostIds: 10_000,
  maxUnits: 128,
  maxProperties: 256,
  maxPropertyKeyLength: 128,
  maxPropertyValueLength: 4096,
  maxAssumedPlacements: 10_000,
  maxReceiveBytes: 4 * 1024 * 1024,
  maxConcurrentCalls: 256,
  maxConcurrentStreams: 128,
  maxConnections: 1024,
};

/** What a client takes. */
export interface RpcClientLimits {
  /** Bytes of one received message. */
  readonly maxReceiveBytes: number;
  /** Units that a service may list. */
  readonly maxPolicyUnits: number;
}

/** Limits of a client that is told no others: 10,000 hosts with reasons of several units stay below 16 MiB. */
export const DEFAULT_RPC_CLIENT_LIMITS: RpcClientLimits = {
  maxReceiveBytes: 16 * 1024 * 1024,
  maxPolicyUnits: 1000,
};

/** The defaults, with those that are given in their place. Throws INVALID_ARGUMENT for one that is no whole number. */
export function resolveLimits<Limits extends Readonly<Record<keyof Limits, number>>>(
  defaults: Limits,
  given: Partial<Limits> = {},
): Limits {
  const limits = { ...defaults, ...given };
  for (const [name, value] of Object.entries<number>(limits)) {
    if (!Number.isSafeInteger(value) || value < 1) {
      throw new SchedulingError(
        'INVALID_ARGUMENT',
        `limits.${name}: expected a whole number of 1 or more, got ${String(value)}`,
      );
    }
  }
  return limits;
}
