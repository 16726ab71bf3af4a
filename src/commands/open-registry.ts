import type { Membership, RegistryStore } from '../composite/membership.js';
import {
  answerForget,
  mergeRegistries,
  readRegistry,
  writeRegistry,
  type Registry,
} from '../composite/registry-file.js';
import { nodeAfter, type After } from '../lib/timers.js';
import type { Log } from '../process/log.js';
import type { StateDir } from '../process/state-dir.js';

/** Shortest time between two writes, in ms: services may change their units every second, and each write waits for the disk. */
export const WRITE_INTERVAL_MS = 10_000;

/** The registry of units in `state.dir`. */
export interface OpenRegistry {
  /** Returns a store for a composite, with what was saved last. Only the first one saves before it is served. */
  readonly store: () => RegistryStore;
  /**
   * Takes what the composite with this store saves from now on, and no longer that of another. Applies changes that come from
   * outside by its `edit`: requests to forget a unit, and the file of an owner that ended.
   */
  readonly serve: (store: RegistryStore, edit: Membership['edit']) => void;
  readonly close: () => Promise<void>;
}

/** Opens the registry in a state folder. Never rejects: without a disk nothing is remembered. */
export async function openRegistry(
  stateDir: StateDir,
  log: Log,
  after: After = nodeAfter,
): Promise<OpenRegistry> {
  let newest = await readRegistry(stateDir);
  let current: RegistryStore | undefined;
  let written: Promise<unknown> = Promise.resolve();
  let served: Membership['edit'] | undefined;
  let takenOver: Registry | undefined;
  let unwritten: Registry | undefined;
  let cancelWrite: (() => void) | undefined;

  /** Writes at once what is not written yet. */
  function flush(): void {
    cancelWrite?.();
    cancelWrite = undefined;
    if (unwritten === undefined) return;
    written = writeRegistry(stateDir, unwritten);
    unwritten = undefined;
    cancelWrite = after(WRITE_INTERVAL_MS, flush);
  }

  function merge(): void {
    const file = takenOver;
    if (file !== undefined) served?.((registry) => mergeRegistries(registry, file));
  }

  // The previous owner may have learned something since this process read the file.
  stateDir.onOwned(() => {
    void readRegistry(stateDir).then((file) => {
      takenOver = file;
      merge();
    });
  });
  return {
    store() {
      const store: RegistryStore = {
        remembered: newest,
        save(registry) {
          if (store !== current) return;
          newest = registry;
          if (!stateDir.owns()) return;
          unwritten = registry;
          if (cancelWrite === undefined) flush();
        },
        problems: stateDir.problems,
      };
      current ??= store;
      return store;
    },
    serve(store, edit) {
      served = edit;
      if (store !== current) {
        current = store;
        edit((registry) => new Map(registry));
      }
      merge();
      stateDir.onCommand((line) => {
        let reply = '';
        edit((registry, listedNow) => {
          const forgotten = answerForget(line, registry, listedNow);
          reply = forgotten.answer;
          if (forgotten.registry !== registry) log.info('unit forgotten', { request: line });
          return forgotten.registry;
        });
        flush();
        return written.then(() => reply);
      });
    },
    async close() {
      flush();
      cancelWrite?.();
      await written;
    },
  };
}
