import { setMaxListeners } from 'node:events';
import { dirname, join } from 'node:path';
import type { Log } from '../process/log.js';
import { createRunQueue } from './run-queue.js';
import { listPluginFiles, readVersions, type FileVersions } from './plugin-folder.js';
import { startPlugin, type Plugin, type PluginOptions } from './plugin.js';

/** What the plugins of a folder are held with. */
export interface PluginSetOptions extends Pick<
  PluginOptions,
  'python' | 'variables' | 'limits' | 'clock' | 'after' | 'onChange'
> {
  /** The folder, absolute. */
  readonly dir: string;
  readonly log: Log;
}

/** The plugins of a folder, as it was when it was looked at last. */
export interface PluginSet {
  /** In the order of their files. */
  readonly plugins: () => readonly Plugin[];
  /** Files whose first import has not ended, in their order. */
  readonly late: () => readonly string[];
  /** Files that are more than are taken. */
  readonly leftOut: () => readonly string[];
  /**
   * Looks at the folder: starts what is new, ends what is gone, and imports again what has changed. The look is over when
   * it has begun all that; the result is fulfilled, one after the other, when it is done. Rejects when the folder can't be read.
   */
  readonly look: () => Promise<{ readonly done: Promise<unknown> }>;
  readonly close: () => Promise<void>;
}

/** Starts with no plugin. */
export function createPluginSet(options: PluginSetOptions): PluginSet {
  const { dir, log, limits, clock, onChange } = options;
  const imports = createRunQueue({
    limits: { maxConcurrentRuns: limits.maxConcurrentImports, maxQueuedRuns: limits.maxPlugins },
    clock,
  });
  const plugins = new Map<string, Plugin>();
  const opening = new Map<string, Promise<void>>();
  const retiring = new Map<Plugin, Promise<unknown>>();
  let versions: FileVersions = new Map();
  let files: readonly string[] = [];
  let leftOut: readonly string[] = [];
  const closing = new AbortController();
  // Each plugin listens.
  setMaxListeners(0, closing.signal);

  async function look(): Promise<{ readonly done: Promise<unknown> }> {
    const found = await listPluginFiles(dir);
    const paths = [
      ...found.map((file) => join(dir, file)),
      ...[...plugins.values()].flatMap((plugin) => plugin.files()),
    ];
    const before = versions;
    versions = await readVersions(paths);
    files = found.slice(0, limits.maxPlugins);
    if (leftOut.length !== found.length - files.length) {
      leftOut = found.slice(limits.maxPlugins);
      if (leftOut.length > 0)
        log.warn('plugins left out', { files: leftOut.length, limit: limits.maxPlugins });
      onChange();
    }
    const hasChanged = (path: string): boolean => before.has(path) && before.get(path) !== versions.get(path);
    const inFolder = (path: string): boolean => dirname(path) === dir;
    // What an import that failed has looked for is not known: it may be anything of the folder.
    const mayMend =
      [...versions].some(([path, version]) => inFolder(path) && before.get(path) !== version) ||
      [...before.keys()].some((path) => inFolder(path) && !versions.has(path));
    const isStale = (plugin: Plugin): boolean =>
      plugin.files().some(hasChanged) || (mayMend && plugin.problem() !== undefined);
    const begun: Promise<void>[] = [];
    for (const [file, plugin] of plugins) {
      if (!files.includes(file)) end(file, plugin);
      else if (isStale(plugin)) begun.push(plugin.reload());
    }
    for (const file of files) {
      const inProgress = opening.get(file);
      if (inProgress !== undefined && mayMend)
        begun.push(inProgress.then(() => reloadIfStale(file, isStale)));
      if (closing.signal.aborted || plugins.has(file) || inProgress !== undefined) continue;
      const opened = open(file).finally(() => opening.delete(file));
      opening.set(file, opened);
      begun.push(opened);
    }
    return { done: Promise.all(begun) };
  }

  async function reloadIfStale(file: string, isStale: (plugin: Plugin) => boolean): Promise<void> {
    const plugin = plugins.get(file);
    if (plugin !== undefined && isStale(plugin)) await plugin.reload();
  }

  async function open(file: string): Promise<void> {
    const plugin = await startPlugin({
      ...options,
      ...{ imports, file, path: join(dir, file), signal: closing.signal },
    });
    if (closing.signal.aborted || !files.includes(file)) return plugin.close();
    plugins.set(file, plugin);
    onChange();
  }

  function end(file: string, plugin: Plugin): void {
    plugins.delete(file);
    log.info('plugin gone', { plugin: file });
    onChange();
    retiring.set(
      plugin,
      plugin.retire().finally(() => retiring.delete(plugin)),
    );
  }

  return {
    plugins: () => [...plugins.values()].sort((a, b) => (a.file < b.file ? -1 : 1)),
    late: () => files.filter((file) => !plugins.has(file)),
    leftOut: () => leftOut,
    look,
    async close() {
      closing.abort();
      // Each has heard it, also one that is importing; what is left is to wait.
      await Promise.all([...plugins.values()].map((plugin) => plugin.close()));
      await Promise.all([...opening.values(), ...retiring.values()]);
    },
  };
}
