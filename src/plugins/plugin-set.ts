import { setMaxListeners } from 'node:events';
import { readdir, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { createLimiter } from '../lib/limiter.js';
import { createPlugin, type Plugin, type PluginOptions } from './plugin.js';

/** Most imported files, each in a process of its own: more take the memory of a small machine. */
export const MAX_PLUGINS = 100;

/** Most concurrent imports, which mostly load libraries, for which others need not wait. */
export const MAX_CONCURRENT_IMPORTS = 8;

/** Options of a plugin set. */
export interface PluginSetOptions extends Pick<
  PluginOptions,
  'python' | 'variables' | 'settings' | 'log' | 'clock' | 'after'
> {
  /** Absolute path of the folder. */
  readonly dir: string;
  /** Called when plugins are added, removed or changed. */
  readonly onChange: () => void;
}

/** The plugins of a folder, as of the last scan. */
export interface PluginSet {
  /** Returns the plugins, ordered by file. */
  readonly plugins: () => readonly Plugin[];
  /** Returns the files over the limit. */
  readonly leftOut: () => readonly string[];
  /**
   * Rescans the folder: starts new plugins, ends removed ones, and imports changed ones again. Resolves when all that has
   * begun; `done` resolves when it has ended. Rejects when the folder can't be read.
   */
  readonly rescan: () => Promise<{ readonly done: Promise<unknown> }>;
  readonly close: () => Promise<void>;
}

/** Creates an empty set. */
export function createPluginSet(options: PluginSetOptions): PluginSet {
  const { dir, log, onChange } = options;
  const imports = createLimiter({
    maxRunning: MAX_CONCURRENT_IMPORTS,
    maxWaiting: MAX_PLUGINS,
    full: (size) => new Error(`${size} plugins are being imported`),
  });
  const plugins = new Map<string, Plugin>();
  const retiring = new Set<Promise<void>>();
  let versions: FileVersions = new Map();
  let leftOut: readonly string[] = [];
  const closing = new AbortController();
  const { signal } = closing;
  // Each plugin adds a listener.
  setMaxListeners(0, signal);

  async function rescan(): Promise<{ readonly done: Promise<unknown> }> {
    const found = await listPluginFiles(dir);
    const files = found.slice(0, MAX_PLUGINS);
    const before = versions;
    versions = await readVersions([
      ...found.map((file) => join(dir, file)),
      ...[...plugins.values()].flatMap((plugin) => plugin.files()),
    ]);
    const hasChanged = (path: string): boolean => before.has(path) && before.get(path) !== versions.get(path);
    const inFolder = (path: string): boolean => dirname(path) === dir;
    // A failed import may have looked for any file of the folder.
    const mayFixImports =
      [...versions].some(([path, version]) => inFolder(path) && before.get(path) !== version) ||
      [...before.keys()].some((path) => inFolder(path) && !versions.has(path));
    const isStale = (plugin: Plugin): boolean =>
      plugin.files().some(hasChanged) || (mayFixImports && plugin.problem() !== undefined);

    for (const [file, plugin] of plugins) if (!files.includes(file)) end(file, plugin);
    const stale = [...plugins.values()].filter(isStale);
    const added = signal.aborted ? [] : files.filter((file) => !plugins.has(file)).map(add);
    const hadLeftOut = leftOut.length;
    leftOut = found.slice(MAX_PLUGINS);
    if (leftOut.length > 0 && leftOut.length !== hadLeftOut)
      log.warn('plugin limit exceeded', { files: leftOut.length, limit: MAX_PLUGINS }, '');
    if (added.length > 0 || leftOut.length !== hadLeftOut) onChange();
    return { done: Promise.all([...stale, ...added].map((plugin) => plugin.load())) };
  }

  function add(file: string): Plugin {
    const plugin = createPlugin({ ...options, imports, file, path: join(dir, file), signal });
    plugins.set(file, plugin);
    return plugin;
  }

  function end(file: string, plugin: Plugin): void {
    plugins.delete(file);
    log.info('plugin removed', { plugin: file }, file);
    onChange();
    const retired = plugin.retire().finally(() => retiring.delete(retired));
    retiring.add(retired);
  }

  return {
    plugins: () => [...plugins.values()].sort((a, b) => (a.file < b.file ? -1 : 1)),
    leftOut: () => leftOut,
    rescan,
    async close() {
      closing.abort();
      // The signal ends each of them, also one that is importing.
      await Promise.all([...plugins.values()].map((plugin) => plugin.retire()));
      await Promise.all(retiring);
    },
  };
}

/** Versions of files, by absolute path. */
type FileVersions = ReadonlyMap<string, string>;

/** Lists the plugin files of a folder by name: every `*.py` that is not hidden. */
async function listPluginFiles(dir: string): Promise<string[]> {
  const entries = await readdir(dir);
  return entries.filter((name) => name.endsWith('.py') && !name.startsWith('.')).sort();
}

/** Reads the versions of files, skipping unreadable ones. */
async function readVersions(paths: Iterable<string>): Promise<FileVersions> {
  const versions = new Map<string, string>();
  await Promise.all(
    [...new Set(paths)].map(async (path) => {
      const found = await stat(path, { bigint: true }).catch(() => undefined);
      if (found !== undefined) versions.set(path, `${found.mtimeNs}:${found.size}:${found.ino}`);
    }),
  );
  return versions;
}
