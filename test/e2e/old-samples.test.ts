import { expect } from 'chai';
import { isStruct, type XmlRpcValue } from '../../src/engine-model/value.js';
import { createScoringService } from '../../src/scoring/service.js';
import { units } from '../../src/scoring/units/index.js';
import { seededRandom, type SeededRandom } from '../../src/simulator/seeded-random.js';
import { createStage, plain, type Stage } from '../bridge/stage.js';
import { memoryLog } from '../support/log.js';
import { host, hostId, inventoryOf, snapshotOf, vm, vmId } from '../support/world.js';

/** A VM as the old samples saw it through their SDK. */
interface OldVm {
  readonly n: number;
  readonly type: string | undefined;
  readonly version: string | undefined;
  readonly up: boolean;
  readonly mib: number;
}

/** A host as the old samples saw it: `active` is the number of VMs that are up, by the host's last report (VDSM, _countVms). */
interface OldHost {
  readonly n: number;
  readonly vms: readonly OldVm[];
  readonly active: number;
  readonly freeMiB: number;
  readonly schedulableMiB: number;
}

/** A VM that may move, and the hosts to which it may; undefined for nothing. */
type OldMove = { readonly vm: number; readonly to: readonly number[] } | undefined;

// The old samples, in their own words: what each prints for the hosts that the engine lists for the ids asked.

function oldKsmSameOsScore(
  scheduled: OldVm,
  hosts: readonly OldHost[],
): readonly (readonly [number, number])[] {
  return hosts.map(({ n, vms }) => {
    if (vms.length === 0) return [n, 0];
    let score = 0;
    for (const { type, version } of vms) {
      if (type === scheduled.type) score += version === scheduled.version ? 100 : 20;
    }
    // Python 2 divides integers so.
    return [n, Math.floor(score / vms.length)];
  });
}

function oldEvenVmDistribution(hosts: readonly OldHost[]): readonly (readonly [number, number])[] {
  return hosts.map(({ n, active }) => [n, active]);
}

function oldMaxVms(hosts: readonly OldHost[], maximum: number): readonly number[] {
  return hosts.filter(({ active }) => active < maximum).map(({ n }) => n);
}

function oldVmBalance(hosts: readonly OldHost[], maximum: number): OldMove {
  let overLoaded: OldHost | undefined;
  const whiteListed: number[] = [];
  for (const candidate of hosts) {
    if (candidate.active < maximum) whiteListed.push(candidate.n);
    else if (overLoaded === undefined || overLoaded.active < candidate.active) overLoaded = candidate;
  }
  const first = overLoaded?.vms[0];
  return first === undefined ? undefined : { vm: first.n, to: whiteListed };
}

function oldHostMemoryBalance(hosts: readonly OldHost[], minimum: number, safe: boolean): OldMove {
  let over: OldHost | undefined;
  const under: OldHost[] = [];
  for (const candidate of hosts) {
    if (candidate.freeMiB <= 0) continue;
    if (candidate.freeMiB > minimum) under.push(candidate);
    else if (over === undefined || over.freeMiB > candidate.freeMiB) over = candidate;
  }
  if (over === undefined) return undefined;
  let largest = 0;
  for (const { freeMiB, schedulableMiB } of under) {
    largest = Math.max(largest, Math.min(freeMiB - minimum, schedulableMiB));
  }
  const missing = minimum - over.freeMiB;
  let selected: OldVm | undefined;
  let bestEffort: OldVm | undefined;
  for (const one of over.vms) {
    if (one.mib > largest) continue;
    const suits = safe || one.mib > missing;
    if (suits && (selected === undefined || one.mib < selected.mib)) selected = one;
    if (bestEffort === undefined || one.mib > bestEffort.mib) bestEffort = one;
  }
  selected ??= safe ? undefined : bestEffort;
  return selected === undefined ? undefined : { vm: selected.n, to: under.map(({ n }) => n) };
}

/** The proxy's sum over scorers: a row of weight x score for each host. */
function oldSum(
  scored: readonly (readonly [rows: readonly (readonly [number, number])[], weight: number])[],
): readonly (readonly [hostId: string, sum: number])[] {
  const results = new Map<string, number>();
  for (const [rows, weight] of scored) {
    for (const [n, score] of rows) results.set(hostId(n), (results.get(hostId(n)) ?? 0) + weight * score);
  }
  return [...results];
}

const OS_TYPES = ['rhel_8x64', 'rhel_9x64', 'other_linux', 'windows_2022', undefined];
const VERSIONS = [undefined, undefined, undefined, '8', '9'];

