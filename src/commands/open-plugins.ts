import type { Config } from '../config/schema.js';
import { SchedulingError } from '../domain/errors.js';
import type { Log } from '../process/log.js';
import { startPluginHost, type PluginHost } from '../plugins/host.js';
import { CommandError } from './io.js';

/** A plugin host that starts. */
export interface OpenPlugins {
  /**
   * The host, for callers that wait for it: fulfilled when each plugin was imported, could not be, or takes long. Rejects
   * with a SchedulingError when there is no Python or no folder, and when it is closed before.
   */
  readonly host: Promise<PluginHost>;
  /** The same for the command, which ends when there is no Python or no folder: rejects with a CommandError. */
  readonly started: Promise<PluginHost>;
  /** Ends it, also while it starts. */
  readonly close: () => Promise<void>;
}

/** Starts the host of the plugins in a folder; plugins get these variables, but for our own. */
export function openPlugins(
  { plugins }: Config,
  dir: string,
  { log, variables }: { readonly log: Log; readonly variables: Readonly<Record<string, string | undefined>> },
): OpenPlugins {
  const closing = new AbortController();
  const host = startPluginHost({
    ...{ dir, settings: plugins, log, variables },
    signal: closing.signal,
  });
  const started = host.catch((error: unknown) => {
    throw error instanceof SchedulingError ? new CommandError(error.message) : error;
  });
  // Who waits for it hears of it.
  started.catch(() => undefined);
  return {
    host,
    started,
    async close() {
      closing.abort(new SchedulingError('UNAVAILABLE', 'the host of the plugins is stopping'));
      await host.then(
        (started) => started.close(),
        () => undefined,
      );
    },
  };
}
