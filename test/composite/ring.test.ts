import { expect } from 'chai';
import type { Registry } from '../../src/composite/registry-file.js';
import { createComposite, type Composite } from '../../src/composite/service.js';
import type { Call, PolicyUnitService } from '../../src/domain/contract.js';
import { SchedulingError } from '../../src/domain/errors.js';
import { createFakeTime, type FakeTime } from '../inventory/fake-time.js';
import { call } from '../support/call.js';
import { memoryLog } from '../support/log.js';
import { scoreRequest, scripted, settingsOf, storeOf } from './stage.js';

const RELIST_MS = 30_000;

/** Composites of which each has the next one as a service, the last one the first. */
interface Ring {
  readonly time: FakeTime;
  /** Starts one anew, with a new id, out of what it remembers or of nothing. */
  readonly restart: (index: number, remembers: boolean) => Promise<void>;
  /** Returns what each answers for unit x, asked by an engine. */
  readonly answers: () => Promise<readonly string[]>;
}

/** How a ring is made. */
interface RingOptions {
  readonly size: number;
  /** Order in which they start, 3 s apart. */
  readonly order: readonly number[];
  /** True if each has the next one before the service of unit x. */
  readonly ringFirst: boolean;
  /** Those that have the service of unit x. */
  readonly owners: readonly number[];
}

async function startRing({ size, order, ringFirst, owners }: RingOptions): Promise<Ring> {
  const time = createFakeTime();
  const { clock, after } = time;
  const scoring = scripted('x');
  const composites: (Composite | undefined)[] = [];
  const stores = Array.from({ length: size }, () => storeOf({}));

  function behind(index: number): Composite {
    const composite = composites[index % size];
    if (composite === undefined) throw new SchedulingError('UNAVAILABLE', 'not started');
    return composite;
  }

  const entrance = (index: number): PolicyUnitService => ({
    ...scripted(),
    listPolicyUnits: async (bounded: Call) => behind(index).listPolicyUnits(bounded),
    scoreHosts: async (request, bounded) => behind(index).scoreHosts(request, bounded),
  });

  async function start(index: number, remembered: Registry = new Map()): Promise<void> {
    const next = { name: 'next', service: entrance(index + 1), remote: true };
    const service = { name: 'scoring', service: scoring, remote: true };
    const own = owners.includes(index) ? [service] : [];
    const store = { ...storeOf({}), saved: stores[index]?.saved ?? [], remembered };
    const composite = createComposite({
      ...{ log: memoryLog(), clock, after, settings: settingsOf({ relistInterval: RELIST_MS }) },
      members: ringFirst ? [next, ...own] : [...own, next],
      store: { ...store, save: (registry) => void store.saved.push(registry) },
    });
    composites[index] = composite;
    composite.start();
    await time.advance(0);
  }

  for (const index of order) {
    await start(index);
    await time.advance(3000);
  }
  return {
    time,
    async restart(index, remembers) {
      composites[index]?.close();
      await start(index, remembers ? stores[index]?.saved.at(-1) : undefined);
    },
    async answers() {
      const answers: string[] = [];
      // One after the other, since a circuit breaker that closes again lets one call through at a time.
      for (const composite of composites) {
        const asked = scoreRequest({ units: [{ name: 'x', weight: 1 }] });
        const { unitResults = [] } = (await composite?.scoreHosts(asked, call())) ?? {};
        answers.push(unitResults[0]?.failure?.message ?? 'ok');
      }
      return answers;
    },
  };
}

function permutations(items: readonly number[]): readonly (readonly number[])[] {
  if (items.length < 2) return [items];
  return items.flatMap((first) =>
    permutations(items.filter((item) => item !== first)).map((rest) => [first, ...rest]),
  );
}

describe('a ring of composites', () => {
  for (const size of [2, 3]) {
    const all = Array.from({ length: size }, (_, index) => index);
    const fine = all.map(() => 'ok');
    for (const [title, ringFirst, owners] of [
      ['that list each other before the service they share', true, all],
      ['that list each other after the service they share', false, all],
      ['of which one has the service, after the next one', true, [0]],
      ['of which one has the service, before the next one', false, [0]],
    ] as const) {
      for (const order of permutations(all)) {
        it(`of ${size} ${title}, started as ${order.join(', ')}, answers, and again when any was started anew`, async () => {
          for (const restarted of all) {
            for (const [seconds, remembers] of [
              [1, true],
              [11, false],
              [21, true],
              [29, false],
            ] as const) {
              const ring = await startRing({ size, order, ringFirst, owners });
              await ring.time.advance(size * RELIST_MS);
              expect(await ring.answers()).to.deep.equal(fine);
              await ring.time.advance(seconds * 1000);
              await ring.restart(restarted, remembers);
              // Who has the service falls back to it at its next listing; others hear of that at theirs.
              await ring.time.advance(owners === all ? (size - 1) * RELIST_MS - 1 : size * RELIST_MS);
              for (let listing = 0; listing < 3; listing++) {
                expect(
                  await ring.answers(),
                  `${restarted} anew after ${seconds} s, listing ${listing}`,
                ).to.deep.equal(fine);
                await ring.time.advance(RELIST_MS);
              }
            }
          }
        });
      }
    }
  }
});
