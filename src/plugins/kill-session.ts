import { readdir, readFile } from 'node:fs/promises';
import { kill } from 'node:process';

/** How often the processes are gone through: each time may find what was forked since the last one. */
const MAX_ROUNDS = 10;

/**
 * Kills what is left of a session: a plugin's process leads one, and the processes of its calls, each a group of its own,
 * belong to it, so that none of them outlives it. As long as any is there no other process can get the leader's id.
 */
export async function killSession(leader: number): Promise<void> {
  killOne(-leader);
  for (let round = 0; round < MAX_ROUNDS; round++) {
    const members = await membersOf(leader);
    if (members.length === 0) return;
    for (const pid of members) killOne(pid);
  }
}

async function membersOf(session: number): Promise<number[]> {
  const entries = await readdir('/proc').catch(() => []);
  const pids = entries.filter((name) => /^\d+$/.test(name)).map(Number);
  const members = await Promise.all(pids.map(async (pid) => ((await isMember(pid, session)) ? [pid] : [])));
  return members.flat();
}

async function isMember(pid: number, session: number): Promise<boolean> {
  const text = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '');
  // proc(5): the name in parentheses may hold anything; after it come state, parent, group and session.
  const [state, , , of] = text.slice(text.lastIndexOf(')') + 2).split(' ');
  return Number(of) === session && state !== 'Z' && state !== 'X';
}

function killOne(target: number): void {
  try {
    kill(target, 'SIGKILL');
  } catch {
    // Gone already.
  }
}
