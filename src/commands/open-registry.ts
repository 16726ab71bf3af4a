import type { Membership, RegistryStore } from '../composite/membership.js';
import { answerForget, readRegistry, writeRegistry, type Registry } from '../composite/registry-file.js';
import type { Config } from '../config/schema.js';
import type { Log } from '../process/log.js';
import { openStateDir } from '../process/state-dir.js';

/** The memory of what units the services have, in `state.dir`. */
export interface OpenRegistry {
  readonly store: RegistryStore;
  /** Has what other processes ask to be forgotten taken out of what is known. */
  readonly serve: (edit: Membership['edit']) => void;
  readonly close: () => Promise<void>;
}

/** Opens it. Never rejects: without a disk nothing is remembered. */
export async function openRegistry({ state }: Config, log: Log): Promise<OpenRegistry> {
  const stateDir = await openStateDir({ dir: state.dir, log });
  const remembered = await readRegistry(stateDir);
  /** What could not be written as long as another process owned the folder. */
  let latest: Registry | undefined;
  let written: Promise<unknown> = Promise.resolve();

  function save(registry: Registry): void {
    latest = registry;
    written = writeRegistry(stateDir, registry);
  }

  stateDir.onOwned(() => {
    if (latest !== undefined) save(latest);
  });
  return {
    store: { remembered, save, problems: stateDir.problems },
    serve(edit) {
      stateDir.onCommand((line) => {
        let reply = '';
        edit((registry, listedNow) => {
          const forgotten = answerForget(line, registry, listedNow);
          reply = forgotten.answer;
          if (forgotten.registry !== registry) log.info('unit forgotten', { request: line });
          return forgotten.registry;
        });
        return written.then(() => reply);
      });
    },
    close: stateDir.close,
  };
}
