import { temporaryFolder } from './temporary-folder.js';

/** Commands that own a state folder while they run. */
const OWNERS: readonly string[] = ['serve', 'bridge', 'plugins'];

/** Variables of a command, with a state folder of its own if it is to have one and names none; and how to remove that. */
export function ownStateDir(
  args: readonly string[],
  variables: Readonly<Record<string, string>>,
): { readonly variables: Readonly<Record<string, string>>; readonly remove: () => void } {
  const names = args.some((arg) => arg === '--state-dir' || arg.startsWith('--state-dir='));
  if (names || 'HOSTSCORE_STATE_DIR' in variables || !args.some((arg) => OWNERS.includes(arg))) {
    return { variables, remove: () => undefined };
  }
  const { path, remove } = temporaryFolder();
  return { variables: { ...variables, HOSTSCORE_STATE_DIR: path }, remove };
}
