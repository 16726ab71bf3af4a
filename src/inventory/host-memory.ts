import { readingLimit, type InventorySettings } from '../config/sections.js';
import { SchedulingError } from '../domain/errors.js';
import { isSameHost, recordOf, type Changes } from '../domain/snapshot-delta.js';
import type { HostMemory, HostRecord, Snapshot } from '../domain/snapshot.js';
import { runWithin } from '../lib/deadline.js';
import type { After, Clock } from '../lib/timers.js';
import type { Log } from '../process/log.js';
import type { EngineClient } from './engine-client.js';

/** Memory of hosts by their ids, and the time since when it was read, in milliseconds since the epoch. */
export interface ReadMemory {
  readonly time: number;
  readonly memory: ReadonlyMap<string, HostMemory>;
}

/** Reader of the memory of all hosts, which no event tells of. */
export interface HostMemoryReader {
  /** Lists the hosts in the background, unless they were or are listed within {@link InventorySettings.refreshInterval}. */
  readonly begin: () => void;
  /** Returns what was read and not taken yet, if anything. */
  readonly take: () => ReadMemory | undefined;
  /** Drops what is older than a full reading, which has the memory too. */
  readonly drop: () => void;
  /** Cancels the listing under way, and waits for its end. */
  readonly close: () => Promise<void>;
}

/** Options of a reader of the memory of hosts. */
export interface HostMemoryOptions {
  readonly client: Pick<EngineClient, 'listHosts'>;
  readonly settings: Pick<InventorySettings, 'refreshInterval' | 'maxStaleness'>;
  readonly log: Log;
  readonly clock: Clock;
  readonly steady: Clock;
  readonly after: After;
}

/**
 * Creates a reader that has read nothing. One listing takes one thread of the engine and one request, where a request for each
 * host would take four, and with more than some 1,000 hosts more time than there is.
 */
export function createHostMemoryReader(options: HostMemoryOptions): HostMemoryReader {
  const { client, settings, log, clock, steady, after } = options;
  const closing = new AbortController();
  let began = -Infinity;
  let flight: Promise<void> | undefined;
  let isDropped = false;
  let read: ReadMemory | undefined;

  async function list(): Promise<void> {
    const time = clock.now();
    const ms = readingLimit(settings);
    let memory = new Map<string, HostMemory>();
    const begin = () => {
      memory = new Map();
      return {
        record: (host: HostRecord) => void memory.set(host.id, host.memory),
        odd: () => undefined,
      };
    };
    try {
      await runWithin((signal) => client.listHosts(begin, signal), {
        ...{ signal: closing.signal, ms, after, late: () => late(ms) },
      });
      if (!isDropped) read = { time, memory };
    } catch (thrown) {
      if (closing.signal.aborted) return;
      const { code, message } = SchedulingError.from(thrown);
      log.warn('host memory not read', { code, reason: message }, code);
    } finally {
      flight = undefined;
    }
  }

  return {
    begin() {
      if (flight !== undefined || steady.now() - began < settings.refreshInterval) return;
      began = steady.now();
      isDropped = false;
      flight = list();
    },
    take() {
      const taken = read;
      read = undefined;
      return taken;
    },
    drop() {
      isDropped = true;
      read = undefined;
      began = steady.now();
    },
    async close() {
      closing.abort(new SchedulingError('CANCELLED', 'the inventory is closed'));
      await flight;
    },
  };
}

/** Returns changes of a snapshot's hosts with their memory as it was read. */
export function withMemory(
  snapshot: Snapshot,
  { changed, removed }: Changes<HostRecord>,
  memory: ReadMemory['memory'],
): Changes<HostRecord> {
  const hosts = new Map(changed.map((host) => [host.id, host]));
  const gone = new Set(removed);
  for (const [id, own] of memory) {
    const before = snapshot.host(id);
    const host = hosts.get(id) ?? before;
    if (host === undefined || gone.has(id)) continue;
    const after = { ...recordOf(host), memory: own };
    if (!isSameHost(after, before)) hosts.set(id, after);
  }
  return { changed: [...hosts.values()], removed };
}

function late(ms: number): SchedulingError {
  return new SchedulingError('UNAVAILABLE', `the engine did not list its hosts within ${ms} ms`);
}
