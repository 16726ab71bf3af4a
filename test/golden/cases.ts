import { callOf, requestOf, send, type Argument, type Parts } from './xml-rpc.js';
import { callRaw, callRpc, callStream } from './grpc.js';
import { shownAnswer } from './recording.js';

/** Where a set-up answers, as host:port. */
export interface Sockets {
  readonly bridge: string;
  /** Empty when the set-up has no gRPC. */
  readonly grpc: string;
}

/** A question, and what is asked to get the text of its answer. */
export interface Case {
  readonly title: string;
  readonly ask: (sockets: Sockets) => Promise<string>;
}

/** Returns the id of a host of the demo world: 1 to 11 are up, 12 is in maintenance. */
export function host(n: number): string {
  return `a0000000-0000-4000-8000-${String(n).padStart(12, '0')}`;
}

/** Returns the ids of several hosts. */
export function hosts(...numbers: readonly number[]): readonly string[] {
  return numbers.map(host);
}

/** Returns the id of a VM of the demo world: every tenth is down. */
export function vm(n: number): string {
  return `b0000000-0000-4000-8000-${String(n).padStart(12, '0')}`;
}

/** A VM that runs on host 1. */
export const RUNNING = vm(59);

/** A VM that is down. */
export const STOPPED = vm(10);

/** A VM that the engine does not have. */
export const UNKNOWN_VM = vm(404);

/** A host that the engine does not have. */
export const UNKNOWN_HOST = host(404);

/** Returns a case that asks as the engine does. */
export function engine(title: string, method: string, ...params: readonly Argument[]): Case {
  return http(`${method}: ${title}`, callOf(method, ...params));
}

/** Returns a case with an HTTP request of its own. */
export function http(title: string, body: string, parts: Parts = {}): Case {
  return {
    title,
    ask: async ({ bridge }) => shownAnswer(await send(bridge, requestOf(body, parts))),
  };
}

/** Returns a case that calls a method of the contract. */
export function rpc(title: string, method: string, request: object): Case {
  return { title: `${method}: ${title}`, ask: ({ grpc }) => callRpc(grpc, method, request) };
}

/** Returns a case that sends requests over one stream. */
export function stream(title: string, ...requests: readonly object[]): Case {
  return {
    title: `StreamScoreHosts: ${title}`,
    ask: ({ grpc }) => callStream(grpc, 'StreamScoreHosts', requests),
  };
}

/** Returns a case that sends a message of these bytes, or to a method that need not be there. */
export function rawRpc(title: string, method: string, message: Uint8Array): Case {
  return { title: `${method}: ${title}`, ask: ({ grpc }) => callRaw(grpc, method, message) };
}

/** Returns an id in upper case. */
export function upper(id: string): string {
  return id.toUpperCase();
}

/** Returns [unit, factor] pairs. */
export function factors(units: Readonly<Record<string, number>>): readonly Argument[] {
  return Object.entries(units);
}