/** Draws a world. VMs of a host are ordered as the engine lists them, by name, and here by memory too. */
function drawWorld(random: SeededRandom, options: { readonly allUp: boolean }) {
  const { below } = random;
  const pick = <Item>(items: readonly Item[]): Item | undefined => items[below(items.length)];
  let vms = 0;
  const oldVm = (): OldVm => ({
    n: ++vms,
    type: pick(OS_TYPES),
    version: pick(VERSIONS),
    up: options.allUp || below(3) > 0,
    mib: 512 + vms * 8,
  });
  const hosts = Array.from({ length: 1 + below(12) }, (_, index): OldHost => {
    const own = Array.from({ length: below(9) }, oldVm);
    return {
      n: index + 1,
      vms: own,
      active: own.filter(({ up }) => up).length,
      freeMiB: below(20_000) + 1,
      schedulableMiB: 900_000 + below(1000),
    };
  });
  const running = hosts.flatMap((one) => one.vms);
  // A VM that runs, and counts on its own host, or one that is started.
  const scheduled = (below(2) === 0 ? pick(running) : undefined) ?? oldVm();
  return { hosts, scheduled, isStarted: !running.includes(scheduled) };
}

type DrawnWorld = ReturnType<typeof drawWorld>;

/** Sets a bridge of the old proxy's numbers up before the units over this world. */
function bridgeOver({ hosts, scheduled, isStarted }: DrawnWorld): Stage {
  const native = (one: OldVm, on?: number) =>
    vm(one.n, one.type, {
      ...(on === undefined ? {} : { on }),
      ...(one.version === undefined ? {} : { version: one.version }),
      status: one.up ? 'up' : 'powering_up',
      memoryMiB: one.mib,
    });
  const snapshot = snapshotOf(
    hosts.map(({ n, freeMiB, schedulableMiB }) =>
      host(n, 'up', { freeMiB, schedulableMiB, totalMiB: 20_001 }),
    ),
    hosts.flatMap(({ n, vms }) => vms.map((one) => native(one, n))),
  );
  const inventory = inventoryOf(snapshot, { stopped: isStarted ? [native(scheduled)] : [] });
  const clock = { now: () => snapshot.time };
  const service = createScoringService({ units, inventory, log: memoryLog(), clock });
  return createStage(service, { rows: 'summed', scores: 'raw' });
}

async function resultOf(stage: Stage, method: string, ...params: readonly XmlRpcValue[]): Promise<unknown> {
  const answer = await stage.call(method, ...params);
  const result = isStruct(answer) && answer.get('result_code') === 0 ? answer.get('result') : undefined;
  if (result === undefined) throw new Error(`${method} failed`, { cause: answer });
  return plain(result);
}

/** Calls runCostFunctions. Resolves with the rows, ordered by host as those of {@link oldSum}. */
async function sums(
  stage: Stage,
  world: DrawnWorld,
  weights: Readonly<Record<string, number>>,
): Promise<unknown> {
  const ids = world.hosts.map(({ n }) => hostId(n));
  const vm = vmId(world.scheduled.n);
  return resultOf(stage, 'runCostFunctions', Object.entries(weights), ids, vm, new Map());
}

async function accepted(stage: Stage, world: DrawnWorld, maximum: number): Promise<unknown> {
  const properties = new Map([['maximum_vm_count', String(maximum)]]);
  const ids = world.hosts.map(({ n }) => hostId(n));
  return resultOf(stage, 'runFilters', ['max_vms'], ids, vmId(world.scheduled.n), properties);
}

/** Calls runLoadBalancing. */
async function proposed(
  stage: Stage,
  world: DrawnWorld,
  unit: string,
  properties: Readonly<Record<string, string>>,
): Promise<unknown> {
  const ids = world.hosts.map(({ n }) => hostId(n));
  return resultOf(stage, 'runLoadBalancing', unit, ids, new Map(Object.entries(properties)));
}

/** What the proxy answered for a move; candidates have no order to the engine. */
function expectMove(got: unknown, move: OldMove, message: string): void {
  const [id, to] =
    move === undefined || move.to.length === 0 ? ['', []] : [vmId(move.vm), move.to.map(hostId)];
  expect(got, message).to.have.lengthOf(2);
  expect(got, message).to.have.property('0', id);
  expect(got, message).to.have.property('1').with.members(to);
}

/** Worlds that each test draws. */
const WORLDS = 300;

/** Runs a check over drawn worlds, each named by its seed when it fails. Returns the number of those that it says count. */
async function overWorlds(
  options: Parameters<typeof drawWorld>[1],
  check: (stage: Stage, world: DrawnWorld, seed: string, random: SeededRandom) => Promise<boolean>,
): Promise<number> {
  let counted = 0;
  for (let seed = 1; seed <= WORLDS; seed += 1) {
    const random = seededRandom(seed);
    const world = drawWorld(random, options);
    if (await check(bridgeOver(world), world, `seed ${seed}`, random)) counted += 1;
  }
  return counted;
}

