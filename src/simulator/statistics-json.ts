import { apiHref, apiLink } from './api-links.js';
import type { JsonObject } from './pretty-json.js';
import type { HostLoad, WorldHost } from './world.js';

interface Statistic {
  /** The same on every host of every engine: a UUID made of the name. */
  readonly id: string;
  readonly name: string;
  readonly description: string;
  readonly type: 'integer' | 'decimal';
  readonly unit: 'bytes' | 'percent' | 'none';
  readonly datum: (host: WorldHost, usedMemory: number) => number;
}

const BOOT_TIME = Date.UTC(2026, 0, 1) / 1_000;
const SWAP = 4 * 2 ** 30;

const bytes = { type: 'integer', unit: 'bytes' } as const;
const percent = { type: 'decimal', unit: 'percent' } as const;
const plain = { type: 'integer', unit: 'none' } as const;

const STATISTICS: readonly Statistic[] = [
  {
    id: '7816602b-c05c-3db7-a4da-3769f7ad8896',
    name: 'memory.total',
    description: 'Total memory',
    ...bytes,
    datum: (host) => host.memory,
  },
  {
    id: 'b7499508-c1c3-32f0-8174-c1783e57bb08',
    name: 'memory.used',
    description: 'Used memory',
    ...bytes,
    datum: (_, usedMemory) => usedMemory,
  },
  {
    id: '5a0fba9d-33d7-3cbf-addd-ba462040c946',
    name: 'memory.free',
    description: 'Free memory',
    ...bytes,
    datum: (host, usedMemory) => host.memory - usedMemory,
  },
  {
    id: 'ffc0e1fd-fa34-3f85-9862-8a841c1658bc',
    name: 'memory.shared',
    description: 'Shared memory',
    ...bytes,
    datum: () => 0,
  },
  {
    id: 'c43847d7-3bc1-3aaf-b92c-902e64bbdb5b',
    name: 'swap.total',
    description: 'Total swap',
    ...bytes,
    datum: () => SWAP,
  },
  {
    id: '1a4c1c9b-f3cc-301e-82ce-47d4b9fb5a46',
    name: 'swap.free',
    description: 'Free swap',
    ...bytes,
    datum: () => SWAP,
  },
  {
    id: '27686b4e-ba8d-3576-bc70-d68cbd8a2ba9',
    name: 'swap.used',
    description: 'Used swap',
    ...bytes,
    datum: () => 0,
  },
  {
    id: 'f740b9ad-14a7-3f6c-9b80-efff44777169',
    name: 'ksm.cpu.current',
    description: 'KSM CPU usage',
    ...percent,
    datum: () => 0,
  },
  {
    id: 'a1fab379-66e2-3b1d-9914-81a9e79cb719',
    name: 'cpu.current.user',
    description: 'User CPU usage',
    ...percent,
    datum: () => 12,
  },
  {
    id: 'a98c1e11-078c-3593-a57e-4b12c1ce9815',
    name: 'cpu.current.system',
    description: 'System CPU usage',
    ...percent,
    datum: () => 3,
  },
  {
    id: '4ae97794-f56d-3f05-a9e7-8798887cd1ac',
    name: 'cpu.current.idle',
    description: 'Idle CPU usage',
    ...percent,
    datum: () => 85,
  },
  {
    id: '65860dae-c890-312e-9314-5c01f31225ab',
    name: 'cpu.load.avg.5m',
    description: 'CPU 5 minute load average',
    ...percent,
    datum: () => 0.56,
  },
  {
    id: '3ceb2072-a5a5-3b21-9bb2-e966471fd81c',
    name: 'boot.time',
    description: 'Boot time of the machine',
    ...plain,
    datum: () => BOOT_TIME,
  },
];

/**
 * The statistics of a host. Memory in use is total x percent / 100, the percentage an integer, because the engine works
 * it out that way; here it follows from the memory of the VMs that run, and a host that is up uses 1 % at least. Of a host
 * that is not up the engine knows nothing, and says that nothing is in use and all is free.
 */
export function statisticsJson(host: WorldHost, load: HostLoad): JsonObject {
  if (host.recordedStatistics !== undefined) return host.recordedStatistics;
  const percentOfVms = Math.floor((load.memory / Math.max(1, host.memory)) * 100);
  const usedPercent = host.status === 'up' ? Math.min(100, Math.max(1, percentOfVms)) : 0;
  const usedMemory = Math.floor((host.memory * usedPercent) / 100);
  return {
    statistic: STATISTICS.map(({ id, name, description, type, unit, datum }) => ({
      name,
      description,
      kind: 'gauge',
      type,
      unit,
      values: { value: [{ datum: datum(host, usedMemory) }] },
      host: apiLink('hosts', host.id),
      href: `${apiHref('hosts', host.id)}/statistics/${id}`,
      id,
    })),
  };
}
