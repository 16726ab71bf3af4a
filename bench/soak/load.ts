import { Client, credentials, status, type ServiceError } from '@grpc/grpc-js';
import { Agent, request } from 'node:http';
import { setTimeout } from 'node:timers/promises';
import { readResponse } from '../../src/bridge/xml-rpc/reader.js';
import { writeCall } from '../../src/bridge/xml-rpc/writer.js';
import { SchedulingError } from '../../src/domain/errors.js';
import type { XmlRpcValue } from '../../src/engine-model/value.js';
import { createRpcClient } from '../../src/rpc/client.js';
import { decisionMethods, policyUnitMethods } from '../../src/rpc/proto.js';
import { call } from '../../test/support/call.js';
import { plain } from '../../test/support/xml-rpc.js';

/** Pause of a caller between an answer and its next call, in ms. */
const PAUSE_MS = 50;

/** Patience of a caller, in ms: more than any call may take. */
const PATIENCE_MS = 5000;

/** Longest time until a client of gRPC tries an address again that did not answer, with its jitter, in ms. */
const RECONNECT_MS = 6000;

/** Longest time without a decision for a watch of them while calls are answered many times a second, in ms. */
const SILENCE_MS = 5000;

/** Age at which a caller ends its stream, in ms: before the server does, 10 min after it told the client to connect anew. */
const STREAM_AGE_MS = 9 * 60_000;

const SCORES = ['ksm_same_os_score', 'even_vm_distribution'];
const FILTERS = ['max_vms', 'accept_all_hosts'];

/** The faces that are called, and what is asked of them. */
export interface Asked {
  readonly bridge: string;
  readonly grpc: string;
  readonly hosts: readonly string[];
  readonly vm: string;
}

/** A call without its answer, or with another one than before anything happened. */
export interface LostCall {
  readonly at: Date;
  readonly event: string;
  readonly method: string;
  readonly reason: string;
}

/** Calls while an event lasted, of both faces. */
export interface Tally {
  answered: number;
  /** Calls that found no face there. */
  refused: number;
  lost: number;
  slowestMs: number;
}

/** Times without a face, in ms since the epoch. */
interface Absence {
  readonly from: number;
  until: number;
  /** False when it ends in good order: what it has taken it answers. */
  readonly isKilled: boolean;
}

/** Makes one kind of call again and again. */
interface Caller {
  readonly method: string;
  readonly pauseMs?: number;
  /** Longest time until its client finds a face that is back, in ms; 0 by default. */
  readonly findsMs?: number;
  /** Returns the answer as one text. Rejects when there is none. */
  readonly ask: () => Promise<string>;
}

/** The failure of a caller to reach the face. */
class NotReached extends Error {}

/** Callers of both faces. */
export type Load = Awaited<ReturnType<typeof startLoad>>;

