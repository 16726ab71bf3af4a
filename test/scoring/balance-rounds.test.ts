import { expect } from 'chai';
import { createScoringService } from '../../src/scoring/service.js';
import { hostMemoryBalance } from '../../src/scoring/units/host-memory-balance.js';
import { vmBalance } from '../../src/scoring/units/vm-balance.js';
import type { BalanceUnit } from '../../src/scoring/unit.js';
import { seededRandom } from '../../src/simulator/seeded-random.js';
import { buildSnapshot, type Snapshot } from '../../src/domain/snapshot.js';
import { call } from '../support/call.js';
import { memoryLog } from '../support/log.js';
import { host, hostId, vm, vmId } from '../support/world.js';

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const COOLDOWN = 5 * MINUTE;

const HOSTS = 12;
const HOST_MIB = 64 * 1024;
/** What a host needs without VMs. */
const OWN_MIB = 1024;
const BUSY_ROUNDS = 600;
const ROUNDS = 1_000;
/** How many VMs run while VMs start and stop, more or less; and how many start on one host after that. */
const USUAL_VMS = 150;
const BURST = 40;
/** When all that was proposed before the burst has ended. */
const SETTLED_ROUNDS = 6;
const MAXIMUM_VMS = 18;
const MINIMUM_MIB = 8 * 1024;

interface ModelVm {
  readonly n: number;
  readonly memoryMiB: number;
  readonly migratable: boolean;
  readonly status: string;
  on: number;
  /** Where it is going, and when it is there. */
  moving: { readonly to: number; readonly at: number } | undefined;
}

interface Move {
  readonly n: number;
  readonly start: number;
  end: number;
}

/**
 * Hosts and VMs as an engine has them: VMs start, stop and migrate, a migration takes up to 4 minutes, some are refused, most
 * go to the fullest of the candidates, and what the engine shows is old: a listing every 30 s, in which the statistics of
 * hosts are 15 s older, in steps of 1 %.
 */
function createModel(seed: number) {
  const random = seededRandom(seed);
  const vms = new Map<number, ModelVm>();
  const moves: Move[] = [];
  let freeThen: number[] = [];
  let count = 0;

  const freeOf = (n: number): number => {
    const used = [...vms.values()].reduce((sum, one) => sum + (one.on === n ? one.memoryMiB : 0), OWN_MIB);
    return HOST_MIB - used;
  };

  /** What the statistics make of it. */
  const shownFreeOf = (n: number): number => {
    const percent = Math.min(100, Math.floor(((HOST_MIB - freeOf(n)) * 100) / HOST_MIB));
    return Math.floor((HOST_MIB * (100 - percent)) / 100);
  };

  // Some hosts are liked more than others.
  function startVm(on = 1 + Math.min(random.below(HOSTS), random.below(HOSTS))): void {
    count += 1;
    vms.set(count, {
      n: count,
      memoryMiB: 256 * 2 ** random.below(6),
      migratable: random.below(10) > 0,
      status: random.below(20) === 0 ? 'paused' : 'up',
      on,
      moving: undefined,
    });
  }

  return {
    vms,
    moves,
    vmsOn: (n: number) => [...vms.values()].filter(({ on }) => on === n).length,
    freeOf,
    startVm,
    stopVm(): void {
      const running = [...vms.keys()];
      const n = running[random.below(Math.max(1, running.length))];
      if (n !== undefined) vms.delete(n);
    },
    chance: (percent: number) => random.below(100) < percent,
    /** Lets migrations end that have to. */
    goOn(now: number): number[] {
      const arrived: number[] = [];
      for (const one of vms.values()) {
        if (one.moving === undefined || one.moving.at > now) continue;
        one.on = one.moving.to;
        arrived.push(one.on);
        one.moving = undefined;
      }
      return arrived;
    },
    migrate(n: number, candidates: readonly number[], now: number): void {
      const one = vms.get(n);
      if (one === undefined) throw new Error(`VM ${n} does not run`);
      expect(one.moving, `VM ${n} migrates already`).to.equal(undefined);
      if (random.below(10) === 0) return;
      const at = now + (5 + random.below(235)) * SECOND;
      moves.push({ n, start: now, end: at });
      const chosen = random.below(10) < 7 ? candidates.length - 1 : random.below(candidates.length);
      one.moving = { to: candidates[chosen] ?? one.on, at };
    },
    readStatistics(): void {
      freeThen = Array.from({ length: HOSTS }, (_, index) => shownFreeOf(index + 1));
    },
    list(time: number): Snapshot {
      const schedulable = (n: number) =>
        [...vms.values()].reduce(
          (left, { on, moving, memoryMiB }) => left - (on === n || moving?.to === n ? memoryMiB : 0),
          HOST_MIB - OWN_MIB,
        );
      return buildSnapshot(
        time,
        freeThen.map((freeMiB, index) =>
          host(index + 1, 'up', {
            totalMiB: HOST_MIB,
            freeMiB,
            schedulableMiB: Math.max(0, schedulable(index + 1)),
          }),
        ),
        [...vms.values()].map(({ n, on, memoryMiB, migratable, status, moving }) =>
          vm(n, 'other', { on, memoryMiB, migratable, status: moving === undefined ? status : 'migrating' }),
        ),
      );
    },
  };
}

