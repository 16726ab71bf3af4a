import { isDeepStrictEqual } from 'node:util';
import { settings, valueAt } from './load.js';
import type { Config } from './schema.js';

/** A configuration for a process that runs, and what of it has to wait. */
export interface Reloaded {
  /** The new configuration, but for the settings that need a restart, which are as before. */
  readonly config: Config;
  /** Paths of the settings that were changed and need a restart. */
  readonly restart: readonly string[];
}

/** Takes over a new configuration, as far as a process that runs can: its listeners, its folder and its end stay as they are. */
export function reloadConfig(running: Config, next: Config): Reloaded {
  const { server, ops, state, decisions, shutdownDelay, shutdownGrace } = running;
  const { enabled, listen, allowPlaintext, maxConcurrentRequests } = running.bridge;
  const config: Config = {
    ...next,
    ...{ server, ops, state, decisions, shutdownDelay, shutdownGrace },
    bridge: { ...next.bridge, enabled, listen, allowPlaintext, maxConcurrentRequests },
    log: { ...next.log, format: running.log.format },
  };
  const restart = settings.filter(
    ({ path }) => !isDeepStrictEqual(valueAt(config, path), valueAt(next, path)),
  );
  return { config, restart: restart.map(({ path }) => path) };
}
