import { expect } from 'chai';
import { createRandom } from '../bridge/xml-rpc/mutation.js';
import { mutateBytes } from './target.js';
import { FUZZ_TARGETS } from './targets.js';

/** A share of what `npm run fuzz` sends: a second or two of each. */
const RUNS = 3000;

describe('fuzzing', function () {
  this.timeout(60_000);

  for (const [name, { seeds, run }] of Object.entries(FUZZ_TARGETS)) {
    it(`${name}: reads or refuses ${RUNS} mutated inputs, and nothing else comes of them`, () => {
      const outcomes = new Set<string>();
      for (let seed = 0; seed < RUNS; seed += 1) {
        const random = createRandom(seed);
        const bytes = mutateBytes(seeds, random);
        try {
          outcomes.add(run(bytes, random));
        } catch (cause) {
          throw new Error(`seed ${seed}`, { cause });
        }
      }
      expect(outcomes.size, 'inputs that are read, and inputs that are not').to.be.greaterThan(1);
    });
  }
});
