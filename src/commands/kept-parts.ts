import { randomUUID } from 'node:crypto';
import type { Member } from '../composite/member.js';
import type { Config } from '../config/schema.js';
import type { LoginPauses } from '../inventory/engine-session.js';
import type { Log } from '../process/log.js';
import { openStateDir, type StateDir } from '../process/state-dir.js';
import type { Proposals } from '../scoring/migration-cooldown.js';
import type { Engine, OpenPlugins } from './members.js';
import { openRegistry, type OpenRegistry } from './open-registry.js';

/** Something that is open until it is closed. */
interface Closable {
  readonly close: () => Promise<void> | void;
}

/** Parts of one kind: each is shared by those that hold it for the same settings, and closed when nobody does. */
export interface SharedParts<Part> {
  /** Returns the part that these settings make, as it is or opened now, and how to let it go. Throws what `open` throws. */
  readonly hold: (
    settings: unknown,
    open: () => Part,
  ) => { readonly part: Part; readonly release: () => Promise<void> };
}

/** Creates shared parts, none of them open. */
export function createSharedParts<Part extends Closable>(): SharedParts<Part> {
  const parts = new Map<string, { readonly part: Part; holders: number }>();
  return {
    hold(settings, open) {
      const key = JSON.stringify(settings);
      const shared = parts.get(key) ?? { part: open(), holders: 0 };
      parts.set(key, shared);
      shared.holders++;
      return {
        part: shared.part,
        async release() {
          shared.holders--;
          if (shared.holders > 0) return;
          parts.delete(key);
          await shared.part.close();
        },
      };
    },
  };
}

/** A service that is asked through a circuit breaker, as a member of composites. */
export interface RemotePart {
  readonly member: Member;
  readonly close: () => Promise<void> | void;
}

/** Parts and memories of a process that a new configuration leaves as they are. */
export interface KeptParts {
  /** Inventories of oVirt engines. */
  readonly engines: SharedParts<Engine>;
  readonly services: SharedParts<RemotePart>;
  readonly plugins: SharedParts<RemotePart & { readonly host: OpenPlugins }>;
  readonly loginPauses: LoginPauses;
  /** Migrations that were proposed. */
  readonly proposals: Proposals;
  /** Id in the paths of units that come from here. */
  readonly compositeId: string;
  /** Opens the state folder, once: the process owns it to its end. */
  readonly stateDir: () => Promise<StateDir>;
  /** Opens the registry in it, once. */
  readonly registry: () => Promise<OpenRegistry>;
  /** Closes the registry and the folder; the parts close with those that hold them. */
  readonly close: () => Promise<void>;
}

/** Creates what a process keeps, all of it empty. */
export function createKeptParts(config: Pick<Config, 'state'>, log: Log): KeptParts {
  let registry: Promise<OpenRegistry> | undefined;
  let folder: Promise<StateDir> | undefined;
  const stateDir = () => (folder ??= openStateDir({ dir: config.state.dir, log }));
  return {
    engines: createSharedParts(),
    services: createSharedParts(),
    plugins: createSharedParts(),
    loginPauses: new Map(),
    proposals: new Map(),
    compositeId: randomUUID(),
    stateDir,
    registry: () => (registry ??= stateDir().then((dir) => openRegistry(dir, log))),
    async close() {
      await (await registry)?.close();
      await (await folder)?.close();
    },
  };
}
