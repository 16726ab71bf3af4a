import { once } from 'node:events';
import { setImmediate, setTimeout } from 'node:timers/promises';
import type { Faults } from './faults.js';

/** A stage of a body on its way out. */
export type BodyStage = (chunks: AsyncIterable<Buffer>) => AsyncGenerator<Buffer>;

/** Passes so many bytes and then breaks off in the way of the fault. The signal ends a stall. */
export function cutBody({ afterBytes, how }: NonNullable<Faults['cut']>, signal: AbortSignal): BodyStage {
  return async function* (chunks) {
    let left = afterBytes;
    for await (const chunk of chunks) {
      if (chunk.length <= left) {
        left -= chunk.length;
        yield chunk;
        continue;
      }
      if (left > 0) yield chunk.subarray(0, left);
      if (how === 'end') return;
      if (how === 'stall' && !signal.aborted) await once(signal, 'abort');
      // What was written leaves with the end of this turn of the loop; a connection closed before that takes it along.
      await setImmediate();
      throw new Error('the body is cut on purpose');
    }
  };
}

/** Passes a body in small pieces with pauses between them. The signal ends a pause. */
export function dripBody({ bytes, everyMs }: NonNullable<Faults['drip']>, signal: AbortSignal): BodyStage {
  return async function* (chunks) {
    for await (const chunk of chunks) {
      for (let start = 0; start < chunk.length; start += bytes) {
        yield chunk.subarray(start, start + bytes);
        await setTimeout(everyMs, undefined, { signal });
      }
    }
  };
}
