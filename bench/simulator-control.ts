import { z } from 'zod';
import type { FaultsInput } from '../src/simulator/faults.js';

const trafficSchema = z.record(z.string(), z.object({ requests: z.number(), bytes: z.number() }));

const worldSchema = z.object({ hosts: z.array(z.object({ id: z.string(), running_vms: z.number() })) });

/** The control endpoint of a pretend engine that runs in a process of its own. */
export interface SimulatorControl {
  /** Lets so many VMs start, stop and migrate a second. */
  readonly churn: (vmsPerSecond: number) => Promise<void>;
  /** Returns the requests that came and the bytes that went out since it was last asked. */
  readonly traffic: () => Promise<Traffic>;
  /** Switches these faults on and all others off. */
  readonly faults: (faults: FaultsInput) => Promise<void>;
  readonly password: (password: string) => Promise<void>;
  /** Moves a VM without the time that a migration takes. */
  readonly migrate: (vmId: string, hostId: string) => Promise<void>;
  /** Has the ids of events come again after this one, as from a restored database. */
  readonly restoreEvents: (lastId: number) => Promise<void>;
  /** Returns the number of VMs that run on each host, as `ID NUMBER` with commas between them, in the order of the names. */
  readonly runningVms: () => Promise<string>;
}

/** Requests and what was sent in answer, in all and by kind of path. */
export interface Traffic {
  readonly requests: number;
  readonly bytes: number;
  readonly kinds: z.output<typeof trafficSchema>;
}

/** Returns the control endpoint of the engine with this URL. */
export function controlOf(engineUrl: string): SimulatorControl {
  async function send(method: string, path: string, body?: object): Promise<unknown> {
    const headers = { 'Content-Type': 'application/json' };
    const init = body === undefined ? { method, headers } : { method, headers, body: JSON.stringify(body) };
    const response = await fetch(new URL(`/simulator/${path}`, engineUrl), init);
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${await response.text()}`);
    return response.json();
  }
  return {
    async churn(vmsPerSecond) {
      await send('PUT', 'churn', { vms_per_second: vmsPerSecond });
    },
    async faults(faults) {
      await send('PUT', 'faults', faults);
    },
    async password(password) {
      await send('PUT', 'account', { password });
    },
    async migrate(vmId, hostId) {
      await send('POST', `vms/${vmId}/migrate`, { host_id: hostId });
    },
    async restoreEvents(lastId) {
      await send('POST', 'events/restore', { last_id: lastId });
    },
    async runningVms() {
      const { hosts } = worldSchema.parse(await send('GET', 'world'));
      return hosts.map(({ id, running_vms: vms }) => `${id} ${vms}`).join();
    },
    async traffic() {
      const kinds = trafficSchema.parse(await send('GET', 'requests'));
      const all = Object.values(kinds);
      await send('DELETE', 'requests');
      const sum = (of: (kind: (typeof all)[number]) => number) =>
        all.reduce((total, kind) => total + of(kind), 0);
      return { requests: sum(({ requests }) => requests), bytes: sum(({ bytes }) => bytes), kinds };
    },
  };
}
