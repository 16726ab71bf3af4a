import { z } from 'zod';

/** A message between hostscore and a plugin's process: a JSON header and a body of bytes. */
export interface Frame {
  /** Not validated yet. */
  readonly header: unknown;
  readonly body: Buffer;
}

/** Bytes of the prefix: the lengths of header and body, unsigned 32-bit numbers in network order. */
const LENGTHS_BYTES = 8;

const NO_BODY: Buffer = Buffer.alloc(0);

/** Encodes a frame, without copying the body. */
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
 * Creates a decoder that takes received bytes and returns the complete frames. It throws for a frame over `maxBytes` and
 * for a header that is no JSON.
 */
export function createFrameReader(maxBytes: number): (chunk: Buffer) => Frame[] {
  let chunks: Buffer[] = [];
  let received = 0;
  let wanted = LENGTHS_BYTES;

  return (chunk) => {
    chunks.push(chunk);
    received += chunk.length;
    const frames: Frame[] = [];
    // Joined only when a frame is complete, so that a long one is not copied repeatedly.
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
  /** Doc strings by method. */
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
  z.object({ tried: z.literal(true) }),
  z.object({
    ready: z.object({
      units: z.array(foundUnit),
      files: z.array(z.string()),
      /** Changes that the import makes, such as `sys.path`, so that nothing that it imports is kept loaded; mostly empty. */
      slower: z.string(),
    }),
  }),
  z.object({ failed: z.string() }),
]);

/** The header of a frame from a plugin's process; see python/hostscore_worker/serve.py. */
export type WorkerMessage = z.infer<typeof workerMessage>;

/** A class of a plugin that is a unit of one or more types. */
export type FoundUnit = z.infer<typeof foundUnit>;

/** A method by which a class is a unit of a type. */
export type PluginMethod = keyof FoundUnit['methods'];

/** Parses the header of a frame. Throws for an invalid one. */
export function parseWorkerMessage(header: unknown): WorkerMessage {
  return workerMessage.parse(header);
}
