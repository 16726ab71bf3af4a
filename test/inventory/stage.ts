import { expect } from 'chai';
import type { Call } from '../../src/domain/contract.js';
import { SchedulingError } from '../../src/domain/errors.js';
import { inventorySection, type InventorySettings } from '../../src/config/sections.js';
import { passing } from '../../src/inventory/engine-failure.js';
import {
  createInventory,
  type EngineInventory,
  type InventoryOptions,
} from '../../src/inventory/inventory.js';
import { createFakeTime, settle, type FakeTime } from './fake-time.js';
import { createRecordedLog } from './recorded-log.js';
import { createScriptedClient, type ScriptedClient } from './scripted-client.js';

/** Settings that differ from the configuration's defaults, and parts that differ from the stage's. */
type StageOptions = Partial<InventorySettings> & Partial<Omit<InventoryOptions, 'settings'>>;

/** An engine that answers on cue and a clock that stands still, new for each test. */
export interface Stage {
  readonly time: FakeTime;
  readonly client: ScriptedClient;
  readonly log: ReturnType<typeof createRecordedLog>;
  /** Makes an inventory that is closed after the test. */
  readonly open: (options?: StageOptions) => EngineInventory;
  /** Makes one and lets its first reading go as far as it can. */
  readonly started: (options?: StageOptions) => Promise<EngineInventory>;
  readonly breakEngine: (message?: string) => void;
  readonly mendEngine: () => void;
}

/** Sets the stage before each test; afterwards no timer may be left. */
export function useStage(): Stage {
  let time: FakeTime;
  let client: ScriptedClient;
  let log: Stage['log'];
  const opened: EngineInventory[] = [];

  beforeEach(() => {
    time = createFakeTime();
    client = createScriptedClient();
    log = createRecordedLog();
  });

  afterEach(async () => {
    await Promise.all(opened.splice(0).map((inventory) => inventory.close()));
    expect(time.pending(), 'timers left behind').to.deep.equal([]);
  });

  function open(options: StageOptions = {}): EngineInventory {
    const inventory = createInventory({
      settings: { ...inventorySection.parse({}), eventInterval: 0, maxStaleness: 100_000, ...options },
      client,
      log,
      clock: time.clock,
      steady: time.clock,
      after: time.after,
      random: () => 0.5,
      ...options,
    });
    opened.push(inventory);
    return inventory;
  }

  return {
    get time() {
      return time;
    },
    get client() {
      return client;
    },
    get log() {
      return log;
    },
    open,
    async started(options) {
      const inventory = open(options);
      inventory.start();
      await settle();
      return inventory;
    },
    breakEngine(message = 'the engine is down') {
      client.before = () => Promise.reject(passing(message));
    },
    mendEngine() {
      client.before = () => Promise.resolve();
    },
  };
}

/** A call with that deadline, of a gateway. */
export function call(deadline = Infinity, signal = new AbortController().signal): Call {
  return { requestId: 'r', deadline, signal };
}

/** A call of an engine with that deadline. */
export function engineCall(deadline = Infinity): Call {
  return { ...call(deadline), forEngine: true };
}

/** `OK`, or code and message of the SchedulingError with which something rejects. */
export async function codeOf(promise: Promise<unknown>): Promise<string> {
  try {
    await promise;
  } catch (thrown) {
    return thrown instanceof SchedulingError ? `${thrown.code}: ${thrown.message}` : String(thrown);
  }
  return 'OK';
}
