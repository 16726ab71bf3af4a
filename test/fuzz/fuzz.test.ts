import { expect } from 'chai';
import { createRandom } from '../bridge/xml-rpc/mutation.js';
import { mutateBytes } from './target.js';
import { FUZZ_TARGETS } from './targets.js';

/** A share of what `npm run fuzz` sends. */
const RUNS = 3000;

describe('fuzzing', function () {
  this.timeout(60_000);

  for (const [name, { seeds, run, runs = RUNS }] of Object.entries(FUZZ_TARGETS)) {
    it(`${name}: reads or refuses ${runs} mutated inputs, and nothing else comes of them`, async () => {
      const outcomes = new Set<string>();
      for (let seed = 0; seed < runs; seed += 1) {
        const random = createRandom(seed);
        const bytes = mutateBytes(seeds, random);
        try {
          outcomes.add(await run(bytes, random));
        } catch (cause) {
          throw new Error(`seed ${seed}`, { cause });
        }
      }
      expect(outcomes.size, 'inputs that are read, and inputs that are not').to.be.greaterThan(1);
    });
  }
});
