import { SchedulingError } from '../domain/errors.js';

/**
 * Kinds of calls, each with places of its own: calls that are answered once, streams of scores, replicas that watch the
 * inventory, health checks, and watches of the health and reflection, which stay open. None takes the places of another: calls can be many, probes must pass.
 */
export type CallKind = 'call' | 'stream' | 'replica' | 'probe' | 'watch' | 'reflection';

/** Most streams of scores at a time: a few a gateway, since each scores one request after the other. */
export const MAX_STREAMS = 64;

/** Most watches of the inventory at a time, one a replica. With one message of 100 KB unsent each, they take 6 MB. */
export const MAX_REPLICAS = 64;

/** Most of them while callers that may not reserve open more: the others, replicas that serve everything, always find half. */
export const MAX_UNTRUSTED_REPLICAS = 32;

/** Most health checks at a time. They are answered at once, so that more mean a peer that sends them slowly. */
export const MAX_PROBES = 16;

/** Most watches of the health at a time, about one a client with health checks of its own. */
export const MAX_WATCHES = 128;

/** Most streams of reflection at a time: people and their tools. */
export const MAX_REFLECTIONS = 16;

/** The place of a call. It is free again once nobody holds it any more. */
export interface Place {
  /** Holds the place. Returns how to let it go, to be called once. */
  readonly hold: () => () => void;
}

/** A limit of the calls in flight of a server, which refuses further ones. */
export interface Admission {
  /**
   * Takes a place for a call; when there is none, that which `makeRoom` leaves. Throws RESOURCE_EXHAUSTED when all places of
   * its kind are taken, for a replica that is not trusted when half of them are, and UNAVAILABLE for a stream or a replica once
   * the server closes.
   */
  readonly enter: (kind: CallKind, makeRoom: () => void, isTrusted?: boolean) => Place;
  /** Admits no more streams; calls on connections that are still open are served. Resolves when the last has ended. */
  readonly close: () => Promise<void>;
  /** Aborts with UNAVAILABLE when the server closes: a stream then ends after its current answer. */
  readonly closing: AbortSignal;
}

/** Creates the limit of that many concurrent calls. */
export function createAdmission(maxConcurrentCalls: number): Admission {
  const limits: Readonly<Record<CallKind, number>> = {
    call: maxConcurrentCalls,
    stream: MAX_STREAMS,
    replica: MAX_REPLICAS,
    probe: MAX_PROBES,
    watch: MAX_WATCHES,
    reflection: MAX_REFLECTIONS,
  };
  const taken: Record<CallKind, number> = {
    call: 0,
    stream: 0,
    replica: 0,
    probe: 0,
    watch: 0,
    reflection: 0,
  };
  const closing = new AbortController();
  const waiting: (() => void)[] = [];

  // Replicas, which closing ends, probes, watches and reflection are not worth waiting for.
  const isIdle = () => taken.call + taken.stream === 0;

  function placeFor(kind: CallKind): Place {
    let holders = 0;
    const letGo = () => {
      holders--;
      if (holders > 0) return;
      taken[kind]--;
      if (isIdle()) for (const settle of waiting.splice(0)) settle();
    };
    return {
      hold() {
        holders++;
        return letGo;
      },
    };
  }

  return {
    enter(kind, makeRoom, isTrusted = true) {
      if (kind === 'stream' || kind === 'replica') closing.signal.throwIfAborted();
      const max = isTrusted ? limits[kind] : Math.min(limits[kind], MAX_UNTRUSTED_REPLICAS);
      if (taken[kind] >= max) makeRoom();
      if (taken[kind] >= max) throw new SchedulingError('RESOURCE_EXHAUSTED', REFUSALS[kind](max));
      taken[kind]++;
      return placeFor(kind);
    },
    close() {
      closing.abort(new SchedulingError('UNAVAILABLE', 'the server is shutting down; call another one'));
      return isIdle() ? Promise.resolve() : new Promise((resolve) => waiting.push(resolve));
    },
    closing: closing.signal,
  };
}

const REFUSALS: Readonly<Record<CallKind, (max: number) => string>> = {
  call: (max) =>
    `${max} calls are in flight, at most ${max} are accepted (server.maxConcurrentCalls); try again`,
  stream: (max) => `${max} streams are open, at most ${max} are accepted; use an open one, or try again`,
  replica: (max) =>
    `${max} watches of the inventory are open, at most ${max} are accepted${max < MAX_REPLICAS ? `, and ${MAX_REPLICAS} with callers of this machine, a token (server.tokensFile) or a client certificate (server.tlsClientCaFile)` : ''}; watch one of those replicas instead`,
  probe: (max) => `${max} health checks are under way, at most ${max} are accepted; try again`,
  watch: (max) => `${max} health watches are open, at most ${max} are accepted; call Check`,
  reflection: (max) => `${max} reflection streams are open, at most ${max} are accepted; try again`,
};
