import { z } from 'zod';
import type { Log } from '../../src/process/log.js';
import type { JsonObject } from '../../src/simulator/json.js';
import {
  SIMULATOR_ACCOUNT,
  startSimulator,
  type Simulator,
  type SimulatorOptions,
} from '../../src/simulator/simulator.js';
import type { World } from '../../src/simulator/world.js';

/** An answer that was read to its end. */
export interface Reply {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  /** The body as a JSON object; throws when it isn't one. */
  readonly json: () => JsonObject;
}

/** A line that was logged. */
export interface LogLine {
  readonly level: keyof Log;
  readonly event: string;
  readonly fields: Readonly<Record<string, unknown>>;
}

/** A simulator that runs for one test, with a client that is logged in. */
export interface RunningSimulator extends Simulator {
  readonly lines: readonly LogLine[];
  /** A token of the default account, got at the beginning. */
  readonly token: string;
  readonly logIn: (
    fields?: Readonly<Record<string, string>>,
    headers?: Record<string, string>,
  ) => Promise<Reply>;
  /** Logs in again; gives the header for it. */
  readonly freshLogin: () => Promise<{ readonly authorization: string }>;
  /** GET of a path below /ovirt-engine with the token. */
  readonly get: (path: string, headers?: Record<string, string>) => Promise<Reply>;
  /** A request to the control endpoint, with a JSON body when there is one. */
  readonly control: (method: string, path: string, body?: unknown) => Promise<Reply>;
}

/** Starts a simulator before each test and closes it afterwards. */
export function useSimulator(
  world: () => World,
  options: Partial<SimulatorOptions> = {},
): () => RunningSimulator {
  let running: RunningSimulator | undefined;
  beforeEach(async () => {
    running = await runSimulator(world(), options);
  });
  afterEach(async () => {
    await running?.close();
    running = undefined;
  });
  return () => {
    if (running === undefined) throw new Error('no simulator runs outside of a test');
    return running;
  };
}

/** Makes a request and reads its answer. */
export async function call(url: string, init: RequestInit = {}): Promise<Reply> {
  const response = await fetch(url, { redirect: 'manual', ...init });
  const text = await response.text();
  return {
    status: response.status,
    headers: response.headers,
    text,
    json: () => z.record(z.string(), z.json()).parse(JSON.parse(text)),
  };
}

/** The objects of a collection; none for an empty one, which lacks its key. */
export function itemsOf(reply: Reply, key: string): readonly JsonObject[] {
  return z.array(z.record(z.string(), z.json())).parse(reply.json()[key] ?? []);
}

/** What a member, by a dotted path, is in each of the objects of a collection. */
export function column(reply: Reply, key: string, member: string): readonly unknown[] {
  return itemsOf(reply, key).map((item) => item[member]);
}

async function runSimulator(world: World, options: Partial<SimulatorOptions>): Promise<RunningSimulator> {
  const lines: LogLine[] = [];
  const write =
    (level: keyof Log) =>
    (event: string, fields = {}) =>
      void lines.push({ level, event, fields });
  const log: Log = { debug: write('debug'), info: write('info'), warn: write('warn'), error: write('error') };
  const simulator = await startSimulator({ world, log, ...options });
  const logIn: RunningSimulator['logIn'] = (fields = {}, headers = {}) =>
    call(`${simulator.url}/sso/oauth/token`, {
      method: 'POST',
      headers: { accept: 'application/json', ...headers },
      body: new URLSearchParams({
        grant_type: 'password',
        scope: 'ovirt-app-api',
        ...SIMULATOR_ACCOUNT,
        ...fields,
      }),
    });
  const newToken = async () => z.string().parse((await logIn()).json()['access_token']);
  const token = await newToken();
  simulator.requests.reset();
  return {
    ...simulator,
    lines,
    token,
    logIn,
    freshLogin: async () => ({ authorization: `Bearer ${await newToken()}` }),
    get: (path, headers = {}) =>
      call(`${simulator.url}${path}`, {
        headers: { authorization: `Bearer ${token}`, accept: 'application/json', ...headers },
      }),
    control: (method, path, body) =>
      call(`${simulator.controlUrl}${path}`, {
        method,
        headers: { 'content-type': 'application/json' },
        ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
      }),
  };
}
