import { z } from 'zod';

/** A message between hostscore and a plugin's process: a header, which is JSON, and bytes that go with it. */
export interface Frame {
  /** Not checked yet. */
  readonly header: unknown;
  readonly body: Buffer;
}

/** Two unsigned 32-bit numbers in network order: the lengths of the header and of the body, which follow. */
const LENGTHS_BYTES = 8;

const NO_BODY: Buffer = Buffer.alloc(0);

/** Returns what to write for a frame, the body uncopied. */
export function encodeFrame(
  header: Readonly<Record<string, unknown>>,
  body: Buffer = NO_BODY,
): readonly Buffer[] {
  const text = Buffer.from(JSON.stringify(header));
  const lengths = Buffer.alloc(LENGTHS_BYTES);
  lengths.writeUInt32BE(text.length, 0);
  lengths.writeUInt32BE(body.length, 4);
  const start = Buffer.concat([lengths, text]);
  return body.length === 0 ? [start] : [start, body];
}

/**
 * Creates a function that takes bytes as they come in and returns the frames that are complete. It throws for a frame over
 * `maxBytes` and for one that is no JSON.
 */
export function createFrameReader(maxBytes: number): (chunk: Buffer) => Frame[] {
  let chunks: Buffer[] = [];
  let received = 0;
  let wanted = LENGTHS_BYTES;

  return (chunk) => {
    chunks.push(chunk);
    received += chunk.length;
    const frames: Frame[] = [];
    // Joined only when something is complete, so that a long frame is not copied again and again.
    while (received >= wanted) {
      const joined = chunks.length === 1 ? (chunks[0] ?? NO_BODY) : Buffer.concat(chunks);
      chunks = [joined];
      const headerEnd = LENGTHS_BYTES + joined.readUInt32BE(0);
      const end = headerEnd + joined.readUInt32BE(4);
      if (end > maxBytes) throw new Error(`a frame of ${end} bytes, expected at most ${maxBytes}`);
      if (received < end) {
        wanted = end;
        break;
      }
      const header: unknown = JSON.parse(joined.toString('utf8', LENGTHS_BYTES, headerEnd));
      frames.push({ header, body: joined.subarray(headerEnd, end) });
      chunks = [joined.subarray(end)];
      received -= end;
      wanted = LENGTHS_BYTES;
    }
    return frames;
  };
}

const id = z.int().min(0);

const foundUnit = z.object({
  name: z.string(),
  /** Doc strings of the methods that it has. */
  methods: z.partialRecord(z.enum(['do_filter', 'do_score', 'do_balance']), z.string()),
  properties: z.string(),
});

const workerMessage = z.union([
  z.object({
    ended: id,
    code: z.int().nullable(),
    signal: z.int().nullable(),
    overflow: z.enum(['stdout', 'stderr']).nullable(),
    stdout: z.int().min(0),
  }),
  z.object({ unstarted: id, reason: z.string() }),
  z.object({ ready: z.object({ units: z.array(foundUnit), files: z.array(z.string()) }) }),
  z.object({ failed: z.string() }),
]);

/** What a plugin's process says in the header of a frame; python/hostscore_worker/serve.py explains it. */
export type WorkerMessage = z.infer<typeof workerMessage>;

/** A class of a plugin that is a unit of one or more types. */
export type FoundUnit = z.infer<typeof foundUnit>;

/** The method of a class that makes it a unit of a type. */
export type PluginMethod = keyof FoundUnit['methods'];

/** Parses a header. Throws for anything else. */
export function parseWorkerMessage(header: unknown): WorkerMessage {
  return workerMessage.parse(header);
}