describe(`raw scores in summed rows beside the old samples, over ${WORLDS} drawn worlds each`, () => {
  it('gives the sum of ksm_same_os_score and even_vm_distribution with the same factors, number for number', async () => {
    const told = await overWorlds({ allUp: true }, async (stage, world, seed, { below }) => {
      const [ksm, even] = [1 + below(9), 1 + below(9)];
      const old = oldSum([
        [oldKsmSameOsScore(world.scheduled, world.hosts), ksm],
        [oldEvenVmDistribution(world.hosts), even],
      ]);
      expect(await sums(stage, world, { ksm_same_os_score: ksm, even_vm_distribution: even }), seed).to.eql(
        old,
      );
      return new Set(old.map(([, sum]) => sum)).size > 1;
    });
    expect(told, 'worlds whose hosts differ').to.be.above(WORLDS / 2);
  });

  it('gives each score unit alone, number for number', async () => {
    await overWorlds({ allUp: true }, async (stage, world, seed) => {
      const { scheduled, hosts } = world;
      const ksm = oldSum([[oldKsmSameOsScore(scheduled, hosts), 1]]);
      const even = oldSum([[oldEvenVmDistribution(hosts), 1]]);
      expect(await sums(stage, world, { ksm_same_os_score: 1 }), seed).to.eql(ksm);
      expect(await sums(stage, world, { even_vm_distribution: 1 }), seed).to.eql(even);
      return true;
    });
  });

  it('counts VMs that are not up as well: ksm_same_os_score as of old, even_vm_distribution more by their number', async () => {
    const told = await overWorlds({ allUp: false }, async (stage, world, seed) => {
      const { scheduled, hosts } = world;
      const ksm = oldSum([[oldKsmSameOsScore(scheduled, hosts), 1]]);
      const notUp = hosts.map(({ n, vms }) => [n, vms.filter(({ up }) => !up).length] as const);
      const even = oldSum([
        [oldEvenVmDistribution(hosts), 1],
        [notUp, 1],
      ]);
      expect(await sums(stage, world, { ksm_same_os_score: 1 }), seed).to.eql(ksm);
      expect(await sums(stage, world, { even_vm_distribution: 1 }), seed).to.eql(even);
      return notUp.some(([, count]) => count > 0);
    });
    expect(told, 'worlds with VMs that are not up').to.be.above(WORLDS / 2);
  });

  it('accepts the hosts that max_vms accepted', async () => {
    const told = await overWorlds({ allUp: true }, async (stage, world, seed, { below }) => {
      const maximum = 1 + below(9);
      const old = oldMaxVms(world.hosts, maximum);
      expect(await accepted(stage, world, maximum), seed).to.eql(old.map(hostId));
      return old.length > 0 && old.length < world.hosts.length;
    });
    expect(told, 'worlds with some of the hosts accepted').to.be.above(WORLDS / 3);
  });

  it('proposes what vm_balance did, but to no host that is full with the VM', async () => {
    const told = await overWorlds({ allUp: true }, async (stage, world, seed, { below }) => {
      const maximum = 2 + below(8);
      const old = oldVmBalance(world.hosts, maximum);
      const stayUnder = (n: number) => world.hosts.some((one) => one.n === n && one.active + 1 < maximum);
      const without = old && { ...old, to: old.to.filter(stayUnder) };
      const now = await proposed(stage, world, 'vm_balance', { maximum_vm_count: String(maximum) });
      expectMove(now, without, seed);
      return without !== undefined && without.to.length > 0;
    });
    expect(told, 'worlds with a move').to.be.above(WORLDS / 4);
  });

  for (const safe of [true, false]) {
    it(`proposes what host_memory_balance did with safe_selection ${safe}, but to no host that the VM makes short`, async () => {
      const told = await overWorlds({ allUp: true }, async (stage, world, seed, { below }) => {
        const minimum = 1 + below(15_000);
        // 1 % of the memory, the step of the statistics, is kept as well.
        const spare = Math.ceil(20_001 / 100);
        const settled = world.hosts.map((one) =>
          one.freeMiB > minimum ? { ...one, freeMiB: Math.max(minimum, one.freeMiB - spare) } : one,
        );
        const takers = (mib: number) =>
          settled.filter(({ freeMiB }) => freeMiB - minimum >= mib).map(({ n }) => n);
        // A host at the limit gives nothing away.
        const hosts = settled.filter(({ freeMiB }) => freeMiB !== minimum);
        const old = oldHostMemoryBalance(hosts, minimum, safe);
        const mib = world.hosts.flatMap(({ vms }) => vms).find(({ n }) => n === old?.vm)?.mib ?? 0;
        const without = old && { ...old, to: takers(mib) };
        const now = await proposed(stage, world, 'host_memory_balance', {
          minimum_host_memoryMB: String(minimum),
          safe_selection: safe ? 'True' : 'False',
        });
        // A source with no VM that fits gives way to the next one.
        if (without !== undefined && without.to.length > 0) expectMove(now, without, seed);
        return without !== undefined && without.to.length > 0;
      });
      expect(told, 'worlds with a move').to.be.above(WORLDS / 4);
    });
  }
});
