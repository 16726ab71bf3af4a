import { SchedulingError } from '../domain/errors.js';
import type { Clock } from '../lib/timers.js';
import { pickOperatingSystem } from './operating-systems.js';
import { seededRandom } from './seeded-random.js';
import { createWorld, type NewVm, type World } from './world.js';

/** Largest world that is generated: ten times the hosts of a large site. */
const MAX_HOSTS = 10_000;
const MAX_VMS = 200_000;

/** Size of a world to generate, and its seed. */
export interface GeneratedWorldOptions {
  /** 0 to 10,000; at least 1 when VMs run. */
  readonly hosts: number;
  /** VMs in all, running or not: 0 to 200,000. */
  readonly vms: number;
  /** Any integer; the same one gives the same world, ids included. */
  readonly seed: number;
  /** Number of VMs that are down: the last ones by name; default 0. */
  readonly stoppedVms?: number;
  readonly clock?: Clock;
}

const GIB = 2 ** 30;
const FIRST_START = Date.UTC(2026, 0, 1);

/** Generates a world of any size within the limits. Every host is up. Throws INVALID_ARGUMENT naming the option. */
export function generatedWorld(options: GeneratedWorldOptions): World {
  const { hosts, vms, seed, stoppedVms = 0, clock } = options;
  requireInteger('vms', vms, 0, MAX_VMS);
  requireInteger('stoppedVms', stoppedVms, 0, vms);
  const running = vms - stoppedVms;
  requireInteger('hosts', hosts, running > 0 ? 1 : 0, MAX_HOSTS);
  requireInteger('seed', seed, Number.MIN_SAFE_INTEGER, Number.MAX_SAFE_INTEGER);

  const random = seededRandom(seed);
  const newHosts = Array.from({ length: hosts }, (_, index) => ({
    id: random.uuid(),
    name: `host-${String(index + 1).padStart(4, '0')}`,
    memory: (256 << random.below(3)) * GIB,
  }));

  function* newVms(): Generator<NewVm> {
    for (let index = 0; index < vms; index++) {
      const id = random.uuid();
      const { osType, guestOs } = pickOperatingSystem(random.below);
      const memory = 2 ** random.below(5) * GIB;
      const hostId = index < running ? newHosts[random.below(hosts)]?.id : undefined;
      const time = FIRST_START + index * 1_000;
      const started = hostId === undefined ? { stopTime: time } : { hostId, startTime: time };
      yield { id, name: `vm-${String(index + 1).padStart(6, '0')}`, osType, guestOs, memory, ...started };
    }
  }

  return createWorld({ hosts: newHosts, vms: newVms(), clock });
}

function requireInteger(name: string, value: number, least: number, most: number): void {
  if (Number.isSafeInteger(value) && value >= least && value <= most) return;
  throw new SchedulingError(
    'INVALID_ARGUMENT',
    `${name}: expected an integer from ${least} to ${most}, got ${value}`,
  );
}
