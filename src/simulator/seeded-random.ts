/** A source of numbers that look random and are the same again for the same seed. */
export interface SeededRandom {
  /** Returns an integer from 0 to below `bound`. */
  readonly below: (bound: number) => number;
  /** Returns a version 4 UUID in lower case. */
  readonly uuid: () => string;
}

/** Starts a source of random numbers (mulberry32). Only the lower 32 bits of the seed count. */
export function seededRandom(seed: number): SeededRandom {
  let state = seed | 0;

  function next(): number {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return (mixed ^ (mixed >>> 14)) >>> 0;
  }

  const hex = () => next().toString(16).padStart(8, '0');

  return {
    below: (bound) => Math.floor((next() / 2 ** 32) * bound),
    uuid() {
      const [a, b, c, d] = [hex(), hex(), hex(), hex()];
      const variant = '89ab'.charAt(next() % 4);
      return `${a}-${b.slice(0, 4)}-4${b.slice(5)}-${variant}${c.slice(1, 4)}-${c.slice(4)}${d}`;
    },
  };
}
