import type { Clock } from '../lib/timers.js';
import { pickOperatingSystem } from './operating-systems.js';
import { seededRandom } from './seeded-random.js';
import { createWorld, type NewVm, type World } from './world.js';

const GIB = 2 ** 30;
const SEED = 20_260_401;
const FIRST_START = Date.UTC(2026, 0, 5, 6);

const HOST_NAMES = [
  ...['amsterdam-01', 'amsterdam-02', 'amsterdam-03', 'amsterdam-04'],
  ...['berlin-01', 'berlin-02', 'berlin-03', 'berlin-04'],
  ...['cracow-01', 'cracow-02', 'cracow-03', 'cracow-04'],
];
/** This one is in maintenance: it runs nothing, and is no candidate. */
const HOST_IN_MAINTENANCE = 11;

const ROLES = ['web', 'app', 'db', 'cache', 'queue', 'mail', 'build', 'desktop', 'monitor'];
const VM_COUNT = 200;
const EVERY_NTH_VM_IS_DOWN = 10;

/**
 * Creates a small site, the same each time down to its ids, so that an example in a document stays true: 12 hosts of one
 * cluster, of which one is in maintenance, and 200 VMs, of which every tenth is down. Host n has the id a0000000-0000-4000-8000-00000000000n, VM n
 * the id b0000000-0000-4000-8000-00000000000n, n being a decimal number of 12 digits.
 */
export function demoWorld(options: { readonly clock?: Clock } = {}): World {
  const random = seededRandom(SEED);
  const hosts = HOST_NAMES.map((name, index) => ({
    id: demoId('a', index + 1),
    name,
    status: index === HOST_IN_MAINTENANCE ? 'maintenance' : 'up',
    memory: (index % 4 === 0 ? 512 : 256) * GIB,
  }));
  const vms = Array.from({ length: VM_COUNT }, (_, index): NewVm => {
    const number = index + 1;
    const role = ROLES[index % ROLES.length] ?? 'vm';
    const { osType, guestOs } = pickOperatingSystem(random.below);
    const hostNumber = random.below(HOST_NAMES.length - 1) + 1;
    const memory = 2 ** (1 + random.below(4)) * GIB;
    const time = FIRST_START + number * 3_600_000;
    const common = {
      id: demoId('b', number),
      name: `${role}-${String(number).padStart(3, '0')}`,
      osType,
      guestOs,
    };
    return number % EVERY_NTH_VM_IS_DOWN === 0
      ? { ...common, memory, stopTime: time }
      : { ...common, memory, hostId: demoId('a', hostNumber), startTime: time };
  });
  return createWorld({ hosts, vms, ...options });
}

function demoId(kind: 'a' | 'b', number: number): string {
  return `${kind}0000000-0000-4000-8000-${String(number).padStart(12, '0')}`;
}
