import { setMaxListeners } from 'node:events';
import { readdir, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { createLimiter } from '../lib/limiter.js';
import { createPlugin, type Plugin, type PluginOptions } from './plugin.js';

/** Files that are imported, each in a process of its own: more processes than that take the memory of a small machine. */
export const MAX_PLUGINS = 100;

/** Files that are imported at one time: an import is mostly the reading of libraries, for which others need not wait. */
export const MAX_CONCURRENT_IMPORTS = 8;

/** What the plugins of a folder are held with. */
export interface PluginSetOptions extends Pick<
  PluginOptions,
  'python' | 'variables' | 'settings' | 'log' | 'clock' | 'after'
> {
  /** The folder, absolute. */
  readonly dir: string;
  /** Called when plugins came, went or changed. */
  readonly onChange: () => void;
}

/** The plugins of a folder, as it was when it was looked at last. */
export interface PluginSet {
  /** Returns them in the order of their files. */
  readonly plugins: () => readonly Plugin[];
  /** Returns the files that are more than are taken. */
  readonly leftOut: () => readonly string[];
  /**
   * Looks at the folder: starts what is new, ends what is gone, and imports again what has changed. The look is over when
   * it has begun all that; the result is fulfilled, one after the other, when it is done. Rejects when the folder can't be read.
   */
  readonly look: () => Promise<{ readonly done: Promise<unknown> }>;
  readonly close: () => Promise<void>;
}

/** Creates a set with no plugin in it. */
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
  // Each plugin listens.
  setMaxListeners(0, signal);

  async function look(): Promise<{ readonly done: Promise<unknown> }> {
    const found = await listPluginFiles(dir);
    const files = found.slice(0, MAX_PLUGINS);
    const before = versions;
    versions = await readVersions([
      ...found.map((file) => join(dir, file)),
      ...[...plugins.values()].flatMap((plugin) => plugin.files()),
    ]);
    const hasChanged = (path: string): boolean => before.has(path) && before.get(path) !== versions.get(path);
    const inFolder = (path: string): boolean => dirname(path) === dir;
    // What an import that failed has looked for is not known: it may be anything of the folder.
    const mayMend =
      [...versions].some(([path, version]) => inFolder(path) && before.get(path) !== version) ||
      [...before.keys()].some((path) => inFolder(path) && !versions.has(path));
    const isStale = (plugin: Plugin): boolean =>
      plugin.files().some(hasChanged) || (mayMend && plugin.problem() !== undefined);

    for (const [file, plugin] of plugins) if (!files.includes(file)) end(file, plugin);
    const stale = [...plugins.values()].filter(isStale);
    const added = signal.aborted ? [] : files.filter((file) => !plugins.has(file)).map(add);
    const hadLeftOut = leftOut.length;
    leftOut = found.slice(MAX_PLUGINS);
    if (leftOut.length > 0 && leftOut.length !== hadLeftOut)
      log.warn('plugins left out', { files: leftOut.length, limit: MAX_PLUGINS });
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
    log.info('plugin gone', { plugin: file });
    onChange();
    const retired = plugin.retire().finally(() => retiring.delete(retired));
    retiring.add(retired);
  }

  return {
    plugins: () => [...plugins.values()].sort((a, b) => (a.file < b.file ? -1 : 1)),
    leftOut: () => leftOut,
    look,
    async close() {
      closing.abort();
      // Each has heard it, also one that is importing; what is left is to wait.
      await Promise.all([...plugins.values()].map((plugin) => plugin.retire()));
      await Promise.all(retiring);
    },
  };
}

/** What tells one version of a file from another, by its absolute path. */
type FileVersions = ReadonlyMap<string, string>;

/** Lists the plugin files of a folder in the order of their names: every `*.py` that is not hidden. */
async function listPluginFiles(dir: string): Promise<string[]> {
  const entries = await readdir(dir);
  return entries.filter((name) => name.endsWith('.py') && !name.startsWith('.')).sort();
}

/** Reads the versions of files; one that can't be read is left out. */
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
