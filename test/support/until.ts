import { setTimeout } from 'node:timers/promises';

/** Asks again and again until the answer is as wanted, and returns it. A test's own time limit ends it otherwise. */
export async function until<Value>(
  ask: () => Promise<Value> | Value,
  wanted: (value: Value) => boolean,
): Promise<Value> {
  for (;;) {
    const value = await ask();
    if (wanted(value)) return value;
    await setTimeout(10);
  }
}
