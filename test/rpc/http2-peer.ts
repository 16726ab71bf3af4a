import { once } from 'node:events';
import { connect, type Socket } from 'node:net';

/** Types of frames of HTTP/2 (RFC 9113, section 6). */
const FRAME = { data: 0, headers: 1, reset: 3, settings: 4, ping: 6, goaway: 7, windowUpdate: 8 } as const;

const END_STREAM = 0x1;
const END_HEADERS = 0x4;
const ACK = 0x1;
const PREFACE = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n');
const INITIAL_WINDOW = 65_535;

/** A peer that writes frames of HTTP/2 by hand, as no library would. */
export interface Http2Peer {
  readonly socket: Socket;
  /** Resolves when the server has closed the connection. */
  readonly closed: Promise<void>;
  /** Writes these frames at once. */
  readonly send: (...frames: readonly Buffer[]) => void;
  /** Writes the data of a stream in frames of that many bytes, as far as the windows of the server let it. */
  readonly sendData: (stream: number, bytes: Buffer, bytesPerFrame: number) => Promise<void>;
  /** Streams that the server has ended or reset. */
  readonly endedStreams: () => number;
  /** Whether the server asked to go away. */
  readonly wentAway: () => boolean;
}

/** Connects to a server; `window` is how much of each answer the peer lets it send. */
export async function connectHttp2Peer(port: number, { window = INITIAL_WINDOW } = {}): Promise<Http2Peer> {
  const socket = connect(port, '127.0.0.1');
  socket.on('error', () => undefined);
  const closed = new Promise<void>((resolve) => void socket.once('close', () => resolve()));
  const windows = new Map<number, number>();
  const ended = new Set<number>();
  let received: Buffer = Buffer.alloc(0);
  let isLeaving = false;
  const waiting: (() => void)[] = [];

  const windowOf = (stream: number) => windows.get(stream) ?? INITIAL_WINDOW;
  const wake = () => {
    for (const resume of waiting.splice(0)) resume();
  };
  const take = (stream: number, size: number) => windows.set(stream, windowOf(stream) - size);

  socket.on('data', (chunk) => {
    received = Buffer.concat([received, chunk]);
    while (received.length >= 9 && received.length >= 9 + received.readUIntBE(0, 3)) {
      const length = received.readUIntBE(0, 3);
      const [type, flags] = [received.readUInt8(3), received.readUInt8(4)];
      const stream = received.readUInt32BE(5);
      const payload = received.subarray(9, 9 + length);
      if (type === FRAME.settings && flags !== ACK) socket.write(frame(FRAME.settings, ACK, 0));
      if (type === FRAME.ping && flags !== ACK) socket.write(frame(FRAME.ping, ACK, 0, payload));
      if (type === FRAME.windowUpdate) take(stream, -payload.readUInt32BE(0));
      if (type === FRAME.goaway) isLeaving = true;
      const endsStream = type === FRAME.headers && (flags & END_STREAM) !== 0;
      if (type === FRAME.reset || endsStream) ended.add(stream);
      received = received.subarray(9 + length);
    }
    wake();
  });
  socket.on('close', wake);
  await once(socket, 'connect');
  const settings = Buffer.alloc(6);
  settings.writeUInt16BE(4, 0);
  settings.writeUInt32BE(window, 2);
  socket.write(Buffer.concat([PREFACE, frame(FRAME.settings, 0, 0, settings)]));

  return {
    socket,
    closed,
    send: (...frames) => void socket.write(Buffer.concat(frames)),
    async sendData(stream, bytes, bytesPerFrame) {
      for (let sent = 0; sent < bytes.length && !socket.destroyed;) {
        const free = Math.min(windowOf(0), windowOf(stream), bytes.length - sent);
        if (free < bytesPerFrame && free < bytes.length - sent) {
          await new Promise<void>((resolve) => waiting.push(resolve));
          continue;
        }
        const frames: Buffer[] = [];
        for (let at = sent; at < sent + free; at += bytesPerFrame) {
          frames.push(dataFrame(stream, bytes.subarray(at, Math.min(at + bytesPerFrame, sent + free))));
        }
        take(0, free);
        take(stream, free);
        sent += free;
        if (!socket.write(Buffer.concat(frames))) {
          await Promise.race([once(socket, 'drain').catch(() => undefined), closed]);
        }
      }
    },
    endedStreams: () => ended.size,
    wentAway: () => isLeaving,
  };
}

/** The headers of a gRPC call, with no index of HPACK. */
export function headersFrame(
  stream: number,
  path: string,
  headers: Readonly<Record<string, string>> = {},
): Buffer {
  const fields = {
    ':method': 'POST',
    ':scheme': 'http',
    ':authority': 'localhost',
    ':path': path,
    te: 'trailers',
    'content-type': 'application/grpc',
    ...headers,
  };
  const block = Object.entries(fields).flatMap(([name, value]) => [
    Buffer.from([0, name.length]),
    Buffer.from(name),
    Buffer.from([value.length]),
    Buffer.from(value),
  ]);
  return frame(FRAME.headers, END_HEADERS, stream, Buffer.concat(block));
}

/** Data of a stream; `end` half-closes it. */
export function dataFrame(stream: number, bytes: Buffer, { end = false } = {}): Buffer {
  return frame(FRAME.data, end ? END_STREAM : 0, stream, bytes);
}

/** The cancellation of a stream. */
export function resetFrame(stream: number): Buffer {
  const cancel = Buffer.alloc(4);
  cancel.writeUInt32BE(8, 0);
  return frame(FRAME.reset, 0, stream, cancel);
}

/** A message of gRPC: its length, and itself, or as much of it as is to be sent. */
export function grpcMessage(bytes: Buffer, length = bytes.length): Buffer {
  const head = Buffer.alloc(5);
  head.writeUInt32BE(length, 1);
  return Buffer.concat([head, bytes]);
}

function frame(type: number, flags: number, stream: number, payload: Buffer = Buffer.alloc(0)): Buffer {
  const head = Buffer.alloc(9);
  head.writeUIntBE(payload.length, 0, 3);
  head.writeUInt8(type, 3);
  head.writeUInt8(flags, 4);
  head.writeUInt32BE(stream, 5);
  return Buffer.concat([head, payload]);
}
