/** A message between hostscore and a plugin's process: a header, which is JSON, and bytes that go with it. */
export interface Frame {
  /** Not checked yet. */
  readonly header: unknown;
  readonly body: Buffer;
}

/** Two unsigned 32-bit numbers in network order: the lengths of the header and of the body, which follow. */
const LENGTHS_BYTES = 8;

const NO_BODY: Buffer = Buffer.alloc(0);

/** What to write for a frame, the body uncopied. */
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

/** Takes bytes as they come in and returns the frames that are complete. Throws for a frame over `maxBytes` and for one that is no JSON. */
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