/** Learns the right answers, while all is at rest, and begins to call. */
export async function startLoad(asked: Asked) {
  const closing = new AbortController();
  const xmlRpc = createXmlRpcCaller(asked.bridge);
  const client = createRpcClient({ target: asked.grpc });
  const streams = streamClient(asked.grpc);
  const stream = createStreamCaller(streams, asked);
  const absences: Absence[] = [];
  const lost: LostCall[] = [];
  let event = 'before';
  let tally = createTally();
  let lastDecision = 0;
  /** Time of the last answer, by method. */
  const reached = new Map<string, number>();

  const none = new Map<string, string>();
  const factors = SCORES.map((name) => [name, 1]);
  const callers: readonly Caller[] = [
    ...Array.from({ length: 2 }, () => ({
      method: 'runCostFunctions',
      ask: () => xmlRpc.ask('runCostFunctions', [factors, asked.hosts, asked.vm, none]),
    })),
    { method: 'runFilters', ask: () => xmlRpc.ask('runFilters', [FILTERS, asked.hosts, asked.vm, none]) },
    { method: 'discover', pauseMs: 1000, ask: () => xmlRpc.ask('discover', []) },
    ...Array.from({ length: 2 }, () => ({ method: 'ScoreHosts', findsMs: RECONNECT_MS, ask: scoreHosts })),
    { method: 'StreamScoreHosts', findsMs: RECONNECT_MS, ask: () => stream.ask() },
  ];

  async function scoreHosts(): Promise<string> {
    const units = SCORES.map((name) => ({ name, weight: 1 }));
    const wanted = {
      vmId: asked.vm,
      hosts: asked.hosts,
      units,
      properties: none,
      assumedPlacements: [],
      explain: false,
    };
    try {
      const { scores, unitResults } = await client.scoreHosts(
        wanted,
        call({ deadline: Date.now() + PATIENCE_MS }),
      );
      return JSON.stringify([scores, unitResults]);
    } catch (error) {
      throw isNotReached(error) ? new NotReached(String(error)) : error;
    }
  }

  function createTally(): Tally {
    return { answered: 0, refused: 0, lost: 0, slowestMs: 0 };
  }

  /** Reports whether there may be no answer to a call: the face was not there when it began, or was killed under it. */
  function isExcused({ method, findsMs = 0 }: Caller, began: number, error: unknown): boolean {
    if (!(error instanceof NotReached)) return false;
    return absences.some(({ from, until, isKilled }) => {
      const end = (reached.get(method) ?? 0) > until ? until : until + findsMs;
      return began <= end && (isKilled ? Date.now() >= from : began >= from);
    });
  }

  function lose(method: string, error: unknown): void {
    tally.lost += 1;
    const reason = error instanceof Error ? error.message : String(error);
    lost.push({ at: new Date(), event, method, reason });
  }

  async function callAgain(caller: Caller, right: string): Promise<void> {
    const { method, pauseMs = PAUSE_MS, ask } = caller;
    while (!closing.signal.aborted) {
      const began = Date.now();
      try {
        const answer = await ask();
        reached.set(method, Date.now());
        if (answer === right) tally.answered += 1;
        else lose(method, difference(answer, right));
        tally.slowestMs = Math.max(tally.slowestMs, Date.now() - began);
      } catch (error) {
        if (isExcused(caller, began, error)) tally.refused += 1;
        else lose(method, error);
      }
      await setTimeout(pauseMs);
    }
  }

  /** Watches the decisions of the face, from the end of one watch to the end. */
  async function watch(): Promise<void> {
    while (!closing.signal.aborted) {
      const began = Date.now();
      lastDecision = began;
      const signal = AbortSignal.any([closing.signal, AbortSignal.timeout(STREAM_AGE_MS)]);
      await watchDecisions(streams, signal, () => (lastDecision = Date.now())).catch((error: unknown) => {
        if (signal.aborted) return;
        // A stream that is open ends with its face.
        const isFaceAway = absences.some(
          ({ from, until }) => Date.now() >= from && began <= until + RECONNECT_MS,
        );
        if (error instanceof NotReached && isFaceAway) tally.refused += 1;
        else lose('WatchDecisions', error);
      });
      await setTimeout(PAUSE_MS);
    }
  }

  function checkWatch(): void {
    const isAway = absences.some(({ until }) => Date.now() < until + RECONNECT_MS);
    if (isAway || Date.now() - lastDecision < SILENCE_MS) return;
    lose('WatchDecisions', `no decision for ${SILENCE_MS} ms`);
    lastDecision = Date.now();
  }

  const right = await Promise.all(callers.map(({ ask }) => ask()));
  for (const [index, answer] of right.entries()) {
    if (/failure":|plugin_errors":\{"/.test(answer))
      throw new Error(`${callers[index]?.method ?? ''}: ${answer}`);
  }
  const loops = callers.map((caller, index) => callAgain(caller, right[index] ?? ''));
  loops.push(watch());
  const watching = setInterval(checkWatch, 1000);

  return {
    lost,
    /** Says what happens from now on. Returns how calls went until now. */
    begin(name: string): Tally {
      const seen = tally;
      [event, tally] = [name, createTally()];
      return seen;
    },
    /** Says that the face goes; what is returned says that it listens again. */
    faceGoes(isKilled: boolean): () => void {
      const absence: Absence = { from: Date.now(), until: Infinity, isKilled };
      absences.push(absence);
      return () => void (absence.until = Date.now());
    },
    async stop(): Promise<void> {
      clearInterval(watching);
      closing.abort();
      await Promise.all(loops);
      client.close();
      stream.close();
      streams.close();
      xmlRpc.close();
    },
  };
}

/** Returns the words of a unit's failure in an answer, or where the answer differs from the right one. */
function difference(answer: string, right: string): string {
  const [, failure] =
    /"failure":\{.*?"message":"(.*?)"/.exec(answer) ?? /"plugin_errors":\{(".*?)\}/.exec(answer) ?? [];
  let at = 0;
  while (answer[at] === right[at]) at += 1;
  const part = (text: string) => text.slice(Math.max(0, at - 40), at + 120);
  return failure ?? `answered ...${part(answer)}... in place of ...${part(right)}...`;
}

/** Reports whether a client of gRPC found nobody there, or lost whom it had found. */
function isNotReached(error: unknown): boolean {
  return error instanceof SchedulingError && error.code === 'UNAVAILABLE';
}

/** Asks as an engine does, over connections that are kept. */
function createXmlRpcCaller(address: string) {
  const agent = new Agent({ keepAlive: true });
  return {
    ask(method: string, params: readonly XmlRpcValue[]): Promise<string> {
      const body = Buffer.from(writeCall(method, params));
      const headers = { 'Content-Type': 'text/xml', 'Content-Length': body.length };
      return new Promise((resolve, reject) => {
        const options = { method: 'POST', agent, headers, timeout: PATIENCE_MS };
        const failed = (error: Error) => reject(new NotReached(error.message));
        const sent = request(`http://${address}/`, options, (response) => {
          const chunks: Buffer[] = [];
          response.on('data', (chunk: Buffer) => chunks.push(chunk));
          response.on('error', failed);
          response.on('end', () => {
            try {
              const { value, fault } = readResponse(Buffer.concat(chunks));
              if (fault !== undefined) throw fault;
              resolve(JSON.stringify(plain(value)));
            } catch (error) {
              reject(error instanceof Error ? error : new Error(String(error)));
            }
          });
        });
        sent.on('timeout', () => {
          reject(new Error(`no answer within ${PATIENCE_MS} ms`));
          sent.destroy();
        });
        sent.on('error', failed);
        sent.end(body);
      });
    },
    close: () => agent.destroy(),
  };
}

/** Returns a client as those of Go and Java are by default: without pings, for which grpc-js ends streams that are old. */
function streamClient(address: string): Client {
  return new Client(address, credentials.createInsecure(), {
    'grpc.initial_reconnect_backoff_ms': 200,
    'grpc.max_reconnect_backoff_ms': 5000,
  });
}

/** Watches decisions until the signal aborts. Rejects at the end. */
function watchDecisions(client: Client, signal: AbortSignal, onDecision: () => void): Promise<never> {
  const { path, requestSerialize, responseDeserialize } = decisionMethods.WatchDecisions;
  const stream = client.makeServerStreamRequest(path, requestSerialize, responseDeserialize, {});
  signal.addEventListener('abort', () => stream.cancel(), { once: true });
  return new Promise((_, reject) => {
    stream.on('data', onDecision);
    stream.on('error', (error: ServiceError) => reject(streamError(error)));
    stream.on('end', () => reject(new Error('the watch has ended')));
  });
}

function streamError(error: ServiceError): Error {
  return error.code === status.UNAVAILABLE ? new NotReached(error.message) : error;
}

/** Asks over one stream, and opens another when that ends. */
function createStreamCaller(client: Client, { hosts, vm }: Asked) {
  const { path, requestSerialize, responseDeserialize } = policyUnitMethods.StreamScoreHosts;
  const message = {
    vm_id: vm,
    host_ids: hosts,
    units: SCORES.map((name) => ({ name, weight: 1 })),
  };
  let stream: ReturnType<typeof open> | undefined;
  let opened = 0;
  let settle: { resolve: (answer: string) => void; reject: (reason: Error) => void } | undefined;

  function open() {
    const begun = client.makeBidiStreamRequest(path, requestSerialize, responseDeserialize);
    opened = Date.now();
    begun.on('data', ({ response, failure }: ReturnType<typeof responseDeserialize>) => {
      const { scores, unit_results } = response ?? {};
      settle?.resolve(JSON.stringify(failure ?? [scores, unit_results]));
    });
    const ended = (error: Error) => {
      if (stream === begun) stream = undefined;
      settle?.reject(error);
    };
    begun.on('error', (error: ServiceError) => ended(streamError(error)));
    begun.on('end', () => ended(new Error('the stream has ended')));
    return begun;
  }

  return {
    async ask(): Promise<string> {
      if (Date.now() - opened > STREAM_AGE_MS) {
        stream?.end();
        stream = undefined;
      }
      stream ??= open();
      const answer = new Promise<string>((resolve, reject) => (settle = { resolve, reject }));
      stream.write(message);
      const late = setTimeout(PATIENCE_MS).then(() => {
        throw new Error(`no answer on the stream within ${PATIENCE_MS} ms`);
      });
      return Promise.race([answer, late]);
    },
    close() {
      stream?.cancel();
    },
  };
}
