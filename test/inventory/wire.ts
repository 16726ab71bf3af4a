import { engineSection } from '../../src/config/sections.js';
import { SchedulingError } from '../../src/domain/errors.js';
import {
  createEngineClient,
  type EngineClient,
  type EngineClientOptions,
} from '../../src/inventory/engine-client.js';
import type { EngineVm } from '../../src/inventory/engine-json.js';
import { nodeAfter, type After } from '../../src/lib/timers.js';
import { engineHost, engineVm, vmId } from './engine-world.js';
import { HOSTS_PATH, json, openRawEngine, VMS_PATH, type RawEngine } from './raw-engine.js';
import { createRecordedLog } from './recorded-log.js';

/** A password that has to be encoded wherever it goes. */
export const PASSWORD = 'ge"heim+&ß 1';

/** The one VM that the engine of these tests answers for. */
export const VM_PATH = `${VMS_PATH}/${vmId(1)}`;

type Settings = EngineClientOptions['settings'];

/** Starts timers that run a hundred times as fast: the pause of 250 ms before a retry is one of 2.5 ms. */
export const hastily: After = (ms, run) => nodeAfter(ms / 100, run);

/** Settings of an engine at a URL, with the defaults of the configuration. */
export function settingsOf(url: string, settings: Partial<Settings> = {}): Settings {
  return {
    ...engineSection.parse({}),
    url,
    username: 'admin@internal',
    password: () => PASSWORD,
    ...settings,
  };
}

/** A client and the server that it talks to, new for each test. */
export interface Wire {
  readonly engine: RawEngine;
  readonly log: ReturnType<typeof createRecordedLog>;
  /** Opens a client that is closed after the test; its pauses and waits are those of {@link hastily}. */
  readonly open: (settings?: Partial<Settings>, options?: Partial<EngineClientOptions>) => EngineClient;
  /** Lists the running VMs: what the last attempt gave, and how many attempts began. */
  readonly listVms: (
    client: EngineClient,
    signal?: AbortSignal,
  ) => Promise<{ readonly begun: number; readonly names: string[]; readonly odd: string[] }>;
}

/** Opens a raw engine with one host and two VMs before each test, and closes all afterwards. */
export function useWire(): Wire {
  let engine: RawEngine;
  let log: Wire['log'];
  const clients: EngineClient[] = [];

  beforeEach(async () => {
    engine = await openRawEngine();
    log = createRecordedLog();
    engine.on(HOSTS_PATH, (response) => json(response, { host: [engineHost()] }));
    engine.on(VMS_PATH, (response) => json(response, { vm: [engineVm(1), engineVm(2)] }));
    engine.on(VM_PATH, (response) => json(response, engineVm(1)));
  });

  afterEach(async () => {
    await Promise.all(clients.splice(0).map((client) => client.close()));
    await engine.close();
  });

  return {
    get engine() {
      return engine;
    },
    get log() {
      return log;
    },
    open(settings = {}, options = {}) {
      const client = createEngineClient({
        settings: settingsOf(engine.url, settings),
        after: hastily,
        log,
        ...options,
      });
      clients.push(client);
      return client;
    },
    async listVms(client, signal = new AbortController().signal) {
      let begun = 0;
      let vms: EngineVm[] = [];
      let odd: string[] = [];
      await client.listRunningVms(() => {
        begun += 1;
        [vms, odd] = [[], []];
        return { record: (vm) => void vms.push(vm), odd: (reason) => void odd.push(reason) };
      }, signal);
      return { begun, names: vms.map(({ name }) => name), odd };
    },
  };
}

/** The SchedulingError with which something rejects; throws when it doesn't. */
export async function failure(promise: Promise<unknown>): Promise<SchedulingError> {
  try {
    await promise;
  } catch (thrown) {
    if (thrown instanceof SchedulingError) return thrown;
    throw thrown;
  }
  throw new Error('expected a failure');
}