const cases: readonly {
  readonly unit: BalanceUnit;
  readonly properties: Readonly<Record<string, string>>;
  /** Whether a host is as the unit wants hosts to be. */
  readonly well: (model: ReturnType<typeof createModel>, n: number) => boolean;
}[] = [
  {
    unit: vmBalance,
    properties: { maximum_vm_count: String(MAXIMUM_VMS) },
    well: (model, n) => model.vmsOn(n) < MAXIMUM_VMS,
  },
  ...['True', 'False'].map((safe) => ({
    unit: hostMemoryBalance,
    properties: { minimum_host_memoryMB: String(MINIMUM_MIB), safe_selection: safe },
    well: (model: ReturnType<typeof createModel>, n: number) => model.freeOf(n) >= MINIMUM_MIB,
  })),
];

describe('balancing over 1,000 rounds of a minute', function () {
  this.timeout(60_000);

  for (const { unit, properties, well } of cases) {
    for (const seed of [1, 2, 3]) {
      it(`${unit.name} ${JSON.stringify(properties)}, seed ${seed}: moves no VM twice in ${COOLDOWN / MINUTE} min, and comes to rest`, async () => {
        const model = createModel(seed);
        for (let n = 0; n < USUAL_VMS; n += 1) model.startVm();
        let now = Date.parse('2026-01-01T00:00:00Z');
        model.readStatistics();
        let snapshot = model.list(now);
        const service = createScoringService({
          units: [unit],
          inventory: {
            current: () => snapshot,
            refreshed: () => Promise.resolve({ snapshot, looked: true }),
            findVm: () => Promise.resolve(undefined),
            withReservations: (from) => ({ snapshot: from, placements: [] }),
            use: () => undefined,
          },
          log: memoryLog(),
          clock: { now: () => now },
        });
        const request = {
          unit: unit.name,
          hostIds: Array.from({ length: HOSTS }, (_, index) => hostId(index + 1)),
          properties: new Map(Object.entries(properties)),
        };
        const deadline = Number.POSITIVE_INFINITY;
        let movesWhenQuiet = 0;
        let lastRound = 0;

        for (let round = 1; round <= ROUNDS; round += 1) {
          const busy = round <= BUSY_ROUNDS;
          if (round === BUSY_ROUNDS) for (let n = 0; n < BURST; n += 1) model.startVm(1);
          for (let second = 0; second < 60; second += 5) {
            now += 5 * SECOND;
            const arrived = model.goOn(now);
            // While nothing else happens, a move never makes a host a source.
            if (round > BUSY_ROUNDS + SETTLED_ROUNDS) {
              for (const n of arrived) expect(well(model, n), `host ${n} after a move there`).to.equal(true);
            }
            const starts = model.vms.size < USUAL_VMS ? 4 : 2;
            if (busy && model.chance(starts)) model.startVm();
            if (busy && model.chance(3)) model.stopVm();
            if (second === 0 || second === 30) model.readStatistics();
            if (second === 15 || second === 45) snapshot = model.list(now);
          }
          const { migration } = await service.balanceHosts(request, call({ deadline }));
          if (migration === undefined) continue;
          const n = Number.parseInt(migration.vmId.slice(-12), 16);
          expect(vmId(n)).to.equal(migration.vmId);
          if (!model.vms.has(n)) continue;
          const candidates = migration.candidateHostIds.map((id) => Number.parseInt(id.slice(-12), 16));
          model.migrate(n, candidates, now);
          if (!busy) movesWhenQuiet += 1;
          lastRound = round;
        }

        const ends = new Map<number, number>();
        for (const { n, start, end } of model.moves) {
          expect(start - (ends.get(n) ?? Number.NEGATIVE_INFINITY), `VM ${n} moved again`).to.be.at.least(
            COOLDOWN,
          );
          ends.set(n, end);
        }
        // There was something to do, and an end of it.
        expect(model.moves.length).to.be.above(30);
        expect(movesWhenQuiet).to.be.above(10);
        expect(lastRound).to.be.below(ROUNDS - 100);
      });
    }
  }
});
